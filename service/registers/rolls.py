"""Several schools' stored rolls as one: their files under the schools' names, their sources each once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

OWN_ROLL = "the council’s own roll"


class Rolls:
    """What stands in the stored cohorts of some submissions (rows with `id`, `school_id`, `cohort`) outside pupils."""

    def __init__(self, submissions: Sequence[Any], school_names: Mapping[int | None, str]) -> None:
        self.stored = {row.id: row.cohort for row in submissions}
        self.names = _qualified(submissions, school_names)  # (submission, file) -> name among all
        self.files = list(self.names.values())
        self.sources: list[dict[str, Any]] = []
        self.source_places: dict[int, list[int]] = {}
        for number, stored in self.stored.items():
            self.source_places[number] = [self._source(item) for item in stored["sources"]]
        self.first_file = dict(_first_files(self.stored))
        self.columns = list(dict.fromkeys(name for stored in self.stored.values() for name in stored["columns"]))
        self.given = self._given()
        self.worked_out = {number: self._worked_out(stored) for number, stored in self.stored.items()}

    def _source(self, item: dict[str, Any]) -> int:
        if item not in self.sources:
            self.sources.append(item)
        return self.sources.index(item)

    def _given(self) -> dict[str, bool]:
        """Of which fields some roll has a column of its own beside what was worked out."""
        said: dict[str, bool] = {}
        for stored in self.stored.values():
            for name in {name for each in self.stored.values() for name in each.get("given", {})}:
                if name in stored["columns"]:
                    said[name] = said.get(name, False) or stored.get("given", {}).get(name, True)
        return said

    def _worked_out(self, stored: Mapping[str, Any]) -> list[str]:
        """The fields that this roll only has worked out, of which some other has a column of its own."""
        return [name for name, own in stored.get("given", {}).items() if not own and self.given[name]]

    def record(self, roll: Any, record: Mapping[str, Any]) -> dict[str, Any]:
        """A pupil's record as one of this cohort; the key is the pupil's now."""
        number = roll.submission_id
        places, values = self.source_places[number], record["values"]
        given = {name: None for name in self.worked_out[number] if name in values} | record.get("given", {})
        return {
            "key": roll.key,
            "kind": roll.key_kind,
            "file": self.first_file[number] + record["file"],
            "row": record["row"],
            "values": values,
            "origin": {name: places[place] for name, place in record["origin"].items()},
            **({"given": given} if given else {}),
        }

    def cohort(self, check: Mapping[str, Any], records: list[dict[str, Any]]) -> dict[str, Any]:
        """The stored form of the whole."""
        more: dict[str, Any] = {}
        for record in records:
            more.update(record["values"])
        return {
            "schema": 1,
            "check": check,
            "columns": list(dict.fromkeys([*self.columns, *more])),
            "files": self.files,
            "rows_read": sum(stored["rows_read"] for stored in self.stored.values()),
            "digests": self._of_files("digests"),
            "sources": self.sources,
            "origin": list(dict.fromkeys(name for stored in self.stored.values() for name in stored.get("origin", ()))),
            "given": self.given,
            "readings": self._renamed("readings"),
            "problems": self._renamed("problems"),
            "not_kept": self._renamed("not_kept"),
            "pupils": records,
        }

    def _of_files(self, part: str) -> dict[str, Any]:
        return {
            self.names.get((number, file), file): value
            for number, stored in self.stored.items()
            for file, value in stored[part].items()
        }

    def _renamed(self, part: str) -> list[dict[str, Any]]:
        return [
            {**item, "file": self.names.get((number, item["file"]), item["file"])}
            for number, stored in self.stored.items()
            for item in stored[part]
        ]


def _qualified(submissions: Iterable[Any], school_names: Mapping[int | None, str]) -> dict[tuple[int, str], str]:
    """Every file under its school's name, no name twice."""
    found: dict[tuple[int, str], str] = {}
    for row in submissions:
        for file in row.cohort["files"]:
            name = f"{file} ({school_names.get(row.school_id, OWN_ROLL)})"
            found[row.id, file] = name if name not in found.values() else f"{name}, {row.id}"
    return found


def _first_files(stored: Mapping[int, Mapping[str, Any]]) -> Iterable[tuple[int, int]]:
    place = 0
    for number, each in stored.items():
        yield number, place
        place += len(each["files"])
