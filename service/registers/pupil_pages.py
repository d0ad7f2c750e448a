"""One pupil: found by name, explained for a check, with what people have done and decided."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response
from markupsafe import Markup
from pydantic import BaseModel, ConfigDict, ValidationError
from sqlalchemy import Connection

from roni import national
from service import audit
from service.access import Access, Permission, allow
from service.caseload import coaches, contacts, listing, requests
from service.caseload.contact_schemas import KINDS, NOT_SAFEGUARDING, OUTCOMES
from service.caseload.offers import facts_of, offer_for
from service.caseload.returning import notice_of
from service.caseload.schemas import WHY
from service.checks.schools import add_contacts
from service.clock import today
from service.forms import Typed
from service.phrases import counted, day, short_day
from service.registers import explaining
from service.registers.asking import address, asked_of
from service.registers.list_pages import earlier_of, paper
from service.registers.page import extras
from service.registers.reasons import is_sensitive
from service.registers.schemas import PupilSearch
from service.registers.shown import CHANGES, Row, Rows
from service.web import render

router = APIRouter(include_in_schema=False)
SHOWN = 20  # contacts and requests on the page
UPN = 13  # characters
MODERATIONS = {"add": "Add to the list", "remove": "Take off the list", "priority": "Another priority"}
STATES = {
    "standing": "stands", "asked": "waits for a decision", "accepted": "accepted", "declined": "declined",
    "withdrawn": "withdrawn",
}  # fmt: skip
DECISIONS = {"upheld": "Upheld", "partly_upheld": "Partly upheld", "refused": "Refused", "withdrawn": "Withdrawn"}


class PupilQuery(BaseModel):
    """What of a pupil's page is wanted."""

    model_config = ConfigDict(extra="forbid")

    include: str | None = None


# --- finding one ------------------------------------------------------------------------------------------------------


@router.get("/pupils")
def show_search(request: Request, access: Access = allow(Permission.PUPILS_READ)) -> Response:  # noqa: ARG001 - allowed
    return _search_page(request)


def _search_page(request: Request, status: int = 200, **context: Any) -> Response:
    said = {"typed": "", "found": None, "errors": {}, **context}
    return render(request, "registers/search.html", status, title="Find a pupil", **said)


@router.post("/pupils")
def search(request: Request, typed: Typed, access: Access = allow(Permission.PUPILS_READ)) -> Response:
    """The result stands on the answer itself, so that no address holds a name."""
    words = " ".join(typed.get("words", "").split())
    try:
        wanted = PupilSearch(**_wanted(words), limit=50)
    except ValidationError:
        error = "Enter at least two letters of a name, or a UPN." if len(words) < 100 else "Enter fewer letters."
        return _search_page(request, 422, typed=words, errors={"words": error})
    with request.app.state.database.read(access) as connection:
        found = explaining.search(connection, access, wanted.name, wanted.upn, wanted.limit)
    with request.app.state.database.write(access) as connection:
        audit.record(connection, access, "pupil.search", about=None, pupils=[number for number, _ in found])
    rows = [
        (item["pupil"], item["name"], item["school"]["name"] if item["school"] else "no school") for _, item in found
    ]
    return _search_page(request, typed=words, found=rows, most=wanted.limit)


def _wanted(words: str) -> dict[str, str]:
    is_upn = len(words) == UPN and words[1:-1].isdecimal()
    return {"upn": words.upper()} if is_upn else {"name": words}


@router.get("/pupils/{pupil}")
def lead_to_pupil(
    request: Request, pupil: str, done: str = "", access: Access = allow(Permission.PUPILS_READ)
) -> Response:
    """To the pupil's page of the last check that the caller may read; without one to what is known of contacts."""
    with request.app.state.database.read(access) as connection:
        said, pupil_id = explaining.history_of(connection, access, pupil)
    with request.app.state.database.write(access) as connection:
        audit.record(connection, access, "pupil.history", about=None, pupils=[pupil_id])
    if said["items"]:
        place = f"/checks/{said['items'][0]['check']['ref']}/pupils/{pupil}"
        return RedirectResponse(address(place, {"done": done if notice_of(done) else None}), 303)
    return render(
        request,
        "registers/not_listed.html",
        title="On no list yet",
        back="/pupils",
        ref=pupil,
        allowed=_allowed(access),
    )


