"""The evaluation that stands beside a model, for our own pages: its pictures, and what it found in plain English."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from markupsafe import Markup

from roni import Figure, Picture, RoniError, draw_evaluation, figure_text, one_in
from service.models import evaluation_tables as tables
from service.models.evaluation_tables import Table
from service.models.shelf import FIGURES, Shelved

NONE = "There are no figures of an evaluation beside this model."
UNREADABLE = "The figures beside this model cannot be read. Look at the report, or have the model evaluated again."
WRONG = (OSError, ValueError, KeyError, TypeError, AttributeError, IndexError, OverflowError, RecursionError, RoniError)
MAIN = ("recall", "reliability")  # the pictures of the model's own page
KINDS = {
    "scorecard": "the scorecard alone",
    "model": "the trained model alone",
    "combined": "scorecard and model together, as registers have them",
    "baseline": "a simple list, to compare with",
}


@dataclass(frozen=True, slots=True)
class Drawn:
    """A picture as a page shows it."""

    name: str
    title: str
    svg: Markup
    headings: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Found:
    """All that an evaluation found, as its page tells it: `list_by` is the list of which groups are shown."""

    title: str
    notice: str
    basis: str
    capacity: int
    in_short: list[str]
    asked: list[tuple[str, str]]
    lists: list[tuple[str, str]]  # name, and what it is
    list_by: str
    pictures: list[Drawn]
    parts: dict[str, list[Table]]
    notes: list[str]
    fewest_neet: int
    fewest_pupils: int

    @property
    def main(self) -> list[Drawn]:
        """The pictures that say most in little room."""
        return [picture for picture in self.pictures if picture.name in MAIN]


def found_of(item: Shelved, list_by: str = "") -> Found | None:
    """What a model's evaluation found; None where its figures cannot be read. Groups are shown of one list."""
    path = item.file(FIGURES)
    try:
        return None if path is None else _found(_data(path), list_by)
    except WRONG:
        return None


def _data(path: Path) -> dict[str, Any]:
    data = json.loads(path.read_bytes())
    if not isinstance(data, dict):
        raise RoniError(UNREADABLE)
    return data


def _planned(picture: Picture, data: Mapping[str, Any]) -> Picture:
    """Of recall by length the numbers at the lengths that one would plan with: the report has those of all."""
    lengths = {f"{int(row['length']):,}" for row in data["plans"]}
    rows = tuple(row for row in picture.rows if row[0] in lengths)
    return replace(picture, rows=rows) if picture.name == "recall" and rows else picture


def _drawn(picture: Picture) -> Drawn:
    headings = tuple(heading[:1].upper() + heading[1:] for heading in picture.headings)
    return Drawn(picture.name, picture.title, Markup(picture.svg), headings, picture.rows)  # our own SVG


def _found(data: Mapping[str, Any], list_by: str) -> Found:
    kinds = {str(ranking["name"]): str(ranking["kind"]) for ranking in data["rankings"]}
    chosen = list_by if list_by in kinds else _of_kind(kinds, "combined", "model")
    return Found(
        str(data["title"]),
        str(data["notice"]),
        str(data["basis"]),
        int(data["capacity"]),
        _in_short(data, kinds),
        _asked(data),
        [(name, KINDS.get(kind, kind)) for name, kind in kinds.items()],
        chosen,
        [_drawn(_planned(picture, data)) for picture in draw_evaluation(data)],
        tables.parts_of(data, kinds, chosen),
        [str(note) for note in data["notes"]],
        int(data["fewest_neet"]),
        int(data["fewest_pupils"]),
    )


def _of_kind(kinds: Mapping[str, str], *wanted: str) -> str:
    """The first ranking of these kinds, in their order; else the first of all."""
    found = [name for kind in wanted for name, its in kinds.items() if its == kind]
    return [*found, *kinds][0]


def _in_short(data: Mapping[str, Any], kinds: Mapping[str, str]) -> list[str]:
    """What a list of the capacity caught and missed, and whether that is more than the scorecard alone does."""
    leading, rules = _of_kind(kinds, "combined", "model"), _of_kind(kinds, "scorecard")
    lists = {str(row["ranking"]): row for row in data["at_capacity"]}
    said = _list_in_words(data, lists[leading])
    if kinds[rules] == "scorecard" and rules != leading and lists[rules]["caught"] is not None:
        said.append(_against(data, lists[rules], leading, rules))
    return said


def _list_in_words(data: Mapping[str, Any], row: Mapping[str, Any]) -> list[str]:
    recall, precision, count = Figure(**row["recall"]), Figure(**row["precision"]), data["population"]
    what = f"A list of {int(data['capacity']):,} of {count['pupils']:,} pupils by “{row['ranking']}”"
    if recall.value is None:
        return [f"{what} could not be judged: {recall.why}."]
    said = [
        f"{what} held {tables.pupils(row['caught'])} of the {count['neet']:,} who became NEET: {_share(recall)}.",
        f"{tables.pupils(row['missed'])} who became NEET were not on it: being outside a list does not mean that no "
        "support is needed.",
    ]
    if precision.value is not None:
        said.append(f"Of the pupils on it {one_in(precision.value)} became NEET: most of a list do not.")
    return said


def _against(data: Mapping[str, Any], row: Mapping[str, Any], leading: str, rules: str) -> str:
    """The list of the scorecard alone, and whether the difference may be chance."""
    said = (
        f"By the scorecard “{rules}” alone a list of the same length held {tables.pupils(row['caught'])}: "
        f"{_share(Figure(**row['recall']))}."
    )
    for one in data["differences"]:
        if (one["first"], one["second"], one["measure"]) == (leading, rules, "recall"):
            figure = Figure(**one["figure"])
            verdict = "is more than chance would explain" if tables.is_clear(figure) else "could be chance"
            said += f" The difference in percentage points, {figure_text(figure, 100, signed=True)}, {verdict}."
    return said


def _share(figure: Figure) -> str:
    """A share with its interval, as “41 % (33 to 49 %)”."""
    value, _, interval = figure_text(figure, 100, 0).partition(" ")
    return f"{value} % {interval[:-1]} %)" if interval.endswith(")") else f"{value} %"


def _asked(data: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Whom the evaluation is about, line by line."""
    count = data["population"]
    left_out = [
        f"{pupils:,} of {'a year group not known' if int(year) < 0 else f'Year {year}'}"
        for year, pupils in count["left_out_by_year_group"].items()
    ]
    return [
        ("Outcome", str(data["outcome"])),
        ("Pupils followed up", f"{count['pupils']:,}"),
        ("Became NEET", f"{count['neet']:,}, {one_in(count['neet'] / max(count['neet'] + count['not_neet'], 1))}"),
        ("Did not", f"{count['not_neet']:,}"),
        ("Not known", f"{count['not_known']:,}, of whom {count['no_record']:,} have no record at all"),
        ("In no list", f"{count['never_listed']:,} (information restricted, or no longer living)"),
        ("Left out, not followed up", ", ".join(left_out) or "nobody"),
        ("Length of the list", f"{int(data['capacity']):,} pupils"),
    ]
