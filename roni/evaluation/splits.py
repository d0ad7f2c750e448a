"""Which pupils a model learnt from and on which it is tested: the sentence that stands beside every figure.

Nothing is fitted here: `predict_held_out` calls what training hands it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from roni.errors import RoniError
from roni.evaluation.groups import UNKNOWN, Grouping, by_school, grouping
from roni.matching import can_be_matched, match_pupils

if TYPE_CHECKING:
    from roni.cohort import Cohort

Places = NDArray[np.int64]
# Fits to the first pupils and gives the probability of each of the second.
Fit = Callable[[Places, Places], NDArray[np.float64]]


@dataclass(frozen=True, eq=False)
class Split:
    """Places of the pupils to learn from (`train`) and to test on (`test`), in their own cohorts, and what was done."""

    name: str
    words: str
    train: Places
    test: Places


def as_it_stands(cohort: Cohort) -> Split:
    """No split: nothing is fitted to anybody. What holds for a scorecard; a model must not have seen these pupils."""
    words = (
        f"Applied as they stand to the {cohort.check} check; nothing was fitted to these pupils. Of a model this holds "
        "only if it was trained on others."
    )
    return Split("as it stands", words, np.zeros(0, np.int64), np.arange(len(cohort)))


def over_time(train: Cohort, test: Cohort) -> Split:
    """Learn from an earlier check, test on a later one; whoever is in both is tested and not learnt from.

    Raises RoniError unless the first check is the earlier one and somebody is left to learn from.
    """
    if train.check.order >= test.check.order:
        raise RoniError(f"The pupils to learn from must be of an earlier check than {test.check}, not {train.check}.")
    both = match_pupils(train, test) >= 0
    if both.all():
        raise RoniError("Every pupil to learn from is also among those to test on.")
    unmatched = int(np.count_nonzero(~can_be_matched(train)))
    words = f"Split over time: learnt from {train.check}, tested on {test.check}; no pupil is in both"
    words += f" (not learnt from because they were: {int(both.sum()):,})" if both.any() else ""
    words += f"; without an identifier to look for: {unmatched:,}" if unmatched else ""
    return Split("over time", f"{words}.", np.flatnonzero(~both), np.arange(len(test)))


def leave_one_school_out(cohort: Cohort) -> list[Split]:
    """One split a school: learn from all others, test on it."""
    return _leave_one_out(by_school(cohort))


def leave_one_district_out(cohort: Cohort) -> list[Split]:
    """One split a district: learn from all others, test on it."""
    return _leave_one_out(grouping(cohort, "district"))


def _leave_one_out(groups: Grouping) -> list[Split]:
    """Pupils whose group is not known are in no part: they might belong to the one left out."""
    known = [place for place, label in enumerate(groups.labels) if label != UNKNOWN]
    if len(known) < 2:
        raise RoniError(f"To leave one {groups.title} out there must be two or more; this cohort names {len(known)}.")
    somewhere = np.isin(groups.code, known)
    nowhere = int((~somewhere).sum())
    words = f"Leave one {groups.title} out: each is tested by what was learnt from the others"
    words += f"; in no part because their {groups.title} is not known: {nowhere:,}" if nowhere else ""
    return [
        Split(
            f"leave one {groups.title} out",
            f"{words}.",
            np.flatnonzero(somewhere & (groups.code != place)),
            np.flatnonzero(groups.code == place),
        )
        for place in known
    ]


def at_random(label: NDArray[np.int8], folds: int = 5, seed: int = 0) -> list[Split]:
    """Folds drawn by lot, with as many NEET pupils in each as can be; labelled random, for a later cohort is the test.

    Pupils whose outcome is not known (0) are tested and never learnt from. Raises ValueError for fewer than two folds.
    """
    if folds < 2:
        raise ValueError("A random split needs two folds or more.")
    random = np.random.default_rng(seed)
    order = random.permutation(len(label))
    order = order[np.argsort(label[order], kind="stable")]
    fold = np.empty(len(label), np.int64)
    fold[order] = np.arange(len(label)) % folds
    words = (
        f"Random split ({folds} folds, seed {seed}): pupils of the same schools and year are on both sides, so a later "
        "cohort will do worse than this says."
    )
    return [
        Split("random", words, np.flatnonzero((fold != place) & (label != 0)), np.flatnonzero(fold == place))
        for place in range(folds)
    ]


def predict_held_out(splits: Iterable[Split], size: int, fit: Fit) -> NDArray[np.float64]:
    """Each pupil's probability by what was learnt without them, float64 [size]; NaN for whoever was never tested."""
    found = np.full(size, np.nan)
    for split in splits:
        found[split.test] = fit(split.train, split.test)
    return found
