"""The two sides of what is to be resolved: what each says, as at when, and where it says so."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Connection, select

from service import tables as t
from service.access import TEAMS, Access
from service.phrases import day
from service.uploads.leavers import WHERE_TO

OWN_ROLL = "The council’s own roll"
SAYS = {None: "nothing yet: its data manager is asked", "next_file": "on our roll, and in our next file",
        "not_ours": "not on our roll"}  # fmt: skip
NO_ROLL = "no roll confirmed for this check yet"


@dataclass(frozen=True, slots=True)
class Side:
    """Who says something, and the lines of what."""

    title: str
    lines: tuple[tuple[str, str], ...]


def sides_of(connection: Connection, access: Access, entry: Any) -> list[Side]:
    """The sides of an entry that the caller may see; for rows of lists there is a page of their own."""
    if entry.kind == "sources_disagree":
        return [_school_says(connection, entry), _list_says(connection, entry)]
    if entry.kind == "two_schools":
        both = ((entry.school, entry.school_id), (entry.other, entry.other_school_id))
        return [_has_on_roll(connection, entry, name, school) for name, school in both]
    if entry.kind == "died_on_roll":
        return [_has_on_roll(connection, entry, entry.school, entry.school_id)]
    if entry.kind in ("moved_unlisted", "alert"):
        gone = _says_gone(connection, access, entry)
        return [gone] if entry.kind == "alert" else [gone, _has_not(connection, entry)]
    return []


def _school_says(connection: Connection, entry: Any) -> Side:
    said = "yes" if entry.says["school"] else "no"
    return Side(entry.school or OWN_ROLL, (("Says", said), _confirmed(connection, entry, entry.school_id)))


def _list_says(connection: Connection, entry: Any) -> Side:
    lists = t.supplements.c
    query = select(lists.team, lists.confirmed_at).where(lists.ref == entry.says["list"])
    found = connection.execute(query).one_or_none()
    lines = [
        ("Says", "no" if entry.says["school"] else "yes"),
        ("As at", day(date.fromisoformat(entry.says["as_at"]))),
    ]
    if found is not None:
        lines += [("List of", TEAMS[found.team][0]), ("Confirmed", day(found.confirmed_at))]
    return Side(f"“{entry.says['list_name']}”", tuple(lines))


def _has_on_roll(connection: Connection, entry: Any, name: str | None, school: int | None) -> Side:
    found = _line(connection, entry, school)
    registered = "" if found is None else str(found.record["values"].get("registration_status") or "")
    words = registered.replace("_", " ") or "on roll, with no registration status"
    on_roll = "not on its roll any more" if found is None or found.status != "on_roll" else words
    return Side(name or OWN_ROLL, (("Registered as", on_roll), _confirmed(connection, entry, school)))


def _says_gone(connection: Connection, access: Access, entry: Any) -> Side:
    found = _line(connection, entry, entry.school_id)
    leaver = (found.leaver or {}) if found is not None else {}
    return Side(
        entry.school or OWN_ROLL, (*_gone(access, entry, leaver), _confirmed(connection, entry, entry.school_id))
    )


def _gone(access: Access, entry: Any, leaver: dict[str, Any]) -> Iterator[tuple[str, str]]:
    yield "Left on", day(date.fromisoformat(leaver["date"])) if leaver.get("date") else day(None)
    yield "Where to", WHERE_TO.get(leaver.get("to") or entry.says.get("to"), "not known")
    if leaver.get("confirmed_by") and (access.schools is None or entry.school_id in access.schools):
        yield "Who confirmed it", str(leaver["confirmed_by"])


def _has_not(connection: Connection, entry: Any) -> Side:
    found = _line(connection, entry, entry.other_school_id)
    listed = "yes" if found is not None and found.status == "on_roll" else "no"
    said = SAYS[entry.says.get("answer")]
    return Side(
        entry.other or "Another school",
        (("Lists the pupil", listed), ("Says", said), _confirmed(connection, entry, entry.other_school_id)),
    )


def _line(connection: Connection, entry: Any, school: int | None) -> Any:
    """The pupil's live line on a school's roll of the check; None where there is none."""
    roll = t.roll_pupils.c
    query = select(roll.status, roll.leaver, roll.record).where(
        roll.check_id == entry.check_id, roll.pupil_id == entry.pupil_id, roll.live,
        roll.school_id.is_(None) if school is None else roll.school_id == school,
    )  # fmt: skip
    return connection.execute(query.order_by(roll.id.desc()).limit(1)).one_or_none()


def _confirmed(connection: Connection, entry: Any, school: int | None) -> tuple[str, str]:
    sent = t.submissions.c
    query = select(sent.confirmed_at).where(
        sent.check_id == entry.check_id, sent.live,
        sent.school_id.is_(None) if school is None else sent.school_id == school,
    )  # fmt: skip
    at = connection.execute(query.order_by(sent.id.desc()).limit(1)).scalar()
    return "Its roll was confirmed", NO_ROLL if at is None else day(at)
