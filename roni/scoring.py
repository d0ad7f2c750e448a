"""The verb most callers need: a cohort and a scorecard in, a register out."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from roni.register import Register
from roni.scorecard import load_scorecard

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from roni.assessment import Card
    from roni.cohort import Cohort
    from roni.scorecard import Scorecard


class Scorer(Protocol):
    """What scoring needs of a trained model."""

    @property
    def name(self) -> str: ...
    def probability(self, cohort: Cohort) -> NDArray[np.float64]:
        """One a pupil, from 0 to 1; NaN where it could not score."""
        ...

    def band(self, probability: NDArray[np.float64], card: Card) -> NDArray[np.int8]:
        """One a pupil, a place in `card.bands`; -1 where it could not score."""
        ...


def score(cohort: Cohort, scorecard: Scorecard | str | Path, model: Scorer | None = None) -> Register:
    """Assess and order the pupils of a cohort by a scorecard, or one named or in a file; a model may only add.

    Raises ScorecardError for a card that cannot be loaded.
    """
    if isinstance(scorecard, (str, Path)):
        scorecard = load_scorecard(scorecard, cohort.fields)
    assessment = scorecard.assess(cohort)
    if model is None:
        return Register(cohort, assessment)
    probability = model.probability(cohort)
    return Register(cohort, assessment, model.name, probability, model.band(probability, scorecard))
