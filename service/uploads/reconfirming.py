"""A school confirms its roll with no file: the same pupils, what was known of them standing over."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import Connection, select

from roni import carry_over, cohort_from_dict, cohort_to_dict, national
from service import tables as t
from service.access import Access
from service.among import among
from service.checks.queries import calendar_check, require_open
from service.problems import Refusal
from service.registers.cohorts import check_values
from service.settings import Settings
from service.uploads.comparing import Moved
from service.uploads.confirming import confirm
from service.uploads.leavers import answer_for, require_elsewhere, who_is
from service.uploads.restricted import without_restricted
from service.uploads.roll import Gone, OnRoll, Roll
from service.uploads.rolls import LEFT, base_of, last_roll, live_submission

Member = dict[str, Any]  # one pupil of a roll as shown: by what to name the answer, who it is, where they went
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
    refs = _refs(connection, [entry["id"] for entry in last["pupils"]])
    if unknown := sorted(set(leavers) - set(refs.values())):
        raise Refusal(422, "no_such_pupil", "Some of the leavers are not on the last roll.", leavers=unknown)
    data = standing_over(check, last["cohort"]) if live is None else dict(last["cohort"])
    gone = bool(leavers) or any(entry["leaver"] is not None for entry in last["pupils"])
    facts = _last_facts(check, data, last["cohort"]) if live is None and gone else data["pupils"]
    return replace(_roll(check, school, base, data, facts, last, refs, leavers), **_file_of(connection, live))


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


def members_of(connection: Connection, check: Any, school: Any) -> tuple[list[Member], list[int]]:
    """Whom the last roll has, by name, and where those went who left before; and their ids, for the audit."""
    roll = roll_again(connection, check, school)
    who: list[tuple[int, Any, Any]] = [(pupil.pupil_id or 0, pupil.record, None) for pupil in roll.pupils]
    who += [(gone.pupil_id, gone.record, gone.leaver) for gone in roll.gone]
    refs = _refs(connection, [number for number, *_ in who])
    members = [{"leaver": refs[number], **who_is(record), "answer": leaver} for number, record, leaver in who]
    order = sorted(range(len(who)), key=lambda place: _by_name(members[place]))
    return [members[place] for place in order], [who[place][0] for place in order]


def _by_name(member: Member) -> tuple[str, str]:
    return (member["surname"] or "").casefold(), (member["forename"] or "").casefold()


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


def _refs(connection: Connection, ids: Sequence[int]) -> dict[int, str]:
    rows = connection.execute(select(t.pupils.c.id, t.pupils.c.ref).where(among(t.pupils.c.id, ids)))
    return {row.id: row.ref for row in rows}


def _roll(
    check: Any,
    school: Any,
    base: int | None,
    data: dict[str, Any],
    facts: list[dict[str, Any]],
    last: dict[str, Any],
    refs: Mapping[int, str],
    leavers: Mapping[str, Any],
) -> Roll:
    """`facts` are the last ones of each pupil, which stand of those who have left."""
    who = list(zip(last["pupils"], data.pop("pupils"), strict=True))
    gone = [
        Gone(entry["id"], refs[entry["id"]], record, said or entry["leaver"], said not in (None, entry["leaver"]))
        for entry, record in zip(last["pupils"], facts, strict=True)
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


def _last_facts(check: Any, data: dict[str, Any], earlier: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Each pupil with all that was said last, attendance too, as at then."""
    before, now = cohort_from_dict({**earlier, "pupils": []}).check, calendar_check(check)
    moved, found = Moved(data, earlier, now, before), []
    for record in earlier["pupils"]:
        group = record["values"].get("year_group")
        summer = before.year.leavers(0) - group if group is not None else 0
        found.append(without_restricted(moved.record(record, summer)))
    return found


def _today(record: Mapping[str, Any], names: list[str], older: int) -> dict[str, Any]:
    values = {name: record["values"][name] for name in names if name in record["values"]}
    if "year_group" in values:
        values["year_group"] += older
    return {"key": record["key"], "kind": record["kind"], "file": record["file"], "row": record["row"],
            "values": values, "origin": {}}  # fmt: skip
