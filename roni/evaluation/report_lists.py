"""The part of the page about lists: at capacity, over all lengths, one against another, and what to plan."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from roni.evaluation.capacity import AtLength, Difference
from roni.evaluation.page import (
    details,
    expected,
    heading,
    number,
    paragraph,
    per_cent,
    plain_figure,
    table,
    text,
)
from roni.evaluation.plots import Line, Whisker, line_chart, whisker_chart

if TYPE_CHECKING:
    from roni.evaluation.result import Evaluation

LIST_HEADINGS = ("NEET in it", "NEET missed", "recall, %", "precision, %", "pupils to see for one NEET", "lift")


def sections(found: Evaluation) -> Iterator[str]:
    """Each part of it that there is."""
    yield from _at_capacity(found)
    yield from _curve(found)
    yield from _differences(found)
    yield from _orderings(found)
    yield from _planner(found)


def list_cells(row: AtLength) -> tuple[str, ...]:
    """The cells of one list, under LIST_HEADINGS."""
    return (
        expected(row.caught),
        expected(row.missed),
        per_cent(row.recall),
        per_cent(row.precision),
        plain_figure(row.to_see, 1),
        plain_figure(row.lift, 1),
    )


def _at_capacity(found: Evaluation) -> Iterator[str]:
    yield heading(f"A list of {found.capacity:,}")
    yield paragraph(found.basis, "basis")
    shown = [
        Whisker(row.ranking, recall.value, recall.low, recall.high, f"{100 * recall.value:.0f} %")
        for row in found.at_capacity
        if (recall := row.recall).value is not None and recall.low is not None and recall.high is not None
    ]
    if shown:
        yield whisker_chart(f"Share of NEET pupils in a list of {found.capacity:,}, with 95 % intervals", shown, 1.0)
    rows = [(text(row.ranking), *list_cells(row)) for row in found.at_capacity]
    yield table(f"Lists of {found.capacity:,} side by side", ("ranking", *LIST_HEADINGS), rows)
    rows = [
        (text(f"{row.ranking}: {policy}"), *list_cells(row))
        for policy, lists in found.not_known.items()
        for row in lists
    ]
    if rows:
        caption = "The same if those not known had all, or none, become NEET"
        yield details(caption, table(caption, ("ranking", *LIST_HEADINGS), rows))


def _curve(found: Evaluation) -> Iterator[str]:
    names = [name for name, _ in found.rankings]
    lines = []
    for name in names:
        points = [(row.length, row.recall.value) for row in found.curve if row.ranking == name]
        lines.append(Line(name, [(0.0, 0.0), *((x, y) for x, y in points if y is not None)]))
    lines = [line for line in lines if len(line.points) > 1]
    if not lines:
        return
    yield heading("Longer and shorter lists", 3)
    yield line_chart(
        "Share of NEET pupils caught, by length of the list",
        lines,
        "length of the list, pupils",
        "share of NEET pupils in the list",
        (found.capacity, f"{found.capacity:,}"),
    )
    recall = {(row.ranking, row.length): row.recall for row in found.curve}
    lengths = sorted({row.length for row in found.curve})
    rows = [(number(at), *(per_cent(recall[name, at]) for name in names)) for at in lengths]
    caption = "Recall in per cent, by length of the list"
    yield details(f"{caption}: the numbers", table(caption, ("length", *names), rows))


def _differences(found: Evaluation) -> Iterator[str]:
    if not found.differences:
        return
    yield heading("One list against another")
    yield paragraph(
        "Each pair is judged on the same resamples of pupils. Where the interval holds 0, these pupils cannot tell "
        "the two apart."
    )
    yield paragraph(found.basis, "basis")
    recall = [row for row in found.differences if row.measure == "recall"]
    yield _difference_table(f"More NEET pupils in a list of {found.capacity:,} (recall, percentage points)", recall)
    others = [row for row in found.differences if row.measure != "recall"]
    caption = "Differences in precision, area under the ROC curve and average precision, percentage points"
    yield details(caption, _difference_table(caption, others))
    for name, rows in found.added.items():
        yield _difference_table(f"What “{name}” adds, percentage points", rows)


def _difference_table(caption: str, rows: list[Difference] | tuple[Difference, ...]) -> str:
    cells = [
        (
            text(f"{row.first} over {row.second}"),
            text(row.measure),
            per_cent(row.figure, signed=True),
            text("clear" if row.clear else "could be chance"),
        )
        for row in rows
    ]
    return table(caption, ("", "measure", "difference", ""), cells)


def _orderings(found: Evaluation) -> Iterator[str]:
    yield heading("How well each orders all pupils", 3)
    count = found.population
    rate = count["neet"] / (count["neet"] + count["not_neet"])
    rows = [
        (
            text(row.ranking),
            plain_figure(row.area, 3),
            plain_figure(row.average_precision, 3),
            plain_figure(row.brier, 4) if row.brier.shown else text("no probabilities"),
        )
        for row in found.orderings
    ]
    caption = f"By lot the area would be 0.5 and the average precision {rate:.3f}. Brier: lower is better"
    yield table(caption, ("ranking", "area under the ROC curve", "average precision", "Brier score"), rows)


def _planner(found: Evaluation) -> Iterator[str]:
    yield heading("Planning: how long a list, or which threshold")
    yield paragraph(found.basis, "basis")
    hours = any(row.hours is not None for row in found.plans)
    headings = (
        "length",
        "NEET in it",
        "recall, %",
        "schools with a pupil in it",
        *(["hours of coaches"] if hours else []),
    )
    for place, (name, _) in enumerate(found.rankings):
        rows = [
            (
                number(row.length),
                expected(row.caught),
                per_cent(row.recall),
                number(row.schools),
                *([number(row.hours)] if hours else []),
            )
            for row in found.plans
            if row.ranking == name
        ]
        made = table(f"Lists by “{name}”", headings, rows)
        yield made if place == 0 else details(f"Lists by “{name}”", made)
    for name, _ in found.rankings:
        rows = [
            (text(f"{row.points} or more"), number(row.listed), per_cent(row.recall), per_cent(row.precision))
            for row in found.thresholds
            if row.ranking == name
        ]
        made = table(f"Thresholds of “{name}”", ("points", "pupils", "recall, %", "precision, %"), rows)
        yield details(f"Thresholds of “{name}”: everybody with so many points", made) if rows else ""
