"""The trial before a model is shelved: models of the same making, judged on pupils that they have not seen."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from roni.assessment.sums import Card
from roni.cohort import Cohort
from roni.errors import TrainingError
from roni.evaluation import (
    Evaluation,
    Ranking,
    Split,
    at_random,
    attendance_alone,
    count_of_flags,
    evaluate,
    leave_one_district_out,
    leave_one_school_out,
    over_time,
    paired,
    ranking_of_probability,
    ranking_of_register,
)
from roni.evaluation.capacity import Difference
from roni.evaluation.evidence import FEWEST_NEET
from roni.evaluation.groups import Grouping, GroupTable, by_group
from roni.register import Register
from roni.training.fitting import FEWEST_EVENTS, Floats, HeldOut, Material, Recipe, check_events, side_by_side
from roni.training.pupils import Pupils

# The share of pupils that a list holds where no capacity is given; the Oxfordshire card at 3 points flagged one in six.
USUAL_SHARE = 0.1
SPLITS = ("time", "random", "school", "district")
AS_IT_IS = "as it is"


@dataclass(frozen=True)
class Held:
    """What was said of held-out pupils, in the place of a model."""

    name: str
    said: HeldOut

    def probability(self, cohort: Cohort) -> Floats:  # noqa: ARG002 - a Scorer is asked so
        return self.said.probability

    def band(self, probability: Floats, card: Card) -> NDArray[np.int8]:  # noqa: ARG002
        return self.said.band


@dataclass(frozen=True, eq=False)
class Trial:
    """Which pupils are held out and what models of one making say of them.

    `groups`: the checks' pupils, earliest first; those of the last are tested. `variants`: other ways of making the
    same model, fitted quickly, by name; `said`: of each, what it says of the pupils tested.
    """

    name: str
    groups: tuple[Pupils, ...]
    split: Split
    capacity: int
    said: Mapping[str, HeldOut]
    quick: Mapping[str, HeldOut]

    @property
    def tested(self) -> Pupils:
        return self.groups[-1]

    @cached_property
    def register(self) -> Register:
        """The list by scorecard and model together."""
        pupils, said = self.tested, self.said[AS_IT_IS]
        held = Held(self.model, said)
        return Register(pupils.cohort, pupils.register.assessment, held, said.probability, said.band)

    @property
    def model(self) -> str:
        """What the model is called in figures."""
        return f"model {self.name}"

    @property
    def rankings(self) -> list[Ranking]:
        """The model, the scorecard with it and alone, and two lists that need neither."""
        pupils = self.tested
        card = pupils.register.card.name
        return [
            ranking_of_probability(self.model, self.said[AS_IT_IS].probability),
            ranking_of_register(f"{card} with {self.model}", self.register),
            ranking_of_register(card, pupils.register),
            attendance_alone(pupils.cohort),
            count_of_flags(pupils.register.assessment),
        ]

    def ranking(self, variant: str) -> Ranking:
        """The list of a variant."""
        return ranking_of_probability(variant, self.quick[variant].probability)

    def evaluation(self, added: Mapping[str, tuple[str, str]], notes: Sequence[str], invented: bool) -> Evaluation:
        """The whole account. `added`: field to the variants with and without it."""
        pupils = self.tested
        pairs = {title: (self.ranking(one), self.ranking(other)) for title, (one, other) in added.items()}
        earlier = self.groups[-2].cohort if len(self.groups) > 1 else None
        found = evaluate(
            pupils.cohort,
            pupils.outcomes,
            self.rankings,
            self.capacity,
            split=self.split,
            earlier=earlier,
            added=pairs,
            notes=notes,
            invented=invented,
        )
        title = f"The model “{self.name}”, judged on the {pupils.cohort.check} check"
        return replace(found, title=title, groups=(*found.groups, *self._by_help()))

    def _by_help(self) -> list[GroupTable]:
        """What the lists do for pupils who were given help and for the others, where it is known who was."""
        pupils = self.tested
        if not pupils.caseloaded.any():
            return []
        division = Grouping("caseload", "given help", ("no", "yes"), pupils.caseloaded.astype(np.int64))
        return [by_group(self.rankings, pupils.label, self.capacity, division)]

    def against(self, variant: str) -> tuple[Difference, float, float]:
        """A variant's recall over that of the model as it is, the share of its list that is the same, its mean."""
        first, second = self.ranking(variant), self.ranking(AS_IT_IS)
        recall = next(row for row in paired(first, second, self.tested.label, self.capacity) if row.measure == "recall")
        same = float(np.minimum(first.listed(self.capacity), second.listed(self.capacity)).sum() / self.capacity)
        return recall, same, self.mean_probability(variant)

    def mean_probability(self, variant: str) -> float:
        """The mean of what a variant says."""
        return float(np.nanmean(self.quick[variant].probability))


