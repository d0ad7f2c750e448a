"""A school confirms its roll with no file: the same pupils, what was known of them standing over."""

from __future__ import annotations

from collections.abc import Mapping
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
from service.uploads.leavers import answer_for
from service.uploads.restricted import without_restricted
from service.uploads.rolls import base_of, last_roll, live_submission

OF_TODAY = ("identity", "registration")  # families of fields that are stated again by confirming the roll


def reconfirm(
    connection: Connection, access: Access, settings: Settings, check: Any, school: Any, leavers: Mapping[str, Any]
) -> tuple[dict[str, Any], bool]:
    """Confirm the last roll for this check; the receipt, and whether anything changed."""
    live = live_submission(connection, check.id, school.id)
    if live is not None and not leavers:
        receipt = connection.execute(select(t.submissions.c.receipt).where(t.submissions.c.id == live)).scalar_one()
        return dict(receipt), False
    require_open(check)
    base = base_of(connection, check, school.id)
    last = last_roll(connection, base)
    if last is None:
        raise Refusal(409, "no_earlier_roll", "There is no earlier roll to confirm again. Upload a file.")
    refs = _refs(connection, last)
    if unknown := sorted(set(leavers) - set(refs.values())):
        raise Refusal(422, "no_such_pupil", "Some of the leavers are not on the last roll.", leavers=unknown)
    roll = _roll(check, school, base, last, refs, leavers)
    return confirm(connection, access, settings, check, roll), True


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
    last: dict[str, Any],
    refs: Mapping[int, str],
    leavers: Mapping[str, Any],
) -> Roll:
    data = _stands(check, last["cohort"])
    who = list(zip(last["pupils"], data.pop("pupils"), strict=True))
    gone = [
        Gone(entry["id"], refs[entry["id"]], record, said or entry["leaver"], entry["leaver"] is None)
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


def _stands(check: Any, cohort: Mapping[str, Any]) -> dict[str, Any]:
    """The last cohort as one of this check: who is on roll today, and of the rest what may stand over."""
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
    return data


def _today(record: Mapping[str, Any], names: list[str], older: int) -> dict[str, Any]:
    values = {name: record["values"][name] for name in names if name in record["values"]}
    if "year_group" in values:
        values["year_group"] += older
    return {"key": record["key"], "kind": record["kind"], "file": record["file"], "row": record["row"],
            "values": values, "origin": {}}  # fmt: skip
