"""Assessment: points and bands in three answers, the same for any subset and order, and what to ask first."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from itertools import product
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from roni.assessment import Assessment, ColumnNotKnown
from roni.assessment.sums import BLOCK
from roni.cohort import Cohort, Reading
from roni.fields import national
from roni.indicator import Inclusion, Indicator, Tier
from roni.indicator.condition import AllOf, AnyOf, AtLeast, Below, Condition, IsTrue, Not, OneOf
from roni.scorecard import Band, Scorecard, load_scorecard
from tests.strategies import FILE, cohort_of, cohorts, pupil

OXFORDSHIRE, RONI = load_scorecard("oxfordshire"), load_scorecard("roni")


def card_of(*indicators: Indicator, inclusions: tuple[Inclusion, ...] = ()) -> Scorecard:
    bands = (Band("none", 0, ""), Band("green", 1, ""), Band("amber", 2, ""), Band("red", 4, ""))
    return Scorecard(
        name="small",
        title="Small",
        version="1",
        on=date(2026, 11, 1),
        years=(11,),
        checks=("november",),
        settings=("mainstream",),
        sources=("invented",),
        bands=bands,
        indicators=indicators,
        inclusions=inclusions,
        digest="",
        dictionary=national(),
    )


def worth(name: str, *tiers: tuple[int, Condition]) -> Indicator:
    return Indicator(name, name, "family", tuple(Tier(points, when) for points, when in tiers), "invented")


# A card with everything that a condition can be, small enough to try every answer.
CROOKED = card_of(
    worth("low", (3, Below("attendance", 85.0)), (1, AllOf((Below("attendance", 90.0), IsTrue("fsm"))))),
    worth("odd", (2, AnyOf((Not(IsTrue("fsm")), OneOf("sen_provision", ("E",))))), (1, AtLeast("suspensions", 2))),
    worth("high", (2, AllOf((AtLeast("attendance", 95.0), Not(OneOf("sen_provision", ("N",))))))),
    inclusions=(Inclusion("care", "care", "amber", AnyOf((IsTrue("looked_after"), IsTrue("fsm"))), "invented"),),
)
CARDS = st.sampled_from([OXFORDSHIRE, RONI, CROOKED])


@st.composite
def assessed(draw: st.DrawFn) -> Assessment:
    card = draw(CARDS)
    return card.assess(draw(cohorts((*card.fields, "restricted_sharing"))))


def plain(cohort: Cohort, place: int) -> dict[str, Any]:
    return {name: cohort.value(name, place) for name in cohort.columns}


def answer(found: Assessment) -> list[tuple[int, ...]]:
    columns = (found.points, found.points_max, found.band, found.band_max, found.ask_first)
    return list(zip(*(values.tolist() for values in columns), strict=True))


def asked(found: Assessment, place: int = 0) -> str | None:
    chosen = int(found.ask_first[place])
    return None if chosen < 0 else found.ask_fields[chosen]


# ---- what always holds


@given(assessed(), st.data())
@settings(max_examples=40)
def test_any_subset_in_any_order_has_the_same_answers(found: Assessment, data: st.DataObject) -> None:
    places = data.draw(st.lists(st.integers(0, len(found) - 1), unique=True))
    again = found.card.assess(found.cohort.take(np.array(places, np.int64)))
    assert answer(again) == [answer(found)[place] for place in places]
    assert np.array_equal(again.tiers, found.tiers[places])


@given(assessed())
@settings(max_examples=40)
def test_points_and_bands_never_pass_what_they_could_become(found: Assessment) -> None:
    assert (found.points >= 0).all()
    assert (found.points <= found.points_max).all()
    assert (found.points_max <= found.card.most).all()
    assert (found.band <= found.band_max).all()
    assert (found.band_max < len(found.card.bands)).all()


@given(assessed())
@settings(max_examples=40)
def test_points_are_the_sum_of_the_indicators(found: Assessment) -> None:
    points = [found.indicator_points(place) for place in range(len(found.card.active))]
    assert np.array_equal(sum(met for met, _ in points), found.points)
    assert np.array_equal(sum(most for _, most in points), found.points_max)


@given(assessed())
@settings(max_examples=40)
def test_an_indicator_gives_the_highest_tier_met_and_at_most_the_highest_not_ruled_out(found: Assessment) -> None:
    for place, indicator in enumerate(found.card.active):
        met, most = found.indicator_points(place)
        verdicts = [tier.when.judge(found.cohort) for tier in indicator.tiers]
        for row in np.flatnonzero(~found.restricted):
            points = [tier.points for tier, verdict in zip(indicator.tiers, verdicts, strict=True) if verdict[row] > 0]
            possible = [t.points for t, verdict in zip(indicator.tiers, verdicts, strict=True) if verdict[row] >= 0]
            assert (met[row], most[row]) == (max(points, default=0), max(possible, default=0))


@given(CARDS, st.data())
@settings(max_examples=60)
def test_an_answer_narrows_what_is_possible(card: Scorecard, data: st.DataObject) -> None:
    cohort = data.draw(cohorts(card.fields, size=1))
    before = card.assess(cohort)
    for name, values in _edges(card).items():
        if not cohort.known(name)[0]:
            after = card.assess(pupil(**plain(cohort, 0) | {name: data.draw(st.sampled_from(values))}))
            assert after.points[0] >= before.points[0]
            assert after.points_max[0] <= before.points_max[0]
            assert after.band[0] >= before.band[0]
            assert after.band_max[0] <= before.band_max[0]


@given(cohorts(CROOKED.fields, size=1))
@settings(max_examples=40)
def test_the_worst_answers_to_everything_unknown_give_the_most_of_each_indicator(cohort: Cohort) -> None:
    found = CROOKED.assess(cohort)
    unknown = [name for name in CROOKED.fields if not cohort.known(name)[0]]
    answered = _every_answer(cohort, unknown)
    again = CROOKED.assess(answered)
    for place in range(len(CROOKED.active)):
        assert again.indicator_points(place)[0].max() <= found.indicator_points(place)[1][0]
    simple = OXFORDSHIRE.assess(cohort)  # of conditions on one field each, so the most is always reached
    unknown = [name for name in OXFORDSHIRE.fields if not cohort.known(name)[0]]
    worst = {name: values[0] for name, values in _edges(OXFORDSHIRE).items()} | {"sen_provision": "E"}
    met = OXFORDSHIRE.assess(pupil(**plain(cohort, 0) | {name: worst[name] for name in unknown}))
    assert met.points[0] == met.points_max[0] == simple.points_max[0]
    assert met.band[0] == simple.band_max[0]


@given(assessed())
@settings(max_examples=40)
def test_a_band_is_never_lower_than_that_of_an_inclusion_met(found: Assessment) -> None:
    names = [band.name for band in found.card.bands]
    for place, inclusion in enumerate(found.card.inclusions):
        met = found.inclusions[:, place] > 0
        assert (found.band[met] >= names.index(inclusion.band)).all()
        possible = (found.inclusions[:, place] >= 0) & ~found.restricted
        assert (found.band_max[possible] >= names.index(inclusion.band)).all()


def _edges(card: Scorecard) -> dict[str, tuple[Any, ...]]:
    conditions = [tier.when for _, tier in card.tiers] + [item.when for item in card.inclusions]
    return AnyOf(tuple(conditions)).edges(national())


def _every_answer(cohort: Cohort, unknown: list[str]) -> Cohort:
    rows = list(product(*(_edges(CROOKED)[name] for name in unknown)))
    columns = {name: [value] * len(rows) for name, value in plain(cohort, 0).items() if name not in unknown}
    columns |= {name: [row[place] for row in rows] for place, name in enumerate(unknown)}
    return cohort_of(columns, size=len(rows))


# ---- ask first, against the rule worked out pupil by pupil


@given(st.sampled_from([OXFORDSHIRE, CROOKED]), st.data())
@settings(max_examples=60)
def test_the_field_asked_first_is_the_one_whose_worst_answer_matters_most(card: Scorecard, data: st.DataObject) -> None:
    cohort = data.draw(cohorts(card.fields, size=1))
    found = card.assess(cohort)
    gains = {name: _gain(card, cohort, found, name) for name in card.fields if not cohort.known(name)[0]}
    raising = {name: (name in cohort.columns, *gain) for name, gain in gains.items() if gain > (0, 0)}
    if raising:
        best = max(raising.values())
        assert asked(found) == next(name for name in raising if raising[name] == best)
    elif (found.points[0], found.band[0]) == (found.points_max[0], found.band_max[0]):
        assert asked(found) is None
    else:
        assert asked(found) in gains  # only two answers together would change anything: one of them is asked


def _gain(card: Scorecard, cohort: Cohort, found: Assessment, name: str) -> tuple[int, int]:
    gains = []
    for value in _edges(card)[name]:
        then = card.assess(pupil(**plain(cohort, 0) | {name: value}))
        gains.append((int(then.band[0] - found.band[0]), int(then.points[0] - found.points[0])))
    return max(gains)


NOTHING = dict.fromkeys(OXFORDSHIRE.fields, False) | {"attendance": 97.5, "sen_provision": "N"}


def test_nothing_is_asked_when_everything_is_known() -> None:
    assert asked(OXFORDSHIRE.assess(pupil(**NOTHING))) is None


def test_nothing_is_asked_that_could_not_change_the_points() -> None:
    met = NOTHING | {"permanently_excluded": True, "suspended": None}
    assert asked(OXFORDSHIRE.assess(pupil(**met))) is None


def test_the_band_comes_before_the_points_and_the_points_before_card_order() -> None:
    # With 3 points known, 1 more is red; with none, EAL gives 1 point and free school meals 2.
    assert asked(OXFORDSHIRE.assess(pupil(**NOTHING | {"eal": None, "fsm": None}))) == "fsm"
    assert asked(OXFORDSHIRE.assess(pupil(**NOTHING | {"fsm": None, "looked_after": None}))) == "fsm"
    three = NOTHING | {"young_carer": True, "alternative_provision": True}
    assert asked(OXFORDSHIRE.assess(pupil(**three | {"eal": None, "suspended": None}))) == "suspended"
    four = three | {"eal": True}
    assert asked(OXFORDSHIRE.assess(pupil(**four | {"suspended": None, "fsm": None}))) == "fsm"


def test_a_field_of_several_tiers_is_asked_for_its_worst() -> None:
    assert asked(OXFORDSHIRE.assess(pupil(**NOTHING | {"attendance": None, "eal": None}))) == "attendance"


def test_what_is_unknown_for_this_pupil_comes_before_what_the_whole_file_lacks() -> None:
    columns = {name: [value] for name, value in NOTHING.items() if name != "fsm"}
    assert asked(OXFORDSHIRE.assess(cohort_of(columns | {"eal": [None]}))) == "eal"
    assert asked(OXFORDSHIRE.assess(cohort_of(columns))) == "fsm"


@pytest.mark.parametrize("state", ["empty", "absent"])
def test_a_column_that_one_file_lacks_is_known_from_the_readings(state: str) -> None:
    columns = {name: [value, value] for name, value in NOTHING.items()} | {"fsm": [None, None], "eal": [None, None]}
    cohort = cohort_of(
        columns,
        files=("first.csv", "second.csv"),
        file_index=[0, 1],
        readings=[
            Reading("first.csv", "FSM", "fsm", "", state),
            Reading("second.csv", "FSM", "fsm", "", "used"),
        ],
    )
    found = OXFORDSHIRE.assess(cohort)
    assert [asked(found, 0), asked(found, 1)] == ["eal", "fsm"]
    assert found.columns_not_known == (ColumnNotKnown("first.csv", "fsm", 2, 1),)
    alone = OXFORDSHIRE.assess(cohort.take(np.array([0])))
    assert asked(alone) == "eal"


def test_a_column_used_once_in_a_file_is_supplied_whatever_else_is_empty() -> None:
    readings = [Reading(FILE, "FSM", "fsm", "", "used"), Reading(FILE, "Free meals", "fsm", "", "empty")]
    cohort = cohort_of({name: [value] for name, value in NOTHING.items()}, readings=readings)
    assert OXFORDSHIRE.assess(cohort).columns_not_known == ()


def test_a_field_that_comes_by_another_route_or_from_a_council_list_is_supplied() -> None:
    columns = {name: [value] for name, value in NOTHING.items()}
    absent = [Reading(FILE, "", name, "", "absent") for name in ("pregnant", "parent", "pregnant_or_parent", "fsm")]

    def lacking(*more: Reading) -> list[str]:
        found = OXFORDSHIRE.assess(cohort_of(columns, readings=[*absent, *more]))
        return [item.field for item in found.columns_not_known]

    assert lacking() == ["fsm", "pregnant_or_parent"]
    assert lacking(Reading(FILE, "Parent", "parent", "", "used")) == ["fsm"]
    assert lacking(Reading("list.csv", "Free meals", "fsm", "", "used")) == ["pregnant_or_parent"]


def test_a_field_that_is_not_due_by_this_check_is_not_asked() -> None:
    card = card_of(
        worth("plan", (2, OneOf("intended_destination", ("none",)))),
        worth("eal", (1, IsTrue("eal"))),
    )
    columns = {"intended_destination": [None], "eal": [None]}
    assert asked(card.assess(cohort_of(columns))) == "eal"
    assert asked(card.assess(cohort_of(columns, check="january"))) == "intended_destination"


def test_where_only_two_answers_together_matter_the_first_of_them_is_asked() -> None:
    card = card_of(worth("both", (2, AllOf((IsTrue("eal"), IsTrue("fsm"))))))
    assert asked(card.assess(cohort_of({"eal": [None], "fsm": [None]}))) == "eal"
    assert asked(card.assess(cohort_of({"eal": [False], "fsm": [None]}))) is None


def test_an_inclusion_alone_is_worth_asking_about() -> None:
    inclusion = Inclusion("care", "care", "amber", IsTrue("looked_after"), "invented")
    card = card_of(worth("eal", (1, IsTrue("eal"))), inclusions=(inclusion,))
    assert asked(card.assess(pupil(eal=None, looked_after=None))) == "looked_after"
    assert asked(card.assess(pupil(eal=True, looked_after=None))) == "looked_after"
    assert asked(card.assess(pupil(eal=None, looked_after=True))) == "eal"
    assert asked(card.assess(pupil(eal=False, looked_after=False))) is None


def test_an_inclusion_that_takes_two_answers_is_asked_about_last() -> None:
    both = Inclusion("both", "both", "amber", AllOf((IsTrue("looked_after"), IsTrue("fsm"))), "invented")
    card = card_of(worth("eal", (1, IsTrue("eal"))), inclusions=(both,))
    unknown = {"looked_after": None, "fsm": None}
    assert asked(card.assess(pupil(eal=None, **unknown))) == "eal"
    assert asked(card.assess(pupil(eal=False, **unknown))) == "looked_after"


def test_a_gap_that_cannot_matter_is_never_asked_before_one_that_can() -> None:
    known = {name: value for name, value in NOTHING.items() if name != "fsm"}
    decided = known | {"permanently_excluded": True, "suspended": None}
    assert asked(OXFORDSHIRE.assess(pupil(**decided))) == "fsm"  # though the whole file lacks it

    moot = worth("moot", (2, IsTrue("young_carer")), (1, IsTrue("eal")))
    both = worth("both", (2, AllOf((IsTrue("looked_after"), IsTrue("fsm")))))
    found = card_of(moot, both).assess(pupil(young_carer=True, eal=None))
    assert asked(found) == "looked_after"
    found = card_of(moot, both).assess(pupil(young_carer=True, eal=None, looked_after=None, fsm=None))
    assert asked(found) == "looked_after"


def test_who_supplies_the_field_asked_stands_in_the_dictionary() -> None:
    found = OXFORDSHIRE.assess(pupil(**NOTHING | {"looked_after": None}))
    assert national()[asked(found) or ""].supplier == "virtual school"


# ---- whole columns, restricted pupils, many pupils


def test_a_missing_column_is_said_once_with_the_points_it_could_give() -> None:
    columns = {name: [value] * 3 for name, value in NOTHING.items() if name != "alternative_provision"}
    found = OXFORDSHIRE.assess(cohort_of(columns))
    assert found.columns_not_known == (ColumnNotKnown(FILE, "alternative_provision", 1, 3),)
    assert found.points_max.tolist() == [1, 1, 1]


def test_a_restricted_pupil_is_not_scored_and_never_none_or_green() -> None:
    columns = {"attendance": [50.0, 50.0, 50.0], "restricted_sharing": [True, False, None]}
    found = OXFORDSHIRE.assess(cohort_of(columns))
    assert found.restricted.tolist() == [True, False, False]
    assert found.band.tolist() == [-1, 2, 2]
    assert found.band_max.tolist() == [-1, 3, 3]
    assert found.points.tolist() == [0, 2, 2]
    assert not found.tiers[0].any()
    assert found.indicator_points(0)[1].tolist() == [0, 2, 2]
    assert asked(found, 0) is None
    assert all(item.pupils == 2 for item in found.columns_not_known)


def test_a_restricted_pupil_meets_no_inclusion() -> None:
    found = RONI.assess(pupil(looked_after=True, restricted_sharing=True))
    assert found.band.tolist() == [-1]
    assert not found.inclusions.any()


def test_no_pupils_are_no_rows() -> None:
    found = OXFORDSHIRE.assess(cohort_of({}))
    assert (len(found), found.tiers.shape, found.ask_first.tolist()) == (0, (0, 13), [])
    assert found.columns_not_known == ()


def test_the_matrix_has_one_column_a_tier_side_by_side_in_memory() -> None:
    found = OXFORDSHIRE.assess(pupil(attendance=87.0, sen_provision="K", fsm=True))
    assert found.tiers.dtype == np.int8
    assert found.tiers.flags.f_contiguous
    assert found.tiers.tolist() == [[-1, 1, -1, 1, 0, 0, 0, 1, 0, 0, 0, 0, 0]]
    assert [owner for owner, _ in OXFORDSHIRE.tiers] == [0, 0, 1, 1, 2, 2, 3, 4, 5, 6, 7, 8, 9]


def test_pupils_on_both_sides_of_a_block_are_assessed_alike() -> None:
    few = cohort_of(
        {"attendance": [84.9, None, 90.0], "fsm": [None, True, False], "restricted_sharing": [None, None, True]}
    )
    places = np.arange(BLOCK + 5) % 3
    many, expected = OXFORDSHIRE.assess(few.take(places)), OXFORDSHIRE.assess(few)
    for name in ("points", "points_max", "band", "band_max", "ask_first", "tiers", "restricted"):
        assert np.array_equal(getattr(many, name), getattr(expected, name)[places]), name


def test_a_card_of_many_points_is_added_up_without_overflow() -> None:
    card = card_of(*(worth(f"i{place}", (100, IsTrue("fsm")), (50, IsTrue("eal"))) for place in range(4)))
    found = card.assess(cohort_of({"fsm": [True, None, False], "eal": [None, True, True]}))
    assert found.points.tolist() == [400, 200, 200]
    assert found.points_max.tolist() == [400, 400, 200]
    just = replace(card, indicators=(card.indicators[0], worth("more", (28, IsTrue("fsm")))))
    assert just.assess(cohort_of({"fsm": [True]})).points.tolist() == [128]
