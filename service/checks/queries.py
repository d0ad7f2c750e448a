"""Checks: opened, changed, and how far each school is."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, bindparam, delete, insert, select, update

from roni import AcademicYear, Check, get_check
from service import audit
from service import tables as t
from service.access import Access
from service.checks.cards import model_in_force, use_model, use_scorecard, why_model
from service.checks.schemas import CheckChange, NewCheck
from service.checks.schools import seen
from service.clock import end_of, now, today
from service.database import lock_rolls
from service.etags import STALE
from service.problems import Refusal
from service.refs import new_ref
from service.settings import Settings

STAGES = ("draft", "moderated", "published")
READS_DRAFTS = frozenset({"analyst", "returns", "careers"})  # others read a register once it is published
OF_SCORING = frozenset({"focus_years", "accepted_years", "few_sessions", "scorecard", "model"})
OF_RETURNS = OF_SCORING | {"due_on", "schools"}  # what no longer changes once a check is closed


_CHECK = select(t.checks).where(t.checks.c.ref == bindparam("check"))


def require_check(connection: Connection, ref: str) -> Any:
    """The row of a check. Raises a 404."""
    row = connection.execute(_CHECK, {"check": ref}).one_or_none()
    if row is None:
        raise Refusal(404, "not_found", "There is no such check.")
    return row


def require_open(check: Any) -> None:
    """Refuse what would change the returns of a closed check."""
    if check.closed_at is not None:
        raise Refusal(409, "check_closed", "This check is closed. Its rolls and its lists stay as they are.")


def calendar_check(check: Any) -> Check:
    """The library's check of a row: its dates and year groups are those of the row."""
    return replace(
        get_check(check.name, AcademicYear(check.year)),
        on=check.on,
        due=check.due_on,
        accepted_years=tuple(check.accepted_years),
        focus_years=tuple(check.focus_years),
        few_sessions=check.few_sessions,
    )


def stage_of(check: Any, on: date) -> str:
    """The stage on a day: from its `publish_on` a check is published, whoever forgot to."""
    if check.publish_on is not None and check.publish_on <= on:
        return "published"
    return str(check.stage)


def readable_stage(access: Access, check: Any) -> bool:
    """Whether the caller may read this check's register now: schools and analysts always, others once published."""
    return access.role in READS_DRAFTS or stage_of(check, today()) == "published"


def open_check(connection: Connection, access: Access, asked: NewCheck) -> str:
    """Open a check and return its reference."""
    base = get_check(asked.name, asked.academic_year)
    _refuse_second(connection, base)
    earlier = _earlier(connection, asked.earlier, base)
    given = asked.model_dump(include={"focus_years", "accepted_years", "few_sessions", "capacity", "publish_on"})
    years = {
        "focus_years": given.pop("focus_years") or list(base.focus_years),
        "accepted_years": given.pop("accepted_years") or list(base.accepted_years),
    }
    few = given.pop("few_sessions")
    row = {
        "ref": new_ref("check"),
        "name": base.name,
        "year": base.year.start,
        "label": f"{base.label} {base.on.year}",
        "on": base.on,
        "due_on": asked.due_on or base.due,
        **_with_focus_accepted(years),
        "few_sessions": base.few_sessions if few is None else few,
        **use_scorecard(connection, access, asked.scorecard),
        **_model(connection, asked, base.on),
        "earlier_id": earlier,
        "opened_by_id": access.person_id,
        **given,
    }
    connection.execute(insert(t.checks).values(**row))
    check_id = require_check(connection, row["ref"]).id
    _ask(connection, check_id, _asked_schools(connection, asked.schools, earlier))
    if earlier is not None:
        from service.caseload.carrying import carry_moderations  # it rests on the checks

        carry_moderations(connection, earlier, check_id)
    audit.record(connection, access, "check.open", about=row["ref"])
    return str(row["ref"])


def _model(connection: Connection, asked: NewCheck, on: date) -> dict[str, Any]:
    """The model that is asked for, None for none; where nothing is said of it, the one that is in force by then."""
    if "model" in asked.model_fields_set:
        return use_model(connection, asked.model)
    found = model_in_force(connection, on)
    return use_model(connection, found and found.digest)


def _refuse_second(connection: Connection, base: Check) -> None:
    same = (t.checks.c.name == base.name, t.checks.c.year == base.year.start)
    if connection.execute(select(t.checks.c.id).where(*same)).scalar() is not None:
        raise Refusal(409, "check_exists", f"The {base.label} check of {base.year} is already there.")


