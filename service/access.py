"""Who is calling, which pupils and which fields may they see: the only place where that is decided.

A person may hold several grants (a role, and for whom); a session or token acts under one of them. Everything is denied
that is not granted here: a route without `allow(...)` or `public` stops the service from starting.

A school comes to a pupil by listing the pupil, which takes no more than a UPN. So a listing alone opens nothing that
somebody else said: where another school has the pupil already, the school that lists second reads no more of the pupil
than what itself sent, until the other school has confirmed the pupil as a leaver or the council has said whose pupil it
is (`own_only`). Its line stays on its list and says so (registers/claimed.py); the first school's list rests on nothing
that the second sent; roles of the council read all. PostgreSQL's policies say the same once more (row_security.py).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from functools import cache
from typing import Any

from fastapi import Depends, Request
from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    Subquery,
    and_,
    bindparam,
    false,
    func,
    or_,
    select,
    true,
    tuple_,
    union_all,
)

from service import tables as t
from service.problems import Refusal


class Permission(StrEnum):
    """What a route asks for. Which pupils and fields it then touches is `Access`'s."""

    ME = "me"
    CHECKS_READ = "checks.read"
    CHECKS_MANAGE = "checks.manage"
    SCHOOLS = "schools.manage"
    UPLOADS_WRITE = "uploads.write"  # upload, correct and confirm a school's roll
    COUNCIL_UPLOADS = "uploads.council"  # one file for all schools; the council's own roll
    REGISTER_READ = "register.read"
    REGISTER_EXPORT = "register.export"
    PUPILS_READ = "pupils.read"
    MODERATE = "moderations.write"
    DECIDE = "moderations.decide"  # accept or decline what a school asked
    CASELOAD_READ = "caseload.read"
    CASELOAD_WRITE = "caseload.write"  # one's own: take on, hand over, end
    CASELOAD_MANAGE = "caseload.manage"  # assign other people's pupils
    CONTACTS_READ = "contacts.read"
    CONTACTS_WRITE = "contacts.write"
    REQUESTS_WRITE = "requests.write"
    REQUESTS_DECIDE = "requests.decide"
    SUPPLEMENTS_WRITE = "supplements.write"
    RESOLVE = "resolutions.write"
    MODELS_READ = "models.read"
    MODELS_PROMOTE = "models.promote"
    SCORECARDS_WRITE = "scorecards.write"
    SCORES = "scores"
    EXTRACTS = "extracts.write"
    REPORTS = "reports.read"
    PEOPLE = "people.manage"
    TOKENS = "tokens.write"  # of one's own
    AUDIT = "audit.read"
    RETENTION = "retention.manage"


P = Permission
_EVERYONE = frozenset({P.ME, P.TOKENS, P.CHECKS_READ})
_LIST = frozenset({P.REGISTER_READ, P.PUPILS_READ})
# Of these no list is read: nobody waits for what their view of a register is owed (registers/owed.py).
WITHOUT_LISTS = frozenset({P.ME, P.TOKENS, P.CHECKS_READ, P.UPLOADS_WRITE, P.COUNCIL_UPLOADS, P.SCORES})

ROLES: Mapping[str, frozenset[Permission]] = {
    "returns": _EVERYONE | _LIST | {P.UPLOADS_WRITE, P.MODERATE, P.SCORES},
    "careers": _EVERYONE | _LIST | {P.REGISTER_EXPORT, P.MODERATE, P.CONTACTS_READ, P.REQUESTS_WRITE, P.SCORES},
    "coach": _EVERYONE
    | _LIST
    | {
        P.REGISTER_EXPORT, P.MODERATE, P.DECIDE, P.CASELOAD_READ, P.CASELOAD_WRITE, P.CONTACTS_READ, P.CONTACTS_WRITE,
        P.REQUESTS_WRITE,
    },
    "team": _EVERYONE | _LIST | {P.SUPPLEMENTS_WRITE, P.CONTACTS_READ},
    "panel": _EVERYONE | _LIST,
    "analyst": _EVERYONE
    | _LIST
    | {
        P.CHECKS_MANAGE, P.SCHOOLS, P.UPLOADS_WRITE, P.COUNCIL_UPLOADS, P.REGISTER_EXPORT, P.MODERATE,
        P.DECIDE, P.CASELOAD_READ, P.CASELOAD_WRITE, P.CASELOAD_MANAGE, P.CONTACTS_READ, P.REQUESTS_WRITE,
        P.REQUESTS_DECIDE, P.SUPPLEMENTS_WRITE, P.RESOLVE, P.MODELS_READ, P.MODELS_PROMOTE,
        P.SCORECARDS_WRITE, P.SCORES, P.EXTRACTS, P.REPORTS,
    },
    "administrator": frozenset({P.ME, P.TOKENS, P.PEOPLE, P.SCHOOLS, P.AUDIT, P.RETENTION, P.CHECKS_READ}),
}  # fmt: skip

