"""From a heading as a school wrote it to the field it means; never guessed in silence.

A heading is looked up as it stands, and then without what changes nothing for a field of that kind: "Pupil", "(Y/N)"
on a flag, "number of" on a count, "to date". What is not known to change nothing stays, so that "Attendance (last 3
weeks)" and "Attendance Spring 2026" are no field at all.
"""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Iterator, Mapping
from functools import lru_cache

from roni.calendar import AcademicYear
from roni.errors import DictionaryError
from roni.fields import FLAG_VALUES, Dictionary, Field, squeeze

CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
NUMBERED = re.compile(r"^\s*(?:total\s+)?no\.(?:\s*of\b|(?=\s))", re.IGNORECASE)  # "No. suspensions", not "No EHCP"
COUNTED = re.compile(r"^(?:(?:total )?(?:number|num|no|count) of |(?:total )?(?:number|num) |# ?)")
# Only brackets that change nothing are dropped: "Attendance (last 3 weeks)" is not this year's attendance.
BRACKETS = re.compile(
    r"[(\[]\s*(?:[dmy/.\s-]+|%|per ?cent|percentage|current|now|latest|ytd|(?:year )?to date|optional|required"
    r"|mandatory|text|number|date|as (?:at|of)\b[^)\]]*|calculated|sims|arbor|bromcom|mis)\s*[)\]]",
    re.IGNORECASE,
)
YEAR = re.compile(
    r"(?:\b(?:AY|academic year)\s*)?\b(?:20)?(\d\d)\s*[/-]\s*(?:20)?(\d\d)\b(?!\s*[/.-]\s*\d)", re.IGNORECASE
)
AS_AT = re.compile(
    r"\b(?:as at|as of|at|on|up to|to date|to)\s+\d{1,2}[ /.-]\w{1,9}[ /.-]\d{2,4}\s*[)\]]?\s*$", re.IGNORECASE
)

# What changes nothing in the heading of a field of this kind. Words are casefolded, with single spaces.
_ANY = (
    # "Pupil parent" may be the pupil's parent, "Student carer" the one who cares for the pupil.
    r"^(?:the )?(?:pupil|student|learner|child|young person)(?: s)? (?!parent|carer|mother|father)",
    r"(?<!parent)(?<!carer) of (?:the )?(?:pupil|student|learner|child)$",
    r"(?: as)? (?:at|on) census(?: day)?$",
    r" (?:required|mandatory|optional|s)$",  # "Forename(s)"
    r"\b(?:this|current) (?:academic |school )?(?:year|yr)\b(?: to date)?",
    r"\b(?:academic |school )?(?:year )?to date\b|\bytd\b|\bso far\b",
    r"^(?:current|currently|latest) | (?:current|currently|now|latest)$",
)
_OF_KIND: Mapping[str, tuple[str, ...]] = {
    "flag": (
        r"^(?:is|has|are|on|in|at) (?:the )?(?:(?:pupil|student|child) )?(?:been |had |an? |any )?(?!parent|carer)",
        r"^(?:known to be|known to|known|involvement with|under|involved with|working with|open to|attends|attending"
        r"|identified as|registered) "
        r"(?:an? |the )?(?!parent|carer)",
        r"^(?:pupil|student|child|young person) (?:is|has)(?: been| had)? (?:an? )?",
        r" (?:flag|indicator|ind|status|yn|tf|tick|marker|learner|pupil|student|register|caseload)$",
    ),
    "percent": (
        r"^(?:raw|cumulative|overall|official) ",
        r"\b(?:percent|percentage|percentages|pct|perc|percent age|rate)\b",
    ),
    "count": (
        r"^(?:total )?(?:number|no|num|count)(?: of)? |^total ",
        r" (?:count|total|number|number of|no|no of|num)$",
    ),
    "code": (r" (?:code|description|desc)$",),
    "text": (r"^legal | legal$",),
    "date": (r" (?:d{1,2} )?m{1,4} y{2,4}$",),
}
DRESS: Mapping[str, re.Pattern[str]] = {kind: re.compile("|".join((*_ANY, *own))) for kind, own in _OF_KIND.items()}
# Between the answers that a heading lists: "FSM (Y or N)", "Young carer (tick if yes)".
JOINERS = {"or", "if", "and", "for", "else", "blank"}


ALIKE = 0.75  # how alike two headings are spelled, from 0 to 1, for one to be suggested for the other
LONGEST = 100  # letters of a heading that may be dressed; what is longer is a sentence


