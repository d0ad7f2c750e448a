"""A school confirms its roll with no file: the same pupils, what was known of them standing over."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from sqlalchemy import Connection, select

from roni import carry_over, cohort_from_dict, cohort_to_dict, national
from service import tables as t
from service.access import Access
from service.checks.queries import require_open
from service.problems import Refusal
from service.registers.cohorts import check_values
from service.settings import Settings
from service.uploads.confirming import Gone, OnRoll, Roll, confirm
from service.uploads.leavers import answer_for, require_elsewhere
from service.uploads.restricted import without_restricted
from service.uploads.rolls import LEFT, base_of, last_roll, live_submission

NOBODY: Mapping[str, Any] = {}
NO_ROLL = "There is no earlier roll to confirm again. Upload a file."
OF_TODAY = ("identity", "registration")  # families of fields that are stated again by confirming the roll


def reconfirm(
    connection: Connection,
    access: Access,
    settings: Settings,
    check: Any,
    school: Any,
    leavers: Mapping[str, Any],
    require_seen: Callable[[str], None] = lambda _: None,
) -> tuple[dict[str, Any], bool]:
    """Confirm the last roll for this check; the receipt, and whether anything changed.

    The roll of an earlier check stands as far as its values may; the one that this check has already, as it is.
    `leavers` are answers by pupil reference: whoever is not named stays. `require_seen` refuses another roll, by
    reference, than the one that the caller looked at.
    """
    live = live_submission(connection, check.id, school.id)
    if live is not None and _is_said(connection, live, leavers):
        receipt = connection.execute(select(t.submissions.c.receipt).where(t.submissions.c.id == live)).scalar_one()
        return dict(receipt), False
    require_open(check)
    require_seen(last_of(connection, check, school).ref)
    require_elsewhere(school, leavers.values())
    return confirm(connection, access, settings, check, roll_again(connection, check, school, leavers)), True


def roll_again(connection: Connection, check: Any, school: Any, leavers: Mapping[str, Any] = NOBODY) -> Roll:
    """The last roll as one to be confirmed for this check, but for those who have left since."""
    live = live_submission(connection, check.id, school.id)
    base = base_of(connection, check, school.id)
    last = last_roll(connection, base)
    if last is None:
        raise Refusal(409, "no_earlier_roll", NO_ROLL)
    refs = _refs(connection, last)
    if unknown := sorted(set(leavers) - set(refs.values())):
        raise Refusal(422, "no_such_pupil", "Some of the leavers are not on the last roll.", leavers=unknown)
    data = standing_over(check, last["cohort"]) if live is None else dict(last["cohort"])
    return replace(_roll(check, school, base, data, last, refs, leavers), **_file_of(connection, live))


def last_of(connection: Connection, check: Any, school: Any) -> Any:
    """The roll that may be confirmed again: its id, reference, and the label of its check. Raises a 409."""
    subs = t.submissions.c
    found = connection.execute(
        select(subs.id, subs.ref, subs.check_id, t.checks.c.label)
        .join(t.checks, t.checks.c.id == subs.check_id)
        .where(subs.id == base_of(connection, check, school.id))
    ).one_or_none()
    if found is None:
        raise Refusal(409, "no_earlier_roll", NO_ROLL)
    return found


def _is_said(connection: Connection, submission_id: int, leavers: Mapping[str, Any]) -> bool:
    """Whether a roll says all of this already."""
    rolls = t.roll_pupils.c
    rows = connection.execute(
        select(t.pupils.c.ref, rolls.leaver)
        .join(t.pupils, t.pupils.c.id == rolls.pupil_id)
        .where(rolls.submission_id == submission_id, rolls.status == LEFT)
    )
    said = {row.ref: row.leaver for row in rows}
    return all(said.get(ref) == leaver for ref, leaver in leavers.items())


def _file_of(connection: Connection, submission_id: int | None) -> dict[str, Any]:
    """From which file the values of a roll of this check came: they stand as they are."""
    subs = t.submissions.c
    row = connection.execute(select(subs.file_name, subs.file_digest).where(subs.id == submission_id)).one_or_none()
    return {} if row is None else row._asdict()


def _refs(connection: Connection, last: Mapping[str, Any]) -> dict[int, str]:
    ids = [pupil["id"] for pupil in last["pupils"]]
    found: dict[int, str] = {}
    for start in range(0, len(ids), 500):
        rows = connection.execute(
            select(t.pupils.c.id, t.pupils.c.ref).where(t.pupils.c.id.in_(ids[start : start + 500]))
        )
        found.update((row.id, row.ref) for row in rows)
    return found


def _roll(
    check: Any,
    school: Any,
    base: int | None,
    data: dict[str, Any],
    last: dict[str, Any],
    refs: Mapping[int, str],
    leavers: Mapping[str, Any],
) -> Roll:
    who = list(zip(last["pupils"], data.pop("pupils"), strict=True))
    gone = [
        Gone(entry["id"], refs[entry["id"]], record, said or entry["leaver"], said not in (None, entry["leaver"]))
        for entry, record in who
        if (said := answer_for(refs[entry["id"]], None, leavers)) is not None or entry["leaver"] is not None
    ]
    away = {leaver.pupil_id for leaver in gone}
    accepted = {*check.accepted_years, None}
    pupils = [
        OnRoll(without_restricted(record), "unchanged", pupil_id=entry["id"])
        for entry, record in who
        if entry["id"] not in away and record["values"].get("year_group") in accepted
    ]
    return Roll(school.id, school.urn, data, pupils, gone, base)


def standing_over(check: Any, cohort: Mapping[str, Any], school: str = "") -> dict[str, Any]:
    """The last cohort as one of this check: who is on roll today, and of the rest what may stand over.

    `school` names whose it was, where it was not this school's own.
    """
    before = cohort_from_dict(cohort)
    fields = national()
    today = [name for name in cohort["columns"] if fields[name].family in OF_TODAY]
    check_now = check_values(check)
    older = int(check_now["year"][:4]) - before.check.year.start
    records = [_today(record, today, older) for record in cohort["pupils"]]
    now = {
        **cohort,
        "check": check_now,
        "columns": today,
        "sources": [],
        "origin": [],
        "given": {},
        "readings": [],
        "problems": [],
        "not_kept": [],
        "pupils": records,
    }
    data = cohort_to_dict(carry_over(cohort_from_dict(now), before))
    data["problems"] = []  # nothing fell: no file left anything out
    data["sources"] = [_named(source, school) for source in data["sources"]]
    return data


def _named(source: dict[str, Any], school: str) -> dict[str, Any]:
    """An earlier check as the source of a value: whose, where another school has said it."""
    if not school or source["kind"] != "carried" or ", " in source["name"]:
        return source
    return {**source, "name": f"{school}, {source['name']}"}


def _today(record: Mapping[str, Any], names: list[str], older: int) -> dict[str, Any]:
    values = {name: record["values"][name] for name in names if name in record["values"]}
    if "year_group" in values:
        values["year_group"] += older
    return {"key": record["key"], "kind": record["kind"], "file": record["file"], "row": record["row"],
            "values": values, "origin": {}}  # fmt: skip
