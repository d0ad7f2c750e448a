"""One set of folds does four things: chooses the engine and its setting, calibrates, steadies, and says how sure.

Every fold's model is fitted without a fifth of the pupils. Their log-odds by it are honest, so they choose and
calibrate; the mean of the models is steadier than any; and how far the models differ says how much another cohort of
the same size would have moved them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from joblib import Parallel, delayed  # type: ignore[import-untyped]
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression  # type: ignore[import-untyped]
from sklearn.model_selection import StratifiedKFold, StratifiedShuffleSplit  # type: ignore[import-untyped]

from roni.additive.binned import Binned, Fit, mean_fit
from roni.additive.engines import SETTINGS, Setting, fit_settings
from roni.tables import probability_of
from roni.tables.axis import Floats

FOLDS = 5
MOST_TO_CHOOSE = 30_000  # pupils; more would cost minutes and hardly change the choice
# The delete-a-group jackknife: the variance of a fit to all pupils is (groups - 1) x the variance between fits that
# each leave one group out. Shao and Wu, Annals of Statistics 17 (1989) 1176-1197.
SPREAD_FACTOR = float(np.sqrt(FOLDS - 1))
ERRORS_TO_SWITCH = 2  # at one, luck chose boosting in 2 of 9 trials with 100 events, and it did worse
CALIBRATION_C = 10.0  # next to no penalty; enough for a slope to exist where the folds separate the outcomes wholly
LEAST_SLOPE, MOST_SLOPE = 0.2, 2.0  # of the calibration: beyond these the folds say more of luck than of the model


class Bagged(NamedTuple):
    """The chosen setting, its models, and the honest log-odds of the training pupils."""

    setting: Setting
    fits: tuple[Fit, ...]
    held_out: Floats  # log-odds of each pupil by models fitted without them, mean over repeats
    losses: dict[Setting, float]  # mean log loss of held-out pupils

    @property
    def mean(self) -> Fit:
        return mean_fit(self.fits)


class Fold(NamedTuple):
    rows: NDArray[np.int64]  # held out
    fits: dict[Setting, Fit]


def bag(pupils: Binned, settings: Sequence[Setting], bags: int, seed: int, n_jobs: int | None) -> Bagged:
    """Choose among the settings by one set of folds; repeat the chosen one until there are `bags` models."""
    some = sample(pupils, seed)
    folds = fit_folds(some, settings, seed, n_jobs)
    losses = {setting: loss_of(some, hold_out(some, folds, setting)) for setting in settings}
    chosen = choose(some, losses)
    repeats = [folds] if some is pupils else [fit_folds(pupils, [chosen], seed, n_jobs)]
    repeats += [fit_folds(pupils, [chosen], seed + more, n_jobs) for more in range(1, -(-bags // FOLDS))]
    fits = tuple(fold.fits[chosen] for folds in repeats for fold in folds)
    held_out = np.mean([hold_out(pupils, folds, chosen) for folds in repeats], axis=0)
    means = {setting: float(np.average(loss, weights=some.weight)) for setting, loss in losses.items()}
    return Bagged(chosen, fits, held_out, means)


def sample(pupils: Binned, seed: int) -> Binned:
    """As many pupils as it takes to choose a setting, with the same share of events; all of them if few."""
    if len(pupils.outcome) <= MOST_TO_CHOOSE:
        return pupils
    split = StratifiedShuffleSplit(1, train_size=MOST_TO_CHOOSE, random_state=seed)
    return pupils.part(next(split.split(pupils.outcome, pupils.outcome))[0])


def fit_folds(pupils: Binned, settings: Sequence[Setting], seed: int, n_jobs: int | None) -> list[Fold]:
    """Each fold's models."""
    folds = StratifiedKFold(FOLDS, shuffle=True, random_state=seed).split(pupils.outcome, pupils.outcome)
    rows = [(train, held_out) for train, held_out in folds]
    jobs = (delayed(fit_settings)(pupils.part(train), settings, seed) for train, _ in rows)
    fits = Parallel(n_jobs=n_jobs)(jobs)
    return [Fold(held_out, found) for (_, held_out), found in zip(rows, fits, strict=True)]


def hold_out(pupils: Binned, folds: Sequence[Fold], setting: Setting) -> Floats:
    """Each pupil's log-odds by the model fitted without them."""
    found = np.empty(len(pupils.outcome))
    for fold in folds:
        found[fold.rows] = fold.fits[setting].log_odds(pupils.part(fold.rows))
    return found


def loss_of(pupils: Binned, log_odds: Floats) -> Floats:
    """The log loss of each pupil."""
    return np.logaddexp(0, np.where(pupils.outcome == 1, -log_odds, log_odds))


def choose(pupils: Binned, losses: dict[Setting, Floats]) -> Setting:
    """The best smooth setting, unless the best boosted one is better by more than two standard errors.

    Where events are few the error is large and the smooth engine, which loses less there, stands; with many events
    the error is small and the better one is taken.
    """
    best = {}
    for engine, settings in SETTINGS.items():
        tried = [setting for setting in settings if setting in losses]
        if tried:
            best[engine] = min(tried, key=lambda setting: float(losses[setting] @ pupils.weight))
    if len(best) == 1:
        return next(iter(best.values()))
    gain = losses[best["smooth"]] - losses[best["boosted"]]
    mean = np.average(gain, weights=pupils.weight)
    error = np.sqrt(np.average((gain - mean) ** 2, weights=pupils.weight) / len(gain))
    return best["boosted"] if mean > ERRORS_TO_SWITCH * error else best["smooth"]


def calibrate(pupils: Binned, log_odds: Floats) -> tuple[float, float]:
    """Slope and shift that make held-out log-odds true: folded into tables and base, so reasons stay exact.

    Platt, 1999; only a slope and a shift, for anything else would no longer be a sum over fields.
    """
    model = LogisticRegression(C=CALIBRATION_C)
    model.fit(log_odds[:, None], pupils.outcome, pupils.weight)
    slope = float(np.clip(model.coef_[0, 0], LEAST_SLOPE, MOST_SLOPE))
    return slope, shift_to_rate(slope * log_odds, pupils)


def shift_to_rate(log_odds: Floats, pupils: Binned) -> float:
    """What to add to log-odds so that their probabilities average the observed rate; by bisection."""
    rate = np.average(pupils.outcome, weights=pupils.weight)
    low, high = -50.0, 50.0
    for _ in range(50):
        middle = (low + high) / 2
        mean = np.average(probability_of(log_odds + middle), weights=pupils.weight)
        low, high = (low, middle) if mean > rate else (middle, high)
    return (low + high) / 2
