"""The pool of processes that read files ends wholly: each is waited for, and its pipes are closed."""

from __future__ import annotations

import time
from typing import Any

from service.uploads.reading import Readers

PATIENCE = 60


def test_every_idle_process_is_ended_waited_for_and_closed(sqlite_service: Any) -> None:
    pool = Readers(sqlite_service.settings)
    pool.warm()
    limit = time.monotonic() + PATIENCE
    while len(pool.started) < pool.most or not all(reader.ready for reader in pool.started):
        assert time.monotonic() < limit
        time.sleep(0.05)
    readers = list(pool.started)
    assert len(readers) > 1
    pool.kill()
    for reader in readers:
        assert reader.process.returncode is not None
        assert reader.process.stdin is not None
        assert reader.process.stdout is not None
        assert reader.process.stdin.closed
        assert reader.process.stdout.closed
    assert pool.started == set()
    assert pool.free.qsize() == pool.most
