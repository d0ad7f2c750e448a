"""The classifier keeps scikit-learn's contract, explains itself exactly, and keeps what it was asked to keep."""

from __future__ import annotations

import json
import warnings
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.exceptions import SkipTestWarning
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks

from roni.additive import AdditiveClassifier, engines
from roni.tables import Tables, probability_of

ENGINES = ("smooth", "boosted", "auto")


def invented(size: int, seed: int = 0) -> tuple[pd.DataFrame, np.ndarray, np.ndarray]:
    """Invented pupils of every type, an outcome, and the log-odds that it was drawn with."""
    rng = np.random.default_rng(seed)
    attendance = np.round(100 - rng.gamma(1.5, 6, size).clip(0, 80), 1)
    suspensions, looked_after = rng.poisson(0.4, size), rng.random(size) < 0.05
    sen = rng.choice(["N", "K", "E"], size, p=[0.8, 0.15, 0.05])
    log_odds = -4 + (95 - attendance) / 8 + 0.5 * suspensions + 1.0 * looked_after + 0.7 * (sen != "N")
    outcome = (rng.random(size) < probability_of(log_odds)).astype(int)
    frame = pd.DataFrame(
        {
            "attendance": pd.Series(attendance).mask(rng.random(size) < 0.1),
            "suspensions": pd.Series(suspensions, dtype="Int32").mask(rng.random(size) < 0.1),
            "looked_after": pd.Series(looked_after, dtype="boolean").mask(rng.random(size) < 0.1),
            "sen_provision": pd.Series(pd.Categorical(sen, categories=["N", "K", "E"])).mask(rng.random(size) < 0.1),
            "district": pd.Series(rng.choice(["north", "south"], size), dtype="str"),
        }
    )
    return frame, outcome, log_odds


FRAME, OUTCOME, _ = invented(1500)
MONOTONE = {"attendance": -1, "suspensions": 1, "looked_after": 1}


@pytest.fixture(scope="module", params=ENGINES)
def fitted(request: pytest.FixtureRequest) -> AdditiveClassifier:
    model = AdditiveClassifier(
        request.param, monotone=MONOTONE, grids={"attendance": 0.5}, bags=5, max_bins=16, random_state=1
    )
    return model.fit(FRAME, OUTCOME)


