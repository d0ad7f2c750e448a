"""From a column of text to a typed column, one distinct value at a time; what cannot be read becomes a problem.

Nothing is clipped and no pupil is refused: an unreadable or impossible cell is not known.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from roni.cohort import UNKNOWN, Values
from roni.dates import parse_dates
from roni.fields import BLANK_WORDS, NOT_KNOWN_WORDS, Field, squeeze

EXCEL_ERROR = re.compile(r"#(?:VALUE|REF|NAME|DIV/0|N/A|NULL|NUM|SPILL|CALC|GETTING_DATA|FIELD|BLOCKED|UNKNOWN)[!?]?")
# A column of bare numbers none above 1 is read as fractions of 1: an attendance of 1 % or less is hardly ever true,
# and 0.875 for 87.5 % is how a spreadsheet stores a per cent.
FRACTION_TOP = 1.0

# What one distinct text turned out to be. ELSEWHERE says something of another field ("previously looked after").
KNOWN, BLANK, STATED_UNKNOWN, UNREADABLE, IMPOSSIBLE, ERROR, LOW, ELSEWHERE = range(8)
PROBLEM_CODES = {
    UNREADABLE: "unreadable",
    IMPOSSIBLE: "impossible",
    ERROR: "excel_error",
    LOW: "under_one_per_cent",
}

Cell = tuple[int, Any]  # (what it is, its value when known)


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
        encoded = column.dictionary_encode() if column.type == "string" else column
        texts = [text.removeprefix("'") for text in encoded.dictionary.to_pylist()]  # a guard that Excel left behind
        places = encoded.indices.fill_null(len(texts)).to_numpy(zero_copy_only=False).astype(np.int32, copy=False)
        return cls([*texts, ""], places, np.bincount(places, minlength=len(texts) + 1))

    def where(self, kinds: NDArray[np.int8], kind: int) -> NDArray[np.int64]:
        """The cells whose text is of this kind."""
        if not (kinds == kind).any():
            return np.empty(0, dtype=np.int64)
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
        cells, note = _percent_cells(distinct, item, choices)
    else:
        reader = _cell_reader(item)
        cells, note = [_read(text, item, reader) for text in distinct.texts], {}
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


def _read(text: str, item: Field, reader: Callable[[str], Cell]) -> Cell:
    word = squeeze(text)
    if word in BLANK_WORDS:
        return BLANK, None
    found = reader(text)
    if found[0] != UNREADABLE:
        return found
    if EXCEL_ERROR.fullmatch(text.strip().upper()):
        return ERROR, None
    if word in NOT_KNOWN_WORDS or word in {squeeze(other) for other in item.not_known}:
        return STATED_UNKNOWN, None
    return UNREADABLE, None


def _cell_reader(item: Field) -> Callable[[str], Cell]:
    if item.name == "year_group":
        return read_year_group
    words = item.words()
    if item.type == "count":
        return lambda text: _counted(text, item, words)
    answers = _Answers(item, words)
    dated = item.type == "flag" and any(way.kind == "given" for way in item.routes)
    return answers.read_or_date if dated else answers.read


def _also_words(item: Field) -> list[str]:
    return [squeeze(text) for answers in item.also.values() for texts in answers.values() for text in texts]


def _inner(item: Field, answer: str) -> int:
    """A flag's yes 1 and no -1; a count; a code's place."""
    if item.type == "flag":
        return 1 if answer == "yes" else -1
    return int(answer) if item.type == "count" else list(item.codes).index(answer)


# "K - SEN Support", "EHC plan (E)", "Y (from September)", "Yes, see notes": what counts stands on either side.
PARTS = re.compile(r"\s+[-–—:=]\s+|\s*[:–—(,;=]\s*|\s*-\s+")
CODE_FIRST = re.compile(r"(\w{1,2})[ -](.+)")  # "K SEN Support", "E-EHCP": both must say the same
# "Ceased - EHCP", "Sibling: in care": what follows is not said of this pupil now.
ASIDE = re.compile(
    r"(?:ceased|ended|appl|refer|request|previous|former|assess|sibling|brother|sister|parent|mother|father|family"
    r"|at risk|possib|query|monitor|was|until)"
)
NOT = re.compile(r"(?:not|non|no longer|never|no)[ -](?:an? |currently |been )?(?=\w\w)")


def _sides(word: str) -> list[str]:
    """What stands before and after the first and the last mark; nothing after an aside."""
    cuts = list(PARTS.finditer(word))
    sides = [word[: cut.start()] for cut in cuts[:1] + cuts[-1:]]
    return sides if ASIDE.match(word) else sides + [word[cut.end() :] for cut in cuts[:1] + cuts[-1:]]


class _Answers:
    """What the words of a flag or a code say, word by word or in the usual turns."""

    def __init__(self, item: Field, words: Mapping[str, str]) -> None:
        self.item = item
        self.elsewhere = set(_also_words(item))
        self.words = dict(words)
        self.own: set[str] = set()  # what says yes by naming the field, or by a word of its own
        if item.type == "flag":
            named = {squeeze(text) for text in (item.label, *item.headings)} - self.elsewhere - set(NOT_KNOWN_WORDS)
            self.own = named | {squeeze(text) for text in item.values.get("yes", ())}
            self.words = dict.fromkeys(named, "yes") | self.words

    def read(self, text: str) -> Cell:
        word = squeeze(text)
        for form in (word, word.rstrip(".!*"), *_sides(word.rstrip(")"))):
            if form in self.words:
                answer = self.words[form]
                return (KNOWN, _inner(self.item, answer)) if answer else (STATED_UNKNOWN, None)
            if form in self.elsewhere:
                return ELSEWHERE, None
            if form in NOT_KNOWN_WORDS:
                return STATED_UNKNOWN, None
        return self._in_other_words(word)

    def _in_other_words(self, word: str) -> Cell:
        """ "Not a young carer", "K SEN support"."""
        denied = NOT.match(word)
        if denied and word[denied.end() :] in self.own:
            return KNOWN, -1
        both = CODE_FIRST.fullmatch(word)
        if both and self.words.get(both[1]) and self.words.get(both[1]) == self.words.get(both[2]):
            return KNOWN, _inner(self.item, self.words[both[1]])
        return UNREADABLE, None

    def read_or_date(self, text: str) -> Cell:
        """The day on which it happened says that it did."""
        found = self.read(text)
        return found if found[0] != UNREADABLE or parse_dates([text]).values[0] is None else (KNOWN, 1)


WHOLE_NUMBER = re.compile(r"[-+]?(?:\d+|\d{1,3}(?:,\d{3})+)(?:\.0*)?")
ANY_NUMBER = re.compile(r"[-+]?\d+(?:\.\d+)?")


def _counted(text: str, item: Field, words: Mapping[str, str]) -> Cell:
    word = squeeze(text)
    if words.get(word):
        return KNOWN, int(words[word])
    if word in ("nil", "none", "zero"):
        return KNOWN, 0
    if not (ANY_NUMBER if item.fraction else WHOLE_NUMBER).fullmatch(word):
        return UNREADABLE, None
    number = float(word.replace(",", "")) * (2 if item.fraction == "halves" else 1)
    if item.fraction == "halves" and number != int(number):
        return UNREADABLE, None
    top = np.iinfo(np.int32).max if item.maximum is None else item.maximum
    return (KNOWN, int(number)) if (item.minimum or 0) <= number <= top else (IMPOSSIBLE, None)


YEAR_GROUP = re.compile(r"(?:n\.?c\.?\s*)?(?:year|yr|y)?\s*(?:group)?\s*[.:]?\s*0?(\d{1,2})(?:\.0)?(?:th|st|nd|rd)?")
BELOW_YEAR_1 = re.compile(r"(?:r|rec|reception|(?:e|n)\s?[12]?|nursery|(?:year|yr|y)\s?r)")
OLDEST_YEAR_GROUP = 15


def read_year_group(text: str) -> Cell:
    """Read `Year 11`, `Yr 11`, `Y11`, `11` or `11.0`; reception and nursery read as 0.

    >>> read_year_group("Yr 11 ")[1], read_year_group("N2")[1], read_year_group("M")[0] == UNREADABLE
    (11, 0, True)
    """
    word = squeeze(text)
    if match := YEAR_GROUP.fullmatch(word):
        year = int(match[1])
        return (KNOWN, year) if year <= OLDEST_YEAR_GROUP else (IMPOSSIBLE, None)
    return (KNOWN, 0) if BELOW_YEAR_1.fullmatch(word) else (UNREADABLE, None)


PER_CENT = re.compile(r"(-?(?:\d+(?:[.,]\d*)?|[.,]\d+))\s*(%|per ?cent)?")


def _percent_cells(distinct: Distinct, item: Field, choices: Mapping[str, str]) -> tuple[list[Cell], dict[str, str]]:
    found = [PER_CENT.fullmatch(squeeze(text)) for text in distinct.texts]
    bare = [float(match[1].replace(",", ".")) for match in found if match and not match[2]]
    scale = choices.get("scale") or _scale(bare)
    mixed = scale == "percent" and "scale" not in choices

    def reader(text: str) -> Cell:
        match = PER_CENT.fullmatch(squeeze(text))
        return _per_cent(match, item, scale, mixed) if match else (UNREADABLE, None)

    return [_read(text, item, reader) for text in distinct.texts], {"scale": scale} if bare else {}


def _scale(bare: list[float]) -> str:
    return "fraction" if bare and max(bare) <= FRACTION_TOP and any(value > 0 for value in bare) else "percent"


def _per_cent(match: re.Match[str], item: Field, scale: str, mixed: bool) -> Cell:
    number = float(match[1].replace(",", "."))
    if not match[2] and scale == "fraction":
        number = round(number * 100, 10)  # 0.57 x 100 is 56.99999999999999
    elif not match[2] and mixed and not item.often_below_one and 0 < number <= FRACTION_TOP:
        return LOW, number  # a per cent like its neighbours; severe absence is real, so it is kept and queried
    top = 100.0 if item.maximum is None else item.maximum
    return (KNOWN, number) if (item.minimum or 0.0) <= number <= top else (IMPOSSIBLE, None)


def _date(distinct: Distinct, item: Field, choices: Mapping[str, str]) -> Parsed:
    dates = parse_dates(distinct.texts, choices.get("dates"))
    read = dict(zip(distinct.texts, dates.values, strict=True))

    def reader(text: str) -> Cell:
        day = read[text]
        return (UNREADABLE, None) if day is None else (KNOWN, np.datetime64(day, "s"))

    cells = [_read(text, item, reader) for text in distinct.texts]
    parsed = _assemble(distinct, cells, item, choices, {"dates": dates.order} if dates.order else {})
    return replace(parsed, month_only=np.array(dates.month_only)[distinct.places])


def _assemble(
    distinct: Distinct, cells: list[Cell], item: Field, choices: Mapping[str, str], note: dict[str, str]
) -> Parsed:
    kinds = np.fromiter((kind for kind, _ in cells), np.int8, len(cells))
    dtype, unknown = UNKNOWN[item.type]
    table = np.array([unknown if value is None else value for _, value in cells], dtype=dtype)
    blank = _blank_value(item, kinds, table, distinct, choices)
    if blank is not None:
        table[(kinds == BLANK) | (kinds == ELSEWHERE)] = blank
        note["blank"] = "no"
    elif item.blank_means is not None and distinct.counts[kinds == BLANK].any():
        note["blank"] = "not known"
    problems = {code: distinct.where(kinds, kind) for kind, code in PROBLEM_CODES.items() if (kinds == kind).any()}
    problems = {code: cells for code, cells in problems.items() if len(cells)}
    used = distinct.counts > 0
    state = "used" if (kinds[used] != BLANK).any() else "empty"
    return Parsed(
        values=table[distinct.places],
        reading=_reading(item, distinct, kinds, note, state),
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
    none = _inner(item, item.blank_means)
    also = set(_also_words(item))
    positive_wording = np.array([squeeze(text) in also for text in distinct.texts], dtype=bool)
    stated = ((kinds == KNOWN) | (kinds == ELSEWHERE)) & (distinct.counts > 0)
    negative = stated & (kinds == KNOWN) & (table == none) & ~positive_wording
    return none if (stated.any() and not negative.any()) or choices.get("blank") == "no" else None


def _reading(item: Field, distinct: Distinct, kinds: NDArray[np.int8], note: Mapping[str, str], state: str) -> str:
    if state == "empty":
        return "no value in the whole column: not known for everyone"
    parts = [{"fraction": "as fractions of 1", "percent": "as per cents"}.get(note.get("scale", ""), "")]
    parts.append({"uk": "day before month", "us": "month before day"}.get(note.get("dates", ""), ""))
    blanks = int(distinct.counts[kinds == BLANK].sum())
    if blanks:
        meaning = f"read as {_blank_words(item)}" if note.get("blank") == "no" else "not known"
        parts.append(f"{blanks:,} blank, {meaning}")
    for kind, words in (
        (STATED_UNKNOWN, "stated as not known"),
        (UNREADABLE, "not readable"),
        (IMPOSSIBLE, "impossible"),
    ):
        if count := int(distinct.counts[kinds == kind].sum()):
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
