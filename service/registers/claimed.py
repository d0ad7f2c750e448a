"""Pupils on a school's roll of whom it reads only what itself sent, because another school has them, too (access.py).

They keep a line on the school's list, after the sections of the register: the names and form that the school sent, no
score, and why. Nothing in it comes from the register, the council's lists or the other school, not even its name.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from pydantic_core import to_json
from sqlalchemy import Connection, select

from service import tables as t
from service.access import Access, own_only
from service.registers.filters import RegisterFilters
from service.registers.order import CLAIMED, SECTIONS

OPEN = "also listed by another school: shown in full when the council has settled it"
AGAINST = "the council has decided that this pupil is at another school: only what your school sent is shown"
FITTING = {"section", "school", "year"}  # filters by what the school itself sent
NAMES = ("surname", "forename", "preferred_name", "year_group")


class ClaimedRow(NamedTuple):
    """A line that stands where a row of `register_rows` does."""

    pupil_id: int
    sort: str
    section: str
    line: bytes
    audit_ref: str | None
    upn: str | None


def claimed_rows(
    connection: Connection, access: Access, check: Any, asked: RegisterFilters | None = None
) -> list[ClaimedRow]:
    """The lines of a school's list about such pupils of a check, in order; nobody else's list has any."""
    said = asked.said() if asked is not None else {}
    if not access.of_a_school or not said.keys() <= FITTING or said.get("section", CLAIMED) != CLAIMED:
        return []
    rows = {roll.pupil_id: roll for roll in _rolls(connection, access, check)}  # of two reasons the one that may end
    return sorted((_row(roll) for roll in rows.values() if _fits(roll, said)), key=lambda row: row.sort)


def _rolls(connection: Connection, access: Access, check: Any) -> Sequence[Any]:
    roll, school, claims = t.roll_pupils.c, t.schools.c, own_only()
    return connection.execute(
        select(roll.pupil_id, roll.record, claims.c.decided, school.ref, school.urn, school.name)
        .add_columns(t.pupil_links.c.audit_ref)
        .join(t.schools, school.id == roll.school_id)
        .join(claims, (claims.c.pupil_id == roll.pupil_id) & (claims.c.school_id == roll.school_id))
        .outerjoin(t.pupil_links, t.pupil_links.c.pupil_id == roll.pupil_id)
        .where(roll.check_id == check.id, roll.live, roll.status == "on_roll", access.may_read_school(roll.school_id))
        .order_by(claims.c.decided.desc())
    ).all()


def _fits(roll: Any, asked: Mapping[str, Any]) -> bool:
    year = roll.record["values"].get("year_group")
    return bool(asked.get("school", roll.urn) == roll.urn and asked.get("year", year) == year)


def _row(roll: Any) -> ClaimedRow:
    values = roll.record["values"]
    sort = f"{len(SECTIONS)}{values.get('surname', '')} {values.get('forename', '')} {roll.pupil_id:012d}"
    line = to_json({**_who(values, roll), **NOTHING_ELSE, "status": AGAINST if roll.decided else OPEN})
    return ClaimedRow(roll.pupil_id, sort, CLAIMED, line, roll.audit_ref, values.get("upn"))


NOTHING_ELSE: Mapping[str, Any] = {
    "section": CLAIMED, "ehcp": None, "intended_destination": None, "offer": None, "workers": {},
    "population": ["educated"], "change": None, "moderated": None, "moderation": [], "objection": False,
}  # fmt: skip


def _who(values: Mapping[str, Any], roll: Any) -> dict[str, Any]:
    """Who it is as the school has sent it. Without a reference: there is no page of the pupil for the school."""
    named = [values.get("preferred_name") or values.get("forename"), values.get("surname")]
    return {
        "pupil": None,
        "name": " ".join(filter(None, named)),
        **{name: values.get(name) for name in NAMES},
        "form": values.get("registration_group"),
        "school": {"ref": roll.ref, "name": roll.name, "urn": roll.urn},
    }


def unsettled(connection: Connection, access: Access, check_id: int) -> set[int]:
    """Whose line of a check rests on what a school sent whose word does not count yet: it is for the council alone."""
    if not access.of_a_school:
        return set()
    row, register = t.register_rows.c, t.registers.c
    lines = select(row.pupil_id).join(t.registers, register.id == row.register_id)
    lines = lines.where(register.check_id == check_id, register.view == access.view, register.beside.is_(False))
    theirs = own_only()
    query = lines.join(theirs, (theirs.c.pupil_id == row.pupil_id) & (theirs.c.school_id == row.school_id))
    return set(connection.execute(query).scalars())
