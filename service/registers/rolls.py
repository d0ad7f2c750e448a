"""Several schools' stored rolls as one: their files under the schools' names, their sources each once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import accumulate, chain
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

    def pupils(self, number: int, pupils: Mapping[str, Any]) -> dict[str, Any]:
        """Pupils of one submission, as `pupils_by_field` has them, as pupils of this cohort."""
        first, sources, values = self.first_file[number], self.source_places[number], pupils["values"]
        given = dict(pupils["given"])
        for name in self.worked_out[number]:
            if name in values:
                given[name] = _nothing_of_its_own(values[name], given.get(name, ()))
        return {
            **pupils,
            "file": [first + file for file in pupils["file"]],
            "origin": {name: [[at, sources[said]] for at, said in cells] for name, cells in pupils["origin"].items()},
            "given": given,
        }

    def cohort(self, check: Mapping[str, Any], pupils: Mapping[str, Any]) -> dict[str, Any]:
        """The stored form of the whole, with these pupils."""
        return {
            "schema": 1,
            "check": check,
            "columns": list(dict.fromkeys([*self.columns, *pupils["values"]])),
            "files": self.files,
            "rows_read": sum(stored["rows_read"] for stored in self.stored.values()),
            "digests": self._of_files("digests"),
            "sources": self.sources,
            "origin": list(dict.fromkeys(name for stored in self.stored.values() for name in stored.get("origin", ()))),
            "given": self.given,
            "readings": self._renamed("readings"),
            "problems": self._renamed("problems"),
            "not_kept": self._renamed("not_kept"),
            "pupils": pupils,
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


def _nothing_of_its_own(values: Sequence[Any], said: Sequence[Sequence[Any]]) -> list[list[Any]]:
    """What a roll's own column says of each pupil of whom the field says something: nothing, where it has none."""
    own = {place for place, _ in said}
    return [*map(list, said), *([at, None] for at, value in enumerate(values) if value is not None and at not in own)]


def together(parts: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Pupils by field, one part after the other."""
    if len(parts) == 1:
        return dict(parts[0])
    sizes = [len(part["key"]) for part in parts]
    names = dict.fromkeys(name for part in parts for name in part["values"])
    found: dict[str, Any] = {
        name: list(chain.from_iterable(part[name] for part in parts)) for name in ("key", "kind", "file", "row")
    }
    each = list(zip(parts, sizes, strict=True))
    found["values"] = {
        name: list(chain.from_iterable(part["values"].get(name) or [None] * size for part, size in each))
        for name in names
    }
    for about in ("origin", "given"):
        cells: dict[str, list[list[Any]]] = {}
        found[about] = cells
        for part, first in zip(parts, accumulate(sizes, initial=0), strict=False):
            for name, said in part[about].items():
                cells.setdefault(name, []).extend([first + place, value] for place, value in said)
    return found


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
