"""The pictures of a stored evaluation, drawn again from its data, each with the numbers that it shows.

For programs that show an evaluation in pages of their own; the whole report is `evaluation.html` beside the data.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from roni.chance import one_in
from roni.errors import RoniError
from roni.evaluation.evidence import Figure
from roni.evaluation.page import figure_text
from roni.evaluation.plots import Line, Whisker, line_chart, reliability_chart, whisker_chart


@dataclass(frozen=True, slots=True)
class Picture:
    """An SVG element, and the table of the same numbers. `name` is "lists", "recall", "bands" or "reliability"."""

    name: str
    title: str
    svg: str
    headings: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def draw_evaluation(data: Mapping[str, Any]) -> list[Picture]:
    """Lists of the capacity, recall against the length of the list, what bands meant, and what probabilities meant.

    `data` is what `Evaluation.to_dict` gave. Raises RoniError where it is not. What cannot be shown is not drawn.
    """
    try:
        return [*_lists(data), *_recall(data), *_bands(data), *_calibrations(data)]
    except (KeyError, TypeError, ValueError, AttributeError, IndexError) as error:
        raise RoniError("These are not the figures of an evaluation.") from error


def _lists(data: Mapping[str, Any]) -> Iterator[Picture]:
    capacity, lists = int(data["capacity"]), [(row, Figure(**row["recall"])) for row in data["at_capacity"]]
    found = [_whisker(str(row["ranking"]), recall, f"{_per_cent(recall).partition(' ')[0]} %") for row, recall in lists]
    shown = [whisker for whisker in found if whisker is not None]
    if not shown:
        return
    rows = (
        (str(row["ranking"]), _pupils(row["caught"]), _pupils(row["missed"]), _per_cent(recall),
         _per_cent(Figure(**row["precision"])), figure_text(Figure(**row["to_see"]), 1))
        for row, recall in lists
    )  # fmt: skip
    headings = (
        "list by", "became NEET, in the list", "became NEET, not in it", "share of all NEET pupils in the list, %",
        "share of the list that became NEET, %", "pupils to see for each who became NEET",
    )  # fmt: skip
    title = f"Share of NEET pupils in a list of {capacity:,}"
    yield Picture("lists", title, whisker_chart(title, shown, 1.0), headings, tuple(rows))


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
    svg = line_chart(title, lines, across, up, (capacity, f"{capacity:,}"))
    yield Picture("recall", title, svg, headings, tuple(rows))


def _bands(data: Mapping[str, Any]) -> Iterator[Picture]:
    for name in dict.fromkeys(str(row["ranking"]) for row in data["bands"]):
        bands = [(row, Figure(**row["observed"])) for row in data["bands"] if str(row["ranking"]) == name]
        found = [_whisker(str(row["band"]), seen, str(row["words"]).partition(" (")[0]) for row, seen in bands]
        shown = [whisker for whisker in found if whisker is not None]
        if shown:
            title = f"Share of each band of “{name}” that became NEET"
            rows = tuple(
                (str(row["band"]), f"{int(row['pupils']):,}", _per_cent(seen), str(row["words"])) for row, seen in bands
            )
            headings = ("band", "pupils", "became NEET, %", "that is")
            yield Picture("bands", title, whisker_chart(title, shown), headings, rows)


def _calibrations(data: Mapping[str, Any]) -> Iterator[Picture]:
    for one in data["calibrations"]:
        bins = [(float(row["said"]), Figure(**row["observed"])) for row in one["bins"]]
        points = [
            (said, seen.value, seen.low, seen.high)
            for said, seen in bins
            if seen.value is not None and seen.low is not None and seen.high is not None
        ]
        if points:
            title = f"Probability that “{one['ranking']}” said, and share that became NEET"
            rows = tuple(
                (f"{100 * said:.1f}", f"{one_in(said)} like this", _known(seen), _per_cent(seen)) for said, seen in bins
            )
            headings = ("probability said, %", "that is", "pupils", "became NEET, %")
            yield Picture("reliability", title, reliability_chart(title, points), headings, rows)


def _whisker(label: str, figure: Figure, words: str) -> Whisker | None:
    """A figure as a row of a picture, if it can be shown."""
    if figure.value is None or figure.low is None or figure.high is None:
        return None
    return Whisker(label, figure.value, figure.low, figure.high, words)


def _per_cent(figure: Figure) -> str:
    return figure_text(figure, 100.0)


def _known(figure: Figure) -> str:
    return "" if figure.pupils is None else f"{figure.pupils:,}"


def _pupils(number: float | None) -> str:
    """A number of pupils, expected where some are tied at the cut: whole where it is."""
    return "" if number is None else f"{number:,.{0 if number == round(number) else 1}f}"
