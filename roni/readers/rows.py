"""One row a pupil: repeated rows, merged rows, pupils on roll at two schools. Every row is accounted for."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from roni.cohort import KEY_KINDS, UNKNOWN, NotKept, Values, is_known
from roni.errors import ProblemBlock
from roni.fields import Field
from roni.readers.stack import Stack

# Which of two registrations is the main one: single or main dual before those that are somebody else's pupil.
# The codes are those of `registration_status` in the dictionary.
MAIN_FIRST = {"single": 0, "main_dual": 0, "further_education": 2, "subsidiary": 3, "guest": 4, "other": 4}
NOT_STATED = 1
NAMES = ("surname", "forename")
SESSIONS = ("sessions_possible", "sessions_attended", "sessions_authorised", "sessions_unauthorised", "sessions_absent")


@dataclass(frozen=True)
class Settled:
    """The rows that stay, what became of the others, and what a person should look at."""

    stack: Stack
    not_kept: list[NotKept]
    problems: list[ProblemBlock]


def one_row_a_pupil(stack: Stack) -> Settled:
    """Keep one row for each key."""
    group, repeated = _groups(stack)
    problems: list[ProblemBlock] = []
    if len(repeated):
        stack, problems = _part_strangers(stack, group, repeated)
        group, repeated = _groups(stack) if problems else (group, repeated)
    if not len(repeated):
        return Settled(stack, [], problems)
    first = _first_of_group(stack, group, repeated)
    others = repeated[first[repeated] != repeated]
    elsewhere = _school_codes(stack)[others] != _school_codes(stack)[first[others]]
    same = _identical(stack, others, first[others])
    codes = np.where(elsewhere, "registered_elsewhere", np.where(same, "duplicate", "merged"))
    columns = dict(stack.columns)
    problems += _merge(stack, columns, others[codes == "merged"], first)
    problems += _join_registrations(stack, columns, others[codes == "registered_elsewhere"], first)
    not_kept = [
        NotKept(stack.files[stack.file_index[place]], int(stack.row[place]), str(code))
        for place, code in zip(others.tolist(), codes.tolist(), strict=True)
    ]
    mask = np.ones(len(stack), dtype=bool)
    mask[others] = False
    return Settled(replace(stack, columns=columns).keep(mask), not_kept, problems)


def _groups(stack: Stack) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """A number for each row's key, and the rows whose key stands on more than one row."""
    indices = stack.keys.dictionary_encode().indices
    group = np.asarray(indices.to_numpy(zero_copy_only=False), dtype=np.int64)
    if len(group) and group[-1] == len(group) - 1:  # numbered in order of appearance: every key is new
        return group, np.empty(0, dtype=np.int64)
    return group, np.flatnonzero(np.bincount(group, minlength=1)[group] > 1)


def _part_strangers(
    stack: Stack, group: NDArray[np.int64], repeated: NDArray[np.int64]
) -> tuple[Stack, list[ProblemBlock]]:
    """A shared identifier with different names and another birth date is two pupils: each keeps a row of its own."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if "date_of_birth" not in stack.columns:
        return stack, []
    first = _lowest(group, repeated, np.arange(len(stack)))
    strangers = repeated[_strangers(stack, repeated, first[repeated])]
    if not len(strangers):
        return stack, []
    mask = np.zeros(len(stack), dtype=bool)
    mask[strangers] = True
    marked = mask.copy()
    marked[first[strangers]] = True
    keys = pc.replace_with_mask(stack.keys, pa.array(mask), stack.references(np.flatnonzero(mask)))
    kind = np.where(mask, KEY_KINDS.index("reference"), stack.key_kind).astype(np.int8)
    return replace(stack, keys=keys, key_kind=kind), stack.blocks("upn_shared", marked, "upn", {})


def _strangers(stack: Stack, rows: NDArray[np.int64], firsts: NDArray[np.int64]) -> NDArray[np.bool_]:
    differ = np.ones(len(rows), dtype=bool)
    for name in ("date_of_birth", *NAMES):
        differ &= _differing(stack.fields[name], stack.column(name), rows, firsts)
    return differ


def _lowest(group: NDArray[np.int64], rows: NDArray[np.int64], rank: NDArray[np.int64]) -> NDArray[np.int64]:
    """For each row of `rows`, the row of its group that comes first by rank; other rows stand for themselves."""
    first = np.arange(len(group))
    order = rows[np.lexsort((rank[rows], group[rows]))]
    starts = np.r_[True, group[order][1:] != group[order][:-1]]
    leaders = order[np.maximum.accumulate(np.where(starts, np.arange(len(order)), 0))]
    first[order] = leaders
    return first


def _first_of_group(stack: Stack, group: NDArray[np.int64], rows: NDArray[np.int64]) -> NDArray[np.int64]:
    """The row that stays: the main registration, else the first."""
    item = stack.fields["registration_status"]
    weight = np.array([*(MAIN_FIRST.get(code, NOT_STATED) for code in item.codes), NOT_STATED])
    rank = weight[stack.column("registration_status")] * np.int64(len(stack)) + np.arange(len(stack))
    return _lowest(group, rows, rank)


def _school_codes(stack: Stack) -> NDArray[np.int64]:
    """A number for each row's school: URN, LAESTAB or name; else its file."""
    import pyarrow.compute as pc

    file = np.asarray(stack.file_index, dtype=np.int64)
    school = pc.coalesce(*(pc.utf8_lower(stack.column(name)) for name in ("urn", "laestab", "school_name")))
    encoded = school.dictionary_encode().indices
    return np.asarray(encoded.fill_null(-1).to_numpy(zero_copy_only=False), dtype=np.int64) + np.where(
        np.asarray(school.is_valid()), len(stack.files), -file
    )