def hold_trial(
    name: str,
    groups: Sequence[Pupils],
    recipe: Recipe,
    variants: Mapping[str, Recipe],
    split: str | None,
    capacity: int | None,
    n_jobs: int | None,
    done: Callable[[int, int, str], None],
) -> Trial:
    """Fit and judge. Raises TrainingError where pupils cannot be held out as asked."""
    groups = tuple(groups)
    learners, splits = splits_of(groups, split or usual_split(groups), recipe.random_state)
    names = tuple(dict.fromkeys([*recipe.names, *(field for each in variants.values() for field in each.names)]))
    learn = Material.of(learners, names)
    test = learn if learners == groups[-1:] else Material.of(groups[-1:], names)
    bands = len(groups[-1].card.bands)
    parts = [(learn.take(each.train), test.take(each.test)) for each in splits]
    total = len(parts) * (2 + len(variants))
    count = iter(range(1, total + 1))

    def fit(recipes: Sequence[Recipe], what: str) -> list[HeldOut]:
        jobs = [(each, *part, bands) for each in recipes for part in parts]
        found = side_by_side(jobs, n_jobs, lambda: done(next(count), total, what))
        size = len(parts)
        return [_together(found[at : at + size], splits, len(test.label)) for at in range(0, len(found), size)]

    (whole,) = fit([recipe], "judging the model on pupils held out")
    quick = {title: each.quick(whole.engine) for title, each in {AS_IT_IS: recipe, **variants}.items()}
    others = fit(list(quick.values()), "judging it made otherwise")
    length = capacity or max(round(USUAL_SHARE * len(groups[-1])), 1)
    return Trial(name, groups, splits[0], length, {AS_IT_IS: whole}, dict(zip(quick, others, strict=True)))


def _together(parts: Sequence[HeldOut], splits: Sequence[Split], size: int) -> HeldOut:
    """What was said of each pupil tested, by whichever part they were tested in."""
    probability, band = np.full(size, np.nan), np.full(size, -1, np.int8)
    for part, split in zip(parts, splits, strict=True):
        probability[split.test], band[split.test] = part.probability, part.band
    return HeldOut(probability, band, parts[0].engine)


def usual_split(groups: Sequence[Pupils]) -> str:
    """Over time where the earlier leavers have events enough to learn from and the last ones to be tested on."""
    earlier = sum(pupils.neet for pupils in groups[:-1])
    return "time" if earlier >= FEWEST_EVENTS and groups[-1].neet >= FEWEST_NEET else "random"


def splits_of(groups: Sequence[Pupils], kind: str, seed: int) -> tuple[tuple[Pupils, ...], list[Split]]:
    """Whose pupils are learnt from, and which of them for which test."""
    if kind not in SPLITS:
        raise TrainingError(f"“{kind}” is no split. Allowed are: {', '.join(SPLITS)}.")
    last = groups[-1]
    if kind == "time":
        return _over_time(groups)
    if kind == "random":
        # those whose outcome is not known are left to the policy about them
        everybody = np.arange(len(last))
        folds = at_random(last.label, seed=seed)
        return (last,), [replace(fold, train=np.setdiff1d(everybody, fold.test)) for fold in folds]
    return (last,), leave_one_school_out(last.cohort) if kind == "school" else leave_one_district_out(last.cohort)


def _over_time(groups: Sequence[Pupils]) -> tuple[tuple[Pupils, ...], list[Split]]:
    """Learn from all earlier leavers at once, test on the last."""
    earlier, last = tuple(groups[:-1]), groups[-1]
    if not earlier:
        raise TrainingError("A split over time needs the leavers of two summers or more.")
    each = [over_time(pupils.cohort, last.cohort) for pupils in earlier]
    starts = np.cumsum([0, *(len(pupils) for pupils in earlier)])
    train = np.concatenate([split.train + start for split, start in zip(each, starts[:-1], strict=True)])
    check_events(np.concatenate([pupils.label for pupils in earlier])[train])
    words = " ".join(split.words for split in each)
    return earlier, [Split("over time", words, train, np.arange(len(last)))]
