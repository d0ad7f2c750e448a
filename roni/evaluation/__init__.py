"""Whether a list helps: rankings judged by what became of the pupils. Takes predictions and outcomes, never fits.

`evaluate` is the one verb; rankings are made by the functions of `ranking`, splits by those of `splits`.
"""

from __future__ import annotations

from roni.evaluation.capacity import paired
from roni.evaluation.completeness import value_of_asking
from roni.evaluation.drift import drift
from roni.evaluation.judging import evaluate
from roni.evaluation.population import follow_up
from roni.evaluation.ranking import (
    Ranking,
    attendance_alone,
    count_of_flags,
    ranking_of_probability,
    ranking_of_register,
    ranking_of_scores,
)
from roni.evaluation.result import Evaluation
from roni.evaluation.splits import (
    Split,
    as_it_stands,
    at_random,
    leave_one_district_out,
    leave_one_school_out,
    over_time,
    predict_held_out,
)

__all__ = [
    "Evaluation",
    "Ranking",
    "Split",
    "as_it_stands",
    "at_random",
    "attendance_alone",
    "count_of_flags",
    "drift",
    "evaluate",
    "follow_up",
    "leave_one_district_out",
    "leave_one_school_out",
    "over_time",
    "paired",
    "predict_held_out",
    "ranking_of_probability",
    "ranking_of_register",
    "ranking_of_scores",
    "value_of_asking",
]
