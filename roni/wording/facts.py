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
from roni.wording.lines import Lines, distinct

MOST_DECIMALS = 15  # of a per cent as float64; beyond, the number is printed as it is held


def facts(condition: Condition, cohort: Cohort, places: NDArray[np.int64]) -> tuple[Any, NDArray[np.int32]]:
    """What the condition says of the pupils at `places`, all of whom meet it: pyarrow strings, and which is whose."""
    import pyarrow as pa

    if not len(places):
        return pa.array([], pa.string()), np.zeros(0, np.int32)
    match condition:
        case AllOf(parts):
            return _together([(part, np.ones(len(places), np.bool_)) for part in parts], cohort, places)
        case AnyOf(parts):
            return _together([(part, _met(part, cohort, places)) for part in parts], cohort, places)
        case Not(part) if (same := _opposite(part)) is not None:
            return facts(same, cohort, places)
    values = _values(condition, cohort, places)
    first, which = distinct(*values.values())
    few = replace(cohort, columns={name: column[first] for name, column in values.items()})
    return pa.array([_say(condition, few, index) for index in range(len(first))], pa.string()), which


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


def _together(
    parts: Sequence[tuple[Condition, NDArray[np.bool_]]], cohort: Cohort, places: NDArray[np.int64]
) -> tuple[Any, NDArray[np.int32]]:
    """The facts of several conditions, each of those pupils who meet it."""
    lines = Lines(len(places))
    for part, met in parts:
        lines.say(np.flatnonzero(met), *facts(part, cohort, places[met]))
    return lines.joined(separator=" and ").combine_chunks(), np.arange(len(places), dtype=np.int32)


def _met(part: Condition, cohort: Cohort, places: NDArray[np.int64]) -> NDArray[np.bool_]:
    columns = {name: cohort.columns[name][places] for name in part.fields if name in cohort.columns}
    return np.broadcast_to(part.verdict(columns, cohort.fields) > 0, len(places))


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


def _values(condition: Condition, cohort: Cohort, places: NDArray[np.int64]) -> dict[str, NDArray[Any]]:
    """The values that a fact on one field may say: its own, and the figures that a flag comes from."""
    wanted = [*condition.fields, *(name for field in condition.fields for name in _figures(cohort.fields[field]))]
    values = {name: cohort.columns[name][places] for name in wanted if name in cohort.columns}
    if isinstance(condition, (Below, AtLeast)) and cohort.fields[condition.field].type == "percent":
        values[condition.field] = _shown(values[condition.field], condition.threshold)
    return values


def _say(condition: Condition, cohort: Cohort, index: int) -> str:
    """One pupil's fact on one field."""
    match condition:
        case IsTrue(field):
            return _flag(cohort, cohort.fields[field], index)
        case OneOf(field) | Not(OneOf(field)):
            item, code = cohort.fields[field], cohort.value(field, index)
            return item.said.get(code, f"{item.label}: {item.codes[code]}")
        case Below(field, threshold) | AtLeast(field, threshold):
            item = cohort.fields[field]
            said = amount(item, cohort.value(field, index), [threshold])
            boundary = condition.words(cohort.fields).removeprefix(f"{item.label} ").removesuffix(f" {item.label}")
            return said if boundary == "1 or more" else f"{said} ({boundary})"
    return condition.words(cohort.fields)


def _flag(cohort: Cohort, item: Field, index: int) -> str:
    """A flag that comes from a figure says the figure."""
    for name in _figures(item):
        value = cohort.value(name, index) if name in cohort.columns else None
        if value:
            return amount(cohort.fields[name], value)
    return item.said.get("yes", item.label)


def _figures(item: Field) -> list[str]:
    return [name for route in item.routes if route.kind == "positive" for name in route.inputs]


def _shown(values: NDArray[Any], threshold: float) -> NDArray[np.float64]:
    """Per cents as they are printed: one decimal where that stays on the same side of the threshold."""
    rounded = np.round(values, 1)
    return np.where((rounded >= threshold) == (values >= threshold), rounded, values)
