"""A council list is sent: what is said of it, then the file read and its rows stored beside it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import BinaryIO

from service.access import Access
from service.database import Database
from service.settings import Settings
from service.supplements import confirming, said, staging
from service.supplements.staging import Asked

LONGEST_NAME = 200


def asked_of(
    access: Access,
    *,
    team: str | None,
    field: str | None,
    as_at: date,
    complete: bool,
    years: Iterable[int],
    name: str | None,
    file_name: str | None,
) -> Asked:
    """What a caller says of a list. Raises a 403 or 422 where they may not say so."""
    whose = said.team_of(access, team)
    said.require_field(field, said.allowed_fields(access, whose))
    file = (file_name or "list").rpartition("/")[2][-LONGEST_NAME:]
    return Asked(
        team=whose, field=field, as_at=as_at, complete=complete, years=tuple(sorted(set(years))), name=name or file,
        file_name=file,
    )  # fmt: skip


def send(database: Database, settings: Settings, access: Access, asked: Asked, file: BinaryIO) -> tuple[str, bool]:
    """The reference of a list that came, and whether the same was there already: then nothing is changed."""
    with database.read(Access.system()) as connection:
        check = next(iter(confirming.open_checks(connection)), None)
    digest, listed = staging.receive(settings, file, asked, check)
    with database.write(Access.system()) as connection:
        same = staging.same_list(connection, asked, digest)
        return same or staging.stage(connection, access, asked, digest, listed), same is not None
