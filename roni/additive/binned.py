"""Training pupils as bin numbers: what both engines learn from, and the tables that they give back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from roni.tables import Table, Tables
from roni.tables.axis import Axis, Floats


@dataclass(frozen=True)
class Binned:
    """Pupils by field: `bins[j][i]` is pupil i's bin on axis j, the last one where it is not known.

    `middles[j]` is the mean of each bin of a number; `directions[j]` is 1 or -1 where the log-odds may only rise or
    only fall with the number, else 0.
    """

    axes: tuple[Axis, ...]
    bins: tuple[NDArray[np.int64], ...]
    middles: tuple[Floats, ...]
    directions: tuple[int, ...]
    outcome: NDArray[np.int64]  # 1 or 0
    weight: Floats

    def part(self, rows: NDArray[np.int64]) -> Binned:
        """Some of the pupils; the axes and what is known of them stay."""
        bins = tuple(column[rows] for column in self.bins)
        return replace(self, bins=bins, outcome=self.outcome[rows], weight=self.weight[rows])

    def mass(self, place: int) -> Floats:
        """The weight of the pupils in each bin of one axis."""
        counted = np.bincount(self.bins[place], weights=self.weight, minlength=self.axes[place].size + 1)
        return counted.astype(np.float64)


class Fit(NamedTuple):
    """An additive model of binned pupils: log-odds = base + sum of `entries[j][bin on axis j]`."""

    base: float
    entries: tuple[Floats, ...]

    def log_odds(self, pupils: Binned) -> Floats:
        """The log-odds of binned pupils."""
        total = np.full(len(pupils.outcome), self.base)
        for column, entries in zip(pupils.bins, self.entries, strict=True):
            total += entries[column]
        return total

    def scaled(self, slope: float, shift: float) -> Fit:
        """The model whose log-odds are slope x log-odds + shift."""
        return Fit(slope * self.base + shift, tuple(slope * entries for entries in self.entries))

    def tables(self, axes: Sequence[Axis]) -> Tables:
        """The model compiled."""
        return Tables(float(self.base), tuple(map(table_of, axes, self.entries)))


def table_of(axis: Axis, entries: Floats) -> Table:
    """One axis and its entries, as a table."""
    *values, missing = entries.tolist()
    return Table(axis.name, axis.kind, axis.edges, axis.categories, tuple(values), missing)


def bin_pupils(
    axes: Sequence[Axis],
    columns: Sequence[NDArray[Any]],
    directions: Sequence[int],
    outcome: NDArray[np.int64],
    weight: Floats,
) -> Binned:
    """Columns of values, as their axes bin them."""
    bins = tuple(axis.bins(column) for axis, column in zip(axes, columns, strict=True))
    middles = tuple(map(middles_of, axes, columns, bins, [weight] * len(axes)))
    return Binned(tuple(axes), bins, middles, tuple(directions), outcome, weight)


def middles_of(axis: Axis, values: NDArray[Any], bins: NDArray[np.int64], weight: Floats) -> Floats:
    """Where each bin of a number lies: its pupils' mean; its lower edge where it has none. Else 0, 1, 2 and so on."""
    if axis.kind != "number":
        return np.arange(axis.size, dtype=np.float64)
    lower = np.array([*axis.edges[:1], *axis.edges]) if axis.edges else np.zeros(1)
    known = bins < axis.size
    mass = np.bincount(bins[known], weights=weight[known], minlength=axis.size)
    total = np.bincount(bins[known], weights=(weight * values)[known], minlength=axis.size)
    return np.where(mass > 0, total / np.where(mass > 0, mass, 1), lower)


def centred(pupils: Binned, base: float, entries: Sequence[Floats]) -> Fit:
    """The same model with each field's entries averaging 0 over the pupils, so that the base is their mean log-odds.

    What no pupil had (not known, a code) adds nothing: there is no ground to raise or lower anybody for it.
    """
    settled = []
    for place, (axis, values) in enumerate(zip(pupils.axes, entries, strict=True)):
        mass = pupils.mass(place)
        mean = float(values @ mass / mass.sum())
        unseen = mass == 0
        if axis.kind == "number":
            unseen[: axis.size] = False
        base += mean
        settled.append(np.where(unseen, 0.0, values - mean))
    return Fit(base, tuple(settled))


def mean_fit(fits: Sequence[Fit]) -> Fit:
    """The model whose log-odds are the mean of several models' log-odds."""
    entries = tuple(np.mean(columns, axis=0) for columns in zip(*(fit.entries for fit in fits), strict=True))
    return Fit(float(np.mean([fit.base for fit in fits])), entries)
