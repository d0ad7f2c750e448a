"""The two ways of fitting an additive model, both scikit-learn's, behind one face.

Smooth: a slope and a few steps for each field in a logistic regression, the steps shrunk towards the slope and the
slope towards none: at home where events are few. Boosted: gradient boosting of trees that split on one field each: at
home where events are many and shapes are sharp.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import HistGradientBoostingClassifier  # type: ignore[import-untyped]
from sklearn.exceptions import ConvergenceWarning  # type: ignore[import-untyped]
from sklearn.linear_model import LogisticRegression  # type: ignore[import-untyped]
from threadpoolctl import threadpool_limits

from roni.additive.binned import Binned, Fit, centred
from roni.tables.axis import Floats

FEWEST_FOR_THREADS = 50_000  # pupils: below it threads wait for each other more than they work
KNOTS = 12  # of a number: places where the smooth engine may put a step
LEARNING_RATE = 0.1
LEAVES = 4  # of a tree: three cuts of one field
TOLERANCE = 1e-9  # tight: two ways of writing the same pupils (weights, repeated rows) give the same tables
PASSES = 20  # at most, to clear a constrained field of columns that go the wrong way


class Setting(NamedTuple):
    """How freely an engine may fit."""

    engine: str
    strength: float  # smooth: C of the logistic regression; boosted: how many trees
    step: float = 1.0  # smooth: how cheap a step is beside a slope


# Chosen among by cross-validation, so the exact figures matter little. On public data sets and known processes with 100
# to 2,000 events each of them was the best somewhere.
SMOOTH = (
    Setting("smooth", 0.03),
    Setting("smooth", 0.1),
    Setting("smooth", 0.3, 0.3),
    Setting("smooth", 1.0, 0.03),  # as good as a straight line: an ordinary logistic regression
    Setting("smooth", 1.0, 0.1),
    Setting("smooth", 1.0, 0.3),
    Setting("smooth", 1.0),
    Setting("smooth", 0.01, 0.1),  # strongly penalised lines: where most fields say nothing and events are few
    Setting("smooth", 0.03, 0.1),
    Setting("smooth", 0.1, 0.1),
    Setting("smooth", 0.1, 0.03),
)
BOOSTED = tuple(Setting("boosted", rounds) for rounds in (15, 25, 50, 100, 200, 400))
SETTINGS: Mapping[str, tuple[Setting, ...]] = {"smooth": SMOOTH, "boosted": BOOSTED}
# What is used where there is nothing to choose by.
DEFAULTS: Mapping[str, Setting] = {"smooth": SMOOTH[1], "boosted": BOOSTED[4]}


def fit_settings(pupils: Binned, settings: Sequence[Setting], seed: int) -> dict[Setting, Fit]:
    """The pupils' additive model at each of these settings, of any engines."""
    fits: dict[Setting, Fit] = {}
    engines: Mapping[str, Callable[[Binned, Sequence[Setting], int], dict[Setting, Fit]]]
    engines = {"smooth": fit_smooth, "boosted": fit_boosted}
    with threadpool_limits(1 if len(pupils.outcome) < FEWEST_FOR_THREADS else None):
        for name, engine in engines.items():
            mine = [setting for setting in settings if setting.engine == name]
            fits |= engine(pupils, mine, seed) if mine else {}
    return {setting: centred(pupils, *fit) for setting, fit in fits.items()}


class Basis(NamedTuple):
    """The columns by which a field enters the regression."""

    matrix: Floats  # [bins x columns], the last row for not known
    step: NDArray[np.bool_]  # which columns are penalised as steps
    sign: NDArray[np.int64]  # 1 or -1 where the coefficient must not have the other sign


def basis_of(pupils: Binned, place: int) -> Basis:
    """The columns of one axis: slope and steps of a number, one a category, and one for not known if any is."""
    axis, mass = pupils.axes[place], pupils.mass(place)
    if axis.kind == "category":
        known, steps = np.eye(axis.size), 0
    elif axis.size == 2:
        known, steps = np.array([[-1.0], [1.0]]), 0
    else:
        slope = standardised(pupils.middles[place], mass[:-1])
        cuts = knots_of(mass[:-1])
        ladder = (np.arange(axis.size)[:, None] >= cuts) - 0.5
        known, steps = np.column_stack([slope, ladder]), len(cuts)
    missing = mass[-1] > 0
    matrix = np.zeros((axis.size + 1, known.shape[1] + missing))
    matrix[:-1, : known.shape[1]] = known
    matrix[-1, known.shape[1] :] = 1
    step = np.zeros(matrix.shape[1], dtype=bool)
    step[known.shape[1] - steps :] = True  # not known too: a free slope for each costs much where events are few
    sign = np.where(np.arange(matrix.shape[1]) < known.shape[1], pupils.directions[place], 0)
    return Basis(matrix, step, sign)


def standardised(middles: Floats, mass: Floats) -> Floats:
    """Middles of bins with mean 0 and standard deviation 1 over the pupils; all 0 where they do not differ."""
    if not mass.any():
        return np.zeros_like(middles)
    apart = middles - np.average(middles, weights=mass)
    deviation = np.sqrt(np.average(apart**2, weights=mass))
    return np.asarray(apart / deviation if deviation > 0 else apart * 0)


