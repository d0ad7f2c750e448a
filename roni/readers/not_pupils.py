"""Which rows of a table are no pupils: totals, headings repeated on a new page, lines of text below the table.

A row that names somebody (a UPN, a ULN, a birth date, a first name) is always a pupil's, whatever else it says: there
are children called Total and Mean.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from roni.readers.cells import as_text
from roni.readers.raw import RawTable

# "Total", "Grand total: 180", "11A average", "Number of pupils", "All"
SUMMARY = (
    r"^(?i:(?:(?:year|yr|class|form|group|tutor|school|cohort|national|la|\w*\d\w*) ){0,3}(?:(?:sub|grand)?-?\s*totals?"
    r"|averages?|mean|median|count|sum|overall)(?: (?:pupils|students))?|all(?: pupils| students)?"
    r"|(?:total )?(?:number|no\.?) (?:of|on) (?:pupils|students|roll))[\s:=]*[\d.,%]*$"
)
# "End of report", "Exported 06/11/2026 09:14", "Page 2 of 3", "* as at census day"
REMARK = (
    r"^(?i:end of\b|(?:report )?(?:exported|generated|printed|produced|created|run)\b|report\b|page \d|notes?\b\s*:"
    r"|source\s*:|confidential\b|official\b|key\s*:|data (?:as|from|correct)\b|correct as\b|as at\b|\*|©|\()"
)
# A second row of headings says in what form each cell is: "dd/mm/yyyy", "Y/N", "%"
HINT = (
    r"^(?i:\(?(?:dd?[/.-]mm?[/.-]yy(?:yy)?|[mdy/.-]{2,10}|%|per ?cent|y ?/ ?n|yes ?/ ?no|y or n|yes or no"
    r"|true ?/ ?false|n ?[/,] ?k ?[/,] ?e|[a-z](?: ?[/,] ?[a-z]){1,6}|number|text|date|code|count|sessions|days|tick"
    r"|required|optional|mandatory|drop-?down|9-13|7-11|13 characters|e\.g\..*|for example.*)\)?)$"
)
UPN_FORM = r"(?i)^['’`\s]*[a-z]\s*[\d\s-]{11,}[a-z\d]\s*$"
ULN_FORM = r"^\d{10}$"
DATE = r"(?i)^(?:\d{1,4}[-/. ]+\w{1,9}[-/. ,]+\d{1,4}\b.*|\d{5}(?:\.\d+)?|\d{8}|\w{2,9}[-/. ]\d{4}|\d{4}[-/]\d{1,2})$"
UPNS = ("upn", "former_upn", "temporary_upn")
DATES = ("date_of_birth", "birth_month")
FIRST_NAMES = ("forename", "preferred_name", "full_name")
LABELLED = (*UPNS, "surname", *FIRST_NAMES)


def not_pupils(raw: RawTable, names: Sequence[str | None]) -> NDArray[np.bool_]:
    """The rows that are no pupils; `names` gives the field of each column."""
    found = np.zeros(len(raw), dtype=bool)
    rest = np.flatnonzero(~_identified(raw, names))
    if len(rest):
        few = replace(raw, columns=tuple(as_text(column.take(rest)) for column in raw.columns), rows=raw.rows[rest])
        found[rest] = _repeated_heading(few) | (~_first_named(few, names) & _says_nothing(few, names))
    return found


def _matches(column: Any, pattern: str) -> NDArray[np.bool_]:
    import pyarrow as pa
    import pyarrow.compute as pc

    if pa.types.is_dictionary(column.type):
        each = np.append(_matches(column.dictionary, pattern), False)
        return np.asarray(each[column.indices.fill_null(-1).to_numpy(zero_copy_only=False)])
    return np.asarray(pc.match_substring_regex(column, pattern).fill_null(False).to_numpy(zero_copy_only=False))


def _identified(raw: RawTable, names: Sequence[str | None]) -> NDArray[np.bool_]:
    """Rows with a UPN, a ULN or a birth date."""
    who = np.zeros(len(raw), dtype=bool)
    for name, column in zip(names, raw.columns, strict=True):
        form = UPN_FORM if name in UPNS else DATE if name in DATES else ULN_FORM if name == "uln" else None
        if form is not None and not who.all():
            who |= _matches(column, form)
    return who


def _first_named(raw: RawTable, names: Sequence[str | None]) -> NDArray[np.bool_]:
    """Rows with a first name in letters that is no summary or remark."""
    who = np.zeros(len(raw), dtype=bool)
    for name, column in zip(names, raw.columns, strict=True):
        if name in FIRST_NAMES:
            who |= _matches(column, r"\pL") & ~_matches(column, SUMMARY) & ~_matches(column, REMARK)
    return who


def _repeated_heading(raw: RawTable) -> NDArray[np.bool_]:
    """Rows of which most cells are the headings above them, in any case and spacing."""
    equal = np.zeros(len(raw), dtype=np.int32)
    filled = np.zeros(len(raw), dtype=np.int32)
    for heading, column in zip(raw.headings, raw.columns, strict=True):
        filled += np.asarray(column.is_valid())
        if words := heading.split():
            equal += _matches(column, r"^(?i:" + r"\s+".join(map(re.escape, words)) + r")$")
    return (equal >= 2) & (equal * 2 > filled)


def _says_nothing(raw: RawTable, names: Sequence[str | None]) -> NDArray[np.bool_]:
    return _summaries(raw, names) | _remarks(raw) | _hints(raw)


def _hints(raw: RawTable) -> NDArray[np.bool_]:
    """Every filled cell is a hint, and there are two at least."""
    filled = np.zeros(len(raw), dtype=np.int32)
    hints = np.zeros(len(raw), dtype=np.int32)
    for column in raw.columns:
        filled += np.asarray(column.is_valid())
        hints += _matches(column, HINT)
    return np.asarray((hints >= 2) & (hints == filled))


def _summaries(raw: RawTable, names: Sequence[str | None]) -> NDArray[np.bool_]:
    """The first filled cell says "Total" or the like, or that of a name does."""
    found = np.zeros(len(raw), dtype=bool)
    if raw.columns:
        found |= _matches(_first_filled(raw), SUMMARY)
    for name, column in zip(names, raw.columns, strict=True):
        if name in LABELLED:
            found |= _matches(column, SUMMARY)
    return found


def _remarks(raw: RawTable) -> NDArray[np.bool_]:
    """The first filled cell is such a line, or the only one and of several words."""
    filled = np.zeros(len(raw), dtype=np.int32)
    for column in raw.columns:
        filled += np.asarray(column.is_valid())
    first = _first_filled(raw)
    several = np.zeros(len(raw), dtype=bool)
    if (filled == 1).any():
        several = (filled == 1) & _matches(first, r"\S\s+\S")
    return several | _matches(first, REMARK)


def _first_filled(raw: RawTable) -> Any:
    import pyarrow as pa
    import pyarrow.compute as pc

    return pc.coalesce(*raw.columns) if raw.columns else pa.nulls(0, pa.string())
