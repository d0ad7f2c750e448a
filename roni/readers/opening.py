"""What every reading begins with: the dictionary, the check, what a person said of the columns, the known headings."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from roni.calendar import AcademicYear, Check, get_check
from roni.cohort import Reading
from roni.errors import ProblemBlock
from roni.fields import Dictionary, national
from roni.headings import Headings
from roni.mapping import ColumnMapping
from roni.readers.columns import Read, read_columns
from roni.readers.gather import raw_tables
from roni.readers.raw import RawTable


@dataclass(frozen=True)
class Opening:
    """How the columns of the files of one check are understood."""

    fields: Dictionary
    check: Check
    mapping: ColumnMapping
    headings: Headings

    @classmethod
    def of(
        cls,
        check: Check | str | None,
        academic_year: AcademicYear | str | None,
        mapping: Any,
        fields: Dictionary | str | Path | None,
    ) -> Opening:
        """As given to `read_cohort`. Raises MappingError, CalendarError, DictionaryError."""
        dictionary = fields if isinstance(fields, Dictionary) else _dictionary(fields)
        at = check if isinstance(check, Check) else get_check(check, academic_year)
        return cls(dictionary, at, ColumnMapping.of(mapping, dictionary), Headings(dictionary, at.year))

    def known(self, heading: str) -> bool:
        """Whether a heading is one of a field, or a person said what it is."""
        return self.mapping.get(heading) is not None or heading in self.headings

    def raws(self, paths: Sequence[Path]) -> list[RawTable]:
        """Every table of these files and folders. Raises FileRefusedError, RoniError for several."""
        return raw_tables(paths, self.known, self.check.on)

    def read(self, raw: RawTable) -> Read:
        """One table as typed columns."""
        return read_columns(raw, self.fields, self.headings, self.mapping)

    def not_there(self, file: str, readings: Iterable[Reading]) -> list[ProblemBlock]:
        """A problem of each heading that a person mapped and that no file has."""
        missing = self.mapping.missing([item.heading for item in readings])
        return [
            ProblemBlock("heading_not_there", file, heading, None, {"label": self.fields[name].label})
            for heading, name in missing.items()
        ]


def _dictionary(local: str | Path | None) -> Dictionary:
    return national() if local is None else national().with_local(local)
