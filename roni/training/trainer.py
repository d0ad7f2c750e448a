"""The verb: pupils of earlier checks and what became of them in, a model for the shelf out."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from contextlib import nullcontext
from datetime import date
from pathlib import Path

import numpy as np
from joblib import parallel_config  # type: ignore[import-untyped]

from roni.additive import AdditiveClassifier, EngineName
from roni.additive.bagging import SPREAD_FACTOR
from roni.cohort import Cohort
from roni.errors import TrainingError
from roni.evaluation.population import is_invented
from roni.model import NAME, Model
from roni.outcomes import Outcome, Outcomes, Spells
from roni.scorecard import Scorecard, load_scorecard
from roni.tables import Table, Tables
from roni.training.card import Done, card_of
from roni.training.choice import choose
from roni.training.fitting import NOT_KNOWN, Material, Progress, Recipe, check_events, edges_like
from roni.training.pupils import Pupils, followed, shifted, usual_outcome
from roni.training.trial import hold_trial
from roni.training.variants import added_by, sensitivity, variants_of

USUAL_CARD = "oxfordshire"
YEARS = (11,)


def train(
    cohorts: Cohort | Sequence[Cohort],
    outcomes: Spells | Outcomes | Sequence[Spells | Outcomes],
    *,
    name: str,
    outcome: Outcome | None = None,
    years: Collection[int] = YEARS,
    fields: Sequence[str] | None = None,
    protected: bool = False,
    engine: EngineName = "auto",
    not_known: str = "exclude",
    caseloaded: Collection[str] = (),
    scoring: Cohort | None = None,
    scorecard: Scorecard | str | Path = USUAL_CARD,
    capacity: int | None = None,
    split: str | None = None,
    report: str | Path | None = None,
    n_jobs: int | None = None,
    progress: Progress | None = None,
    random_state: int = 0,
    trained_at: date | None = None,
) -> Model:
    """Train a model on the pupils of one check, or of the same check in several years, and what became of them.

    `outcomes`: destinations, or labels worked out from them; one for all cohorts or one each. `outcome`: what is asked
    of the last cohort, of earlier ones so many years earlier; NEET on 1 March after Year 11 unless given. `fields`: to
    learn from, even where something speaks against it. `protected`: whether protected characteristics and proxies may
    be learnt from. `not_known`: exclude, as_neet or as_not_neet. `caseloaded`: keys of pupils who were given help.
    `scoring`: a cohort that the model is meant for. `scorecard`: the one it is to stand beside. `capacity`: of the list
    it is judged at, else a tenth of the pupils. `split`: time, random, school or district; over time where there are
    leavers enough. `report`: a folder for the evaluation. `n_jobs`: as joblib counts, by the backend in force.

    `trained_at`: today unless given; the outcome must be over by then.

    The same arguments give the same model. Raises TrainingError, RoniError with the reason where nothing can be learnt.
    """
    _check(name, not_known)
    pairs = _in_order(cohorts, outcomes)
    card = scorecard if isinstance(scorecard, Scorecard) else load_scorecard(scorecard, pairs[-1][0].fields)
    on = trained_at or date.today()
    groups = _followed(pairs, outcome, card, years, caseloaded, on)
    meant_for = scoring and scoring.take(np.flatnonzero(np.isin(scoring.column("year_group"), list(years))))
    choice = choose([pupils.cohort for pupils in groups], fields, protected, meant_for)
    recipe = Recipe(groups[-1].cohort.fields, choice.used, engine, not_known, random_state=random_state)
    variants = variants_of(recipe, choice, groups)
    trial = hold_trial(name, groups, recipe, variants, split, capacity, n_jobs, progress or _silent)
    invented = any(is_invented(pupils.cohort) for pupils in groups)
    notes = tuple(sensitivity(trial, variants))
    with parallel_config(n_jobs=n_jobs) if n_jobs else nullcontext():
        evaluation = trial.evaluation(added_by(recipe, choice, variants), notes, invented)
    learnt = Material.of(groups, recipe.names)
    classifier = recipe.fit(learnt, n_jobs)
    tables, bags, idle = _spoken(classifier)
    done = Done(trial, evaluation, choice, recipe, classifier, notes, idle, on, invented)
    edges = edges_like(recipe.predict(classifier, learnt.frame), learnt.band, len(card.bands), recipe.rate(learnt))
    model = Model.of(name, tables, recipe.fields, edges, card_of(done), bags, SPREAD_FACTOR, recipe.known(learnt))
    if report:
        evaluation.write(report)
    return model


def _spoken(classifier: AdditiveClassifier) -> tuple[Tables, tuple[Tables, ...], tuple[str, ...]]:
    """The tables and bags without the fields that add 0 for everybody, and the names of those fields."""
    everywhere = (classifier.tables_, *classifier.bags_)
    idle = tuple(name for name in classifier.tables_ if not any(_speaks(each[name]) for each in everywhere))
    if len(idle) == len(classifier.tables_):
        raise TrainingError("No field says anything about who became NEET: there is nothing to train.")
    whole, *bags = (
        Tables(each.base, tuple(table for table in each.tables if table.name not in idle)) for each in everywhere
    )
    return whole, tuple(bags), idle


def _speaks(table: Table) -> bool:
    return any(table.values) or bool(table.missing)


def _check(name: str, not_known: str) -> None:
    """What would only be found wrong after minutes of work."""
    if not NAME.fullmatch(name):
        raise TrainingError(f"“{name}” is no name for a model. Use small letters, digits, - and _.")
    if not_known not in NOT_KNOWN:
        raise TrainingError(f"“{not_known}” is no policy for those not known. Allowed are: {', '.join(NOT_KNOWN)}.")


def _check_over(groups: Sequence[Pupils], on: date) -> None:
    """What became of pupils is not known until its day has come. Raises TrainingError."""
    for pupils in groups:
        asked = pupils.outcomes.outcome
        if asked.end > on:
            raise TrainingError(
                f"“{asked.words}”, asked of the {pupils.cohort.check} check, is not over on {on}, when the model is "
                "trained: nobody can know it yet. Ask about an earlier day, or train on earlier leavers."
            )


def _in_order(
    cohorts: Cohort | Sequence[Cohort], outcomes: Spells | Outcomes | Sequence[Spells | Outcomes]
) -> list[tuple[Cohort, Spells | Outcomes]]:
    """Each cohort with its outcomes, earliest first. Raises TrainingError."""
    several = [cohorts] if isinstance(cohorts, Cohort) else list(cohorts)
    each = [outcomes] * len(several) if isinstance(outcomes, (Spells, Outcomes)) else list(outcomes)
    if not several or len(each) != len(several):
        raise TrainingError(f"{len(several)} cohorts and {len(each)} outcomes: give one for all cohorts, or one each.")
    if len({cohort.check for cohort in several}) < len(several):
        raise TrainingError("Two cohorts are of the same check. Read the files of one check together.")
    if len(names := {cohort.check.name for cohort in several}) > 1:
        raise TrainingError(f"A model is for one check of the year, and these are of {' and '.join(sorted(names))}.")
    return sorted(zip(several, each, strict=True), key=lambda pair: pair[0].check.order)


def _followed(
    pairs: Sequence[tuple[Cohort, Spells | Outcomes]],
    outcome: Outcome | None,
    card: Scorecard,
    years: Collection[int],
    caseloaded: Collection[str],
    on: date,
) -> list[Pupils]:
    """Each cohort's pupils. Raises TrainingError where an outcome is not over `on` that day, or too few became NEET."""
    last = pairs[-1][0]
    asked = outcome or usual_outcome(last)
    groups = [
        followed(cohort, each, shifted(asked, last.check.year.start - cohort.check.year.start), card, years, caseloaded)
        for cohort, each in pairs
    ]
    _check_over(groups, on)
    check_events(np.concatenate([pupils.label for pupils in groups]))
    return groups


def _silent(done: int, total: int, what: str) -> None:
    """Progress that nobody asked for."""
