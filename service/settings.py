"""Settings of the service, read once from `RONI_*` variables when it starts, and frozen."""

from __future__ import annotations

import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from roni import RoniError

PREFIX = "RONI_"
SQLITE = "sqlite:///"
MEGABYTE = 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What an operator may set; each from the variable RONI_ and its name in capitals.

    Sizes are in bytes, times in seconds unless the name says otherwise.
    """

    database_url: str = "sqlite:///roni.db"
    council: str = "Your council"
    address: str = "http://127.0.0.1:8000"  # as people reach it: sign-in redirects, and whether cookies are secure
    secret: str = ""  # keys the hashes of tokens and sessions; made and kept beside the database where none is given
    models: str = "models"  # the shelf
    local_accounts: bool = True
    demo: bool = False  # pupils are invented, and every page says so
    metrics_token: str = ""  # lets a collector on another machine read /metrics

    oidc_name: str = ""  # as the button says: "Sign in with ..."
    oidc_issuer: str = ""
    oidc_client_id: str = ""
    oidc_client_secret: str = ""

    upload_bytes: int = 10 * MEGABYTE  # a school's file
    council_upload_bytes: int = 400 * MEGABYTE  # a file for all schools
    upload_seconds: int = 120
    council_upload_seconds: int = 1800
    upload_memory: int = 3 * 1024 * MEGABYTE  # address space of the process that reads a file
    readers: int = 2  # processes that read files, kept warm
    answer_within: float = 20.0  # a file still being read after this is answered with 202 and its progress

    session_idle: int = 60 * 60
    session_most: int = 12 * 60 * 60
    page_size: int = 50
    page_most: int = 500
    scores_most: int = 5000  # rows in one call that scores what it is sent

    def __post_init__(self) -> None:
        """Refuse to trust a sign-in that somebody on the way could answer. On this machine nobody is on the way."""
        issuer = urlsplit(self.oidc_issuer)
        if self.oidc_issuer and issuer.scheme != "https" and issuer.hostname not in ("localhost", "127.0.0.1", "::1"):
            raise RoniError("RONI_OIDC_ISSUER begins with https://")

    @classmethod
    def read(cls, environment: Mapping[str, str] | None = None, **given: object) -> Settings:
        """Settings from the environment, and from what is `given` before that. Raises RoniError naming the variable."""
        found = os.environ if environment is None else environment
        kinds = {name: type(getattr(cls(), name)) for name in cls.__slots__}
        read = {
            name: _parsed(PREFIX + name.upper(), found[PREFIX + name.upper()], kind)
            for name, kind in kinds.items()
            if PREFIX + name.upper() in found
        }
        made = cls(**{**read, **{name: value for name, value in given.items() if value is not None}})  # type: ignore[arg-type]
        return made if made.secret else _with_secret(made)

    @property
    def secure(self) -> bool:
        """Whether people reach the service over HTTPS."""
        return self.address.startswith("https://")


def _parsed(variable: str, text: str, kind: type) -> object:
    if kind is bool:
        if text.casefold() not in ("1", "0", "true", "false", "yes", "no", "on", "off"):
            raise RoniError(f"{variable} is yes or no.")
        return text.casefold() in ("1", "true", "yes", "on")
    try:
        return kind(text)
    except ValueError:
        raise RoniError(f"{variable} must be a number.") from None


def _with_secret(settings: Settings) -> Settings:
    """The secret kept in a file beside an SQLite database, made the first time; PostgreSQL has no such place."""
    from dataclasses import replace

    if not settings.database_url.startswith(SQLITE):
        raise RoniError("Set RONI_SECRET to a long random text: it keys the hashes of tokens and sessions.")
    database = settings.database_url.removeprefix(SQLITE)
    if database in ("", ":memory:"):
        return replace(settings, secret=secrets.token_hex(32))
    file = Path(database).with_suffix(".secret")
    try:
        with file.open("x", encoding="ascii") as new:
            file.chmod(0o600)
            new.write(secrets.token_hex(32))
    except FileExistsError:
        pass
    except OSError as error:
        raise RoniError(
            f"“{file}” cannot be written ({error.strerror}). Set RONI_SECRET, or another database."
        ) from None
    return replace(settings, secret=file.read_text("ascii"))
