"""The card of a model that was just trained, filled from what was done and measured."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from importlib.metadata import version

from roni.additive import AdditiveClassifier
from roni.evaluation import Evaluation
from roni.evaluation.evidence import Figure as Measured
from roni.evaluation.groups import GroupRow
from roni.model.card import Figure, ModelCard
from roni.training.choice import Choice, breaks_since
from roni.training.declared import sensitive
from roni.training.fitting import Recipe
from roni.training.pupils import Pupils
from roni.training.trial import Trial
from roni.version import VERSION

LIBRARIES = ("scikit-learn", "numpy", "pandas")
NOT_FOR = (
    "Deciding about a young person. A person decides; the model only orders names for a conversation.",
    "Taking anybody off a list: a model may add a pupil, never remove one.",
    "Pupils of another area, year group or check than those above, without measuring it on their leavers first.",
    "Other outcomes than the one below, such as attainment or behaviour; admission, exclusion or sanction of any kind.",
    "Judging or comparing schools, teachers or coaches.",
)
HELP = (
    "Pupils on earlier lists were helped, and help lowers their rate: what the model learnt about pupils like them is "
    "lower than it would have been without help."
)
EDGES = (
    "Its bands: of the training pupils as many stand in each as in the same band of the scorecard “{card}”, but none "
    "begins under the share of them who became NEET."
)
SCHOOL_FIELD = "school"


@dataclass(frozen=True, eq=False)
class Done:
    """What was done: the choice of fields, the recipe, the trial and its account, the classifier that is kept."""

    trial: Trial
    evaluation: Evaluation
    choice: Choice
    recipe: Recipe
    classifier: AdditiveClassifier
    sensitivity: tuple[str, ...]
    idle: tuple[str, ...]  # fields whose table is 0 throughout, and which are therefore not in the model
    trained_at: date
    invented: bool

    @property
    def groups(self) -> tuple[Pupils, ...]:
        return self.trial.groups


def card_of(done: Done) -> ModelCard:
    """The card."""
    groups, last = done.groups, done.groups[-1]
    years = " or ".join(map(str, _years(groups)))
    return ModelCard(
        what=(
            f"An additive model of the chance that a pupil of Year {years} becomes NEET, for the "
            f"{last.cohort.check.label} check: a table of log-odds for each of "
            f"{len(done.choice.used) - len(done.idle)} fields, which add up."
        ),
        trained_on="Pupils as confirmed at " + "; and at ".join(pupils.words for pupils in groups) + ".",
        trained_at=done.trained_at.isoformat(),
        outcome="; ".join(dict.fromkeys(pupils.outcomes.outcome.words for pupils in groups)) + ".",
        not_known=POLICY[done.recipe.not_known],
        missing=tuple(_missing(groups)),
        not_for=NOT_FOR,
        synthetic=done.invented,
        library=VERSION,
        pupils=sum(int((pupils.label != 0).sum()) for pupils in groups),
        events=sum(pupils.neet for pupils in groups),
        measured=tuple(_measured(done)),
        notes=tuple(_notes(done)),
        versions={name: version(name) for name in LIBRARIES},
        check=last.cohort.check.label,
        years=_years(groups),
    )


POLICY = {
    "exclude": "left out of training, neither a good outcome nor a bad one.",
    "as_neet": "counted as NEET.",
    "as_not_neet": "counted as not NEET, which hides whoever was lost from sight.",
}


def _years(groups: Sequence[Pupils]) -> tuple[int, ...]:
    return tuple(sorted({int(year) for pupils in groups for year in pupils.cohort.column("year_group")}))


def _missing(groups: Sequence[Pupils]) -> Iterator[str]:
    lost = sum(int((pupils.label == 0).sum()) for pupils in groups)
    unrecorded = sum(pupils.no_record for pupils in groups)
    yield f"{lost:,} pupils whose destination is not known, {unrecorded:,} of them without any record."
    if unlisted := sum(pupils.unlisted for pupils in groups):
        yield f"{unlisted:,} pupils whose information is restricted, or who are no longer living."
    files = ", ".join(f"{len(pupils.cohort.files):,}" for pupils in groups)
    yield (
        f"Whoever was in no file of those checks ({files} files): not on a school’s roll by then, or of a school that "
        "sent none."
    )


def _measured(done: Done) -> Iterator[Figure]:
    """The figures that somebody asks for first; the report has all of them."""
    found, trial = done.evaluation, done.trial
    split = f"{trial.split.name}, {trial.tested.cohort.check}"
    at = f"a list of {found.capacity:,}"
    for row in found.at_capacity:
        yield _figure(f"recall of {at}", row.recall, row.ranking, split)
        yield _figure(f"precision of {at}", row.precision, row.ranking, split)
    for difference in found.differences:
        if difference.measure == "recall" and trial.model in difference.first:
            over = f"{difference.first} over {difference.second}"
            yield _figure(f"recall of {at}, difference", difference.figure, over, split)
    for ordering in found.orderings:
        yield _figure("area under the ROC curve", ordering.area, ordering.ranking, split)
        yield _figure("average precision", ordering.average_precision, ordering.ranking, split)
    for one in found.calibrations:
        if one.ranking == trial.model:
            yield _figure("expected calibration error", one.expected_error, one.ranking, split)
            yield _figure("mean probability less observed rate", one.too_high, one.ranking, split)
    for name, rows in found.added.items():
        yield from (
            _figure(f"recall of {at}, added by", row.figure, name, split) for row in rows if row.measure == "recall"
        )
    for of, group in _groups(done):
        if group.recall.shown:
            yield _figure("recall", group.recall, of, split)
            yield _figure("false alarms", group.false_alarms, of, split)


def _groups(done: Done) -> Iterator[tuple[str, GroupRow]]:
    """What the model's list does for each group, with what the group is called; schools are left to the report."""
    for table in done.evaluation.groups:
        if table.field != SCHOOL_FIELD:
            yield from ((f"{table.title}: {row.group}", row) for row in table.rows if row.ranking == done.trial.model)


def _figure(name: str, found: Measured, of: str, split: str) -> Figure:
    value, low, high = (
        None if number is None else round(float(number), 6) for number in (found.value, found.low, found.high)
    )
    return Figure(name, value, low, high, of, found.pupils or 0, found.events or 0, split, found.why)


def _notes(done: Done) -> Iterator[str]:
    fields, choice = done.recipe.fields, done.choice
    yield done.trial.split.words
    yield (
        f"Fitted by the {done.classifier.engine_} engine to all of its pupils; measured by a model made alike without "
        "those held back."
    )
    yield EDGES.format(card=done.groups[-1].card.name)
    yield HELP
    yield from done.sensitivity
    if small := [of for of, row in _groups(done) if not row.recall.shown]:
        yield f"Groups too small to say how many it misses (not none): {'; '.join(small)}."
    for name in choice.used:
        if fields[name].needs_justification:
            what = sensitive(fields[name]) or "special category"
            yield f"It uses {fields[name].label} ({what}): {fields[name].use}"
    for name, why in choice.despite.items():
        yield f"Used because it was asked for, though: {fields[name].label}: {why.rstrip('.')}."
    for name, why in choice.left_out.items():
        yield f"Left out: {fields[name].label}: {why.rstrip('.')}."
    if done.idle:
        yield f"Looked at, and found to say nothing: {', '.join(fields[name].label for name in done.idle)}."
    yield from breaks_since(fields, choice.used, [pupils.cohort for pupils in done.groups])
