"""The data dictionary: every field declared once, in `dictionary/*.toml`, and read here.

From one declaration come the reader, the upload template, the error sentences, the test strategies, the synthetic
pupils, the dictionary page and the groups of an equality report. A council's own fields are a file of the same form.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any, Literal, get_args

from roni.errors import DictionaryError

FieldType = Literal["percent", "count", "flag", "code", "date", "text"]
RouteKind = Literal["share", "remainder", "complement", "any_of", "positive", "coded", "before_comma", "after_comma"]
Audience = Literal["everyone", "school", "sensitive", "youth_justice", "monitoring"]

TYPES: tuple[str, ...] = get_args(FieldType)
ROUTE_KINDS: tuple[str, ...] = get_args(RouteKind)
AUDIENCES: tuple[str, ...] = get_args(Audience)

# How a flag reads in any column; a field adds its own words under `values`. Compared casefolded, spaces squeezed.
FLAG_VALUES: Mapping[str, tuple[str, ...]] = {
    "yes": ("y", "yes", "t", "true", "1", "1.0", "x", "✓", "✔", "☑", "√", "tick", "ticked"),
    "no": ("n", "no", "f", "false", "0", "0.0", "✗", "✘", "✕", "☐", "cross", "none"),
}
# Words that state that a value is not known: no problem, and not a blank either.
NOT_KNOWN_WORDS: tuple[str, ...] = (
    "not known", "unknown", "n/k", "nk", "?", "don't know", "dk", "not recorded", "not obtained", "not yet known",
    "refused", "not stated", "to be confirmed", "tbc", "awaiting", "pending",
)  # fmt: skip
# What schools leave in a cell to say that there is nothing in it.
BLANK_WORDS: tuple[str, ...] = ("", "-", "–", "—", ".", "(blank)")


@dataclass(frozen=True, slots=True)
class Route:
    """One more way by which a field's value can come, from other fields.

    share: 100 x inputs[0] / inputs[1] · remainder: 100 - 100 x (sum of inputs[:-1]) / inputs[-1] ·
    complement: 100 - inputs[0] · any_of: yes if any is yes, no only where every supplied one says no ·
    positive: a count above 0 · coded: looks a code up in `yes` / `no` / `codes` ·
    before_comma, after_comma: the parts of "Surname, Forename".
    """

    kind: RouteKind
    inputs: tuple[str, ...]
    codes: Mapping[str, str] = field(default_factory=dict)
    otherwise: str | None = None


@dataclass(frozen=True, slots=True)
class Break:
    """A day on which a field's series breaks, and why: values on either side do not compare."""

    on: date
    why: str


@dataclass(frozen=True, slots=True)
class Field:
    """One field of the cohort. `label` is how it reads inside a sentence ("attendance", "looked after")."""

    name: str
    label: str
    type: FieldType
    family: str
    definition: str
    source: str
    use: str
    supplier: str = "school"
    audience: Audience = "everyone"
    due: str = "november"
    unit: str = ""
    minimum: float | None = None
    maximum: float | None = None
    grid: float | None = None
    codes: Mapping[str, str] = field(default_factory=dict)
    values: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    not_known: tuple[str, ...] = ()
    blank_means: str | None = None
    also: Mapping[str, Mapping[str, tuple[str, ...]]] = field(default_factory=dict)
    headings: tuple[str, ...] = ()
    routes: tuple[Route, ...] = ()
    said: Mapping[str, str] = field(default_factory=dict)
    since: date | None = None
    breaks: tuple[Break, ...] = ()
    special_category: bool = False
    protected: str | None = None
    proxy: str | None = None
    scored: bool = True
    carried: bool = True
    listed: bool = True
    unverified: bool = False
    local: bool = False

    @property
    def needs_justification(self) -> bool:
        """Whether a scorecard or model must say in writing why it uses this field."""
        return self.special_category or self.protected is not None or self.proxy is not None

    @property
    def expects(self) -> str:
        """What a cell may hold, for an error sentence."""
        if self.type == "percent":
            return f"a per cent from {self.minimum or 0:g} to {100 if self.maximum is None else self.maximum:g}"
        if self.type == "count":
            top = "" if self.maximum is None else f" to {self.maximum:g}"
            return f"a whole number from {self.minimum or 0:g}{top}" if top else "a whole number, 0 or more"
        if self.type == "flag":
            return "yes or no"
        if self.type == "date":
            return "a date such as 17/07/2011"
        if self.type == "code":
            named = ", ".join(list(self.codes)[:8])
            return f"one of {named}" + (" and so on" if len(self.codes) > 8 else "")
        return "text"


