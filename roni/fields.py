"""The data dictionary: every field declared once, in `dictionary/*.toml`, and read here.

From one declaration come the reader, the upload template, the error sentences, the test strategies, the synthetic
pupils, the dictionary page and the groups of an equality report. A council's own fields are a file of the same form.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from importlib import resources
from math import inf
from pathlib import Path
from typing import Any, TypeVar

from roni.declaration import Audience, Break, FieldType, Fraction, Refuse, Route, declarations
from roni.errors import DictionaryError

__all__ = [
    "BLANK_WORDS", "FLAG_VALUES", "NOT_KNOWN_WORDS", "Audience", "Break", "Dictionary", "Field", "FieldType",
    "Fraction", "Route", "national", "squeeze",
]  # fmt: skip

T = TypeVar("T")

# How a flag reads in any column; a field adds its own words under `values`. Compared casefolded, spaces squeezed.
FLAG_VALUES: Mapping[str, tuple[str, ...]] = {
    "yes": ("y", "yes", "t", "true", "1", "1.0", "x", "✓", "✔", "☑", "√", "✅", "tick", "ticked"),
    "no": ("n", "no", "f", "false", "0", "0.0", "✗", "✘", "✕", "☐", "❌", "cross", "none", "nil", "never"),
}
# Words that state that a value is not known: no problem, and not a blank either.
NOT_KNOWN_WORDS: tuple[str, ...] = (
    "not known", "unknown", "n/k", "nk", "?", "don't know", "dk", "not recorded", "not obtained", "not yet known",
    "refused", "not stated", "to be confirmed", "tbc", "awaiting", "pending", "no data", "no information",
)  # fmt: skip
# What schools leave in a cell to say that there is nothing in it.
BLANK_WORDS: tuple[str, ...] = ("", "-", "–", "—", ".", "(blank)")


def squeeze(text: str) -> str:
    """Casefolded, with single spaces: how words in a cell are compared.

    >>> squeeze("  SEN   Support ")
    'sen support'
    """
    return " ".join(text.casefold().split())


@dataclass(frozen=True, slots=True)
class Field:
    """One field of the cohort. `label` is how it reads inside a sentence ("attendance", "looked after").

    `headings`: the first is the one the upload template uses · `values`: wordings for each of yes / no, code or count ·
    `also`: wordings that say something of another field; of this one they say what a blank says, and count as a
    positive · `implied`: headings that say something of another field ("Suspensions this year") ·
    `as_flag`: the flag that a column of this count is when it holds yes and no · `fraction`: how a count reads 1.5:
    "halves" keeps twice as many halves, "down" drops the part; without it the cell cannot be read ·
    `form`: what text must match · `often_below_one`: a per cent under 1 is nothing odd ·
    `concern`: which end of the values is the worrying one, high or low · `blank_means`: what a blank
    says where only the positive is ever stated.
    """

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
    implied: Mapping[str, Mapping[str, tuple[str, ...]]] = field(default_factory=dict)
    headings: tuple[str, ...] = ()
    as_flag: str = ""
    fraction: Fraction | None = None
    form: str = ""
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
    required: bool = False
    often_below_one: bool = False
    concern: str = "high"
    unverified: bool = False
    local: bool = False

    def __hash__(self) -> int:
        return hash(self.name)  # the rest is compared: two dictionaries may have a field of the same name

    @property
    def needs_justification(self) -> bool:
        """Whether a scorecard or model must say in writing why it uses this field."""
        return self.special_category or self.protected is not None or self.proxy is not None

    @property
    def expects(self) -> str:
        """What a cell may hold, for an error sentence."""
        if "expects" in self.said:
            return self.said["expects"]
        if self.type == "percent":
            return f"a per cent from {self.minimum or 0:g} to {100 if self.maximum is None else self.maximum:g}"
        if self.type == "count":
            least = f"{self.minimum or 0:g}"
            return (
                f"a whole number, {least} or more"
                if self.maximum is None
                else f"a whole number from {least} to {self.maximum:g}"
            )
        if self.type == "flag":
            return "yes or no"
        if self.type == "date":
            return "a date such as 17/07/2011"
        if self.type == "code":
            named = [label if "_" in code or code.islower() else code for code, label in self.codes.items()]
            return f"one of {', '.join(named[:8])}" + (" and so on" if len(named) > 8 else "")
        return "text"

    @property
    def answers(self) -> tuple[str, ...]:
        """What a flag or a code can say: yes and no, or its codes; nothing for other types."""
        return ("yes", "no") if self.type == "flag" else tuple(self.codes)

    def words(self) -> dict[str, str]:
        """Every wording that a cell may hold, squeezed, and what it says: yes, no, a code, a count; "" is not known.

        Raises DictionaryError where one wording would say two things.
        """
        found: dict[str, str] = {}
        for answer, texts in self._wordings():
            for text in texts:
                if found.setdefault(squeeze(text), answer) != answer:
                    raise DictionaryError(f"“{text}” would be read both as {found[squeeze(text)]} and as {answer}.")
        for text in self.not_known:
            if found.setdefault(squeeze(text), "") != "":
                raise DictionaryError(f"“{text}” would be read both as {found[squeeze(text)]} and as not known.")
        return found

    def _wordings(self) -> Iterator[tuple[str, tuple[str, ...]]]:
        if self.type == "flag":
            yield from FLAG_VALUES.items()
        for code, label in self.codes.items():
            yield code, (code, code.replace("_", " "), label)
        yield from self.values.items()


class Dictionary(Mapping[str, Field]):
    """All fields by name, in declared order. Frozen; `with_local` gives a new one."""

    def __init__(self, fields: Iterable[Field]) -> None:
        self._fields = {item.name: item for item in fields}
        self._worked_out: dict[str, Any] = {}
        _check_references(self._fields)

    def __getitem__(self, name: str) -> Field:
        return self._fields[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._fields)

    def __len__(self) -> int:
        return len(self._fields)

    def once(self, name: str, make: Callable[[Dictionary], T]) -> T:
        """What `make` works out from the dictionary, which is frozen: the first time, and then the same again."""
        if name not in self._worked_out:
            self._worked_out[name] = make(self)
        found: T = self._worked_out[name]
        return found

    def __getstate__(self) -> dict[str, Any]:
        """The fields alone: another process works out again what it needs of them."""
        return {"_fields": self._fields, "_worked_out": {}}

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
        try:
            return Dictionary([*self._fields.values(), *added])
        except DictionaryError as error:
            raise DictionaryError(f"{file.name}: {error}") from error


@cache
def national() -> Dictionary:
    """The dictionary shipped with the library."""
    folder = resources.files("roni").joinpath("dictionary")
    found: list[Field] = []
    for entry in sorted(folder.iterdir(), key=lambda item: item.name):
        if entry.name.endswith(".toml"):
            found += _parse(entry.read_text("utf-8"), entry.name, local=False)
    return Dictionary(found)


def _parse(text: str, file: str, *, local: bool) -> list[Field]:
    found = []
    for name, lines, refuse in declarations(text, file):
        item = Field(**lines, name=name, local=local)
        _check_values(item, refuse)
        found.append(item)
    return found


def _check_values(item: Field, refuse: Refuse) -> None:
    for key in item.values:
        if item.type == "count" and not key.isdecimal():
            raise refuse(f"values for “{key}”, which is not a whole number.")
        if item.type != "count" and key not in item.answers:
            raise refuse(f"values for “{key}”, which is not one of {', '.join(item.answers) or 'no codes'}.")
    if item.blank_means is not None and item.blank_means not in (("0",) if item.type == "count" else item.answers):
        raise refuse(f"blank_means “{item.blank_means}” is not one of its values.")
    if item.minimum is not None and item.maximum is not None and item.minimum > item.maximum:
        raise refuse("its minimum is above its maximum.")
    if item.grid is not None and not 0 < item.grid < inf:
        raise refuse("its grid is the step between two values, a number above 0.")
    try:
        item.words()
        re.compile(item.form)
    except (DictionaryError, re.error) as error:
        raise refuse(str(error)) from error


def _check_references(fields: Mapping[str, Field]) -> None:
    for item in fields.values():
        wanted = [name for route in item.routes for name in route.inputs] + [*item.also, *item.implied]
        for name in wanted + ([item.as_flag] if item.as_flag else []):
            if name not in fields:
                raise DictionaryError(f"field “{item.name}” refers to “{name}”, which is not a field.")
        for name, answers in [*item.also.items(), *item.implied.items()]:
            if unknown := [answer for answer in answers if answer not in fields[name].answers]:
                raise DictionaryError(f"field “{item.name}”: “{unknown[0]}” is no value of “{name}”.")
