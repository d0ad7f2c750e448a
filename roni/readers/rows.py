"""One row a pupil: repeated rows, merged rows, pupils on roll at two schools. Every row is accounted for."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import numpy as np
from numpy.typing import NDArray

from roni.cohort import KEY_KINDS, UNKNOWN, NotKept, Values, is_known
from roni.errors import ProblemBlock
from roni.fields import Field
from roni.readers.stack import Stack

# Which of two registrations is the main one: single or main dual before those that are somebody else's pupil, and one
# that has ended after all others. The codes are those of `registration_status` in the dictionary.
MAIN_FIRST = {"single": 0, "main_dual": 0, "further_education": 2, "subsidiary": 3, "guest": 4, "other": 4}
NOT_STATED = 1
ENDED = 5
NAMES = ("surname", "forename")
SESSIONS = ("sessions_possible", "sessions_attended", "sessions_authorised", "sessions_unauthorised", "sessions_absent")
# On whose roll a pupil is, and until when, is a fact of one registration: another school's is never put in its place.
OF_ONE_REGISTRATION = ("registration", "attendance")
ROWS_NAMED = 5  # in the sentence about a pupil who stands on many rows


@dataclass(frozen=True)
class Settled:
    """The rows that stay, what became of the others, and what a person should look at."""

    stack: Stack
    not_kept: list[NotKept]
    problems: list[ProblemBlock]


def one_row_a_pupil(stack: Stack, on: date) -> Settled:
    """Keep one row for each key. `on`, the day of the check, tells which registrations have ended."""
    group, repeated = _groups(stack)
    problems: list[ProblemBlock] = []
    if len(repeated):
        stack, problems = _part_strangers(stack, group, repeated)
        group, repeated = _groups(stack) if problems else (group, repeated)
    if not len(repeated):
        return Settled(stack, [], problems)
    first = _first_of_group(stack, group, repeated, on)
    others = repeated[first[repeated] != repeated]
    elsewhere = _elsewhere(stack, others, first[others])
    same = _identical(stack, others, first[others])
    codes = np.where(elsewhere, "registered_elsewhere", np.where(same, "duplicate", "merged"))
    columns = dict(stack.columns)
    problems += _merge(stack, columns, _SamePupil(others[codes == "merged"], first))
    problems += _join_registrations(stack, columns, _SamePupil(others[codes == "registered_elsewhere"], first))
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
    """An identifier shared by different names is two pupils: each keeps a row of its own."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if not all(name in stack.columns for name in NAMES):
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
    """Surname and forename both differ, and no equal birth date says that it is a change of name."""
    differ = np.ones(len(rows), dtype=bool)
    for name in NAMES:
        differ &= _differing(stack.fields[name], stack.column(name), rows, firsts)
    born = stack.column("date_of_birth")
    return np.asarray(differ & ~(born[rows] == born[firsts]))


def _lowest(group: NDArray[np.int64], rows: NDArray[np.int64], rank: NDArray[np.int64]) -> NDArray[np.int64]:
    """For each row of `rows`, the row of its group that comes first by rank; other rows stand for themselves."""
    first = np.arange(len(group))
    order = rows[np.lexsort((rank[rows], group[rows]))]
    starts = np.r_[True, group[order][1:] != group[order][:-1]]
    leaders = order[np.maximum.accumulate(np.where(starts, np.arange(len(order)), 0))]
    first[order] = leaders
    return first


def _first_of_group(stack: Stack, group: NDArray[np.int64], rows: NDArray[np.int64], on: date) -> NDArray[np.int64]:
    """The row that stays: the main registration, else the first."""
    item = stack.fields["registration_status"]
    weights = np.array([*(MAIN_FIRST.get(code, NOT_STATED) for code in item.codes), NOT_STATED])
    weight = weights[stack.column("registration_status")]
    if "leaving_date" in stack.columns:
        weight = np.where(stack.column("leaving_date") <= np.datetime64(on, "s"), ENDED, weight)
    return _lowest(group, rows, weight * np.int64(len(stack)) + np.arange(len(stack)))