class Dictionary(Mapping[str, Field]):
    """All fields by name, in declared order. Frozen; `with_local` gives a new one."""

    def __init__(self, fields: Iterable[Field]) -> None:
        self._fields = {item.name: item for item in fields}
        _check_references(self._fields)

    def __getitem__(self, name: str) -> Field:
        return self._fields[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._fields)

    def __len__(self) -> int:
        return len(self._fields)

    def with_local(self, path: str | Path) -> Dictionary:
        """This dictionary and a council's own fields from a TOML file. Raises DictionaryError."""
        file = Path(path)
        try:
            text = file.read_text("utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise DictionaryError(f"{file.name}: the file of local fields cannot be read.") from error
        added = _parse(text, file.name, local=True)
        for item in added:
            if item.name in self._fields:
                raise DictionaryError(f"{file.name}: “{item.name}” is already a field. Give yours another name.")
        return Dictionary([*self._fields.values(), *added])


@cache
def national() -> Dictionary:
    """The dictionary shipped with the library."""
    folder = resources.files("roni").joinpath("dictionary")
    found: list[Field] = []
    for entry in sorted(folder.iterdir(), key=lambda item: item.name):
        if entry.name.endswith(".toml"):
            found += _parse(entry.read_text("utf-8"), entry.name, local=False)
    return Dictionary(found)


_ALLOWED = set(Field.__dataclass_fields__) - {"name", "local"}
_REQUIRED = ("label", "type", "definition", "source", "use")


def _parse(text: str, file: str, *, local: bool) -> list[Field]:
    try:
        tables = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise DictionaryError(f"{file}: this is not a TOML file ({error}).") from error
    family = str(tables.pop("family", "local"))
    return [_field(name, row, family, file, local) for name, row in tables.items()]


def _field(name: str, row: Any, family: str, file: str, local: bool) -> Field:
    def refuse(what: str) -> DictionaryError:
        return DictionaryError(f"{file}: field “{name}”: {what}")

    if not isinstance(row, dict):
        raise refuse("a field is a table: [name] and then its lines.")
    if not name.isidentifier() or name != name.lower():
        raise refuse("a field's name is small letters, digits and underscores.")
    if unknown := sorted(set(row) - _ALLOWED):
        raise refuse(f"“{unknown[0]}” is not allowed. Allowed are: {', '.join(sorted(_ALLOWED))}.")
    if missing := [key for key in _REQUIRED if not row.get(key)]:
        raise refuse(f"“{missing[0]}” is missing.")
    _one_of(row["type"], TYPES, "type", refuse)
    _one_of(row.get("audience", "everyone"), AUDIENCES, "audience", refuse)
    if row["type"] == "code" and not row.get("codes"):
        raise refuse("a code field needs its codes.")
    given = {key: value for key, value in row.items() if key in _ALLOWED} | {"name": name, "local": local}
    given.setdefault("family", family)
    for key in ("headings", "not_known"):
        given[key] = tuple(given.get(key, ()))
    given["values"] = {key: tuple(texts) for key, texts in row.get("values", {}).items()}
    given["also"] = {
        other: {key: tuple(texts) for key, texts in values.items()} for other, values in row.get("also", {}).items()
    }
    given["routes"] = tuple(_route(route, refuse) for route in row.get("routes", ()))
    given["breaks"] = tuple(Break(**item) for item in row.get("breaks", ()))
    result = Field(**given)
    _check_values(result, refuse)
    return result


def _one_of(value: Any, allowed: tuple[str, ...], key: str, refuse: Any) -> None:
    if value not in allowed:
        raise refuse(f"{key} “{value}” is not allowed. Allowed are: {', '.join(allowed)}.")


def _route(row: Mapping[str, Any], refuse: Any) -> Route:
    _one_of(row.get("kind"), ROUTE_KINDS, "route kind", refuse)
    return Route(row["kind"], tuple(row["inputs"]), dict(row.get("codes", {})), row.get("otherwise"))


def _check_values(item: Field, refuse: Any) -> None:
    allowed = {"flag": ("yes", "no"), "code": tuple(item.codes)}.get(item.type, ())
    for key in item.values:
        if key not in allowed:
            raise refuse(f"values for “{key}”, which is not one of {', '.join(allowed) or 'no codes'}.")
    if item.blank_means is not None and item.blank_means not in (*allowed, "0"):
        raise refuse(f"blank_means “{item.blank_means}” is not one of its values.")


def _check_references(fields: Mapping[str, Field]) -> None:
    for item in fields.values():
        wanted = [name for route in item.routes for name in route.inputs] + list(item.also)
        for name in wanted:
            if name not in fields:
                raise DictionaryError(f"field “{item.name}” refers to “{name}”, which is not a field.")