def _with_focus_accepted(years: Mapping[str, Iterable[int]]) -> dict[str, list[int]]:
    """Whoever is in focus is accepted."""
    focus = sorted(set(years["focus_years"]))
    return {"focus_years": focus, "accepted_years": sorted({*years["accepted_years"], *focus})}


def _earlier(connection: Connection, ref: str | None, base: Check) -> int | None:
    """The check that is continued: the one named, else the last before this one."""
    if ref is not None:
        row = require_check(connection, ref)
        if row.on >= base.on:
            raise Refusal(422, "not_earlier", "The earlier check must be of an earlier day.")
        return int(row.id)
    before = select(t.checks.c.id).where(t.checks.c.on < base.on).order_by(t.checks.c.on.desc()).limit(1)
    return connection.execute(before).scalar()


def _asked_schools(connection: Connection, urns: list[str] | None, earlier: int | None) -> list[int]:
    if urns is not None:
        return _school_ids(connection, urns)
    if earlier is not None:
        lines = t.check_schools.c
        same = select(lines.school_id).where(lines.check_id == earlier)
        active = select(t.schools.c.id).where(t.schools.c.active, t.schools.c.id.in_(same))
        return list(connection.execute(active).scalars())
    return list(connection.execute(select(t.schools.c.id).where(t.schools.c.active)).scalars())


def _school_ids(connection: Connection, urns: Iterable[str], asked_in: int | None = None) -> list[int]:
    """Ids of schools that may be asked: the active ones, and those that a check asks already."""
    wanted, school = set(urns), t.schools.c
    asked = select(t.check_schools.c.school_id).where(t.check_schools.c.check_id == asked_in)
    rows = connection.execute(select(school.id, school.urn).where(school.active | school.id.in_(asked))).all()
    found = {row.urn: row.id for row in rows if row.urn in wanted}
    if missing := sorted(wanted - set(found)):
        detail = f"These URNs are of no school here: {', '.join(missing)}. Add the schools first."
        raise Refusal(422, "no_such_school", detail, urns=missing)
    return list(found.values())


def _ask(connection: Connection, check_id: int, school_ids: Iterable[int]) -> None:
    if rows := [{"check_id": check_id, "school_id": school} for school in school_ids]:
        connection.execute(insert(t.check_schools), rows)


def change_check(connection: Connection, access: Access, settings: Settings, check: Any, change: CheckChange) -> None:
    """Change a check; what changes its scores works its register out again."""
    lock_rolls(connection)  # registers rest on the check as on its rolls: one change of them at a time
    given = {name: getattr(change, name) for name in change.model_fields_set}
    if OF_RETURNS & given.keys():
        require_open(check)
    values: dict[str, Any] = {
        name: given[name] for name in ("due_on", "few_sessions", "capacity", "publish_on") if name in given
    }
    if {"focus_years", "accepted_years"} & given.keys():
        now_years = {"focus_years": check.focus_years, "accepted_years": check.accepted_years}
        values |= _with_focus_accepted(now_years | {key: given[key] for key in now_years if given.get(key)})
    if given.get("scorecard"):
        values |= use_scorecard(connection, access, given["scorecard"])
    if "model" in given:
        values |= use_model(connection, given["model"])
    values |= _staged(check, given.get("stage"))
    _require_published_still(check, given)
    if given.get("closed") and check.closed_at is None:
        values["closed_at"] = now()
        _keep_rows(connection, check.id)
    if given.get("schools") is not None:
        _ask_others(connection, check.id, _school_ids(connection, given["schools"], check.id))
    _store(connection, check, {key: value for key, value in values.items() if _may_be(key, value)})
    if OF_SCORING & given.keys():
        from service.registers.following import renew_following  # they rest on the checks
        from service.registers.renewal import renew

        renew(connection, settings, check.id, "check")
        renew_following(connection, settings, check.id)
    audit.record(connection, access, "check.change", about=check.ref, detail={"changed": sorted(given)})


def _keep_rows(connection: Connection, check_id: int) -> None:
    from service.registers.lists import keep_rows  # it rests on the checks

    keep_rows(connection, check_id)


def _may_be(name: str, value: Any) -> bool:
    """Some things may be taken away again; a date or a number that a check cannot do without stays."""
    return value is not None or name in ("capacity", "publish_on", "model", "model_digest")


def _staged(check: Any, stage: str | None) -> dict[str, Any]:
    if stage is None or stage == check.stage:
        return {}
    if STAGES.index(stage) < STAGES.index(stage_of(check, today())):
        raise Refusal(409, "stage_backwards", "A check goes from draft to moderated to published, and never back.")
    return {"stage": stage, **({"published_at": now()} if stage == "published" else {})}


