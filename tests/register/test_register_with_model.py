"""The scorecard and a trained model side by side: the model may only add, and both sides are shown."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from roni.assessment import Card
from roni.cohort import Cohort, Source
from roni.errors import ModelError
from roni.model import Model
from roni.model.file import save_model
from roni.order import far_apart
from roni.register import Register
from roni.scorecard import load_scorecard
from roni.scoring import score
from roni.workbook import write_register
from tests.models import ATTENDANCE, FIELDS, INVENTED, YOUNG_CARER, model_of, models
from tests.models import CARD as CARD_OF_MODEL
from tests.strategies import cohort_of, cohorts

CARD = load_scorecard("oxfordshire")
BANDS = [band.name for band in CARD.bands]  # none, green, amber, red
WITH_CARD = sorted({*FIELDS, *CARD.fields, "restricted_sharing"})


def register_of(model: Model | None = None, **columns: list[object]) -> Register:
    return score(cohort_of(columns), CARD, model or model_of())


def rows(register: Register) -> list[dict[str, object]]:
    return register.to_table().to_pylist()


@settings(max_examples=40, deadline=None)
@given(models(), cohorts(WITH_CARD))
def test_a_model_never_lowers_a_band_nor_takes_anybody_off(model: Model, cohort: Cohort) -> None:
    alone, both = score(cohort, CARD), score(cohort, CARD, model)
    assert (both.band >= alone.band).all()
    assert (both.band_max >= alone.band_max).all()
    assert (both.assessment.points == alone.assessment.points).all()
    assert ((both.rank > 0) == (alone.rank > 0)).all()


@settings(max_examples=40, deadline=None)
@given(models(), cohorts(WITH_CARD, size=5), st.integers(0, 5))
def test_whoever_the_rules_alone_list_is_listed_or_displaced(model: Model, cohort: Cohort, count: int) -> None:
    alone, both = score(cohort, CARD).top(count), score(cohort, CARD, model).top(count)
    assert set(alone.pupils.tolist()) <= {*both.pupils.tolist(), *both.displaced.tolist()}


@settings(max_examples=30, deadline=None)
@given(models(), cohorts(WITH_CARD, size=4), st.permutations(range(4)))
def test_a_pupil_stands_the_same_whoever_else_is_there(model: Model, cohort: Cohort, places: list[int]) -> None:
    whole = {row["key"]: row for row in rows(score(cohort, CARD, model))}
    for row in rows(score(cohort.take(np.array(places[:2])), CARD, model)):
        other = whole[row["key"]]
        kept = ["band", "points", "probability", "chance", "reasons", "rules_band", "model_band"]
        assert [row[name] for name in kept] == [other[name] for name in kept]


@settings(max_examples=30, deadline=None)
@given(models(), cohorts(WITH_CARD))
def test_pupils_who_cannot_be_scored_stand_first_in_their_band(model: Model, cohort: Cohort) -> None:
    register = score(cohort, CARD, model)
    ranked = register.order[: int((register.rank > 0).sum())]
    for band in range(len(BANDS)):
        scored = ~np.isnan(register.probability[ranked][register.band[ranked] == band])  # type: ignore[index]
        assert (np.diff(scored.astype(int)) >= 0).all()


def test_a_pupil_who_cannot_be_scored_stands_before_those_who_can() -> None:
    register = register_of(model_of(ATTENDANCE, base=-4.0), looked_after=[True, True], attendance=[97.0, None])
    assert [row["key"] for row in rows(register)] == ["PUPIL00001", "PUPIL00000"]
    assert rows(register)[0]["probability"] is None
    assert rows(register)[0]["chance"] is None
    assert rows(register)[0]["model_band"] is None


def test_both_sides_are_shown_with_who_said_what() -> None:
    (row,) = rows(register_of(attendance=[81.0], young_carer=[True]))
    assert (row["band"], row["rules_band"], row["model_band"]) == ("red", "red", "red")
    assert row["points"] == 4
    assert row["chance"] == "about 1 in 3 like this"
    assert row["reasons"] == (
        "attendance 81.0 % (below 85 %) +2; young carer +2; attendance 81.0 %: raises; young carer: raises"
    )


def test_a_model_raises_a_band_and_the_points_stay() -> None:
    (row,) = rows(register_of(attendance=[85.0], suspensions=[5]))
    assert (row["rules_band"], row["model_band"], row["band"]) == ("green", "red", "red")
    assert row["points"] == 1


def test_a_band_that_the_model_raises_is_said_with_its_reasons() -> None:
    (row,) = rows(register_of(attendance=[85.0], suspensions=[5]))
    assert str(row["reasons"]).endswith("5 suspensions: raises; the model raises green to red")
    (row,) = rows(register_of(attendance=[81.0], young_carer=[True]))
    assert "the model raises" not in str(row["reasons"])


def test_where_no_field_raises_a_raised_pupil_the_chance_is_the_reason() -> None:
    register = register_of(model_of(ATTENDANCE, base=-1.9, edges=(0.01, 0.05, 0.3), card=INVENTED), attendance=[97.0])
    (row,) = rows(register)
    assert (row["rules_band"], row["model_band"]) == ("none", "amber")
    assert row["reasons"] == "chance about 1 in 12 invented pupils like this: raises; the model raises none to amber"
    text = register.explain("PUPIL00000").text
    assert "It raises the band from none to amber." in text
    assert "No field raises the chance: what the model starts from is enough for that band." in text
    assert "No field raises" not in register_of(attendance=[85.0], suspensions=[5]).explain("PUPIL00000").text


@settings(max_examples=40, deadline=None)
@given(models(), cohorts(WITH_CARD))
def test_nobody_is_raised_without_a_reason(model: Model, cohort: Cohort) -> None:
    for row in rows(score(cohort, CARD, model)):
        raised = row["model_band"] is not None and row["band"] != row["rules_band"]
        words = f"; the model raises {row['rules_band']} to {row['model_band']}"
        assert str(row["reasons"]).endswith(words) == raised
        assert not raised or ": raises;" in str(row["reasons"])


def test_a_scorer_that_cannot_say_why_is_said_to_raise_by_its_chance() -> None:
    (row,) = rows(score(cohort_of({"attendance": [97.0]}), CARD, _Bare()))
    assert row["reasons"] == "chance about 1 in 5 like this: raises; the model raises none to red"


class _Bare:
    """A scorer that knows how likely, and not why."""

    name = "bare"

    def probability(self, cohort: Cohort) -> NDArray[np.float64]:
        return np.full(len(cohort), 0.2)

    def band(self, probability: NDArray[np.float64], card: Card) -> NDArray[np.int8]:
        return np.full(len(probability), len(card.bands) - 1, np.int8)


def test_a_scorecard_and_a_model_far_apart_are_marked_and_said() -> None:
    register = register_of(attendance=[85.0], suspensions=[5])
    assert rows(register)[0]["marks"] == "scorecard green, model red: look at both"
    text = register.explain("PUPIL00000").text
    assert "It raises the band from green to red. The scorecard says green, the model red: look at both." in text


def test_a_model_far_below_the_scorecard_is_said_too() -> None:
    model = model_of(ATTENDANCE, YOUNG_CARER, base=-6.0)
    register = register_of(model, attendance=[97.0], young_carer=[True], looked_after=[True], ehcp=[True])
    assert rows(register)[0]["marks"] == "scorecard red, model none: look at both"
    text = register.explain("PUPIL00000").text
    assert "The band is the scorecard’s. The scorecard says red, the model none: look at both." in text


@pytest.mark.parametrize(
    ("rules", "model", "apart"),
    [(1, 3, True), (3, 1, True), (2, 3, False), (2, 2, False), (3, -1, False), (-1, 3, False)],
)
def test_two_ranks_apart_is_far(rules: int, model: int, apart: bool) -> None:
    assert far_apart(np.array([rules], np.int8), np.array([model], np.int8)).tolist() == [apart]


def test_an_explanation_has_the_account_of_both() -> None:
    found = register_of(attendance=[81.0], young_carer=[True]).explain("PUPIL00000")
    assert "+2  attendance 81.0 % (below 85 %)" in found.text
    assert "trial: about 1 in 3 like this. The band is the scorecard’s." in found.text
    assert "attendance 81.0 %: raises (+0.50)" in found.text
    assert "Altogether +1.25, which makes -0.75: about 1 in 3 like this." in found.text
    reasons = found.to_dict()["model_account"]["reasons"]
    assert [reason["field"] for reason in reasons[:2]] == ["young_carer", "attendance"]


def test_of_a_restricted_pupil_the_model_says_nothing() -> None:
    register = register_of(attendance=[50.0], restricted_sharing=[True])
    (row,) = rows(register)
    assert [row[name] for name in ("probability", "chance", "model_band", "reasons", "marks")] == [
        None, None, None, "", "",
    ]  # fmt: skip
    assert "trial" not in register.explain("PUPIL00000").text


def test_the_model_is_part_of_the_register() -> None:
    register, alone = register_of(attendance=[81.0]), score(cohort_of({"attendance": [81.0]}), CARD)
    assert (register.model_name, register.model_digest) == ("trial", model_of().digest)
    assert (alone.model_name, alone.model_digest, alone.model_notes) == (None, None, [])


def test_a_model_used_for_another_check_or_year_group_says_what_it_was_trained_for() -> None:
    def notes(check: str, years: tuple[int, ...]) -> list[str]:
        model = model_of(card=replace(CARD_OF_MODEL, check=check, years=years))
        return register_of(model, attendance=[81.0, 90.0, 90.0, None], year_group=[11, 10, None, 9]).model_notes

    here = cohort_of({}).check.label
    assert notes("", ()) == notes(here, (9, 10, 11)) == []
    assert notes(here, (11,)) == [
        f"The model “trial”: trained for {here}, Year 11; 1 pupil of other years scored by it too."
    ]
    (note,) = notes("Elsewhen", (10, 11))
    assert note == f"The model “trial”: trained for Elsewhen, Years 10 and 11; this is the {here} check."


def test_a_model_whose_field_the_file_lacks_says_so_once_for_the_list() -> None:
    register = register_of(model_of(known={"attendance": 0.97}), young_carer=[True] * 20)
    (note,) = register.model_notes
    assert note.startswith("The model “trial”: known of most pupils when it was trained, and of few or none of these: ")
    assert note in register.notes
    assert register_of(model_of(known={"attendance": 0.97}), attendance=[81.0] * 20).model_notes == []


def test_without_a_model_nothing_is_said_of_one() -> None:
    (row,) = rows(score(cohort_of({"attendance": [81.0]}), CARD))
    assert (row["chance"], row["model_band"], row["reasons"]) == (None, None, "attendance 81.0 % (below 85 %) +2")


def test_probabilities_of_invented_pupils_say_so_wherever_they_stand(tmp_path: Path) -> None:
    register = register_of(model_of(card=INVENTED), attendance=[81.0], young_carer=[True])
    assert any("trained on invented pupils" in note for note in register.notes)
    assert rows(register)[0]["chance"] == "about 1 in 3 invented pupils like this"
    text = register.explain("PUPIL00000").text
    assert text.count("about 1 in 3 invented pupils like this") == text.count("about 1 in 3") == 2
    write_register(register, tmp_path / "list.xlsx")
    page = openpyxl.load_workbook(tmp_path / "list.xlsx")["How to read this"]
    cells = [str(cell.value) for row in page.iter_rows() for cell in row]
    assert any("trained on invented pupils" in cell for cell in cells)
    assert any(register.model_digest[:12] in cell for cell in cells if register.model_digest)


def test_facts_of_an_earlier_check_are_marked_where_only_the_model_rests_on_them() -> None:
    model = model_of(replace(YOUNG_CARER, name="mental_health_need"), base=-6.0)
    cohort = replace(
        cohort_of({"mental_health_need": [True]}),
        sources=(Source("November 2026", date(2026, 11, 1), "carried"),),
        origin={"mental_health_need": np.array([0], np.int8)},
    )
    assert "mental_health_need" not in CARD.fields
    assert rows(score(cohort, CARD))[0]["marks"] == ""
    assert rows(score(cohort, CARD, model))[0]["marks"] == "facts as at November 2026"


def test_a_model_is_named_or_given_by_its_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RONI_MODELS", str(tmp_path))
    folder, cohort = save_model(model_of(), tmp_path), cohort_of({"attendance": [81.0, 95.0]})
    given_itself = score(cohort, CARD, model_of()).to_frame()
    assert score(cohort, CARD, "trial").to_frame().equals(given_itself)
    assert score(cohort, "oxfordshire", folder).to_frame().equals(given_itself)


def test_a_model_that_is_not_there_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RONI_MODELS", str(tmp_path))
    with pytest.raises(ModelError, match="“nobody” is neither a model on the shelf"):
        score(cohort_of({"attendance": [81.0]}), CARD, "nobody")


def test_a_model_for_other_bands_is_refused() -> None:
    with pytest.raises(ModelError, match="it knows 3 bands and the scorecard “oxfordshire” has 4"):
        register_of(model_of(edges=(0.1, 0.2)), attendance=[81.0])
