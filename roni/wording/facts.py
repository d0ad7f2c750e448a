"""What a met condition says of a pupil: the raw value, and the boundary in the condition's own words.

A fact is made once for each different combination of values, so a million pupils cost as many sentences as there are
different things to say of them, and a single pupil's fact is the same words by the same way.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from roni.cohort import Cohort
from roni.fields import Field
from roni.indicator.condition import AllOf, AnyOf, AtLeast, Below, Condition, IsTrue, Not, OneOf
from roni.wording.lines import Said, distinct

MOST_DECIMALS = 15  # of a per cent as float64; beyond, the number is printed as it is held


def facts(condition: Condition, cohort: Cohort, places: NDArray[np.int64]) -> Said:
    """What the condition says of the pupils at `places`, all of whom meet it."""
    if not len(places):
        return Said.nothing(0)
    match condition:
        case AllOf(parts):
            return _together([(part, np.arange(len(places))) for part in parts], cohort, places)
        case AnyOf(parts):
            return _together([(part, _met(part, cohort, places)) for part in parts], cohort, places)
        case Not(part) if (same := _opposite(part)) is not None:
            return facts(same, cohort, places)
        case IsTrue(field):
            return _flag(cohort, cohort.fields[field], places)
        case OneOf(field) | Not(OneOf(field)):
            return _code(cohort, cohort.fields[field], places)
        case Below() | AtLeast():
            return _figure(condition, cohort, places)
    return Said([condition.words(cohort.fields)], np.zeros(len(places), np.int32))


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


def _together(parts: Sequence[tuple[Condition, NDArray[np.int64]]], cohort: Cohort, places: NDArray[np.int64]) -> Said:
    """The facts of several conditions, each of those of the pupils who meet it."""
    said = Said.nothing(len(places))
    for part, met in parts:
        if len(met):
            said = said.then(facts(part, cohort, places[met]).among(met, len(places)), " and ")
    return said


def _met(part: Condition, cohort: Cohort, places: NDArray[np.int64]) -> NDArray[np.int64]:
    columns = {name: cohort.columns[name][places] for name in part.fields if name in cohort.columns}
    return np.flatnonzero(part.verdict(columns, cohort.fields) > np.zeros(len(places), np.int8))


def _opposite(part: Condition) -> Condition | None:
    """The opposite of a condition said without “not”, brought down to where there is a value to say."""
    match part:
        case Not(inner):
            return inner
        case AllOf(parts):
            return AnyOf(tuple(Not(each) for each in parts))
        case AnyOf(parts):
            return AllOf(tuple(Not(each) for each in parts))
        case Below(field, threshold):
            return AtLeast(field, threshold)
        case AtLeast(field, threshold):
            return Below(field, threshold)
    return None


def _figure(condition: Below | AtLeast, cohort: Cohort, places: NDArray[np.int64]) -> Said:
    """A per cent or count, with the boundary it is beyond."""
    item, values = cohort.fields[condition.field], cohort.columns[condition.field][places]
    if item.type == "percent":
        values = _shown(values, condition.threshold)
    first, which = distinct(values)
    boundary = condition.words(cohort.fields).removeprefix(f"{item.label} ").removesuffix(f" {item.label}")
    beyond = "" if boundary == "1 or more" else f" ({boundary})"
    said = [amount(item, value, [condition.threshold]) + beyond for value in values[first].tolist()]
    return Said(said, which)


def _code(cohort: Cohort, item: Field, places: NDArray[np.int64]) -> Said:
    texts = [item.said.get(code, f"{item.label}: {label}") for code, label in item.codes.items()]
    return Said(texts, cohort.columns[item.name][places].astype(np.int32))


def _flag(cohort: Cohort, item: Field, places: NDArray[np.int64]) -> Said:
    """A flag that comes from a figure says the figure."""
    values = {name: cohort.columns[name][places] for name in _figures(item) if name in cohort.columns}
    if not values:
        return Said([item.said.get("yes", item.label)], np.zeros(len(places), np.int32))
    first, which = distinct(*values.values())
    few = replace(cohort, columns={name: column[first] for name, column in values.items()})
    return Said([_figure_or_yes(few, item, index) for index in range(len(first))], which)


def _figure_or_yes(cohort: Cohort, item: Field, index: int) -> str:
    for name in cohort.columns:
        if value := cohort.value(name, index):
            return amount(cohort.fields[name], value)
    return item.said.get("yes", item.label)


def _figures(item: Field) -> list[str]:
    return [name for route in item.routes if route.kind == "positive" for name in route.inputs]


def _shown(values: NDArray[Any], threshold: float) -> NDArray[np.float64]:
    """Per cents as they are printed: one decimal where that stays on the same side of the threshold."""
    rounded = np.round(values, 1)
    return np.where((rounded >= threshold) == (values >= threshold), rounded, values)
