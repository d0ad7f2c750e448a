"""From a heading as a school wrote it to the field it means; never guessed in silence."""

from __future__ import annotations

import difflib
import re
import unicodedata

from roni.calendar import AcademicYear
from roni.errors import DictionaryError
from roni.fields import Dictionary

COUNTED = re.compile(r"^(?:(?:total )?(?:number|num|no|count) of |(?:total )?(?:number|num|no) |# ?)")
# Only brackets that change nothing are dropped: "Attendance (last 3 weeks)" is not this year's attendance.
BRACKETS = re.compile(
    r"[(\[]\s*(?:[dmy/.\s-]+|%|per ?cent|percentage|current|now|latest|ytd|(?:year )?to date|optional|required"
    r"|mandatory|text|number|date|as (?:at|of)\b[^)\]]*|calculated|sims|arbor|bromcom|mis)\s*[)\]]",
    re.IGNORECASE,
)
YEAR = re.compile(r"\b(20\d\d)\s*[/-]\s*(\d{2}|20\d\d)\b")
AS_AT = re.compile(r"\b(?:as at|as of|at|on|to date|to)\s+\d{1,2}[ /.-]\w{1,9}[ /.-]\d{2,4}\s*$", re.IGNORECASE)


def normalise(heading: str) -> str:
    """A heading without what does not matter: case, spacing, punctuation, accents; `%` is the word per cent.

    >>> normalise("% Attendance"), normalise("Number of  Suspensions"), normalise("SEN_Provision")
    ('percentattendance', 'suspensions', 'senprovision')
    """
    text = unicodedata.normalize("NFKD", heading).casefold().replace("%", " percent ").replace("per cent", "percent")
    text = "".join(char for char in text if not unicodedata.combining(char)).replace("&", " and ")
    words = " ".join(re.sub(r"[^\w#]+|_", " ", text).split())
    return re.sub(r"[\W_]+", "", COUNTED.sub("", words) or words)


class Headings:
    """Every heading that the dictionary knows, looked up by its normal form."""

    def __init__(self, fields: Dictionary, year: AcademicYear | None = None) -> None:
        self._fields = fields
        self._year = year
        self._known: dict[str, str] = {}
        for name, item in fields.items():
            for text in (name, item.label, *item.headings):
                claimed = self._known.setdefault(normalise(text), name)
                if item.local and claimed != name:
                    raise DictionaryError(
                        f"field “{name}”: the heading “{text}” is already that of “{claimed}”. Take it out, or map the "
                        "column when the file is read."
                    )

    def __contains__(self, heading: str) -> bool:
        return self.find(heading) is not None

    def find(self, heading: str) -> str | None:
        """The field's name; None where the heading is not known. A stated academic year chooses this year or last."""
        whole = self._known.get(normalise(heading))
        if whole is not None:
            return whole
        bare = AS_AT.sub("", BRACKETS.sub(" ", heading))
        year = YEAR.search(heading)
        if year is None:
            return self._known.get(normalise(bare)) if normalise(bare) else None
        found = self._known.get(normalise(YEAR.sub(" ", bare)) or normalise(YEAR.sub(" ", heading)))
        return self._of_year(found, int(year[1]))

    def _of_year(self, name: str | None, start: int) -> str | None:
        if name is None or self._year is None or start == self._year.start:
            return name
        earlier = f"{name}_last_year"
        return earlier if start == self._year.start - 1 and earlier in self._fields else None

    def nearest(self, heading: str) -> str | None:
        """The field whose heading is spelled most alike, to suggest; None where nothing is near."""
        near = difflib.get_close_matches(normalise(heading), self._known, n=1, cutoff=0.75)
        return self._known[near[0]] if near else None
