"""One raw table to a typed one: which heading is which field, which rows are no pupils, and how each column reads."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from roni.cohort import NotKept, Reading, Values, is_known
from roni.errors import ProblemBlock
from roni.fields import Dictionary, Field
from roni.headings import Headings, normalise
from roni.mapping import Choice, ColumnMapping
from roni.parsing import Parsed, parse, says_yes_or_no
from roni.readers.not_pupils import not_pupils
from roni.readers.stack import TypedTable
from roni.readers.table import RawTable
from roni.routes import TOLERANCE


@dataclass
class Read:
    """A typed table and everything that reading it had to say."""

    table: TypedTable
    not_kept: list[NotKept] = field(default_factory=list)
    problems: list[ProblemBlock] = field(default_factory=list)
    readings: list[Reading] = field(default_factory=list)


def read_columns(raw: RawTable, fields: Dictionary, headings: Headings, mapping: ColumnMapping) -> Read:
    """Give each column its field, drop the rows that are no pupils, and read every cell."""
    chosen = [_choose(heading, headings, mapping) for heading in raw.headings]
    pupils = ~not_pupils(raw, [choice.field for choice in chosen])
    not_kept = [NotKept(raw.file, row, "not_a_pupil") for row in raw.rows[~pupils].tolist()]
    if not_kept:
        places = np.flatnonzero(pupils)
        raw = replace(raw, columns=tuple(column.take(places) for column in raw.columns), rows=raw.rows[places])
    read = Read(TypedTable(raw.file, {}, {}, raw.rows), not_kept, list(raw.problems))
    columns: dict[str, Values] = {}
    named: dict[str, str] = {}
    extra: dict[str, Values] = {}
    for place, choice in enumerate(chosen):
        if choice.field is None:
            _say_unused(raw, place, headings, read, on_purpose=mapping.get(raw.headings[place]) is not None)
            continue
        item = fields[choice.field]
        if item.as_flag and says_yes_or_no(raw.columns[place], item):
            item = fields[item.as_flag]
        parsed = parse(raw.columns[place], item, choice.choices)
        _say_used(raw, place, item, parsed, read)
        _put(raw, place, item, parsed.values, columns, named, read)
        extra |= {**parsed.also, **_implied(raw.headings[place], item, fields, len(raw))}
        if parsed.month_only is not None and item.name in ("date_of_birth", "birth_month"):
            extra |= _precision(fields, parsed)
    for name, values in extra.items():
        if name not in columns:
            columns[name] = values
            named[name] = ""
    read.table = TypedTable(raw.file, columns, named, raw.rows)
    return read


def _choose(heading: str, headings: Headings, mapping: ColumnMapping) -> Choice:
    said = mapping.get(heading) if heading else None
    return said if said is not None else Choice(headings.find(heading) if heading else None)


def _implied(heading: str, item: Field, fields: Dictionary, size: int) -> dict[str, Values]:
    """What a heading says of another field for every row: "Suspensions this year" is also their window."""
    said = _implying(item).get(normalise(heading), {}) if item.implied else {}
    return {other: np.full(size, fields[other].answers.index(answer), dtype=np.int16) for other, answer in said.items()}


@lru_cache(maxsize=1024)
def _implying(item: Field) -> dict[str, dict[str, str]]:
    """By heading, as headings are compared, what it says of other fields."""
    found: dict[str, dict[str, str]] = {}
    for other, answers in item.implied.items():
        for answer, headings in answers.items():
            for text in headings:
                found.setdefault(normalise(text), {})[other] = answer
    return found


def _precision(fields: Dictionary, parsed: Parsed) -> dict[str, Values]:
    """A birth date known only to the month is its first day, and says so."""
    if "birth_precision" not in fields or parsed.month_only is None or not parsed.month_only.any():
        return {}
    codes = list(fields["birth_precision"].codes)
    known = is_known(fields["date_of_birth"], parsed.values)
    values = np.where(parsed.month_only, codes.index("month"), codes.index("day"))
    return {"birth_precision": np.where(known, values, -1).astype(np.int16)}


def _say_unused(raw: RawTable, place: int, headings: Headings, read: Read, *, on_purpose: bool) -> None:
    heading, column = raw.headings[place], raw.columns[place]
    if not heading:
        if column.null_count < len(column):
            says = {"position": _letters(place)}
            read.problems.append(ProblemBlock("heading_blank", raw.file, "", None, says))
        return
    read.readings.append(Reading(raw.file, heading, None, "not used", "unmapped"))
    if not on_purpose:
        near = headings.nearest(heading)
        nearest = f"The nearest field is “{near}”." if near else "If it matters, say which field it is."
        read.problems.append(ProblemBlock("heading_unknown", raw.file, heading, None, {"nearest": nearest}))


def _letters(place: int) -> str:
    """The letters that a spreadsheet shows above a column.

    >>> _letters(0), _letters(27)
    ('A', 'AB')
    """
    text = ""
    place += 1
    while place:
        place, rest = divmod(place - 1, 26)
        text = chr(ord("A") + rest) + text
    return text


def _say_used(raw: RawTable, place: int, item: Field, parsed: Parsed, read: Read) -> None:
    heading = raw.headings[place]
    read.readings.append(Reading(raw.file, heading, item.name, parsed.reading, parsed.state, parsed.choices))
    for code, cells in parsed.problems.items():
        if item.name == "year_group" and code == "unreadable":
            code = "year_group_unreadable"
        says = {"expects": item.expects}
        read.problems.append(ProblemBlock(code, raw.file, heading, raw.rows[cells], says))


def _put(
    raw: RawTable,
    place: int,
    item: Field,
    values: Values,
    columns: dict[str, Values],
    named: dict[str, str],
    read: Read,
) -> None:
    """A second column of the same field: used if it agrees; where they differ, not known and a problem."""
    heading = raw.headings[place]
    if item.name not in columns:
        columns[item.name], named[item.name] = values, heading
        return
    first, first_known = columns[item.name], is_known(item, columns[item.name])
    known = is_known(item, values)
    differ = first_known & known & _unlike(item, first, values)
    columns[item.name] = _combined(item, first, first_known & ~differ, values, known & ~differ)
    named[item.name] = f"{named[item.name]} / {heading}"
    if differ.any():
        says = {"label": item.label}
        read.problems.append(ProblemBlock("columns_disagree", raw.file, named[item.name], raw.rows[differ], says))


def _unlike(item: Field, left: Values, right: Values) -> NDArray[np.bool_]:
    if item.type == "percent":
        return np.asarray(np.abs(left - right) > TOLERANCE)
    if item.type != "text":
        return np.asarray(left != right)
    import pyarrow.compute as pc

    return np.asarray(pc.not_equal(left, right).fill_null(False).to_numpy(zero_copy_only=False))


def _combined(
    item: Field, first: Values, use_first: NDArray[np.bool_], second: Values, use_second: NDArray[np.bool_]
) -> Values:
    import pyarrow as pa
    import pyarrow.compute as pc

    from roni.cohort import UNKNOWN

    if item.type == "text":
        null = pa.scalar(None, pa.string())
        return pc.if_else(pa.array(use_first), first, pc.if_else(pa.array(use_second), second, null))
    dtype, unknown = UNKNOWN[item.type]
    return np.where(use_first, first, np.where(use_second, second, unknown)).astype(dtype)
