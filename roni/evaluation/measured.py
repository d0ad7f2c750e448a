"""An evaluation's figures as they stand on a model's card."""

from __future__ import annotations

from roni.evaluation.evidence import Figure
from roni.evaluation.result import Evaluation
from roni.model.card import Figure as CardFigure


def measured(found: Evaluation, ranking: str) -> tuple[CardFigure, ...]:
    """The figures of one ranking: its list, its order, its probabilities, and recall by group.

    Raises KeyError for a ranking that was not judged.
    """
    if ranking not in dict(found.rankings):
        raise KeyError(ranking)
    at = f"in a list of {found.capacity:,}"
    (row,) = (row for row in found.at_capacity if row.ranking == ranking)
    (order,) = (row for row in found.orderings if row.ranking == ranking)
    figures = {
        f"recall {at}": row.recall,
        f"precision {at}": row.precision,
        f"lift {at}": row.lift,
        "area under the ROC curve": order.area,
        "average precision": order.average_precision,
    }
    for one in found.calibrations:
        if one.ranking == ranking:
            figures |= {"Brier score": order.brier, "expected calibration error": one.expected_error}
    whole = [_card_figure(name, figure, "", found) for name, figure in figures.items()]
    groups = [
        _card_figure(f"recall {at}", group.recall, f"{table.title}: {group.group}", found)
        for table in found.groups
        for group in table.rows
        if group.ranking == ranking
    ]
    return (*whole, *groups)


def _card_figure(name: str, figure: Figure, of: str, found: Evaluation) -> CardFigure:
    return CardFigure(
        name,
        figure.value,
        figure.low,
        figure.high,
        of=of,
        pupils=figure.pupils or 0,
        events=figure.events or 0,
        split=found.split,
        note=figure.why,
    )