def knots_of(mass: Floats) -> NDArray[np.int64]:
    """Bins at which steps begin: all of them if few, else some with equal shares of the pupils between them."""
    if len(mass) - 1 <= KNOTS:
        return np.arange(1, len(mass))
    share = np.cumsum(mass) / mass.sum()
    knots = np.unique(np.searchsorted(share, np.arange(1, KNOTS + 1) / (KNOTS + 1)) + 1)
    return knots[knots < len(mass)]


def fit_smooth(pupils: Binned, settings: Sequence[Setting], _seed: int) -> dict[Setting, Fit]:
    """Slopes and steps in a ridge-penalised logistic regression, at each setting."""
    bases = [basis_of(pupils, place) for place in range(len(pupils.axes))]
    design = np.hstack([basis.matrix[column] for basis, column in zip(bases, pupils.bins, strict=True)])
    step, sign = (np.concatenate([getattr(basis, name) for basis in bases]) for name in ("step", "sign"))
    ends = np.cumsum([basis.matrix.shape[1] for basis in bases])[:-1]
    regression = Regression(design, sign, pupils.outcome, pupils.weight)
    fits = {}
    for setting in settings:
        base, weights = regression.fit(np.where(step, setting.step, 1.0), setting.strength)
        parts = np.split(weights, ends)
        fits[setting] = Fit(base, tuple(basis.matrix @ part for basis, part in zip(bases, parts, strict=True)))
    return fits


class Regression:
    """Penalised logistic regressions of one design, each begun where the last one ended."""

    def __init__(self, design: Floats, sign: NDArray[np.int64], outcome: NDArray[np.int64], weight: Floats) -> None:
        self.design, self.sign, self.outcome, self.weight = design, sign, outcome, weight
        self.base, self.weights = 0.0, np.zeros(design.shape[1])

    def fit(self, scale: Floats, strength: float) -> tuple[float, Floats]:
        """Intercept and weights; a column whose weight has the wrong sign is left out and the rest refitted."""
        keep = np.ones(len(scale), dtype=bool)
        for _ in range(PASSES):
            self._fit_columns(keep, scale, strength)
            wrong = self.weights * self.sign < 0
            if not wrong.any() or wrong[keep].all():
                break
            keep &= ~wrong
        self.weights[wrong] = 0
        return self.base, self.weights.copy()

    def _fit_columns(self, keep: NDArray[np.bool_], scale: Floats, strength: float) -> None:
        model = LogisticRegression(C=strength, solver="newton-cholesky", tol=TOLERANCE, warm_start=True)
        model.coef_, model.intercept_ = (self.weights / scale)[None, keep], np.array([self.base])
        with warnings.catch_warnings():
            # Begun next to the optimum, the line search meets rounding before so tight a tolerance: as good as it gets.
            warnings.simplefilter("ignore", ConvergenceWarning)
            model.fit(self.design[:, keep] * scale[keep], self.outcome, self.weight)
        self.weights[~keep], self.weights[keep] = 0, model.coef_[0] * scale[keep]
        self.base = float(model.intercept_[0])


def fit_boosted(pupils: Binned, settings: Sequence[Setting], seed: int) -> dict[Setting, Fit]:
    """Trees of one field each, at each number of trees; their tables read off by moving one field at a time."""
    sizes = [axis.size for axis in pupils.axes]
    columns = list(map(known_bins, pupils.bins, sizes))
    model = HistGradientBoostingClassifier(
        max_iter=int(max(setting.strength for setting in settings)),
        learning_rate=LEARNING_RATE,
        max_leaf_nodes=LEAVES,
        l2_regularization=1.0,
        interaction_cst="no_interactions",
        monotonic_cst=list(pupils.directions),
        categorical_features=[axis.kind == "category" for axis in pupils.axes],
        early_stopping=False,
        random_state=seed,
    ).fit(np.column_stack(columns), pupils.outcome, pupils.weight)
    wanted = {int(setting.strength): setting for setting in settings}
    staged = enumerate(model.staged_decision_function(one_at_a_time(sizes)), start=1)
    return {wanted[rounds]: read_off(scores, sizes) for rounds, scores in staged if rounds in wanted}


def known_bins(bins: NDArray[np.int64], size: int) -> Floats:
    """A column for the trees, NaN where not known; all 0 where nothing is known, for they cannot bin such a column."""
    known = bins < size
    return np.where(known, bins, np.nan) if known.any() else np.zeros(len(bins))


def one_at_a_time(sizes: Sequence[int]) -> Floats:
    """Pupils all in the first bins, then with one field moved through its bins; NaN is not known."""
    rows = np.zeros((1 + sum(size + 1 for size in sizes), len(sizes)))
    first = 1
    for place, size in enumerate(sizes):
        rows[first : first + size + 1, place] = [*range(size), np.nan]
        first += size + 1
    return rows


def read_off(scores: Floats, sizes: Sequence[int]) -> Fit:
    """The tables behind the log-odds of `one_at_a_time`: exact, for the model has no interactions."""
    ends = np.cumsum([size + 1 for size in sizes])[:-1]
    return Fit(float(scores[0]), tuple(np.split(scores[1:] - scores[0], ends)))
