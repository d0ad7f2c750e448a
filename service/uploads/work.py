"""The threads that read and confirm what takes longer than a caller waits, and what was begun before a stop."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from concurrent.futures import TimeoutError as NotYet
from contextlib import nullcontext

from fastapi import FastAPI
from sqlalchemy import select
from sqlalchemy.exc import DBAPIError

from service import tables as t
from service.access import Access
from service.database import Database, trouble_of
from service.settings import Settings
from service.uploads.jobs import read_upload
from service.uploads.reading import readers_of, sweep
from service.uploads.storing import READING

AGAIN = 30.0  # seconds until what the database could not do at present is tried again
log = logging.getLogger("roni.service")
_lock = threading.Lock()


class Work:
    """Of one app."""

    def __init__(self, settings: Settings, database: Database) -> None:
        self.settings, self.database = settings, database
        self.readers = readers_of(settings)
        self.stopping = threading.Event()
        self.threads = ThreadPoolExecutor(settings.readers + 2, thread_name_prefix="uploads")
        self.reading: set[str] = set()
        self.renewal: Future[None] | None = None
        database.afterwards = self.renew

    def read(self, access: Access, ref: str, *, whole_council: bool, within: float | None = None) -> bool:
        """Read an upload; whether that is done within so many seconds, else `settings.answer_within`."""
        return self.wait(lambda: self._read(access, ref, whole_council), within)

    def wait(self, task: Callable[[], None], within: float | None = None) -> bool:
        """Do a task in a thread, and wait as long as a caller waits; whether it is done. Raises what it raises."""
        future: Future[None] = self.threads.submit(task)
        try:
            future.result(self.settings.answer_within if within is None else within)
        except NotYet:
            future.add_done_callback(_say_failed)
            return False
        return True

    def read_again(self, access: Access, ref: str, *, whole_council: bool) -> bool:
        """Read an upload that came before, where its reading came to nothing (no room, say) and nobody is at it."""
        return ref in self.reading or self.read(access, ref, whole_council=whole_council)

    def _read(self, access: Access, ref: str, whole_council: bool) -> None:
        self.reading.add(ref)
        try:
            with self.readers.long if whole_council else nullcontext():
                read_upload(self.database, self.settings, self.readers, access, ref, self.stopping)
        finally:
            self.reading.discard(ref)

    def confirm_all(self, access: Access, ref: str, within: float | None = None) -> bool:
        """Confirm an upload of all schools, school after school; whether that is done while a caller waits."""
        from service.uploads.finishing import go_on

        return self.wait(lambda: go_on(self.database, self.settings, ref, access, self.stopping), within)

    def renew(self) -> None:
        """Work out, in a thread, the registers of which that was begun."""
        if self.stopping.is_set():
            return
        self.renewal = self._later(self._renew)

    def renewed(self, within: float | None = None) -> bool:
        """Whether that is done within so many seconds, else `settings.answer_within`."""
        renewal = self.renewal
        if renewal is None:
            return True
        wait([renewal], self.settings.answer_within if within is None else within)
        return renewal.done()

    def _renew(self) -> None:
        from service.registers import renewal

        while not self._went_on():
            if self.stopping.wait(AGAIN):
                return
        if not self.stopping.is_set():
            self._later(lambda: renewal.clear(self.database, self.stopping))

    def _went_on(self) -> bool:
        """Whether the registers were gone on with: not while the database is away, too busy or without room."""
        from service.registers import renewal

        try:
            renewal.go_on(self.database, self.settings, self.stopping)
        except DBAPIError as error:
            if trouble_of(error) is None:
                raise
            _say(error)
            return False
        return True

    def take_up(self) -> None:
        """Go on with what was being read, confirmed for all schools or worked out when the service was stopped."""
        from service.uploads.finishing import go_on
        from service.uploads.receiving import CONFIRMING

        with self.database.read(Access.system()) as connection:
            uploads = t.uploads.c
            begun = connection.execute(
                select(uploads.ref, uploads.state, uploads.school_id).where(uploads.state.in_((READING, CONFIRMING)))
            ).all()
        self.renew()
        for row in begun:
            if row.state == READING:
                self._later(lambda row=row: self._read(Access.system(), row.ref, row.school_id is None))  # type: ignore[misc]
            else:
                self._later(lambda row=row: go_on(self.database, self.settings, row.ref, stopping=self.stopping))  # type: ignore[misc]

    def _later(self, task: Callable[[], None]) -> Future[None]:
        future: Future[None] = self.threads.submit(task)
        future.add_done_callback(_say_failed)
        return future

    def stop(self) -> None:
        """Begin nothing more; what is being read is taken up at the next start."""
        self.stopping.set()
        self.readers.release()
        self.threads.shutdown(wait=True, cancel_futures=True)


def _say_failed(future: Future[None]) -> None:
    if not future.cancelled() and (error := future.exception()) is not None:
        _say(error)


def _say(error: BaseException) -> None:
    log.error("unexpected", extra={"kind": type(error).__name__, "route": "uploads"})


def work_of(app: FastAPI) -> Work:
    """The app's work; made when it is first asked for."""
    with _lock:
        if not hasattr(app.state, "work"):
            app.state.work = Work(app.state.settings, app.state.database)
        found: Work = app.state.work
        return found


def start(app: FastAPI) -> None:
    """When the service starts: warm the readers, and go on with what was begun."""
    sweep()
    work = work_of(app)
    work.readers.warm()
    work.take_up()


def stop(app: FastAPI) -> None:
    """When the service stops."""
    if hasattr(app.state, "work"):
        app.state.work.stop()
        del app.state.work