@lru_cache(maxsize=8192)
def words_of(heading: str) -> str:
    """The words of a heading, casefolded, with single spaces; `%` is the word percent.

    >>> words_of("  LegalSurname*"), words_of("% Attendance"), words_of("SEN_Provision")
    ('legal surname', 'percent attendance', 'sen provision')
    """
    text = NUMBERED.sub("number of ", unicodedata.normalize("NFKD", CAMEL.sub(" ", heading)))
    text = text.casefold().replace("+/-", " change ").replace("%", " percent ").replace("per cent", "percent")
    text = "".join(char for char in text if not unicodedata.combining(char)).replace("&", " and ")
    return " ".join(re.sub(r"[^\w#]+|_", " ", text).split())


def normalise(heading: str) -> str:
    """A heading without what does not matter: case, spacing, punctuation, accents, "number of".

    >>> normalise("% Attendance"), normalise("Number of  Suspensions"), normalise("SEN_Provision")
    ('percentattendance', 'suspensions', 'senprovision')
    """
    words = words_of(heading)
    return re.sub(r"[\W_]+|^(?:numberof|noof)(?=\w)", "", COUNTED.sub("", words) or words)


@lru_cache(maxsize=8192)
def _undressed(words: str, kind: str) -> str:
    """The words without what changes nothing for a field of this kind, joined; something always stays."""
    before = ""
    while before != words:
        before = words
        words = " ".join(DRESS[kind].sub(" ", words).split()) or words
    return words.replace(" ", "")


def _kinds(item: Field) -> Iterator[str]:
    yield item.type
    if item.as_flag:
        yield "flag"  # a count whose column may hold yes and no


class _Index:
    """Every heading of a dictionary by its normal form, and by what is left of it without dress."""

    def __init__(self, fields: Dictionary) -> None:
        self.known: dict[str, str] = {}
        self.undressed: dict[str, dict[str, str | None]] = {}
        self.words: set[str] = set()
        self.answers: set[str] = set(JOINERS)
        for name, item in fields.items():
            for text in (name, item.label, *item.headings):
                claimed = self.known.setdefault(normalise(text), name)
                if item.local and claimed != name:
                    raise DictionaryError(
                        f"field “{name}”: the heading “{text}” is already that of “{claimed}”. Take it out, or map the "
                        "column when the file is read."
                    )
                self._claim(text, item)
            self.answers.update(_one_word_answers(item))
        self.nearest = lru_cache(maxsize=4096)(self._nearest)  # the same headings come with every file of a school

    def _nearest(self, heading: str) -> str | None:
        """The field of the known heading that is spelled most alike."""
        # Letters in common are at most those of the shorter: what is much longer or shorter cannot be alike enough.
        size = len(heading)
        alike = [text for text in self.known if 2 * min(size, len(text)) >= ALIKE * (size + len(text))]
        near = difflib.get_close_matches(heading, alike, n=1, cutoff=ALIKE)
        return self.known[near[0]] if near else None

    def _claim(self, text: str, item: Field) -> None:
        """Two fields whose headings differ only in dress ("Present", "Present %") are told apart by it alone."""
        self.words.update(words_of(text).split(), (normalise(text),))
        for kind in _kinds(item):
            known = self.undressed.setdefault(kind, {})
            key = _undressed(words_of(text), kind)
            known[key] = item.name if known.get(key, item.name) == item.name else None


