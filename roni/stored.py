"""A whole cohort as plain JSON values, and exactly back: what a database or another program keeps of a reading."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, replace
from datetime import date
from typing import Any

import numpy as np
from numpy.typing import NDArray

from roni.calendar import Check, get_check
from roni.cohort import KEY_KINDS, NOT_KEPT_CODES, Cohort, NotKept, Reading, Source, Values, is_known, not_known
from roni.errors import SENTENCES, ProblemBlock, Problems, RoniError
from roni.fields import Dictionary, national
from roni.plain import check_names, plain_rows, plain_values, typed_column, typed_columns, values_by_field

SCHEMA = 1


def cohort_to_dict(cohort: Cohort) -> dict[str, Any]:
    """The cohort as mappings, lists, texts, numbers, true, false and null; `cohort_from_dict` gives it back.

    `pupils` has one mapping a pupil: key, kind (of KEY_KINDS), file (place in `files`), row, `values` (only those
    known), `origin` (field -> place in `sources`) and, only where a field was worked out from others, `given`: what
    its own column says, null where that is not known. Nothing outside `pupils` is about one pupil. `pupils_by_field`
    says the same of the pupils in another form, which `cohort_from_dict` reads, too.
    """
    return {
        "schema": SCHEMA,
        "check": check_to_dict(cohort.check),
        "columns": list(cohort.columns),
        "files": list(cohort.files),
        "rows_read": cohort.rows_read,
        "digests": dict(cohort.digests),
        "sources": [asdict(item) | {"as_at": item.as_at and item.as_at.isoformat()} for item in cohort.sources],
        "origin": list(cohort.origin),
        "given": {name: values is not None for name, values in cohort.given.items()},
        "readings": readings_to_list(cohort.readings),
        "problems": problems_to_list(cohort.problems),
        "not_kept": [{"file": item.file, "row": item.row, "code": item.code} for item in cohort.not_kept],
        "pupils": _pupils(cohort),
    }


def cohort_from_dict(data: Mapping[str, Any], fields: Dictionary | None = None) -> Cohort:
    """The cohort that `cohort_to_dict` made these values of; any of its pupils, in any order.

    `fields` is the dictionary it was read with, the national one by default. Raises RoniError where a field, a code or
    the form is not one that is known: nothing is left out in silence.
    """
    if data.get("schema") != SCHEMA:
        raise RoniError(f"This cohort was stored in a form that is not known. The form that is known is {SCHEMA}.")
    try:
        return _cohort(data, national() if fields is None else fields)
    except (KeyError, TypeError, ValueError, AttributeError, IndexError, OverflowError) as error:
        raise RoniError("This is no stored cohort: a part of it is missing, or is of another kind.") from error


def pupils_by_field(pupils: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The `pupils` of a stored cohort with a list a field instead of a mapping a pupil: smaller, and read far faster.

    `key`, `kind`, `file`, `row`: a list of all pupils each; `values`: field -> the value of each pupil, null where it
    is not known; `origin`: field -> [pupil's place, place in `sources`] of each who has one; `given`: field -> [pupil's
    place, what its own column says].

    >>> ann = {"key": "A", "kind": "upn", "file": 0, "row": 2, "values": {"year_group": 11}, "origin": {}}
    >>> bob = {"key": "B", "kind": "upn", "file": 0, "row": 3, "values": {"attendance": 84.5}, "origin": {}}
    >>> pupils_by_field([ann, bob])["values"]
    {'year_group': [11, None], 'attendance': [None, 84.5]}
    """
    return {
        **{part: [pupil[part] for pupil in pupils] for part in ("key", "kind", "file", "row")},
        "values": values_by_field([pupil["values"] for pupil in pupils]),
        **{part: _cells([pupil.get(part) for pupil in pupils]) for part in ("origin", "given")},
    }


