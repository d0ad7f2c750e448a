"""The cohort: typed columns, one row a pupil, and an account of every row that came in.

Inside, a column is the plainest array that can say "not known" (see `values.py`); `Cohort.frame` is the same as pandas.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from roni.audience import seen_by
from roni.calendar import Check
from roni.errors import Problems, PupilNotFoundError
from roni.fields import Dictionary, Field
from roni.plural import counted
from roni.provenance import NOT_KEPT_CODES as NOT_KEPT_CODES
from roni.provenance import NotKept as NotKept
from roni.provenance import Reading as Reading
from roni.provenance import Source as Source
from roni.values import UNKNOWN as UNKNOWN
from roni.values import Values as Values
from roni.values import is_known as is_known
from roni.values import not_known as not_known

if TYPE_CHECKING:
    import pandas as pd

KEY_KINDS = ("upn", "former_upn", "temporary_upn", "uln", "admission_number", "reference")


@dataclass(frozen=True, repr=False)
class Cohort:
    """Pupils of one check. Columns are aligned; `keys[i]`, `file_index[i]` and `row[i]` say who and whence row i is."""

    fields: Dictionary
    check: Check
    columns: Mapping[str, Values]
    keys: Any  # pyarrow string array, no nulls, unique
    key_kind: NDArray[np.int8]  # place in KEY_KINDS
    file_index: NDArray[np.int16]  # place in files
    row: NDArray[np.int64]  # the row number that a spreadsheet shows
    files: tuple[str, ...]
    rows_read: int
    problems: Problems = dataclasses.field(default_factory=Problems)
    not_kept: Sequence[NotKept] = ()
    readings: tuple[Reading, ...] = ()
    sources: tuple[Source, ...] = ()
    origin: Mapping[str, NDArray[np.int8]] = dataclasses.field(
        default_factory=dict
    )  # field -> place in sources, -1 none
    digests: Mapping[str, str] = dataclasses.field(default_factory=dict)  # file -> sha256
    # What routes filled or overruled: field -> its own column as it was read, None where no file or list had one.
    given: Mapping[str, Values | None] = dataclasses.field(default_factory=dict)

    def __repr__(self) -> str:
        return (
            f"<Cohort of {counted(len(self), 'pupil')}, {self.check}>"  # no child's value, wherever it may be printed
        )

    def __len__(self) -> int:
        return len(self.row)

    def __iter__(self) -> Iterator[str]:
        return iter(self.keys.to_pylist())

    def column(self, name: str) -> Values:
        """The typed column of a field; all not known where no file supplied it."""
        found = self.columns.get(name)
        return not_known(self.fields[name], len(self)) if found is None else found

    def known(self, name: str) -> NDArray[np.bool_]:
        """Which pupils have a known value."""
        return is_known(self.fields[name], self.column(name))

    @property
    def as_given(self) -> dict[str, Values]:
        """The columns that files and lists have, before any field was worked out from others."""
        own = {name: self.given.get(name, values) for name, values in self.columns.items()}
        return {name: values for name, values in own.items() if values is not None}

    def source_of(self, name: str, index: int) -> Source | None:
        """Where one pupil's value of a field came from."""
        origin = self.origin.get(name)
        if origin is not None and origin[index] >= 0:
            return self.sources[int(origin[index])]
        return None

    def value(self, name: str, index: int) -> Any:
        """One cell as a plain Python value: float, int, bool, code, date or str; None when not known."""
        item = self.fields[name]
        values = self.column(name)
        if item.type == "text":
            return values[index].as_py()
        if not is_known(item, values[index : index + 1])[0]:
            return None
        cell = values[index]
        if item.type == "flag":
            return bool(cell > 0)
        if item.type == "code":
            return list(item.codes)[cell]
        return cell.astype("datetime64[D]").item() if item.type == "date" else cell.item()

    def index_of(self, key: str) -> int:
        """The row of the pupil with this key. Raises PupilNotFoundError."""
        import pyarrow.compute as pc

        place = int(pc.index(self.keys, key.strip().upper()).as_py())
        if place < 0:
            place = int(pc.index(self.keys, key.strip()).as_py())
        if place < 0:
            raise PupilNotFoundError("No pupil in this cohort has that identifier.")
        return place

    def take(self, indices: NDArray[np.integer[Any]]) -> Cohort:
        """The pupils at these places, in that order. Problems and the account of rows stay those of the reading."""
        places = np.asarray(indices)
        return replace(
            self,
            columns={name: values.take(places) for name, values in self.columns.items()},
            keys=self.keys.take(places),
            key_kind=self.key_kind[places],
            file_index=self.file_index[places],
            row=self.row[places],
            origin={name: values[places] for name, values in self.origin.items()},
            given={name: None if values is None else values.take(places) for name, values in self.given.items()},
        )

    def seen_by(self, audiences: Collection[str]) -> Cohort:
        """The same pupils, as people of these audiences may see them (`declaration.Audience`; everyone is always one).

        Columns of fields for others are not there, nor what was worked out from them, nor what was said about them: it
        is as if their columns had been deleted before the file was read. But restricted pupils stay restricted, and
        who has died stays in no list. Raises RoniError where there is no such audience.
        """
        return seen_by(self, audiences)

    @cached_property
    def frame(self) -> pd.DataFrame:
        """The pupils as pandas: float64, Int32, boolean, category, datetime64[s] and string, indexed by key."""
        import pandas as pd

        index = pd.Index(self.keys.to_pylist(), name="key", dtype="str")
        data = {name: to_series(self.fields[name], values, index) for name, values in self.columns.items()}
        return pd.DataFrame(data, index=index)


def to_series(item: Field, values: Values, index: pd.Index[str]) -> pd.Series[Any]:
    """One typed column as a pandas series of the type that people expect."""
    import pandas as pd

    if item.type in ("percent", "date"):
        return pd.Series(values, index=index)
    if item.type == "count":
        return pd.Series(pd.arrays.IntegerArray(np.maximum(values, 0), values < 0), index=index)
    if item.type == "flag":
        return pd.Series(pd.arrays.BooleanArray(values > 0, values == 0), index=index)
    if item.type == "code":
        return pd.Series(pd.Categorical.from_codes(values, categories=pd.Index(list(item.codes))), index=index)
    return pd.Series(values.to_pandas().to_numpy(), index=index, dtype="str")