# --- one of them ------------------------------------------------------------------------------------------------------


@router.get("/checks/{check}/pupils/{pupil}")
def show_pupil(
    request: Request, check: str, pupil: str, done: str = "", access: Access = allow(Permission.PUPILS_READ)
) -> Response:
    """Why a pupil stands where they stand, what is known and whence, and what people have done."""
    sensitive = asked_of(request, PupilQuery).include == "sensitive"
    database, settings = request.app.state.database, request.app.state.settings
    with database.read(access) as connection:
        row = access.require_pupil(connection, pupil)
    with database.read(Access.system()) as connection:  # a score may rest on what other schools and teams say
        explained = explaining.explain(connection, access, settings, check, row)
        line = _line(connection, access, explained)
    with database.read(access) as connection:
        done_by_people = _people(connection, access, row, explained.check)
        history, _ = explaining.history_of(connection, access, pupil)
    with database.write(access) as connection:
        audit.record(connection, access, "pupil.read", about=check, pupils=[row.id])
    said, shown = explained.to_dict(), line["row"]
    restricted = said["points"] is None
    here = f"/checks/{check}/pupils/{pupil}"
    return render(
        request, "registers/pupil.html",
        title=f"{shown.name}, {explained.check.label}", back=_back(access, done_by_people, check), here=here,
        row=shown, said=said, ref=pupil, check=explained.check, notice=notice_of(done), line=line,
        picture=Markup(explained.explanation.svg()), facts=_facts(said["reasons"], line["sensitive"]),
        sensitive=sensitive, hides=bool(line["sensitive"]) and not sensitive, restricted=restricted,
        gaps=_gaps(explained, said), ask_first=_ask_first(shown, said),
        values=_values(said["values"]), history=_history(history["items"]),
        paper=paper(request, access, explained.check.label, None if restricted else sensitive),
        allowed=_allowed(access),
        kinds=list(KINDS.items()), outcomes=list(OUTCOMES.items()), reminder=NOT_SAFEGUARDING, **done_by_people,
    )  # fmt: skip


def _allowed(access: Access) -> dict[str, bool]:
    return {name.name: name in access.permissions for name in Permission}


def _back(access: Access, done_by_people: Mapping[str, Any], check: str) -> str:
    """To my list where the pupil is on it, else to the list of the check."""
    coach = done_by_people["coach"]["coach"]
    return "/my-list" if coach and coach["ref"] == access.person_ref else f"/checks/{check}/register"


def _line(connection: Connection, access: Access, explained: Any) -> dict[str, Any]:
    """The pupil's line with what stands beside it, which reasons are sensitive, and the support that is offered."""
    found = explaining.row_of(connection, access, explained.check.id, explained.pupil.id)
    earlier = earlier_of(connection, explained.check)
    if found is None:
        line = {"pupil": explained.pupil.ref, "name": explained.explanation.name, "school": None}
        return {"row": _row(explained, line, earlier), "sensitive": set(), "support": None}
    beside = json.loads(b"{%b}" % extras(connection, access, [found.pupil_id])[found.pupil_id])
    line = {**json.loads(found.line), **beside}
    add_contacts(connection, [line])
    hidden = {reason["label"] for reason in line.get("reasons", ()) if reason.get("sensitive") and "label" in reason}
    trained = explained.register.trained
    if trained is not None and is_sensitive(explained.cohort.fields, trained.tables):
        hidden.add("the trained model")
    support = offer_for(facts_of(found, explained.check, beside.get("last_contact")), today())
    return {
        "row": _row(explained, line, earlier), "sensitive": hidden, "support": support,
        "change": line.get("change") and CHANGES.get(line["change"]["kind"], line["change"]["kind"]),
    }  # fmt: skip


def _row(explained: Any, line: Mapping[str, Any], earlier: Any) -> Row:
    return Rows(explained.check.ref, f"Since {earlier.label}" if earlier else "").row(line)


