"""A process that reads an upload of all schools and halts in the middle of storing each part: to be killed there.

    python -m tests.service.storing DATABASE_URL UPLOAD

It says how far it is at each part, before that part is kept, and goes on when it is sent a line.
"""

from __future__ import annotations

import sys
from threading import Event
from typing import Any

from sqlalchemy import Connection

from service.access import Access
from service.database import Database
from service.settings import Settings
from service.uploads import jobs, storing
from service.uploads.reading import Readers


def main(url: str, ref: str) -> None:
    settings = Settings.read({"RONI_DATABASE_URL": url, "RONI_SECRET": "a secret of the tests", "RONI_READERS": "1"})
    storing.PUPILS_AT_ONCE = 1
    keep = jobs._stored

    def halt(connection: Connection, upload: Any, done: float) -> None:
        keep(connection, upload, done)
        sys.stdout.write(f"{done:.2f}\n")
        sys.stdout.flush()
        sys.stdin.readline()

    jobs._stored = halt
    jobs.read_upload(Database(url), settings, Readers(settings), Access.system(), ref, Event())


if __name__ == "__main__":
    main(*sys.argv[1:])
