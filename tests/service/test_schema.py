"""Migrations make exactly the tables that the service is written for, and can be gone back on with data in them."""

from __future__ import annotations

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import func, inspect, select

from roni import RoniError
from service import schema
from service import tables as t
from service.database import Database


@pytest.fixture
def database(database_url: str):
    made = Database(database_url)
    yield made
    made.dispose()


def test_the_migrations_make_exactly_the_tables_of_the_service(database: Database) -> None:
    schema.upgrade(database)
    with database.read() as connection:
        differences = compare_metadata(MigrationContext.configure(connection), t.metadata)
    assert differences == []


def test_upgrading_twice_changes_nothing(database: Database) -> None:
    schema.upgrade(database)
    schema.upgrade(database)
    schema.require_current(database)


def test_a_database_without_tables_is_refused_with_what_to_do(database: Database) -> None:
    with pytest.raises(RoniError, match=r"no tables of this service yet.*roni service upgrade"):
        schema.require_current(database)


def test_a_database_of_another_version_is_refused_with_what_to_do(database: Database) -> None:
    schema.upgrade(database)
    with database.write() as connection:
        connection.exec_driver_sql("update alembic_version set version_num = '0000'")
    with pytest.raises(RoniError, match=r"not at this version.*backup"):
        schema.require_current(database)


def test_going_down_with_data_and_up_again_leaves_the_same_tables(service) -> None:
    database = service.owner
    schema.downgrade(database, "base")
    with database.read() as connection:
        assert inspect(connection).get_table_names() == [schema.STAMP]
    schema.upgrade(database)
    with database.read() as connection:
        assert compare_metadata(MigrationContext.configure(connection), t.metadata) == []
        assert connection.execute(select(func.count()).select_from(t.schools)).scalar() == 0


def test_a_migration_that_fails_leaves_the_database_as_it_was(database: Database) -> None:
    with database.write() as connection:
        connection.exec_driver_sql("create table supplements (id integer)")  # one of ours cannot be made
    with pytest.raises(Exception, match="already exists"):
        schema.upgrade(database)
    with database.read() as connection:
        assert inspect(connection).get_table_names() == ["supplements"]