def _facts(reasons: Sequence[Mapping[str, Any]], hidden: set[str]) -> list[tuple[str, str, str, str, bool]]:
    """What, points, when it counts, whence; and whether paper names it only when asked to."""
    return [
        (
            reason["fact"],
            f"+{reason['points']}" if reason["at_least"] is None else f"at least {reason['at_least']}",
            reason["condition"],
            "; ".join(part for part in (reason["details"], reason["source"]) if part),
            reason["label"] in hidden,
        )
        for reason in reasons
    ]


def _gaps(explained: Any, said: Mapping[str, Any]) -> list[tuple[str, str, str, str]]:
    """What is not known, for how many points at most, for what, and whom to ask.

    What the caller's role does not see is not among it: to the caller it stays unknown, whoever is asked.
    """
    suppliers = {
        item.label: item.supplier for item in map(explained.cohort.fields.__getitem__, explained.cohort.fields)
    }
    found = []
    for gap in said["gaps"]:
        labels = [label for label in gap["fields"] if label not in said["without"]]
        whom = dict.fromkeys(suppliers[label] for label in labels)
        found.append((", ".join(labels), f"up to +{gap['points']}", gap["label"], ", ".join(whom)))
    return [row for row in found if row[0]]


def _ask_first(row: Row, said: Mapping[str, Any]) -> str:
    """What to ask first: as on the list, else of what the role sees."""
    hidden = any(said["ask_first"].startswith(f"{label} (") for label in said["without"])
    return row.ask_first or ("" if hidden else said["ask_first"])


def _values(values: Sequence[Mapping[str, Any]]) -> list[tuple[str, list[tuple[str, str, str, str, bool]]]]:
    """Every known value by family: label, value, whence, as at; and whether it is sensitive."""
    fields = national()
    found: dict[str, list[tuple[str, str, str, str, bool]]] = {}
    for value in values:
        row = (
            value["label"], _in_words(value), f"{value['source']} ({value['from']})",
            short_day(date.fromisoformat(value["as_at"])), is_sensitive(fields, [value["field"]]),
        )  # fmt: skip
        found.setdefault(value["family"], []).append(row)
    return list(found.items())


def _in_words(value: Mapping[str, Any]) -> str:
    said = value["value"]
    if value["words"]:
        return str(value["words"])
    if isinstance(said, bool):
        return "yes" if said else "no"
    if national()[value["field"]].type == "date":
        return day(date.fromisoformat(said))
    number = f"{said:.1f}".rstrip("0").rstrip(".") if isinstance(said, float) else str(said)
    return f"{number} {value['unit']}" if value["unit"] else number


def _history(items: Sequence[Mapping[str, Any]]) -> list[tuple[str, ...]]:
    return [
        (
            item["check"]["ref"], item["check"]["label"],
            (item.get("band") or item.get("status") or "not scored").capitalize(),
            counted(item["points"], "point") if item.get("points") is not None else "",
            item.get("chance") or "", item["school"]["name"] if item.get("school") else "",
            CHANGES.get(item["change"]["kind"], item["change"]["kind"]) if item.get("change") else "",
        )
        for item in items
    ]  # fmt: skip


def _people(connection: Connection, access: Access, pupil: Any, check: Any) -> dict[str, Any]:
    """What people have done and decided, as far as the caller may read it."""
    may = access.permissions
    asked, _ = listing.list_moderations(connection, access, check, SHOWN, pupil=pupil.ref)
    found: dict[str, Any] = {
        "coach": coaches.show(connection, pupil), "contacts": None, "requests": None, "why": WHY, "kind_words": KINDS,
        "outcome_words": OUTCOMES, "moderations": [_dated(item) for item in asked["items"]],
        "moderation_words": MODERATIONS, "states": STATES,
        "decisions": DECISIONS,
    }  # fmt: skip
    if Permission.CONTACTS_READ in may:
        found["contacts"] = contacts.list_contacts(connection, access, pupil, SHOWN)["items"]
    if Permission.REQUESTS_WRITE in may:
        found["requests"] = requests.list_requests(connection, access, pupil, SHOWN)["items"]
    return found


def _dated(item: dict[str, Any]) -> dict[str, Any]:
    return item | {"on": short_day(datetime.fromisoformat(item["at"]))}