ROLE_LABELS: Mapping[str, str] = {
    "returns": "School returns",
    "careers": "Careers lead or DSL",
    "coach": "Coach",
    "team": "Council team",
    "panel": "Panel member",
    "analyst": "Analyst",
    "administrator": "Administrator",
}

# Council teams, and the fields that the list of each may state.
TEAMS: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "virtual_school": ("Virtual school", ("looked_after", "previously_looked_after", "care_leaver")),
    "social_care": ("Social care", ("child_in_need", "child_protection_plan", "looked_after", "young_carer")),
    "youth_justice": ("Youth justice", ("youth_justice", "custody")),
    "send": ("SEND", ("ehcp", "high_needs_funding")),
    "exclusions": (
        "Exclusions",
        (
            "permanently_excluded",
            "permanent_exclusion_date",
            "permanent_exclusion_status",
            "alternative_provision",
            "no_school_place",
        ),
    ),
    "ehe_cme": ("EHE and missing education", ("elective_home_education", "missing_education", "part_time_timetable")),
    "early_help": ("Early Help", ("early_help",)),
}

# Which audiences' fields a view of a register rests on. A register is worked out once for each view.
VIEWS: Mapping[str, frozenset[str]] = {
    "school": frozenset({"everyone", "school"}),
    "support": frozenset({"everyone", "school", "sensitive"}),
    "full": frozenset({"everyone", "school", "sensitive", "youth_justice"}),
}
FULL = "full"
_VIEW_OF = {"returns": "school", "careers": "support", "coach": "support", "team": "support", "panel": "support"}
WHOLE_COUNCIL = frozenset({"analyst"})
OF_A_SCHOOL = frozenset({"returns", "careers"})  # once another school has a pupil, the school before reads no more


_ROLLS = tuple(t.roll_pupils.alias(name) for name in ("left_us", "there", "back"))
_PUPILS = t.pupils.alias("there_for_us")


