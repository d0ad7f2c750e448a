"""One distinct cell at a time: what a text says in a flag, a code, a count, a year group or a per cent."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any

import numpy as np

from roni.dates import parse_dates
from roni.fields import BLANK_WORDS, NOT_KNOWN_WORDS, Field, squeeze

EXCEL_ERROR = re.compile(r"#(?:VALUE|REF|NAME|DIV/0|N/A|NULL|NUM|SPILL|CALC|GETTING_DATA|FIELD|BLOCKED|UNKNOWN)[!?]?")
# A column of bare numbers none above 1 is read as fractions of 1: an attendance of 1 % or less is hardly ever true,
# and 0.875 for 87.5 % is how a spreadsheet stores a per cent.
FRACTION_TOP = 1.0

# What one distinct text turned out to be. ELSEWHERE says something of another field ("previously looked after").
KINDS = range(8)
KNOWN, BLANK, STATED_UNKNOWN, UNREADABLE, IMPOSSIBLE, ERROR, LOW, ELSEWHERE = KINDS
PROBLEM_CODES = {
    UNREADABLE: "unreadable",
    IMPOSSIBLE: "impossible",
    ERROR: "excel_error",
    LOW: "under_one_per_cent",
}

Cell = tuple[int, Any]  # (what it is, its value when known)


def read(text: str, item: Field, reader: Callable[[str], Cell]) -> Cell:
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


@lru_cache(maxsize=1024)
def cell_reader(item: Field) -> Callable[[str], Cell]:
    """How a cell of this field is read: the wordings of a field are put together once."""
    if item.name == "year_group":
        return read_year_group
    words = item.words()
    if item.type == "count":
        return lambda text: _counted(text, item, words)
    answers = _Answers(item, words)
    dated = item.type == "flag" and any(way.kind == "given" for way in item.routes)
    return answers.read_or_date if dated else answers.read


def also_words(item: Field) -> list[str]:
    return [squeeze(text) for answers in item.also.values() for texts in answers.values() for text in texts]


def inner(item: Field, answer: str) -> int:
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
        self.elsewhere = set(also_words(item))
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
                return (KNOWN, inner(self.item, answer)) if answer else (STATED_UNKNOWN, None)
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
            return KNOWN, inner(self.item, self.words[both[1]])
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


def percent_cells(texts: Sequence[str], item: Field, choices: Mapping[str, str]) -> tuple[list[Cell], dict[str, str]]:
    found = [PER_CENT.fullmatch(squeeze(text)) for text in texts]
    bare = [float(match[1].replace(",", ".")) for match in found if match and not match[2]]
    scale = choices.get("scale") or _scale(bare)
    mixed = scale == "percent" and "scale" not in choices

    def reader(text: str) -> Cell:
        match = PER_CENT.fullmatch(squeeze(text))
        return _per_cent(match, item, scale, mixed) if match else (UNREADABLE, None)

    return [read(text, item, reader) for text in texts], {"scale": scale} if bare else {}


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
