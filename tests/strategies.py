"""Small valid cohorts of invented pupils: made from plain values, or drawn from the dictionary by Hypothesis."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any

import numpy as np
import pyarrow as pa
from hypothesis import strategies as st

from roni.calendar import get_check
from roni.cohort import KEY_KINDS, UNKNOWN, Cohort, Reading, Values
from roni.fields import Dictionary, Field, national
from roni.indicator.condition import typed

FILE = "invented.csv"


def cohort_of(
    columns: Mapping[str, Sequence[Any]],
    *,
    size: int | None = None,
    fields: Dictionary | None = None,
    files: Sequence[str] = (FILE,),
    file_index: Sequence[int] | None = None,
    readings: Iterable[Reading] = (),
    check: str = "november",
) -> Cohort:
    """A cohort from plain values, a sequence a field: float, int, bool, code, date or str; None is not known."""
    fields = national() if fields is None else fields
    size = size if size is not None else len(next(iter(columns.values()), ()))
    return Cohort(
        fields=fields,
        check=get_check(check, "2026/27"),
        columns={name: column(fields[name], values) for name, values in columns.items()},
        keys=pa.array([f"PUPIL{place:05}" for place in range(size)], pa.string()),
        key_kind=np.full(size, KEY_KINDS.index("upn"), np.int8),
        file_index=np.zeros(size, np.int16) if file_index is None else np.array(file_index, np.int16),
        row=np.arange(2, size + 2, dtype=np.int64),
        files=tuple(files),
        rows_read=size,
        readings=tuple(readings),
    )


def pupil(**values: Any) -> Cohort:
    """A cohort of one pupil; fields that are not named are absent."""
    return cohort_of({name: [value] for name, value in values.items()}, size=1)


def column(item: Field, values: Sequence[Any]) -> Values:
    """A typed column from plain values."""
    if item.type == "text":
        return pa.array(values, pa.string())
    dtype, unknown = UNKNOWN[item.type]
    if item.type == "date":
        return np.array([unknown if value is None else np.datetime64(value, "s") for value in values], dtype)
    return np.array([typed(item, value) for value in values], dtype)


def values_of(item: Field) -> st.SearchStrategy[Any]:
    """A plain value that the field declares possible; None is not known."""
    low, high = item.minimum or 0, 100 if item.maximum is None else item.maximum
    known: st.SearchStrategy[Any] = {
        "percent": st.floats(low, high),
        "count": st.integers(int(low), int(high)),
        "flag": st.booleans(),
        "code": st.sampled_from(list(item.codes) or [""]),
        "date": st.dates(date(2007, 9, 1), date(2027, 8, 31)),
        "text": st.sampled_from(["Ashdown", "Bó", "Ó Sé", "Nguyễn", "=1+1", "O'Neil-Smith", "x" * 60]),
    }[item.type]
    return st.one_of(known, st.none())


@st.composite
def cohorts(
    draw: st.DrawFn,
    fields: Iterable[str] | None = None,
    size: int | st.SearchStrategy[int] | None = None,
    dictionary: Dictionary | None = None,
) -> Cohort:
    """A small cohort of the named fields (all of the dictionary by default), one or two files; any may be absent."""
    dictionary = national() if dictionary is None else dictionary
    names = list(dictionary if fields is None else fields)
    count = size if isinstance(size, int) else draw(size or st.integers(1, 6))
    present = [name for name in names if draw(st.integers(0, 5))]
    columns = {name: draw(st.lists(values_of(dictionary[name]), min_size=count, max_size=count)) for name in present}
    file_index = draw(st.lists(st.integers(0, 1), min_size=count, max_size=count))
    return cohort_of(columns, size=count, fields=dictionary, files=(FILE, "second.csv"), file_index=file_index)
