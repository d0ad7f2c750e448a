"""The council's own roll of a check: pupils with no school (home educated, missing education, awaiting a place)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Connection, func, insert, select, update

from roni import VERSION, AcademicYear
from service import tables as t
from service.access import Access
from service.problems import Refusal
from service.refs import new_ref
from service.registers.cohorts import check_values
from service.supplements.said import KEPT
from service.uploads.comparing import compare
from service.uploads.matching import find_pupils, settle_pupils
from service.uploads.resolving import resolve
from service.uploads.rolls import LEFT, ON_ROLL, base_of, last_roll, live_submission
from service.uploads.sent import Sent
from service.uploads.splitting import OWN_ROLL

BORN_FOR_YEAR_11 = 15  # who is 15 on 31 August before an academic year is in Year 11 in it


@dataclass(frozen=True, slots=True)
class Newcomer:
    """One pupil to be put on the roll: what identifies them, and the pupil where already known."""

    values: Mapping[str, Any]
    row: int
    pupil_id: int | None = None


def open_check(connection: Connection, ref: str | None) -> Any:
    """The check of a reference, else the latest open one. Raises a 409 where it is closed, or none is open."""
    check = t.checks.c
    query = select(t.checks).order_by(check.on.desc()).limit(1)
    found = connection.execute(
        query.where(check.closed_at.is_(None)) if ref is None else query.where(check.ref == ref)
    ).one_or_none()
    if found is None and ref is not None:
        raise Refusal(404, "not_found", "There is no such check.")
    if found is None or found.closed_at is not None:
        raise Refusal(409, "no_open_check", "There is no open check. The council opens one first.")
    return found


def year_group_of(values: Mapping[str, Any], check: Any) -> int | None:
    """As the list says it, else by the birth date: the academic year runs from September to August."""
    if values.get("year_group") is not None:
        return int(values["year_group"])
    if not values.get("date_of_birth"):
        return None
    born = date.fromisoformat(values["date_of_birth"])
    turned = int(check.year) - born.year - (1 if (born.month, born.day) > (8, 31) else 0)
    return turned - BORN_FOR_YEAR_11 + 11


def why_not(connection: Connection, check: Any, values: Mapping[str, Any], pupil_id: int | None) -> str | None:
    """A code where a pupil cannot be on the council's own roll; None where they can."""
    if not values.get("surname") or not values.get("forename"):
        return "no_name"
    group = year_group_of(values, check)
    if group is None:
        return "no_year_group"
    if group not in check.accepted_years:
        return "outside_years"
    return "on_a_roll" if pupil_id is not None and _is_on_roll(connection, check.id, pupil_id) else None


def _is_on_roll(connection: Connection, check_id: int, pupil_id: int) -> bool:
    roll = t.roll_pupils.c
    query = select(roll.id).where(
        roll.check_id == check_id, roll.live, roll.status == ON_ROLL, roll.pupil_id == pupil_id
    )
    return connection.execute(query.limit(1)).one_or_none() is not None


def known_values(connection: Connection, pupil_id: int) -> dict[str, Any] | None:
    """What the latest roll says of who a pupil is; None where no roll has said anything."""
    roll = t.roll_pupils.c
    query = select(roll.record).where(roll.pupil_id == pupil_id).order_by(roll.live.desc(), roll.id.desc()).limit(1)
    record = connection.execute(query).scalar()
    return None if record is None else {name: record["values"][name] for name in KEPT if name in record["values"]}


def put_on(
    connection: Connection, access: Access, check: Any, newcomers: Sequence[Newcomer], list_name: str
) -> list[int]:
    """Put pupils on the council's own roll of a check; returns their ids, then whom the roll brought with it."""
    submission_id, brought = _roll(connection, access, check)
    stored = connection.execute(select(t.submissions.c.cohort).where(t.submissions.c.id == submission_id)).scalar_one()
    header, file = _with_file(stored, list_name, newcomers)
    records = [_record(item, file, check) for item in newcomers]
    ids = _settle(connection, header, newcomers, records, f"{check.ref}/own/{new_ref('roll')}")
    roll = t.roll_pupils.c
    last = connection.execute(select(func.max(roll.place)).where(roll.submission_id == submission_id)).scalar()
    replaced = (roll.submission_id == submission_id, roll.pupil_id.in_(ids), roll.live)
    connection.execute(update(t.roll_pupils).where(*replaced).values(live=False))
    place = 0 if last is None else last + 1
    _insert(connection, check.id, submission_id, place, [(ids[n], record, None) for n, record in enumerate(records)])
    connection.execute(update(t.submissions).where(t.submissions.c.id == submission_id).values(cohort=header))
    resolve(connection, check.id, None, dict(zip(ids, records, strict=True)), left={}, shared={})
    return [*ids, *brought]


