"""The service as a process: its database made ready, its first administrator told, then uvicorn until it is stopped."""

from __future__ import annotations

import errno
import os
import signal
import socket
import tempfile
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path

import uvicorn

from roni import RoniError
from service import schema
from service.app import create_app
from service.database import Database
from service.logs import LEVEL, configuration
from service.measures import SHARED_FOLDER
from service.operators import first_administrator, role_of
from service.settings import PREFIX, SQLITE, Settings

OWNER_ONLY = 0o600
FINISH_WITHIN = 30  # seconds for requests under way when the service is stopped
Say = Callable[[str], None]


def run(settings: Settings, host: str, port: int, workers: int, say: Say, *, log_level: str = LEVEL) -> None:
    """Serve until stopped. Raises RoniError where the database or the port cannot be used."""
    require_free(host, port)
    _make_ready(settings, say)
    options = {
        "host": host,
        "port": port,
        "log_config": configuration(log_level),
        "access_log": False,  # ours has routes instead of addresses
        "server_header": False,
        "timeout_graceful_shutdown": FINISH_WITHIN,
    }
    say(f"The service is at {settings.address} (stop it with Ctrl+C).")
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # uvicorn raises it again once all is finished
    if workers == 1:
        uvicorn.run(create_app(settings), **options)  # type: ignore[arg-type]
        return
    with tempfile.TemporaryDirectory(prefix="roni-measures-") as folder:
        os.environ.update({**environment(settings), SHARED_FOLDER: folder})
        uvicorn.run("service.app:create_app", factory=True, workers=workers, **options)  # type: ignore[arg-type]


def environment(settings: Settings) -> dict[str, str]:
    """The settings as variables, for the processes of several workers."""
    values = {field.name: getattr(settings, field.name) for field in fields(settings)}
    return {
        PREFIX + name.upper(): ("yes" if value else "no") if isinstance(value, bool) else str(value)
        for name, value in values.items()
    }


def _make_ready(settings: Settings, say: Say) -> None:
    """A new database gets its tables; one of another version is refused, because a backup should come first."""
    if settings.database_url.startswith(SQLITE):
        Path(settings.database_url.removeprefix(SQLITE)).touch(
            OWNER_ONLY
        )  # what it will hold is nobody else's business
    database = Database(settings.database_url)
    try:
        if said := role_of(database):
            say(said)
        with database.read() as connection:
            is_new = schema.at(connection) is None
        if is_new:
            schema.upgrade(database)
        schema.require_current(database)
        if settings.local_accounts and (made := first_administrator(database)):
            say(f"The first administrator, said this once: {made[0]} with the password {made[1]}")
    finally:
        database.dispose()


def address_of(host: str, port: int) -> str:
    """The address as it is typed into a browser.

    >>> address_of("127.0.0.1", 8000), address_of("::1", 8000)
    ('http://127.0.0.1:8000', 'http://[::1]:8000')
    """
    return f"http://{f'[{host}]' if ':' in host else host}:{port}"


def require_free(host: str, port: int) -> None:
    """Refuse an address that cannot be listened on, in a sentence."""
    try:
        with socket.create_server((host, port)):
            return
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise RoniError(f"Port {port} is in use. Choose another with --port.") from None
        raise RoniError(
            f"This address cannot be used ({error.strerror}). Choose others with --host and --port."
        ) from None
