"""Invented identities: UPNs with a right check letter and an authority number not in use, names, birth dates.

Real authority numbers begin at 201; the ones here are 100 to 199, so no UPN or LAESTAB of an invented pupil can be a
real child's or school's. URNs begin with 99, where the register of schools has none. There are no ULNs: any ten digits
with a right check digit could be somebody's.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

CHECK_LETTERS = np.frombuffer(b"ABCDEFGHJKLMNPQRTUVWXYZ", dtype=np.uint8)  # DfE UPN guide 1.2: no I, O or S
FIRST_INVENTED_AUTHORITY = 100
INVENTED_AUTHORITIES = 100
FIRST_INVENTED_URN = 990_001
LENGTH_OF_YEAR = 365


def authority_code(seed: int) -> int:
    """An authority number that is not in use; another seed mostly has another."""
    return FIRST_INVENTED_AUTHORITY + seed % INVENTED_AUTHORITIES


def upns(authority: int, allotted: NDArray[np.integer[Any]], serial: NDArray[np.integer[Any]]) -> Any:
    """Permanent UPNs as a pyarrow string array: unique for up to ten million serials of one year of allotment.

    >>> upns(100, np.array([18]), np.array([1])).to_pylist()
    ['N100000018001']
    """
    number = authority * 10**9 + (serial // 1000) * 10**5 + (allotted % 100) * 10**3 + serial % 1000
    digits = (number[:, None] // 10 ** np.arange(11, -1, -1, dtype=np.int64)) % 10
    letter = CHECK_LETTERS[(digits * np.arange(2, 14)).sum(axis=1) % 23]
    return fixed_width(np.column_stack([letter, (digits + ord("0")).astype(np.uint8)]))


def fixed_width(letters: NDArray[np.uint8]) -> Any:
    """Rows of ASCII codes as a pyarrow string array."""
    rows, width = letters.shape
    offsets = np.arange(rows + 1, dtype=np.int32) * width
    data = np.ascontiguousarray(letters)
    return pa.StringArray.from_buffers(rows, pa.py_buffer(offsets), pa.py_buffer(data))


def chosen(words: Sequence[str], places: NDArray[np.integer[Any]]) -> Any:
    """Words by place, as a pyarrow string array; a negative place is null."""
    indices = pa.array(places.astype(np.int32), mask=places < 0)
    return pa.array(list(words), pa.string()).take(indices)


def birth_dates(rng: np.random.Generator, born_from: NDArray[np.datetime64]) -> NDArray[np.datetime64]:
    """A day within the twelve months that begin at each `born_from`."""
    days = rng.integers(0, LENGTH_OF_YEAR, len(born_from))
    return (born_from.astype("datetime64[D]") + days).astype("datetime64[s]")
