"""What an operator does at the command line, by the rules of the pages: upgrades, people, tokens, retention."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, select, text

from roni import RoniError
from service import audit, row_security, schema
from service import tables as t
from service.access import Access
from service.accounts import passwords, people
from service.accounts.credentials import create_token
from service.accounts.local import folded
from service.database import Database
from service.problems import Refusal
from service.settings import Settings


@contextmanager
def writing(database: Database) -> Iterator[Connection]:
    """A transaction of the operator's; what a page would refuse is a sentence at the command line."""
    try:
        with database.write(Access.system()) as connection:
            yield connection
    except Refusal as refusal:
        raise RoniError(refusal.detail) from None


def first_administrator(database: Database) -> tuple[str, str] | None:
    """E-mail address and password of an administrator, made where there is none; None where there is one."""
    with writing(database) as connection:
        password = people.first_administrator(connection)
    return None if password is None else (people.FIRST_EMAIL, password)


def add_person(database: Database, email: str, name: str, role: str, **grant: Any) -> str:
    """Add a person with one role; returns the password that they must change when they first sign in."""
    password = passwords.new_password()
    with writing(database) as connection:
        ref, _ = people.add(connection, name, email, password)
        audit.record(connection, Access.system(), "person.add", ref)
        people.grant(connection, Access.system(), people.find(connection, ref), role, **grant)
    return password


def add_token(database: Database, settings: Settings, email: str, name: str, days: int, role: str | None) -> str:
    """A token with all that a person's role may do; `role` says which, where they have several."""
    with writing(database) as connection:
        person = connection.execute(
            select(t.people).where(t.people.c.email == folded(email), t.people.c.disabled_at.is_(None))
        ).one_or_none()
        grants = people.grants_of(connection, [person.id])[person.id] if person is not None else []
        found = [grant for grant in grants if role in (None, grant.role)]
        if person is None or not found:
            raise RoniError("Nobody with this e-mail address has such a role.")
        if len(found) > 1:
            raise RoniError("This person has several roles. Say which with --role, or make the token on their page.")
        secret, ref = create_token(connection, settings, person.id, found[0].id, name, None, days)
        audit.record(connection, Access.system(), "token.create", ref, detail={"days": days})
    return secret


def upgrade_database(database: Database, application_role: str | None) -> None:
    """Bring a database to this version; on PostgreSQL let a role work in it that owns nothing, and so is held to the
    policies of row-level security whatever else goes wrong. Raises RoniError for a role that is not there."""
    schema.upgrade(database)
    if application_role is None:
        return
    if database.sqlite:
        raise RoniError("SQLite has no roles. Leave out --application-role.")
    with database.write(Access.system()) as connection:
        known = connection.execute(text("select 1 from pg_roles where rolname = :name"), {"name": application_role})
        if known.first() is None:
            raise RoniError("There is no such role. Make it first: create role NAME login.")
        row_security.let_work(connection, application_role)


LET = "Whoever owns the tables runs `roni service upgrade --application-role {role}`, after each new version too."
HELD = "Make a role that owns nothing, run `roni service upgrade --application-role NAME`, and serve as that role."


def role_of(database: Database) -> str | None:
    """On PostgreSQL, what is to be said of the role that serves where the policies do not hold it for good; None where
    they do. Raises RoniError for a role that may not work in all the tables.
    """
    if database.sqlite:
        return None
    with database.read() as connection:
        role = row_security.role_of(connection)
    if role.may_not:
        tables = f"{role.may_not[0]} and {len(role.may_not) - 1} more" if role.may_not[1:] else role.may_not[0]
        raise RoniError(f"The role “{role.name}” may not work in these tables: {tables}. {LET.format(role=role.name)}")
    if role.no_tables and not role.may_make:
        raise RoniError(
            f"The database has no tables of this service yet, and the role “{role.name}” may not make them. "
            f"{LET.format(role=role.name)}"
        )
    if role.passes:
        return f"Warning: the database does not check what the role “{role.name}” may see. {HELD}"
    if role.owns or role.no_tables:
        return f"Warning: the role “{role.name}” owns the tables and can take off what the database checks. {HELD}"
    return None


def apply_retention(database: Database, *, delete: bool) -> dict[str, Any]:
    """Count what is due by the policy, or delete it after a count; what is erased is overwritten."""
    from service.reports import retention  # it rests on every table
    from service.reports.policy import shipped_policy

    with writing(database) as connection:
        done = retention.run(connection, Access.system(), shipped_policy(), dry=not delete)
    if delete:
        database.overwrite_erased(whole=True)
    return done
