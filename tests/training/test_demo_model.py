"""The model that comes with roni: what it says of itself, and that it can be made again."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from roni.demo_model import NAME, SEED, invented_leavers
from roni.evaluation.result import PAGE
from roni.model import Model
from roni.model.card import TRAINED_ON_INVENTED
from roni.model.shelf import list_models, load_model
from roni.scorecard import load_scorecard
from roni.training.fitting import Material, Recipe, edges_like
from roni.training.pupils import followed, shifted, usual_outcome


@pytest.fixture(scope="module")
def demo() -> Model:
    return load_model(NAME)


def test_it_comes_with_roni_and_says_that_its_pupils_were_invented(demo: Model) -> None:
    entry = next(entry for entry in list_models() if entry.name == NAME)
    assert demo.card.synthetic
    assert demo.notes == [f"The model “demo”: {TRAINED_ON_INVENTED}"]
    assert TRAINED_ON_INVENTED in (entry.path / "card.md").read_text("utf-8")
    assert "Figures from invented pupils" in (entry.path / PAGE).read_text("utf-8")


def test_its_recall_at_capacity_stands_beside_the_oxfordshire_cards_with_an_interval(demo: Model) -> None:
    shown = {(item.name.split(" of ")[0], item.of): item for item in demo.card.measured}
    for of in ("model demo", "oxfordshire", "oxfordshire with model demo"):
        recall = shown["recall", of]
        assert recall.low is not None
        assert recall.high is not None
        assert recall.split == "over time, November 2025"
        assert recall.events > 100


def test_the_figures_in_the_shelfs_readme_are_those_of_its_card(demo: Model) -> None:
    readme = (Path(__file__).resolve().parents[2] / "models" / "README.md").read_text("utf-8")
    shown = {
        "the model": ("recall of a list of 420", "model demo"),
        "the Oxfordshire card with the model": ("recall of a list of 420", "oxfordshire with model demo"),
        "the Oxfordshire card": ("recall of a list of 420", "oxfordshire"),
        "attendance alone": ("recall of a list of 420", "attendance alone"),
        "the model over the Oxfordshire card, paired": (
            "recall of a list of 420, difference",
            "model demo over oxfordshire",
        ),
    }
    measured = {(item.name, item.of): item.text for item in demo.card.measured}
    for line, figure in shown.items():
        assert f"| {line} | {measured[figure]} |" in readme


def test_made_again_it_is_the_same(demo: Model) -> None:
    """Its tables to a millionth: other processors add in another order. If it is not, what it is made from has changed,
    and `python -m roni.demo_model roni/models` makes it anew."""
    cohorts, spells = invented_leavers()
    card, outcome = load_scorecard("oxfordshire"), usual_outcome(cohorts[-1])
    groups = [
        followed(cohort, spells, shifted(outcome, years), card, (11,), ())
        for years, cohort in ((1, cohorts[0]), (0, cohorts[1]))
    ]
    idle = next((note for note in demo.card.notes if note.startswith("Looked at")), "")
    fields = cohorts[0].fields
    names = tuple(name for name in fields if name in demo.tables or fields[name].label in idle)
    learnt = Material.of(groups, names)
    recipe = Recipe(fields, names, random_state=SEED)
    again = recipe.fit(learnt)
    assert again.base_ == pytest.approx(demo.tables.base, abs=1e-6)
    for name, table in demo.tables.items():
        assert again.tables_[name].edges == table.edges
        np.testing.assert_allclose(again.tables_[name].values, table.values, atol=1e-6)
    edges = edges_like(recipe.predict(again, learnt.frame), learnt.band, len(card.bands), recipe.rate(learnt))
    assert edges == pytest.approx(demo.band_edges, abs=1e-6)
