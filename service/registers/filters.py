"""What a reader of a register may ask for: by school, district, year group, band, group, coach, contact, change."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import ColumnElement, Connection, exists, or_, select

from roni import national
from service import tables as t
from service.problems import Refusal
from service.registers.lines import GROUP_FAMILIES
from service.registers.order import SECTIONS, span

r = t.register_rows.c

# Vulnerable groups as councils report them: any of these indicators or facts.
GROUPS: Mapping[str, tuple[str, ...]] = {
    "send": ("ehcp", "sen_support", "high_needs_funding", "sen_need", "send"),
    "in_care": ("looked_after",),
    "care_leavers": ("care_leaver",),
    "young_carers": ("young_carer",),
    "alternative_provision": ("alternative_provision",),
    "young_parents": ("parent", "pregnant", "pregnant_or_parent"),
    "youth_justice": ("youth_justice", "custody"),
    "home_educated": ("elective_home_education",),
    "missing_education": ("missing_education", "no_school_place"),
    "social_care": ("child_in_need", "child_protection_plan", "early_help"),
}
MOVED = ("up", "new", "down", "left")


class RegisterFilters(BaseModel):
    """Filters of a register; all that are given must hold."""

    model_config = ConfigDict(extra="forbid")

    school: str | None = Field(None, description="URN of the main school", pattern=r"^\d{6}$")
    district: str | None = Field(None, max_length=100)
    year: int | None = Field(None, ge=0, le=14, description="Year group")
    band: str | None = Field(None, max_length=64, description="A band of the check’s scorecard")
    group: str | None = Field(None, max_length=64, description="A vulnerable group, or a yes-or-no fact")
    indicator: str | None = Field(None, max_length=64, description="An indicator of the scorecard that is met")
    coach: str | None = Field(None, max_length=64, description="Reference of a coach, or “none”")
    contacted: Literal["yes", "no"] | None = Field(None, description="Whether anybody has been in touch for this check")
    changed: Literal["up", "new", "down", "left", "unchanged", "any"] | None = Field(
        None, description="Since the earlier check"
    )
    moderated: Literal["added", "priority", "removal_asked", "taken_off"] | None = None
    population: Literal["educated", "resident", "either"] | None = Field(
        None, description="Educated in the council’s schools, resident in its area, or either"
    )
    section: Literal["ranked", "left", "restricted", "taken_off", "claimed"] | None = None

    def said(self) -> dict[str, Any]:
        """What was asked for, for the answer and for telling lists apart."""
        return self.model_dump(exclude_none=True, include=set(RegisterFilters.model_fields))


def conditions(
    connection: Connection, check: Any, register: Any, asked: RegisterFilters
) -> Iterator[ColumnElement[bool]]:
    """The conditions on `register_rows`. Refuses a band, group or indicator that there is none of."""
    if asked.school is not None:
        found = connection.execute(select(t.schools.c.id).where(t.schools.c.urn == asked.school)).scalar()
        yield r.school_id == (found or -1)
    for column, value in ((r.district, asked.district), (r.year_group, asked.year), (r.moderated, asked.moderated)):
        if value is not None:
            yield column == value
    if asked.section is not None:
        yield r.section == asked.section
        if asked.section in SECTIONS:  # where they stand in the order: so the others are not looked at
            yield r.sort.between(*span(asked.section))
    if asked.band is not None:
        yield r.band == _band(register, asked.band)
        yield r.section != SECTIONS[2]
    if asked.indicator is not None:
        yield _met([_indicator(register, asked.indicator)])
    if asked.group is not None:
        yield _met(_group(asked.group))
    if asked.changed is not None:
        yield r.change.in_(MOVED) if asked.changed == "any" else r.change == asked.changed
    yield from _population(asked.population)
    yield from _people(check, asked)


def _band(register: Any, name: str) -> int:
    names = [band["name"] for band in register.card["bands"]]
    if name not in names:
        raise Refusal(422, "no_such_band", f"The bands of this register are: {', '.join(names)}.")
    return names.index(name)


def _indicator(register: Any, name: str) -> str:
    names = [item["name"] for item in register.card["indicators"]]
    if name not in names:
        raise Refusal(422, "no_such_indicator", f"The indicators of this register are: {', '.join(names)}.")
    return name


def _group(name: str) -> tuple[str, ...]:
    if name in GROUPS:
        return GROUPS[name]
    item = national().get(name)
    if item is None or item.type != "flag" or item.family not in GROUP_FAMILIES:
        raise Refusal(422, "no_such_group", f"The groups are: {', '.join(GROUPS)}; or a yes-or-no fact of a pupil.")
    return (name,)


def _met(names: Any) -> ColumnElement[bool]:
    return or_(*(r.indicators.contains(f" {name} ", autoescape=True) for name in names))


def _population(name: str | None) -> Iterator[ColumnElement[bool]]:
    if name == "educated":
        yield r.school_id.is_not(None)
        yield r.section != "left"
    elif name == "resident":
        yield r.resident.is_(True)


def _people(check: Any, asked: RegisterFilters) -> Iterator[ColumnElement[bool]]:
    if asked.coach is not None:
        open_ = exists().where(t.assignments.c.pupil_id == r.pupil_id, t.assignments.c.ended_at.is_(None))
        person = select(t.people.c.id).where(t.people.c.ref == asked.coach).scalar_subquery()
        yield ~open_ if asked.coach == "none" else open_.where(t.assignments.c.coach_id == person)
    if asked.contacted is not None:
        contact = t.contacts.c
        since = or_(contact.check_id == check.id, contact.on >= check.on)
        found = exists().where(contact.pupil_id == r.pupil_id, since)
        yield found if asked.contacted == "yes" else ~found
