"""From a column of text to a typed column, one distinct value at a time; what cannot be read becomes a problem.

Nothing is clipped and no pupil is refused: an unreadable or impossible cell is not known.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

import numpy as np
from numpy.typing import NDArray

from roni.dates import parse_dates
from roni.fields import BLANK_WORDS, NOT_KNOWN_WORDS, Field, squeeze
from roni.parsing.cells import (
    BLANK,
    ELSEWHERE,
    EXCEL_ERROR,
    IMPOSSIBLE,
    KINDS,
    KNOWN,
    PROBLEM_CODES,
    STATED_UNKNOWN,
    UNREADABLE,
    Cell,
    also_words,
    cell_reader,
    inner,
    percent_cells,
    read,
)
from roni.values import UNKNOWN, Values

DAY_0, DAY_SECONDS = date(1970, 1, 1).toordinal(), 86_400
FEW_CELLS = 500  # of so short a column Python finds the distinct texts sooner than pyarrow does


@dataclass(frozen=True)
class Parsed:
    """A typed column and how it was read. `problems`: code -> places of the cells."""

    values: Values
    reading: str
    state: str = "used"
    choices: Mapping[str, str] = field(default_factory=dict)
    problems: Mapping[str, NDArray[np.int64]] = field(default_factory=dict)
    also: Mapping[str, Values] = field(default_factory=dict)
    month_only: NDArray[np.bool_] | None = None


@dataclass(frozen=True)
class Distinct:
    """The distinct texts of a column and, for each cell, the place of its text (the last place is the empty cell)."""

    texts: list[str]
    places: NDArray[np.int32]
    counts: NDArray[np.int64]

    @classmethod
    def of(cls, column: Any) -> Distinct:
        if column.type == "string" and len(column) <= FEW_CELLS:
            return cls._of_cells(column.to_pylist())
        encoded = column.dictionary_encode() if column.type == "string" else column
        texts = [text.removeprefix("'") for text in encoded.dictionary.to_pylist()]  # a guard that Excel left behind
        places = encoded.indices.fill_null(len(texts)).to_numpy(zero_copy_only=False).astype(np.int32, copy=False)
        return cls([*texts, ""], places, np.bincount(places, minlength=len(texts) + 1))

    @classmethod
    def _of_cells(cls, cells: Sequence[str | None]) -> Distinct:
        found = [text for text in dict.fromkeys(cells) if text is not None]
        at: dict[str | None, int] = {text: place for place, text in enumerate(found)}
        at[None] = len(found)
        places = np.fromiter(map(at.__getitem__, cells), np.int32, len(cells))
        texts = [text.removeprefix("'") for text in found]
        return cls([*texts, ""], places, np.bincount(places, minlength=len(texts) + 1))

    def where(self, kinds: NDArray[np.int8], kind: int) -> NDArray[np.int64]:
        """The cells whose text is of this kind."""
        return np.flatnonzero((kinds == kind)[self.places])


def parse(column: Any, item: Field, choices: Mapping[str, str] | None = None) -> Parsed:
    """Read one column of text as the field's type: pyarrow strings, plain or dictionary-encoded; null is an empty cell.

    `choices` are what a person said: blank ("no" or "not known"), scale ("percent", "fraction"), dates ("uk", "us").
    """
    choices = choices or {}
    if item.type == "text":
        return _text(column if column.type == "string" else column.dictionary_decode(), item)
    distinct = Distinct.of(column)
    if item.type == "date":
        return _date(distinct, item, choices)
    if item.type == "percent":
        cells, note = percent_cells(distinct.texts, item, choices)
    else:
        reader = cell_reader(item)
        cells, note = [read(text, item, reader) for text in distinct.texts], {}
    return _assemble(distinct, cells, item, choices, note)


YES_OR_NO = {"y", "n", "yes", "no", "true", "false", "t", "f", "x", "✓", "✔", "☑", "√", "✅", "✗", "✘", "✕", "☐", "❌"}
MORE_THAN_ONE = re.compile(r"(?:[2-9]|\d{2,})(?:\.\d+)?")


def says_yes_or_no(column: Any, item: Field) -> bool:
    """Whether most cells of a column that should hold counts, and are neither 0 nor 1, hold yes and no instead.

    What the count reads as a number itself ("No" for none) tells nothing.
    """
    telling = YES_OR_NO - set(item.words())
    answers = numbers = 0
    for found in column.value_counts().to_pylist():
        word = squeeze(found["values"] or "")
        answers += found["counts"] if word in telling else 0
        numbers += found["counts"] if MORE_THAN_ONE.fullmatch(word) else 0
    return answers > numbers


def _date(distinct: Distinct, item: Field, choices: Mapping[str, str]) -> Parsed:
    dates = parse_dates(distinct.texts, choices.get("dates"))
    days = dict(zip(distinct.texts, dates.values, strict=True))

    def reader(text: str) -> Cell:
        day = days[text]  # as seconds: numpy is slow at making its dates of Python's
        return (UNREADABLE, None) if day is None else (KNOWN, (day.toordinal() - DAY_0) * DAY_SECONDS)

    cells = [read(text, item, reader) for text in distinct.texts]
    parsed = _assemble(distinct, cells, item, choices, {"dates": dates.order} if dates.order else {})
    return replace(parsed, month_only=np.array(dates.month_only)[distinct.places])


def _assemble(
    distinct: Distinct, cells: list[Cell], item: Field, choices: Mapping[str, str], note: dict[str, str]
) -> Parsed:
    kinds = np.fromiter((kind for kind, _ in cells), np.int8, len(cells))
    number = np.bincount(kinds, distinct.counts, minlength=len(KINDS)).astype(np.int64).tolist()  # of cells, by kind
    dtype, unknown = UNKNOWN[item.type]
    table = np.array([unknown if value is None else value for _, value in cells], dtype=dtype)
    blank = _blank_value(item, kinds, table, distinct, choices)
    if blank is not None:
        table[(kinds == BLANK) | (kinds == ELSEWHERE)] = blank
        note["blank"] = "no"
    elif item.blank_means is not None and number[BLANK]:
        note["blank"] = "not known"
    problems = {code: distinct.where(kinds, kind) for kind, code in PROBLEM_CODES.items() if number[kind]}
    state = "used" if number[BLANK] < len(distinct.places) else "empty"
    return Parsed(
        values=table[distinct.places],
        reading=_reading(item, number, note, state),
        state=state,
        choices=note,
        problems=problems,
        also=_also(item, distinct),
    )


def _blank_value(
    item: Field, kinds: NDArray[np.int8], table: NDArray[Any], distinct: Distinct, choices: Mapping[str, str]
) -> Any:
    """What a blank stands for in this column: a value where only the positive is ever stated, else None."""
    if item.blank_means is None or choices.get("blank") == "not known":
        return None
    none = inner(item, item.blank_means)
    stated = ((kinds == KNOWN) | (kinds == ELSEWHERE)) & (distinct.counts > 0)
    negative = stated & (kinds == KNOWN) & (table == none)
    if also := set(also_words(item)):
        negative &= np.array([squeeze(text) not in also for text in distinct.texts], dtype=bool)
    return none if (stated.any() and not negative.any()) or choices.get("blank") == "no" else None


def _reading(item: Field, number: Sequence[int], note: Mapping[str, str], state: str) -> str:
    if state == "empty":
        return "no value in the whole column: not known for everyone"
    parts = [{"fraction": "as fractions of 1", "percent": "as per cents"}.get(note.get("scale", ""), "")]
    parts.append({"uk": "day before month", "us": "month before day"}.get(note.get("dates", ""), ""))
    if blanks := number[BLANK]:
        meaning = f"read as {_blank_words(item)}" if note.get("blank") == "no" else "not known"
        parts.append(f"{blanks:,} blank, {meaning}")
    for kind, words in (
        (STATED_UNKNOWN, "stated as not known"),
        (UNREADABLE, "not readable"),
        (IMPOSSIBLE, "impossible"),
    ):
        if count := number[kind]:
            parts.append(f"{count:,} {words}")
    return "; ".join(part for part in parts if part) or "as written"


def _blank_words(item: Field) -> str:
    if item.type == "code":
        return item.codes[str(item.blank_means)]
    return "none" if item.type == "count" else "no"


def _also(item: Field, distinct: Distinct) -> dict[str, Values]:
    """Wordings that say something about another field too: "previously looked after" under the heading "In care"."""
    found: dict[str, Values] = {}
    for other, values in item.also.items():
        words = {squeeze(text): {"yes": 1, "no": -1}[key] for key, texts in values.items() for text in texts}
        table = np.array([words.get(squeeze(text), 0) for text in distinct.texts], dtype=np.int8)
        if table[distinct.counts > 0].any():
            found[other] = table[distinct.places]
    return found


def _text(column: Any, item: Field) -> Parsed:
    import pyarrow as pa
    import pyarrow.compute as pc

    texts = column
    problems: dict[str, NDArray[np.int64]] = {}

    def take_out(mask: Any, code: str | None) -> None:
        nonlocal texts
        mask = mask.fill_null(False)
        if pc.any(mask).as_py():
            texts = pc.if_else(mask, pa.scalar(None, pa.string()), texts)
            if code is not None:
                problems[code] = np.flatnonzero(mask.to_numpy(zero_copy_only=False))

    if pc.any(pc.starts_with(texts, "#")).as_py():
        take_out(pc.match_substring_regex(texts, rf"^(?i:{EXCEL_ERROR.pattern})$"), "excel_error")
    if item.not_known:
        silent = pa.array([squeeze(text) for text in (*item.not_known, *NOT_KNOWN_WORDS, *BLANK_WORDS)])
        take_out(pc.is_in(pc.utf8_lower(texts), value_set=silent), None)
    if item.form:
        distinct = Distinct.of(texts)
        formless = [bool(text) and not re.fullmatch(item.form, text) for text in distinct.texts]
        take_out(pa.array(np.array(formless, dtype=bool)[distinct.places]), "unreadable")
    if column.null_count == len(column):
        return Parsed(texts, "no value in the whole column: not known for everyone", "empty")
    return Parsed(texts, "as written", problems=problems)
