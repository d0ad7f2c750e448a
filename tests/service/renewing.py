"""A process that works registers out anew and halts in the middle of each part: to be killed there.

    python -m tests.service.renewing DATABASE_URL

It says a word at each part, before that part is kept, and goes on when it is sent a line.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event
from typing import Any

from service.database import Database
from service.registers import renewal
from service.settings import Settings


def main(url: str) -> None:
    settings = Settings.read({"RONI_DATABASE_URL": url, "RONI_SECRET": "a secret of the tests"})
    turn = renewal.turn

    @contextmanager
    def halting(database: Database, stopping: Event) -> Iterator[Any]:
        with turn(database, stopping) as connection:
            yield connection
            sys.stdout.write("part\n")
            sys.stdout.flush()
            sys.stdin.readline()

    renewal.turn = halting
    renewal.AT_ONCE = 1
    renewal.go_on(Database(url), settings, Event())


if __name__ == "__main__":
    main(*sys.argv[1:])
