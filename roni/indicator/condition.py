"""Conditions: what a scorecard may ask of a pupil.

A **Condition** judges typed columns for all pupils at once, says itself in English and names its own edge values, all
from the same threshold, so that the sentence and the boundary cannot disagree.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, reduce
from typing import Any

import numpy as np
from numpy.typing import NDArray

from roni.cohort import UNKNOWN, Cohort, Values
from roni.fields import Dictionary, Field

# 1 met, 0 not known, -1 not met. One verdict a pupil, or a single one (no dimension) where it is the same for all.
Verdicts = NDArray[np.int8]

NOT_KNOWN: Verdicts = np.zeros((), np.int8)
DEFAULT_STEP = 0.1  # per cents are published to one decimal; the distance of an edge value where a field has no grid


class Condition(ABC):
    """Something that is met, not met or not known for a pupil."""

    @abstractmethod
    def verdict(self, columns: Mapping[str, Values], fields: Dictionary) -> Verdicts:
        """Judge the columns given; a field without a column is not known for anybody."""

    @abstractmethod
    def words(self, fields: Dictionary) -> str:
        """The condition in English, to stand inside a sentence."""

    @abstractmethod
    def denial(self, fields: Dictionary) -> str:
        """The opposite in English."""

    @abstractmethod
    def leaves(self, sign: int = 1) -> Iterator[tuple[OneField, int]]:
        """The conditions on one field that it is made of; -1 beside those whose opposite counts."""

    @cached_property
    def fields(self) -> tuple[str, ...]:
        """The fields it reads, each once, in the order written."""
        return tuple(dict.fromkeys(leaf.field for leaf, _ in self.leaves()))

    def edges(self, fields: Dictionary) -> dict[str, tuple[Any, ...]]:
        """By field, the plain values on both sides of each boundary: every answer that can matter is among them."""
        found: dict[str, dict[Any, None]] = {}
        for leaf, _ in self.leaves():
            found.setdefault(leaf.field, {}).update(dict.fromkeys(leaf.sides(fields[leaf.field])))
        return {name: tuple(values) for name, values in found.items()}

    def judge(self, cohort: Cohort) -> Verdicts:
        """One verdict a pupil: 1 met, 0 not known, -1 not met. A flag's is its own column, not a copy."""
        found = self.verdict(cohort.columns, cohort.fields)
        return found if found.ndim else np.full(len(cohort), found)


@dataclass(frozen=True, slots=True)
class OneField(Condition):
    """A condition on one field."""

    field: str

    def leaves(self, sign: int = 1) -> Iterator[tuple[OneField, int]]:
        yield self, sign

    def verdict(self, columns: Mapping[str, Values], fields: Dictionary) -> Verdicts:
        values = columns.get(self.field)
        return NOT_KNOWN if values is None else self._of(values, fields[self.field])

    @abstractmethod
    def sides(self, item: Field) -> tuple[Any, ...]:
        """Plain values of the field on both sides of the boundary."""

    @abstractmethod
    def _of(self, values: Values, item: Field) -> Verdicts:
        """Judge the values of the field."""


@dataclass(frozen=True, slots=True)
class _Threshold(OneField):
    threshold: float

    def sides(self, item: Field) -> tuple[Any, ...]:
        step = 1 if item.type == "count" else item.grid or DEFAULT_STEP
        return (round(self.threshold - step, 10), self.threshold)

    def _amount(self, item: Field) -> str:
        unit = "%" if item.type == "percent" else "" if _is_counted(item) else item.unit
        return f"{self.threshold:g} {unit}".rstrip()


@dataclass(frozen=True, slots=True)
class AtLeast(_Threshold):
    """A per cent or count at the threshold or above: the threshold itself is met."""

    def _of(self, values: Values, item: Field) -> Verdicts:  # noqa: ARG002 - the form of every condition
        return 2 * np.asarray(values >= self.threshold).view(np.int8) - _known(values)

    def words(self, fields: Dictionary) -> str:
        item = fields[self.field]
        amount = self._amount(item)
        return f"{amount} or more {item.label}" if _is_counted(item) else f"{item.label} {amount} or more"

    def denial(self, fields: Dictionary) -> str:
        return Below(self.field, self.threshold).words(fields)


@dataclass(frozen=True, slots=True)
class Below(_Threshold):
    """A per cent or count under the threshold: the threshold itself is not met."""

    def _of(self, values: Values, item: Field) -> Verdicts:  # noqa: ARG002 - the form of every condition
        return _known(values) - 2 * np.asarray(values >= self.threshold).view(np.int8)

    def words(self, fields: Dictionary) -> str:
        item = fields[self.field]
        amount = self._amount(item)
        return f"fewer than {amount} {item.label}" if _is_counted(item) else f"{item.label} below {amount}"

    def denial(self, fields: Dictionary) -> str:
        return AtLeast(self.field, self.threshold).words(fields)


