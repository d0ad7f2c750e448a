"""Many rows in one go are stored as SQLAlchemy stores them one by one, on both databases."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic_core import to_json
from sqlalchemy import JSON, Boolean, Column, Integer, MetaData, Table, Text, cast, insert, select

from service.access import Access
from service.database import Written
from service.many import insert_many
from service.tables import Instant
from tests.service.conftest import Service

NAMES = ("number", "words", "said", "whether", "at")
THINGS = Table(
    "things_of_this_test", MetaData(), Column("id", Integer, primary_key=True), Column("number", Integer),
    Column("words", Text), Column("said", JSON), Column("whether", Boolean), Column("at", Instant),
)  # fmt: skip
ROWS: list[tuple[Any, ...]] = [
    (1, "it’s 100 % of %s and ?", {"name": ["Åsa", None, 1.5, True]}, True, datetime(2026, 11, 21, 9, 30, tzinfo=UTC)),
    (2, "", {}, False, datetime(2027, 1, 15, tzinfo=UTC)),
    (3, None, None, None, None),
]


def with_text(row: tuple[Any, ...]) -> tuple[Any, ...]:
    """The row with what is to be JSON as a text already, as a process that reads files gives it."""
    return (*row[:2], Written(to_json(row[2]).decode()), *row[3:])


def test_rows_are_stored_as_sqlalchemy_stores_them(service: Service) -> None:
    with service.database.write(Access.system()) as connection:
        connection.exec_driver_sql("create temporary table things_of_this_test (id integer, number integer, words text,"
                                   " said json, whether boolean, at timestamptz)"
                                   if connection.dialect.name == "postgresql" else
                                   "create temporary table things_of_this_test (id integer, number integer, words text,"
                                   " said json, whether boolean, at datetime)")  # fmt: skip
        stored = []
        for write in (
            lambda: insert_many(connection, THINGS, NAMES, iter(ROWS)),
            lambda: insert_many(connection, THINGS, NAMES, map(with_text, ROWS)),
            lambda: connection.execute(insert(THINGS), [dict(zip(NAMES, row, strict=True)) for row in ROWS]),
        ):
            write()
            columns = [THINGS.c[name] for name in NAMES]
            stored.append(
                (
                    connection.execute(select(*columns).order_by(THINGS.c.number)).all(),
                    connection.execute(select(cast(THINGS.c.said, Text)).order_by(THINGS.c.number)).all(),
                )
            )
            connection.exec_driver_sql("delete from things_of_this_test")
    assert stored[0] == stored[1] == stored[2]
    assert [tuple(row) for row in stored[0][0]] == ROWS


def test_no_rows_are_no_statement(sqlite_service: Service) -> None:
    with sqlite_service.database.write(Access.system()) as connection:
        insert_many(connection, THINGS, NAMES, [])  # the table is not there


def test_a_row_that_lacks_a_value_is_refused(sqlite_service: Service) -> None:
    with sqlite_service.database.write(Access.system()) as connection, pytest.raises(IndexError):
        insert_many(connection, THINGS, NAMES, [(1, "two")])