def _roll(connection: Connection, access: Access, check: Any) -> tuple[int, list[int]]:
    """The council's own roll of a check, begun with that of the check before; and whom that brought."""
    found = live_submission(connection, check.id, None)
    if found is not None:
        return found, []
    last = last_roll(connection, base_of(connection, check, None))
    rolls, header = _carried(check, last)
    values = {
        "ref": new_ref("roll"),
        "confirmed_by_id": access.person_id,
        "check_id": check.id,
        "library_version": VERSION,
        "cohort": header,
        "receipt": {},
    }
    connection.execute(insert(t.submissions).values(**values))
    submissions = t.submissions.c
    made = select(submissions.id).where(submissions.ref == values["ref"])
    submission_id = int(connection.execute(made).scalar_one())
    _insert(connection, check.id, submission_id, 0, rolls)
    return submission_id, [pupil for pupil, _, _ in rolls]


def _carried(check: Any, last: Mapping[str, Any] | None) -> tuple[list[tuple[int, Any, Any]], dict[str, Any]]:
    """The pupils of the last own roll who are still of this check's year groups, with what still stands of them."""
    header = _empty(check)
    if last is None or not last["pupils"]:
        return [], header
    before = AcademicYear(int(last["cohort"]["check"]["year"][:4])).start
    header, file = _with_file(header, "the council’s own roll before", [])
    known: list[int] = []
    stubs: list[dict[str, Any]] = []
    for entry, record in zip(last["pupils"], last["cohort"]["pupils"], strict=True):
        values = {name: value for name, value in record["values"].items() if name in KEPT}
        if "year_group" in values:
            values["year_group"] += check.year - before
        if entry["leaver"] is None and values.get("year_group") in (None, *check.accepted_years):
            known.append(entry["id"])
            stubs.append({**record, "file": file, "row": len(stubs) + 1, "values": values, "origin": {}})
    for stub in stubs:
        stub.pop("given", None)
    columns = dict.fromkeys(name for stub in stubs for name in stub["values"])
    now = {**header, "columns": list(columns), "rows_read": len(stubs), "pupils": stubs}
    staged = compare(OWN_ROLL, Sent(data=now), last, {})  # who left it is left out above
    records = [pupil["record"] for pupil in staged["pupils"]]
    return [(pupil, record, None) for pupil, record in zip(known, records, strict=True)], staged["cohort"]


def _empty(check: Any) -> dict[str, Any]:
    """A stored cohort with nobody in it."""
    lists: dict[str, Any] = {
        name: [] for name in ("columns", "files", "sources", "origin", "readings", "problems", "not_kept")
    }
    return {"schema": 1, "check": check_values(check), "rows_read": 0, "digests": {}, "given": {}, **lists}


def _with_file(stored: Mapping[str, Any], name: str, newcomers: Sequence[Newcomer]) -> tuple[dict[str, Any], int]:
    """A stored cohort with a list among its files, and the place of it."""
    files = list(stored["files"])
    if name not in files:
        files.append(name)
    said = dict.fromkeys(key for item in newcomers for key in (*item.values, "year_group"))
    columns = list(dict.fromkeys([*stored["columns"], *said]))
    return {
        **stored, "files": files, "columns": columns, "rows_read": stored["rows_read"] + len(newcomers)
    }, files.index(name)  # fmt: skip


def _record(item: Newcomer, file: int, check: Any) -> dict[str, Any]:
    """One entry of "pupils" of a stored cohort; its key is settled with the pupil."""
    values = {name: value for name, value in item.values.items() if name in KEPT}
    values["year_group"] = year_group_of(values, check)
    kind = next((name for name in ("upn", "former_upn", "temporary_upn", "uln") if values.get(name)), "reference")
    return {
        "key": values.get(kind, f"row {item.row}"),
        "kind": kind,
        "file": file,
        "row": item.row,
        "values": values,
        "origin": {},
    }


def _settle(
    connection: Connection,
    header: Mapping[str, Any],
    newcomers: Sequence[Newcomer],
    records: Sequence[dict[str, Any]],
    prefix: str,
) -> list[int]:
    """The pupil of each: the one given, else found or made by identifiers."""
    unknown = [record for item, record in zip(newcomers, records, strict=True) if item.pupil_id is None]
    found = find_pupils(connection, unknown, [None] * len(unknown), header)
    made = iter(settle_pupils(connection, header, unknown, found, None, prefix))
    return [next(made) if item.pupil_id is None else item.pupil_id for item in newcomers]


def _insert(
    connection: Connection, check_id: int, submission_id: int, start: int, rolls: Sequence[tuple[int, Any, Any]]
) -> None:
    rows = [
        {
            "submission_id": submission_id,
            "check_id": check_id,
            "pupil_id": pupil,
            "place": start + number,
            "status": ON_ROLL if leaver is None else LEFT,
            "leaver": leaver,
            "record": record,
        }
        for number, (pupil, record, leaver) in enumerate(rolls)
    ]
    if rows:
        connection.execute(insert(t.roll_pupils), rows)
