"""The transactions that routes and pages of this resource share.

Whether the caller may read a pupil is asked under the caller's own access. What is then changed touches registers and
other people's assignments too, so it runs as the service's own work.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from fastapi import Request
from sqlalchemy import Connection

from service import audit
from service.access import Access


def pupil_of(request: Request, access: Access, ref: str) -> Any:
    """The row of a pupil whom the caller may read."""
    with request.app.state.database.read(access) as connection:
        return access.require_pupil(connection, ref)


@contextmanager
def changing(request: Request) -> Iterator[Connection]:
    """A transaction for a change that the caller was allowed."""
    with request.app.state.database.write(Access.system()) as connection:
        yield connection


def note_read(request: Request, access: Access, action: str, about: str | None, pupils: Sequence[int]) -> None:
    """Write into the audit what was read."""
    with request.app.state.database.write(access) as connection:
        audit.record(connection, access, action, about=about, pupils=pupils)
