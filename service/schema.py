"""The database's schema and its migrations: bring it up to date, and tell whether it is."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from sqlalchemy import Connection, inspect, text

from roni import RoniError

if TYPE_CHECKING:
    from alembic.config import Config

    from service.database import Database

SCRIPTS = "service:migrations"
STAMP = "alembic_version"  # the table in which Alembic keeps what the database is at


def upgrade(database: Database, to: str = "head") -> None:
    """Bring a database to a migration, the newest by default: wholly, or not at all."""
    from alembic import command

    with database.write() as connection:
        command.upgrade(_config(connection), to)


def downgrade(database: Database, to: str) -> None:
    """Take a database back to an earlier migration; "base" takes away every table."""
    from alembic import command

    with database.write() as connection:
        command.downgrade(_config(connection), to)


def at(connection: Connection) -> str | None:
    """The migration that a database is at; None where it has none yet."""
    if not inspect(connection).has_table(STAMP):
        return None
    return connection.execute(text(f"select version_num from {STAMP}")).scalar_one_or_none()


@lru_cache(maxsize=1)
def latest() -> str:
    """The newest migration of this version of the service."""
    from alembic.script import ScriptDirectory

    head = ScriptDirectory.from_config(_config()).get_current_head()
    assert head is not None, "the migrations have one newest"
    return head


def require_current(database: Database) -> None:
    """Refuse a database that this version of the service does not fit, saying what to do."""
    with database.read() as connection:
        found = at(connection)
    if found != latest():
        raise RoniError(
            "The database has no tables of this service yet. Run `roni service upgrade`."
            if found is None
            else "The database is not at this version of the service. Take a backup, then run `roni service upgrade`."
        )


def _config(connection: Connection | None = None) -> Config:
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", SCRIPTS)
    config.attributes["connection"] = connection
    return config
