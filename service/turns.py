"""Long work in many short transactions, so that those who wait to write come in between."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event

from sqlalchemy import Connection

from service.access import Access
from service.database import Database, lock_rolls

PAUSE = 0.15  # seconds: SQLite's waiting writers look at its lock every tenth of one
BRIEF = 0.02  # a transaction shorter than this has kept nobody waiting


class StoppedError(Exception):
    """The service is stopping: what is left is taken up when it starts again."""


@contextmanager
def turn(database: Database, stopping: Event) -> Iterator[Connection]:
    """One transaction of long work on rolls or registers; after it, room for others. Raises StoppedError before it."""
    if stopping.is_set():
        raise StoppedError
    started = time.monotonic()
    with database.write(Access.system()) as connection:
        lock_rolls(connection)
        started = time.monotonic()
        yield connection
    if time.monotonic() - started > BRIEF:
        stopping.wait(PAUSE)
