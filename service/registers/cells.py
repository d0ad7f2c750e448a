"""A cohort's columns as plain lists, one value a pupil, for the lines that people read."""

from __future__ import annotations

from typing import Any

import numpy as np

from roni import Cohort


def cells(cohort: Cohort, name: str, first: int | None = None) -> list[Any]:
    """Each pupil's value, or only of the first: number, true or false, code, ISO date or text; None: not known."""
    size = len(cohort) if first is None else first
    if name not in cohort.columns:
        return [None] * size
    item, values = cohort.fields[name], cohort.column(name)[:size]
    if item.type == "text":
        return list(values.to_pylist())
    known = cohort.known(name)[:size].tolist()
    return [value if there else None for value, there in zip(_plain(item, values), known, strict=True)]


def said(cohort: Cohort, name: str, first: int | None = None) -> list[str | None]:
    """Each pupil's code in words; None where it is not known."""
    codes = cohort.fields[name].codes
    return [None if code is None else codes[code] for code in cells(cohort, name, first)]


def _plain(item: Any, values: Any) -> list[Any]:
    if item.type == "flag":
        return list((values > 0).tolist())
    if item.type == "code":
        return list(np.array([*item.codes, ""], dtype=object)[values].tolist())
    if item.type == "date":
        return list(np.datetime_as_string(values, unit="D").tolist())
    return list(values.tolist())