def _require_published_still(check: Any, given: Mapping[str, Any]) -> None:
    """A list that its date has published is not taken back by a later date."""
    by_date = check.stage != "published" and stage_of(check, today()) == "published"
    later = "publish_on" in given and (given["publish_on"] is None or given["publish_on"] > today())
    if by_date and later:
        raise Refusal(409, "stage_backwards", "This list is published already. A later day does not take it back.")


def _ask_others(connection: Connection, check_id: int, wanted: list[int]) -> None:
    lines = t.check_schools
    rows = connection.execute(select(lines).where(lines.c.check_id == check_id)).all()
    gone = [row for row in rows if row.school_id not in wanted]
    if any(row.submission_id is not None for row in gone):
        raise Refusal(409, "school_returned", "A school that has returned its roll stays in the check.")
    if gone:
        connection.execute(delete(lines).where(lines.c.id.in_([row.id for row in gone])))
    _ask(connection, check_id, set(wanted) - {row.school_id for row in rows})


def _store(connection: Connection, check: Any, values: Mapping[str, Any]) -> None:
    seen = (t.checks.c.id == check.id, t.checks.c.version == check.version)
    done = connection.execute(update(t.checks).where(*seen).values(version=check.version + 1, **values))
    if done.rowcount != 1:
        raise Refusal(412, "stale", STALE)


def list_checks(connection: Connection, access: Access) -> list[dict[str, Any]]:
    """All checks, the newest first, with how far the caller's schools are."""
    rows = connection.execute(select(t.checks).order_by(t.checks.c.on.desc())).all()
    refs = {row.id: row.ref for row in rows}
    lines = _lines(connection, access, [row.id for row in rows])
    at = now()
    return [_shape(row, refs.get(row.earlier_id), lines.get(row.id, []), at) for row in rows]


def show_check(connection: Connection, access: Access, ref: str) -> dict[str, Any]:
    """One check with its schools."""
    row = require_check(connection, ref)
    earlier = connection.execute(select(t.checks.c.ref).where(t.checks.c.id == row.earlier_id)).scalar()
    lines, at = _lines(connection, access, [row.id]).get(row.id, []), now()
    from service.registers.renewal import told_of  # it rests on the checks

    more = {"schools": [_school(row, line, at) for line in lines], "renewal": told_of(connection, row.id)}
    return _shape(row, earlier, lines, at) | {**more, "model_note": why_model(connection, row)}


def _lines(connection: Connection, access: Access, checks: list[int]) -> dict[int, list[Any]]:
    """The schools of checks that the caller may see, by name."""
    schools, lines = t.schools.c, t.check_schools.c
    rows = connection.execute(
        select(t.check_schools, schools.urn, schools.name, schools.district)
        .join(t.schools, schools.id == lines.school_id)
        .where(lines.check_id.in_(checks), seen(access, lines.school_id))
        .order_by(schools.name, schools.id)
    )
    found: dict[int, list[Any]] = {}
    for row in rows:
        found.setdefault(row.check_id, []).append(row)
    return found


def state_of(line: Any) -> str:
    """How far a school is with its return."""
    if line.signed_off_at is not None:
        return "signed_off"
    return "not_returned" if line.started_at is None else "in_progress"


def is_overdue(check: Any, line: Any, at: datetime) -> bool:
    """Whether a school should have signed off: a due date ends with its day in England."""
    return line.signed_off_at is None and at >= end_of(check.due_on)


def _school(check: Any, line: Any, at: datetime) -> dict[str, Any]:
    return {
        "urn": line.urn,
        "name": line.name,
        "district": line.district,
        "state": state_of(line),
        "overdue": is_overdue(check, line, at),
        "signed_off_at": line.signed_off_at,
        "version": line.version,
    }


def _shape(check: Any, earlier: str | None, lines: list[Any], at: datetime) -> dict[str, Any]:
    states = Counter(state_of(line) for line in lines)
    counts = {name: states[name] for name in ("not_returned", "in_progress", "signed_off")}
    row = check._asdict()
    return {
        **{name: row[name] for name in _AS_THEY_ARE},
        "academic_year": str(AcademicYear(check.year)),
        "earlier": earlier,
        "stage": stage_of(check, today()),
        "closed": check.closed_at is not None,
        "counts": {
            "asked": len(lines),
            **counts,
            "overdue": sum(is_overdue(check, line, at) for line in lines),
        },
    }


_AS_THEY_ARE = (
    "ref", "name", "label", "on", "due_on", "focus_years", "accepted_years", "few_sessions", "scorecard",
    "scorecard_digest", "model", "model_digest", "capacity", "publish_on", "version",
)  # fmt: skip
