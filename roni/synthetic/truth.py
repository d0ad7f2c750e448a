"""What a careful reader makes of a written file on the Oxfordshire card, worked out pupil by pupil.

Written on purpose without the library's readers and scorecards, so that each can be tested against the other. The card
is as the project encodes it: `scorecards/oxfordshire.toml` says where its figures come from.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

from roni.synthetic.render import Says

TWO_POINTS = ("fsm", "looked_after", "pregnant_or_parent", "young_carer", "youth_justice")
ONE_POINT = ("eal", "alternative_provision")
BANDS = ((4, "red"), (2, "amber"), (1, "green"), (0, "none"))
# Words by which a truth file says which parts of the card have no column.
ABSENT_WORDS = {
    "alternative_provision": "ap", "pregnant_or_parent": "parent", "permanently_excluded": "pex",
    "looked_after": "looked_after", "young_carer": "young_carer", "youth_justice": "yot", "fsm": "fsm", "eal": "eal",
    "sen_provision": "sen", "attendance": "attendance", "suspended": "suspensions",
}  # fmt: skip


def points(pupil: Mapping[str, Any]) -> tuple[int, int]:
    """Points known and points possible of one pupil; a fact that is None or absent is not known."""
    known = most = 0
    for low, high in (_attendance(pupil), _sen(pupil), _exclusion(pupil)):
        known, most = known + low, most + high
    for worth, names in ((2, TWO_POINTS), (1, ONE_POINT)):
        for name in names:
            stated = pupil.get(name)
            known += worth if stated else 0
            most += worth if stated or stated is None else 0
    return known, most


def _attendance(pupil: Mapping[str, Any]) -> tuple[int, int]:
    value = pupil.get("attendance")
    if value is None:
        return 0, 2
    worth = 2 if value < 85 else 1 if value < 90 else 0
    return worth, worth


def _sen(pupil: Mapping[str, Any]) -> tuple[int, int]:
    provision = pupil.get("sen_provision")
    if provision is None:
        return 0, 2
    worth = {"E": 2, "K": 1, "N": 0}[provision]
    return worth, worth


def _exclusion(pupil: Mapping[str, Any]) -> tuple[int, int]:
    excluded, suspended = pupil.get("permanently_excluded"), pupil.get("suspended")
    if excluded:
        return 2, 2
    known = 1 if suspended else 0
    most = 1 if suspended or suspended is None else 0
    return known, 2 if excluded is None else most


def band(score: int) -> str:
    """The band of a number of points."""
    return next(name for at_least, name in BANDS if score >= at_least)


def scored(pupil: Mapping[str, Any]) -> dict[str, Any]:
    """points, points_max, band and band_max of one pupil."""
    known, most = points(pupil)
    return {"points": known, "points_max": most, "band": band(known), "band_max": band(most)}


def blanks_mean(field: str, column: Sequence[Any]) -> Any:
    """What a blank says in this column: no (or none) where only positives are stated, else None, not known."""
    stated = [value for value in column if not isinstance(value, Says)]
    if field in ("attendance", "sessions_possible", "sessions_attended", "eal_language") or not stated:
        return None
    negative = {"sen_provision": "N", "suspensions": 0, "suspension_sessions": 0}.get(field, False)
    return None if any(value == negative for value in stated) else negative


def facts(row: Mapping[str, Any], blanks: Mapping[str, Any]) -> dict[str, Any]:
    """The card's facts from what one row says, blanks resolved and routes followed."""
    said = {
        field: blanks.get(field) if value is Says.BLANK else None if isinstance(value, Says) else value
        for field, value in row.items()
    }
    count = next((said[name] for name in ("suspensions", "suspension_sessions") if name in said), None)
    said["suspended"] = None if count is None else count > 0
    possible, attended = said.get("sessions_possible"), said.get("sessions_attended")
    if "sessions_possible" in said:
        said["attendance"] = None if possible in (None, 0) or attended is None else Fraction(100 * attended, possible)
    if "eal_language" in said:
        said["eal"] = said["eal_language"]
    return said
