"""What a met condition says of a pupil: the raw value, and the boundary in the condition's own words.

A fact is made once for each different combination of values, so a million pupils cost as many sentences as there are
different things to say of them, and a single pupil's fact is the same words by the same way.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from roni.cohort import Cohort
from roni.condition import AllOf, AnyOf, AtLeast, Below, Condition, IsTrue, Not, OneOf
from roni.fields import Dictionary, Field
from roni.lines import distinct

MOST_DECIMALS = 15  # of a per cent as float64; beyond, the number is printed as it is held


def facts(condition: Condition, cohort: Cohort, places: NDArray[np.int64]) -> tuple[list[str], NDArray[np.int32]]:
    """What the condition says of the pupils at `places`, all of whom meet it: the texts, and which is whose."""
    names = [name for name in dict.fromkeys(_reads(condition, cohort.fields)) if name in cohort.columns]
    values = {name: cohort.columns[name][places] for name in names}
    thresholds = list(_thresholds(condition))
    for name in names:
        if cohort.fields[name].type == "percent":
            values[name] = _shown(values[name], [limit for of, limit in thresholds if of == name])
    first, which = distinct(*values.values())
    few = replace(cohort, columns={name: column[first] for name, column in values.items()})
    speaker = _Speaker(few, thresholds)
    return [speaker.say(condition, index) for index in range(len(first))], which


def percent(value: float, thresholds: Iterable[float] = ()) -> str:
    """A per cent to one decimal, or to as many as it takes to stand on its own side of every threshold.

    >>> percent(84.2), percent(89.96, [90.0]), percent(89.96), percent(90.0, [90.0])
    ('84.2 %', '89.96 %', '90.0 %', '90.0 %')
    """
    limits = tuple(thresholds)
    for decimals in range(1, MOST_DECIMALS + 1):
        text = f"{value:.{decimals}f}"
        if all((float(text) >= limit) == (value >= limit) for limit in limits):
            return f"{text} %"
    return f"{value!r} %"


def amount(item: Field, value: float, thresholds: Iterable[float] = ()) -> str:
    """The raw value of a per cent or count with what it counts.

    >>> from roni.fields import national
    >>> amount(national()["suspensions"], 1), amount(national()["suspensions"], 3)
    ('1 suspension', '3 suspensions')
    """
    if item.type == "percent":
        return f"{item.label} {percent(value, thresholds)}"
    counted = item.said.get("one" if value == 1 else "many")
    if counted:
        return f"{value:g} {counted}"
    return f"{item.label} {value:g} {item.unit}" if item.unit else f"{value:g} {item.label}"


def known_value(cohort: Cohort, name: str, index: int) -> str | None:
    """One pupil's value of a field, known or not, as a person would say it; None where it is not known."""
    item, value = cohort.fields[name], cohort.value(name, index)
    if value is None:
        return None
    if item.type in ("percent", "count"):
        return amount(item, value)
    if item.type == "flag":
        return item.said.get("yes", item.label) if value else item.said.get("no", f"not {item.label}")
    return f"{item.label}: {item.codes[value] if item.type == 'code' else value}"


@dataclass(frozen=True)
class _Speaker:
    """Says what is met of the rows of a small cohort."""

    cohort: Cohort
    thresholds: list[tuple[str, float]]

    def say(self, condition: Condition, index: int) -> str:
        match condition:
            case AllOf(parts):
                return " and ".join(self.say(part, index) for part in parts)
            case AnyOf(parts):
                return " and ".join(self.say(part, index) for part in parts if self._met(part, index))
            case Not(part):
                return self._denied(part, index)
            case IsTrue(field):
                return self._flag(self.cohort.fields[field], index)
            case OneOf(field):
                return self._code(self.cohort.fields[field], index)
            case Below(field) | AtLeast(field):
                return self._measured(condition, field, index)
        return condition.words(self.cohort.fields)

    def _denied(self, part: Condition, index: int) -> str:
        """The opposite of a condition, brought down to where there is a value to say."""
        match part:
            case Not(inner):
                return self.say(inner, index)
            case AllOf(parts):
                return self.say(AnyOf(tuple(Not(each) for each in parts)), index)
            case AnyOf(parts):
                return self.say(AllOf(tuple(Not(each) for each in parts)), index)
            case Below(field, threshold):
                return self.say(AtLeast(field, threshold), index)
            case AtLeast(field, threshold):
                return self.say(Below(field, threshold), index)
            case OneOf(field):
                return self._code(self.cohort.fields[field], index)
        return part.denial(self.cohort.fields)

    def _met(self, part: Condition, index: int) -> bool:
        columns = {
            name: self.cohort.columns[name][index : index + 1] for name in part.fields if name in self.cohort.columns
        }
        return bool(np.all(part.verdict(columns, self.cohort.fields) == 1))

    def _flag(self, item: Field, index: int) -> str:
        """A flag that comes from a figure says the figure."""
        for name in _figures(item):
            value = self.cohort.value(name, index) if name in self.cohort.columns else None
            if value:
                return amount(self.cohort.fields[name], value)
        return item.said.get("yes", item.label)

    def _code(self, item: Field, index: int) -> str:
        code = self.cohort.value(item.name, index)
        return item.said.get(code, f"{item.label}: {item.codes[code]}")

    def _measured(self, condition: Condition, name: str, index: int) -> str:
        item, value = self.cohort.fields[name], self.cohort.value(name, index)
        said = amount(item, value, [limit for of, limit in self.thresholds if of == name])
        boundary = condition.words(self.cohort.fields).removeprefix(f"{item.label} ").removesuffix(f" {item.label}")
        return said if boundary == "1 or more" else f"{said} ({boundary})"


def _reads(condition: Condition, fields: Dictionary) -> Iterator[str]:
    """The fields whose values a fact may say: those judged, and the figures that flags come from."""
    for name in condition.fields:
        yield name
        yield from _figures(fields[name])


def _figures(item: Field) -> Iterator[str]:
    for route in item.routes:
        if route.kind == "positive":
            yield from route.inputs


def _thresholds(condition: Condition) -> Iterator[tuple[str, float]]:
    match condition:
        case AllOf(parts) | AnyOf(parts):
            for part in parts:
                yield from _thresholds(part)
        case Not(part):
            yield from _thresholds(part)
        case Below(field, threshold) | AtLeast(field, threshold):
            yield field, threshold


def _shown(values: NDArray[Any], thresholds: list[float]) -> NDArray[np.float64]:
    """Per cents as they are printed: one decimal where that stays on the same side of every threshold."""
    rounded = np.round(values, 1)
    same_side = np.ones(len(values), np.bool_)
    for limit in thresholds:
        same_side &= (rounded >= limit) == (values >= limit)
    return np.where(same_side, rounded, values)
