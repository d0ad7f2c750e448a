"""Corrections of cells made on the page, read as if they had stood in the file."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from roni import Check, RoniError, cohort_to_dict, read_rows

IDENTIFIERS = frozenset({"upn", "temporary_upn", "former_upn", "uln", "admission_number"})
HELPS_READING = ("upn", "surname", "forename", "year_group", "urn")  # a row of its own needs to be a pupil's


def with_edits(data: dict[str, Any], check: Check, edits: Mapping[str, Mapping[str, str]]) -> dict[str, Any]:
    """The stored cohort with the edits of its (first) file: row -> field -> text, where no text is not known."""
    fields = {item["heading"]: item["field"] for item in data["readings"]}
    pupils = {pupil["row"]: pupil for pupil in data["pupils"] if pupil["file"] == 0}
    for row, edit in edits.items():
        if (pupil := pupils.get(int(row))) is None:
            raise RoniError(f"Row {int(row)} is no row of a pupil in this file. Take its correction away.")
        _drop_problems(data, int(row), {heading for heading, field in fields.items() if field in edit})
        _edit(data, pupil, check, edit)
    return data


def _edit(data: dict[str, Any], pupil: dict[str, Any], check: Check, edit: Mapping[str, str]) -> None:
    beside = {name: pupil["values"][name] for name in HELPS_READING if name in pupil["values"] and name not in edit}
    cells = {name: text for name, text in edit.items() if text.strip()}
    for name in edit:  # what was there is gone, whatever is said now
        pupil["values"].pop(name, None)
    if not cells:
        return
    years = range(15)  # whether the check is about the year group was decided when the file was read
    read = cohort_to_dict(read_rows([{**beside, **cells}], check, years=years, name=data["files"][0]))
    if not read["pupils"]:
        raise RoniError(f"Row {pupil['row']}: the correction is no pupil’s. Take it away.")
    (new,) = read["pupils"]
    given = {name: value for name, value in new["values"].items() if name not in beside}
    pupil["values"] |= given
    for part in ("origin", "given"):
        pupil[part] = {name: value for name, value in pupil.get(part, {}).items() if name not in given}
    if not pupil["given"]:
        del pupil["given"]
    if IDENTIFIERS & cells.keys() and new["kind"] != "reference":
        pupil["key"], pupil["kind"] = new["key"], new["kind"]
    data["columns"] = list(dict.fromkeys([*data["columns"], *given]))
    for name, own in read["given"].items():
        data["given"].setdefault(name, own)
    data["problems"] += [{**block, "rows": [pupil["row"]]} for block in read["problems"] if block["rows"]]


def _drop_problems(data: dict[str, Any], row: int, headings: set[str]) -> None:
    """What was wrong with the cells that are corrected."""
    kept = []
    for block in data["problems"]:
        columns = set(block["column"].split(" / "))
        if block["rows"] and block["file"] == data["files"][0] and columns & headings:
            block = {**block, "rows": [other for other in block["rows"] if other != row]}
            if not block["rows"]:
                continue
        kept.append(block)
    data["problems"] = kept
