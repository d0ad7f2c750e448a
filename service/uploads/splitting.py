"""Whose pupil each row of a file is: one school's file is that school's; a file of all schools says it row by row."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from service.uploads.sent import Sent

OWN_ROLL = ""  # in place of a URN where no school is stated: the council's own roll


def split(
    sent: Sent, school: str | None, schools: Mapping[str, Any]
) -> tuple[list[tuple[str | None, Sent]], list[int]]:
    """The pupils of each school by URN (None: the council's own roll), and the rows of a school that is not known."""
    if school is not None:
        return [(school, _keyed(sent, school))], []
    known, data = _Schools(schools), sent.data
    parts: dict[str, list[dict[str, Any]]] = {}
    unknown = []
    for pupil in data["pupils"]:
        urn = known.urn_of(pupil["values"])
        if urn is None:
            unknown.append(pupil["row"])
        else:
            parts.setdefault(urn, []).append(pupil)
    for urn, pupils in parts.items():
        _key_by_admission(pupils, urn)
    return [(urn or None, Sent(data=_part(data, pupils))) for urn, pupils in parts.items()], unknown


def keys_of(parts: Iterable[tuple[str | None, Sent]]) -> set[str]:
    """The keys of all pupils whose school is stated."""
    return {pupil["key"] for urn, sent in parts if urn is not None for pupil in sent.data["pupils"]}


def _keyed(sent: Sent, school: str) -> Sent:
    """One school's pupils, with those who have no other identifier under their admission numbers."""
    if sent.is_by_national_keys:
        return sent
    data = sent.data
    _key_by_admission(data["pupils"], school)
    return Sent(data=data)


class _Schools:
    """Schools by URN, by LAESTAB with or without its slash, or by name."""

    def __init__(self, schools: Mapping[str, Any]) -> None:
        self.urns = set(schools)
        self.by_laestab = {_digits(school["laestab"]): urn for urn, school in schools.items() if school["laestab"]}
        self.by_name = {_squeezed(school["name"]): urn for urn, school in schools.items()}

    def urn_of(self, values: Mapping[str, Any]) -> str | None:
        """The URN; OWN_ROLL where no school is stated; None where the one stated is not known."""
        urn, laestab, name = (values.get(key) for key in ("urn", "laestab", "school_name"))
        if not (urn or laestab or name):
            return OWN_ROLL
        if urn:
            return urn if urn in self.urns else None
        return self.by_laestab.get(_digits(laestab or "")) or self.by_name.get(_squeezed(name or ""))


def _digits(text: str) -> str:
    return "".join(filter(str.isdigit, text))


def _squeezed(text: str) -> str:
    return " ".join(text.casefold().split())


def _part(data: Mapping[str, Any], pupils: list[dict[str, Any]]) -> dict[str, Any]:
    """The cohort of some of the pupils: the problems of their rows, and of whole columns."""
    rows = {(pupil["file"], pupil["row"]) for pupil in pupils}
    places = {name: place for place, name in enumerate(data["files"])}
    problems = []
    for block in data["problems"]:
        own = block["rows"] and [row for row in block["rows"] if (places.get(block["file"], -1), row) in rows]
        if own or block["rows"] is None:
            problems.append({**block, "rows": own})
    copied = {name: list(data[name]) for name in ("columns", "files", "sources", "origin")}
    return {
        **data,
        **copied,
        "given": dict(data["given"]),
        "rows_read": len(pupils),
        "not_kept": [],
        "problems": problems,
        "pupils": pupils,
    }


def _key_by_admission(pupils: list[dict[str, Any]], urn: str) -> None:
    """An admission number is unique within the school, however this file names it, or does not."""
    taken = {pupil["key"] for pupil in pupils}
    for pupil in pupils:
        number = pupil["values"].get("admission_number")
        key = f"{urn} no. {number}"
        if number and pupil["kind"] in ("admission_number", "reference") and key not in taken:
            pupil["key"], pupil["kind"] = key, "admission_number"
            taken.add(key)
