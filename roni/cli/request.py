"""What a command was asked to read, from its options to a cohort."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from roni.errors import RoniError

if TYPE_CHECKING:
    from roni.cohort import Cohort
    from roni.fields import Dictionary
    from roni.mapping import ColumnMapping
    from roni.register import Register


@dataclass(frozen=True)
class Request:
    """The options that say what to read and how."""

    files: list[Path]
    check: str | None = None
    year: str | None = None
    years: str | None = None
    maps: list[str] | None = None
    mapping: Path | None = None
    supplements: list[str] | None = None
    fields: Path | None = None

    @property
    def inputs(self) -> list[Path]:
        """Every file or folder that is read: output never takes the place of one."""
        lists = [Path(text.split(",")[0].strip()) for text in self.supplements or ()]
        return [*self.files, *lists, *(given for given in (self.mapping, self.fields) if given)]

    def dictionary(self) -> Dictionary:
        from roni.fields import national

        return national().with_local(self.fields) if self.fields else national()

    def cohort(self) -> Cohort:
        """Read everything. Raises RoniError."""
        from roni.cli.console import working
        from roni.readers.files import read_cohort
        from roni.readers.supplements import Supplement

        fields = self.dictionary()
        with working(f"Reading {self._what()}"):
            return read_cohort(
                self.files,
                check=self.check,
                academic_year=self.year,
                mapping=self._column_mapping(fields),
                supplements=[Supplement.parse(text) for text in self.supplements or ()],
                fields=fields,
                years=year_groups(self.years),
            )

    def register(self, scorecard: str, model: str | None = None) -> Register:
        """Read everything and score it, with a trained model beside the scorecard where one is named."""
        from roni.cli.console import working
        from roni.model.shelf import load_model
        from roni.scorecard import load_scorecard
        from roni.scoring import score

        fields = self.dictionary()
        card, trained = load_scorecard(scorecard, fields), load_model(model, fields) if model else None
        cohort = self.cohort()
        with working("Scoring"):
            return score(cohort, card, trained)

    def _column_mapping(self, fields: Dictionary) -> ColumnMapping:
        from roni.mapping import ColumnMapping

        saved = ColumnMapping.of(self.mapping, fields)
        return saved | ColumnMapping.parse(self.maps or (), fields)

    def _what(self) -> str:
        return self.files[0].name if len(self.files) == 1 else f"{len(self.files)} files"


def year_groups(text: str | None) -> tuple[int, ...] | None:
    """Year groups as `--years` states them.

    >>> year_groups("9-11"), year_groups("11"), year_groups("10, 12")
    ((9, 10, 11), (11,), (10, 12))
    """
    if text is None:
        return None
    found: set[int] = set()
    for part in text.split(","):
        match = re.fullmatch(r"\s*(\d{1,2})\s*(?:-\s*(\d{1,2})\s*)?", part)
        if not match or int(match[2] or match[1]) < int(match[1]):
            raise RoniError(f"--years: “{text}” is not a list of year groups. Write 11, 9-11 or 10,11.")
        found.update(range(int(match[1]), int(match[2] or match[1]) + 1))
    return tuple(sorted(found))
