"""Tables of several files laid on top of each other: typed columns, and for each row its file and row number."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from roni.cohort import Values, not_known
from roni.errors import ProblemBlock
from roni.fields import Dictionary
from roni.supplied import supplied


@dataclass(frozen=True)
class TypedTable:
    """One table, read: columns by field, and the heading that each field came from."""

    file: str
    columns: Mapping[str, Values]
    headings: Mapping[str, str]
    rows: NDArray[np.int64]


@dataclass(frozen=True)
class Stack:
    """Rows of all tables. `headings[f]` gives, for file f, the heading of each field that it supplied."""

    fields: Dictionary
    files: tuple[str, ...]
    headings: tuple[Mapping[str, str], ...]
    columns: dict[str, Values]
    file_index: NDArray[np.int16]
    row: NDArray[np.int64]
    keys: Any = None
    key_kind: NDArray[np.int8] = field(default_factory=lambda: np.empty(0, np.int8))

    def __len__(self) -> int:
        return len(self.row)

    def column(self, name: str) -> Values:
        """A typed column, all not known where no file has it."""
        found = self.columns.get(name)
        return not_known(self.fields[name], len(self)) if found is None else found

    def references(self, places: NDArray[np.int64]) -> Any:
        """File and row of some rows: they name a row, and cannot be matched between checks."""
        import pyarrow as pa

        files, rows = self.file_index[places].tolist(), self.row[places].tolist()
        return pa.array([f"{self.files[file]} row {row}" for file, row in zip(files, rows, strict=True)], pa.string())

    def supplied(self) -> dict[str, NDArray[np.bool_]]:
        """For each field, the rows whose file has a column for it."""
        return supplied(self.headings, self.file_index)

    def keep(self, mask: NDArray[np.bool_]) -> Stack:
        """Only the rows that the mask keeps, in the same order."""
        if mask.all():
            return self
        places = np.flatnonzero(mask)
        return replace(
            self,
            columns={name: values.take(places) for name, values in self.columns.items()},
            file_index=self.file_index[places],
            row=self.row[places],
            keys=None if self.keys is None else self.keys.take(places),
            key_kind=self.key_kind[places] if len(self.key_kind) else self.key_kind,
        )

    def blocks(self, code: str, mask: NDArray[np.bool_], name: str, says: Mapping[str, str]) -> list[ProblemBlock]:
        """A problem of each row that the mask marks: one block a file, under that file's own heading."""
        found = []
        for place in np.unique(self.file_index[mask]).tolist() if mask.any() else []:
            rows = self.row[mask & (self.file_index == place)]
            found.append(ProblemBlock(code, self.files[place], self.heading(place, name), rows, says))
        return found

    def heading(self, place: int, name: str) -> str:
        """What a file calls a field: its own heading, else those of the columns that it comes from, else our label."""
        named = self.headings[place]
        sources = (name, *(source for way in self.fields[name].routes for source in way.inputs))
        return (
            " / ".join(dict.fromkeys(named[source] for source in sources if named.get(source)))
            or self.fields[name].label
        )


def stack(tables: Sequence[TypedTable], fields: Dictionary) -> Stack:
    """Lay the tables on top of each other; a field that a table lacks is not known there."""
    names = dict.fromkeys(name for name in fields if any(name in table.columns for table in tables))
    return Stack(
        fields=fields,
        files=tuple(table.file for table in tables),
        headings=tuple(table.headings for table in tables),
        columns={name: _joined(name, tables, fields) for name in names},
        file_index=np.repeat(np.arange(len(tables), dtype=np.int16), [len(table.rows) for table in tables]),
        row=np.concatenate([table.rows for table in tables]),
    )


def _joined(name: str, tables: Iterable[TypedTable], fields: Dictionary) -> Values:
    item = fields[name]
    parts = [table.columns[name] if name in table.columns else not_known(item, len(table.rows)) for table in tables]
    if len(parts) == 1:
        return parts[0]
    if item.type != "text":
        return np.concatenate(parts)
    import pyarrow as pa

    return pa.concat_arrays(parts)