@dataclass(frozen=True, slots=True)
class OneOf(OneField):
    """A code that is one of those listed."""

    codes: tuple[str, ...]

    def _of(self, values: Values, item: Field) -> Verdicts:
        places = [place for place, code in enumerate(item.codes) if code in self.codes]
        met = reduce(np.logical_or, [values == place for place in places])
        return 2 * np.asarray(met).view(np.int8) - _known(values)

    def words(self, fields: Dictionary) -> str:
        item = fields[self.field]
        if all(code in item.said for code in self.codes):
            return _either([item.said[code] for code in self.codes])
        return f"{item.label}: {_either([item.codes[code] for code in self.codes])}"

    def denial(self, fields: Dictionary) -> str:
        item = fields[self.field]
        return f"{item.label}: not {_either([item.codes[code] for code in self.codes])}"

    def sides(self, item: Field) -> tuple[Any, ...]:
        return tuple(item.codes)


@dataclass(frozen=True, slots=True)
class IsTrue(OneField):
    """A flag that says yes."""

    def _of(self, values: Values, item: Field) -> Verdicts:  # noqa: ARG002 - the form of every condition
        return values  # type: ignore[no-any-return]  # a flag column is written as verdicts already

    def words(self, fields: Dictionary) -> str:
        item = fields[self.field]
        return item.said.get("yes", item.label)

    def denial(self, fields: Dictionary) -> str:
        item = fields[self.field]
        return item.said.get("no", f"not {item.label}")

    def sides(self, item: Field) -> tuple[Any, ...]:  # noqa: ARG002 - the form of every condition
        return (True, False)


@dataclass(frozen=True, slots=True)
class _Several(Condition):
    parts: tuple[Condition, ...]

    def leaves(self, sign: int = 1) -> Iterator[tuple[OneField, int]]:
        for part in self.parts:
            yield from part.leaves(sign)


@dataclass(frozen=True, slots=True)
class AnyOf(_Several):
    """At least one part is met: the maximum of the verdicts."""

    def verdict(self, columns: Mapping[str, Values], fields: Dictionary) -> Verdicts:
        return reduce(np.maximum, [part.verdict(columns, fields) for part in self.parts])

    def words(self, fields: Dictionary) -> str:
        return " or ".join(_inside(part, part.words(fields)) for part in self.parts)

    def denial(self, fields: Dictionary) -> str:
        return " and ".join(_inside(part, part.denial(fields)) for part in self.parts)


@dataclass(frozen=True, slots=True)
class AllOf(_Several):
    """Every part is met: the minimum of the verdicts."""

    def verdict(self, columns: Mapping[str, Values], fields: Dictionary) -> Verdicts:
        return reduce(np.minimum, [part.verdict(columns, fields) for part in self.parts])

    def words(self, fields: Dictionary) -> str:
        return " and ".join(_inside(part, part.words(fields)) for part in self.parts)

    def denial(self, fields: Dictionary) -> str:
        return " or ".join(_inside(part, part.denial(fields)) for part in self.parts)


@dataclass(frozen=True, slots=True)
class Not(Condition):
    """The opposite; not known stays not known."""

    part: Condition

    def leaves(self, sign: int = 1) -> Iterator[tuple[OneField, int]]:
        return self.part.leaves(-sign)

    def verdict(self, columns: Mapping[str, Values], fields: Dictionary) -> Verdicts:
        return np.negative(self.part.verdict(columns, fields))

    def words(self, fields: Dictionary) -> str:
        return self.part.denial(fields)

    def denial(self, fields: Dictionary) -> str:
        return self.part.words(fields)


def typed(item: Field, value: Any) -> Values:
    """One plain value as a cell of a typed column: the opposite of `Cohort.value`; None is not known."""
    dtype, cell = UNKNOWN[item.type]
    if value is not None and item.type == "flag":
        cell = 1 if value else -1
    elif value is not None:
        cell = list(item.codes).index(value) if item.type == "code" else value
    return np.dtype(dtype).type(cell)


def _known(values: Values) -> Verdicts:
    # Counts say "not known" with -1, per cents with NaN, which differs from itself.
    known = values >= 0 if values.dtype.kind == "i" else values == values
    return np.asarray(known).view(np.int8)


def _is_counted(item: Field) -> bool:
    """Whether it reads as a number of things: “3 or more suspensions”, but “scaled score below 100”."""
    return item.type == "count" and "many" in item.said


def _either(words: Sequence[str]) -> str:
    return " or ".join([", ".join(words[:-1]), words[-1]] if words[1:] else words)


def _inside(part: Condition, words: str) -> str:
    while isinstance(part, Not):
        part = part.part
    several = isinstance(part, _Several) or (isinstance(part, OneOf) and len(part.codes) > 1)
    return f"({words})" if several else words
