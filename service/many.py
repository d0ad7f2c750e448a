"""Many rows into one table in one go, past what SQLAlchemy does for each of them: a school has hundreds."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from sqlalchemy import Boolean, Connection, Table

Process = Callable[[Any], Any]


def insert_many(connection: Connection, table: Table, names: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Insert rows, each the values of these columns in their order. What is not named has no default: it is null."""
    values = list(_processed(connection, table, names, rows))
    if not values:
        return
    holders = ", ".join(["?" if connection.dialect.paramstyle == "qmark" else "%s"] * len(names))
    quoted = ", ".join(f'"{name}"' for name in names)
    connection.exec_driver_sql(f"insert into {table.name} ({quoted}) values ({holders})", values)


def _processed(
    connection: Connection, table: Table, names: Sequence[str], rows: Iterable[Sequence[Any]]
) -> Iterable[tuple[Any, ...]]:
    """Each value as the database takes it: most as they are, true and false, too."""
    dialect = connection.dialect
    types = [table.c[name].type for name in names]
    found = [None if isinstance(of, Boolean) else of.dialect_impl(dialect).bind_processor(dialect) for of in types]
    processes: list[tuple[int, Process]] = [(place, each) for place, each in enumerate(found) if each is not None]
    if not processes:
        return map(tuple, rows)
    return (_each(row, processes) for row in rows)


def _each(row: Sequence[Any], processes: Iterable[tuple[int, Process]]) -> tuple[Any, ...]:
    values = list(row)
    for place, process in processes:
        values[place] = process(values[place])
    return tuple(values)
