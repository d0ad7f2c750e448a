"""Pages of a check's list: the register, as a file, and what changed since another check."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from fastapi import APIRouter, Request
from fastapi.responses import Response
from pydantic import Field
from pydantic_core import from_json
from sqlalchemy import Connection, select

from service import audit
from service import tables as t
from service.access import Access, Permission, allow
from service.checks.schools import add_contacts
from service.clock import today
from service.phrases import counted, day
from service.problems import Refusal
from service.registers import compared, exports, reading
from service.registers.asking import Choice, address, asked_of, choices_of, chosen
from service.registers.order import CLAIMED
from service.registers.page import require_register
from service.registers.routes import send
from service.registers.schemas import MovementQuery, RegisterQuery
from service.registers.shown import CHANGES, SECTION_NOTES, SECTION_TITLES, Rows, section_rows
from service.web import render

router = APIRouter(include_in_schema=False)
PAGE = 100  # pupils on a page unless an address says otherwise
MODERATED = (
    ("added", "Added"), ("priority", "Another priority"), ("removal_asked", "Asked to take off"),
    ("taken_off", "Taken off"),
)  # fmt: skip
FORMATS = {"csv": exports.CSV, "xlsx": exports.XLSX}
NAMED = "All reasons are named, special-category and youth-justice ones too: keep this as you keep a child’s record."
LEFT_OUT = "Special-category and youth-justice reasons are left out of this paper: they are counted and not named."


class FileQuery(RegisterQuery):
    """The list, and in which form."""

    format: Literal["csv", "xlsx"] = Field("xlsx", description="The form of the file")


class MovementPageQuery(MovementQuery):
    """What of a movement is wanted, and whether paper names why."""

    include: Literal["sensitive"] | None = None


@router.get("/checks/{check}/register")
def show_register(request: Request, check: str, access: Access = allow(Permission.REGISTER_READ)) -> Response:
    """The list of a check, for schools, panels and the council."""
    asked = asked_of(request, RegisterQuery)
    wanted = asked.model_copy(update={"counts": asked.cursor is None, "limit": asked.limit or PAGE})
    state = request.app.state
    with state.database.read(access) as connection:
        row = reading.readable_check(connection, access, check)
        try:
            answer = reading.page_of(connection, access, state.settings, check, wanted)
        except Refusal as refusal:
            if refusal.code != "no_register":
                raise
            return _empty_page(request, row)
        head = from_json(answer.body)
        add_contacts(connection, [*head["items"], *((head.get("capacity") or {}).get("displaced") or ())])
        choices = _choices(connection, access, row, head)
        earlier = earlier_of(connection, row)
    with state.database.write(access) as connection:
        audit.record(
            connection, access, "register.read", about=answer.about, pupils=answer.pupils, refs=answer.audit_refs
        )
    return _page(request, access, row, asked, head, choices, earlier)


def _empty_page(request: Request, check: Any) -> Response:
    return render(
        request, "registers/register.html",
        title=f"List of {check.label}", label=check.label, back=f"/checks/{check.ref}", ref=check.ref, head=None,
    )  # fmt: skip


def _page(
    request: Request, access: Access, check: Any, asked: RegisterQuery, head: dict[str, Any], choices: list[Choice],
    earlier: Any,
) -> Response:  # fmt: skip
    path = request.url.path
    said = {**asked.said(), **({"capacity": asked.capacity} if asked.capacity else {})}
    kept = {"include": "sensitive"} if asked.include else {}
    if asked.limit:
        kept["limit"] = str(asked.limit)
    sensitive = asked.include is not None
    make = Rows(check.ref, f"Since {earlier.label}" if earlier else "", sensitive=sensitive).row
    names = [*choices, Choice("capacity", "Only the first", (), "")]
    rows = [(line["section"], make(line)) for line in head["items"]]
    following = address(path, {**said, **kept}, cursor=head["next"]) if head["next"] else ""
    cut = head.get("capacity")
    return render(
        request, "registers/register.html",
        title=f"List of {check.label}", label=check.label, back=f"/checks/{check.ref}", wide=True, landscape=True,
        ref=check.ref, head=head, cut=cut, path=path, said=said, kept=kept, choices=choices,
        chosen=chosen(names, path, said), sections=section_rows(rows), titles=SECTION_TITLES, notes=SECTION_NOTES,
        counts=_figures(head, path, said), displaced=[make(line) for line in (cut or {}).get("displaced") or ()],
        next=following, first=address(path, {**said, **kept}) if asked.cursor else "",
        shown=f"{counted(len(rows), 'pupil')} on this page" if following or asked.cursor else "",
        paper=paper(request, access, check.label, sensitive),
        contacts=Permission.CONTACTS_READ in access.permissions, sensitive=sensitive,
        here=address(path, said), here_sensitive=address(path, said, include="sensitive"),
        downloads=downloads(access, f"{path}/file", said, asked.include), earlier=earlier,
        may_assign=Permission.CASELOAD_MANAGE in access.permissions,
        take_on="" if asked.cursor else taking_on(access, check.ref, said, address(path, {**said, **kept})),
    )  # fmt: skip


def taking_on(access: Access, ref: str, said: Mapping[str, Any], back: str, most: int | None = None) -> str:
    """Where a coach takes on everybody of a list at once; "" for others: the council assigns."""
    may = Permission.CASELOAD_WRITE in access.permissions and Permission.CASELOAD_MANAGE not in access.permissions
    return address(f"/checks/{ref}/take-on", said, most=most, back=back) if may else ""


def downloads(access: Access, path: str, said: Mapping[str, Any], include: str | None) -> list[tuple[str, str]]:
    """The files that a caller may take away, each with its address."""
    if Permission.REGISTER_EXPORT not in access.permissions:
        return []
    return [
        (words, address(path, said, include=include, format=form))
        for words, form in (("Download for Excel", "xlsx"), ("Download as CSV", "csv"))
    ]


def paper(request: Request, access: Access, label: str, sensitive: bool | None) -> str:
    """What stands at the top of every sheet: whose list of what, for whom, and what is not named in it.

    `sensitive` is None where there are no reasons to leave out.
    """
    council = request.app.state.settings.council
    whose = f"{council}. {label}. Printed {day(today())} for {access.name}."
    return whose if sensitive is None else f"{whose} {NAMED if sensitive else LEFT_OUT}"


def _figures(head: Mapping[str, Any], path: str, said: Mapping[str, Any]) -> list[tuple[Any, ...]]:
    """How many stand in each band and section, each a filter; nothing on pages after the first."""
    counted_ = head.get("counts")
    if counted_ is None:
        return []
    bands = [band["name"] for band in reversed(head["bands"])]
    found: list[tuple[Any, ...]] = [
        (
            f"{counted_['bands'][name]:,}",
            name.capitalize() if name != "none" else "No band",
            address(path, said, band=name),
        )
        for name in bands
        if counted_["bands"].get(name)
    ]
    found += [
        (f"{number:,}", SECTION_TITLES[name], address(path, said, section=name))
        for name, number in counted_["sections"].items()
        if name != "ranked"
    ]
    return [*found, (f"{counted_['pupils']:,}", "Altogether")]


def _choices(connection: Connection, access: Access, check: Any, head: Mapping[str, Any]) -> list[Choice]:
    register = require_register(connection, access, check)
    schools = [(file["school"]["urn"], file["school"]["name"]) for file in head["files"] if file["school"]]
    found = choices_of(check, register, list(dict.fromkeys(schools)))
    places = _districts(connection, access) if len(schools) > 1 else []
    if len(places) > 1:
        found.insert(1, Choice("district", "District", [(place, place) for place in places], "All districts"))
    mine = [(access.person_ref, "Me")] if Permission.CASELOAD_WRITE in access.permissions else []
    found.append(Choice("coach", "Coach", [*mine, ("none", "Nobody yet")], "Any coach or none"))
    found.append(Choice("moderated", "People’s decisions", MODERATED, "All"))
    parts = [part for part in SECTION_TITLES.items() if access.of_a_school or part[0] != CLAIMED]
    return [*found, Choice("section", "Part of the list", parts, "All parts")]


def _districts(connection: Connection, access: Access) -> list[str]:
    school = t.schools.c
    query = select(school.district).where(access.may_read_school(school.id), school.district.is_not(None)).distinct()
    return [place for place in connection.execute(query.order_by(school.district)).scalars() if place]


def earlier_of(connection: Connection, check: Any) -> Any:
    """The check that a check is compared with; None without one."""
    if check.earlier_id is None:
        return None
    return connection.execute(select(t.checks).where(t.checks.c.id == check.earlier_id)).one_or_none()


@router.get("/checks/{check}/register/file")
def send_register(
    request: Request, check: str, access: Access = allow(Permission.REGISTER_READ, Permission.REGISTER_EXPORT)
) -> Response:
    """The whole list as a file, with the filters of the page."""
    asked = asked_of(request, FileQuery)
    state = request.app.state
    with state.database.read(access) as connection:
        answer = reading.file_of(connection, access, state.settings, check, asked, FORMATS[asked.format])
    return send(request, access, "register.export", answer)


@router.get("/checks/{check}/movement/{earlier}")
def show_movement(
    request: Request, check: str, earlier: str, access: Access = allow(Permission.REGISTER_READ)
) -> Response:
    """What changed between two checks, pupil by pupil."""
    asked = asked_of(request, MovementPageQuery)
    database, settings = request.app.state.database, request.app.state.settings
    with database.read(access) as connection:
        now, then = (reading.readable_check(connection, access, ref) for ref in (check, earlier))
        readable = compared.readable_pupils(connection, access, now, then, asked.school)
        schools = schools_of(connection, access, now, then)
    with database.read(Access.system()) as connection:
        said, pupils = compared.movement_of(connection, access, settings, now, then, asked, readable)
    with database.write(access) as connection:
        audit.record(connection, access, "movement.read", about=check, pupils=pupils)
    path, filters = request.url.path, asked.model_dump(include={"school", "kind"}, exclude_none=True)
    kinds = [(kind, KINDS.get(kind, kind.capitalize())) for kind in compared.KINDS]
    choices = [Choice("school", "School", schools, "All schools")] if len(schools) > 1 else []
    choices.append(Choice("kind", "What changed", kinds, "Everything"))
    return render(
        request, "registers/movement.html",
        title=f"What changed since {then.label}", label=now.label, back=f"/checks/{check}/register", wide=True,
        landscape=True, ref=check, then=then.label, now=now.label, choices=choices, said=filters, path=path,
        chosen=chosen(choices, path, filters), rows=[_moved(item) for item in said["items"]],
        counts=[(f"{number:,}", KINDS.get(kind, kind.capitalize()), address(path, filters, kind=kind))
                for kind, number in said["counts"].items()],
        next=address(path, filters, cursor=said["next"]) if said["next"] else "",
        first=address(path, filters) if asked.cursor else "", sensitive=asked.include is not None,
        here=address(path, filters), here_sensitive=address(path, filters, include="sensitive"),
        paper=paper(request, access, now.label, asked.include is not None),
    )  # fmt: skip


KINDS = {**CHANGES, "up": "Up a band", "down": "Down a band", "new": "New", "left": "Left"}


def schools_of(connection: Connection, access: Access, *checks: Any) -> list[tuple[str, str]]:
    school, item = t.schools.c, t.submissions.c
    rows = connection.execute(
        select(school.urn, school.name)
        .join(t.submissions, item.school_id == school.id)
        .where(item.check_id.in_([check.id for check in checks]), item.live, access.may_read_school(school.id))
        .distinct()
        .order_by(school.name)
    )
    return [(row.urn, row.name) for row in rows]


def _moved(item: Mapping[str, Any]) -> tuple[str, ...]:
    given = item["preferred_name"] or item["forename"]
    year = item["year_group"]
    return (
        item["pupil"],
        " ".join(part for part in (given, item["surname"]) if part),
        "" if year is None else f"Year {year}",
        item["school"]["name"] if item["school"] else "No school",
        KINDS.get(item["kind"], item["kind"].capitalize()),
        _stood(item["band_before"], item["points_before"]),
        _stood(item["band_now"], item["points_now"]),
        item["why"] or "",
    )


def _stood(band: str | None, points: int | None) -> str:
    if band is None:
        return "not there"
    return f"{band.capitalize()}, {counted(points, 'point')}" if points is not None else band.capitalize()
