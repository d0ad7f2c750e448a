"""From a table of training values to axes: few enough bins to read, on the grid a field is declared on.

A number gets one bin a value where it has few values; else edges at equal shares of the pupils, halved towards both
ends so that the rare extremes (10 suspensions, 30 % attendance) are not averaged away.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from roni.tables.axis import Axis, Floats

Grid = float | Sequence[float]

MOST_CATEGORIES = 250  # scikit-learn's boosting takes at most 255; the commonest are kept, others read as not known
TAIL_HALVINGS = 5  # how often the share of an outermost bin is halved
FEWEST_IN_BIN = 5  # pupils, for the bins of the tails


def kind_of(column: pd.Series[Any]) -> str:
    """Number, flag or category, from a column's type. Raises TypeError where it is none of them."""
    if pd.api.types.is_bool_dtype(column.dtype):
        return "flag"
    if isinstance(column.dtype, (pd.CategoricalDtype, pd.StringDtype)):
        return "category"
    if pd.api.types.is_numeric_dtype(column.dtype) and not pd.api.types.is_complex_dtype(column.dtype):
        return "number"
    inferred = pd.api.types.infer_dtype(column, skipna=True)
    kinds = {"boolean": "flag", "string": "category", "integer": "number", "floating": "number", "empty": "number"}
    if inferred in kinds | {"mixed-integer-float": "number"}:
        return kinds.get(inferred, "number")
    raise TypeError(f"Column “{column.name}” must hold numbers, flags or categories.")


def axis_of(column: pd.Series[Any], weight: Floats, grid: Grid | None, max_bins: int) -> Axis:
    """The axis that these training values call for."""
    name, kind = str(column.name), kind_of(column)
    if kind == "flag":
        return Axis(name, "flag")
    if kind == "category":
        return Axis(name, "category", categories=categories_of(column))
    return Axis(name, "number", edges=edges_of(numbers_of(column), weight, grid, max_bins))


def categories_of(column: pd.Series[Any]) -> tuple[str, ...]:
    """All declared categories in their order; of plain text, those seen, the commonest first to be kept."""
    if isinstance(column.dtype, pd.CategoricalDtype) and len(column.cat.categories) <= MOST_CATEGORIES:
        return tuple(map(str, column.cat.categories))
    commonest = column.dropna().astype(str).value_counts().index[:MOST_CATEGORIES]
    return tuple(sorted(commonest))


def values_of(column: pd.Series[Any], axis: Axis) -> NDArray[Any]:
    """A column as the plain array that its axis reads. Raises ValueError or TypeError where it cannot be."""
    if axis.kind == "number":
        return numbers_of(column)
    if axis.kind == "flag":
        return numbers_of(column.astype("boolean") if column.dtype == object else column)
    codes, distinct = pd.factorize(column)
    place = {category: place for place, category in enumerate(axis.categories)}
    places = [place.get(str(value), -1) for value in distinct]
    return np.array([*places, -1])[codes]


def numbers_of(column: pd.Series[Any]) -> Floats:
    """A column as float64, NaN where not known. Raises ValueError where a number is not finite."""
    numbers = pd.to_numeric(column).to_numpy(dtype=np.float64, na_value=np.nan)
    if np.isinf(numbers).any():
        raise ValueError(f"Column “{column.name}” contains infinity or a value too large.")
    return cast(Floats, numbers)


def edges_of(values: Floats, weight: Floats, grid: Grid | None, max_bins: int) -> tuple[float, ...]:
    """Where to cut a number. `grid`: the step that edges lie on, or the edges themselves."""
    if grid is not None and np.ndim(grid):
        return tuple(np.unique(np.asarray(grid, dtype=np.float64)).tolist())
    known = ~np.isnan(values)
    if not known.any():
        return ()
    step = float(np.asarray(grid)) if grid is not None else step_of(values[known])
    # a value a rounding error under its grid point belongs to it (84.7 / 0.1 is 846.99...)
    places, inverse = np.unique(np.floor(values[known] / step + 1e-6), return_inverse=True)
    mass = np.bincount(inverse, weights=weight[known]).astype(np.float64)
    return tuple(float(edge) for edge in np.unique(on_grid(places[cuts_of(mass, max_bins)], step)))


def step_of(values: Floats) -> float:
    """A power of ten about a thousandth of the values' spread: edges that are short to read."""
    low, high = np.quantile(values, [0.05, 0.95])
    spread = max(high - low, 1e-6 * (values.max() - values.min()))
    if spread <= 0:
        return 1.0
    step = float(10.0 ** np.floor(np.log10(spread / 1000)))
    return max(step, 1.0) if bool((values == np.floor(values)).all()) else step


def on_grid(places: Floats, step: float) -> Floats:
    """Grid points as the floats that people write: 847 steps of 0.1 is 84.7, not 84.7000...1."""
    digits = int(np.clip(9 - np.floor(np.log10(step)), 0, 300))
    return np.array([round(float(place * step), digits) for place in places])


def cuts_of(mass: Floats, max_bins: int) -> NDArray[np.int64]:
    """Places of the distinct values at which a new bin begins, from the pupils at each of them."""
    if len(mass) <= max_bins:
        return np.arange(1, len(mass))
    below = np.cumsum(mass) / mass.sum()
    shares = np.arange(1, max_bins) / max_bins
    tails = [1 / max_bins / 2**halving for halving in range(1, TAIL_HALVINGS + 1)]
    tails = [share for share in tails if share * mass.sum() >= FEWEST_IN_BIN]
    wanted = np.sort(np.concatenate([shares, tails, 1 - np.array(tails)]))
    cuts = np.unique(np.searchsorted(below, wanted - 1e-12) + 1)
    return cuts[cuts < len(mass)]
