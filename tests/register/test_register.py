"""The ranked list: every pupil once, in order, with what stands beside each name."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from roni.assessment import Card
from roni.cohort import Cohort, Source
from roni.errors import PupilNotFoundError
from roni.register import Register
from roni.scorecard import load_scorecard
from roni.scoring import score
from tests.strategies import cohort_of, cohorts

CARD = load_scorecard("oxfordshire")
FIELDS = [*CARD.fields, "restricted_sharing", "leaving_destination", "leaving_date", "sessions_possible", "surname"]
FIRST = [
    "rank", "upn", "surname", "forename", "preferred_name", "year_group", "registration_group", "school", "band",
    "band_max", "points", "points_max", "probability", "reasons", "not_known", "ask_first",
]  # fmt: skip


@dataclass(frozen=True)
class Fixed:
    """A scorer that says what it is told to."""

    chances: tuple[float, ...]
    name: str = "model of 2026"

    def probability(self, cohort: Cohort) -> NDArray[np.float64]:
        return np.resize(np.array(self.chances), len(cohort))

    def band(self, probability: NDArray[np.float64], card: Card) -> NDArray[np.int8]:
        places = np.floor(np.nan_to_num(probability) * (len(card.bands) - 1)).astype(np.int8)
        return np.where(np.isnan(probability), -1, places).astype(np.int8)


def chances() -> st.SearchStrategy[tuple[float, ...]]:
    return st.lists(st.one_of(st.just(np.nan), st.floats(0, 1)), min_size=1, max_size=6).map(tuple)


def marks(**values: object) -> str:
    return str(score(cohort_of({name: [value] for name, value in values.items()}), CARD).to_frame().marks[0])


def test_the_columns_stand_in_the_order_that_people_expect() -> None:
    frame = score(cohort_of({"young_carer": [True]}), CARD).to_frame()
    assert list(frame.columns[: len(FIRST)]) == FIRST


@settings(max_examples=25, deadline=None)
@given(cohorts(FIELDS), chances())
def test_every_pupil_is_in_the_frame_exactly_once(cohort: Cohort, given_chances: tuple[float, ...]) -> None:
    frame = score(cohort, CARD, Fixed(given_chances)).to_frame()
    assert sorted(frame.key) == sorted(cohort)
    ranked = frame["rank"].dropna().tolist()
    assert ranked == list(range(1, len(ranked) + 1))
    assert frame["rank"][len(ranked) :].isna().all()


@settings(max_examples=25, deadline=None)
@given(cohorts(FIELDS), chances())
def test_a_model_never_lowers_a_band_and_scores_no_restricted_pupil(
    cohort: Cohort, given_chances: tuple[float, ...]
) -> None:
    register = score(cohort, CARD, Fixed(given_chances))
    assert (register.band >= register.rules_band).all()
    assert (register.band_max >= register.band).all()
    assert (register.band[register.assessment.restricted] == -1).all()


@settings(max_examples=25, deadline=None)
@given(cohorts(FIELDS), chances(), st.integers(0, 7))
def test_whoever_the_rules_alone_list_is_listed_or_displaced(
    cohort: Cohort, given_chances: tuple[float, ...], count: int
) -> None:
    by_rules, found = score(cohort, CARD).top(count), score(cohort, CARD, Fixed(given_chances)).top(count)
    assert set(by_rules.pupils.tolist()) <= {*found.pupils.tolist(), *found.displaced.tolist()}
    assert set(found.pupils.tolist()).isdisjoint(found.displaced.tolist())
    assert len(found) == len(by_rules)


@settings(max_examples=15, deadline=None)
@given(cohorts([*CARD.fields, "restricted_sharing"], size=5), st.permutations(range(5)))
def test_the_list_does_not_depend_on_the_order_of_the_file(cohort: Cohort, places: list[int]) -> None:
    kept = ["rank", "key", "band", "points", "reasons", "not_known"]
    shuffled = cohort.take(np.array(places))
    assert score(cohort, CARD).to_frame()[kept].equals(score(shuffled, CARD).to_frame()[kept])


def test_both_bands_are_shown_with_who_said_what() -> None:
    frame = score(cohort_of({"young_carer": [True, False]}), CARD, Fixed((0.0, 1.0))).to_frame()
    assert frame[["band", "rules_band", "model_band"]].to_numpy().tolist() == [
        ["red", "none", "red"],
        ["amber", "amber", "none"],
    ]
    assert frame.probability.tolist() == [1.0, 0.0]


def test_without_a_model_there_is_no_probability() -> None:
    frame = score(cohort_of({"young_carer": [True]}), CARD).to_frame()
    assert frame.probability.isna().all()
    assert frame.model_band.isna().all()


def test_a_restricted_pupil_is_in_a_section_of_its_own_without_points_or_reasons() -> None:
    cohort = cohort_of({"restricted_sharing": [True, None], "young_carer": [True, None], "sessions_possible": [3, 90]})
    row = score(cohort, CARD).to_table().to_pylist()[1]
    assert row["band"] == row["band_max"] == row["rules_band"] == "not scored: information restricted"
    assert row["section"] == "restricted"
    assert [row[name] for name in ("rank", "points", "points_max", "probability")] == [None] * 4
    assert [row[name] for name in ("reasons", "not_known", "ask_first", "marks")] == [""] * 4


def test_only_the_columns_asked_for_are_made_and_are_those_of_the_whole_table() -> None:
    register = score(cohort_of({"young_carer": [True, None, False], "attendance": [84.0, 91.5, None]}), CARD)
    whole = register.to_table()
    assert register.to_table(["marks", "reasons"]).equals(whole.select(["marks", "reasons"]))
    assert all(register.to_table([name]).equals(whole.select([name])) for name in whole.column_names)
    with pytest.raises(KeyError, match="shoe size"):
        register.to_table(["shoe size"])


def test_a_pupil_who_has_died_is_in_no_list_and_still_accounted_for() -> None:
    cohort = cohort_of({"leaving_destination": ["died", None], "young_carer": [True, None]})
    register = score(cohort, CARD)
    row = register.to_table().to_pylist()[1]
    assert (row["section"], row["band"], row["rank"], row["points"], row["reasons"]) == (
        "not listed", "not listed", None, None, "",
    )  # fmt: skip
    assert register.top(5).pupils.tolist() == [1]


@pytest.mark.parametrize(
    ("leaving", "mark"),
    [
        ({"leaving_date": date(2026, 11, 1)}, "left on 1 Nov 2026"),
        ({"leaving_date": date(2026, 11, 2)}, ""),
        ({"leaving_destination": "college"}, "left, to a college"),
        ({"leaving_date": date(2026, 9, 9), "leaving_destination": "college"}, "left on 9 Sep 2026, to a college"),
    ],
)
def test_a_pupil_who_has_left_stays_ranked_and_is_marked(leaving: dict[str, object], mark: str) -> None:
    assert marks(young_carer=True, **leaving) == mark
    cohort = cohort_of({name: [value] for name, value in {"young_carer": True, **leaving}.items()})
    assert score(cohort, CARD).to_frame()["rank"].tolist() == [1]


@pytest.mark.parametrize(("possible", "mark"), [(59, "few sessions"), (60, ""), (0, ""), (None, "")])
def test_attendance_on_few_sessions_is_marked(possible: int | None, mark: str) -> None:
    assert marks(attendance=80.0, sessions_possible=possible) == mark


def test_two_registrations_are_marked() -> None:
    assert marks(registration_status="main_dual") == marks(registration_status="subsidiary") == "two registrations"
    assert marks(registration_status="single") == ""


def test_facts_of_an_earlier_check_are_marked() -> None:
    cohort = cohort_of({"young_carer": [True, True]})
    carried = replace(
        cohort,
        sources=(Source("November 2026", date(2026, 11, 1), "carried"),),
        origin={"young_carer": np.array([0, -1], np.int8)},
    )
    assert score(carried, CARD).to_frame().marks.tolist() == ["facts as at November 2026", ""]


def test_a_school_is_named_or_else_numbered() -> None:
    cohort = cohort_of(
        {
            "school_name": ["Elm Academy", None, None, None],
            "urn": ["100001", "100001", None, None],
            "laestab": [None, None, "8884000", None],
        }
    )
    assert score(cohort, CARD).to_table()["school"].to_pylist() == [
        "Elm Academy",
        "URN 100001",
        "LAESTAB 8884000",
        None,
    ]


def test_an_empty_cohort_has_an_empty_list() -> None:
    register = score(cohort_of({"young_carer": []}, size=0), CARD)
    assert len(register.to_frame()) == len(register) == 0
    assert len(register.top(3)) == 0


def test_a_list_longer_than_one_block_of_lines_says_everybody() -> None:
    size = 250_003
    cohort = Cohort(
        **{
            **vars(cohort_of({"young_carer": [True]})),
            "columns": {"young_carer": np.ones(size, np.int8)},
            "keys": pa.array([f"K{place:07}" for place in range(size)]),
            "key_kind": np.zeros(size, np.int8),
            "file_index": np.zeros(size, np.int16),
            "row": np.arange(size, dtype=np.int64),
        }
    )
    said = score(cohort, CARD).to_table()["reasons"]
    assert len(said) == size
    assert said.unique().to_pylist() == ["young carer +2"]


def test_an_unknown_key_is_refused_without_repeating_it() -> None:
    register: Register = score(cohort_of({"young_carer": [True]}), CARD)
    with pytest.raises(PupilNotFoundError, match="No pupil in this cohort has that identifier"):
        register.explain("NOBODY")


def test_what_whole_files_lack_is_said_once() -> None:
    notes = score(cohort_of({"young_carer": [True, False]}), CARD).notes
    assert "invented.csv says nothing about attendance: not known, up to 2 points for each of 2 pupils." in notes
