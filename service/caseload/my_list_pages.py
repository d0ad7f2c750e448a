"""My list as a page and as a file: the caseload, and as many new pupils as there is time for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal
from urllib.parse import urlencode

from fastapi import APIRouter, Request
from fastapi.responses import Response
from markupsafe import Markup
from pydantic import Field
from pydantic_core import to_json
from sqlalchemy import Connection, select

from service import tables as t
from service.access import Access, Permission, allow
from service.caseload.coaches import list_coaches
from service.caseload.contact_schemas import KINDS, NOT_SAFEGUARDING, OUTCOMES
from service.caseload.my_list import Asked, caseload
from service.caseload.returning import notice_of
from service.caseload.taking_on import MOST
from service.caseload.transactions import note_read
from service.checks.queries import require_check
from service.problems import Refusal
from service.registers import exports
from service.registers.asking import Choice, address, asked_of, choices_of, chosen
from service.registers.filters import RegisterFilters
from service.registers.heads import head_of
from service.registers.list_pages import FORMATS, downloads, earlier_of, paper, taking_on
from service.registers.order import RANKED
from service.registers.page import require_register
from service.registers.reading import upns_of
from service.registers.shown import SECTION_NOTES, SECTION_TITLES, Row, Rows
from service.web import environment, render

router = APIRouter(include_in_schema=False)
PLACES, PAGE, MOST_IN_FILE = 10, 250, 5000
TITLES = {**SECTION_TITLES, "caseload": "My caseload", "new": "New: the first on the list whom nobody has yet"}
PARTS = ("caseload", "new", "restricted", "left", "taken_off")


class MyListQuery(RegisterFilters):
    """What of my list is wanted."""

    places: int = Field(PLACES, ge=0, le=500)
    of: str | None = Field(None, max_length=64, description="Whose list; left out: one’s own")
    cursor: str | None = Field(None, max_length=500)
    include: Literal["sensitive"] | None = None
    format: Literal["csv", "xlsx"] = "xlsx"

    def kept(self) -> dict[str, Any]:
        """All that stays in the addresses of the list."""
        whose = {"of": self.of} if self.of else {}
        return {"places": self.places, **whose, **self.said()}


@router.get("/my-list")
def show_my_list(request: Request, done: str = "", access: Access = allow(Permission.CASELOAD_READ)) -> Response:
    """The caseload, new pupils, and who stands in a part of their own."""
    asked = asked_of(request, MyListQuery)
    with request.app.state.database.read(access) as connection:
        found, pupils = caseload(connection, access, list_asked(asked, PAGE))
        around = _around(connection, access, found["check"])
    note_read(request, access, "caseload.read", found["check"], pupils)
    path, kept, sensitive = "/my-list", asked.kept(), asked.include is not None
    here = address(path, kept, include=asked.include, cursor=asked.cursor)
    rows = _rows(found["items"], around, sensitive)
    names = [*around["choices"], Choice("of", "Whose list", around["coaches"], "My own")]
    return render(
        request, "caseload/my_list.html",
        title=_title(asked.of, around["coaches"]), wide=True, landscape=True, notice=notice_of(done),
        path=path, said={**asked.said(), "of": asked.of}, kept={"include": "sensitive"} if sensitive else {},
        places=asked.places, choices=around["choices"], coaches=around["coaches"], chosen=chosen(names, path, kept),
        parts=rows, titles=TITLES, notes=SECTION_NOTES, counts=_figures(found["counts"]), check=around["check"],
        next=address(path, kept, include=asked.include, cursor=found["next"]) if found["next"] else "",
        first=address(path, kept, include=asked.include) if asked.cursor else "", sensitive=sensitive,
        take_on=_take_on(access, asked, around["check"], here),
        paper=paper(request, access, "My list", sensitive), act=_act(access, here),
        here=address(path, kept), here_sensitive=address(path, kept, include="sensitive"),
        downloads=downloads(access, "/my-list/file", kept, asked.include), reminder=NOT_SAFEGUARDING,
        hands_over=asked.of or access.person_ref, sheets=address("/my-list/sheets", kept),
    )  # fmt: skip


def list_asked(asked: MyListQuery, limit: int) -> Asked:
    """What my list is asked for by its address."""
    filters = RegisterFilters(**asked.said())
    return Asked(asked.places, None, asked.of, limit, asked.cursor, filters)


def _around(connection: Connection, access: Access, check_ref: str | None) -> dict[str, Any]:
    """What stands around the list: the check of new pupils, the filters, whose lists there are."""
    coaches = []
    if Permission.CASELOAD_MANAGE in access.permissions:
        coaches = [(coach["ref"], f"{coach['name']} ({coach['pupils']})") for coach in list_coaches(connection)]
    found: dict[str, Any] = {"check": None, "choices": [], "coaches": coaches, "since": "", "labels": {}}
    if check_ref is None:
        return found
    check = require_check(connection, check_ref)
    earlier = earlier_of(connection, check)
    found |= {"check": check, "since": f"Since {earlier.label}" if earlier else ""}
    found["labels"] = {row.ref: row.label for row in connection.execute(select(t.checks.c.ref, t.checks.c.label))}
    try:
        register = require_register(connection, access, check)
    except Refusal:
        return found
    return found | {"choices": choices_of(check, register, _schools(connection, access))}


def _schools(connection: Connection, access: Access) -> list[tuple[str, str]]:
    school = t.schools.c
    rows = connection.execute(
        select(school.urn, school.name).where(access.may_read_school(school.id)).order_by(school.name)
    )
    return [(row.urn, row.name) for row in rows]


def _rows(
    items: Sequence[Mapping[str, Any]], around: Mapping[str, Any], sensitive: bool
) -> list[tuple[str, list[Row]]]:
    """The rows of each part of the list. A line of an older check says so: the school has not returned the last."""
    last = around["check"].ref if around["check"] else None
    makers = {
        ref: Rows(ref or "", around["since"] if ref == last else "", sensitive=sensitive).row
        for ref in {item["check"] for item in items}
    }
    found: dict[str, list[Row]] = {}
    for item in items:
        ref, support = item["check"], item["support"]["label"] if item["support"] else ""
        tags = () if ref == last else (f"from {around['labels'][ref]}" if ref else "on no list yet",)
        made = makers[ref](whole_line(item), place=item["place"], support=support, tags=tags)
        found.setdefault(item["place"], []).append(made)
    return [(part, found[part]) for part in PARTS if part in found]


def whole_line(item: Mapping[str, Any]) -> dict[str, Any]:
    """The register's line of a pupil with what stands beside it; of one on no list only who it is."""
    line = item["line"] or {"pupil": item["pupil"]["ref"], "name": item["pupil"]["name"], "school": None}
    beside = {name: item[name] for name in ("coach", "last_contact", "next_action", "objection") if name in item}
    return {"section": item["place"], **line, **beside}


