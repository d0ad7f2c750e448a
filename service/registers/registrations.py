"""Which of a pupil's registrations counts, and the one record that comes of several."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from roni import national

# A registration of one's own before one as somebody else's pupil; the codes are those of `registration_status`.
MAIN_FIRST: Mapping[str | None, int] = {
    "single": 0, "main_dual": 0, None: 1, "further_education": 2, "subsidiary": 3, "guest": 4, "other": 4,
}  # fmt: skip
ON_ROLL, LEFT = "on_roll", "left"
SESSIONS = ("sessions_possible", "sessions_attended", "sessions_authorised", "sessions_unauthorised", "sessions_absent")
# On whose roll a pupil is, and the attendance there, is a fact of one registration: another's never takes its place.
OF_ONE_REGISTRATION = ("registration", "attendance")
# What schools answer when a pupil has left, where the dictionary has another word for it.
LEFT_TO: Mapping[str, str] = {
    "school": "school_here", "pru": "alternative_provision", "other_authority": "school_elsewhere",
    "ehe": "home_education", "college_14_16": "college", "awaiting_place": "missing", "awaiting": "missing",
}  # fmt: skip


def heard(rolls: Sequence[Any], unheard: Collection[int]) -> Sequence[Any]:
    """A pupil's registrations without those of schools whose word does not count yet, while another has the pupil."""
    kept = [roll for roll in rolls if roll.school_id not in unheard] if unheard else rolls
    return kept if any(roll.status == ON_ROLL for roll in kept) else rolls


def main_first(rolls: Sequence[Any], decided: int | None = None) -> list[Any]:
    """A pupil's registrations, the one that counts first: on roll, of the school that a person decided to be the main
    one, one's own, confirmed last."""
    if len(rolls) == 1:  # nearly everybody
        return list(rolls)
    return sorted(rolls, key=lambda roll: (roll.status == LEFT, roll.school_id != decided, *_weight(roll)))


def _weight(roll: Any) -> tuple[int, float]:
    status = roll.record["values"].get("registration_status")
    return MAIN_FIRST.get(status, MAIN_FIRST[None]), -roll.confirmed_at.timestamp()


def with_decided(record: dict[str, Any], flags: Mapping[str, bool]) -> dict[str, Any]:
    """The record with what a person decided where the school and a council list disagree."""
    if not flags or record["values"].get("restricted_sharing"):
        return record
    return {**record, "values": {**record["values"], **flags}}


def has_died(rolls: Sequence[Any]) -> bool:
    """Whether anything says so: then the pupil is in no list."""
    return any(map(_says_died, rolls))


def _says_died(roll: Any) -> bool:
    said, leaver = roll.record["values"].get("leaving_destination"), roll.leaver
    return roll.died_at is not None or said == "died" or (leaver is not None and leaver.get("to") == "died")


def record_of(rolls: Sequence[Any], school_names: Mapping[int | None, str]) -> dict[str, Any]:
    """The pupil's one record: the main registration's, its gaps filled from the others, sessions added up."""
    main = rolls[0]
    if len(rolls) == 1 and main.status == ON_ROLL and not main.restricted:
        return dict(main.record)
    record = {**main.record, "values": dict(main.record["values"])}
    if main.restricted:
        record["values"]["restricted_sharing"] = True
    if main.status == LEFT:
        _say_left(record["values"], main.leaver or {})
        return record
    others = [roll for roll in rolls[1:] if roll.status == ON_ROLL]
    if others:
        _fill(record["values"], others)
        _add_sessions(record["values"], [roll.record["values"] for roll in (main, *others)])
        named = dict.fromkeys(school_names.get(roll.school_id, "") for roll in others)
        record["values"]["also_registered_at"] = ", ".join(name for name in named if name)
    return record


def _say_left(values: dict[str, Any], leaver: Mapping[str, Any]) -> None:
    """When and where to, as the school confirmed it."""
    codes, to = national()["leaving_destination"].codes, leaver.get("to")
    to = LEFT_TO.get(to, to) if isinstance(to, str) else None
    if to in codes:
        values["leaving_destination"] = to
    if leaver.get("date"):
        values["leaving_date"] = leaver["date"]


def _fill(values: dict[str, Any], others: Sequence[Any]) -> None:
    fields = national()
    for roll in others:
        for name, value in roll.record["values"].items():
            if name not in values and fields[name].family not in OF_ONE_REGISTRATION:
                values[name] = value


def _add_sessions(values: dict[str, Any], each: Sequence[Mapping[str, Any]]) -> None:
    """Attendance at several schools is combined from sessions only; where one gives none, the main school's stands."""
    totals = {name: sum(said[name] for said in each) for name in SESSIONS if all(name in said for said in each)}
    attendance = _attendance(totals)
    if attendance is None:
        return
    for name in (*SESSIONS, "absence"):
        values.pop(name, None)
    values |= {**totals, "attendance": attendance}


def _attendance(totals: Mapping[str, int]) -> float | None:
    """Per cent of possible sessions attended, by whichever way the sessions say it."""
    possible = totals.get("sessions_possible")
    if not possible:
        return None
    if "sessions_attended" in totals:
        return 100.0 * totals["sessions_attended"] / possible
    if "sessions_absent" in totals:
        missed = totals["sessions_absent"]
    elif {"sessions_authorised", "sessions_unauthorised"} <= set(totals):
        missed = totals["sessions_authorised"] + totals["sessions_unauthorised"]
    else:
        return None
    return round(100.0 - 100.0 * missed / possible, 10)
