"""Tables of log-odds: what a trained model is once it is compiled. Numpy only, plain JSON in and out.

The log-odds of a pupil are the base plus one look-up for each field, so a pupil's contributions are the model itself
and not an account of it made afterwards.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from roni.tables.axis import KINDS, Axis, Floats

BLOCK = 16_384  # rows at a time: the working arrays of a block stay in a core's own cache


@dataclass(frozen=True)
class Table(Axis):
    """One field's log-odds: a value for each bin, and one for not known."""

    values: tuple[float, ...] = ()
    missing: float = 0.0

    def __post_init__(self) -> None:
        if len(self.values) != self.size:
            raise ValueError(f"The table of “{self.name}” needs {self.size} values, one a bin.")
        if list(self.edges) != sorted(set(self.edges)):
            raise ValueError(f"The edges of “{self.name}” must rise.")

    @property
    def labels(self) -> tuple[str, ...]:
        """What each bin is called: “below 90”, “90 to 95”, “95 or more”; no, yes; the categories."""
        if self.kind == "category":
            return self.categories
        if self.kind == "flag":
            return ("no", "yes")
        edges = [f"{edge:.12g}" for edge in self.edges]
        if not edges:
            return ("any",)
        between = [f"{low} to {high}" for low, high in itertools.pairwise(edges)]
        return (f"below {edges[0]}", *between, f"{edges[-1]} or more")

    def contribution(self, values: NDArray[Any]) -> Floats:
        """The log-odds that the field adds for each pupil, float64."""
        return self.take(values, self._entries)

    @cached_property
    def _entries(self) -> Floats:
        return np.array([*self.values, self.missing], dtype=np.float64)

    def to_json(self) -> dict[str, Any]:
        """The table as plain data; Python's JSON writes floats so that they read back to the bit."""
        shape: dict[str, Any] = {"name": self.name, "kind": self.kind}
        if self.kind == "number":
            shape["edges"] = list(self.edges)
        if self.kind == "category":
            shape["categories"] = list(self.categories)
        return {**shape, "values": list(self.values), "missing": self.missing}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Table:
        """The table from plain data. Raises ValueError where it is no table."""
        if data["kind"] not in KINDS:
            raise ValueError(f"A table’s kind is one of {', '.join(KINDS)}.")
        numbers = {name: tuple(map(float, data.get(name, ()))) for name in ("edges", "values")}
        categories = tuple(map(str, data.get("categories", ())))
        table = cls(str(data["name"]), data["kind"], categories=categories, missing=float(data["missing"]), **numbers)
        if not np.isfinite([*table.edges, *table.values, table.missing]).all():
            raise ValueError(f"The table of “{table.name}” holds a number that is not finite.")
        return table


def blocks_of(rows: int) -> Iterator[slice]:
    """The rows, a block at a time."""
    return (slice(first, first + BLOCK) for first in range(0, rows, BLOCK))


@dataclass(frozen=True)
class Tables(Mapping[str, Table]):
    """A compiled model: log-odds = base + one look-up for each field. A mapping of field name to Table."""

    base: float
    tables: tuple[Table, ...]

    def __getitem__(self, name: str) -> Table:
        for table in self.tables:
            if table.name == name:
                return table
        raise KeyError(name)

    def __iter__(self) -> Iterator[str]:
        return (table.name for table in self.tables)

    def __len__(self) -> int:
        return len(self.tables)

    def contributions(self, columns: Mapping[str, NDArray[Any]]) -> Floats:
        """What each field adds to each pupil's log-odds: float64 [n x fields], column by column in memory."""
        return self.explain(columns)[0]

    def log_odds(self, columns: Mapping[str, NDArray[Any]]) -> Floats:
        """The base plus the contributions, float64 [n]; added field by field, so any subset gives the same bits."""
        total = np.full(self._rows(columns), self.base)
        for rows in blocks_of(len(total)):
            for table in self.tables:
                total[rows] += table.contribution(columns[table.name][rows])
        return total

    def probability(self, columns: Mapping[str, NDArray[Any]]) -> Floats:
        """The probability of each pupil, float64 [n], 0 to 1."""
        return probability_of(self.log_odds(columns))

    def explain(self, columns: Mapping[str, NDArray[Any]]) -> tuple[Floats, Floats]:
        """Contributions [n x fields] and log-odds [n] in one pass."""
        found = np.empty((self._rows(columns), len(self.tables)), order="F")
        total = np.full(len(found), self.base)
        for rows in blocks_of(len(total)):
            for place, table in enumerate(self.tables):
                found[rows, place] = table.contribution(columns[table.name][rows])
                total[rows] += found[rows, place]
        return found, total

    def _rows(self, columns: Mapping[str, NDArray[Any]]) -> int:
        return len(columns[self.tables[0].name]) if self.tables else 0

    def to_json(self) -> dict[str, Any]:
        """The tables as plain data."""
        return {"base": self.base, "tables": [table.to_json() for table in self.tables]}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Tables:
        """The tables from plain data; scores are the same to the bit. Raises ValueError where it is no model."""
        return cls(float(data["base"]), tuple(map(Table.from_json, data["tables"])))


def probability_of(log_odds: Floats) -> Floats:
    """Log-odds as probabilities.

    >>> probability_of(np.array([0.0, -1000.0])).tolist()
    [0.5, 0.0]
    """
    with np.errstate(over="ignore"):
        return np.asarray(1 / (1 + np.exp(-log_odds)))


def spread(bags: Sequence[Tables], columns: Mapping[str, NDArray[Any]], factor: float) -> Floats:
    """The standard error of each pupil's log-odds, from models fitted to parts of the pupils.

    `factor` scales the standard deviation between bags to the error of a fit to all pupils: see `additive.Bagging`.
    """
    scores = np.stack([bag.log_odds(columns) for bag in bags])
    return np.asarray(factor * scores.std(axis=0))
