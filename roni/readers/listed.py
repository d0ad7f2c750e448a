"""A council-held list, read: its rows as typed columns, and what it says of whoever is on it and off it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from roni.cohort import NotKept, Reading, Values
from roni.errors import MappingError, Problems, RoniError
from roni.fields import Dictionary, national
from roni.plain import plain_rows, typed_columns, values_by_field
from roni.readers.columns import Read
from roni.readers.stack import Stack, stack
from roni.readers.supplements import Supplement
from roni.stored import problems_from_list, problems_to_list, readings_from_list, readings_to_list

SCHEMA = 1
# What a list says of a pupil beyond who it is; identity, contact and registration stay the school's.
NOT_TAKEN = ("identity", "contact", "registration")


@dataclass(frozen=True, repr=False)
class ListedPupils:
    """The rows of one council-held list, as typed columns, and the facts of the list itself (see Supplement).

    `table` holds `columns`, and for each row its `file_index` and `row`, the number that a spreadsheet shows.
    """

    name: str
    field: str | None
    as_at: date | None
    complete: bool
    years: tuple[int, ...]
    table: Stack
    problems: Problems
    readings: tuple[Reading, ...] = ()
    not_kept: tuple[NotKept, ...] = ()

    @classmethod
    def of(cls, supplement: Supplement, reads: Sequence[Read], fields: Dictionary) -> ListedPupils:
        """The tables of a list, read, as one list. Raises MappingError where it says nothing of anybody."""
        listed = cls(
            name=supplement.name or Path(supplement.path).name,
            field=supplement.field,
            as_at=supplement.as_at,
            complete=supplement.complete,
            years=tuple(supplement.years),
            table=stack([read.table for read in reads], fields),
            problems=Problems(block for read in reads for block in read.problems),
            readings=tuple(reading for read in reads for reading in read.readings),
            not_kept=tuple(row for read in reads for row in read.not_kept),
        )
        listed._check()
        return listed

    def __repr__(self) -> str:
        return f"<ListedPupils of {len(self)} rows, {self.name}>"  # no child's value, wherever it may be printed

    def __len__(self) -> int:
        return len(self.table)

    @property
    def fields(self) -> Dictionary:
        return self.table.fields

    @property
    def columns(self) -> Mapping[str, Values]:
        """The typed columns of the list's rows."""
        return self.table.columns

    @property
    def files(self) -> tuple[str, ...]:
        return self.table.files

    @property
    def file_index(self) -> NDArray[np.int16]:
        return self.table.file_index

    @property
    def row(self) -> NDArray[np.int64]:
        return self.table.row

    @cached_property
    def said(self) -> dict[str, Values]:
        """What the list says: its own columns, and its flag for every row where it has no column of that flag."""
        said = {name: values for name, values in self.columns.items() if self.fields[name].family not in NOT_TAKEN}
        if self.field is not None:
            on = said.get(self.field, np.zeros(len(self), dtype=np.int8))
            said[self.field] = np.where(on == 0, np.int8(1), on)
        return said

    def _check(self) -> None:
        if self.field is not None and (self.field not in self.fields or self.fields[self.field].type != "flag"):
            raise MappingError(f"{self.files[0]}: “{self.field}” is not a yes-or-no field.")
        if not self.said:
            raise MappingError(f"{self.files[0]}: say what being on this list means, for example field=looked_after.")

    def to_dict(self) -> dict[str, Any]:
        """The list as plain JSON values; `rows` has one mapping a row: row, file (place in `files`), `values` known."""
        values = plain_rows(self.fields, self.columns, len(self))
        where = zip(self.row.tolist(), self.file_index.tolist(), values, strict=True)
        return {
            "schema": SCHEMA,
            "name": self.name,
            "field": self.field,
            "as_at": self.as_at and self.as_at.isoformat(),
            "complete": self.complete,
            "years": list(self.years),
            "files": list(self.files),
            "headings": [dict(named) for named in self.table.headings],
            "columns": list(self.columns),
            "problems": problems_to_list(self.problems),
            "readings": readings_to_list(self.readings),
            "not_kept": [asdict(item) for item in self.not_kept],
            "rows": [{"row": row, "file": file, "values": known} for row, file, known in where],
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any], fields: Dictionary | None = None) -> ListedPupils:
        """The list that `to_dict` made these values of, for the dictionary it was read with.

        Raises RoniError where a field, a code or the form is not one that is known.
        """
        if data.get("schema") != SCHEMA:
            raise RoniError(f"This list was stored in a form that is not known. The form that is known is {SCHEMA}.")
        try:
            listed = _listed(data, national() if fields is None else fields)
            listed._check()
        except (KeyError, TypeError, ValueError, AttributeError, IndexError, OverflowError) as error:
            raise RoniError("This is no stored list: a part of it is missing, or is of another kind.") from error
        return listed


def _listed(data: Mapping[str, Any], fields: Dictionary) -> ListedPupils:
    rows = data["rows"]
    table = Stack(
        fields=fields,
        files=tuple(data["files"]),
        headings=tuple(dict(named) for named in data["headings"]),
        columns=typed_columns(fields, data["columns"], values_by_field([row["values"] for row in rows]), len(rows)),
        file_index=np.array([row.get("file", 0) for row in rows], np.int16),
        row=np.array([row["row"] for row in rows], np.int64),
    )
    return ListedPupils(
        name=data["name"],
        field=data["field"],
        as_at=data["as_at"] and date.fromisoformat(data["as_at"]),
        complete=data["complete"],
        years=tuple(data["years"]),
        table=table,
        problems=problems_from_list(data["problems"]),
        readings=readings_from_list(data["readings"]),
        not_kept=tuple(NotKept(**row) for row in data["not_kept"]),
    )
