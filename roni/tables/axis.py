"""How a field's values fall into bins: found by address, not by searching, and never on the wrong side of an edge.

A number falls in the bin whose lower edge it has reached: 89.96 lies below an edge at 90, always.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

Kind = Literal["number", "flag", "category"]
Floats = NDArray[np.float64]

KINDS: tuple[Kind, ...] = ("number", "flag", "category")
MOST_CELLS = 4_096  # of a direct-address table; edges too uneven for that are searched for
MOST_WHOLE = 65_536  # the largest whole number that gets an entry of its own


class Cells(NamedTuple):
    """Equal cells laid over the edges of a number, at most one edge in each; cell 0 is not known.

    A value's cell is `(value - start) * scale`, kept within 1 and `last`. Rounding cannot misplace a value: the cell
    never falls as the value rises, and in the cell of an edge the value itself is compared with it.
    """

    start: float
    scale: float
    last: int
    edge: Floats  # of each cell, infinite where it has none
    below: NDArray[np.int64]  # the bin on either side of the cell's edge: 2 * cell, 2 * cell + 1


@dataclass(frozen=True)
class Axis:
    """How a field's values fall into bins: `edges` of a number, no and yes of a flag, `categories` of a code.

    The last bin is that of values that are not known.
    """

    name: str
    kind: Kind
    edges: tuple[float, ...] = ()
    categories: tuple[str, ...] = ()

    @property
    def size(self) -> int:
        """How many bins hold known values."""
        return {"number": len(self.edges) + 1, "flag": 2, "category": len(self.categories)}[self.kind]

    def bins(self, values: NDArray[Any]) -> NDArray[np.int64]:
        """The bin of each value; `size` where it is not known."""
        return self.take(values, np.arange(self.size + 1))

    def take(self, values: NDArray[Any], entries: NDArray[Any]) -> NDArray[Any]:
        """The entry of each value's bin. `entries`: one a bin, then the one for not known.

        Takes a cohort's columns: float64, NaN not known; counts, below 0 not known; flags as int8 1, 0 (not known), -1,
        or bool, or float 1.0, 0.0, NaN; codes as places in `categories`, any other place not known.
        """
        if values.dtype == np.bool_:
            return entries[:2].take(values.astype(np.int64))
        if values.dtype.kind in "iu" and self._by_place is not None:
            return entries.take(self._by_place).take(values.astype(np.int64) + 1, mode="clip")
        if self.kind == "number":
            return self._take_number(values, entries)
        known = (values >= 0) & (values < self.size)
        return entries.take(np.where(known, values, self.size).astype(np.int64))

    @cached_property
    def _by_place(self) -> NDArray[np.int64] | None:
        """The bin of the whole numbers -1, 0, 1 and so on, the ends standing for all beyond; None: too many."""
        if self.kind == "flag":
            return np.array([0, 2, 1])
        if self.kind == "category":
            return np.array([self.size, *range(self.size), self.size])
        top = np.ceil(self.edges[-1]) if self.edges else 0.0
        if not 0 <= top <= MOST_WHOLE:
            return None
        return np.append(self.size, np.searchsorted(self.edges, np.arange(int(top) + 1), side="right"))

    @cached_property
    def _cells(self) -> Cells | None:
        return lay_cells(np.asarray(self.edges, dtype=np.float64))

    def _take_number(self, values: NDArray[Any], entries: NDArray[Any]) -> NDArray[Any]:
        if values.dtype.kind in "iu":
            values = np.where(values < 0, np.nan, values)
        numbers = np.ascontiguousarray(values, dtype=np.float64)
        if self._cells is None:
            found = np.searchsorted(self.edges, numbers, side="right")
            return entries.take(np.where(np.isnan(numbers), self.size, found))
        return take_by_cell(numbers, self._cells, entries.take(self._cells.below))


def lay_cells(edges: Floats) -> Cells | None:
    """Cells over these edges; None where they are too uneven for a small table."""
    gap = float(np.diff(edges).min()) if len(edges) > 1 else 1.0
    span = float(edges[-1] - edges[0]) if len(edges) else 0.0
    if not span < gap * MOST_CELLS or not np.isfinite(1.01 / gap):
        return None
    start, scale = (float(edges[0]) if len(edges) else 0.0) - gap, 1.01 / gap
    last = int(span * scale) + 3
    cell_of_edge = cell_of(edges, start, scale, last)
    if len(np.unique(cell_of_edge)) < len(edges):
        return None
    edge = np.full(last + 1, np.inf)
    edge[cell_of_edge] = edges
    upper = np.cumsum(np.isfinite(edge))
    below = np.stack([upper - np.isfinite(edge), upper], axis=1)
    below[0] = len(edges) + 1
    return Cells(start, scale, last, edge, below.ravel())


def cell_of(values: Floats, start: float, scale: float, last: int) -> NDArray[np.int64]:
    """The cell of each value, 0 for NaN."""
    with np.errstate(over="ignore"):
        place = np.subtract(values, start)
        np.multiply(place, scale, out=place)
    np.maximum(place, 1, out=place)
    np.minimum(place, last, out=place)
    np.fmax(place, 0, out=place)
    return place.astype(np.int64)


def take_by_cell(values: Floats, cells: Cells, entries: NDArray[Any]) -> NDArray[Any]:
    """The entry of each value's side of its cell's edge: `entries` has two for each cell."""
    cell = cell_of(values, cells.start, cells.scale, cells.last)
    reached = values >= cells.edge.take(cell, mode="clip")
    cell += cell
    cell += reached
    return entries.take(cell, mode="clip")