@dataclass(frozen=True, slots=True)
class Access:
    """What one caller may do and see now. `schools` are ids, None for every school of the council."""

    person_id: int
    person_ref: str
    name: str
    role: str
    grant_id: int = 0
    schools: frozenset[int] | None = frozenset()
    team: str | None = None
    own_caseload: bool = False
    youth_justice: bool = False
    via: str = "session"
    scopes: frozenset[Permission] | None = None  # of a token; None: all that the role may

    @classmethod
    def system(cls) -> Access:
        """The service's own work, after a route was allowed: matching, scoring, carrying. Never for an answer."""
        return cls(0, "system", "The service", "system", schools=None, youth_justice=True, via="system")

    @property
    def permissions(self) -> frozenset[Permission]:
        of_role = ROLES.get(self.role, frozenset())
        return of_role if self.scopes is None else of_role & self.scopes

    @property
    def view(self) -> str:
        """Which view of a register this caller reads."""
        if self.role in WHOLE_COUNCIL or self.youth_justice or self.team == "youth_justice":
            return "full"
        return _VIEW_OF.get(self.role, "school")

    @property
    def audiences(self) -> frozenset[str]:
        return VIEWS[self.view]

    @property
    def everything(self) -> bool:
        """Whether every pupil of the council may be read."""
        return self.schools is None and self.team is None and not self.own_caseload

    @property
    def of_a_school(self) -> bool:
        """Whether the caller reads as a school does: its own pupils, and those only while they are its own."""
        return self.role in OF_A_SCHOOL

    @property
    def settings(self) -> dict[str, str]:
        """The same for PostgreSQL's row-level security, which is the second gate."""
        return {
            "everything": "on" if self.everything else "off",
            "schools": ",".join(map(str, sorted(self.schools or ()))),
            "team": self.team or "",
            "caseload_of": str(self.person_id) if self.own_caseload else "",
            "of_a_school": "on" if self.of_a_school else "off",
        }

    def pupils(self) -> Select[tuple[int]]:
        """The ids of the pupils that may be read: every query of pupils starts from this."""
        return select(t.pupils.c.id).where(self.may_read(t.pupils.c.id))

    def may_read(self, pupil_id: ColumnElement[int]) -> ColumnElement[bool]:
        """The condition on a column of pupil ids."""
        if self.everything:
            return true()
        if self.own_caseload:
            mine = select(t.assignments.c.pupil_id).where(
                t.assignments.c.coach_id == self.person_id, t.assignments.c.ended_at.is_(None)
            )
            return pupil_id.in_(mine)
        if self.team is not None:
            listed = (
                select(t.supplement_rows.c.pupil_id)
                .join(t.supplements, t.supplements.c.id == t.supplement_rows.c.supplement_id)
                .where(t.supplements.c.team == self.team, t.supplements.c.state == "live")
                .where(t.supplement_rows.c.pupil_id.is_not(None))
                .where(t.supplement_rows.c.state.in_(("matched", "own_roll")))
            )
            return pupil_id.in_(listed)
        if not self.schools:
            return false()
        rolls = t.roll_pupils.c
        on_rolls = pupil_id.in_(select(rolls.pupil_id).where(rolls.live, rolls.school_id.in_(self.schools)))
        if not self.of_a_school:
            return on_rolls
        # Other schools' rolls are behind the policies of PostgreSQL: there those of `pupils` say who has moved on.
        there = pupil_id.in_(select(_PUPILS.c.id))
        return and_(on_rolls, there, pupil_id.not_in(self._moved_on()), pupil_id.not_in(self._claimed()))

    def may_read_line(self, pupil_id: ColumnElement[int], school_id: ColumnElement[int]) -> ColumnElement[bool]:
        """The condition on a line of a register, by its pupil and the school whose facts it rests on.

        What a school sent of a pupil whom another has is for the council alone, until it is settled.
        """
        if not self.of_a_school:
            return self.may_read(pupil_id)
        claims = own_only()
        against_us = select(claims.c.pupil_id, claims.c.school_id).where(claims.c.other_id.in_(self.schools or ()))
        line = tuple_(pupil_id, func.coalesce(school_id, 0))  # looked up in one list: not asked again for each line
        return and_(self.may_read(pupil_id), line.not_in(against_us))

    def _claimed(self) -> Select[tuple[int]]:
        """Of whom the caller's schools read only what themselves sent."""
        claims = own_only()
        return select(claims.c.pupil_id).where(claims.c.school_id.in_(self.schools or ()))

    def _moved_on(self) -> Select[tuple[int]]:
        """Who left the caller's schools and is on another's roll in the same check, and has not come back since."""
        left, there, back = _ROLLS
        ours = self.schools or ()
        returned = select(back.c.id).where(
            back.c.pupil_id == left.c.pupil_id,
            back.c.live,
            back.c.status == "on_roll",
            back.c.school_id.in_(ours),
            back.c.check_id >= left.c.check_id,
        )
        return (
            select(left.c.pupil_id)
            .join(there, (there.c.pupil_id == left.c.pupil_id) & (there.c.check_id == left.c.check_id))
            .where(left.c.live, left.c.status == "left", left.c.school_id.in_(ours))
            .where(there.c.live, there.c.status == "on_roll", there.c.school_id.not_in(ours))
            .where(~returned.exists())
        )

    def may_read_school(self, school_id: ColumnElement[int]) -> ColumnElement[bool]:
        """The condition on a column of school ids."""
        return true() if self.schools is None else school_id.in_(self.schools)

    def require_school(self, school_id: int | None) -> None:
        """Refuse as not there what belongs to another school, so that nobody learns that it is."""
        if self.schools is not None and school_id not in self.schools:
            raise Refusal(404, "not_found", "There is nothing here that you may see.")

    def require_pupil(self, connection: Connection, ref: str) -> Any:
        """The row of a pupil by reference. Refused as not there where the caller may not read the pupil."""
        row = connection.execute(
            select(t.pupils).where(t.pupils.c.ref == ref, self.may_read(t.pupils.c.id))
        ).one_or_none()
        if row is None:
            raise Refusal(404, "not_found", "There is no such pupil, or you may not see them.")
        return row

    def require(self, *permissions: Permission) -> None:
        """Refuse what the role, or the token, does not include."""
        if not set(permissions) <= self.permissions:
            more = "" if Permission.PEOPLE in self.permissions else " An administrator can change it."
            raise Refusal(403, "not_allowed", f"Your role does not include this.{more}")


@cache  # made once: to build it costs more than to ask it
def own_only() -> Subquery:
    """(pupil_id, school_id): which school has a pupil on a roll and reads of the pupil no more than what itself sent;
    because of which other school (other_id), and whether the council has decided so.

    The school that listed second, while nobody has said whose pupil it is, and the school against which the council has
    decided; until the other school has confirmed, since then, that the pupil left. What was said last of two schools
    counts (resolutions of “two_schools”: `school` listed second, `other_school` had the pupil).
    """
    entry = t.resolutions.alias("claim").c
    second = or_(entry.decision.is_(None), entry.decision == "other_school")
    return union_all(
        _against(entry, entry.school_id, entry.other_school_id, second),
        _against(entry, entry.other_school_id, entry.school_id, entry.decision == "school"),
    ).subquery("claims")