def _elsewhere(stack: Stack, rows: NDArray[np.int64], firsts: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Whether a row is of another school than the one that stays: by URN, LAESTAB or name; else by its file."""
    import pyarrow.compute as pc

    school = pc.coalesce(*(pc.utf8_lower(stack.column(name)) for name in ("urn", "laestab", "school_name")))
    codes = school.dictionary_encode().indices.fill_null(-1).to_numpy(zero_copy_only=False)
    both = (codes[rows] >= 0) & (codes[firsts] >= 0)
    other_file = stack.file_index[rows] != stack.file_index[firsts]
    return np.asarray(np.where(both, codes[rows] != codes[firsts], other_file))


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


class _SamePupil:
    """Rows of the same pupils beside the rows that stay, all of a pupil together, the row that stays first."""

    def __init__(self, others: NDArray[np.int64], first: NDArray[np.int64]) -> None:
        rows = np.concatenate([np.unique(first[others]), others])
        self.rows = rows[np.lexsort((rows, first[rows] != rows, first[rows]))]
        self.kept = np.unique(first[others])
        self.starts = np.flatnonzero(first[self.rows] == self.rows)
        self.others = others

    def first_known(self, item: Field, values: Values) -> tuple[NDArray[np.bool_], NDArray[np.int64]]:
        """For each pupil whether any row knows the field, and the first row that does."""
        known = is_known(item, values.take(self.rows))
        place = np.where(known, np.arange(len(self.rows)), len(self.rows))
        found = np.minimum.reduceat(place, self.starts)
        any_known = found < len(self.rows)
        return any_known, self.rows[np.where(any_known, found, 0)]

    def differ(self, item: Field, values: Values) -> NDArray[np.bool_]:
        """For each pupil whether two rows know the field and do not agree."""
        cells, known = _cells(item, values, self.rows)
        if not known.any():
            return np.zeros(len(self.starts), dtype=bool)
        codes = np.unique(np.where(known, cells, cells[known][0]), return_inverse=True)[1]
        low = np.minimum.reduceat(np.where(known, codes, len(codes)), self.starts)
        high = np.maximum.reduceat(np.where(known, codes, -1), self.starts)
        return np.asarray(high > low)

    def of(self, pupil: int) -> NDArray[np.int64]:
        """The rows of one pupil."""
        end = self.starts[pupil + 1] if pupil + 1 < len(self.starts) else len(self.rows)
        return self.rows[self.starts[pupil] : end]


def _merge(stack: Stack, columns: dict[str, Values], same: _SamePupil) -> list[ProblemBlock]:
    """Differing cells are not known, and a problem; a name stays as first written; a blank takes another row's cell."""
    problems: list[ProblemBlock] = []
    if not len(same.others):
        return problems
    for name, values in stack.columns.items():
        item = stack.fields[name]
        differ = same.differ(item, values)
        problems += [_merged(stack, name, same.of(pupil)) for pupil in np.flatnonzero(differ).tolist()]
        columns[name] = _filled(item, columns[name], same)
        if item.type != "text":
            columns[name][same.kept[differ]] = UNKNOWN[item.type][1]
    return problems


def _merged(stack: Stack, name: str, rows: NDArray[np.int64]) -> ProblemBlock:
    kept = rows[0]
    file = int(stack.file_index[kept])
    named = [
        f"{stack.row[row]}" + ("" if stack.file_index[row] == file else f" of {stack.files[stack.file_index[row]]}")
        for row in rows[:ROWS_NAMED]
    ]
    more = [f"{len(rows) - ROWS_NAMED} more"] if len(rows) > ROWS_NAMED else []
    *most, last = [*named, *more]
    code = "merged_text" if stack.fields[name].type == "text" else "merged"
    says = {"rows": f"{', '.join(most)} and {last}"}
    return ProblemBlock(code, stack.files[file], stack.heading(file, name), stack.row[[kept]], says)


def _filled(item: Field, values: Values, same: _SamePupil) -> Values:
    """The rows that stay, their unknown cells taken from the pupil's first row that knows."""
    known, source = same.first_known(item, values)
    if item.type != "text":
        values = values.copy()
        values[same.kept[known]] = values[source[known]]
        return values
    takes = np.arange(len(values))
    takes[same.kept[known]] = source[known]
    return values.take(takes)


def _join_registrations(stack: Stack, columns: dict[str, Values], same: _SamePupil) -> list[ProblemBlock]:
    """The main school's values stand, its unknowns filled from the other's; sessions add up where all give them."""
    problems: list[ProblemBlock] = []
    if not len(same.others):
        return problems
    for name, values in stack.columns.items():
        item = stack.fields[name]
        if item.family in OF_ONE_REGISTRATION:
            continue
        if item.scored and item.type != "text":
            mask = np.zeros(len(stack), dtype=bool)
            mask[same.kept[same.differ(item, values)]] = True
            problems += stack.blocks("registrations_differ", mask, name, {"label": item.label})
        columns[name] = _filled(item, columns[name], same)
    _add_sessions(columns, same)
    _name_other_school(stack, columns, same)
    return problems


def _add_sessions(columns: dict[str, Values], same: _SamePupil) -> None:
    """Attendance at two schools is combined from sessions only; a per cent of one school is then not the pupil's."""
    totals = {name: _total(columns[name], same) for name in SESSIONS if name in columns}
    usable = np.zeros(len(same.kept), dtype=bool)
    for name in SESSIONS[1:]:
        if name in totals and SESSIONS[0] in totals:
            usable |= (totals[name] >= 0) & (totals[SESSIONS[0]] > 0)
    for name, total in totals.items():
        columns[name] = columns[name].copy()
        columns[name][same.kept[usable]] = total[usable]
    for name in ("attendance", "absence"):
        if name in columns:
            columns[name] = columns[name].copy()
            columns[name][same.kept[usable]] = np.nan


def _total(values: Values, same: _SamePupil) -> NDArray[np.int64]:
    """Each pupil's sum over all rows; -1 where a row does not know."""
    cells = values[same.rows].astype(np.int64)
    least = np.minimum.reduceat(cells, same.starts)
    return np.asarray(np.where(least >= 0, np.add.reduceat(cells, same.starts), -1))


def _name_other_school(stack: Stack, columns: dict[str, Values], same: _SamePupil) -> None:
    import pyarrow as pa

    texts: list[str | None] = [None] * len(stack)
    names = stack.column("school_name")
    for pupil, kept in enumerate(same.kept.tolist()):
        schools = [names[row].as_py() or stack.files[stack.file_index[row]] for row in same.of(pupil)[1:].tolist()]
        texts[kept] = ", ".join(dict.fromkeys(schools))
    columns["also_registered_at"] = pa.array(texts, pa.string())
