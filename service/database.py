"""The engine, its transactions, and every difference between SQLite and PostgreSQL.

A request is one transaction. On SQLite a writing one begins IMMEDIATE, so that writers wait for each other instead of
failing half-way; on PostgreSQL each transaction says whose it is, and row-level security reads that.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from functools import cache
from threading import Lock
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from pydantic_core import from_json, to_json
from sqlalchemy import Connection, Engine, TextClause, create_engine, event, text
from sqlalchemy.exc import DBAPIError

from roni import RoniError

if TYPE_CHECKING:
    from service.access import Access

# What a database says of its own state rather than of what was asked: SQLite's names, PostgreSQL's SQLSTATE.
FULL = ("SQLITE_FULL", "53100")
AWAY = ("SQLITE_BUSY", "SQLITE_LOCKED", "SQLITE_IOERR", "SQLITE_CANTOPEN", "08", "40001", "40P01", "53", "55P03", "57")
BUSY_MILLISECONDS = 30_000  # how long one writer waits for another
PATIENCE_MILLISECONDS = 5_000  # how long the emptying of SQLite's log waits for readers
AFTERWARDS = "roni_afterwards"  # in `connection.info`: there is something to go on with once this is kept
AUDIT_LOCK = 7_230_001  # any number of our own: the advisory lock that keeps the audit chain in order
ROLLS_LOCK = 7_230_002  # another: rolls are confirmed one after another


class Written(NamedTuple):
    """A value of a column of JSON that is JSON already."""

    text: str


def _to_text(value: Any) -> str:
    return value.text if isinstance(value, Written) else to_json(value).decode()


# Columns of JSON, written and read by what pydantic brings: a school's roll is five hundred of them.
_JSON: dict[str, Any] = {"json_serializer": _to_text, "json_deserializer": from_json}


class _Line:
    """Who has waited longest writes next. SQLite lets in whoever looks at the right moment, waiting long or not."""

    def __init__(self) -> None:
        self._guard = Lock()
        self._waiting: deque[Lock] = deque()  # the first of them is writing

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Wait for one's turn; after too long it is left to the database to say that it is busy."""
        mine = Lock()
        mine.acquire()
        with self._guard:
            self._waiting.append(mine)
            first = self._waiting[0] is mine
        try:
            if not first:
                mine.acquire(timeout=BUSY_MILLISECONDS / 1000)
            yield
        finally:
            with self._guard:
                first = self._waiting[0] is mine
                self._waiting.remove(mine)
                if first and self._waiting:
                    self._waiting[0].release()


class Database:
    """One database, by its URL; `read()` and `write()` open transactions."""

    def __init__(self, url: str) -> None:
        self.sqlite = url.startswith("sqlite")
        self.engine = _sqlite(url) if self.sqlite else _postgresql(url)
        self._writing = self.engine.execution_options(roni_write=True)
        self._line = _Line() if self.sqlite else None
        self.afterwards: Callable[[], None] = lambda: None  # how what was begun is gone on with

    @contextmanager
    def read(self, access: Access | None = None) -> Iterator[Connection]:
        """A transaction that only reads."""
        with self.engine.connect() as connection, connection.begin():
            self._say_who(connection, access)
            yield connection

    @contextmanager
    def write(self, access: Access | None = None) -> Iterator[Connection]:
        """A transaction that may write: wholly kept, or not at all."""
        with (
            self._line.turn() if self._line is not None else nullcontext(),
            self._writing.connect() as connection,
        ):
            with connection.begin():
                self._say_who(connection, access)
                yield connection
            more = connection.info.pop(AFTERWARDS, False)
        if more:
            self.afterwards()

    def _say_who(self, connection: Connection, access: Access | None) -> None:
        """On PostgreSQL, what the policies of row-level security ask. Without it they show no pupil."""
        if not self.sqlite and access is not None:
            values = access.settings
            connection.execute(_setting(tuple(values)), values)

    def overwrite_erased(self, *, whole: bool = False) -> bool:
        """After erasing: let nothing of it stand in the files any more; whether that could be done at once.

        SQLite overwrites what is deleted, but its log still holds the pages of before, until it is emptied: not while
        somebody reads. `whole` also writes the database anew. PostgreSQL gives the room free to be written over.
        """
        with self.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            if not self.sqlite:
                connection.exec_driver_sql("vacuum")
                return True
            raw: Any = connection.connection.dbapi_connection
            raw.execute(f"PRAGMA busy_timeout={PATIENCE_MILLISECONDS}")
            try:
                if whole:
                    raw.execute("VACUUM")
                return bool(raw.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0] == 0)
            finally:
                raw.execute(f"PRAGMA busy_timeout={BUSY_MILLISECONDS}")

    def dispose(self) -> None:
        """Close every connection."""
        self.engine.dispose()


@cache
def _setting(names: tuple[str, ...]) -> TextClause:
    """One question that sets all of these for a transaction."""
    return text("select " + ", ".join(f"set_config('roni.{name}', :{name}, true)" for name in names))


def trouble_of(error: DBAPIError) -> Literal["full", "away"] | None:
    """Whether the database has no room, or is away or too busy; None where what was asked was wrong."""
    state = getattr(error.orig, "sqlite_errorname", None) or getattr(error.orig, "sqlstate", None)
    if state is None:  # PostgreSQL gives no SQLSTATE where it could not be reached at all
        return "away" if error.connection_invalidated or _is_operational(error) else None
    if state.startswith(FULL):
        return "full"
    return "away" if state.startswith(AWAY) else None


def _is_operational(error: DBAPIError) -> bool:
    return bool(type(error.orig).__name__ == "OperationalError")


def lock_rolls(connection: Connection) -> None:
    """Wait until no other transaction is confirming a roll: pupils go from one to another. SQLite's wait anyway."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("select pg_advisory_xact_lock(:key)"), {"key": ROLLS_LOCK})


def lock_audit(connection: Connection) -> None:
    """Wait until no other transaction is adding to the audit. SQLite has one writer at a time anyway."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("select pg_advisory_xact_lock(:key)"), {"key": AUDIT_LOCK})


def _sqlite(url: str) -> Engine:
    waits = {"timeout": BUSY_MILLISECONDS / 1000, "check_same_thread": False}
    engine = create_engine(url, connect_args=waits, **_JSON)

    @event.listens_for(engine, "connect")
    def _connect(raw: Any, _record: Any) -> None:
        raw.isolation_level = None  # we say BEGIN ourselves
        for pragma in (
            "journal_mode=WAL",
            "synchronous=FULL",
            "foreign_keys=ON",
            f"busy_timeout={BUSY_MILLISECONDS}",
            "secure_delete=ON",  # what is erased is overwritten
        ):
            raw.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        writing = connection.get_execution_options().get("roni_write", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writing else "BEGIN")

    return engine


def _postgresql(url: str) -> Engine:
    scheme, separator, rest = url.partition("://")
    if scheme.partition("+")[0] not in ("postgresql", "postgres") or not separator:
        raise RoniError("The database is sqlite:///FILE or postgresql://USER@HOST/NAME.")
    url = f"postgresql+psycopg://{rest}"
    return create_engine(url, pool_size=10, max_overflow=20, pool_pre_ping=True, **_JSON)
