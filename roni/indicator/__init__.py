"""What makes a pupil score: indicators with tiers of points, automatic inclusions, and how a card writes conditions."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cached_property
from math import inf
from typing import Any, NoReturn

from roni.errors import ScorecardError
from roni.fields import Dictionary, Field
from roni.indicator.condition import AllOf, AnyOf, AtLeast, Below, Condition, IsTrue, Not, OneOf, Verdicts

__all__ = [
    "AllOf", "AnyOf", "AtLeast", "Band", "Below", "Condition", "Inclusion", "Indicator", "IsTrue", "Not", "OneOf",
    "Tier", "Verdicts", "parse_condition",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Tier:
    """Points for a condition. Of one indicator's tiers a pupil gets the highest met."""

    points: int
    when: Condition


@dataclass(frozen=True)
class Indicator:
    """One line of a scorecard: tiers, highest points first; `enabled` is its switch."""

    name: str
    label: str
    family: str
    tiers: tuple[Tier, ...]
    source: str
    justification: str = ""
    enabled: bool = True

    @cached_property
    def fields(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(name for tier in self.tiers for name in tier.when.fields))

    @property
    def most(self) -> int:
        return self.tiers[0].points


@dataclass(frozen=True, slots=True)
class Band:
    """A range of points as the council names it, from `at_least` up to the next band."""

    name: str
    at_least: int
    meaning: str


@dataclass(frozen=True, slots=True)
class Inclusion:
    """An automatic inclusion: whoever meets it is at least in `band`, whatever the points."""

    name: str
    label: str
    band: str
    when: Condition
    source: str
    justification: str = ""


def parse_condition(row: Any, where: str, fields: Dictionary) -> Condition:
    """Read a condition as a scorecard writes it, for example `{field = "attendance", below = 85}`.

    Raises ScorecardError: one sentence a line, each begun with `where`, for everything wrong in it.
    """
    if not isinstance(row, Mapping):
        _refuse(where, f"a condition is a table such as {EXAMPLE}.")
    for key, kind in (("any_of", AnyOf), ("all_of", AllOf)):
        if key in row:
            _only(row, {key}, where)
            return kind(_parts(row[key], f"{where}, {key}", fields))
    if "not" in row:
        _only(row, {"not"}, where)
        return Not(parse_condition(row["not"], f"{where}, not", fields))
    return _on_one_field(row, where, fields)


EXAMPLE = '{ field = "attendance", below = 85 }'
# What each type of field can be asked; dates and text are never scored.
ALLOWED: Mapping[str, tuple[str, ...]] = {
    "percent": ("below", "at_least"),
    "count": ("below", "at_least"),
    "code": ("one_of",),
    "flag": ("is_true",),
    "date": (),
    "text": (),
}


def _refuse(where: str, sentence: str) -> NoReturn:
    raise ScorecardError(f"{where}: {sentence}")


def _only(row: Mapping[str, Any], allowed: set[str], where: str) -> None:
    if unknown := sorted(set(row) - allowed):
        _refuse(where, f"“{unknown[0]}” is not allowed beside {_listed(sorted(allowed & set(row)))}.")


def _listed(words: Iterable[str]) -> str:
    return ", ".join(f"“{word}”" for word in words)


def _parts(rows: Any, where: str, fields: Dictionary) -> tuple[Condition, ...]:
    if not isinstance(rows, list) or len(rows) < 2:
        _refuse(where, "this needs a list of two or more conditions.")
    found, faults = [], []
    for row in rows:
        try:
            found.append(parse_condition(row, where, fields))
        except ScorecardError as error:
            faults.append(str(error))
    if faults:
        raise ScorecardError("\n".join(faults))
    return tuple(found)


def _on_one_field(row: Mapping[str, Any], where: str, fields: Dictionary) -> Condition:
    name = row.get("field")
    if not isinstance(name, str):
        _refuse(where, f"a condition names its field, for example {EXAMPLE}, or is any_of, all_of or not.")
    if name not in fields:
        near = get_close_matches(name, fields, n=1, cutoff=0.6)
        _refuse(where, f"“{name}” is not a field." + (f" Did you mean “{near[0]}”?" if near else ""))
    item = fields[name]
    allowed = ALLOWED[item.type]
    if not allowed or not item.scored:
        _refuse(where, f"“{name}” may not be scored.")
    asked = [key for key in row if key != "field"]
    if len(asked) != 1 or asked[0] not in allowed:
        _refuse(
            where,
            f"“{name}” is of type {item.type}; allowed is one of {_listed(allowed)}, not {_listed(asked) or 'none'}.",
        )
    return _READ[asked[0]](item, row[asked[0]], where)


def _at_least(item: Field, value: Any, where: str) -> Condition:
    return AtLeast(item.name, _threshold(item, value, "at_least", where))


def _below(item: Field, value: Any, where: str) -> Condition:
    return Below(item.name, _threshold(item, value, "below", where))


def _threshold(item: Field, value: Any, key: str, where: str) -> float:
    """A threshold that divides the field's range (the minimum itself divides nothing) and lies on its grid."""
    low = item.minimum or 0.0
    high = item.maximum if item.maximum is not None else 100.0 if item.type == "percent" else inf
    grid = item.grid or (1 if item.type == "count" else None)
    if type(value) not in (int, float) or not low < value <= high:
        top = f" and at most {high:g}" if high < inf else ""
        _refuse(where, f"“{key}” of “{item.name}” must be a number above {low:g}{top}.")
    if grid and abs(value / grid - round(value / grid)) > 1e-9:
        _refuse(where, f"“{key}” of “{item.name}” must be a multiple of {grid:g}.")
    return int(value) if item.type == "count" else float(value)


def _one_of(item: Field, value: Any, where: str) -> Condition:
    codes = value if isinstance(value, list) else []
    if not codes or len(set(map(str, codes))) < len(codes):
        _refuse(where, f"“one_of” of “{item.name}” needs a list of codes, each once.")
    if unknown := [code for code in codes if code not in item.codes]:
        _refuse(where, f"“{unknown[0]}” is not a code of “{item.name}”. Allowed are: {', '.join(item.codes)}.")
    return OneOf(item.name, tuple(codes))


def _is_true(item: Field, value: Any, where: str) -> Condition:
    if value is not True:
        _refuse(where, f"“is_true” of “{item.name}” can only be true. For the opposite write not = {{ ... }}.")
    return IsTrue(item.name)


_READ: Mapping[str, Callable[[Field, Any, str], Condition]] = {
    "at_least": _at_least,
    "below": _below,
    "one_of": _one_of,
    "is_true": _is_true,
}