def _cells(said: Sequence[Mapping[str, Any] | None]) -> dict[str, list[list[Any]]]:
    """By field, of whom something is said, and what."""
    found: dict[str, list[list[Any]]] = {}
    for place, cells in enumerate(said):
        for name, cell in (cells or {}).items():
            found.setdefault(name, []).append([place, cell])
    return found


def check_to_dict(check: Check) -> dict[str, Any]:
    """A check with its own dates and year groups, which need not be those of the calendar."""
    return {
        "name": check.name,
        "label": check.label,
        "year": str(check.year),
        "on": check.on.isoformat(),
        "due": check.due.isoformat(),
        "accepted_years": list(check.accepted_years),
        "focus_years": list(check.focus_years),
        "few_sessions": check.few_sessions,
    }


def check_from_dict(data: Mapping[str, Any]) -> Check:
    """The check; what is not said is that of the calendar. Raises CalendarError."""
    said = {key: value for key, value in data.items() if key not in ("name", "year")}
    for key in ("on", "due"):
        if key in said:
            said[key] = date.fromisoformat(said[key])
    for key in ("accepted_years", "focus_years"):
        if key in said:
            said[key] = tuple(said[key])
    return replace(get_check(data["name"], data["year"]), **said)


def problems_to_list(problems: Problems) -> list[dict[str, Any]]:
    """Problems as blocks: alike in all but the row."""
    return [
        {
            "code": block.code,
            "file": block.file,
            "column": block.column,
            "rows": None if block.rows is None else block.rows.tolist(),
            "says": dict(block.says),
        }
        for block in problems.blocks
    ]


def problems_from_list(rows: Iterable[Mapping[str, Any]]) -> Problems:
    """The problems. Raises RoniError where a code has no sentence any more."""
    return Problems(
        ProblemBlock(
            _one_of(row["code"], SENTENCES, "problem"),
            row["file"],
            row["column"],
            None if row["rows"] is None else np.array(row["rows"], np.int64),
            dict(row["says"]),
        )
        for row in rows
    )


def readings_to_list(readings: Iterable[Reading]) -> list[dict[str, Any]]:
    """Readings as plain values."""
    return [asdict(item) for item in readings]


def readings_from_list(rows: Iterable[Mapping[str, Any]]) -> tuple[Reading, ...]:
    """The readings."""
    return tuple(Reading(**row) for row in rows)


def _pupils(cohort: Cohort) -> list[dict[str, Any]]:
    values = plain_rows(cohort.fields, cohort.columns, len(cohort))
    origin: list[dict[str, int]] = [{} for _ in values]
    for name, places in cohort.origin.items():
        for pupil in np.flatnonzero(places >= 0).tolist():
            origin[pupil][name] = int(places[pupil])
    kinds = np.array(KEY_KINDS, dtype=object)[cohort.key_kind].tolist()
    who = zip(cohort.keys.to_pylist(), kinds, cohort.file_index.tolist(), cohort.row.tolist(), strict=True)
    rows = [
        {"key": key, "kind": kind, "file": file, "row": row, "values": values[place], "origin": origin[place]}
        for place, (key, kind, file, row) in enumerate(who)
    ]
    _add_given(cohort, rows)
    return rows


def _add_given(cohort: Cohort, rows: list[dict[str, Any]]) -> None:
    """What a field's own column says of those pupils of whom the field says something else."""
    for name, own in cohort.given.items():
        if own is None:
            continue
        item = cohort.fields[name]
        known = is_known(item, own)
        other = np.flatnonzero(_unlike(own, cohort.columns[name], known, cohort.known(name)))
        known_there = other[known[other]]
        says = dict(zip(known_there.tolist(), plain_values(item, own.take(known_there)), strict=True))
        for place in other.tolist():
            rows[place].setdefault("given", {})[name] = says.get(place)


