"""A trained model: what it says of pupils, which bands it gives, and with which fields it may be used."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from roni.cohort import Cohort
from roni.errors import ModelError
from roni.fields import Dictionary, Field, national
from roni.model import Model
from roni.model.card import Figure
from roni.model.model_field import ModelField
from roni.scorecard import load_scorecard
from roni.tables import Table, Tables
from tests.models import ATTENDANCE, CARD, EDGES, FIELDS, INVENTED, SEN, TABLES, YOUNG_CARER, model_of, models
from tests.strategies import cohort_of, cohorts, pupil

OXFORDSHIRE = load_scorecard("oxfordshire")


def with_field(**changes: object) -> Dictionary:
    """The national dictionary with a changed declaration of attendance."""
    return Dictionary(replace(item, **changes) if item.name == "attendance" else item for item in national().values())  # type: ignore[arg-type]


def log_odds_of(probability: float) -> float:
    return float(np.log(probability / (1 - probability)))


@settings(max_examples=40, deadline=None)
@given(models(), cohorts(FIELDS))
def test_contributions_and_base_sum_to_the_log_odds(model: Model, cohort: Cohort) -> None:
    probability = model.probability(cohort)
    total = model.tables.base + model.contributions(cohort).sum(axis=1)
    scored = ~np.isnan(probability)
    np.testing.assert_allclose(probability[scored], 1 / (1 + np.exp(-total[scored])), rtol=1e-9)


@settings(max_examples=40, deadline=None)
@given(models(bags=True), cohorts([*FIELDS, "restricted_sharing"], size=5), st.data())
def test_any_subset_of_a_cohort_scores_the_same_to_the_bit(model: Model, cohort: Cohort, data: st.DataObject) -> None:
    places = np.array(data.draw(st.lists(st.integers(0, 4), unique=True, min_size=1)))
    few = cohort.take(places)
    assert model.probability(few).tobytes() == model.probability(cohort)[places].tobytes()
    assert model.contributions(few).tobytes() == model.contributions(cohort)[places].tobytes()
    assert np.array_equal(model.interval(few).high, model.interval(cohort).high[places], equal_nan=True)


@pytest.mark.parametrize(
    ("attendance", "added"), [(89.96, 0.5), (90.0, -0.5), (79.99999, 1.5), (80.0, 0.5), (None, 0.25)]
)
def test_a_value_just_under_an_edge_stays_under_it(attendance: float | None, added: float) -> None:
    assert model_of().contributions(pupil(attendance=attendance, young_carer=True))[0, 0] == added


def test_a_code_is_looked_up_by_its_code_and_not_by_its_place() -> None:
    turned = replace(SEN, categories=SEN.categories[::-1], values=SEN.values[::-1])
    cohort = cohort_of({"sen_provision": [*SEN.categories, None]})
    assert model_of(turned).contributions(cohort).ravel().tolist() == [*SEN.values, 0.0]


def test_a_code_that_no_table_knows_counts_as_not_known() -> None:
    few = Table("sen_provision", "category", categories=SEN.categories[:2], values=(0.1, 0.2), missing=0.4)
    assert model_of(few).contributions(pupil(sen_provision=SEN.categories[2]))[0, 0] == 0.4


def test_a_pupil_of_whom_no_field_is_known_is_not_scored() -> None:
    cohort = cohort_of({"attendance": [None, None], "young_carer": [None, False], "sex": ["F", "F"]})
    assert np.isnan(model_of().probability(cohort)).tolist() == [True, False]


def test_a_cohort_without_any_field_of_the_model_is_not_scored() -> None:
    assert np.isnan(model_of().probability(cohort_of({}, size=2))).all()


def test_a_restricted_pupil_is_not_scored() -> None:
    cohort = cohort_of({"young_carer": [True] * 3, "restricted_sharing": [True, False, None]})
    assert np.isnan(model_of().probability(cohort)).tolist() == [True, False, False]


@pytest.mark.parametrize("rank", [1, 2, 3])
def test_a_band_begins_at_its_edge(rank: int) -> None:
    edge = EDGES[rank - 1]
    found = model_of().band(np.array([np.nextafter(edge, 0), edge, np.nextafter(edge, 1)]), OXFORDSHIRE)
    assert found.tolist() == [rank - 1, rank, rank]


def test_the_ends_of_the_scale_and_a_pupil_not_scored_have_their_bands() -> None:
    assert model_of().band(np.array([0.0, 1.0, np.nan]), OXFORDSHIRE).tolist() == [0, 3, -1]


def test_bands_go_by_rank_so_that_their_names_do_not_matter() -> None:
    renamed = replace(OXFORDSHIRE, bands=tuple(replace(band, name=f"band {band.name}") for band in OXFORDSHIRE.bands))
    chances = np.linspace(0, 1, 50)
    assert model_of().band(chances, renamed).tolist() == model_of().band(chances, OXFORDSHIRE).tolist()


def test_a_scorecard_with_another_number_of_bands_is_refused() -> None:
    fewer = replace(OXFORDSHIRE, bands=OXFORDSHIRE.bands[1:])
    with pytest.raises(ModelError, match="trial: it knows 4 bands and the scorecard “oxfordshire” has 3"):
        model_of().band(np.array([0.5]), fewer)


@settings(max_examples=30, deadline=None)
@given(models(bags=True), cohorts([*FIELDS, "restricted_sharing"]))
def test_an_interval_has_two_ends_wherever_there_is_a_probability(model: Model, cohort: Cohort) -> None:
    probability, interval = model.probability(cohort), model.interval(cohort)
    assert np.array_equal(np.isnan(probability), np.isnan(interval.low))
    scored = ~np.isnan(probability)
    assert (interval.low[scored] <= probability[scored]).all()
    assert (probability[scored] <= interval.high[scored]).all()


def test_bags_that_agree_leave_no_doubt() -> None:
    interval = model_of(bags=(TABLES, TABLES)).interval(pupil(attendance=70.0))
    assert interval.low == interval.high == model_of().probability(pupil(attendance=70.0))


def test_without_bags_there_is_no_interval() -> None:
    with pytest.raises(ModelError, match="trial: it was saved without what an interval needs"):
        model_of().interval(pupil(attendance=70.0))


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"type": "count"}, "it was a percent and is a count"),
        ({"unit": "sessions"}, "its unit was “%” and is “sessions”"),
        ({"codes": {"A": "all"}}, "its codes have changed"),
    ],
)
def test_a_changed_field_is_refused_with_the_reason(changes: dict[str, object], why: str) -> None:
    with pytest.raises(ModelError, match=f"trial: “attendance” is not the field it was trained on: {why}"):
        model_of().check_fields(with_field(**changes))


def test_a_cohort_read_with_a_changed_field_is_not_scored() -> None:
    cohort = replace(pupil(attendance=70.0), fields=with_field(unit="sessions"))
    with pytest.raises(ModelError, match="is not the field it was trained on"):
        model_of().probability(cohort)


def test_a_field_that_is_gone_is_refused() -> None:
    without = Dictionary(Field(**{**vars_of(item), "routes": ()}) for item in [national()["young_carer"]])
    with pytest.raises(ModelError, match="it reads the field “attendance”, which is not in this dictionary"):
        model_of().check_fields(without)


def vars_of(item: Field) -> dict[str, object]:
    return {name: getattr(item, name) for name in Field.__slots__}


def test_what_else_changes_about_fields_does_not_matter() -> None:
    changed = with_field(label="presence", headings=("Here",), grid=0.5)
    model_of().check_fields(changed)


@pytest.mark.parametrize(
    ("table", "why"),
    [
        (replace(ATTENDANCE, edges=(80.05, 90.0)), "the edge 80.05 does not lie on the field’s grid of 0.1"),
        (Table("suspensions", "number", edges=(1.5,), values=(0, 1)), "the edge 1.5 does not lie .* grid of 1"),
        (Table("date_of_birth", "number", values=(0,)), "“date_of_birth” is a date, which no model can read"),
        (Table("zodiac", "flag", values=(0, 1)), "“zodiac” is not a field"),
        (Table("young_carer", "number", values=(0,)), "“young_carer” is a flag, and its table is of a number"),
        (replace(SEN, categories=("N", "K", "Z")), "a category that is no code of it: Z"),
    ],
)
def test_a_table_that_does_not_fit_its_field_is_refused(table: Table, why: str) -> None:
    with pytest.raises(ModelError, match=why):
        model_of(table)


def test_edges_on_the_grid_are_accepted_though_tenths_are_not_exact() -> None:
    model = model_of(Table("attendance", "number", edges=(84.7, 92.3), values=(1, 0, -1)))
    assert model.tables["attendance"].edges == (84.7, 92.3)


@pytest.mark.parametrize("edges", [(), (0.0, 0.1), (0.1, 0.1), (0.2, 0.1), (0.5, 1.01), (float("nan"),)])
def test_probabilities_at_which_bands_begin_must_rise(edges: tuple[float, ...]) -> None:
    with pytest.raises(ModelError, match="must rise, above 0 and up to 1"):
        model_of(edges=edges)


@pytest.mark.parametrize("name", ["", "Trial", "../up", "a b", "x" * 65, "trial\n", "é"])
def test_a_name_that_is_no_folder_is_refused(name: str) -> None:
    with pytest.raises(ModelError, match="is no name for a model"):
        model_of(name=name)


def test_tables_and_fields_must_be_the_same() -> None:
    with pytest.raises(ModelError, match="its tables and its fields must be the same"):
        Model("trial", TABLES, (ModelField.of(national()["attendance"]),), EDGES, CARD)
    with pytest.raises(ModelError, match="must be the same, each once"):
        model_of(bags=(Tables(0.0, (ATTENDANCE,)),))
    with pytest.raises(ModelError, match="must be the same, each once"):
        model_of(YOUNG_CARER, YOUNG_CARER)


def test_a_figure_that_is_not_a_number_is_refused() -> None:
    with pytest.raises(ModelError, match="a figure that the data cannot support has no value and a note why"):
        model_of(card=replace(CARD, measured=(Figure("AUC", float("nan")),)))


def test_the_digest_is_of_everything() -> None:
    usual = model_of()
    others = [
        model_of(name="other"),
        model_of(base=-2.1),
        model_of(edges=(0.05, 0.1, 0.31)),
        model_of(card=replace(CARD, notes=("more",))),
        model_of(bags=(TABLES,)),
        model_of(ATTENDANCE),
        replace(usual, spread_factor=3.0),
    ]
    assert usual.digest == model_of().digest
    assert len({usual.digest, *(other.digest for other in others)}) == len(others) + 1


def test_a_model_trained_on_invented_pupils_says_so() -> None:
    assert model_of().notes == []
    assert "trained on invented pupils" in model_of(card=INVENTED).notes[0]
    assert "invented" in model_of(card=INVENTED).pupils_like


def test_a_card_is_a_page_that_a_person_reads() -> None:
    page = CARD.to_markdown("trial", "abc")
    assert "| AUC | all | 0.840 (0.800 to 0.870) | 300 | 15 | a later year |" in page
    assert "- pupils educated at home" in page
    assert "900 pupils, of whom 45 had the outcome." in page
    assert "invented pupils:" not in page
    assert "**It was trained on invented pupils" in INVENTED.to_markdown("trial", "abc")


def test_a_figure_that_cannot_be_printed_says_why() -> None:
    assert Figure("recall", None, of="Gypsy/Roma", note="4 pupils").text == "not printed: 4 pupils"
    assert "It has not been measured." in replace(CARD, measured=()).to_markdown("trial", "abc")
