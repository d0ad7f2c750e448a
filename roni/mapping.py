"""What a person said about a file's columns: which field, and how to read it. Saved as TOML and used again."""

from __future__ import annotations

import dataclasses
import json
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from roni.errors import MappingError
from roni.fields import Dictionary
from roni.headings import Headings, normalise

ALLOWED: Mapping[str, tuple[str, ...]] = {
    "scale": ("percent", "fraction"),
    "blank": ("no", "not known"),
    "dates": ("uk", "us"),
}


@dataclass(frozen=True, slots=True)
class Choice:
    """One column's field (None: the column is not used) and its choices, as in ALLOWED."""

    field: str | None
    choices: Mapping[str, str] = dataclasses.field(default_factory=dict)


class ColumnMapping:
    """Choices by heading; a heading is recognised whatever its case, spacing and punctuation."""

    def __init__(self, choices: Mapping[str, Choice] | None = None) -> None:
        self.choices = dict(choices or {})
        self._found = {normalise(heading): choice for heading, choice in self.choices.items()}

    def get(self, heading: str) -> Choice | None:
        return self._found.get(normalise(heading)) if self._found else None

    def missing(self, headings: Iterable[str]) -> dict[str, str]:
        """The mapped headings that are not among these, and their fields."""
        there = {normalise(heading) for heading in headings}
        wanted = {heading: choice.field for heading, choice in self.choices.items() if choice.field is not None}
        return {heading: name for heading, name in wanted.items() if normalise(heading) not in there}

    def __or__(self, other: ColumnMapping) -> ColumnMapping:
        return ColumnMapping(self.choices | other.choices)

    @classmethod
    def of(cls, given: Any, fields: Dictionary) -> ColumnMapping:
        """From None, a ColumnMapping, a path to TOML, a dict heading -> field, or `Heading=field` texts."""
        if given is None:
            return cls()
        if isinstance(given, ColumnMapping):
            return given
        if isinstance(given, Mapping):
            rows = {key: value if isinstance(value, Mapping) else {"field": value} for key, value in given.items()}
            return cls({key: _checked(key, row, fields) for key, row in rows.items()})
        if isinstance(given, (str, Path)):
            return cls.load(given, fields)
        return cls.parse(given, fields)

    @classmethod
    def parse(cls, texts: Iterable[str], fields: Dictionary) -> ColumnMapping:
        """From `Heading=field`, `Heading=` (not used) or `Heading=field,blank=not known,scale=fraction,dates=us`."""
        found: dict[str, Choice] = {}
        for text in texts:
            heading, equals, rest = text.partition("=")
            if not equals or not heading.strip():
                raise MappingError(f"“{text}” is not a mapping. Write it as “Heading=field”.")
            name, *options = (part.strip() for part in rest.split(","))
            pairs = {key.strip(): value.strip() for key, _, value in (part.partition("=") for part in options)}
            found[heading.strip()] = _checked(heading.strip(), {"field": name, **pairs}, fields)
        return cls(found)

    @classmethod
    def load(cls, path: str | Path, fields: Dictionary) -> ColumnMapping:
        """From a mapping file. Raises MappingError naming the file, the heading and what is allowed."""
        file = Path(path)
        try:
            rows = tomllib.loads(file.read_text("utf-8"))["columns"]
        except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, KeyError, TypeError) as error:
            raise MappingError(
                f"{file.name}: this is not a mapping file: it has no [columns] that can be read."
            ) from error
        if not isinstance(rows, dict):
            raise MappingError(f"{file.name}: [columns] has a line for each heading.")
        try:
            return cls.of(rows, fields)
        except MappingError as error:
            raise MappingError(f"{file.name}: {error}") from None

    def save(self, path: str | Path) -> None:
        """Write the mapping file, replacing an older one in one step."""
        lines = ["# How the columns of this school’s file are read. Made by roni; you may edit it.", "[columns]"]
        for heading, choice in self.choices.items():
            row = {"field": choice.field or "", **choice.choices}
            lines.append(
                f"{_quoted(heading)} = {{ {', '.join(f'{key} = {_quoted(text)}' for key, text in row.items())} }}"
            )
        file = Path(path)
        temporary = file.with_name(f".{file.name}.part")
        try:
            temporary.write_text("\n".join(lines) + "\n", "utf-8")
            temporary.replace(file)
        except OSError as error:
            raise MappingError(f"{file.name}: the mapping cannot be written there ({error.strerror}).") from error


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)  # a JSON string is a TOML basic string


def _checked(heading: str, row: Mapping[str, Any], fields: Dictionary) -> Choice:
    name = row.get("field") or None
    if name is not None and name not in fields:
        near = Headings(fields).nearest(str(name))
        hint = f"Did you mean “{near}”?" if near else "“roni fields” lists them."
        raise MappingError(f"“{heading}” is mapped to “{name}”, which is not a field. {hint}")
    choices = {str(key): str(value) for key, value in row.items() if key != "field"}
    for key, value in choices.items():
        if key not in ALLOWED:
            raise MappingError(f"“{heading}”: “{key}” is not allowed. Allowed are: field, {', '.join(ALLOWED)}.")
        if value not in ALLOWED[key]:
            raise MappingError(f"“{heading}”: {key} is {' or '.join(ALLOWED[key])}, not “{value}”.")
    return Choice(name, choices)
