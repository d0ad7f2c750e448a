"""What there is to do now, for each role: what the home page shows first."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from fastapi import Request
from sqlalchemy import Connection, func, select

from service import tables as t
from service.access import Access, Permission
from service.checks.links import has_page
from service.checks.queries import list_checks, readable_stage, stage_of
from service.clock import today
from service.phrases import counted, day
from service.uploads.arrivals import count_unanswered
from service.uploads.standing import standing_of


@dataclass(frozen=True, slots=True)
class Task:
    """One thing to do: about what, how it stands, and the page where it is done. `tag`: words and colour."""

    about: str
    title: str
    words: str
    action: str
    href: str
    tags: tuple[tuple[str, str], ...] = ()
    main: bool = False  # it waits for this person now


STATES = {"not_returned": ("Not sent yet", "grey"), "in_progress": ("Started", "blue"),
          "signed_off": ("Confirmed", "green")}  # fmt: skip
OVERDUE = ("Overdue", "red")
MOST_CHECKS = 4  # the last two years


def school_tasks(connection: Connection, access: Access) -> list[Task]:
    """Of a school's people: each open check that asks their school, and what comes next."""
    checks = connection.execute(select(t.checks).where(t.checks.c.closed_at.is_(None)).order_by(t.checks.c.on.desc()))
    schools = connection.execute(
        select(t.schools).where(access.may_read_school(t.schools.c.id)).order_by(t.schools.c.name)
    ).all()
    found = [
        _school_task(access, check, school, standing, _arriving(connection, access, check, school))
        for check in checks.all()[:MOST_CHECKS]
        for school in schools
        if (standing := standing_of(connection, check, school))["asked"]
    ]
    return sorted(found, key=lambda task: not task.main)


def _arriving(connection: Connection, access: Access, check: Any, school: Any) -> str:
    number = count_unanswered(connection, access, check, school) if P.UPLOADS_WRITE in access.permissions else 0
    return f" {counted(number, 'pupil is', 'pupils are')} said to have moved to your school." if number else ""


def _school_task(access: Access, check: Any, school: Any, standing: dict[str, Any], arriving: str) -> Task:
    tags = (STATES[standing["state"]], *((OVERDUE,) if standing["overdue"] else ()))
    words = f"Due by {day(check.due_on)}."
    if standing["receipt"] is not None:
        pupils = counted(standing["receipt"]["on_roll"], "pupil")
        words = f"Confirmed on {day(standing['signed_off_at'])} with {pupils} on roll."
    page = f"/checks/{check.ref}/schools/{school.urn}"
    action, href, main = _next(standing, page, sends=Permission.UPLOADS_WRITE in access.permissions)
    if arriving and not main:
        action, href = "Say whether they are yours", f"{page}#arrivals"
    return Task(school.name, f"{check.label} check", words + arriving, action, href, tags, main or bool(arriving))


def _next(standing: dict[str, Any], page: str, *, sends: bool) -> tuple[str, str, bool]:
    """What the next step is called, where it is done, and whether it waits for them."""
    upload = standing["upload"]
    if not sends:
        return "See how far it is", page, False
    if upload is not None and upload.state == "staged":
        return "Go on checking your file", f"/uploads/{upload.ref}", True
    if upload is not None:
        words = "See what was wrong with your file" if upload.state == "refused" else "See how far your file is"
        return words, f"/uploads/{upload.ref}", True
    return ("See your receipt", f"{page}/receipt", False) if standing["receipt"] else ("Send your roll", page, True)


def council_tasks(connection: Connection, request: Request, access: Access) -> list[Task]:
    """Of everybody else: what waits for their role, and the checks that they may read."""
    return [*_own_work(connection, request, access), *_checks(connection, request, access)]


def _own_work(connection: Connection, request: Request, access: Access) -> Iterator[Task]:
    for about, title, href, permission, words, action in _PLACES:
        if href == "/my-list" and access.role != "coach":
            continue  # an analyst may have one, but it is not what waits
        if permission in access.permissions and has_page(request, href):
            yield Task(about, title, words(connection, access), action, href, main=True)


def _waiting(connection: Connection, _access: Access) -> str:
    number = connection.execute(
        select(func.count()).select_from(t.resolutions).where(t.resolutions.c.closed_at.is_(None))
    ).scalar_one()
    return f"{counted(number, 'thing')} to decide between schools and lists." if number else "Nothing waits."


def _caseload(connection: Connection, access: Access) -> str:
    mine = (t.assignments.c.coach_id == access.person_id, t.assignments.c.ended_at.is_(None))
    number = connection.execute(select(func.count()).select_from(t.assignments).where(*mine)).scalar_one()
    return f"{counted(number, 'pupil')} on your caseload, and the new ones that there is time for."


def _lists(connection: Connection, access: Access) -> str:
    own = t.supplements.c.team == access.team if access.team else t.supplements.c.team.is_not(None)
    live = (own, t.supplements.c.state == "live")
    last = connection.execute(select(func.max(t.supplements.c.as_at)).where(*live)).scalar()
    return f"The last one is as at {day(last)}." if last else "None is in use yet."


P = Permission
_PLACES = (
    ("Caseload", "My list", "/my-list", P.CASELOAD_WRITE, _caseload, "Open my list"),
    ("Council lists", "Lists that teams hold", "/supplements", P.SUPPLEMENTS_WRITE, _lists, "See the lists"),
    ("Rolls and lists", "To resolve", "/resolutions", P.RESOLVE, _waiting, "Decide"),
    ("Accounts", "People", "/people", P.PEOPLE, lambda *_: "Who may sign in, and as what.", "See people"),
    ("Accounts", "Schools", "/schools", P.PEOPLE, lambda *_: "The schools of the council.", "See schools"),
)  # fmt: skip


def _checks(connection: Connection, request: Request, access: Access) -> Iterable[Task]:
    rows = connection.execute(select(t.checks).order_by(t.checks.c.on.desc()).limit(MOST_CHECKS)).all()
    shown = {item["ref"]: item["counts"] for item in list_checks(connection, access)}
    for check in rows:
        counts = shown[check.ref]
        tags = [("Closed", "grey")] if check.closed_at else []
        tags += [(counted(counts["overdue"], "school overdue", "schools overdue"), "red")] if counts["overdue"] else []
        words = f"Due by {day(check.due_on)}. {counts['signed_off']} of {counted(counts['asked'], 'school')} confirmed."
        register = f"/checks/{check.ref}/register"
        reads = Permission.REGISTER_READ in access.permissions and readable_stage(access, check)
        if reads and has_page(request, "/checks/{check}/register") and access.role not in ("analyst",):
            yield Task("Check", check.label, words, "Open the list", register, tuple(tags), main=True)
        else:
            if stage_of(check, today()) != "published" and not reads:
                words += " The list is not published yet."
            yield Task("Check", check.label, words, "See the schools", f"/checks/{check.ref}", tuple(tags), main=True)