def _against(entry: Any, school: ColumnElement[int], other: ColumnElement[int], said: ColumnElement[bool]) -> Any:
    later, roll = t.resolutions.alias("later_claim").c, t.roll_pupils.alias("gone").c
    gone = select(roll.id).where(
        roll.pupil_id == entry.pupil_id, roll.school_id == other, roll.live, roll.status == "left",
        roll.check_id >= entry.check_id,
    )  # fmt: skip
    both = (entry.school_id, entry.other_school_id)
    since = select(later.id).where(
        later.kind == entry.kind, later.pupil_id == entry.pupil_id, later.id > entry.id,
        later.school_id.in_(both), later.other_school_id.in_(both),
    )  # fmt: skip
    named = select(entry.pupil_id, school.label("school_id"), other.label("other_id"))
    named = named.add_columns(entry.decision.is_not(None).label("decided"))
    return named.where(entry.kind == "two_schools", said, ~gone.exists(), ~since.exists())


_grant = t.grants.c
GRANTS = (  # that have not been ended, of people who may sign in: what `access_by` takes
    select(_grant.id, _grant.person_id, _grant.role, _grant.school_id, _grant.district, _grant.team)
    .add_columns(_grant.own_caseload, _grant.youth_justice, _grant.ends_on)
    .add_columns(t.people.c.ref.label("person_ref"), t.people.c.name.label("person_name"))
    .join(t.people, t.people.c.id == _grant.person_id)
    .where(_grant.ended_at.is_(None), t.people.c.disabled_at.is_(None))
)
_GRANT = GRANTS.where(_grant.id == bindparam("grant"))


def access_of(connection: Connection, grant_id: int, via: str, scopes: Iterable[str] | None, on: date) -> Access | None:
    """What a grant gives on a day; None where it, or its person, is no longer in force."""
    row = connection.execute(_GRANT, {"grant": grant_id}).one_or_none()
    return None if row is None else access_by(connection, row, via, scopes, on)


def access_by(connection: Connection, row: Any, via: str, scopes: Iterable[str] | None, on: date) -> Access | None:
    """The same of a row of `GRANTS`, however it was found."""
    if (row.ends_on is not None and row.ends_on < on) or row.role not in ROLES:
        return None
    return Access(
        row.person_id,
        row.person_ref,
        row.person_name,
        row.role,
        row.id,
        _schools(connection, row),
        row.team if row.role == "team" else None,
        bool(row.own_caseload) and row.role == "coach",
        bool(row.youth_justice),
        via,
        None if scopes is None else frozenset(Permission) & frozenset(scopes),
    )


def _schools(connection: Connection, grant: Any) -> frozenset[int] | None:
    """The ids of the grant's schools: its school, those of its district, or all where the role is the council's."""
    if grant.school_id is not None:
        return frozenset({grant.school_id})
    if grant.district is not None:
        found = connection.execute(select(t.schools.c.id).where(t.schools.c.district == grant.district))
        return frozenset(found.scalars())
    return frozenset() if grant.role in ("returns", "careers", "administrator") else None


def allow(*permissions: Permission) -> Any:
    """A dependency: the caller's Access, where their role and token include all of these. Else 401 or 403."""

    def caller(request: Request) -> Access:
        from service.accounts.credentials import access_for  # it reads the tables of this module's grants
        from service.navigation import surround

        access = access_for(request)
        surround(request, access)
        if access is None:
            raise Refusal(401, "not_signed_in", "Sign in, or send a token that is in force.")
        access.require(*permissions)
        if access.view != FULL and not WITHOUT_LISTS.issuperset(permissions):
            request.app.state.catch_up(request.app.state.database, request.app.state.settings)
        return access

    caller.roni_permissions = permissions  # type: ignore[attr-defined]
    return Depends(caller)


async def _nobody(request: Request) -> None:
    """Anybody may call. Nothing is asked of the database, so no thread is needed."""
    from service.navigation import surround

    surround(request, None)


_nobody.roni_permissions = ()  # type: ignore[attr-defined]
public = Depends(_nobody)


def stated_permissions(dependant: Any) -> tuple[Permission, ...] | None:
    """What a route asks for, from its dependencies; None where it states nothing."""
    calls: list[Callable[..., Any]] = [dependant.call, *(item.call for item in _all(dependant))]
    found = [call.roni_permissions for call in calls if hasattr(call, "roni_permissions")]
    return None if not found else tuple(permission for one in found for permission in one)


def _all(dependant: Any) -> Iterable[Any]:
    for item in dependant.dependencies:
        yield item
        yield from _all(item)
