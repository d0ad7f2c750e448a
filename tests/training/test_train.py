"""A model from start to end: trained on two summers' leavers, judged on the later ones, with its card."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import roni
from roni.calendar import get_check
from roni.errors import TrainingError
from roni.evaluation.result import DATA, PAGE
from roni.model import Model
from roni.model.file import read_model, save_model
from roni.training.trainer import _in_order
from tests.leavers import Leavers, became

FIELDS = ("attendance", "suspended", "fsm", "alternative_provision", "looked_after", "early_help")
TRAINED_AT = date(2027, 6, 1)


def trained(leavers: Leavers, **how: Any) -> Model:
    usual = {"name": "ours", "fields": FIELDS, "engine": "smooth", "trained_at": TRAINED_AT}
    return roni.train(leavers.cohorts, leavers.spells, **{**usual, **how})


class Told:
    """What was said of progress."""

    def __init__(self) -> None:
        self.steps: list[tuple[int, int]] = []

    def __call__(self, done: int, total: int, what: str) -> None:
        assert what
        self.steps.append((done, total))


@pytest.fixture(scope="module")
def told() -> Told:
    return Told()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("report")


@pytest.fixture(scope="module")
def model(leavers: Leavers, folder: Path, told: Told) -> Model:
    return trained(leavers, caseloaded=helped(leavers), capacity=150, report=folder, progress=told)


def helped(leavers: Leavers) -> list[str]:
    """The keys of some pupils, as if they had been given help."""
    return [key for cohort in leavers.cohorts for key in cohort.keys.to_pylist()[::20]]


def test_a_pupil_of_low_attendance_in_care_is_likelier_to_become_neet(leavers: Leavers, model: Model) -> None:
    last = leavers.cohorts[1]
    said = model.probability(last)
    low = (last.column("attendance") < 80) & (last.column("looked_after") > 0)
    assert np.nanmean(said[low]) > 2 * np.nanmean(said)


def test_the_model_is_one_that_the_shelf_takes(tmp_path: Path, model: Model) -> None:
    saved = save_model(model, tmp_path)
    assert read_model((saved / "model.json").read_bytes(), "model.json").digest == model.digest


def test_it_keeps_how_much_was_known_and_says_so_of_pupils_of_whom_less_is(leavers: Leavers, model: Model) -> None:
    last = leavers.cohorts[1]
    assert all(item.known is not None and 0 < item.known <= 1 for item in model.fields)
    without = replace(last, columns={name: each for name, each in last.columns.items() if name != "attendance"})
    less = set(model.notes_on(without)) - set(model.notes_on(last))
    assert len(less) == 1
    assert "attendance (" in less.pop()


def test_the_mean_probability_is_the_observed_rate(leavers: Leavers, model: Model) -> None:
    first, last = leavers.cohorts
    year_11 = [one.take(np.flatnonzero(one.column("year_group") == 11)) for one in (first, last)]
    mean = np.nanmean(np.concatenate([model.probability(one) for one in year_11]))
    assert mean == pytest.approx(model.card.events / model.card.pupils, abs=0.002)


def test_a_register_can_be_made_with_it_and_its_bands_are_about_as_full_as_the_scorecards(
    leavers: Leavers, model: Model
) -> None:
    last = leavers.cohorts[1]
    register = roni.score(last.take(np.flatnonzero(last.column("year_group") == 11)), "oxfordshire", model)
    assert register.model_band is not None
    for rank, edge in enumerate(model.band_edges, 1):
        by_model, by_rules = (register.model_band >= rank).sum(), (register.rules_band >= rank).sum()
        assert edge >= model.card.events / model.card.pupils
        if edge == pytest.approx(model.card.events / model.card.pupils):  # as many would be under the average
            assert by_model <= by_rules
            continue
        assert by_model == pytest.approx(by_rules, rel=0.35)


def test_the_figures_are_of_later_leavers_whom_no_model_had_seen(model: Model) -> None:
    assert model.card.measured
    assert {figure.split for figure in model.card.measured} == {"over time, November 2025"}
    assert any("learnt from November 2024, tested on November 2025" in note for note in model.card.notes)


def test_the_card_compares_the_model_with_the_scorecard_at_a_capacity(model: Model) -> None:
    shown = {(item.name, item.of): item for item in model.card.measured}
    over = shown["recall of a list of 150, difference", "model ours over oxfordshire"]
    assert over.low is not None
    assert over.high is not None
    assert over.low < over.high


def test_the_card_says_what_it_was_trained_on_and_that_they_were_invented(model: Model) -> None:
    assert model.card.synthetic
    assert "the November 2024 check: " in model.card.trained_on
    assert model.card.outcome == "NEET on 2026-03-01; NEET on 2027-03-01."
    assert model.card.not_known == "left out of training, neither a good outcome nor a bad one."
    assert model.card.events > 100


def noted(model: Model, start: str) -> list[str]:
    return [note for note in model.card.notes if note.startswith(start)]


def test_the_card_says_how_much_rests_on_those_not_known_and_on_help_given(model: Model) -> None:
    assert len(noted(model, "Were pupils whose destination is not known counted as ")) == 2
    assert len(noted(model, "Trained without the pupils who were given help, ")) == 1
    assert len(noted(model, "Pupils on earlier lists were helped")) == 1
    assert "recall" in {item.name for item in model.card.measured if item.of == "given help: no"}


def test_the_card_shows_groups_and_what_protected_characteristics_would_add(model: Model) -> None:
    of = {item.of for item in model.card.measured if item.name.endswith("added by")}
    assert {"sex", "SEN provision", "all protected characteristics and proxies together"} <= of
    assert "SEN provision" not in [item.name for item in model.fields]
    assert any(item.of == "sex: female" for item in model.card.measured)
    assert noted(model, "Groups too small to say how many it misses (not none): ")


def test_the_report_is_written_as_a_page_and_as_data(folder: Path, model: Model) -> None:
    page = (folder / PAGE).read_text("utf-8")
    assert f"The model “{model.name}”, judged on the November 2025 check" in page
    assert "Figures from invented pupils" in page
    assert (folder / DATA).is_file()


def test_progress_is_told_step_by_step(model: Model, told: Told) -> None:
    assert model
    total = told.steps[0][1]
    assert told.steps == [(step, total) for step in range(1, total + 1)]


def test_the_same_arguments_give_the_same_model_to_the_bit(leavers: Leavers, model: Model) -> None:
    assert trained(leavers, caseloaded=helped(leavers), capacity=150).digest == model.digest


def test_one_summer_alone_is_judged_by_folds_drawn_by_lot_and_labelled_so(leavers: Leavers) -> None:
    model = trained(Leavers(leavers.cohorts[1:], leavers.spells), fields=FIELDS[:2], scorecard="roni")  # type: ignore[arg-type]
    assert {figure.split for figure in model.card.measured} == {"random, November 2025"}
    assert noted(model, "Random split (5 folds, seed 0): pupils of the same schools and year are on both sides")


def test_protected_characteristics_are_learnt_from_where_asked_for_and_the_card_says_why_they_may_be(
    leavers: Leavers,
) -> None:
    model = trained(leavers, fields=("attendance", "sen_provision"))
    assert [item.name for item in model.fields] == ["attendance", "sen_provision"]
    assert noted(model, "It uses SEN provision (disability): ")
    assert noted(model, "Used because it was asked for, though: SEN provision: protected")


def test_a_model_is_for_one_check_of_the_year(leavers: Leavers) -> None:
    first, last = leavers.cohorts
    january = replace(last, check=get_check("january", "2025/26"))
    with pytest.raises(TrainingError, match="these are of january and november"):
        trained(Leavers((first, january), leavers.spells))
    with pytest.raises(TrainingError, match="Two cohorts are of the same check"):
        trained(Leavers((last, last), leavers.spells))
    with pytest.raises(TrainingError, match="2 cohorts and 1 outcomes"):
        _in_order([first, last], [leavers.spells])


def test_cohorts_may_come_in_any_order(leavers: Leavers) -> None:
    first, last = leavers.cohorts
    assert [cohort.check for cohort, _ in _in_order([last, first], leavers.spells)] == [first.check, last.check]


@pytest.mark.parametrize(
    ("how", "match"),
    [
        ({"name": "Our Model"}, "“Our Model” is no name for a model"),
        ({"not_known": "ignore"}, "“ignore” is no policy for those not known. Allowed are: exclude, as_neet"),
        ({"split": "lottery"}, "“lottery” is no split. Allowed are: time, random, school, district"),
        ({"fields": ["shoe_size"]}, "“shoe_size” is not a field"),
    ],
)
def test_what_cannot_be_done_is_refused_with_the_reason(leavers: Leavers, how: dict[str, Any], match: str) -> None:
    with pytest.raises(TrainingError, match=match):
        trained(leavers, **how)


def test_an_outcome_that_is_not_over_when_the_model_is_trained_is_refused(leavers: Leavers) -> None:
    with pytest.raises(TrainingError, match="“NEET on 2027-03-01”, asked of the November 2025 check, is not over on"):
        trained(leavers, trained_at=date(2027, 2, 28))


def test_too_few_events_are_refused_with_the_reason(leavers: Leavers) -> None:
    last = leavers.cohorts[1]
    keys = last.keys.to_pylist()
    spells = became(keys, ["619"] * 30 + ["210"] * (len(keys) - 30))
    with pytest.raises(TrainingError, match="nobody could tell whether a model does better than a scorecard"):
        roni.train(last, spells, name="ours", years=(9, 10, 11, 12), trained_at=TRAINED_AT)
