"""The card worked out by hand, pupil by pupil: both sides of every boundary."""

from __future__ import annotations

from typing import Any

import pytest

from roni.synthetic.render import Says
from roni.synthetic.truth import band, blanks_mean, facts, points

CLEAN: dict[str, Any] = {
    "attendance": 95, "sen_provision": "N", "permanently_excluded": False, "suspended": False, "fsm": False,
    "looked_after": False, "pregnant_or_parent": False, "young_carer": False, "youth_justice": False, "eal": False,
    "alternative_provision": False,
}  # fmt: skip


def test_a_pupil_with_nothing_has_no_points() -> None:
    assert points(CLEAN) == (0, 0)


def test_a_pupil_of_whom_nothing_is_known_could_have_all_eighteen() -> None:
    assert points({}) == (0, 18)


@pytest.mark.parametrize(
    ("change", "known", "most"),
    [
        ({"attendance": 90}, 0, 0), ({"attendance": 89.9}, 1, 1), ({"attendance": 85}, 1, 1),
        ({"attendance": 84.9}, 2, 2), ({"attendance": 0}, 2, 2), ({"attendance": None}, 0, 2),
        ({"sen_provision": "K"}, 1, 1), ({"sen_provision": "E"}, 2, 2), ({"sen_provision": None}, 0, 2),
        ({"suspended": True}, 1, 1), ({"permanently_excluded": True}, 2, 2),
        ({"suspended": True, "permanently_excluded": True}, 2, 2),
        ({"suspended": True, "permanently_excluded": None}, 1, 2),
        ({"suspended": None}, 0, 1), ({"suspended": None, "permanently_excluded": None}, 0, 2),
        ({"eal": True}, 1, 1), ({"eal": None}, 0, 1), ({"fsm": True}, 2, 2), ({"fsm": None}, 0, 2),
        ({"alternative_provision": True}, 1, 1), ({"looked_after": True}, 2, 2), ({"pregnant_or_parent": True}, 2, 2),
        ({"young_carer": True}, 2, 2), ({"youth_justice": True}, 2, 2),
    ],
)  # fmt: skip
def test_points_on_both_sides_of_each_boundary(change: dict[str, Any], known: int, most: int) -> None:
    assert points({**CLEAN, **change}) == (known, most)


@pytest.mark.parametrize(("score", "name"), [(4, "red"), (3, "amber"), (2, "amber"), (1, "green"), (0, "none")])
def test_bands_begin_where_the_card_says(score: int, name: str) -> None:
    assert band(score) == name


@pytest.mark.parametrize(
    ("field", "column", "meaning"),
    [
        ("young_carer", [True, Says.BLANK], False),
        ("young_carer", [True, False, Says.BLANK], None),
        ("young_carer", [Says.BLANK, Says.UNREADABLE], None),
        ("suspensions", [2, Says.BLANK], 0),
        ("suspensions", [2, 0, Says.BLANK], None),
        ("sen_provision", ["K", Says.BLANK], "N"),
        ("sen_provision", ["K", "N", Says.BLANK], None),
        ("attendance", [88, Says.BLANK], None),
    ],
)
def test_what_a_blank_means_depends_on_what_the_column_states(field: str, column: list[Any], meaning: Any) -> None:
    assert blanks_mean(field, column) == meaning


def test_attendance_comes_from_sessions_exactly() -> None:
    assert facts({"sessions_possible": 120, "sessions_attended": 108}, {})["attendance"] == 90


def test_no_possible_session_is_not_known() -> None:
    assert facts({"sessions_possible": 0, "sessions_attended": 0}, {})["attendance"] is None
