"""Text cells made plain, a whole column at a time: stripped, unescaped, blank where there is nothing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

# Bytes with which white space can begin or end in UTF-8. A column that shows none of them at either end of any
# cell needs no stripping, which is most columns; stripping them all would double the time of a reading.
_SPACES = [*range(0x09, 0x0E), *range(0x1C, 0x21)]
_MAY_BEGIN_SPACE = np.isin(np.arange(256), [*_SPACES, 0xC2, 0xE1, 0xE2, 0xE3])
_MAY_END_SPACE = np.isin(np.arange(256), [*_SPACES, *range(0x80, 0x8B), 0x9F, 0xA0, 0xA8, 0xA9, 0xAF])


def tidy(column: Any, *, escaped: bool = True) -> Any:
    """A pyarrow string array with each cell stripped and blank cells null.

    With `escaped`, what only guards a text from a spreadsheet is taken off: `="0123"` is `0123`, and an apostrophe
    before one of = + - @, tab or a line end is the guard of an export (see the writers).
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    if pa.types.is_dictionary(column.type):
        plain = tidy(column.dictionary, escaped=escaped)
        return column if plain.equals(column.dictionary) else tidy(as_text(column), escaped=escaped)
    first, last = _edge_bytes(column)
    if _any_in(_MAY_BEGIN_SPACE, first) or _any_in(_MAY_END_SPACE, last):
        column = pc.utf8_trim_whitespace(column)
        first, _ = _edge_bytes(column)
    if escaped and (first == ord("=")).any():
        column = pc.replace_substring_regex(column, r'^="([^"]*)"$', r"\1")
    if escaped and (first == ord("'")).any():
        column = pc.replace_substring_regex(column, r"^'('*[=+\-@\t\r\n])", r"\1")
    return _blank_to_null(column)


def as_text(column: Any) -> Any:
    """The column as plain strings, whether it came dictionary-encoded or not."""
    import pyarrow as pa

    return column.dictionary_decode() if pa.types.is_dictionary(column.type) else column


def _blank_to_null(column: Any) -> Any:
    import pyarrow as pa
    import pyarrow.compute as pc

    offsets = _offsets(column)
    blank = offsets[1:] == offsets[:-1]
    if blank.any():
        blank &= np.asarray(column.is_valid())
    return pc.if_else(pa.array(blank), pa.scalar(None, pa.string()), column) if blank.any() else column


def _edge_bytes(column: Any) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """The first and last byte of every cell; of a blank cell some byte of a neighbour."""
    data = column.buffers()[2]
    if data is None or data.size == 0:
        nothing = np.zeros(0, dtype=np.uint8)
        return nothing, nothing
    places = _offsets(column)
    text = np.frombuffer(data, dtype=np.uint8)
    return text.take(places[:-1], mode="clip"), text.take(places[1:] - 1, mode="clip")


def _offsets(column: Any) -> NDArray[np.int32]:
    """Where each cell begins, and the last one ends."""
    if not len(column):
        return np.zeros(1, dtype=np.int32)
    return np.frombuffer(column.buffers()[1], dtype=np.int32)[column.offset : column.offset + len(column) + 1]


def _any_in(table: NDArray[np.bool_], found: NDArray[np.uint8]) -> bool:
    """Whether any byte is in the table; letters and digits alone, which is most columns, need no look-up."""
    if not len(found) or (found.min() > 0x20 and found.max() < 0x80):
        return False
    return bool(table[found].any())


def has_value(columns: Sequence[Any], size: int) -> NDArray[np.bool_]:
    """Which rows have a value in any of the columns."""
    found = np.zeros(size, dtype=bool)
    for column in columns:
        if found.all():
            break
        found |= np.asarray(column.is_valid())
    return found
