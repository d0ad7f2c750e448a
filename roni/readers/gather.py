"""From paths to raw tables: files, folders, census extracts and caseload returns, each under a name of its own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path

from roni.errors import FileRefusedError, RoniError
from roni.readers.census import census_tables, read_census
from roni.readers.nccis import is_nccis, read_nccis
from roni.readers.raw import RawTable
from roni.readers.table import read_tables

READABLE = (".csv", ".txt", ".tsv", ".xlsx", ".xlsm", ".parquet", ".xml")


def raw_tables(paths: Sequence[Path], known: Callable[[str], bool], on: date) -> list[RawTable]:
    """Every table of every path; all files that are refused are named at once.

    `on` is the day as at which a census's free school meals are taken. Raises FileRefusedError, RoniError for several.
    """
    census = census_tables(paths)
    if census is not None:
        others = raw_tables(census.others, known, on) if census.others else []
        return _named_apart([(Path(raw.file), raw) for raw in (*read_census(paths, on=on), *others)])
    found: list[tuple[Path, RawTable]] = []
    refused: list[FileRefusedError] = []
    for path in _files(paths):
        try:
            tables = [read_nccis(path).table] if is_nccis(path) else read_tables(path, known, encoded=True)
        except FileRefusedError as error:
            refused.append(error)
        else:
            found += [(path, table) for table in tables]
    if len(refused) == 1:
        raise refused[0]
    if refused:
        raise RoniError("\n".join(str(error) for error in refused))
    return _named_apart(found)


def _files(paths: Sequence[Path]) -> list[Path]:
    found: list[Path] = []
    for path in paths:
        if not path.is_dir():
            found.append(path)
            continue
        inside = sorted(item for item in path.iterdir() if item.suffix.lower() in READABLE and item.is_file())
        if not inside:
            raise FileRefusedError("folder_empty", path.name, "the folder has no CSV, XLSX or Parquet file in it.")
        found += [item for item in inside if not item.name.startswith(("~$", "."))]
    return found


def _named_apart(found: Sequence[tuple[Path, RawTable]]) -> list[RawTable]:
    """The tables, no two under one name: two files of the same name are told apart by their folder, else by number.

    A row without an identifier is known by file and row, so one name for two files would take two children for one.
    """
    taken: set[str] = set()
    tables = []
    for path, raw in found:
        alike = [other for other, table in found if table.file == raw.file]
        name = raw.file if len(alike) == 1 else f"{path.resolve().parent.name}/{raw.file}"
        number = 2
        while name in taken:
            name, number = f"{raw.file} ({number})", number + 1
        taken.add(name)
        tables.append(raw if name == raw.file else _renamed(raw, name))
    return tables


def _renamed(raw: RawTable, name: str) -> RawTable:
    problems = tuple(replace(block, file=name) if block.file == raw.file else block for block in raw.problems)
    return replace(raw, file=name, problems=problems)
