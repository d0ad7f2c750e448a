"""The verb most callers need: a cohort and a scorecard in, a register out."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from roni.model.shelf import load_model
from roni.register import Register
from roni.scorecard import load_scorecard

if TYPE_CHECKING:
    from roni.cohort import Cohort
    from roni.model import Scorer
    from roni.scorecard import Scorecard


def score(cohort: Cohort, scorecard: Scorecard | str | Path, model: Scorer | str | Path | None = None) -> Register:
    """Assess and order the pupils of a cohort by a scorecard, or one named or in a file; a model may only add.

    Raises ScorecardError for a card that cannot be loaded, ModelError for a model that cannot be loaded or used.
    """
    if isinstance(scorecard, (str, Path)):
        scorecard = load_scorecard(scorecard, cohort.fields)
    assessment = scorecard.assess(cohort)
    if model is None:
        return Register(cohort, assessment)
    if isinstance(model, (str, Path)):
        model = load_model(model, cohort.fields)
    probability = model.probability(cohort)
    return Register(cohort, assessment, model, probability, model.band(probability, scorecard))
