"""Two checks compared: who moved, and why."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from roni.calendar import get_check
from roni.cohort import KEY_KINDS, Cohort, Source
from roni.errors import ProblemBlock, Problems
from roni.indicator import Inclusion
from roni.indicator.condition import IsTrue
from roni.model import Model
from roni.movement import KINDS, Movement, compare
from roni.scorecard import Scorecard, load_scorecard
from roni.scoring import score
from roni.tables import Table
from tests.models import YOUNG_CARER, model_of
from tests.strategies import FILE, cohort_of, cohorts

CARD = load_scorecard("oxfordshire")
LOOSER = replace(
    CARD,
    digest="another",
    version="2",
    indicators=tuple(item for item in CARD.indicators if item.name != "young_carer"),
)


def moved(
    november: dict[str, list[object]], january: dict[str, list[object]], card: Scorecard = CARD, then: Scorecard = CARD
) -> Movement:
    before, now = cohort_of(november), cohort_of(january, check="january")
    return compare((before, then.assess(before)), (now, card.assess(now)))


def why(*arguments: object, **more: object) -> str:
    return str(moved(*arguments, **more).why.to_pylist()[0])  # type: ignore[arg-type]


def kinds(movement: Movement) -> list[str]:
    return [KINDS[kind] for kind in movement.kind]


def test_the_looser_card_leaves_an_indicator_out() -> None:
    assert len(LOOSER.active) == len(CARD.active) - 1


@pytest.mark.parametrize(
    ("before", "now", "kind"),
    [
        (89.9, 90.0, "down"),
        (90.0, 89.9, "up"),
        (90.0, 95.0, "unchanged"),
        (84.9, 84.0, "unchanged"),
        (85.0, 84.9, "up"),
    ],
)
def test_up_and_down_follow_band_and_points(before: float, now: float, kind: str) -> None:
    assert kinds(moved({"attendance": [before]}, {"attendance": [now]})) == [kind]


def test_the_band_goes_before_the_points() -> None:
    carers = Inclusion("carers", "young carers", "red", IsTrue("young_carer"), "invented for this test")
    card = replace(CARD, inclusions=(carers,))
    before = {"young_carer": [True], "fsm": [False], "eal": [False]}
    movement = moved(before, {"young_carer": [False], "fsm": [True], "eal": [True]}, card, card)
    row = movement.to_table().to_pylist()[0]
    assert (row["points_before"], row["points_now"], row["kind"]) == (2, 3, "down")


@pytest.mark.parametrize(
    ("before", "now", "said"),
    [
        (
            {"attendance": [91.0]},
            {"attendance": [84.2]},
            "attendance 84.2 % (below 85 %) +2, was attendance 91.0 %",
        ),
        ({"young_carer": [True]}, {"young_carer": [False]}, "not a young carer, was young carer +2"),
        ({"young_carer": [None]}, {"young_carer": [True]}, "young carer +2, was young carer not known"),
        ({"young_carer": [False]}, {"young_carer": [None]}, "young carer not known, was not a young carer"),
        ({"attendance": [91.0]}, {"attendance": [92.0]}, ""),
        (
            {"suspended": [True], "permanently_excluded": [None]},
            {"suspended": [True], "permanently_excluded": [False]},
            "suspended +1, was suspended +1, perhaps more",
        ),
    ],
)
def test_why_names_what_changed_with_both_values(
    before: dict[str, list[object]], now: dict[str, list[object]], said: str
) -> None:
    assert why(before, now) == said


def with_window(attendance: float, first: date, last: date) -> dict[str, list[object]]:
    return {"attendance": [attendance], "attendance_from": [first], "attendance_to": [last]}


AUTUMN = (date(2026, 9, 2), date(2026, 10, 23))


def test_another_window_alone_is_labelled_so() -> None:
    said = why(with_window(91.0, *AUTUMN), with_window(84.2, date(2026, 11, 2), date(2026, 12, 18)))
    assert said.startswith("only the attendance window changed; attendance 84.2 %")


def test_the_same_window_carried_on_is_news_of_the_pupil() -> None:
    assert "window" not in why(with_window(91.0, *AUTUMN), with_window(84.2, AUTUMN[0], date(2026, 12, 18)))


def test_another_window_does_not_explain_what_else_changed() -> None:
    before = {**with_window(91.0, *AUTUMN), "young_carer": [False]}
    now = {**with_window(84.2, date(2026, 11, 2), date(2026, 12, 18)), "young_carer": [True]}
    assert "window" not in why(before, now)


def test_another_window_of_suspensions_is_labelled_so() -> None:
    before = {"suspended": [True], "permanently_excluded": [False], "suspensions_window": ["since_year_7"]}
    now = {"suspended": [False], "permanently_excluded": [False], "suspensions_window": ["this_year"]}
    assert why(before, now).startswith("only the suspensions window changed")
    assert "window" not in why(before, {**now, "permanently_excluded": [True]})
    assert "window" not in why(before, {**now, "suspensions_window": ["since_year_7"]})


def test_another_card_with_the_same_facts_is_labelled_so() -> None:
    movement = moved({"young_carer": [True]}, {"young_carer": [True]}, card=LOOSER)
    assert kinds(movement) == ["down"]
    assert movement.why.to_pylist() == ["only the scorecard changed"]


def test_facts_and_card_are_told_apart() -> None:
    said = why({"young_carer": [True], "fsm": [False]}, {"young_carer": [True], "fsm": [True]}, card=LOOSER)
    assert said == "the scorecard changed too; free school meals +2, was no free school meals"


def test_a_card_that_changes_nobody_here_is_not_mentioned() -> None:
    assert why({"fsm": [True]}, {"fsm": [True]}, card=LOOSER) == ""


def test_a_card_with_other_bands_compares_both_checks_by_the_card_of_now() -> None:
    renamed = replace(CARD, digest="x", bands=tuple(replace(band, name=f"{band.name}!") for band in CARD.bands))
    movement = moved({"young_carer": [True]}, {"young_carer": [True]}, card=renamed)
    assert kinds(movement) == ["unchanged"]
    assert movement.to_frame()[["band_before", "band_now"]].to_numpy().tolist() == [["amber", "amber!"]]


def pupils(years: list[int], keys: list[int], check: str) -> Cohort:
    cohort = cohort_of({"year_group": [*range(max(keys) + 1)], "young_carer": [True] * (max(keys) + 1)}, check=check)
    cohort.columns["year_group"][keys] = years
    return cohort.take(np.array(keys))


def between(before: Cohort, now: Cohort) -> list[str]:
    return kinds(compare((before, CARD.assess(before)), (now, CARD.assess(now))))


def test_joiners_are_new_and_leavers_left() -> None:
    found = between(pupils([11, 11], [0, 1], "november"), pupils([11, 11], [1, 2], "january"))
    assert found == ["unchanged", "new", "left"]


def test_a_year_group_that_was_not_asked_for_in_both_checks_is_neither_new_nor_left() -> None:
    found = between(pupils([11, 10], [0, 1], "november"), pupils([11, 12], [0, 2], "january"))
    assert found == ["unchanged", "not asked for in both checks", "not asked for in both checks"]


def test_a_leaving_cohort_does_not_change_in_september() -> None:
    before = pupils([10, 10], [0, 1], "november")
    now = replace(pupils([11, 11], [1, 2], "november"), check=get_check("november", "2027/28"))
    assert between(before, now) == ["unchanged", "new", "left"]


def test_a_pupil_whom_nothing_identifies_is_neither_new_nor_left() -> None:
    before, now = (pupils([11, 11], [0, 1], check) for check in ("november", "january"))
    for cohort in (before, now):
        cohort.key_kind[1] = KEY_KINDS.index("reference")
    assert between(before, now) == ["unchanged", *["cannot be matched between checks"] * 2]


def test_of_the_new_it_says_what_gives_their_points_and_of_leavers_where_they_went() -> None:
    columns = {"young_carer": [True] * 3, "fsm": [False, False, True]}
    gone = {"leaving_date": [date(2026, 12, 4), None, None], "leaving_destination": ["college", None, None]}
    before = cohort_of({**columns, **gone}).take(np.array([0, 1]))
    now = cohort_of(columns, check="january").take(np.array([2]))
    movement = compare((before, CARD.assess(before)), (now, CARD.assess(now)))
    assert kinds(movement) == ["new", "left", "left"]
    said = ["free school meals +2; young carer +2", "left on 4 Dec 2026, to a college", ""]
    assert movement.why.to_pylist() == said
    assert score(now, CARD).to_table()["reasons"].to_pylist() == said[:1]


def test_a_day_of_leaving_after_the_later_check_is_not_yet_said() -> None:
    before = cohort_of({"fsm": [True], "leaving_date": [date(2027, 7, 1)]})
    now = cohort_of({"fsm": []}, size=0, check="january")
    assert compare((before, CARD.assess(before)), (now, CARD.assess(now))).why.to_pylist() == [""]


def test_why_says_who_said_what_where_school_and_council_disagree() -> None:
    block = ProblemBlock("sources_disagree", FILE, "Carer", np.array([2]), {"label": "young carer"})
    carers = Source("Carers list", date(2026, 10, 1), "council")
    now = replace(
        cohort_of({"young_carer": [True], "fsm": [True]}, check="january"),
        problems=Problems([block]),
        sources=(carers,),
        origin={"young_carer": np.array([0], np.int8)},
    )
    for carer, said in (
        (False, "young carer +2, was not a young carer; young carer: the school says no, Carers list (1 Oct 2026) says "
            "yes; counts as yes until a person decides"),
        (True, ""),
    ):  # fmt: skip
        before = cohort_of({"young_carer": [carer], "fsm": [True]})
        assert compare((before, CARD.assess(before)), (now, CARD.assess(now))).why.to_pylist() == [said]


LOW, HIGH = model_of(base=-9.0), model_of(base=9.0, name="other")


@pytest.mark.parametrize(
    ("then", "today", "said"),
    [
        (LOW, HIGH, "only the trained model changed"),
        (None, HIGH, "only the trained model changed"),
        (HIGH, None, "only the trained model changed"),
        (HIGH, HIGH, ""),
        (LOW, LOW, ""),
    ],
)
def test_another_model_with_the_same_facts_is_labelled_so(then: Model | None, today: Model | None, said: str) -> None:
    before, now = (cohort_of({"young_carer": [True]}, check=check) for check in ("november", "january"))
    earlier, register = score(before, CARD, then), score(now, CARD, today)
    assert register.since(earlier).why.to_pylist() == [said]
    assert register.explain("PUPIL00000", earlier).change.endswith(f"; {said}." if said else " then).")


def test_the_same_model_with_other_facts_is_told_from_another_model() -> None:
    before = cohort_of({"attendance": [99.0]})
    now = cohort_of({"attendance": [91.0]}, check="january")
    steep = model_of(Table("attendance", "number", edges=(95.0,), values=(9.0, -9.0)), base=0.0)
    assert score(now, CARD, steep).since(score(before, CARD, steep)).why.to_pylist() == [
        "only the trained model’s band changed"
    ]


def test_a_model_that_says_the_same_is_no_cause_where_the_facts_change() -> None:
    before, now = cohort_of({"young_carer": [True]}), cohort_of({"young_carer": [False]}, check="january")
    certain = model_of(YOUNG_CARER, base=9.0)
    assert "model" not in score(now, CARD, certain).since(score(before, CARD, certain)).why.to_pylist()[0]


def test_another_card_and_another_model_are_both_named() -> None:
    before, now = (cohort_of({"young_carer": [True]}, check=check) for check in ("november", "january"))
    movement = score(now, LOOSER, HIGH).since(score(before, CARD, LOW))
    assert movement.why.to_pylist() == ["the scorecard changed too; the trained model changed too"]


def test_a_pupil_without_a_score_in_one_check_is_not_compared() -> None:
    movement = moved({"young_carer": [True], "restricted_sharing": [True]}, {"young_carer": [True]})
    assert kinds(movement) == ["not compared"]
    assert movement.why.to_pylist() == [""]
    row = movement.to_table().to_pylist()[0]
    assert (row["band_before"], row["points_before"], row["band_now"]) == (None, None, "amber")


def test_a_death_is_no_leaver_and_no_joiner() -> None:
    assert kinds(moved({"fsm": [True]}, {"fsm": [True], "leaving_destination": ["died"]})) == ["not compared"]


def test_the_rows_stand_by_kind_and_rank_with_both_sides() -> None:
    before = score(cohort_of({"young_carer": [True, False, True], "fsm": [False] * 3}), CARD)
    now = score(cohort_of({"young_carer": [True, True, False], "fsm": [True, False, False]}, check="january"), CARD)
    frame = now.since(before).to_frame()
    columns = ["kind", "band_before", "band_now", "points_before", "points_now", "rank_before", "rank_now"]
    assert frame[columns].to_numpy().tolist() == [
        ["up", "amber", "red", 2, 4, 1, 1],
        ["up", "none", "amber", 0, 2, 3, 2],
        ["down", "amber", "none", 2, 0, 2, 3],
    ]
    assert now.since(before).counts() == {"up": 2, "down": 1}


NAMES = [*CARD.fields, "restricted_sharing", "leaving_destination", "year_group"]


@settings(max_examples=25, deadline=None)
@given(cohorts(NAMES, size=5), cohorts(NAMES, size=5), st.data())
def test_every_pupil_of_either_check_is_there_once(before: Cohort, now: Cohort, data: st.DataObject) -> None:
    places = st.lists(st.integers(0, 4), unique=True)
    before, now = (cohort.take(np.array(data.draw(places), np.int64)) for cohort in (before, now))
    movement = compare((before, CARD.assess(before)), (now, CARD.assess(now)))
    table = movement.to_table()
    assert sorted(table["key"].to_pylist()) == sorted({*before, *now})
    assert sum(movement.counts().values()) == len(movement) == len(table)
    some = data.draw(st.lists(st.sampled_from(table.column_names), min_size=1, unique=True))
    assert movement.to_table(some).equals(table.select(some))
    for row in table.to_pylist():
        alone = {(True, False): "left", (False, True): "new"}.get((row["key"] in [*before], row["key"] in [*now]))
        assert row["kind"] in ({alone, *KINDS[5:]} if alone else {"up", "down", "unchanged", "not compared"})


@settings(max_examples=15, deadline=None)
@given(cohorts(NAMES, size=4))
def test_a_check_compared_with_itself_moves_nobody(cohort: Cohort) -> None:
    movement = compare((cohort, CARD.assess(cohort)), (cohort, CARD.assess(cohort)))
    assert set(movement.counts()) <= {"unchanged", "not compared"}
    assert set(movement.why.to_pylist()) == {""}


@settings(deadline=None)
@given(cohorts(NAMES, size=4), cohorts(NAMES, size=4), st.sampled_from([CARD, LOOSER]))
def test_what_is_said_of_a_pupil_does_not_depend_on_who_else_is_there(
    before: Cohort, now: Cohort, then: Scorecard
) -> None:
    def why_of(places: list[int]) -> list[str]:
        found, earlier = now.take(np.array(places)), before.take(np.array(places))
        return list(compare((earlier, then.assess(earlier)), (found, CARD.assess(found))).why.to_pylist())

    assert why_of([0, 1, 2, 3]) == [line for place in range(4) for line in why_of([place])]