def _cells(item: Field, values: Values, rows: NDArray[np.int64]) -> tuple[Any, NDArray[np.bool_]]:
    cells = values.take(rows)
    known = is_known(item, cells)
    if item.type == "text":
        import pyarrow.compute as pc

        cells = pc.utf8_lower(cells).to_numpy(zero_copy_only=False)
    return cells, known


def _differing(item: Field, values: Values, rows: NDArray[np.int64], firsts: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Both known and not the same."""
    left, left_known = _cells(item, values, rows)
    right, right_known = _cells(item, values, firsts)
    return np.asarray(left_known & right_known & (left != right))


def _identical(stack: Stack, rows: NDArray[np.int64], firsts: NDArray[np.int64]) -> NDArray[np.bool_]:
    same = np.ones(len(rows), dtype=bool)
    for name, values in stack.columns.items():
        left, left_known = _cells(stack.fields[name], values, rows)
        right, right_known = _cells(stack.fields[name], values, firsts)
        same &= (left_known == right_known) & (~left_known | (left == right))
    return same


def _merge(
    stack: Stack, columns: dict[str, Values], rows: NDArray[np.int64], first: NDArray[np.int64]
) -> list[ProblemBlock]:
    """Differing cells are not known, and a problem; a name stays as first written; a blank takes the other's value."""
    problems: list[ProblemBlock] = []
    if not len(rows):
        return problems
    for name, values in stack.columns.items():
        item = stack.fields[name]
        differ = _differing(item, values, rows, first[rows])
        problems += [_merged(stack, name, int(place), int(first[place])) for place in rows[differ].tolist()]
        columns[name] = _filled(item, columns[name], rows, first[rows])
        if item.type != "text":
            columns[name][first[rows[differ]]] = UNKNOWN[item.type][1]
    return problems


def _merged(stack: Stack, name: str, place: int, kept: int) -> ProblemBlock:
    file = stack.file_index[kept]
    heading = stack.heading(int(file), name)
    other = stack.row[place]
    where = f"{other}" if stack.file_index[place] == file else f"{other} of {stack.files[stack.file_index[place]]}"
    says = {"rows": f"{stack.row[kept]} and {where}"}
    code = "merged_text" if stack.fields[name].type == "text" else "merged"
    return ProblemBlock(code, stack.files[file], heading, stack.row[[kept]], says)


def _filled(item: Field, values: Values, rows: NDArray[np.int64], firsts: NDArray[np.int64]) -> Values:
    """The first rows' unknown cells take the other row's known ones."""
    fill = ~is_known(item, values.take(firsts)) & is_known(item, values.take(rows))
    if item.type != "text":
        values = values.copy()
        values[firsts[fill]] = values[rows[fill]]
        return values
    if not fill.any():
        return values
    import pyarrow as pa
    import pyarrow.compute as pc

    mask = np.zeros(len(values), dtype=bool)
    source = np.zeros(len(values), dtype=np.int64)
    mask[firsts[fill]], source[firsts[fill]] = True, rows[fill]
    return pc.if_else(pa.array(mask), values.take(source), values)


def _join_registrations(
    stack: Stack, columns: dict[str, Values], rows: NDArray[np.int64], first: NDArray[np.int64]
) -> list[ProblemBlock]:
    """The main school's values stand, its unknowns filled from the other's; sessions add up where both give them."""
    problems: list[ProblemBlock] = []
    if not len(rows):
        return problems
    both = np.ones(len(rows), dtype=bool)
    for place in (rows, first[rows]):
        both &= stack.column("sessions_possible")[place] > 0
    for name, values in stack.columns.items():
        item = stack.fields[name]
        if item.family == "attendance":
            continue
        differ = _differing(item, values, rows, first[rows]) if item.scored and item.type != "text" else None
        if differ is not None and differ.any():
            mask = np.zeros(len(stack), dtype=bool)
            mask[first[rows[differ]]] = True
            problems += stack.blocks("registrations_differ", mask, name, {"label": item.label})
        columns[name] = _filled(item, columns[name], rows, first[rows])
    _add_sessions(columns, rows[both], first)
    _name_other_school(stack, columns, rows, first)
    return problems


def _add_sessions(columns: dict[str, Values], rows: NDArray[np.int64], first: NDArray[np.int64]) -> None:
    """Attendance at two schools is combined from sessions only; a per cent of one school is then not the pupil's."""
    kept = first[rows]
    usable = np.zeros(len(rows), dtype=bool)
    for name in SESSIONS[1:]:
        if name in columns:
            usable |= (columns[name][rows] >= 0) & (columns[name][kept] >= 0)
    rows, kept = rows[usable], kept[usable]
    for name in SESSIONS:
        if name in columns:
            values = columns[name].copy()
            known = (values[rows] >= 0) & (values[kept] >= 0)
            values[kept] = np.where(known, values[kept] + values[rows], -1)
            columns[name] = values
    for name in ("attendance", "absence"):
        if name in columns:
            columns[name] = columns[name].copy()
            columns[name][kept] = np.nan


def _name_other_school(
    stack: Stack, columns: dict[str, Values], rows: NDArray[np.int64], first: NDArray[np.int64]
) -> None:
    import pyarrow as pa

    texts = [None] * len(stack)
    names = stack.column("school_name")
    for place in rows.tolist():
        texts[first[place]] = names[place].as_py() or stack.files[stack.file_index[place]]
    columns["also_registered_at"] = pa.array(texts, pa.string())
