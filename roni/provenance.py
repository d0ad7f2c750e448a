"""Whence the values and rows of a cohort: how each column was read, which rows were not kept, who said what."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

NOT_KEPT_CODES = ("duplicate", "merged", "registered_elsewhere", "outside_years", "not_a_pupil")


@dataclass(frozen=True, slots=True)
class NotKept:
    """A row that came in and is no pupil of the cohort, and why (one of NOT_KEPT_CODES)."""

    file: str
    row: int
    code: str


@dataclass(frozen=True, slots=True)
class Reading:
    """How one column of one file was read. `field` is None when the column was not used.

    `reading` is the sentence people read; `state` is used, unmapped, empty, absent, or file (how the file itself was
    read: format, encoding, delimiter, row of headings); `choices` is what a mapping file
    stores so that the same reading is made next time (for example {"blank": "no", "scale": "fraction"}).
    """

    file: str
    heading: str
    field: str | None
    reading: str
    state: str = "used"
    choices: Mapping[str, str] = dataclasses.field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Source:
    """Where values came from: a school's file or a council list, and as at when."""

    name: str
    as_at: date | None = None
    kind: str = "school"  # school, council, carried (from an earlier check)
