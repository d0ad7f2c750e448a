"""How one value is written in a cell, and what a careful reader knows from it.

Every way takes the value (None: the school does not know) and the generator, and gives (what stands in the cell, what
it says). What it says is a plain value, or BLANK.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime
from enum import Enum
from fractions import Fraction
from typing import Any

import numpy as np

Rng = np.random.Generator
Cell = tuple[Any, Any]


class Says(Enum):
    """What a cell may say beside a value."""

    BLANK = "blank"
    NOTHING_KNOWN = "not known, in words"
    UNREADABLE = "cannot be read"


BLANK = Says.BLANK
SEN_WORDS = {"N": "No Special Educational Need", "K": "K - SEN Support", "E": "E - Education, Health and Care Plan"}
SEN_SHORT = {"N": "No SEN", "K": "SEN Support", "E": "EHCP"}
LANGUAGE_WORDS = {
    "ENG": ("English", "ENG"), "ENB": ("Believed to be English", "ENB"), "POL": ("Polish",), "URD": ("Urdu",),
    "OTH": ("Other than English", "OTH"),
}  # fmt: skip


def _flag(yes: tuple[Any, ...], no: tuple[Any, ...]) -> Callable[[Any, Rng], Cell]:
    def write(value: bool | None, rng: Rng) -> Cell:
        if value is None:
            return "", BLANK
        words = yes if value else no
        shown = words[int(rng.integers(len(words)))] if words else ""
        return shown, BLANK if shown == "" else value

    return write


def _coded(words: Mapping[str, str]) -> Callable[[Any, Rng], Cell]:
    return lambda value, _rng: ("", BLANK) if value is None else (words[value], value)


def _plain(show: Callable[[Any], Any]) -> Callable[[Any, Rng], Cell]:
    return lambda value, _rng: ("", BLANK) if value is None else (show(value), value)


def _percent(value: float | None, shown: Callable[[str], Any]) -> Cell:
    if value is None:
        return "", BLANK
    text = f"{value:.1f}"
    return shown(text), Fraction(text)


def percent_mixed(value: float | None, rng: Rng) -> Cell:
    """One decimal, with and without the sign, with and without spaces."""
    form = ("{}", "{}%", " {} % ", "{}")[int(rng.integers(4))]
    return _percent(value, form.format)


def percent_cell(value: float | None, _rng: Rng) -> Cell:
    """A number from 0 to 100."""
    return _percent(value, float)


def fraction(value: float | None, _rng: Rng) -> Cell:
    """A number from 0 to 1, to three decimals; what it says is in per cent."""
    if value is None:
        return "", BLANK
    part = Fraction(f"{value / 100:.3f}")
    return int(part) if part.denominator == 1 else float(part), part * 100


def absence(value: float | None, _rng: Rng) -> Cell:
    """Per cent missed; what it says is attendance."""
    if value is None:
        return "", BLANK
    text = f"{100 - value:.1f}"
    return text, 100 - Fraction(text)


def only_positive(value: int | None, _rng: Rng) -> Cell:
    """A count, and nothing for none."""
    return (str(value), value) if value else ("", BLANK)


def language(shown: Callable[[str, Rng], str]) -> Callable[[Any, Rng], Cell]:
    """A first language; what it says is whether English is an additional one."""

    def write(value: str | None, rng: Rng) -> Cell:
        if value is None:
            return ("REF", "Refused")[int(rng.integers(2))], Says.NOTHING_KNOWN
        return shown(value, rng), value not in ("ENG", "ENB")

    return write


def _words_of(value: str, rng: Rng) -> str:
    words = LANGUAGE_WORDS[value]
    return words[int(rng.integers(len(words)))]


def year_mixed(value: int | None, rng: Rng) -> Cell:
    """Y11, Yr 11, 11 and Year 11 in one column."""
    form = ("Y{}", "Yr {} ", "{}", "Year {}")[int(rng.integers(4))]
    return form.format(value), value


def comment(_: Any, rng: Rng) -> Cell:
    """What people write in a last column: quotes, a telephone number, something that looks like a formula."""
    remarks = ("", "", 'see note, "quoted"', "+44 call home", "=1+1", "mother’s new number", "- see head of year")
    return remarks[int(rng.integers(len(remarks)))], BLANK


def _noon(day: date) -> datetime:
    return datetime(day.year, day.month, day.day)


WAYS: Mapping[str, Callable[[Any, Rng], Cell]] = {
    "text": _plain(lambda value: value),
    "text_code": _plain(lambda value: value),
    "upn": _plain(lambda value: value),
    "number": _plain(lambda value: value),
    "count": _plain(str),
    "count_cell": _plain(lambda value: value),
    "only_positive": only_positive,
    "sessions_of_suspension": _plain(lambda value: str(2 * value)),
    "date_uk": _plain(lambda day: f"{day:%d/%m/%Y}"),
    "date_iso": _plain(lambda day: f"{day:%Y-%m-%d}"),
    "date_excel": _plain(lambda day: str((day - date(1899, 12, 30)).days)),
    "date": _plain(_noon),
    "birth_month": _plain(lambda day: f"{day:%m/%Y}"),
    "year_words": _plain(lambda value: f"Year {value}"),
    "year_mixed": year_mixed,
    "sen_words": _coded(SEN_WORDS),
    "sen_short": _coded(SEN_SHORT),
    "care_words": _flag(("Looked after",), ("Not looked after",)),
    "language_words": language(_words_of),
    "language_code": language(lambda value, _rng: value),
    "y_n": _flag(("Y",), ("N",)),
    "yes_no": _flag(("Yes",), ("No",)),
    "yes_no_mixed": _flag(("Y", "y", "yes", "Yes"), ("N", "NO", "n", "No")),
    "t_f": _flag(("T",), ("F",)),
    "true_false": _flag(("TRUE",), ("FALSE",)),
    "one_zero": _flag(("1",), ("0",)),
    "one_zero_cell": _flag((1,), (0,)),
    "boolean": _flag((True,), (False,)),
    "only_yes": _flag(("Y", "Yes", "T"), ()),
    "only_x": _flag(("x",), ()),
    "only_tick": _flag(("✓",), ()),
    "percent_mixed": percent_mixed,
    "percent_cell": percent_cell,
    "fraction": fraction,
    "absence": absence,
    "comment": comment,
}
