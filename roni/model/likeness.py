"""What must be said where a model scores pupils unlike those it was trained on: another check, year, or file."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from roni.cohort import Cohort

if TYPE_CHECKING:
    from roni.model import Model
    from roni.model.model_field import ModelField

# A field known of fewer than SELDOM of some pupils and of more than MOSTLY of others is not the same field for both;
# this project's choice.
SELDOM, MOSTLY = 0.2, 0.5
FEWEST_COMPARED = 10  # pupils: what is known of fewer says little of the file that they come from


def notes_of(model: Model, cohort: Cohort) -> Iterator[str]:
    """A sentence for each way in which these pupils differ from those of the model's training, as far as it says."""
    if said := [*_check(model, cohort), *_years(model, cohort)]:
        yield f"The model “{model.name}”: trained for {model.card.meant_for}; {'; '.join(said)}."
    who = _meant(model, cohort)
    shares = [(item, _share_known(item, cohort, who)) for item in model.fields] if len(who) >= FEWEST_COMPARED else []
    if lost := [_compared(item, now, cohort) for item, now in shares if gone(item.known, now)]:
        yield (
            f"The model “{model.name}”: known of most pupils when it was trained, and of few or none of these: "
            f"{'; '.join(lost)}. Its probabilities here rest on less than it was measured with."
        )
    if new := [_compared(item, now, cohort) for item, now in shares if gone(now, item.known)]:
        yield (
            f"The model “{model.name}”: known of few pupils when it was trained, and of most of these: "
            f"{'; '.join(new)}. It has learnt little of what that means."
        )


def gone(before: float | None, after: float | None) -> bool:
    """Whether a field mostly known in one place is seldom known in another; shares, None where not stored.

    >>> gone(0.97, 0.0), gone(0.5, 0.0), gone(None, 0.0)
    (True, False, False)
    """
    return before is not None and after is not None and before > MOSTLY and after < SELDOM


def _check(model: Model, cohort: Cohort) -> Iterator[str]:
    if model.card.check not in ("", cohort.check.label):
        yield f"this is the {cohort.check.label} check"


def _years(model: Model, cohort: Cohort) -> Iterator[str]:
    card, year = model.card, cohort.column("year_group")
    others = int((model.can_score(cohort) & (year >= 0) & ~np.isin(year, card.years)).sum()) if card.years else 0
    if others:
        yield f"{others:,} pupil{'s' if others > 1 else ''} of other years scored by it too"


def _meant(model: Model, cohort: Cohort) -> NDArray[np.int64]:
    """The places of the pupils of its years, for a fact may only be asked about those; all where it does not say."""
    years = model.card.years
    return np.flatnonzero(np.isin(cohort.column("year_group"), years)) if years else np.arange(len(cohort))


def _share_known(item: ModelField, cohort: Cohort, who: NDArray[np.int64]) -> float:
    return float(cohort.known(item.name)[who].mean()) if item.name in cohort.columns else 0.0


def _compared(item: ModelField, now: float, cohort: Cohort) -> str:
    return f"{cohort.fields[item.name].label} ({item.known:.0%} then, {now:.0%} now)"
