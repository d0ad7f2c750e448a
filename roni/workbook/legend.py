"""The page “How to read this” that goes with every list: what was done, what the words mean, what they do not mean.

Each line is a heading with nothing after it, or a term and what it means.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from roni.explanation import LIMITS
from roni.plural import counted
from roni.tally import population
from roni.workbook.made_by import model_words, scorecard_words

if TYPE_CHECKING:
    from roni.cohort import Cohort
    from roni.movement import Movement
    from roni.register import Register

Line = tuple[str, str]

WHAT_IT_IS = (
    "A list for people to work from. Each pupil’s points come from the scorecard named below, and every point stands "
    "with its reason. What a school or a coach knows comes first: anybody can be added, and only a person "
    "takes anybody off."
)
RESTRICTED = (
    "Pupils whose family, or who themselves, told the school to share no more than name, address and birth date are "
    "not scored. They stand at the end, without a rank. That is neither a low band nor none."
)
COLUMNS = {
    "rank": "Place in the list: by band, then probability, points and points_max. The identifier alone ends a tie.",
    "band, points": "By what is known now. What is not known adds nothing.",
    "could_be": "What they would be if everything were met that is not known of this pupil. What a whole file says "
    "nothing about is not in it: it stands below, once.",
    "band_max, points_max": "The same with what whole files say nothing about. Not shown, but there.",
    "reasons": "What gives the points, with the value from the file. They add up to the points.",
    "not_known": "What could still add points for this pupil.",
    "ask_first": "The one thing to find out first, and who would know.",
    "marks": "What else to bear in mind, for example that the pupil has left the school’s roll.",
}
MODEL_COLUMNS = {
    "probability, chance": "Of pupils like this one when the model was trained, how many were later not in education, "
    "employment or training.",
    "… : raises": "Among the reasons: what raises the model’s probability most. It gives no points.",
    "rules_band, model_band": "The band by the scorecard alone, and by the model alone. The higher one counts: the "
    "model may add, never take away.",
}
CHANGES = {
    "up, down": "By band first, then by points. “why” says which indicators changed, with both values.",
    "new, left": "On a roll in only one of the two checks. Leaving a roll takes nobody off the council’s list. “why” "
    "says what gives the new their points, and where those who left went, where that is known.",
    "cannot be matched": "Without a UPN or another identifier of their own nobody can say who was who: neither new nor "
    "left.",
    "unchanged": "The same band and points, though what they rest on may have changed.",
    "only the … window": "The figures cover another period, and nothing else moved the pupil. So too for another "
    "scorecard and another trained model.",
    "not stated again": "What the later files do not say stands as it was, except attendance and other figures of a "
    "period. What would have fallen only because a cell is blank is under “Problems”: it stays until somebody answers.",
}


def of_register(register: Register, capacity: int | None) -> Iterator[Line]:
    """The page for a list."""
    cohort = register.cohort
    yield f"{cohort.check} check: pupils whom more support may help", ""
    yield "What this is", WHAT_IT_IS
    yield "Who is in it", _population(cohort)
    yield "Information restricted", RESTRICTED
    if capacity is not None:
        yield "How many can be seen", f"{register.top(capacity).sentence} The column within_capacity says who."
    yield "The columns", ""
    yield from COLUMNS.items()
    if register.model_name:
        yield from MODEL_COLUMNS.items()
        yield from (("", note) for note in register.model_notes)
    yield "The bands", ""
    for band in reversed(register.card.bands):
        yield band.name, f"{band.meaning} ({counted(band.at_least, 'point')} or more)"
    yield "What it does not mean", ""
    yield from (("", limit) for limit in LIMITS)
    yield from _not_known_for_all(register)
    yield from _made_from(register)


def of_movement(movement: Movement, now: Register) -> Iterator[Line]:
    """The page for a list of changes; `now` is the later check's register."""
    before = movement.previous.cohort
    yield f"What changed between the {before.check} and the {now.cohort.check} checks", ""
    yield "Who is in it", _population(now.cohort)
    yield from CHANGES.items()
    yield "What it does not mean", ""
    yield from (("", limit) for limit in LIMITS)
    yield from _made_from(now)
    yield from (("earlier file", _file(before, file)) for file in before.files)


def _population(cohort: Cohort) -> str:
    kept = f"{counted(len(cohort), 'pupil')} from {counted(cohort.rows_read, 'row')}"
    return f"{population(cohort)}: {kept}. Not kept: {counted(len(cohort.not_kept), 'row')}, under “Rows not kept”."


def _not_known_for_all(register: Register) -> Iterator[Line]:
    if register.file_notes:
        yield "Not known for everybody in a file", ""
        yield from (("", note) for note in register.file_notes)


def _made_from(register: Register) -> Iterator[Line]:
    cohort = register.cohort
    yield "How it was made", ""
    yield "scorecard", f"{register.card.title} ({scorecard_words(register)})"
    if register.model_name:
        yield "model", model_words(register)
    yield "check", f"{cohort.check}, academic year {cohort.check.year}, as at {cohort.check.on:%d/%m/%Y}"
    yield from (("file", _file(cohort, file)) for file in cohort.files)
    for source in cohort.sources:
        yield "also from", source.name + (f", as at {source.as_at:%d/%m/%Y}" if source.as_at else "")


def _file(cohort: Cohort, file: str) -> str:
    digest = cohort.digests.get(file)
    return f"{file} (SHA-256 {digest[:12]}…)" if digest else file
