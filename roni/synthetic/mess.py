"""Mess: what goes wrong in school offices, put into a clean sheet, with a note of what a reader should say about it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np

from roni.synthetic.render import BLANK, WAYS, Says
from roni.synthetic.sheet import Line, Sheet

UNREADABLE = {
    "attendance": "see note",
    "suspensions": "a few",
    "suspension_sessions": "a few",
    "sen_provision": "ask SENCo",
}
EXCEL_ERRORS = ("#N/A", "#VALUE!", "#REF!", "#DIV/0!")
BLANK_WORDS, UNKNOWN_WORDS = ("-", "–", " "), ("n/k", "?", "not known")
NOT_MESSED = ("upn", "surname", "forename", "preferred_name", "full_name", "school_name", "registration_group", "")
EDGES = ("90.0", "89.9", "85.0", "84.9", "100.0", "0.0", "90.1", "85.1")
EDGES_OF_120_SESSIONS = (108, 107, 102, 101, 120, 0)
EDGE_SESSIONS = 120


@dataclass(frozen=True)
class Mess:
    """How much of each kind: shares of scored cells (blank to fraction), shares of rows (upn), or a number of rows."""

    blank: float = 0.006
    words: float = 0.003
    unreadable: float = 0.003
    excel_error: float = 0.002
    impossible: float = 0.003
    fraction: float = 0.002
    other_dates: float = 0.02
    padded_upn: float = 0.15
    missing_upn: float = 0.003
    wrong_letter: float = 0.004
    duplicates: int = 2
    merged: int = 2
    blank_rows: int = 2
    repeated_headings: int = 1
    stray_quotes: int = 2
    other_headings: float = 0.3
    edges: bool = True


def spoil(sheet: Sheet, mess: Mess, rng: np.random.Generator) -> None:
    """Put the mess into a clean sheet, in place. Copies of rows come last, so that they copy the mess too."""
    if mess.edges:
        _edges(sheet, rng)
    _cells(sheet, mess, rng)
    _queries(sheet)
    _dates(sheet, mess, rng)
    _identifiers(sheet, mess, rng)
    _copies(sheet, mess, rng)
    if sheet.text_only:
        _quotes(sheet, mess, rng)
    for _ in range(0 if sheet.extension == "parquet" else mess.blank_rows):
        sheet.lines.insert(int(rng.integers(1, len(sheet.lines))), Line("blank"))
    if sheet.extension != "parquet":
        for _ in range(mess.repeated_headings):
            sheet.lines.insert(int(rng.integers(len(sheet.lines) // 2, len(sheet.lines))), Line("headings"))


def _edges(sheet: Sheet, rng: np.random.Generator) -> None:
    """Values on both sides of every boundary of attendance, in the first rows that a shuffle gives."""
    rows = [sheet.lines[i] for i in rng.permutation(len(sheet.lines))]
    if "attendance" in sheet.fields:
        place = sheet.place("attendance")
        for line, text in zip(rows, EDGES, strict=False):
            line.put(place, sheet.write(place, float(text), rng))
    if "sessions_attended" in sheet.fields:
        attended, possible = sheet.place("sessions_attended"), sheet.place("sessions_possible")
        for line, count in zip(rows, EDGES_OF_120_SESSIONS, strict=False):
            line.put(possible, sheet.write(possible, EDGE_SESSIONS, rng))
            line.put(attended, sheet.write(attended, count, rng))


def _cells(sheet: Sheet, mess: Mess, rng: np.random.Generator) -> None:
    for place, column in enumerate(sheet.columns):
        if column.scored and column.says not in NOT_MESSED:
            for kind, rate, spoilt in _kinds(column.says, column.way, mess, sheet.text_only):
                for i in np.flatnonzero(rng.random(len(sheet.lines)) < rate):
                    shown, says, code = spoilt(rng)
                    sheet.lines[i].put(place, (shown, says), code)
                    sheet.tally(kind)


def _kinds(
    says: str, way: str, mess: Mess, text: bool
) -> list[tuple[str, float, Callable[[Any], tuple[Any, Any, str]]]]:
    def one(words: tuple[str, ...], meaning: Says, code: str) -> Callable[[Any], tuple[Any, Any, str]]:
        return lambda rng: (words[int(rng.integers(len(words)))], meaning, code)

    kinds = [("blank", mess.blank, one(("",), BLANK, ""))]
    if way in ("boolean", "percent_cell", "count_cell") and not text:
        return kinds  # a typed column cannot hold words
    kinds.append(("blank words", mess.words, one(BLANK_WORDS, BLANK, "")))
    kinds.append(("unknown words", mess.words, one(UNKNOWN_WORDS, Says.NOTHING_KNOWN, "")))
    if says != "eal_language":  # any word may be a language
        words = (UNREADABLE.get(says, "see note" if "sessions" in says else "maybe"),)
        kinds.append(("unreadable", mess.unreadable, one(words, Says.UNREADABLE, "unreadable")))
    kinds.append(("excel error", mess.excel_error, one(EXCEL_ERRORS, Says.UNREADABLE, "excel_error")))
    if way in ("percent_mixed", "absence"):
        kinds.append(("impossible", mess.impossible, one(("104.2", "180"), Says.UNREADABLE, "impossible")))
    if way == "percent_mixed":  # an absence of 0.87 % is an absence
        kinds.append(("fraction", mess.fraction, lambda _: ("0.87", 0.87, "under_one_per_cent")))
    return kinds


def _queries(sheet: Sheet) -> None:
    """What is kept as it stands and still worth a question."""
    if "attendance" not in sheet.fields:
        return
    place = sheet.place("attendance")
    by_hundreds = sheet.columns[place].way in ("percent_mixed", "percent_cell")
    for line in sheet.lines:
        shown, says = line.cells[place]
        if says == 0:
            line.put(place, (shown, says), "zero_attendance")
        elif by_hundreds and not isinstance(says, Says) and 0 < says <= 1:
            line.put(place, (shown, says), "under_one_per_cent")


def _dates(sheet: Sheet, mess: Mess, rng: np.random.Generator) -> None:
    """Dates that a spreadsheet turned into its own numbers, or that somebody typed the other way round."""
    if not sheet.text_only or "date_of_birth" not in sheet.fields:
        return
    place = sheet.place("date_of_birth")
    for line in sheet.lines:
        if rng.random() < mess.other_dates:
            born = line.cells[place][1]
            way = ("date_excel", "date_iso", "date_uk")[int(rng.integers(3))]
            line.put(place, WAYS[way](born, rng))


def _identifiers(sheet: Sheet, mess: Mess, rng: np.random.Generator) -> None:
    place = sheet.place("upn")
    for line in sheet.lines:
        draw, upn = rng.random(3), line.cells[place][0]
        if draw[0] < mess.missing_upn:
            line.put(place, ("", BLANK), "no_key")
        elif draw[1] < mess.wrong_letter:
            wrong = chr(ord("A") + (ord(upn[0]) - ord("A") + 1) % 26) + upn[1:]
            line.put(place, (wrong, wrong), "upn_check_letter")
        elif draw[2] < mess.padded_upn and sheet.extension != "parquet":
            line.put(place, (f" {upn.lower()} ", upn))


def _copies(sheet: Sheet, mess: Mess, rng: np.random.Generator) -> None:
    upn = sheet.place("upn")
    whole = [line for line in sheet.lines if line.cells[upn][1] is not BLANK and not line.codes]
    picked = [whole[i] for i in rng.permutation(len(whole))[: mess.duplicates + mess.merged]]
    for line in picked[: mess.duplicates]:
        sheet.lines.append(line.copy("duplicate"))
    for line in picked[mess.duplicates :]:
        _merge(sheet, line, rng)


def _merge(sheet: Sheet, line: Line, rng: np.random.Generator) -> None:
    """A second row for the same pupil whose attendance differs."""
    place = sheet.place("sessions_attended" if "sessions_attended" in sheet.fields else "attendance")
    says = line.cells[place][1]
    if isinstance(says, Says):
        return
    other = line.copy("merged")
    changed = says - 5 if says > 50 else says + 5
    other.put(place, sheet.write(place, float(changed) if isinstance(says, Fraction) else changed, rng))
    line.differs = (place, other)
    sheet.lines.append(other)


def _quotes(sheet: Sheet, mess: Mess, rng: np.random.Generator) -> None:
    """Quotation marks that were never doubled, as in a file saved by hand; only where a column of remarks stands."""
    places = [i for i, column in enumerate(sheet.columns) if column.way == "comment"]
    for place in places:
        for i in rng.permutation(len(sheet.lines))[: mess.stray_quotes]:
            if sheet.lines[i].kind == "pupil" and not sheet.lines[i].copied:
                sheet.lines[i].put(place, ('5" margin', BLANK))
                sheet.lines[i].raw = True
