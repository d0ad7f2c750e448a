"""One job of the process that reads files: a file in, and out comes what is to be staged, as plain values.

A job has `path`, `check`, `school` (its URN; none for a file of all schools), `schools` (URN -> name, laestab),
`lasts` (URN -> the file in which its last roll stands), `saved` (how the school's files were read before), and what
people have said: `mapping`, `answers`, `edits`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

from pydantic_core import from_json

from roni import Check, Cohort, Problems, cohort_to_dict, get_check, read_cohort
from service.uploads import questions
from service.uploads.comparing import compare
from service.uploads.edits import with_edits
from service.uploads.sent import Sent
from service.uploads.splitting import OWN_ROLL, keys_of, split

OF_COLUMNS = ("used", "empty", "unmapped")  # the readings that are of a column of the file
MOST_UNKNOWN = 500
READ, SPLIT = 0.4, 0.5  # how far it is when the file is read, and when each row has its school

Told = Callable[[float], None]


def stage(job: Mapping[str, Any], told: Told | None = None) -> dict[str, Any]:
    """Read the file of a job, compare it with each school's last roll, and say what is to be asked.

    `told` hears how far it is, from 0 to 1.
    """
    tell = told or (lambda _: None)
    check = check_of(job["check"])
    saved = job["saved"]
    said = {**questions.mapping_of(job["answers"]), **job["mapping"]}
    cohort, found, differing = _read(job, check, saved, said)
    tell(READ)
    parts, unknown = split(_with_answers(cohort, check, job), job["school"], job["schools"])
    elsewhere = keys_of(parts) if job["school"] is None else set()
    tell(SPLIT)
    staged = []
    for number, (urn, part) in enumerate(parts, 1):
        staged.append(compare(urn, part, read_roll(job["lasts"].get(urn or OWN_ROLL)), job["answers"], elsewhere))
        tell(SPLIT + (1 - SPLIT) * number / len(parts))
    asked = [
        *questions.of_reading(cohort, saved, job["answers"], said),
        *questions.of_reading_again(differing, job["answers"]),
        *questions.of_falls(part["cohort"] for part in staged),
    ]
    return {"schools": staged, "questions": asked, "account": _account(cohort, found, staged, unknown)}


def read_roll(file: str | None) -> dict[str, Any] | None:
    """A school's last roll, as `rolls.write_roll` wrote it and `rolls.last_roll` gives it: when its turn comes."""
    if file is None:
        return None
    roll = from_json(Path(file).read_bytes())
    for record, pupil in zip(roll["records"], roll["pupils"], strict=True):
        record["key"], record["kind"] = pupil["key"], pupil["kind"]
    return {"cohort": {**roll["header"], "pupils": roll["records"]}, "pupils": roll["pupils"]}


def check_of(said: Mapping[str, Any]) -> Check:
    """The check that a job says."""
    return replace(
        get_check(said["name"], said["year"]),
        on=date.fromisoformat(said["on"]),
        due=date.fromisoformat(said["due"]),
        accepted_years=tuple(said["accepted_years"]),
        focus_years=tuple(said["focus_years"]),
        few_sessions=said["few_sessions"],
    )


def _read(
    job: Mapping[str, Any], check: Check, saved: Mapping[str, Any], told: Mapping[str, Any]
) -> tuple[Cohort, dict[str, Any], list[tuple[str, str, str]]]:
    """The file, read as last time where a person has said no other; how it looked by itself; what looks otherwise.

    A habit of the school has how a column is read and, under `found`, how it looked when that was decided.
    """
    cohort = read_cohort(job["path"], check)
    found = _looks(cohort)
    if told:
        cohort = read_cohort(job["path"], check, mapping=dict(told))
    as_last: dict[str, Any] = {}
    differing = []
    for heading, now in found.items():
        if heading not in saved or heading in told:
            continue
        use = {key: value for key, value in saved[heading].items() if key != "found"}
        if not _unlike(use, now):
            continue
        if other := _unlike(saved[heading].get("found", use), now):
            if job["answers"].get(f"reading:{heading}") == "now":
                continue
            if all(key in use for key in other):
                differing.append((heading, _words(use, other), _words(now, other)))
        as_last[heading] = use
    if as_last:
        told = {**told, **as_last}
        cohort = read_cohort(job["path"], check, mapping=told)
    cohort = _with_blanks(job, check, told, cohort)
    return _without_settled_headings(cohort, saved), found, differing