def _figures(counts: Mapping[str, int]) -> list[tuple[Any, ...]]:
    words = {**SECTION_TITLES, "caseload": "on the caseload", "new": "new"}
    return [(f"{counts[part]:,}", words[part], f"#{part}") for part in PARTS if counts.get(part)]


def _title(of: str | None, coaches: Sequence[tuple[str, str]]) -> str:
    name = dict(coaches).get(of or "", "")
    return f"List of {name.rpartition(' (')[0]}" if name else "My list"


def _take_on(access: Access, asked: MyListQuery, check: Any, here: str) -> str:
    """Where all new pupils of one's own list are taken on at once, as many as a list may have."""
    if check is None or asked.of is not None or not asked.places:
        return ""
    return taking_on(access, check.ref, asked.said(), here, min(asked.places, MOST))


def _act(access: Access, here: str) -> dict[str, Any] | None:
    """What may be done in a line: the same form in every one, so it is made once."""
    if Permission.CONTACTS_WRITE not in access.permissions:
        return None
    macros: Any = environment().get_template("registers/lines.html").module
    quick = Markup(macros.quick_contact(list(KINDS.items()), list(OUTCOMES.items())))
    return {"back": here, "quick": quick, "me": access.person_ref, "more": f"?{urlencode({'back': here})}"}


@router.get("/my-list/file")
def send_my_list(
    request: Request, access: Access = allow(Permission.CASELOAD_READ, Permission.REGISTER_EXPORT)
) -> Response:
    """My list as a file, with the filters of the page."""
    asked = asked_of(request, MyListQuery)
    state, sensitive = request.app.state, asked.include is not None
    with state.database.read(access) as connection:
        found, pupils = caseload(connection, access, list_asked(asked, MOST_IN_FILE))
        if found["check"] is None:
            raise Refusal(404, "no_register", "No list has been published yet, so there is nothing to download.")
        check = require_check(connection, found["check"])
        register = require_register(connection, access, check)
        head = head_of(connection, access, state.settings.council, check, register, RegisterFilters(**asked.said()))
        texts = [to_json(whole_line(item)).decode() for item in found["items"]]
        upns = upns_of(connection, [_Pupil(number) for number in pupils])
    table = exports.table_of(texts, upns, sensitive)
    write = exports.csv_of if asked.format == "csv" else exports.xlsx_of
    note_read(request, access, "caseload.export", found["check"], pupils)
    headers = {"content-disposition": f'attachment; filename="my-list.{asked.format}"'}
    return Response(write(table, head, sensitive), media_type=FORMATS[asked.format], headers=headers)


class _Pupil:
    """Whose UPN is wanted. Nobody of my list is of another school's claim: a caseload is of pupils of one's own."""

    section = RANKED

    def __init__(self, number: int) -> None:
        self.pupil_id = number
