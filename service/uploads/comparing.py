"""One school's new roll beside its last one: what stands over, who joined, who left, what changed.

It runs in the process that reads files, on plain values in and out.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Set
from typing import Any

import numpy as np
from numpy.typing import NDArray

from roni import Check, Cohort, carry_over, cohort_from_dict, cohort_to_dict, left, match_pupils, national
from service.uploads.restricted import is_restricted, without_restricted
from service.uploads.sent import Sent

# What a school's own column says of where a pupil went, as a leaver's answer says it. Others are asked for.
SAID_BY_FILE: Mapping[str, str] = {
    "school_elsewhere": "other_authority", "home_education": "ehe", "college": "college_14_16", "abroad": "abroad",
    "custody": "custody", "died": "died", "school_here": "school", "alternative_provision": "pru",
    "missing": "not_known",
}  # fmt: skip
NEEDS_SCHOOL = frozenset({"school", "pru"})
BY_FILE = "the school’s file"


def compare(
    urn: str | None,
    now: Sent,
    last: Mapping[str, Any] | None,
    answers: Mapping[str, str],
    elsewhere: Set[str] = frozenset(),
) -> dict[str, Any]:
    """What is staged of one school: its cohort, its pupils with what changed, and who is on the last roll only.

    `last` is None for a first roll, else has `cohort` and, for each of its pupils, `pupils` with `id` and `leaver`.
    Nobody leaves the council's own roll (`urn` None) by not standing in a file, but who is `elsewhere` in it.
    """
    cohort = now.cohort
    if last is None:
        data = now.data
        changes: list[tuple[str, dict[str, Any]]] = [("first", {})] * len(cohort)
        leavers: list[dict[str, Any]] = []
        known: list[int | None] = [None] * len(cohort)
    else:
        before = cohort_from_dict(last["cohort"])
        data = cohort_to_dict(carry_over(cohort, before))
        _settle_falls(data, now, answers)
        places = match_pupils(cohort, before)
        known = [last["pupils"][place]["id"] if place >= 0 else None for place in places.tolist()]
        asked = asked_for(cohort) & asked_for(before)
        gone = [entry["leaver"] is not None for entry in last["pupils"]]
        changes = _changes(cohort, data, last["cohort"]["pupils"], places, gone, asked)
        leavers = _leavers(cohort, before, last, data, places, asked)
    said = _said_left(cohort)
    pupils = [
        {
            "record": without_restricted(record),
            "change": "left" if place in said else change,
            "changes": {} if is_restricted(record) else fields,
            "leaver": said.get(place),
            "pupil_id": known[place],
        }
        for place, (record, (change, fields)) in enumerate(zip(data.pop("pupils"), changes, strict=True))
    ]
    if urn is None:
        stay = [leaver for leaver in leavers if leaver["leaver"] is None]
        leavers = [leaver for leaver in leavers if leaver["leaver"] is not None]
        pupils += [
            {"record": leaver["record"], "change": "unchanged", "changes": {}, "leaver": None, "pupil_id": leaver["id"]}
            for leaver in stay
            if leaver["record"]["key"] not in elsewhere
        ]
    counts = Counter(pupil["change"] for pupil in pupils)
    counts["left"] += sum(leaver["leaver"] is None for leaver in leavers)
    return {"urn": urn, "cohort": data, "pupils": pupils, "leavers": leavers, "difference": dict(counts)}


def leaving_cohorts(cohort: Cohort) -> NDArray[np.int64]:
    """The summer in which each pupil finishes Year 11; 0 not known."""
    groups = cohort.column("year_group").astype(np.int64)
    return np.where(groups >= 0, cohort.check.year.leavers(0) - groups, 0)


def asked_for(cohort: Cohort) -> set[int]:
    """The leaving cohorts that a check asked this school for: those in focus, and those that it sent."""
    check = cohort.check
    focus = {check.year.leavers(year) for year in check.focus_years}
    return focus | set(leaving_cohorts(cohort).tolist()) | {0}


def _settle_falls(data: dict[str, Any], now: Sent, answers: Mapping[str, str]) -> None:
    """What the school answered about values that would fall: left out, so they stand; or right, so they are gone."""
    if not any(name.startswith("would_fall:") for name in answers):
        return
    labels = {item.label: item for item in national().values()}
    rows = {(pupil["file"], pupil["row"]): (pupil, own) for pupil, own in _pairs(data, now.data)}
    open_blocks = []
    for block in data["problems"]:
        item = labels.get(block["says"].get("label", "")) if block["code"] == "would_fall" else None
        answer = answers.get(f"would_fall:{item.name}") if item is not None else None
        if answer is None or item is None:
            open_blocks.append(block)
        elif answer == "right":
            file = data["files"].index(block["file"])
            for row in block["rows"]:
                _let_fall(item, *rows[file, row])
    data["problems"] = open_blocks


def _pairs(data: Mapping[str, Any], now: Mapping[str, Any]) -> Any:
    return zip(data["pupils"], now["pupils"], strict=True)


def _let_fall(item: Any, pupil: dict[str, Any], own: Mapping[str, Any]) -> None:
    """The pupil's value as the file has it, and where it has none, what no means; so of what was worked out from it."""
    worked_out = [name for name, given in pupil.get("given", {}).items() if given is None and name in pupil["origin"]]
    fields = national()
    for fed in (item, *(fields[name] for name in worked_out if _is_fed(fields[name], item.name))):
        _set_as_file(fed, pupil, own)


