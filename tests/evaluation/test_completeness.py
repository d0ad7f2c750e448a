"""How much is known of pupils, and what asking would be worth."""

from __future__ import annotations

import numpy as np

from roni.cohort import Cohort
from roni.evaluation.completeness import answer_first, by_completeness, value_of_asking
from roni.register import Register
from roni.scoring import score
from tests.strategies import cohort_of

FIELDS = ("attendance", "fsm", "eal")
KNOWN = {
    "sen_provision": ["N"] * 80, "suspended": [False] * 80, "permanently_excluded": [False] * 80, "eal": [False] * 80,
    "fsm": [False] * 80, "alternative_provision": [False] * 80, "looked_after": [False] * 80, "custody": [False] * 80,
    "pregnant_or_parent": [False] * 80, "young_carer": [False] * 80, "youth_justice": [False] * 80,
}  # fmt: skip
LABEL = np.repeat(np.array([1, -1], np.int8), 40)


def rescored(cohort: Cohort) -> Register:
    return score(cohort, "oxfordshire")


def test_pupils_stand_in_quarters_by_how_much_is_known() -> None:
    columns = {"attendance": [None, 90.0, 90.0, 90.0], "fsm": [None, None, True, True], "eal": [None, None, None, True]}
    found = by_completeness(cohort_of(columns), FIELDS)
    assert found.labels == ("0 of 3 known", "1 of 3 known", "2 of 3 known", "3 of 3 known")
    assert found.code.tolist() == [0, 1, 2, 3]


def test_pupils_of_whom_equally_much_is_known_stand_together() -> None:
    found = by_completeness(cohort_of({"attendance": [90.0] * 5, "fsm": [True] * 5, "eal": [None] * 5}), FIELDS)
    assert found.labels == ("2 of 3 known",)


def test_a_quarter_says_from_how_much_to_how_much() -> None:
    columns = {"attendance": [None] + [90.0] * 7, "fsm": [None, None] + [True] * 6, "eal": [True] * 8}
    assert by_completeness(cohort_of(columns), FIELDS).labels == ("1 to 2 of 3 known", "3 of 3 known")


def test_only_the_first_unknown_is_answered_and_only_where_the_answer_is_known() -> None:
    asked = cohort_of({"attendance": [None, 95.0], "fsm": [None, True], "eal": [False, False]})
    register = rescored(asked)
    first = register.assessment.ask_fields[int(register.assessment.ask_first[0])]
    filled, _, answered = answer_first(register, cohort_of({first: [True if first != "attendance" else 50.0, None]}))
    assert answered == 1
    assert filled.known(first)[0]
    assert sum(filled.known(name)[0] for name in register.card.fields) == 2  # with EAL, which was known


def test_a_true_answer_brings_a_missed_pupil_into_the_list() -> None:
    # the 40 NEET pupils really attend 60 %, which nobody wrote down; the others attend 89 % and have one point each
    cohort = cohort_of({**KNOWN, "attendance": [None] * 40 + [89.0] * 40})
    completed = cohort_of({**KNOWN, "attendance": [60.0] * 40 + [89.0] * 40})
    found = value_of_asking(rescored, cohort, completed, LABEL, 40, resamples=100)
    assert (found.asked, found.answered, found.gain.value) == (40, 40, 1.0)
    assert (found.gain.low or 0) > 0.5


def test_without_answers_nothing_is_gained() -> None:
    cohort = cohort_of({**KNOWN, "attendance": [None] * 40 + [89.0] * 40})
    found = value_of_asking(rescored, cohort, cohort, LABEL, 40, resamples=100)
    assert (found.asked, found.answered) == (40, 0)
    assert (found.gain.value, found.gain.low, found.gain.high) == (0.0, 0.0, 0.0)
