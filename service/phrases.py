"""Numbers, dates and shares as people read them: the filters of every page.

Dates and times follow the GOV.UK style guide (https://www.gov.uk/guidance/style-guide/a-to-z): "21 November 2026",
"3:15pm", "midday". Instants are kept in UTC and told in the time of Europe/London.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

LONDON = ZoneInfo("Europe/London")
WORDS = ("none", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
NOT_KNOWN = "not known"


def counted(number: int, one: str, many: str = "") -> str:
    """The number and its noun, in the plural unless it is one.

    >>> counted(1, "pupil"), counted(1200, "pupil"), counted(2, "has", "have")
    ('1 pupil', '1,200 pupils', '2 have')
    """
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def band_words(name: str) -> str:
    """A band as it is called at the head of a column or beside a figure.

    >>> band_words("amber"), band_words("none")
    ('Amber', 'No band')
    """
    return "No band" if name == "none" else name.capitalize()


def in_words(number: int) -> str:
    """A small number as a word, as in running text; from 10 on in figures.

    >>> in_words(0), in_words(3), in_words(10), in_words(1200)
    ('none', 'three', '10', '1,200')
    """
    return WORDS[number] if 0 <= number < len(WORDS) else f"{number:,}"


def day(moment: date | None) -> str:
    """A date, or the day of an instant in London.

    >>> day(date(2026, 11, 1)), day(None)
    ('1 November 2026', 'not known')
    """
    return NOT_KNOWN if moment is None else f"{_local(moment):%-d %B %Y}"


def short_day(moment: date | None) -> str:
    """A date for the cell of a table.

    >>> short_day(date(2026, 11, 1))
    '1 Nov 2026'
    """
    return NOT_KNOWN if moment is None else f"{_local(moment):%-d %b %Y}"


def clock(moment: datetime | None) -> str:
    """The time of an instant in London, as it is said.

    >>> clock(datetime(2026, 7, 1, 14, 15, tzinfo=UTC)), clock(datetime(2026, 11, 1, 12, tzinfo=UTC))
    ('3:15pm', 'midday')
    """
    if moment is None:
        return NOT_KNOWN
    local = _london(moment)
    named = {(0, 0): "midnight", (12, 0): "midday"}.get((local.hour, local.minute))
    minutes = f":{local:%M}" if local.minute else ""
    return named or f"{local.hour % 12 or 12}{minutes}{'am' if local.hour < 12 else 'pm'}"


def moment(instant: datetime | None) -> str:
    """Day and time of an instant in London.

    >>> moment(datetime(2026, 11, 21, 15, 15, tzinfo=UTC))
    '21 November 2026 at 3:15pm'
    """
    return NOT_KNOWN if instant is None else f"{day(instant)} at {clock(instant)}"


def percent(value_pct: float | None, digits: int = 1) -> str:
    """A percentage (0 to 100), without decimals that say nothing.

    >>> percent(84.25), percent(85.0), percent(None)
    ('84.2 %', '85 %', 'not known')
    """
    if value_pct is None or value_pct != value_pct:  # NaN is the one value that differs from itself
        return NOT_KNOWN
    number = f"{value_pct:.{digits}f}"
    return f"{number.rstrip('0').rstrip('.') if '.' in number else number} %"


def share(part: int, whole: int) -> str:
    """How many of how many, with the percentage where there is anything to divide by.

    >>> share(12, 48), share(0, 0)
    ('12 of 48 (25 %)', '0 of 0')
    """
    return f"{part:,} of {whole:,}" + (f" ({percent(100 * part / whole, 0)})" if whole else "")


def listed(words: Sequence[str], last: str = "and") -> str:
    """Words one after another, the last two joined.

    >>> listed(["Ash", "Elm", "Oak"]), listed(["Ash", "Elm"], "or"), listed([])
    ('Ash, Elm and Oak', 'Ash or Elm', '')
    """
    return f" {last} ".join(part for part in (", ".join(words[:-1]), *words[-1:]) if part)


def _local(moment: date) -> date:
    return _london(moment) if isinstance(moment, datetime) else moment


def _london(instant: datetime) -> datetime:
    """An instant without a zone is one of ours, in UTC."""
    return (instant if instant.tzinfo else instant.replace(tzinfo=UTC)).astimezone(LONDON)


FILTERS = {
    "counted": counted,
    "band_words": band_words,
    "in_words": in_words,
    "day": day,
    "short_day": short_day,
    "clock": clock,
    "moment": moment,
    "percent": percent,
    "share": share,
    "listed": listed,
}
