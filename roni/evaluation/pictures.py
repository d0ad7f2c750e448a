"""The pictures of a stored evaluation, drawn again from its data, each with the numbers that it shows.

For programs that show an evaluation in pages of their own; the whole report is `evaluation.html` beside the data.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from roni.errors import RoniError
from roni.evaluation.evidence import Figure
from roni.evaluation.page import figure_text
from roni.evaluation.plots import Line, line_chart, reliability_chart


@dataclass(frozen=True, slots=True)
class Picture:
    """An SVG element, and the table of the same numbers."""

    title: str
    svg: str
    headings: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def draw_evaluation(data: Mapping[str, Any]) -> list[Picture]:
    """Recall against the length of the list, and whether each ranking's probabilities mean what they say.

    `data` is what `Evaluation.to_dict` gave. Raises RoniError where it is not.
    """
    try:
        return [*_recall(data), *(found for one in data["calibrations"] for found in _reliability(one))]
    except (KeyError, TypeError, ValueError, AttributeError, IndexError) as error:
        raise RoniError("These are not the figures of an evaluation.") from error


def _recall(data: Mapping[str, Any]) -> Iterator[Picture]:
    names = [str(ranking["name"]) for ranking in data["rankings"]]
    recall = {(str(row["ranking"]), int(row["length"])): Figure(**row["recall"]) for row in data["curve"]}
    lengths = sorted({length for _, length in recall})
    found = {name: [(length, recall[name, length]) for length in lengths if (name, length) in recall] for name in names}
    lines = [
        Line(name, [(0.0, 0.0), *((float(length), item.value) for length, item in points if item.value is not None)])
        for name, points in found.items()
    ]
    lines = [line for line in lines if len(line.points) > 1]
    if not lines:
        return
    title = "Share of NEET pupils caught, by length of the list"
    capacity = int(data["capacity"])
    across, up = "length of the list, pupils", "share of NEET pupils in the list"
    rows = (
        (f"{length:,}", *(_per_cent(recall[name, length]) if (name, length) in recall else "" for name in names))
        for length in lengths
    )
    headings = ("length of the list", *(f"{name}, %" for name in names))
    yield Picture(title, line_chart(title, lines, across, up, (capacity, f"{capacity:,}")), headings, tuple(rows))


def _reliability(one: Mapping[str, Any]) -> Iterator[Picture]:
    bins = [(float(row["said"]), Figure(**row["observed"])) for row in one["bins"]]
    points = [
        (said, seen.value, seen.low, seen.high)
        for said, seen in bins
        if seen.value is not None and seen.low is not None and seen.high is not None
    ]
    if points:
        title = f"Probability that “{one['ranking']}” said, and share that became NEET"
        rows = tuple((f"{100 * said:.1f}", f"{seen.pupils:,}", _per_cent(seen)) for said, seen in bins)
        yield Picture(title, reliability_chart(title, points), ("said, %", "pupils", "became NEET, %"), rows)


def _per_cent(figure: Figure) -> str:
    return figure_text(figure, 100.0)
