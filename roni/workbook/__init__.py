"""A register, or what changed between two, as a file that people open."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from roni.errors import RoniError
from roni.order import RANKED
from roni.tally import NOT_KEPT_WORDS
from roni.wording.lines import Lines, distinct
from roni.wording.reasons import points as in_points
from roni.workbook import legend, made_by
from roni.writers.csv import write_csv
from roni.writers.destination import SUFFIXES, Destination, check_destination
from roni.writers.parquet import write_parquet
from roni.writers.xlsx import Page, Sheet, write_xlsx

if TYPE_CHECKING:
    from roni.cohort import Cohort
    from roni.movement import Movement
    from roni.register import Register

HOW_TO_READ = "How to read this"
MOST_PROBLEMS = 20_000  # rows of the problems sheet: nobody reads more, and `roni validate --json` has them all
WIDTHS = {
    "rank": 6, "upn": 15, "surname": 16, "forename": 14, "preferred_name": 15, "year_group": 11,
    "registration_group": 18, "school": 20, "band": 10, "band_max": 10, "points": 8, "points_max": 11, "could_be": 12,
    "probability": 12, "reasons": 52, "not_known": 28, "ask_first": 27, "within_capacity": 15,
    "chance": 20, "marks": 18, "file": 18,
}  # fmt: skip
WRAPPED = ("school", "band", "band_max", "could_be", "reasons", "not_known", "ask_first", "chance", "marks")
# There, but not shown. band_max and points_max also count what a whole file lacks: for people there is could_be.
FOR_PROGRAMS = ("section", "key", "key_kind", "band_max", "points_max")
CHANGE_WIDTHS = {
    "upn": 15, "surname": 16, "forename": 14, "school_name": 20, "kind": 12, "band_before": 10, "points_before": 8,
    "rank_before": 8, "band_now": 10, "points_now": 8, "rank_now": 8, "why": 70,
}  # fmt: skip


def write_register(
    register: Register,
    path: Destination,
    capacity: int | None = None,
    *,
    table: Any = None,
    kind: str | None = None,
) -> None:
    """Write a register as .csv, .xlsx or .parquet, as the name ends; an existing file is replaced whole.

    `path` may be a stream of bytes to write to: then `kind` says which of the three. `table` is `list_table` of both,
    where it has been made already. Raises RoniError when the file cannot be written.
    """
    file, kind = _to(path, kind)
    table = list_table(register, capacity) if table is None else table
    if kind == ".xlsx":
        page = Page(HOW_TO_READ, list(legend.of_register(register, capacity)))
        write_xlsx([_list_sheet(register, table), page, *_account_sheets(register.cohort)], file)
    else:
        _write_table(table, register, file, kind)


def write_movement(movement: Movement, now: Register, path: Destination, *, kind: str | None = None) -> None:
    """Write what changed between two checks as .csv, .xlsx or .parquet, as the name ends; or as `kind` to a stream.

    `now` is the later check's register. Raises RoniError when the file cannot be written.
    """
    (file, kind), table = _to(path, kind), movement.to_table()
    if kind == ".xlsx":
        page = Page(HOW_TO_READ, list(legend.of_movement(movement, now)))
        write_xlsx([_changes_sheet(table), page, *_account_sheets(now.cohort)], file)
    else:
        _write_table(table, now, file, kind)


def list_table(register: Register, capacity: int | None = None) -> Any:
    """The register's table; with a capacity also `within_capacity`, who is in the list that can be seen.

    Yes, no, or displaced: the scorecard alone would have put the pupil there, so the pupil is to be seen too.
    """
    table = register.to_table()
    if capacity is None:
        return table
    import pyarrow as pa

    short = register.top(capacity)
    within = np.full(len(register), "no", dtype="<U9")
    within[short.pupils] = "yes"
    within[short.displaced] = "displaced"
    unranked = register.section != RANKED
    column = pa.array(within[register.order], mask=unranked[register.order])
    return table.add_column(table.column_names.index("ask_first") + 1, "within_capacity", column)


def _to(path: Destination, kind: str | None) -> tuple[Destination, str]:
    """Where to write and what kind of file."""
    if isinstance(path, (str, Path)):
        file = check_destination(path)
        return file, file.suffix.lower()
    if kind not in SUFFIXES:
        raise RoniError(f"Say what kind of file is to be written: one of {', '.join(SUFFIXES)}.")
    return path, kind


def _write_table(table: Any, register: Register, file: Destination, kind: str) -> None:
    """A table for other programs, one heading row on top: what it was made by stands behind it, or in its metadata."""
    if kind == ".csv":
        write_csv(made_by.with_columns(table, register), file)
    else:
        write_parquet(made_by.with_metadata(table, register), file)


def _list_sheet(register: Register, table: Any) -> Sheet:
    table = _with_could_be(register, table)
    empty = [name for name in table.column_names if _is_empty(table.column(name))]
    without_model = () if register.model_name else ("rules_band",)
    return Sheet(
        "List",
        table,
        widths=WIDTHS,
        wrapped=WRAPPED,
        bold=("rank", "band"),
        hidden=(*FOR_PROGRAMS, *without_model, *empty),
        formats={"probability": "0%"},
        lines_above=_where_it_changes(register.section[register.order], register.band[register.order]),
        printed_to="marks",
    )


def _with_could_be(register: Register, table: Any) -> Any:
    """The table with what each pupil could be, in words, beside the points; empty where nothing more can be."""
    order, made, most = register.order, register.assessment, register.could_be
    higher = ((most.band > register.band) | (most.points > made.points)) & (register.section == RANKED)
    lines, names = Lines(len(register)), [band.name for band in register.card.bands]
    places = np.flatnonzero(higher)
    first, which = distinct(most.band[places], most.points[places])
    said = [f"{names[most.band[place]]}, {in_points(int(most.points[place]))}" for place in places[first]]
    lines.say(places, said, which)
    return table.add_column(table.column_names.index("points_max") + 1, "could_be", lines.joined(order))


def _changes_sheet(table: Any) -> Sheet:
    kinds = np.unique(np.asarray(table.column("kind").to_pylist(), dtype=np.str_), return_inverse=True)[1]
    return Sheet(
        "Changes",
        table,
        widths=CHANGE_WIDTHS,
        wrapped=("school_name", "why"),
        bold=("kind",),
        hidden=("key",),
        lines_above=_where_it_changes(kinds),
    )


def _account_sheets(cohort: Cohort) -> list[Sheet]:
    problems = [
        (item.file, item.row, item.column, item.message, item.code)
        for item in itertools.islice(cohort.problems, MOST_PROBLEMS)
    ]
    not_kept = [(item.file, item.row, NOT_KEPT_WORDS[item.code], item.code) for item in cohort.not_kept]
    return [
        Sheet(
            "Problems",
            _table(problems, ("file", "row", "column", "what to do", "code")),
            widths={"file": 26, "row": 8, "column": 24, "what to do": 80, "code": 22},
            wrapped=("file", "column", "what to do"),
        ),
        Sheet(
            "Rows not kept",
            _table(not_kept, ("file", "row", "why", "code")),
            widths={"file": 40, "row": 8, "why": 50, "code": 22},
        ),
    ]


def _table(rows: list[tuple[Any, ...]], names: tuple[str, ...]) -> Any:
    import pyarrow as pa

    columns = zip(*rows, strict=True) if rows else [()] * len(names)
    kinds = {"row": pa.int64()}
    named = zip(names, columns, strict=True)
    return pa.table({name: pa.array(column, kinds.get(name, pa.string())) for name, column in named})


def _is_empty(column: Any) -> bool:
    return len(column) > 0 and set(column.unique().to_pylist()) <= {None, ""}


def _where_it_changes(*columns: Any) -> frozenset[int]:
    """The places at which any of these columns differs from the one above."""
    differs = np.logical_or.reduce([column[1:] != column[:-1] for column in columns])
    return frozenset((np.flatnonzero(differs) + 1).tolist())
