"""The plainest arrays that can say “not known”: what a column of each type is, and which of its cells are known."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from roni.fields import Field

# percent: float64, NaN not known · count: int32, -1 not known · flag: int8, 1 yes, 0 not known, -1 no ·
# code: int16, place among the field's codes, -1 not known · date: datetime64[s], NaT not known ·
# text: a pyarrow string array, null is blank.
Values = Any

UNKNOWN: Mapping[str, tuple[str, Any]] = {
    "percent": ("float64", np.nan),
    "count": ("int32", -1),
    "flag": ("int8", 0),
    "code": ("int16", -1),
    "date": ("datetime64[s]", np.datetime64("NaT", "s")),
}


def not_known(item: Field, size: int) -> Values:
    """A column of which nothing is known."""
    if item.type == "text":
        import pyarrow as pa

        return pa.nulls(size, pa.string())
    dtype, value = UNKNOWN[item.type]
    return np.full(size, value, dtype=dtype)


def is_known(item: Field, values: Values) -> NDArray[np.bool_]:
    """Which cells of a typed column are known."""
    if item.type == "text":
        return np.asarray(values.is_valid())
    if item.type == "percent":
        return np.asarray(~np.isnan(values))
    if item.type == "date":
        return np.asarray(~np.isnat(values))
    if item.type == "flag":
        return np.asarray(values != 0)
    return np.asarray(values >= 0)
