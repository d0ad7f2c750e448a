"""What is said where a model scores pupils of whom other things are known than when it was trained."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from roni.model.likeness import FEWEST_COMPARED, MOSTLY, SELDOM, gone
from tests.models import CARD, model_of
from tests.strategies import cohort_of

SIZE = 100
WITHOUT = (
    "The model “trial”: known of most pupils when it was trained, and of few or none of these: attendance (96% then, "
    "{}% now). Its probabilities here rest on less than it was measured with."
)


def notes(known: dict[str, float], size: int = SIZE, years: tuple[int, ...] = (), **columns: list[Any]) -> list[str]:
    model = model_of(known=known, card=replace(CARD, years=years))
    return model.notes_on(cohort_of(columns, size=size))


def attended(known: int, size: int = SIZE) -> list[float | None]:
    return [90.0] * known + [None] * (size - known)


def test_a_field_that_the_file_lacks_is_named_where_it_was_mostly_known() -> None:
    assert notes({"attendance": 0.96}) == [WITHOUT.format(0)]
    assert notes({"attendance": 0.96}, attendance=attended(0)) == [WITHOUT.format(0)]


@pytest.mark.parametrize(("known", "said"), [(19, True), (20, False), (100, False)])
def test_a_field_that_the_file_nearly_lacks_is_named(known: int, said: bool) -> None:
    assert notes({"attendance": 0.96}, attendance=attended(known)) == ([WITHOUT.format(known)] if said else [])


@pytest.mark.parametrize(("before", "said"), [(0.51, True), (0.5, False), (0.0, False)])
def test_a_field_that_was_not_mostly_known_is_not_missed(before: float, said: bool) -> None:
    assert bool(notes({"attendance": before})) == said


@pytest.mark.parametrize(("known", "said"), [(50, False), (51, True)])
def test_a_field_that_was_seldom_known_and_is_mostly_known_now_is_named(known: int, said: bool) -> None:
    found = notes({"attendance": 0.03}, attendance=attended(known))
    sentence = (
        f"The model “trial”: known of few pupils when it was trained, and of most of these: attendance (3% then, "
        f"{known}% now). It has learnt little of what that means."
    )
    assert found == ([sentence] if said else [])


def test_a_field_of_which_an_older_model_does_not_say_how_much_was_known_is_not_named() -> None:
    assert notes({}) == notes({}, attendance=attended(100)) == []
    assert gone(None, 0.0) is gone(1.0, None) is False


def test_several_fields_stand_in_one_sentence_and_each_side_in_its_own() -> None:
    lost, new = notes({"attendance": 1.0, "suspensions": 0.9, "young_carer": 0.0}, young_carer=[True] * SIZE)
    assert "attendance (100% then, 0% now); " in lost
    assert "suspensions" in lost.lower()
    assert "young carer (0% then, 100% now)" in new


@pytest.mark.parametrize(("size", "said"), [(FEWEST_COMPARED - 1, False), (FEWEST_COMPARED, True)])
def test_a_few_pupils_say_nothing_of_their_file(size: int, said: bool) -> None:
    assert bool(notes({"attendance": 1.0}, size=size)) == said


def test_only_pupils_of_its_years_are_compared() -> None:
    columns = {"year_group": [11] * 20 + [9] * 80, "attendance": attended(20)}
    assert notes({"attendance": 1.0}, years=(11,), **columns) == []
    assert notes({"attendance": 1.0}, years=(9,), **columns)[-1] == WITHOUT.format(0).replace("96%", "100%")


def test_the_two_limits_leave_room_between_them() -> None:
    assert SELDOM < MOSTLY
