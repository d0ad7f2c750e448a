"""The same model made otherwise: by other fields, another policy for those not known, without those who were helped."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from roni.training.choice import Choice
from roni.training.fitting import FEWEST_EVENTS, NOT_KNOWN, Recipe
from roni.training.pupils import Pupils
from roni.training.trial import AS_IT_IS, Trial

TOGETHER = "all protected characteristics and proxies together"
HELPED = "without the pupils who were given help"
COUNTED = {"exclude": "left out", "as_neet": "counted as NEET", "as_not_neet": "counted as not NEET"}


def variants_of(recipe: Recipe, choice: Choice, groups: Sequence[Pupils]) -> dict[str, Recipe]:
    """By name; only those that differ from the recipe for these pupils."""
    found: dict[str, Recipe] = {}
    if any((pupils.label == 0).any() for pupils in groups):
        found |= {COUNTED[each]: replace(recipe, not_known=each) for each in NOT_KNOWN if each != recipe.not_known}
    if any(pupils.caseloaded.any() for pupils in groups) and not too_few_unhelped(groups):
        found[HELPED] = replace(recipe, helped=False)
    for title, names in _sets(recipe, choice):
        changed = tuple(name for name in recipe.names if name not in names)
        if not set(names) & set(recipe.names):
            changed += names
        if changed:
            found[title] = replace(recipe, names=changed)
    return found


def too_few_unhelped(groups: Sequence[Pupils]) -> bool:
    """Whether too few pupils who were given no help became NEET for a trial without the others."""
    learners = groups[:-1] or groups
    return sum(int(((pupils.label > 0) & ~pupils.caseloaded).sum()) for pupils in learners) < FEWEST_EVENTS


def added_by(recipe: Recipe, choice: Choice, variants: Mapping[str, Recipe]) -> dict[str, tuple[str, str]]:
    """What each protected characteristic and proxy adds: by its label, the variants with it and without it."""
    return {
        title: (AS_IT_IS, title) if set(names) & set(recipe.names) else (title, AS_IT_IS)
        for title, names in _sets(recipe, choice)
        if title in variants
    }


def _sets(recipe: Recipe, choice: Choice) -> Iterator[tuple[str, tuple[str, ...]]]:
    """The fields whose worth is measured, each and all together; used ones apart from those left out."""
    for name in choice.judged:
        yield recipe.fields[name].label, (name,)
    for used in (True, False):
        names = tuple(name for name in choice.judged if (name in recipe.names) == used)
        if len(names) > 1:
            yield TOGETHER + (" (used)" if used else ""), names


def sensitivity(trial: Trial, variants: Mapping[str, Recipe]) -> Iterator[str]:
    """How much rests on the policy for those not known, and on help given, in sentences."""
    for title in variants:
        if title in COUNTED.values():
            yield _sentence(trial, title, f"Were pupils whose destination is not known {title}")
        elif title == HELPED:
            yield _sentence(trial, title, f"Trained {title}")
    if trial.tested.caseloaded.any() and HELPED not in variants:
        yield "Too few became NEET without having been given help to train a model on them alone."


def _sentence(trial: Trial, title: str, condition: str) -> str:
    recall, same, mean = trial.against(title)
    as_it_is = trial.mean_probability(AS_IT_IS)
    figure = recall.figure
    change = f"recall would change by {100 * (figure.value or 0):+.1f} points"
    if figure.low is not None and figure.high is not None:
        change += f" ({100 * figure.low:+.1f} to {100 * figure.high:+.1f})"
    return (
        f"{condition}, {same:.0%} of a list of {trial.capacity:,} would be the same, {change}, and the mean "
        f"probability would be {mean:.1%} instead of {as_it_is:.1%}."
    )