def _unlike(left: Values, right: Values, known: NDArray[np.bool_], right_known: NDArray[np.bool_]) -> Any:
    if not isinstance(left, np.ndarray):
        left, right = (column.to_numpy(zero_copy_only=False) for column in (left, right))
    return (known != right_known) | (known & right_known & (left != right))


def _cohort(data: Mapping[str, Any], fields: Dictionary) -> Cohort:
    pupils = data["pupils"] if isinstance(data["pupils"], Mapping) else pupils_by_field(list(data["pupils"]))
    files, places = tuple(data["files"]), np.array(pupils["file"], np.int16)
    if len(places) and not (places.min() >= 0 and places.max() < len(files)):
        raise IndexError
    columns = typed_columns(fields, data["columns"], pupils["values"], len(places))
    return Cohort(
        fields=fields,
        check=check_from_dict(data["check"]),
        columns=columns,
        keys=_keys(pupils["key"]),
        key_kind=np.array([_KIND_PLACES[kind] for kind in pupils["kind"]], np.int8),
        file_index=places,
        row=np.array(pupils["row"], np.int64),
        files=files,
        rows_read=data["rows_read"],
        problems=problems_from_list(data["problems"]),
        not_kept=tuple(
            NotKept(row["file"], row["row"], _one_of(row["code"], NOT_KEPT_CODES, "reason")) for row in data["not_kept"]
        ),
        readings=readings_from_list(data["readings"]),
        sources=tuple(_source(row) for row in data["sources"]),
        origin=_origin(data, fields, pupils["origin"], len(places)),
        digests=dict(data["digests"]),
        given=_given(data, fields, columns, pupils["given"]),
    )


_KIND_PLACES = {kind: place for place, kind in enumerate(KEY_KINDS)}


def _keys(keys: Sequence[str]) -> Any:
    import pyarrow as pa

    if len(set(keys)) != len(keys) or None in keys:
        raise RoniError("Two pupils of the stored cohort have the same key, or one has none.")
    return pa.array(keys, pa.string())


def _source(row: Mapping[str, Any]) -> Source:
    return Source(row["name"], row["as_at"] and date.fromisoformat(row["as_at"]), row["kind"])


def _one_of(code: str, known: Iterable[str], what: str) -> str:
    if code not in known:
        raise RoniError(f"“{code}” is not a {what} that is known.")
    return code


def _origin(
    data: Mapping[str, Any], fields: Dictionary, said: Mapping[str, Sequence[Sequence[int]]], size: int
) -> dict[str, NDArray[np.int8]]:
    names = dict.fromkeys([*data.get("origin", ()), *said])
    check_names(fields, names)
    origin = {name: np.full(size, -1, np.int8) for name in names}
    for name, cells in said.items():
        for place, source in cells:
            origin[name][place] = source
    if any(size and places.max() >= len(data["sources"]) for places in origin.values()):
        raise IndexError
    return origin


def _given(
    data: Mapping[str, Any],
    fields: Dictionary,
    columns: Mapping[str, Values],
    said: Mapping[str, Sequence[tuple[int, Any]]],
) -> dict[str, Values | None]:
    """The own columns: as the field, but for the cells that say something else."""
    own = data.get("given", {})
    check_names(fields, own)
    found: dict[str, Values | None] = dict.fromkeys(own)
    for name in (name for name, there in own.items() if there):
        cells = said.get(name, ())
        found[name] = _with_cells(fields[name], columns[name], [at for at, _ in cells], [cell for _, cell in cells])
    return found


def _with_cells(item: Any, values: Values, places: Sequence[int], cells: Sequence[Any]) -> Values:
    typed = typed_column(item, cells) if places else not_known(item, 0)
    if item.type != "text":
        result = values.copy()
        result[np.array(places, np.int64)] = typed
        return result
    import pyarrow as pa

    takes = np.arange(len(values))
    takes[np.array(places, np.int64)] = len(values) + np.arange(len(places))
    return pa.concat_arrays([values, typed]).take(pa.array(takes))
