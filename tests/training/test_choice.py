"""Which fields are learnt from, and why the others are not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import Any

import numpy as np
import pytest

from roni.cohort import Cohort, Source
from roni.errors import TrainingError
from roni.model.likeness import SELDOM
from roni.training.choice import FEWEST_DIFFERENT, breaks_since, choose
from tests.leavers import year_11

SIZE = 40
ATTENDANCE = [80.0 + place % 20 for place in range(SIZE)]


def some(pupils: int, value: Any = True, otherwise: Any = None) -> list[Any]:
    """A column in which so many pupils have a value."""
    return [value if place < pupils else otherwise for place in range(SIZE)]


def cohort(start: int = 2025, **columns: Sequence[Any]) -> Cohort:
    return year_11({"attendance": ATTENDANCE, **columns}, start)


def left_out(*cohorts: Cohort, **how: Any) -> dict[str, str]:
    return dict(choose(cohorts, how.pop("named", None), how.pop("protected", False), **how).left_out)


HALF = some(SIZE // 2, otherwise=False)


def test_what_the_files_hold_is_learnt_from() -> None:
    assert choose([cohort(young_carer=HALF)], None, False).used == ("attendance", "young_carer")


def test_protected_characteristics_and_proxies_are_out_unless_asked_for() -> None:
    both = cohort(ehcp=HALF, sen_provision=some(SIZE // 2, "K", "N"), eal=HALF)
    found = choose([both], None, False)
    assert found.used == ("attendance",)
    assert found.left_out["eal"] == "protected (a proxy of race); out unless asked for"
    assert set(found.judged) == {"sen_provision", "eal"}
    asked = choose([both], None, True)
    assert set(asked.used) == {"attendance", "sen_provision", "eal"}
    assert asked.judged == found.judged


def test_naming_a_protected_field_asks_for_it_and_the_card_will_say_so() -> None:
    found = choose([cohort(eal=HALF)], ["eal"], False)
    assert found.used == ("eal",)
    assert "proxy of race" in found.despite["eal"]


def test_sex_is_measured_and_never_learnt_from() -> None:
    with_sex = cohort(sex=some(SIZE // 2, "F", "M"))
    assert choose([with_sex], None, True).used == ("attendance",)
    assert choose([with_sex], None, False).judged == ("sex",)
    with pytest.raises(TrainingError, match="“sex” cannot be learnt from: the data dictionary"):
        choose([with_sex], ["sex"], True)


def test_a_name_that_is_no_field_is_refused() -> None:
    with pytest.raises(TrainingError, match="“shoe_size” is not a field"):
        choose([cohort()], ["shoe_size"], False)


def test_a_fact_due_at_a_later_check_is_refused_unless_named() -> None:
    with_plans = cohort(intended_destination=some(SIZE // 2, "sixth_form", "none"))
    assert left_out(with_plans)["intended_destination"] == "due at the january check, after this one"
    assert choose([with_plans], ["intended_destination"], False).used == ("intended_destination",)


def from_list(as_at: date | None) -> Cohort:
    """A cohort whose care facts came from a council list of a day."""
    found = cohort(looked_after=HALF)
    origin = {"looked_after": np.zeros(SIZE, np.int8)}
    return replace(found, sources=(Source("care.csv", as_at, "council"),), origin=origin)


def test_a_council_list_of_a_day_after_the_check_closed_is_refused() -> None:
    assert left_out(from_list(date(2025, 12, 1)))["looked_after"].startswith("“care.csv” is of 2025-12-01, after")
    assert "looked_after" not in left_out(from_list(date(2025, 11, 30)))


def test_a_list_without_a_date_is_refused_unless_its_field_is_named() -> None:
    assert "has no date" in left_out(from_list(None))["looked_after"]
    assert choose([from_list(None)], ["looked_after"], False).used == ("looked_after",)


def test_attendance_of_days_after_the_check_is_refused() -> None:
    late = cohort(attendance_to=[date(2025, 12, 1)] * SIZE, young_carer=HALF)
    assert "covers days after" in left_out(late)["attendance"]
    assert left_out(cohort(attendance_to=[date(2025, 11, 30)] * SIZE)) == {}


def test_a_field_largely_missing_in_one_cohort_and_present_in_another_is_dropped_and_named() -> None:
    seldom, mostly = cohort(2024, fsm=some(round(SELDOM * SIZE) - 1)), cohort(2025, fsm=HALF)
    assert "known of 18%" in left_out(seldom, mostly)["fsm"]
    assert "fsm" in left_out(mostly, named=["fsm", "attendance"], scoring=seldom)
    enough = [*some(4, otherwise=False)[:8], *[None] * (SIZE - 8)]
    assert "fsm" not in left_out(cohort(2024, fsm=enough), mostly)


def test_a_break_in_a_series_between_the_cohorts_drops_the_field_even_where_it_is_named() -> None:
    before, after = (cohort(start, fsm=HALF) for start in (2023, 2024))
    assert "its series breaks on 2024-08-19" in left_out(before, after)["attendance"]
    assert "attendance" in left_out(before, after, named=["attendance", "fsm"])
    assert "attendance" not in left_out(after, cohort(2025, fsm=HALF))


def test_a_break_in_what_is_told_of_last_year_comes_a_check_later() -> None:
    cohorts = [cohort(start, fsm=HALF, attendance_last_year=ATTENDANCE) for start in (2023, 2024, 2025)]
    assert "attendance_last_year" not in left_out(*cohorts[:2])
    assert "its series breaks on 2024-08-19" in left_out(*cohorts[1:])["attendance_last_year"]
    said = list(breaks_since(cohorts[0].fields, ["attendance_last_year"], cohorts[:2]))
    assert [line[:62] for line in said] == ["Not seen by it: the series of attendance last year breaks on 2"]


def test_a_break_after_the_last_cohort_is_said() -> None:
    found = cohort(2025, fsm=HALF)
    assert [line[:51] for line in breaks_since(found.fields, ["fsm", "attendance"], [found])] == [
        "Not seen by it: the series of free school meals bre"
    ]


def test_suspensions_counted_over_different_times_are_dropped() -> None:
    counts = [place % 3 for place in range(SIZE)]
    windows = [
        cohort(s, suspensions=counts, suspensions_window=[w] * SIZE)
        for s, w in ((2024, "this_year"), (2025, "twelve_months"))
    ]
    assert "count suspensions over different times" in left_out(*windows)["suspensions"]
    assert "suspensions" not in left_out(windows[0])


def test_a_field_by_which_few_pupils_differ_is_dropped_for_it_would_tell_of_them() -> None:
    few, enough = (some(pupils, otherwise=False) for pupils in (FEWEST_DIFFERENT - 1, FEWEST_DIFFERENT))
    assert left_out(cohort(homeless=few))["homeless"].startswith("fewer than 10 pupils differ")
    assert "homeless" not in left_out(cohort(homeless=enough))


def test_with_nothing_left_to_learn_from_the_reasons_are_given() -> None:
    with pytest.raises(TrainingError, match=r"No field is left to learn from\. “young carer”: known of nobody"):
        choose([year_11({"young_carer": [None] * SIZE})], None, False)
