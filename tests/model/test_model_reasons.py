"""What a model says of a pupil: an account that adds up, and the top reasons for all pupils at once."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from roni.cohort import Cohort
from roni.model import Model
from roni.model.reasons import LEAST_PRINTED, LEAST_SAID, MOST_SAID, ModelReason, account_of, say_raising
from roni.tables import Table
from roni.wording.lines import Lines
from tests.models import FIELDS, INVENTED, TABLES, YOUNG_CARER, model_of, models
from tests.strategies import cohort_of, cohorts, pupil


def said(model: Model, cohort: Cohort) -> list[str]:
    lines = Lines(len(cohort))
    say_raising(model, cohort, lines)
    return lines.joined().to_pylist()


def test_an_account_reads_like_the_rules_reasons_and_adds_up() -> None:
    account = account_of(model_of(), pupil(attendance=71.0, young_carer=False, suspensions=1, sen_provision="K"), 0)
    assert account is not None
    assert account.lines == [
        "It starts from about 1 in 8 (log-odds -2.00).",
        "attendance 71.0 %: raises (+1.50)",
        "1 suspension: raises (+0.50)",
        "SEN support: raises (+0.30)",
        "not a young carer: lowers (-0.12)",
        "Altogether +2.17, which makes +0.17: about 1 in 2 like this.",
    ]


def test_what_is_not_known_is_said_where_it_counts() -> None:
    account = account_of(model_of(), pupil(young_carer=True), 0)
    assert account is not None
    assert "attendance not known: raises (+0.25)" in account.lines
    assert not any("SEN" in line for line in account.lines)


def test_of_a_pupil_not_scored_there_is_no_account() -> None:
    assert account_of(model_of(), pupil(restricted_sharing=True, young_carer=True), 0) is None
    assert account_of(model_of(), pupil(sex="F"), 0) is None


def test_an_account_of_invented_pupils_says_so() -> None:
    account = account_of(model_of(card=INVENTED), pupil(young_carer=True), 0)
    assert account is not None
    assert account.lines[-1].endswith("invented pupils like this.")


def test_where_the_bags_differ_the_account_says_how_sure_it_is() -> None:
    sure = account_of(model_of(bags=(TABLES, TABLES)), pupil(young_carer=True), 0)
    unsure = account_of(
        model_of(YOUNG_CARER, bags=tuple(model_of(YOUNG_CARER, base=base).tables for base in (-3.0, -1.0))),
        pupil(young_carer=True),
        0,
    )
    assert sure is not None
    assert unsure is not None
    assert not any("other pupils" in line for line in sure.lines)
    assert unsure.lines[-1].startswith("Trained on other pupils of the same kind it could have been about 1 in ")


@pytest.mark.parametrize(("log_odds", "text"), [(0.5, "x: raises (+0.50)"), (-0.5, "x: lowers (-0.50)")])
def test_a_reason_says_which_way_it_goes(log_odds: float, text: str) -> None:
    assert ModelReason("x", "x", log_odds).text == text
    assert "changes nothing" in ModelReason("x", "x", 0.0).text


@settings(max_examples=40, deadline=None)
@given(models(), cohorts(FIELDS))
def test_the_reasons_and_the_base_are_the_log_odds(model: Model, cohort: Cohort) -> None:
    for index, probability in enumerate(model.probability(cohort)):
        account = account_of(model, cohort, index)
        assert (account is None) == bool(np.isnan(probability))
        if account is not None:
            total = account.base + sum(reason.log_odds for reason in account.reasons)
            assert total == pytest.approx(account.log_odds, abs=1e-9)
            assert account.probability == probability
            assert [reason.field for reason in account.reasons] != []


@settings(max_examples=40, deadline=None)
@given(models(), cohorts([*FIELDS, "restricted_sharing"]))
def test_the_list_says_what_the_accounts_say_raises_most(model: Model, cohort: Cohort) -> None:
    for index, line in enumerate(said(model, cohort)):
        account = account_of(model, cohort, index)
        raising = [] if account is None else [item for item in account.reasons if item.log_odds >= LEAST_SAID]
        cut = min((item.log_odds for item in raising[:MOST_SAID]), default=0)
        wanted = {f"{item.fact}: raises" for item in raising if item.log_odds >= cut}
        assert set(filter(None, line.split("; "))) == wanted


@settings(max_examples=25, deadline=None)
@given(models(), cohorts(FIELDS, size=4), st.permutations(range(4)))
def test_a_line_does_not_depend_on_who_else_is_there(model: Model, cohort: Cohort, places: list[int]) -> None:
    whole = said(model, cohort)
    assert said(model, cohort.take(np.array(places))) == [whole[place] for place in places]


@pytest.mark.parametrize(("value", "line"), [(LEAST_SAID, "young carer: raises"), (LEAST_SAID - 1e-9, "")])
def test_what_raises_next_to_nothing_is_not_on_the_line(value: float, line: str) -> None:
    assert said(model_of(Table("young_carer", "flag", values=(0, value))), pupil(young_carer=True)) == [line]


def test_a_per_cent_is_printed_on_its_own_side_of_an_edge() -> None:
    assert said(model_of(), cohort_of({"attendance": [89.96, 79.999, 85.23]})) == [
        "attendance 89.96 %: raises",
        "attendance 79.999 %: raises",
        "attendance 85.2 %: raises",
    ]


@pytest.mark.parametrize(
    ("value", "line"), [(LEAST_PRINTED, "young carer: raises"), (LEAST_PRINTED - 1e-9, ""), (-0.5, "")]
)
def test_of_a_pupil_whose_band_is_raised_the_little_that_raises_is_said(value: float, line: str) -> None:
    model, cohort = model_of(Table("young_carer", "flag", values=(0, value))), cohort_of({"young_carer": [True, True]})
    lines = Lines(2)
    found = say_raising(model, cohort, lines, np.array([False, True]))
    assert lines.joined().to_pylist() == ["", line]
    assert found.tolist() == [False, bool(line)]


def test_where_much_raises_the_little_is_left_out_of_a_raised_pupils_line_too() -> None:
    small = Table("suspensions", "number", edges=(1.0,), values=(0.0, 0.1))
    lines = Lines(1)
    say_raising(model_of(YOUNG_CARER, small), pupil(young_carer=True, suspensions=2), lines, np.array([True]))
    assert lines.joined().to_pylist() == ["young carer: raises"]
