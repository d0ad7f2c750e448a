"""One pupil of a list, as the table of a page takes it apart."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from typing import Any, NamedTuple

from markupsafe import escape


class Row(NamedTuple):
    """One pupil of a list, in the order in which `registers/lines.html` names it; "" where there is nothing to say."""

    rank: int | None
    scored: bool
    overdue: bool
    named: bool  # whether paper names all reasons
    marks_differ: bool  # paper says `paper_marks`
    tags: Sequence[str]
    reasons: Sequence[tuple[str, str]]
    ref: str
    href: str
    name: str
    where: str
    school: str
    contact: str
    marks: str
    paper_marks: str
    band: str
    colour: str
    could_be: str
    points: str
    chance: str
    model: str
    paper_why: str  # where paper says something else than the reasons
    since: str
    changed: str
    changed_why: str
    ehcp: str
    plan: str
    workers: str
    not_known: str
    ask_first: str
    coach: str
    support: str
    last_contact: str
    next_action: str
    planned: str  # reference of the contact that plans it
    place: str
    status: str  # why there is no score


SPECIAL = re.compile("[&<>\"']").search
PLAIN, TEXTS = Row._fields.index("tags"), Row._fields.index("ref")  # what is no text ends, and where the texts begin


def escaped(rows: Iterable[Row]) -> Iterator[tuple[Any, ...]]:
    """The values of each row with every text escaped, for a loop without autoescape.

    A row is looked through in one piece: text by text that was half of what a long list costs.
    """
    for row in rows:
        tags, reasons = row.tags, row.reasons
        texts: tuple[Any, ...] = row[TEXTS:]
        whole = "".join((*texts, *tags, *chain.from_iterable(reasons)))
        if len(escape(whole)) == len(whole):  # nothing in it to escape
            yield row
        else:
            facts = [(_safe(fact), _safe(worth)) for fact, worth in reasons]
            yield (*row[:PLAIN], [_safe(tag) for tag in tags], facts, *map(_safe, texts))


def _safe(text: str) -> str:
    return str(escape(text)) if SPECIAL(text) else text
