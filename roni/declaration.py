"""The form of a field's declaration: a TOML file in, checked lines out. `fields.py` makes fields of them."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Literal, get_args

from roni.calendar import check_names
from roni.errors import DictionaryError

FieldType = Literal["percent", "count", "flag", "code", "date", "text"]
RouteKind = Literal[
    "share", "remainder", "complement", "any_of", "positive", "given", "same", "flags", "coded", "before_comma",
    "after_comma",
]  # fmt: skip
Fraction = Literal["halves", "down"]
Audience = Literal["everyone", "school", "sensitive", "youth_justice", "monitoring"]

TYPES: tuple[str, ...] = get_args(FieldType)
ROUTE_KINDS: tuple[str, ...] = get_args(RouteKind)
AUDIENCES: tuple[str, ...] = get_args(Audience)
CONCERNS = ("high", "low")
FRACTIONS: tuple[str, ...] = get_args(Fraction)

Refuse = Callable[[str], DictionaryError]

REQUIRED = ("label", "type", "definition", "source", "use")
_TEXT, _NUMBER, _YES_OR_NO = (str, "a text"), ((int, float), "a number"), (bool, "true or false")
_LIST, _TABLE, _DATE = (list, "a list"), (dict, "a table"), (date, "a date such as 2024-08-19")
# Every line that a declaration may have, and what stands there.
KEYS: Mapping[str, tuple[Any, str]] = {
    **dict.fromkeys((*REQUIRED, "family", "supplier", "audience", "due", "unit", "concern"), _TEXT),
    **dict.fromkeys(("blank_means", "as_flag", "fraction", "form", "protected", "proxy"), _TEXT),
    **dict.fromkeys(("minimum", "maximum", "grid"), _NUMBER),
    **dict.fromkeys(
        ("special_category", "scored", "carried", "listed", "required", "unverified", "often_below_one"), _YES_OR_NO
    ),
    **dict.fromkeys(("headings", "not_known", "routes", "breaks"), _LIST),
    **dict.fromkeys(("codes", "values", "also", "implied", "said"), _TABLE),
    "since": _DATE,
}


@dataclass(frozen=True, slots=True)
class Route:
    """One more way by which a field's value can come, from other fields.

    share: 100 x inputs[0] / inputs[1] · remainder: 100 - 100 x (sum of inputs[:-1]) / inputs[-1] ·
    complement: 100 - inputs[0] · any_of: yes if any is yes, no only where every supplied one says no ·
    positive: a count above 0 · given: yes where inputs[0] is known · same: inputs[0] as it is ·
    flags: `codes` of the first input that is yes, `otherwise` where all say no ·
    coded: inputs[0] looked up in `codes`, `otherwise` for whatever is not there ·
    before_comma, after_comma: the parts of "Surname, Forename".

    A route that is `first` settles the matter where it is known, even against the field's own column.
    """

    kind: RouteKind
    inputs: tuple[str, ...]
    codes: Mapping[str, str] = field(default_factory=dict)
    otherwise: str | None = None
    first: bool = False


@dataclass(frozen=True, slots=True)
class Break:
    """A day on which a field's series breaks, and why: values on either side do not compare."""

    on: date
    why: str


def declarations(text: str, file: str) -> Iterator[tuple[str, dict[str, Any], Refuse]]:
    """Each field of a TOML file: its name, its checked lines, and how to refuse it.

    `family` at the top and the table `defaults` hold for every field of the file. Raises DictionaryError.
    """
    try:
        tables = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise DictionaryError(f"{file}: this is not a TOML file ({error}).") from error
    defaults = {"family": tables.pop("family", "local"), **tables.pop("defaults", {})}
    for name, row in tables.items():
        refuse = _refuser(file, name)
        if not isinstance(row, dict):
            raise refuse("a field is a table: [name] and then its lines.")
        if not name.isidentifier() or name != name.lower():
            raise refuse("a field’s name is small letters, digits and underscores.")
        yield name, _lines({**defaults, **row}, refuse), refuse


def _refuser(file: str, name: str) -> Refuse:
    return lambda what: DictionaryError(f"{file}: field “{name}”: {what}")


def _lines(row: dict[str, Any], refuse: Refuse) -> dict[str, Any]:
    _check_shape(row, refuse)
    row["routes"] = tuple(_route(route, refuse) for route in row.get("routes", ()))
    row["breaks"] = tuple(_break(item, refuse) for item in row.get("breaks", ()))
    for key in ("headings", "not_known"):
        row[key] = _texts(row.get(key, []), key, refuse)
    for key in ("codes", "said"):
        row[key] = _labels(row.get(key, {}), key, refuse)
    row["values"] = _worded(row.get("values", {}), "values", refuse)
    for key in ("also", "implied"):
        row[key] = {other: _worded(wording, key, refuse) for other, wording in row.get(key, {}).items()}
    return row


def _check_shape(row: Mapping[str, Any], refuse: Refuse) -> None:
    if unknown := sorted(set(row) - set(KEYS)):
        raise refuse(f"“{unknown[0]}” is not allowed. Allowed are: {', '.join(sorted(KEYS))}.")
    if missing := [key for key in REQUIRED if not row.get(key)]:
        raise refuse(f"“{missing[0]}” is missing.")
    for key, value in row.items():
        kind, words = KEYS[key]
        if not isinstance(value, kind) or (kind is not bool and isinstance(value, bool)):
            raise refuse(f"“{key}” is {words}.")
    _one_of(row["type"], TYPES, "type", refuse)
    _one_of(row.get("audience", "everyone"), AUDIENCES, "audience", refuse)
    _one_of(row.get("fraction", "down"), FRACTIONS, "fraction", refuse)
    _one_of(row.get("concern", "high"), CONCERNS, "concern", refuse)
    _one_of(row.get("due", "november"), tuple(check_names()), "due", refuse)
    if row["type"] == "code" and not row.get("codes"):
        raise refuse("a code field needs its codes.")


def _texts(value: Any, key: str, refuse: Refuse) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(text, str) and text.strip() for text in value):
        raise refuse(f"“{key}” is a list of texts.")
    return tuple(value)


def _worded(row: Any, key: str, refuse: Refuse) -> dict[str, tuple[str, ...]]:
    if not isinstance(row, dict):
        raise refuse(f"“{key}” is a table of lists of texts.")
    return {answer: _texts(texts, key, refuse) for answer, texts in row.items()}


def _labels(row: Mapping[str, Any], key: str, refuse: Refuse) -> dict[str, str]:
    if not all(isinstance(label, str) and label.strip() for label in row.values()):
        raise refuse(f"“{key}” gives each a text.")
    return dict(row)


def _one_of(value: Any, allowed: tuple[str, ...], key: str, refuse: Refuse) -> None:
    if value not in allowed:
        raise refuse(f"{key} “{value}” is not allowed. Allowed are: {', '.join(allowed)}.")


def _route(row: Any, refuse: Refuse) -> Route:
    if not isinstance(row, dict) or set(row) - set(Route.__dataclass_fields__) or not row.get("inputs"):
        raise refuse("a route has kind and inputs, and may have codes, otherwise and first.")
    _one_of(row.get("kind"), ROUTE_KINDS, "route kind", refuse)
    inputs = _texts(row["inputs"], "inputs", refuse)
    return Route(row["kind"], inputs, dict(row.get("codes", {})), row.get("otherwise"), row.get("first", False))


def _break(row: Any, refuse: Refuse) -> Break:
    if not isinstance(row, dict) or set(row) != {"on", "why"} or not isinstance(row["on"], date):
        raise refuse("a break has on (a date) and why.")
    return Break(row["on"], str(row["why"]))
