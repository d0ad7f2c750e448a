"""The tables of a School Census extract as text, and what the tables below the pupils say of each pupil.

An extract is a pupil table and tables that hang on it by `pupilonrolltableid`: one row a pupil and attendance code, one
an exclusion, one a period of free-school-meal eligibility, one a need. Codes and terms are data: `codes/*.toml`.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cache, cached_property
from importlib import resources
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from roni.errors import ProblemBlock
from roni.readers.extract import NO_DAY, each_distinct

PUPIL_ID = "pupilonrolltableid"
SCHOOL_ID = "nativeid"
# Written where a cell is judged not known, so that no later reading of blanks can take it for "none" or "no".
NOT_KNOWN = "not known"
WHOLE_NUMBER = "a whole number, 0 or more"

Texts = Any  # a pyarrow string array, null is an empty cell
Columns = dict[str, Texts]  # field name -> texts, aligned with the pupils


@cache
def code_table(name: str) -> Mapping[str, Any]:
    """A file of `codes/`, as read."""
    return tomllib.loads((resources.files("roni") / "codes" / f"{name}.toml").read_text("utf-8"))


@dataclass(frozen=True)
class CensusTable:
    """One or several files of one kind, end to end. `columns` by heading in small letters; `file_index`, `rows` say
    where each row stands."""

    files: tuple[str, ...]
    columns: Mapping[str, Texts]
    file_index: NDArray[np.int16]
    rows: NDArray[np.int64]
    digests: tuple[str, ...]
    found: tuple[ProblemBlock, ...] = ()

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, heading: str) -> Texts:
        found = self.columns.get(heading)
        return pa.nulls(len(self), pa.string()) if found is None else found

    def __contains__(self, heading: str) -> bool:
        return heading in self.columns

    def problems(self, code: str, heading: str, wrong: NDArray[np.bool_], **says: str) -> list[ProblemBlock]:
        """One block a file for the rows that are wrong."""
        places = np.flatnonzero(wrong)
        blocks = []
        for index in np.unique(self.file_index[places]):
            rows = self.rows[places[self.file_index[places] == index]]
            blocks.append(ProblemBlock(code, self.files[index], heading, rows, says))
        return blocks


@dataclass
class Findings:
    """What reading the tables gave: columns by field name, problems, and how it was read, in sentences."""

    columns: Columns = field(default_factory=dict)
    problems: list[ProblemBlock] = field(default_factory=list)
    how: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Pupils:
    """The pupil table, and whom each row of the other tables belongs to."""

    table: CensusTable
    _owners: dict[int, tuple[CensusTable, NDArray[np.int64]]] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.table)

    @cached_property
    def first(self) -> NDArray[np.int64]:
        """For each pupil the first row with the same identifier, -1 where there is none: repeated rows share facts."""
        return _places(self.table[PUPIL_ID], self.table[PUPIL_ID])

    def owners(self, child: CensusTable) -> NDArray[np.int64]:
        """For each row of a table the place of its pupil; -1 where no pupil has that identifier."""
        if id(child) not in self._owners:
            self._owners[id(child)] = (child, _places(child[PUPIL_ID], self.table[PUPIL_ID]))
        return self._owners[id(child)][1]

    def covered(self, child: CensusTable) -> NDArray[np.bool_]:
        """Whose school this table covers: no row there means none.

        A table covers the schools that it names; without school identifiers, or when there is only one school, all.
        """
        mine = self.table[SCHOOL_ID]
        identified = self.first >= 0
        if SCHOOL_ID not in child or len(pc.unique(mine)) <= 1:
            return identified
        named = pc.is_in(mine, value_set=pc.unique(child[SCHOOL_ID]).drop_null())
        return np.asarray(identified & named.to_numpy(zero_copy_only=False))

    def total(self, owners: NDArray[np.int64], counted: NDArray[Any]) -> NDArray[np.float64]:
        """The sum of `counted` (numbers or yes/no) over each pupil's rows."""
        mine = owners >= 0
        sums = np.bincount(owners[mine], weights=counted[mine], minlength=len(self))
        return np.asarray(np.where(self.first >= 0, sums[self.first], 0.0))

    def any(self, owners: NDArray[np.int64], said: NDArray[np.bool_]) -> NDArray[np.bool_]:
        return np.asarray(self.total(owners, said) > 0)

    def latest(self, owners: NDArray[np.int64], days: NDArray[Any]) -> NDArray[Any]:
        """The last of each pupil's days, NaT where there is none."""
        told = (owners >= 0) & ~np.isnat(days)
        last = np.full(len(self) + 1, np.datetime64(date.min, "D"))
        np.maximum.at(last, owners[told], days[told])
        found = last[self.first]
        return np.asarray(np.where(found > np.datetime64(date.min, "D"), found, NO_DAY))


def _places(wanted: Texts, among: Texts) -> NDArray[np.int64]:
    found = pc.index_in(wanted, value_set=among, skip_nulls=True)
    return np.asarray(found.fill_null(-1)).astype(np.int64)


def places_among(codes: Iterable[str], texts: Texts) -> NDArray[np.int64]:
    """The place of each cell among `codes`, in any case; -1 where it is blank or none of them."""
    known = {code: place for place, code in enumerate(codes)}
    return each_distinct(texts, lambda found: np.array([known.get(text.upper(), -1) for text in found], np.int64), -1)


def as_texts(values: NDArray[np.float64], known: NDArray[np.bool_]) -> Texts:
    """Whole numbers as text, "not known" where they are not."""
    whole = pa.array(np.where(known, values, 0).astype(np.int64)).cast(pa.string())
    return pc.if_else(pa.array(known), whole, NOT_KNOWN)


def yes_no(yes: NDArray[np.bool_], no: NDArray[np.bool_]) -> Texts:
    """ "yes", "no", or "not known" where neither is so."""
    return pc.if_else(pa.array(yes), "yes", pc.if_else(pa.array(no), "no", NOT_KNOWN))


def iso(values: NDArray[Any]) -> Texts:
    """Days as 2024-10-16; null where there is none."""
    return pa.array(values).cast(pa.string())
