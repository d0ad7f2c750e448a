"""Taking on everybody of a list at once, as a page: first whom it would be."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response
from pydantic import Field

from service.access import Access, Permission, allow
from service.caseload import coaches
from service.caseload.returning import back_of
from service.caseload.taking_on import MOST, take_on, whom
from service.caseload.transactions import changing, note_read
from service.forms import Ticked
from service.idempotency import FormRoute
from service.registers.asking import address, asked_of
from service.registers.filters import RegisterFilters
from service.registers.reading import readable_check
from service.web import render

router = APIRouter(include_in_schema=False, route_class=FormRoute)


class TakeOnQuery(RegisterFilters):
    """Which list, and how many of it."""

    capacity: int | None = Field(None, ge=1, le=100_000, description="Of the first of the list only")
    most: int = Field(MOST, ge=1, le=MOST, description="At most so many of those who have no coach")
    back: str = Field("", max_length=2000)

    def narrowed(self) -> RegisterFilters:
        """The filters of the list alone."""
        return RegisterFilters(**self.said())


@router.get("/checks/{check}/take-on")
def show_taking_on(
    request: Request, check: str, access: Access = allow(Permission.REGISTER_READ, Permission.CASELOAD_WRITE)
) -> Response:
    """Whom of the list it would be, and who is left out because they have a coach."""
    asked = asked_of(request, TakeOnQuery)
    with request.app.state.database.read(Access.system()) as connection:
        coaches.require_coach(connection, access.person_ref)
    with request.app.state.database.read(access) as connection:
        row = readable_check(connection, access, check)
        found = whom(connection, access, row, asked.narrowed(), asked.capacity, asked.most)
    note_read(request, access, "coach.take_on_preview", check, found.pupils)
    return render(
        request, "caseload/take_on.html",
        title="Take on everybody of this list", check=row, found=found, limit=MOST,
        back=back_of({"back": asked.back}, address(f"/checks/{check}/register", asked.said(), capacity=asked.capacity)),
    )  # fmt: skip


@router.post("/checks/{check}/take-on")
def take_everybody_on(
    request: Request,
    check: str,
    ticked: Ticked,
    access: Access = allow(Permission.REGISTER_READ, Permission.CASELOAD_WRITE),
) -> Response:
    """Take on those who were named, as far as nobody else has taken them on since."""
    refs: list[Any] = ticked.get("pupils", [])[:MOST]
    with changing(request) as connection:
        coaches.require_coach(connection, access.person_ref)
        row = readable_check(connection, access, check)
        found = take_on(connection, access, row, refs)
    return RedirectResponse(f"/my-list?done=taken-{len(found.taken)}-{found.with_others}", 303)
