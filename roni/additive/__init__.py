"""The classifier that explains itself exactly: fitted with scikit-learn, compiled to tables of log-odds."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from numbers import Integral
from typing import Any, Literal, Self, cast

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, ClassifierMixin  # type: ignore[import-untyped]
from sklearn.utils import Tags, assert_all_finite, check_random_state  # type: ignore[import-untyped]
from sklearn.utils.multiclass import check_classification_targets, type_of_target  # type: ignore[import-untyped]
from sklearn.utils.validation import (  # type: ignore[import-untyped]
    _check_sample_weight,
    check_consistent_length,
    check_is_fitted,
    column_or_1d,
    validate_data,
)

from roni.additive.bagging import SPREAD_FACTOR, Bagged, bag, calibrate
from roni.additive.binned import Binned, Fit, bin_pupils
from roni.additive.binning import Grid, axis_of, values_of
from roni.additive.engines import DEFAULTS, SETTINGS, fit_settings
from roni.additive.points import PointsCard, card_of
from roni.tables import Tables, probability_of, spread
from roni.tables.axis import Axis, Floats

EngineName = Literal["auto", "boosted", "smooth"]
FEWEST_EVENTS = 25  # of the rarer outcome, for folds: five a fold
LEAST_MEAN, MOST_MEAN = 0.5, 2.0  # of weights that are not whole numbers: beyond, their scale is likely not meant


class AdditiveClassifier(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """A classifier of two outcomes whose log-odds are a base plus one table look-up for each field.

    Takes a pandas frame (numbers, flags, categories; blanks are values of their own) or an array of numbers.

    `engine`: "smooth" (penalised logistic regression), "boosted" (trees of one field each) or "auto" (the smooth one
    unless cross-validation finds the other better). `monotone`: column to 1 (log-odds never fall as it rises) or -1.
    `grids`: column to the step its edges lie on, or to the edges. `bags`: how many models are averaged, in fives; 0
    for a single one. `calibrate`: fold a slope and a shift learnt from held-out pupils into the tables. `integer`:
    compile to whole points, see `to_points`. `max_bins`: of a number. `n_jobs`: folds side by side, as joblib counts.

    After `fit`: `tables_` (a mapping of column to Table), `base_`, `bags_`, `engine_`, `setting_`, `losses_`
    (held-out log loss of each setting tried), `classes_`, `feature_names_in_` if columns were named, `n_features_in_`.
    """

    tables_: Tables
    base_: float
    bags_: tuple[Tables, ...]
    card_: PointsCard

    def __init__(
        self,
        engine: EngineName = "auto",
        *,
        monotone: Mapping[str, int] | None = None,
        grids: Mapping[str, Grid] | None = None,
        bags: int = 10,
        calibrate: bool = True,
        integer: bool = False,
        max_bins: int = 32,
        n_jobs: int | None = None,
        random_state: int | np.random.RandomState | None = None,
    ) -> None:
        self.engine = engine
        self.monotone = monotone
        self.grids = grids
        self.bags = bags
        self.calibrate = calibrate
        self.integer = integer
        self.max_bins = max_bins
        self.n_jobs = n_jobs
        self.random_state = random_state

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_class = False
        tags.input_tags.allow_nan = True
        return tags

    def fit(self, X: Any, y: ArrayLike, sample_weight: ArrayLike | None = None) -> Self:  # noqa: N803
        """Learn the tables. Raises ValueError for unsuitable input, TypeError for a column of no known kind.

        `sample_weight` [n] is how many pupils each row counts as: 2 is the row twice, 0 no row. Their sum is thus how
        much is known, and settles folds and penalty; it is never rescaled. Warns (UserWarning) of fractions that
        average far from 1: divide weights that only compare rows, such as a survey's, by their mean.
        """
        self._check_options()
        frame = self._frame(X, reset=True)
        outcome, weight = self._outcome(frame, y, sample_weight)
        frame, outcome, weight = frame[weight > 0], outcome[weight > 0], weight[weight > 0]
        _warn_of_scale(weight)
        pupils = self._bin(frame, outcome, weight)
        seed = int(check_random_state(self.random_state).randint(2**31 - 1000))
        self._keep(pupils.axes, *self._learn(pupils, seed))
        if self.integer:
            self.card_ = card_of(self.tables_, pupils)
            self.tables_, self.base_ = self.card_.tables, self.card_.tables.base
        return self

    def predict(self, X: Any) -> NDArray[Any]:  # noqa: N803
        """The likelier class of each pupil."""
        above = self.decision_function(X) > 0
        return cast(NDArray[Any], self.classes_[above.astype(int)])

    def predict_proba(self, X: Any) -> Floats:  # noqa: N803
        """Probabilities [n x 2], in the order of `classes_`."""
        log_odds = self.decision_function(X)
        return np.column_stack([probability_of(-log_odds), probability_of(log_odds)])

    def decision_function(self, X: Any) -> Floats:  # noqa: N803
        """The log-odds of the second class, [n]."""
        columns = self._columns(X)
        return self.tables_.log_odds(columns)

    def contributions(self, X: Any) -> Floats:  # noqa: N803
        """What each field adds to each pupil's log-odds [n x fields]: with `base_` they sum to the log-odds."""
        columns = self._columns(X)
        return self.tables_.contributions(columns)

    def uncertainty(self, X: Any) -> Floats:  # noqa: N803
        """The standard error of each pupil's log-odds [n], from the bags. Raises ValueError where there are none."""
        columns = self._columns(X)
        if not self.bags_:
            raise ValueError("There is no uncertainty without bags: too few pupils of one outcome, or bags=0.")
        return spread(self.bags_, columns, SPREAD_FACTOR)

    def to_points(self) -> dict[str, Any]:
        """The printable card of a classifier fitted with `integer=True`, as `PointsCard.to_json` gives it."""
        check_is_fitted(self)
        if not self.integer:
            raise ValueError("Only a classifier fitted with integer=True has points.")
        return self.card_.to_json()

    def _check_options(self) -> None:
        if self.engine not in ("auto", *SETTINGS):
            raise ValueError(f"engine is one of auto, {', '.join(SETTINGS)}.")
        for option, least in (("bags", 0), ("max_bins", 2)):
            value = getattr(self, option)
            if not isinstance(value, Integral) or value < least:
                raise ValueError(f"{option} is a whole number, at least {least}.")
        for name, grid in (self.grids or {}).items():
            if not np.isfinite(grid).all():
                raise ValueError(f"grids: the step or the edges of “{name}” must be finite numbers.")
            if np.ndim(grid) == 0 and np.asarray(grid) <= 0:
                raise ValueError(f"grids: the step of “{name}” must be above 0.")

    def _learn(self, pupils: Binned, seed: int) -> tuple[str, Fit, tuple[Fit, ...]]:
        """The engine used, the calibrated model, and its bags calibrated alike."""
        settings = SETTINGS["smooth"] + SETTINGS["boosted"] if self.engine == "auto" else SETTINGS[self.engine]
        rarer = min(float(pupils.weight[pupils.outcome == value].sum()) for value in (0, 1))
        alone = self.engine != "auto" and not self.bags and not self.calibrate
        if alone or rarer < FEWEST_EVENTS or np.bincount(pupils.outcome).min() < FEWEST_EVENTS:
            setting = DEFAULTS["smooth" if self.engine == "auto" else self.engine]
            self.setting_, self.losses_ = setting, {}
            return setting.engine, fit_settings(pupils, [setting], seed)[setting], ()
        bagged = bag(pupils, settings, self.bags, seed, self.n_jobs)
        self.setting_, self.losses_ = bagged.setting, bagged.losses
        return bagged.setting.engine, *self._calibrated(pupils, bagged, seed)

    def _calibrated(self, pupils: Binned, bagged: Bagged, seed: int) -> tuple[Fit, tuple[Fit, ...]]:
        slope, shift = calibrate(pupils, bagged.held_out) if self.calibrate else (1.0, 0.0)
        if not self.bags:
            single = fit_settings(pupils, [bagged.setting], seed)[bagged.setting]
            return single.scaled(slope, shift), ()
        return bagged.mean.scaled(slope, shift), tuple(fit.scaled(slope, shift) for fit in bagged.fits)

    def _keep(self, axes: Sequence[Axis], engine: str, fit: Fit, bags: Sequence[Fit]) -> None:
        self.engine_ = engine
        self.tables_ = fit.tables(axes)
        self.base_ = self.tables_.base
        self.bags_ = tuple(each.tables(axes) for each in bags)

    def _bin(self, frame: pd.DataFrame, outcome: NDArray[np.int64], weight: Floats) -> Binned:
        """The training pupils as bins on the axes that they call for."""
        monotone, grids = dict(self.monotone or {}), dict(self.grids or {})
        for option, named in (("monotone", monotone), ("grids", grids)):
            if unknown := set(named) - set(frame.columns):
                raise ValueError(f"{option} names columns that are not there: {', '.join(sorted(unknown))}.")
        axes = [axis_of(frame[name], weight, grids.get(str(name)), self.max_bins) for name in frame]
        for axis in axes:
            if axis.kind == "category" and monotone.get(axis.name):
                raise ValueError(f"“{axis.name}” has categories, which do not rise: it cannot be monotone.")
        columns = [values_of(frame[axis.name], axis) for axis in axes]
        return bin_pupils(axes, columns, [monotone.get(axis.name, 0) for axis in axes], outcome, weight)

    def _frame(self, X: Any, *, reset: bool) -> pd.DataFrame:  # noqa: N803
        """The input as a frame; an array's columns are called x0, x1 and so on. Validates as scikit-learn does."""
        if isinstance(X, pd.DataFrame):
            if reset and (X.empty or not X.columns.is_unique):
                raise ValueError("The frame needs at least one row and one column, and no two columns of one name.")
            validate_data(self, X, skip_check_array=True, reset=reset)
            return X.set_axis(X.columns.map(str), axis=1)
        array = validate_data(self, X, dtype=np.float64, ensure_all_finite="allow-nan", reset=reset)
        return pd.DataFrame(array, columns=[f"x{place}" for place in range(array.shape[1])])

    def _columns(self, X: Any) -> dict[str, NDArray[Any]]:  # noqa: N803
        check_is_fitted(self)
        frame = self._frame(X, reset=False)
        return {name: values_of(frame[name], table) for name, table in self.tables_.items()}

    def _outcome(self, frame: pd.DataFrame, y: Any, sample_weight: Any) -> tuple[NDArray[np.int64], Floats]:
        """Outcomes as places in `classes_`, and weights. Raises ValueError unless there are two classes."""
        if y is None:
            raise ValueError("This classifier requires y to be passed, but the target y is None.")
        y = column_or_1d(y, warn=True)
        check_consistent_length(frame, y)
        if y.dtype.kind == "f":
            assert_all_finite(y, input_name="y")
        check_classification_targets(y)
        weight = _check_sample_weight(sample_weight, frame, dtype=np.float64, ensure_non_negative=True)
        if type_of_target(y, input_name="y", raise_unknown=True) != "binary" and len(np.unique(y)) > 2:
            raise ValueError(f"Only binary classification is supported. The type of the target is {type_of_target(y)}.")
        if len(np.unique(y[weight > 0])) < 2:
            raise ValueError("Two outcomes are needed to learn from; the pupils have only one class.")
        self.classes_, outcome = np.unique(y, return_inverse=True)
        return outcome.astype(np.int64), cast(Floats, weight)


def _warn_of_scale(weight: Floats) -> None:
    """Whole numbers count pupils, whatever they sum to; fractions far from 1 were hardly meant to."""
    mean = float(weight.mean())
    if LEAST_MEAN <= mean <= MOST_MEAN or (weight == np.floor(weight)).all():
        return
    warnings.warn(
        f"sample_weight: {len(weight):,} rows weigh {weight.sum():,.6g} in all and are learnt from as so many pupils. "
        "If the weights only compare rows with each other, divide them by their mean.",
        UserWarning,
        stacklevel=3,
    )
