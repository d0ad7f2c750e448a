"""A register as a file that people open: CSV or XLSX, every text safe in a spreadsheet.

Special-category and youth-justice reasons are not named in a file unless that was asked for, and the file says so.
"""

from __future__ import annotations

import io
import json
from collections.abc import Iterator, Sequence
from typing import Any

from roni import Page, Sheet, write_csv, write_xlsx
from service.problems import Refusal
from service.registers.order import RANKED

CSV, XLSX = "text/csv", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
MOST_IN_WORKBOOK = 20_000  # rows: a bigger workbook takes longer than anybody waits
LEFT_OUT = (
    "Special-category and youth-justice reasons are counted and not named. Whoever may see them can ask for a file "
    "that names them."
)
NAMED = "Special-category and youth-justice reasons are named. Keep this file as you keep a child’s record."
WIDTHS = {
    "rank": 6, "surname": 16, "forename": 14, "preferred_name": 15, "year_group": 6, "form": 8, "school": 22,
    "band": 9, "points": 7, "points_max": 11, "could_be": 14, "chance": 20, "why": 52, "not_known": 28,
    "ask_first": 24, "marks": 22, "ehcp": 6, "intended_destination": 18, "offer": 14, "change": 12, "moderated": 12,
    "coach": 16, "last_contact": 12, "next_action": 20, "next_on": 11, "section": 11, "upn": 15, "pupil": 30,
}  # fmt: skip
WRAPPED = ("school", "why", "not_known", "ask_first", "marks", "next_action")
CUSTODY = ", to custody"


def table_of(lines: Sequence[bytes | str], upns: Sequence[str | None], sensitive: bool) -> Any:
    """The lines of a list as a pyarrow table, one row a pupil."""
    import pyarrow as pa

    rows = [_row(json.loads(line), upn, sensitive) for line, upn in zip(lines, upns, strict=True)]
    kinds = {name: pa.int32() for name in ("rank", "year_group", "points", "points_max")}
    return pa.table({name: pa.array([row[name] for row in rows], kinds.get(name, pa.string())) for name in WIDTHS})


def _row(line: dict[str, Any], upn: str | None, sensitive: bool) -> dict[str, Any]:
    could_be, ask, contact = line.get("could_be"), line.get("ask_first"), line.get("last_contact")
    action, coach, change = line.get("next_action"), line.get("coach"), line.get("change")
    marks = "; ".join(line.get("marks", ()))
    same = ("surname", "forename", "preferred_name", "year_group", "form", "intended_destination", "offer", "moderated")
    return {
        **{name: line.get(name) for name in (*same, "rank", "points", "points_max", "chance", "section", "pupil")},
        "school": line["school"] and line["school"]["name"],
        "band": line.get("band") or line.get("status"),
        "could_be": could_be and f"{could_be['band']}, {could_be['points']}",
        "why": line.get("why") if sensitive else why_without(line.get("reasons", ())),
        "not_known": "; ".join(line.get("not_known", ())) or None,
        "ask_first": ask and f"{ask['label']} ({ask['of']})",
        "marks": (marks if sensitive else marks.replace(CUSTODY, "")) or None,
        "ehcp": {True: "yes", False: "no", None: None}[line.get("ehcp")],
        "change": change and change["kind"],
        "coach": coach and coach["name"],
        "last_contact": contact and contact["on"],
        "next_action": action and action["what"],
        "next_on": action and action["on"],
        "upn": upn,
    }


def why_without(reasons: Sequence[dict[str, Any]]) -> str:
    """The reasons in a line, those that are sensitive counted and not named; the points still add up.

    >>> why_without([{"fact": "attendance 71.0 %", "points": 3}, {"fact": "custody", "points": 2, "sensitive": True}])
    'attendance 71.0 % +3; a reason not named +2'
    """
    return "; ".join(_reason(reason) for reason in reasons if not (reason.get("model") and reason.get("sensitive")))


def _reason(reason: dict[str, Any]) -> str:
    fact = "a reason not named" if reason.get("sensitive") else reason["fact"]
    if "points" in reason:
        return f"{fact} +{reason['points']}"
    return f"{fact}: at least {reason['at_least']}" if "at_least" in reason else str(fact)


def csv_of(table: Any, head: dict[str, Any], sensitive: bool) -> bytes:
    """CSV for programs and spreadsheets; what the list is stands in its last columns, so that no heading moves."""
    import pyarrow as pa

    for name, words in _said(head, sensitive):
        if name in ("check", "population", "scorecard", "model", "not named", "from before"):
            column = pa.repeat(pa.scalar(words, pa.string()), len(table))
            table = table.append_column(name.replace(" ", "_"), column)
    out = io.BytesIO()
    write_csv(table, out)
    return out.getvalue()


def xlsx_of(table: Any, head: dict[str, Any], sensitive: bool) -> bytes:
    """A workbook to print, and beside the list a page of what it is."""
    if table.num_rows > MOST_IN_WORKBOOK:
        raise Refusal(
            422,
            "too_many_rows",
            f"A workbook of this list would have more than {MOST_IN_WORKBOOK:,} rows. Filter it, or ask for text/csv.",
        )
    bands = table.column("band").to_pylist()
    sections = table.column("section").to_pylist()
    edges = [
        place
        for place in range(1, len(bands))
        if (bands[place], sections[place]) != (bands[place - 1], sections[place - 1])
    ]
    sheet = Sheet(
        "List", table, widths=WIDTHS, wrapped=WRAPPED, bold=("rank", "band"), hidden=("points_max", "pupil"),
        lines_above=frozenset(edges), printed_to="next_on",
    )  # fmt: skip
    out = io.BytesIO()
    write_xlsx([sheet, Page("How to read this", list(_said(head, sensitive)))], out)
    return out.getvalue()


def _said(head: dict[str, Any], sensitive: bool) -> Iterator[tuple[str, str]]:
    """What the list is, line by line."""
    card, model = head["scorecard"], head["model"]
    yield "check", head["check"]["label"]
    yield "population", head["population"]
    yield "not named", NAMED if sensitive else LEFT_OUT
    yield "scorecard", f"{card['name']}, version {card['version']}, digest {card['digest'][:12]}"
    yield "model", "" if model is None else f"{model['name']}, digest {model['digest'][:12]}"
    if head["renewal"] is not None:
        yield "from before", head["renewal"]["sentence"]
    yield "library", f"roni {head['library_version']}"
    yield "worked out from", head["label"]
    for name, value in head["filters"].items():
        yield f"only {name}", str(value)
    for band in reversed(head["bands"]):
        yield f"band {band['name']}", f"{band['at_least']} or more. {band['meaning']}"
    for note in head["notes"]:
        yield "note", note
    yield "rank", f"The place in this list; pupils who are not {RANKED} have none and stand in sections at the end."
