"""The part of the page about pupils: what bands and probabilities meant, who is missed, what is known, what changed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from roni.evaluation.calibration import Calibration
from roni.evaluation.evidence import FEWEST_NEET, FEWEST_PUPILS
from roni.evaluation.groups import GroupRow, GroupTable
from roni.evaluation.page import details, heading, number, paragraph, per_cent, table, text
from roni.evaluation.plots import Whisker, reliability_chart, whisker_chart

if TYPE_CHECKING:
    from roni.evaluation.result import Evaluation

GROUP_HEADINGS = ("pupils", "NEET", "listed, %", "recall, %", "false alarms, %", "precision, %", "NEET rate, %")
MEAN_SAID = "mean probability, %"


def sections(found: Evaluation) -> Iterator[str]:
    """Each part of it that there is."""
    yield from _bands(found)
    for one in found.calibrations:
        yield from _calibration(one, found.basis)
    yield from _groups(found)
    yield from _completeness(found)
    yield from _drift(found)


def _bands(found: Evaluation) -> Iterator[str]:
    if not found.bands:
        return
    yield heading("What a band meant")
    yield paragraph(found.basis, "basis")
    for name in dict.fromkeys(row.ranking for row in found.bands):
        mine = [row for row in found.bands if row.ranking == name]
        shown = [
            Whisker(row.band, seen.value, seen.low, seen.high, row.words.partition(" (")[0])
            for row in mine
            if (seen := row.observed).value is not None and seen.low is not None and seen.high is not None
        ]
        yield heading(name, 3)
        if shown:
            yield whisker_chart(f"Share of each band of “{name}” that became NEET, with 95 % intervals", shown)
        rows = [(text(row.band), number(row.pupils), per_cent(row.observed), text(row.words)) for row in mine]
        yield table(f"Bands of “{name}”", ("band", "pupils", "became NEET, %", "in words"), rows)


def _calibration(one: Calibration, basis: str) -> Iterator[str]:
    yield heading(f"Do the probabilities of “{one.ranking}” mean what they say?")
    yield paragraph(basis, "basis")
    points = [
        (row.said, seen.value, seen.low, seen.high)
        for row in one.bins
        if (seen := row.observed).value is not None and seen.low is not None and seen.high is not None
    ]
    if points:
        yield reliability_chart("Probability said and share that became NEET, in groups of like probability", points)
    rows = [
        (text("expected error, percentage points"), per_cent(one.expected_error)),
        (text("the same by chance alone, were every probability exactly right"), number(_hundred(one.by_chance), 1)),
        (text("largest error of a group"), per_cent(one.maximum_error)),
        (text("mean probability less NEET rate"), per_cent(one.too_high, signed=True)),
    ]
    yield table("Errors of the probabilities", ("", "percentage points"), rows)
    bins = [(number(100 * row.said, 1), number(row.observed.pupils), per_cent(row.observed)) for row in one.bins]
    caption = "Groups of like probability"
    yield details(f"{caption}: the numbers", table(caption, ("said, %", "pupils", "became NEET, %"), bins))


def _groups(found: Evaluation) -> Iterator[str]:
    yield heading("Who is missed")
    yield paragraph(
        "Listed: of the group’s pupils, those in the list. Recall: of its NEET pupils. False alarms: of its others. "
        "Precision: of its listed pupils, those who became NEET. Groups overlap, and a difference between groups may "
        f"be chance where intervals overlap. Too small to say: fewer than {FEWEST_NEET} NEET pupils, or a share of "
        f"fewer than {FEWEST_PUPILS} pupils."
    )
    yield paragraph(found.basis, "basis")
    for one in found.groups:
        yield from _group_table(one, found)


def _group_table(one: GroupTable, found: Evaluation) -> Iterator[str]:
    """The first ranking is open, the others behind a click."""
    said = any(row.said is not None for row in one.rows)
    headings = ("group", *GROUP_HEADINGS, *([MEAN_SAID] if said else []))
    made = []
    for name, _ in found.rankings:
        rows = [_group_cells(row, said) for row in one.rows if row.ranking == name]
        made.append(table(f"By {one.title}: a list of {found.capacity:,} by “{name}”", headings, rows))
    yield made[0]
    if made[1:]:
        yield details(f"By {one.title}: the other lists", *made[1:])


def _group_cells(row: GroupRow, said: bool) -> tuple[str, ...]:
    return (
        text(row.group),
        number(row.pupils),
        text(f"fewer than {FEWEST_NEET}") if row.neet is None else number(row.neet),
        per_cent(row.listed),
        per_cent(row.recall),
        per_cent(row.false_alarms),
        per_cent(row.precision),
        per_cent(row.observed),
        *([number(_hundred(row.said), 1)] if said else []),
    )


def _completeness(found: Evaluation) -> Iterator[str]:
    if found.completeness is None:
        return
    yield heading("Is the list worse where less is known?")
    yield paragraph(found.basis, "basis")
    yield from _group_table(found.completeness, found)
    if found.asking:
        asked = found.asking
        yield paragraph(
            f"The list names a fact to ask about first for {asked.asked:,} pupils; of {asked.answered:,} the answer is "
            "known elsewhere. With those answers recall changes by:"
        )
        row = (text(f"list of {found.capacity:,}"), per_cent(asked.gain, signed=True))
        yield table("The value of asking", ("", "recall, percentage points"), [row])


def _drift(found: Evaluation) -> Iterator[str]:
    if not found.drift:
        return
    yield heading("Have the pupils changed since the earlier check?")
    yield paragraph(
        "Population stability index by field: 0 where shares are the same; under 0.1 is usually called small and over "
        "0.25 large. Not known counts as a value of its own."
    )
    rows = [
        (
            text(row.label),
            number(row.index, 3),
            number(row.by_chance, 3),
            text(row.words),
            number(100 * row.known_before, 1),
            number(100 * row.known_now, 1),
            text(" ".join(row.breaks)),
        )
        for row in found.drift
    ]
    headings = ("field", "index", "chance alone, up to", "", "known before, %", "known now, %", "breaks in the series")
    yield table("Fields of the two checks", headings, rows)


def _hundred(share: float | None) -> float | None:
    return None if share is None else 100 * share