class Headings:
    """Every heading that the dictionary knows, looked up by its normal form."""

    def __init__(self, fields: Dictionary, year: AcademicYear | None = None) -> None:
        index = fields.once("headings", _Index)
        self._fields = fields
        self._year = year
        self._known, self._undressed = index.known, index.undressed
        self._words, self._answers = index.words, index.answers
        self._nearest = index.nearest
        self._found: dict[str, str | None] = {}  # for this reading only: what is looked up may be a cell

    def __contains__(self, heading: str) -> bool:
        return self.find(heading) is not None

    def find(self, heading: str) -> str | None:
        """The field's name; None where the heading is not known. A stated academic year chooses this year or last."""
        if heading not in self._found:
            self._found[heading] = self._find(heading)
        return self._found[heading]

    def _find(self, heading: str) -> str | None:
        whole = self._known.get(normalise(heading))
        if whole is not None or len(heading) > LONGEST or self._words.isdisjoint(words_of(heading).split()):
            return whole
        bare = AS_AT.sub("", BRACKETS.sub(" ", heading.replace("_", " ").rstrip(" *")))
        year = YEAR.search(bare)
        if year is None or int(year[2]) != (int(year[1]) + 1) % 100:
            return self._named(self._without_term(bare))
        return self._of_year(self._named(YEAR.sub(" ", bare)), 2000 + int(year[1]))

    def _without_term(self, heading: str) -> str:
        """Without "Autumn 2026", "since September", "1 Sept - 6 Nov": so far they are all of that academic year."""
        start = r"\d\d" if self._year is None else f"{self._year.start % 100:02d}"
        year = rf"(?:[/ .-]+(?:20)?{start})?"
        september = r"(?:0?9|sep(?:t|tember)?)"
        term = (
            rf"\b0?[1-9](?:st|nd|rd|th)?[/ .-]{september}{year}\s*(?:-|–|to|until)\s*\d{{1,2}}[/ .-]\w{{1,9}}{year}"
            rf"|\baut(?:umn)?(?:\s+term)?{year}\b(?!\s*(?:term\s*)?[/-]?\d)"
            rf"|\b(?:since|from)\s+(?:1(?:st)?\s+)?sep(?:t|tember)?{year}\b(?:\s+to date)?(?!\s*[/-]?\d)"
            rf"|\bsep(?:t|tember)?{year}\s+to date\b"
        )
        return re.sub(term, " ", heading, flags=re.IGNORECASE)

    def _named(self, heading: str) -> str | None:
        words = words_of(heading)
        return self._plain(words) or self._with_answers(words) or self._both(heading)

    def _plain(self, words: str) -> str | None:
        """The field of these words, as they stand or without dress; None where two fields could be meant."""
        if not words:
            return None
        whole = self._known.get(normalise(words))
        if whole is not None:
            return whole
        keys = {kind: _undressed(words, kind) for kind in self._undressed}
        plain = {self._known.get(key) for kind, key in keys.items() if kind in self._kinds_of(key)}
        found = plain or {self._undressed[kind].get(key) for kind, key in keys.items()} - {None}
        return found.pop() if len(found) == 1 else None

    def _kinds_of(self, key: str) -> tuple[str, ...]:
        """The kinds of the field that has exactly this heading."""
        name = self._known.get(key)
        return () if name is None else tuple(_kinds(self._fields[name]))

    def _with_answers(self, words: str) -> str | None:
        """A heading that ends with what may stand below it: "SEN (N/K/E)", "EAL yes/no"."""
        tokens = words.split()
        for place in range(1, len(tokens) - 1):
            tail = set(tokens[place:])
            name = self._plain(" ".join(tokens[:place])) if tail <= self._answers else None
            answers = set() if name is None else set(_one_word_answers(self._fields[name]))
            if len(tail) > 1 and tail <= answers | JOINERS and tail & answers:
                return name
        return None

    def _both(self, heading: str) -> str | None:
        """Two names in one heading, "LAC/CLA", "Free school meals (FSM)"; or both inputs of a field, "Pregnant or
        teenage parent"."""
        parts = re.split(r"[/(),:+]|\s[-–—]\s|\bor\b|\band\b|&", heading, flags=re.IGNORECASE)
        if len(parts) == 1 or "+/-" in heading:
            return None
        names = {self._plain(words) for words in map(words_of, parts) if words}
        if None in names or not names:
            return None
        if len(names) == 1:
            return names.pop()
        return next((item.name for item in self._fields.values() if _joins(item, names)), None)

    def _of_year(self, name: str | None, start: int) -> str | None:
        if name is None or self._year is None or start == self._year.start:
            return name
        earlier = f"{name}_last_year"
        return earlier if start == self._year.start - 1 and earlier in self._fields else None

    def nearest(self, heading: str) -> str | None:
        """The field whose heading is spelled most alike, to suggest; None where nothing is near."""
        return self._nearest(normalise(heading))


def _joins(item: Field, names: set[str | None]) -> bool:
    """Whether the names are all the flags that this field is made of, or some of them and itself."""
    for way in item.routes:
        inputs = set(way.inputs)
        if way.kind in ("any_of", "flags") and (
            names == inputs or (item.name in names and names - {item.name} <= inputs)
        ):
            return True
    return False


def _one_word_answers(item: Field) -> Iterator[str]:
    if item.type not in ("flag", "code") and not item.as_flag:
        return
    yield from (word for word in item.words() if " " not in word)
    if item.as_flag:
        yield from (squeeze(text) for texts in FLAG_VALUES.values() for text in texts)
