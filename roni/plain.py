"""Typed columns as plain JSON values, one mapping a pupil, and exactly back; a column at a time.

A value that is not known is not there. Per cent: float · count: int · flag: true or false · code: its own text ·
date: “2026-11-01” · text: str.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import chain
from typing import Any

import numpy as np
from numpy.typing import NDArray

from roni.errors import RoniError
from roni.fields import Dictionary, Field
from roni.values import UNKNOWN, Values, is_known

NO_VALUE = type(None)
FLAGS = {None: 0, True: 1, False: -1}
# What JSON may hold for a value of each type; a per cent without decimals often comes back as a whole number.
KINDS: Mapping[str, set[type]] = {
    "percent": {float, int},
    "count": {int},
    "flag": {bool},
    "code": {str},
    "date": {str},
    "text": {str},
}


def plain_values(item: Field, values: Values) -> list[Any]:
    """The cells of a typed column, all known, as plain values."""
    if item.type == "text":
        return list(values.to_pylist())
    if item.type == "flag":
        return list((values > 0).tolist())
    if item.type == "code":
        return list(np.array(list(item.codes), dtype=object)[values].tolist())
    if item.type == "date":
        return list(np.datetime_as_string(values, unit="D").tolist())
    return list(values.tolist())


def plain_rows(fields: Dictionary, columns: Mapping[str, Values], size: int) -> list[dict[str, Any]]:
    """For each of `size` rows its known values by field."""
    rows: list[dict[str, Any]] = [{} for _ in range(size)]
    for name, values in columns.items():
        item = fields[name]
        places = np.flatnonzero(is_known(item, values))
        for place, value in zip(places.tolist(), plain_values(item, values.take(places)), strict=True):
            rows[place][name] = value
    return rows


def values_by_field(rows: Sequence[Mapping[str, Any]]) -> dict[str, list[Any]]:
    """From each row's known values by field, for each field the value of every row; None is not known."""
    return {name: [row.get(name) for row in rows] for name in dict.fromkeys(chain.from_iterable(rows))}


def typed_columns(
    fields: Dictionary, names: Iterable[str], values: Mapping[str, Sequence[Any]], size: int
) -> dict[str, Values]:
    """The typed columns [size] of these fields, from the plain values [size] of those of which any are known.

    Raises RoniError where a field, a code or the type of a field is not that of the dictionary, ValueError where the
    values are not of `size` rows.
    """
    if any(len(cells) != size for cells in values.values()):
        raise ValueError
    names, nothing = list(names), [None] * size
    check_names(fields, {*names, *values})
    if strange := sorted(values.keys() - set(names)):
        raise RoniError(f"A pupil has a value of “{strange[0]}”, which is not among the columns.")
    return {name: typed_column(fields[name], values.get(name, nothing)) for name in names}


def check_names(fields: Dictionary, names: Iterable[str]) -> None:
    """Raise RoniError where a field is not in the dictionary."""
    if gone := sorted(set(names) - set(fields)):
        raise RoniError(
            f"“{gone[0]}” is not a field of the data dictionary. Read with the dictionary it was made with."
        )


def typed_column(item: Field, cells: Sequence[Any]) -> Values:
    """One typed column from plain values; None is not known. Raises RoniError, never naming a value."""
    if not {*map(type, cells)} <= KINDS[item.type] | {NO_VALUE}:
        raise RoniError(f"“{item.name}” holds what is no {item.type}. Read with the dictionary it was made with.")
    try:
        return _TYPED[item.type](item, cells)
    except KeyError:
        raise RoniError(f"“{item.name}” holds a code that the data dictionary does not have.") from None
    except (ValueError, OverflowError):
        raise RoniError(f"“{item.name}” holds what is no {item.type}.") from None


def _flags(_: Field, cells: Sequence[Any]) -> NDArray[np.int8]:
    return np.array([FLAGS[cell] for cell in cells], np.int8)


def _counts(_: Field, cells: Sequence[Any]) -> NDArray[np.int32]:
    counts = np.array([-1 if cell is None else cell for cell in cells], np.int32)
    if (counts < -1).any():
        raise ValueError
    return counts


def _codes(item: Field, cells: Sequence[Any]) -> NDArray[np.int16]:
    places: dict[str | None, int] = {None: -1, **{code: place for place, code in enumerate(item.codes)}}
    return np.array([places[cell] for cell in cells], np.int16)


def _numbers(_: Field, cells: Sequence[Any]) -> NDArray[np.float64]:
    return np.array(cells, np.float64)  # None becomes NaN


def _days(_: Field, cells: Sequence[Any]) -> NDArray[Any]:
    return np.array(cells, "datetime64[D]").astype(UNKNOWN["date"][0])  # None becomes NaT


def _texts(_: Field, cells: Sequence[Any]) -> Any:
    import pyarrow as pa

    return pa.array(cells, pa.string())


_TYPED: Mapping[str, Callable[[Field, Sequence[Any]], Values]] = {
    "percent": _numbers, "count": _counts, "flag": _flags, "code": _codes, "date": _days, "text": _texts,
}  # fmt: skip