def _looks(cohort: Cohort) -> dict[str, Any]:
    """How each column reads, by heading."""
    return {
        reading.heading: {"field": reading.field, **reading.choices}
        for reading in cohort.readings
        if reading.state in ("used", "unmapped")
    }


def _unlike(before: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    """What both say, and say otherwise."""
    return [key for key in now if key in before and before[key] != now[key]]


def _with_blanks(job: Mapping[str, Any], check: Check, told: Mapping[str, Any], cohort: Cohort) -> Cohort:
    """Read again where a person said that a blank is not known in a column where it would be read as no."""
    answered = questions.blanks_of(job["answers"])
    again = {
        reading.heading: {"field": reading.field, **reading.choices, "blank": "not known"}
        for reading in cohort.readings
        if reading.choices.get("blank") == "no" and answered.get(reading.heading) == "not known"
    }
    return read_cohort(job["path"], check, mapping={**told, **again}) if again else cohort


def _words(choices: Mapping[str, Any], keys: Iterable[str]) -> str:
    """How a column is read, as far as it differs."""
    words = {"field": "the field {}", "blank": "“blank means {}”", "dates": "{} dates", "scale": "a {}"}
    return " and ".join(words[key].format(choices[key] or "not used") for key in keys)


def _without_settled_headings(cohort: Cohort, saved: Mapping[str, Any]) -> Cohort:
    """A heading that the school has said it does not mean is no problem again."""
    blocks = [
        block
        for block in cohort.problems.blocks
        if block.code != "heading_unknown" or saved.get(block.column, {"field": ""}).get("field") is not None
    ]
    return replace(cohort, problems=Problems(blocks))


def _with_answers(cohort: Cohort, check: Check, job: Mapping[str, Any]) -> Sent:
    """The cohort, with the cells that a person corrected and the days that they said attendance covers."""
    if not job["edits"] and not job["answers"].get("attendance_period"):
        return Sent(cohort)
    data = with_edits(cohort_to_dict(cohort), check, job["edits"])
    _add_period(data, job["answers"])
    return Sent(data=data)


def _add_period(data: dict[str, Any], answers: Mapping[str, Any]) -> None:
    """The days that attendance covers, where the file does not say and the school has."""
    period = answers.get("attendance_period")
    if not period:
        return
    said = {"attendance_from": period["from"], "attendance_to": period["to"]}
    if period.get("sessions_possible"):
        said["sessions_possible"] = period["sessions_possible"]
    for name in said:
        if name not in data["columns"]:
            data["columns"].append(name)
    for pupil in data["pupils"]:
        if "attendance" in pupil["values"] and "attendance_to" not in pupil["values"]:
            pupil["values"] = {**said, **pupil["values"]}


def _account(
    cohort: Cohort, found: Mapping[str, Any], staged: list[dict[str, Any]], unknown: list[int]
) -> dict[str, Any]:
    """Every row accounted for, in numbers, and how each column was read; never a value."""
    difference: Counter[str] = Counter()
    problems: Counter[str] = Counter()
    for part in staged:
        difference.update(part["difference"])
        for block in part["cohort"]["problems"]:
            problems[block["code"]] += 1 if block["rows"] is None else len(block["rows"])
    return {
        "rows": cohort.rows_read,
        "pupils": sum(len(part["pupils"]) for part in staged),
        "not_kept": dict(Counter(item.code for item in cohort.not_kept)),
        "unknown_school": {"count": len(unknown), "rows": unknown[:MOST_UNKNOWN]},
        "problems": dict(problems),
        "difference": {key: difference[key] for key in ("joined", "left", "changed", "unchanged", "first")},
        "read_as": [item.reading for item in cohort.readings if item.state == "file"],
        "columns": [
            {"heading": item.heading, "field": item.field, "state": item.state, "reading": item.reading,
             "choices": dict(item.choices), "found": found.get(item.heading)}
            for item in cohort.readings
            if item.state in OF_COLUMNS
        ],
        "absent": [item.field for item in cohort.readings if item.state == "absent"],
    }  # fmt: skip