def skip_only_array_api() -> Any:
    """Every check of scikit-learn; those that need another array library skip themselves."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SkipTestWarning)
        return parametrize_with_checks([AdditiveClassifier(engine, bags=0) for engine in ENGINES])


@skip_only_array_api()
def test_it_keeps_the_contract_of_scikit_learn(estimator: Any, check: Any) -> None:
    check(estimator)


def test_contributions_and_the_base_sum_to_the_log_odds(fitted: AdditiveClassifier) -> None:
    total = fitted.contributions(FRAME).sum(axis=1) + fitted.base_
    np.testing.assert_allclose(total, fitted.decision_function(FRAME), rtol=0, atol=1e-9)
    np.testing.assert_array_equal(fitted.predict_proba(FRAME)[:, 1], probability_of(fitted.decision_function(FRAME)))


def test_what_may_only_rise_never_falls(fitted: AdditiveClassifier) -> None:
    for name, direction in MONOTONE.items():
        assert (np.diff(fitted.tables_[name].values) * direction >= 0).all()


@settings(max_examples=25)
@given(st.floats(0, 100), st.floats(0, 100), st.integers(0, 1499))
def test_higher_attendance_never_raises_anybodys_log_odds(one: float, other: float, place: int) -> None:
    pupil = pd.concat([FRAME.iloc[[place]]] * 2).assign(attendance=sorted([one, other]))
    lower, higher = SMOOTH.decision_function(pupil)
    assert higher <= lower


SMOOTH = AdditiveClassifier("smooth", monotone=MONOTONE, bags=0, calibrate=False).fit(FRAME, OUTCOME)


def test_edges_lie_on_the_declared_grid(fitted: AdditiveClassifier) -> None:
    edges = np.array(fitted.tables_["attendance"].edges)
    assert len(edges) > 4
    np.testing.assert_array_equal(edges, np.round(edges * 2) / 2)
    assert fitted.tables_["suspensions"].edges[0] == 1.0


@pytest.mark.parametrize("step", [np.int64(5), np.int32(5), np.float32(5), 5])
def test_a_step_is_a_step_whatever_its_number_type(step: Any) -> None:
    found, usual = (
        AdditiveClassifier("smooth", grids={"attendance": each}, bags=0, calibrate=False).fit(FRAME, OUTCOME)
        for each in (step, 5.0)
    )
    assert found.tables_ == usual.tables_
    assert all(edge % 5 == 0 for edge in found.tables_["attendance"].edges)


def test_declared_edges_are_taken_as_they_are() -> None:
    model = AdditiveClassifier("smooth", grids={"attendance": [90, 85]}, bags=0, calibrate=False).fit(FRAME, OUTCOME)
    assert model.tables_["attendance"].edges == (85.0, 90.0)
    below, at = FRAME.iloc[:1].assign(attendance=89.96), FRAME.iloc[:1].assign(attendance=90.0)
    assert model.decision_function(below)[0] > model.decision_function(at)[0]


def test_a_blank_has_a_value_of_its_own_and_one_never_seen_adds_nothing(fitted: AdditiveClassifier) -> None:
    assert fitted.tables_["attendance"].missing != 0
    assert fitted.tables_["district"].missing == 0
    elsewhere = FRAME.iloc[:3].assign(district="elsewhere")
    assert fitted.contributions(elsewhere)[:, 4].tolist() == [0, 0, 0]


def test_any_pupils_on_their_own_score_the_same(fitted: AdditiveClassifier) -> None:
    places = [7, 3, 1499]
    np.testing.assert_array_equal(fitted.decision_function(FRAME)[places], fitted.decision_function(FRAME.iloc[places]))


def test_saved_as_json_its_tables_score_the_same_to_the_bit(fitted: AdditiveClassifier) -> None:
    again = Tables.from_json(json.loads(json.dumps(fitted.tables_.to_json())))
    np.testing.assert_array_equal(again.log_odds(fitted._columns(FRAME)), fitted.decision_function(FRAME))


def test_probabilities_average_the_observed_rate(fitted: AdditiveClassifier) -> None:
    assert abs(fitted.predict_proba(FRAME)[:, 1].mean() - OUTCOME.mean()) < 0.01


def test_it_ranks_new_pupils_almost_as_well_as_the_process_that_made_them(fitted: AdditiveClassifier) -> None:
    frame, outcome, log_odds = invented(4000, seed=5)
    known = frame.notna().all(axis=1)
    reached = roc_auc_score(outcome[known], fitted.decision_function(frame[known]))
    assert reached > roc_auc_score(outcome[known], log_odds[known]) - 0.03


def test_uncertainty_is_larger_where_pupils_are_few(fitted: AdditiveClassifier) -> None:
    doubt = fitted.uncertainty(FRAME)
    looked_after = (FRAME["looked_after"] == True).fillna(False).to_numpy()  # noqa: E712  three-valued column
    assert (doubt > 0).all()
    assert doubt[looked_after].mean() > doubt[~looked_after].mean()
    with pytest.raises(ValueError, match="no uncertainty without bags"):
        SMOOTH.uncertainty(FRAME)


def test_weights_count_like_pupils() -> None:
    weight = np.random.default_rng(2).integers(0, 3, len(FRAME))
    places = np.repeat(np.arange(len(FRAME)), weight)
    model = AdditiveClassifier("smooth", bags=0, calibrate=False)
    weighted = model.fit(FRAME, OUTCOME, weight).decision_function(FRAME)
    repeated = model.fit(FRAME.iloc[places], OUTCOME[places]).decision_function(FRAME)
    np.testing.assert_allclose(weighted, repeated, atol=0.02)


@pytest.mark.parametrize(("mean", "said"), [(1 / 1500, True), (0.499, True), (0.5, False), (2, False), (2.01, True)])
def test_fractional_weights_far_from_one_pupil_a_row_are_warned_of(mean: float, said: bool) -> None:
    weight = np.tile([0.25, 1.75], len(FRAME) // 2) * mean
    model = AdditiveClassifier("smooth", bags=0, calibrate=False)
    if said:
        with pytest.warns(UserWarning, match=r"1,500 rows weigh .* If the weights only compare rows .* by their mean"):
            model.fit(FRAME, OUTCOME, weight)
    else:
        model.fit(FRAME, OUTCOME, weight)


@pytest.mark.parametrize("times", [1, 3, 100])
def test_whole_weights_count_pupils_whatever_they_sum_to(times: int) -> None:
    model = AdditiveClassifier("smooth", bags=0, calibrate=False)
    model.fit(FRAME, OUTCOME, np.full(len(FRAME), times))
    assert model.tables_["attendance"].edges


def test_weights_that_sum_to_little_leave_no_folds_and_are_warned_of() -> None:
    model = AdditiveClassifier("smooth", bags=5, random_state=0)
    with pytest.warns(UserWarning, match="1,500 rows weigh 1 in all"):
        model.fit(FRAME, OUTCOME, np.full(len(FRAME), 1 / len(FRAME)))
    assert (model.losses_, model.bags_) == ({}, ())
    assert len(model.fit(FRAME, OUTCOME, np.ones(len(FRAME))).bags_) == 5


def test_the_smooth_engine_stands_where_events_are_few() -> None:
    few = AdditiveClassifier(random_state=0).fit(FRAME[:60], OUTCOME[:60])
    assert few.engine_ == "smooth"
    assert few.losses_ == {}


@pytest.mark.parametrize(("noise", "blank"), [(30, 0.0), (0, 0.2)])
def test_with_few_events_fields_of_noise_and_blanks_cost_no_more_than_a_logistic_regression(
    noise: int, blank: float
) -> None:
    rng = np.random.default_rng(12)
    values = rng.normal(size=(6000, 6 + noise))
    outcome = rng.random(6000) < probability_of(values[:, :6] @ [0.8, 0.6, 0.5, 0.4, 0.3, 0.3] - 2.6)
    values[rng.random(values.shape) < blank] = np.nan
    usual = make_pipeline(SimpleImputer(add_indicator=True), StandardScaler(), LogisticRegression())
    models = AdditiveClassifier("smooth", bags=5, random_state=0), usual
    fits = [model.fit(values[:1000], outcome[:1000]).predict_proba(values[1000:])[:, 1] for model in models]
    ours, theirs = (roc_auc_score(outcome[1000:], probability) for probability in fits)
    assert ours > theirs - 0.003


def test_a_tolerance_beyond_rounding_is_no_concern_of_who_fits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engines, "TOLERANCE", 1e-30)
    again = AdditiveClassifier("smooth", monotone=MONOTONE, bags=0, calibrate=False).fit(FRAME, OUTCOME)
    np.testing.assert_allclose(again.decision_function(FRAME), SMOOTH.decision_function(FRAME), atol=1e-4)


def test_boosting_is_taken_where_many_pupils_show_a_jump_that_steps_cannot_follow() -> None:
    rng = np.random.default_rng(0)
    values = rng.uniform(0, 30, 6000)
    outcome = rng.random(6000) < np.where(np.floor(values) % 2 == 1, 0.7, 0.1)
    model = AdditiveClassifier(bags=0, grids={"x0": 1.0}, random_state=0).fit(values[:, None], outcome)
    assert model.engine_ == "boosted"


def test_an_integer_card_adds_whole_points_and_gives_a_blank_none() -> None:
    model = AdditiveClassifier("smooth", integer=True, monotone=MONOTONE, random_state=0, bags=5).fit(FRAME, OUTCOME)
    card = model.to_points()
    points = (model.contributions(FRAME) / card["unit"]).round(9)
    assert (points == points.round()).all()
    assert points.min() == 0
    assert points.max() <= 5
    assert (points[FRAME.isna().to_numpy()] == 0).all()
    total = int(points[0].sum())
    assert model.predict_proba(FRAME.iloc[:1])[0, 1] == pytest.approx(card["probability"][total])
    tiers = {field["name"]: field["tiers"] for field in card["fields"]}
    assert tiers["attendance"][0]["at_least"] is None
    assert tiers["looked_after"] == [{"points": tiers["looked_after"][0]["points"], "is": True}]


def test_points_are_refused_of_a_model_that_has_none() -> None:
    with pytest.raises(ValueError, match="integer=True"):
        SMOOTH.to_points()


def test_an_option_that_names_no_column_is_refused() -> None:
    with pytest.raises(ValueError, match="monotone names columns that are not there: attendence"):
        AdditiveClassifier(monotone={"attendence": -1}).fit(FRAME, OUTCOME)
    with pytest.raises(ValueError, match="cannot be monotone"):
        AdditiveClassifier(monotone={"sen_provision": 1}).fit(FRAME, OUTCOME)


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"grids": {"attendance": 0}}, "the step of “attendance” must be above 0"),
        ({"grids": {"attendance": -0.5}}, "the step of “attendance” must be above 0"),
        ({"grids": {"attendance": np.int64(0)}}, "the step of “attendance” must be above 0"),
        ({"grids": {"attendance": float("nan")}}, "of “attendance” must be finite numbers"),
        ({"grids": {"attendance": [85, float("inf")]}}, "of “attendance” must be finite numbers"),
        ({"max_bins": 1}, "max_bins is a whole number, at least 2"),
        ({"max_bins": 8.5}, "max_bins is a whole number, at least 2"),
        ({"bags": -1}, "bags is a whole number, at least 0"),
        ({"bags": None}, "bags is a whole number, at least 0"),
    ],
)
def test_an_option_that_cannot_be_is_refused(options: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        AdditiveClassifier(**options).fit(FRAME, OUTCOME)


def test_the_least_of_each_option_is_taken() -> None:
    model = AdditiveClassifier("smooth", grids={"attendance": 0.001}, max_bins=2, bags=0, calibrate=False)
    assert len(model.fit(FRAME, OUTCOME).tables_["suspensions"].values) >= 2


def test_a_column_of_dates_is_refused_and_so_is_an_unknown_engine() -> None:
    with pytest.raises(TypeError, match="“born” must hold numbers, flags or categories"):
        AdditiveClassifier().fit(FRAME.assign(born=pd.Timestamp("2011-01-01")), OUTCOME)
    with pytest.raises(ValueError, match="engine is one of auto, smooth, boosted"):
        AdditiveClassifier("deep").fit(FRAME, OUTCOME)  # type: ignore[arg-type]


def test_a_column_of_plain_objects_is_read_by_what_it_holds() -> None:
    objects = FRAME.astype(object).where(FRAME.notna(), None)
    model = AdditiveClassifier("smooth", bags=0, calibrate=False).fit(objects, OUTCOME)
    kinds = [table.kind for table in model.tables_.values()]
    assert kinds == ["number", "number", "flag", "category", "category"]
    assert (model.predict_proba(objects)[:, 1] > 0).all()


@pytest.mark.parametrize("engine", ["auto", "boosted"])
@pytest.mark.parametrize(("dtype", "known"), [("float64", 0), ("Int64", 1), ("boolean", 2), ("object", 0)])
def test_a_column_of_which_next_to_nothing_is_known_gives_a_blank_nothing(engine: str, dtype: str, known: int) -> None:
    empty = pd.Series([1] * known + [None] * (len(FRAME) - known), dtype=object).astype(dtype)
    model = AdditiveClassifier(engine, bags=5, random_state=0)  # type: ignore[arg-type]
    model.fit(FRAME.assign(empty=empty), OUTCOME)
    assert model.losses_
    assert model.tables_["empty"].missing == pytest.approx(0, abs=1e-3 * known)


def test_folds_side_by_side_give_the_same_model() -> None:
    options: dict[str, Any] = {"engine": "smooth", "bags": 5, "random_state": 3}
    one, two = (AdditiveClassifier(n_jobs=jobs, **options).fit(FRAME[:300], OUTCOME[:300]) for jobs in (1, 2))
    np.testing.assert_allclose(one.decision_function(FRAME), two.decision_function(FRAME), atol=1e-9)
