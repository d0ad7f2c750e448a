"""One pupil in plain English: what it says, and what it must never say."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from xml.etree import ElementTree

import numpy as np
import pytest
from hypothesis import given, settings

from roni.chance import one_in
from roni.cohort import KEY_KINDS, Cohort, Source
from roni.errors import ProblemBlock, Problems
from roni.explanation import Explanation
from roni.explanation.explainer import ModelSays, explain
from roni.scorecard import load_scorecard
from roni.scoring import score
from tests.strategies import FILE, cohort_of, cohorts, pupil

CARD, OURS = load_scorecard("oxfordshire"), load_scorecard("roni")
NAMES = [
    *OURS.fields,
    *CARD.fields,
    "restricted_sharing",
    "leaving_destination",
    "sessions_possible",
    "attendance_from",
]
NEVER = ("will be NEET", "safe", "risk score", "the AI")


def explained(cohort: Cohort, index: int = 0, **more: object) -> Explanation:
    return explain(cohort, CARD.assess(cohort), index, **more)  # type: ignore[arg-type]


FULL = {
    "forename": ["Ada"],
    "surname": ["Ashdown"],
    "attendance": [84.2],
    "sessions_possible": [76],
    "sessions_attended": [64],
    "attendance_from": [date(2026, 9, 2)],
    "attendance_to": [date(2026, 10, 23)],
    "suspensions": [3],
    "suspended": [True],
    "suspensions_window": ["this_year"],
    "young_carer": [None],
}


def test_the_text_says_band_points_reasons_gaps_and_limits() -> None:
    text = explained(cohort_of(FULL)).text
    assert text.startswith("Ada Ashdown, November 2026 check\nScorecard: Oxfordshire risk-of-NEET indicators (1)\n")
    assert "Band: amber. Additional support is needed.\n3 points of 18.\n" in text
    assert "+2  attendance 84.2 % (below 85 %) [12 of 76 sessions missed, 2 Sep to 23 Oct]" in text
    assert "+1  3 suspensions [window: this academic year]" in text
    assert "3 points altogether" in text
    assert "up to +2  young carer: young carer not known (ask: " in text
    assert "57 to 63 in every 100" in text


@settings(max_examples=15, deadline=None)
@given(cohorts(NAMES, size=3))
def test_reasons_and_gaps_add_up_for_any_pupil(cohort: Cohort) -> None:
    for card in (CARD, OURS):
        assessment = card.assess(cohort)
        for index in range(len(cohort)):
            said = explain(cohort, assessment, index)
            if said.points is not None and said.points_max is not None:
                assert sum(reason.points for reason in said.reasons) == said.points == assessment.points[index]
                assert sum(gap.points for gap in said.gaps) == said.points_max - said.points
            assert not any(word in said.text for word in NEVER)
            json.dumps(said.to_dict())
            assert not said.svg() or ElementTree.fromstring(said.svg()).tag.endswith("svg")


@settings(max_examples=15, deadline=None)
@given(cohorts(OURS.fields, size=3))
def test_the_list_and_the_explanation_say_the_same_of_a_pupil(cohort: Cohort) -> None:
    register = score(cohort, OURS)
    for row in register.to_table().to_pylist():
        said = register.explain(row["key"])
        listed = [
            f"{reason.fact} +{reason.points}"
            if reason.at_least is None
            else f"{reason.fact}: at least {reason.at_least}"
            for reason in said.reasons
        ]
        assert "; ".join(listed) == row["reasons"]
        assert (said.band, said.band_max, said.ask_first) == (row["band"], row["band_max"], row["ask_first"])


def test_a_restricted_pupil_is_not_scored_and_nothing_else_is_said() -> None:
    said = explained(pupil(restricted_sharing=True, young_carer=True, surname="Ashdown"))
    assert said.text.splitlines()[2].startswith("Not scored: information restricted.")
    assert "carer" not in said.text
    assert (said.points, said.reasons, said.svg()) == (None, (), "")


def test_a_death_is_said_and_nothing_else() -> None:
    said = explained(pupil(leaving_destination="died", young_carer=True))
    assert said.text.endswith("In no list: the school has recorded a death.\n")


def test_without_a_model_no_sentence_is_about_probability() -> None:
    text = explained(cohort_of(FULL)).text
    assert "about 1 in" not in text
    assert "model" not in text


@pytest.mark.parametrize(
    ("model", "said", "band"),
    [
        (ModelSays("demo", 0.125, 3), "demo: about 1 in 8 like this. It raises the band from amber to red.", "red"),
        (ModelSays("demo", 0.125, 1), "demo: about 1 in 8 like this. The band is the scorecard’s.", "amber"),
        (ModelSays("demo", float("nan"), -1), "demo could not say anything of this pupil", "amber"),
    ],
)
def test_a_model_stands_beside_the_scorecard(model: ModelSays, said: str, band: str) -> None:
    found = explained(cohort_of(FULL), model=model)
    assert said in found.text
    assert found.band == band


@pytest.mark.parametrize(
    ("probability", "said"),
    [
        (1.0, "about 9 in 10"),
        (0.5, "about 1 in 2"),
        (0.34, "about 1 in 3"),
        (0.33, "about 1 in 3"),
        (0.29, "about 1 in 3"),
        (0.02, "about 1 in 50"),
        (0.001, "about 1 in 1,000"),
        (0.0009, "fewer than 1 in 1,000"),
        (0.0, "fewer than 1 in 1,000"),
    ],
)
def test_a_probability_is_said_as_one_in_so_many(probability: float, said: str) -> None:
    assert one_in(probability) == said


def test_what_changed_is_said_when_there_is_an_earlier_check() -> None:
    before = cohort_of({**FULL, "attendance": [88.0]})
    now = cohort_of({**FULL, "young_carer": [True]}, check="january")
    text = explained(now, previous=(before, CARD.assess(before))).text
    assert "Since November 2026: up (amber with 2 points then); attendance 84.2 % (below 85 %) +2, was" in text
    assert "young carer +2, was young carer not known" in text


def test_a_pupil_who_was_not_in_the_earlier_check_is_said_to_be_so() -> None:
    before = cohort_of({"young_carer": [True]}).take(np.array([], np.int64))
    assert (
        explained(cohort_of(FULL), previous=(before, CARD.assess(before))).change == "Not in the November 2026 check."
    )


def test_a_pupil_whom_nothing_identifies_is_not_compared() -> None:
    before, now = cohort_of(FULL), cohort_of(FULL, check="january")
    now.key_kind[0] = KEY_KINDS.index("reference")
    said = explained(now, previous=(before, CARD.assess(before))).change
    assert said.startswith("Not compared with the November 2026 check: no UPN")


def test_a_restricted_pupil_then_is_not_compared_now() -> None:
    before = cohort_of({**FULL, "restricted_sharing": [True]})
    assert (
        explained(cohort_of(FULL), previous=(before, CARD.assess(before))).change
        == "Since November 2026: not compared."
    )


def test_disagreements_in_the_pupils_own_row_are_said() -> None:
    says = {"label": "young carer"}
    problems = Problems([ProblemBlock("sources_disagree", FILE, "Young carer", np.array([3]), says)])
    cohort = replace(cohort_of({"young_carer": [True, True]}), problems=problems)
    assert explained(cohort, 0).conflicts == ()
    assert explained(cohort, 1).conflicts == (
        "young carer: a council list says no, the school says yes; counts as yes until a person decides.",
    )


def test_who_says_so_and_as_at_when_stands_beside_a_reason() -> None:
    sources = (Source("carers.csv", date(2026, 10, 1), "council"),)
    cohort = replace(pupil(young_carer=True), sources=sources, origin={"young_carer": np.array([0], np.int8)})
    assert "+2  young carer [council list, carers.csv, as at 1 Oct 2026]" in explained(cohort).text


@pytest.mark.parametrize(
    ("sessions", "said"),
    [
        ({"sessions_absent": 12}, "12 of 76 sessions missed"),
        ({"sessions_authorised": 4, "sessions_unauthorised": 8}, "12 of 76 sessions missed"),
        ({"sessions_authorised": 4}, "of 76 possible sessions"),
        ({"sessions_absent": 1, "sessions_possible": 1}, "1 of 1 session missed"),
    ],
)
def test_sessions_missed_are_said_however_they_were_given(sessions: dict[str, int], said: str) -> None:
    found = explained(pupil(**{"attendance": 84.2, "sessions_possible": 76, **sessions}))
    assert found.reasons[0].details == said


def test_days_of_another_calendar_year_have_their_year() -> None:
    found = explained(pupil(attendance=84.2, attendance_from=date(2025, 9, 2), attendance_to=date(2026, 10, 23)))
    assert found.reasons[0].details == "2 Sep 2025 to 23 Oct"


def test_a_permanent_exclusion_has_its_day_and_status() -> None:
    found = explained(
        pupil(
            permanently_excluded=True,
            permanent_exclusion_date=date(2026, 10, 2),
            permanent_exclusion_status="under_review",
        )
    )
    assert found.reasons[0].details == "2 Oct 2026, under review"


def test_the_picture_has_a_bar_a_reason_and_the_bands() -> None:
    svg = explained(cohort_of(FULL)).svg()
    root = ElementTree.fromstring(svg)
    assert root.findtext("{http://www.w3.org/2000/svg}title") == "Ada Ashdown: amber, 3 points, November 2026"
    assert "amber from 2" in svg
    assert "none from 0" not in svg
