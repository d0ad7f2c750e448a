"""The tables of a stored evaluation, in words that people outside statistics read. Too small a number is not shown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from roni import Figure, figure_text

MEASURES = {
    "recall": "share of NEET pupils in the list",
    "precision": "share of the list that became NEET",
    "area under the ROC curve": "area under the ROC curve",
    "average precision": "average precision",
}
CLEAR, CHANCE = "more than chance", "could be chance"
VERDICT = ("Percentage points", "That is")
GROUP = (
    "Pupils", "Became NEET", "In the list, %", "Of its NEET pupils, in the list, %", "Of its others, in the list, %",
    "Of its pupils in the list, became NEET, %", "Of all its pupils, became NEET, %",
)  # fmt: skip
SCHOOL = "school"
TRAINED = ("model", "combined")


@dataclass(frozen=True, slots=True)
class Table:
    """What a table is of, its headings and its rows of texts; the first cell of each names the row."""

    caption: str
    headings: Sequence[str]
    rows: Sequence[Sequence[str]]


def parts_of(data: Mapping[str, Any], kinds: Mapping[str, str], list_by: str) -> dict[str, list[Table]]:
    """The tables of each part of the page; `kinds` of the lists by name. Groups and plans are of one list."""
    groups = [_groups(data, one, list_by) for one in data["groups"] if one["field"] != SCHOOL]
    schools = [_groups(data, one, list_by) for one in data["groups"] if one["field"] == SCHOOL]
    known = [_groups(data, data["completeness"], list_by)] if data["completeness"] else []
    found = {
        "rules": [_against_rules(data, kinds)],
        "differences": [_more_found(data), _other_differences(data), _orderings(data)],
        "errors": [_errors(one) for one in data["calibrations"]],
        "groups": groups,
        "schools": schools,
        "known": [*known, *_asking(data)],
        "not_known": [_not_known(data)],
        "plans": [_plans(data, list_by), _thresholds(data, list_by)],
        "added": [_added(str(name), rows) for name, rows in data["added"].items()],
        "drift": [_drift(data)],
    }
    return {name: [table for table in made if table.rows] for name, made in found.items()}


def pupils(number: float | None) -> str:
    """A number of pupils, whole where it is; where some are equal at the cut it is an expected one.

    >>> pupils(54.0), pupils(50.5), pupils(None)
    ('54', '50.5', '')
    """
    return "" if number is None else f"{number:,.{0 if number == round(number) else 1}f}"


def is_clear(figure: Figure) -> bool:
    """Whether the interval of a difference leaves out no difference at all."""
    return figure.low is not None and figure.high is not None and (figure.low > 0 or figure.high < 0)


def _per_cent(figure: Mapping[str, Any], signed: bool = False) -> str:
    return figure_text(Figure(**figure), 100, signed=signed)


def _against_rules(data: Mapping[str, Any], kinds: Mapping[str, str]) -> Table:
    """What a list with a model holds beyond one of the scorecard alone."""
    rows = [
        (_pair(row), _measure(row), *_verdict(row["figure"]))
        for row in data["differences"]
        if kinds.get(row["second"]) == "scorecard" and kinds.get(row["first"]) in TRAINED
    ]
    return Table("With the model, over the scorecard alone", ("List", "Measure", *VERDICT), rows)


def _more_found(data: Mapping[str, Any]) -> Table:
    rows = [(_pair(row), *_verdict(row["figure"])) for row in data["differences"] if row["measure"] == "recall"]
    return Table("How much more of the NEET pupils one list holds than another", ("List", *VERDICT), rows)


def _other_differences(data: Mapping[str, Any]) -> Table:
    rows = [
        (_pair(row), _measure(row), *_verdict(row["figure"]))
        for row in data["differences"]
        if row["measure"] != "recall"
    ]
    return Table("Other measures, one list against another", ("List", "Measure", *VERDICT), rows)


def _added(field: str, rows: Sequence[Mapping[str, Any]]) -> Table:
    made = [(_measure(row), *_verdict(row["figure"])) for row in rows]
    return Table(f"If the model also used: {field}", ("Measure", *VERDICT), made)


def _pair(row: Mapping[str, Any]) -> str:
    return f"“{row['first']}” over “{row['second']}”"


def _measure(row: Mapping[str, Any]) -> str:
    return MEASURES.get(row["measure"], str(row["measure"]))


def _verdict(figure: Mapping[str, Any]) -> tuple[str, str]:
    """A difference in percentage points, and whether it could be chance."""
    return _per_cent(figure, signed=True), CLEAR if is_clear(Figure(**figure)) else CHANCE


def _orderings(data: Mapping[str, Any]) -> Table:
    rows = [
        (
            str(row["ranking"]),
            figure_text(Figure(**row["area"]), 1, 3),
            figure_text(Figure(**row["average_precision"]), 1, 3),
            figure_text(Figure(**row["brier"]), 1, 4) if row["brier"]["value"] is not None else "no probabilities",
        )
        for row in data["orderings"]
    ]
    headings = ("List by", "Area under the ROC curve", "Average precision", "Brier score (lower is better)")
    return Table("How well each orders all pupils", headings, rows)


def _errors(one: Mapping[str, Any]) -> Table:
    by_chance = one["by_chance"]
    rows = [
        ("Mean distance between what was said and what happened", _per_cent(one["expected_error"])),
        (
            "The same by chance alone, were every probability right",
            "" if by_chance is None else f"{100 * by_chance:.1f}",
        ),
        ("Largest distance of a group", _per_cent(one["maximum_error"])),
        ("Mean probability, less the share that became NEET", _per_cent(one["too_high"], signed=True)),
    ]
    return Table(f"How far the probabilities of “{one['ranking']}” were out", ("What", "Percentage points"), rows)


def _groups(data: Mapping[str, Any], one: Mapping[str, Any], list_by: str) -> Table:
    few_neet, few = int(data["fewest_neet"]), int(data["fewest_pupils"])
    rows = [
        (
            str(row["group"]),
            f"{row['pupils']:,}" if row["pupils"] >= few else f"fewer than {few}",
            f"fewer than {few_neet}" if row["neet"] is None else f"{row['neet']:,}",
            *(_per_cent(row[name]) for name in ("listed", "recall", "false_alarms", "precision", "observed")),
        )
        for row in one["rows"]
        if row["ranking"] == list_by
    ]
    title = str(one["title"])
    return Table(f"{title[:1].upper()}{title[1:]}", ("Group", *GROUP), rows)


def _asking(data: Mapping[str, Any]) -> list[Table]:
    asked = data["asking"]
    if not asked:
        return []
    rows = [
        ("Pupils of whom the list names a fact to ask first", f"{asked['asked']:,}"),
        ("Of these, the answer is known elsewhere", f"{asked['answered']:,}"),
        ("With those answers the share of NEET pupils in the list changes by", _per_cent(asked["gain"], signed=True)),
    ]
    return [Table("What asking would be worth", ("What", "Pupils, or percentage points"), rows)]


def _not_known(data: Mapping[str, Any]) -> Table:
    rows = [
        (f"{row['ranking']}: {policy}", pupils(row["caught"]), _per_cent(row["recall"]), _per_cent(row["precision"]))
        for policy, lists in data["not_known"].items()
        for row in lists
    ]
    headings = ("List by, and those not known", "Became NEET, in the list", "Share of all NEET pupils in the list, %",
                "Share of the list that became NEET, %")  # fmt: skip
    return Table("If those not known were counted", headings, rows)


def _plans(data: Mapping[str, Any], list_by: str) -> Table:
    mine = [row for row in data["plans"] if row["ranking"] == list_by]
    hours = any(row["hours"] is not None for row in mine)
    rows = [
        (
            f"{row['length']:,}",
            pupils(row["caught"]),
            _per_cent(row["recall"]),
            f"{row['schools']:,.0f}",
            *([f"{row['hours'] or 0:,.0f}"] if hours else []),
        )
        for row in mine
    ]
    headings = ("Length of the list", "Became NEET, in the list", "Share of all NEET pupils in the list, %",
                "Schools with a pupil in it", *(["Hours of coaches"] if hours else []))  # fmt: skip
    return Table(f"Lists by “{list_by}”", headings, rows)


def _thresholds(data: Mapping[str, Any], list_by: str) -> Table:
    rows = [
        (f"{row['points']} or more", f"{row['listed']:,}", _per_cent(row["recall"]), _per_cent(row["precision"]))
        for row in data["thresholds"]
        if row["ranking"] == list_by
    ]
    headings = ("Points", "Pupils", "Share of all NEET pupils in the list, %", "Share of the list that became NEET, %")
    return Table(f"Everybody with so many points, by “{list_by}”", headings, rows)


def _drift(data: Mapping[str, Any]) -> Table:
    rows = [
        (
            str(row["label"]),
            f"{row['index']:.3f}",
            "yes" if row["index"] > row["by_chance"] else "no",
            f"{100 * row['known_before']:.0f}",
            f"{100 * row['known_now']:.0f}",
            " ".join(map(str, row["breaks"])),
        )
        for row in data["drift"]
    ]
    headings = (
        "Field",
        "Stability index",
        "More than chance",
        "Known before, %",
        "Known now, %",
        "Breaks in the series",
    )
    return Table("Fields of the two checks, the most changed first", headings, rows)
