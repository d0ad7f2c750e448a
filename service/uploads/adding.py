"""A pupil whom another school had, added to a school's confirmed roll with what is still known of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from sqlalchemy import Connection, select

from service import tables as t
from service.access import Access
from service.problems import Refusal
from service.settings import Settings
from service.uploads.confirming import confirm
from service.uploads.reconfirming import roll_again, standing_over
from service.uploads.restricted import without_restricted
from service.uploads.roll import OnRoll, Roll

# What is so of the place on one school's roll, and of nobody's at the next.
OF_ONE_SCHOOL = frozenset({
    "school_name", "urn", "laestab", "establishment_type", "registration_status", "admission_number", "system_number",
    "entry_date", "leaving_date", "leaving_reason", "leaving_destination", "leaving_school", "registration_group",
    "school_contact", "also_registered_at",
})  # fmt: skip
NOT_ASKED = "The pupil’s year group is not one that this check takes, so there is nothing to add them to."


def add_to_roll(
    connection: Connection, access: Access, settings: Settings, check: Any, school: Any, arrival: Any
) -> dict[str, Any]:
    """Confirm the school's roll of this check once more, with the pupil on it; the receipt.

    What the school before said last stands over as it does from one check to the next, each value with whose it is and
    as at when; attendance and other figures of a period do not. The school's own next file says what is so now.
    """
    again = roll_again(connection, check, school)
    data, record = _arriving(connection, check, arrival)
    if record["values"].get("year_group") not in (None, *check.accepted_years):
        raise Refusal(422, "outside_years", NOT_ASKED)
    header, record = _beside(again, data, record, f"moved from {arrival.from_name}")
    newcomer = OnRoll(without_restricted(record), "joined", pupil_id=arrival.pupil_id)
    return confirm(connection, access, settings, check, replace(again, cohort=header, pupils=[*again.pupils, newcomer]))


def _arriving(connection: Connection, check: Any, arrival: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """What stands over of the pupil, as a cohort of this check, and its one record."""
    sent = t.submissions.c
    stored = connection.execute(select(sent.cohort).where(sent.id == arrival.submission_id)).scalar_one()
    pupil = connection.execute(
        select(t.pupils.c.key, t.pupils.c.key_kind).where(t.pupils.c.id == arrival.pupil_id)
    ).one()
    kept = {
        part: {name: value for name, value in arrival.record.get(part, {}).items() if name not in OF_ONE_SCHOOL}
        for part in ("values", "origin", "given")
    }
    columns = [name for name in stored["columns"] if name not in OF_ONE_SCHOOL]
    record = {**arrival.record, **kept, "key": pupil.key, "kind": pupil.key_kind}
    data = standing_over(check, {**stored, "columns": columns, "pupils": [record]}, arrival.from_name)
    (made,) = data.pop("pupils")
    return data, made


def _beside(
    again: Roll, data: Mapping[str, Any], record: dict[str, Any], file: str
) -> tuple[dict[str, Any], dict[str, Any]]:
    """The roll's cohort with what the record needs of its own, and the record as one of it."""
    mine = again.cohort
    files, sources = [*mine["files"]], [*mine["sources"]]
    places = [_place_in(sources, source) for source in data["sources"]]
    place = _place_in(files, file)
    rows = [pupil.record["row"] for pupil in again.pupils if pupil.record["file"] == place]
    header = {
        **mine,
        "files": files,
        "sources": sources,
        "rows_read": mine["rows_read"] + 1,
        "columns": list(dict.fromkeys([*mine["columns"], *data["columns"]])),
        "origin": list(dict.fromkeys([*mine.get("origin", ()), *data.get("origin", ())])),
        "given": _given(mine, data),
    }
    origin = {name: places[number] for name, number in record["origin"].items()}
    worked_out = [name for name, own in data.get("given", {}).items() if not own and name in record["values"]]
    given = {**dict.fromkeys(worked_out), **record.get("given", {})}
    said = {name: value for name, value in given.items() if header["given"][name]}
    placed = {**record, "file": place, "row": max(rows, default=0) + 1, "origin": origin}
    return header, {**placed, "given": said} if said else {name: placed[name] for name in placed if name != "given"}


def _given(mine: Mapping[str, Any], data: Mapping[str, Any]) -> dict[str, bool]:
    """Of which fields the roll has a column of its own beside what was worked out; of others, what was said before."""
    names = {**mine.get("given", {}), **data.get("given", {})}
    return {name: (mine if name in mine["columns"] else data).get("given", {}).get(name, True) for name in names}


def _place_in(things: list[Any], thing: Any) -> int:
    if thing not in things:
        things.append(thing)
    return things.index(thing)
