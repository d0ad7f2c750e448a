"""What is asked about a file, as data: a code, a sentence, what may be answered.

Until a question is answered the cautious reading stands, and no question keeps a school from confirming.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from roni import Cohort, national

ROWS_SHOWN = 500
NOT_USED = "not_used"

Question = dict[str, Any]


def mapping_of(answers: Mapping[str, str]) -> dict[str, dict[str, Any]]:
    """What answers say of how columns are read, beside a mapping."""
    found: dict[str, dict[str, Any]] = {}
    for number, answer in answers.items():
        code, _, heading = number.partition(":")
        if code == "heading":
            found[heading] = {"field": None if answer == NOT_USED else answer}
    return found


def blanks_of(answers: Mapping[str, str]) -> dict[str, str]:
    """By heading, what a blank says."""
    return {number.removeprefix("blank:"): answer for number, answer in answers.items() if number.startswith("blank:")}


def of_reading(
    cohort: Cohort, saved: Mapping[str, Any], answers: Mapping[str, str], told: Mapping[str, Any]
) -> Iterator[Question]:
    """Questions about columns: what blank means, headings not known, the days that attendance covers.

    `saved` is how the school's files were read before, `told` what a person has said of this one.
    """
    for reading in cohort.readings:
        if reading.state != "used" or reading.field is None or reading.choices.get("blank") != "no":
            continue
        settled = f"blank:{reading.heading}" in answers or any(
            known.get(reading.heading, {}).get("blank") for known in (saved, told)
        )
        if national()[reading.field].scored and not settled:
            yield _blank(reading.heading, reading.field)
    for block in cohort.problems.blocks:
        if block.code == "heading_unknown" and not _not_used_before(block.column, saved):
            yield _heading(block.column, block.says.get("nearest", ""))
    if _period_not_stated(cohort) and "attendance_period" not in answers:
        yield {
            "id": "attendance_period",
            "code": "attendance_period",
            "kind": "period",
            "sentence": "From which day to which day does the attendance count?",
            "field": "attendance",
            "options": [],
        }


def _not_used_before(heading: str, saved: Mapping[str, Any]) -> bool:
    return heading in saved and saved[heading].get("field") is None


def _blank(heading: str, field: str) -> Question:
    return {
        "id": f"blank:{heading}",
        "code": "blank_means_no",
        "kind": "choice",
        "sentence": f"The column “{heading}” holds only answers that say yes, and blanks: does a blank mean no?",
        "column": heading,
        "field": field,
        "options": [
            {"value": "no", "label": "Yes, a blank means no"},
            {"value": "not known", "label": "No, a blank means that we do not know"},
        ],
    }


def _heading(heading: str, hint: str) -> Question:
    quoted = re.search("“(.+)”", hint)
    near = national()[quoted[1]] if quoted and quoted[1] in national() else None
    options = [{"value": near.name, "label": near.label.capitalize()}] if near is not None else []
    ask = f"Is it {near.label}?" if near is not None else "Which field is it, if it matters?"
    return {
        "id": f"heading:{heading}",
        "code": "heading_unknown",
        "kind": "field",  # or any other field
        "sentence": f"“{heading}” is not a heading we know. {ask}",
        "column": heading,
        "options": [*options, {"value": NOT_USED, "label": "It is not used"}],
    }


def _period_not_stated(cohort: Cohort) -> bool:
    known = cohort.known("attendance")
    return bool((known & ~cohort.known("attendance_to")).any())


def of_reading_again(differing: Iterable[tuple[str, str, str]], answers: Mapping[str, str]) -> Iterator[Question]:
    """Columns that read otherwise than in the school's last file: (heading, how then, how now)."""
    for heading, then, now in differing:
        if f"reading:{heading}" not in answers:
            yield {
                "id": f"reading:{heading}",
                "code": "reading_differs",
                "kind": "choice",
                "sentence": f"“{heading}” was read as {then} last time. This file looks like {now}. Which is right?",
                "column": heading,
                "options": [
                    {"value": "last", "label": f"As last time: {then}"},
                    {"value": "now", "label": f"As this file looks: {now}"},
                ],
            }


def of_falls(cohorts: Iterable[Mapping[str, Any]]) -> Iterator[Question]:
    """Values that would be lost only because a cell is blank: left out, or right? One question a field."""
    found: dict[str, tuple[str, list[int]]] = {}
    for cohort in cohorts:
        for block in cohort["problems"]:
            if block["code"] == "would_fall":
                found.setdefault(block["says"]["label"], (block["says"]["check"], []))[1].extend(block["rows"] or [])
    names = {item.label: item.name for item in national().values()}
    for label, (check, rows) in found.items():
        if rows:
            yield _fall(names[label], label, check, rows)


def _fall(name: str, label: str, check: str, rows: list[int]) -> Question:
    who = "1 pupil loses" if len(rows) == 1 else f"{len(rows):,} pupils lose"
    return {
        "id": f"would_fall:{name}",
        "code": "would_fall",
        "kind": "choice",
        "sentence": f"{who} {label}: there is no value now, and there was one in {check}. Left out, or right?",
        "field": name,
        "count": len(rows),
        "rows": sorted(rows)[:ROWS_SHOWN],
        "options": [
            {"value": "left_out", "label": f"Left out of the file: what {check} said still holds"},
            {"value": "right", "label": "Right: it holds no more"},
        ],
    }
