"""Whole points for the bins of a table, and the bins that score as conditions a card can write."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from roni.tables import Table
from roni.tables.axis import Floats

Points = NDArray[np.int64]  # of each bin of a field, the last one for not known


def whole_points(values: Floats, unit: float) -> Points:
    """Points above the field's lowest bin, then 0 for not known: a blank is never a point."""
    points = np.round((values - values.min()) / unit) if unit > 0 else np.zeros(len(values))
    return np.append(points, 0).astype(np.int64)


def tiers_of(table: Table, points: Points) -> list[dict[str, Any]]:
    """The bins that score, most points first, as conditions: at_least and below, is_true, or one_of."""
    tiers: list[dict[str, Any]] = []
    if table.kind == "flag":
        tiers = [{"points": int(points[place]), "is": bool(place)} for place in (0, 1)]
    elif table.kind == "category":
        for level in np.unique(points[:-1]).tolist():
            chosen = [name for name, each in zip(table.categories, points, strict=False) if each == level]
            tiers.append({"points": level, "one_of": chosen})
    else:
        tiers = runs_of(table.edges, points[:-1])
    return sorted((tier for tier in tiers if tier["points"]), key=lambda tier: -int(tier["points"]))


def runs_of(edges: tuple[float, ...], points: Points) -> list[dict[str, Any]]:
    """Runs of neighbouring bins with equal points; `at_least` or `below` is None at the open ends."""
    starts = [0, *(np.flatnonzero(np.diff(points)) + 1).tolist()]
    lower = [None, *edges]
    return [
        {"points": int(points[start]), "at_least": lower[start], "below": lower[end] if end < len(lower) else None}
        for start, end in zip(starts, [*starts[1:], len(points)], strict=True)
    ]