def _is_fed(item: Any, name: str) -> bool:
    return any(name in way.inputs for way in item.routes)


def _set_as_file(item: Any, pupil: dict[str, Any], own: Mapping[str, Any]) -> None:
    none = {"flag": False, "count": 0 if item.blank_means == "0" else None}.get(item.type, item.blank_means)
    value = own["values"].get(item.name, none)
    pupil["origin"].pop(item.name, None)
    if value is None:
        pupil["values"].pop(item.name, None)
    else:
        pupil["values"][item.name] = value


def _changes(
    cohort: Cohort,
    data: Mapping[str, Any],
    earlier: list[dict[str, Any]],
    places: NDArray[np.int64],
    gone: list[bool],
    asked: set[int],
) -> list[tuple[str, dict[str, Any]]]:
    """For each pupil whether they joined, changed or not, and the fields that did: before and now."""
    summers = leaving_cohorts(cohort).tolist()
    found: list[tuple[str, dict[str, Any]]] = []
    for pupil, place, summer in zip(data["pupils"], places.tolist(), summers, strict=True):
        if place < 0 or gone[place]:
            found.append(("joined" if summer in asked else "first", {}))
            continue
        fields = _differing(earlier[place]["values"], pupil["values"])
        found.append(("changed" if fields else "unchanged", fields))
    return found


def _differing(before: Mapping[str, Any], now: Mapping[str, Any]) -> dict[str, Any]:
    if before == now:
        return {}
    compared = national()
    return {
        name: [before.get(name), now.get(name)]
        for name in {**before, **now}
        if before.get(name) != now.get(name) and _is_compared(compared[name], name in now)
    }


def _is_compared(item: Any, stated: bool) -> bool:
    if item.family == "attendance" or not item.listed:
        return False
    return stated or item.carried  # a fact of today that is not stated again is no change


def _leavers(
    cohort: Cohort,
    before: Cohort,
    last: Mapping[str, Any],
    data: dict[str, Any],
    places: NDArray[np.int64],
    asked: set[int],
) -> list[dict[str, Any]]:
    """Who is on the last roll and not in the file; and who had left before, for nobody falls off by leaving."""
    accepted = {cohort.check.year.leavers(year) for year in cohort.check.accepted_years} | {0}
    here = set(places.tolist())
    summers = leaving_cohorts(before).tolist()
    wanted = [
        place
        for place, entry in enumerate(last["pupils"])
        if place not in here and summers[place] in (accepted if entry["leaver"] is not None else asked)
    ]
    moved = Moved(data, last["cohort"], cohort.check, before.check)
    return [
        {
            "id": last["pupils"][place]["id"],
            "record": without_restricted(moved.record(last["cohort"]["pupils"][place], summers[place])),
            "leaver": last["pupils"][place]["leaver"],
        }
        for place in wanted
    ]


class Moved:
    """Records of an earlier roll as records of this one: their files and sources are added to those of this roll."""

    def __init__(self, data: dict[str, Any], earlier: Mapping[str, Any], now: Check, before: Check) -> None:
        self.year, self.kinds = now.year, [source["kind"] for source in earlier["sources"]]
        as_at = {"name": str(before), "as_at": before.on.isoformat(), "kind": "carried"}
        self.carried = _place_in(data["sources"], as_at)
        self.sources = [_place_in(data["sources"], source) for source in earlier["sources"]]
        names = [f"{file} ({before})" for file in earlier["files"]]
        self.files = [_place_in(data["files"], name) for name in names]
        self.columns, self.given = data["columns"], data["given"]
        for name in earlier["columns"]:
            _place_in(data["columns"], name)
        for name, own in earlier["given"].items():
            self.given.setdefault(name, own)

    def record(self, record: Mapping[str, Any], summer: int) -> dict[str, Any]:
        """The last facts of a pupil, each with the check that it comes from."""
        values = dict(record["values"])
        if summer and "year_group" in values:
            values["year_group"] = self.year.leavers(0) - summer
        origin = {name: self._source(record["origin"].get(name)) for name in values}
        moved = {**record, "file": self.files[record["file"]], "values": values, "origin": origin}
        return {key: value for key, value in moved.items() if key != "given"}

    def _source(self, place: int | None) -> int:
        return self.carried if place is None or self.kinds[place] != "carried" else self.sources[place]


def _place_in(things: list[Any], thing: Any) -> int:
    if thing not in things:
        things.append(thing)
    return things.index(thing)


def _said_left(cohort: Cohort) -> dict[int, dict[str, Any]]:
    """Of pupils whom the file itself says to have left: when and where to, as far as it says."""
    found: dict[int, dict[str, Any]] = {}
    for place in np.flatnonzero(left(cohort)).tolist():
        when, code = cohort.value("leaving_date", place), cohort.value("leaving_destination", place)
        to = SAID_BY_FILE.get(code or "")
        said = {"date": when.isoformat() if when else None, "to": to}
        if to is not None and to not in NEEDS_SCHOOL:
            said["confirmed_by"] = BY_FILE
        found[place] = said
    return found
