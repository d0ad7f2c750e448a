"""PostgreSQL's row-level security: the second gate. The first is `access.py`, on every database.

Each transaction says whose it is (`Access.settings`, set by `database.py`); a transaction that says nothing sees no
pupil and writes none. The policies hold for the owner of the tables too, so that nobody passes them by accident.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import Connection, inspect, text

from service.schema import STAMP
from service.tables import metadata

FUNCTION = "roni_readable_pupils"
POLICY = "roni_pupils"

_EVERYTHING = "current_setting('roni.everything', true) = 'on'"
_TEAM = "nullif(current_setting('roni.team', true), '')"
_COACH = "nullif(current_setting('roni.caseload_of', true), '')::integer"
_SCHOOLS = "string_to_array(nullif(current_setting('roni.schools', true), ''), ',')::integer[]"

_OF_A_SCHOOL = "coalesce(current_setting('roni.of_a_school', true), '') = 'on'"

# As `Access._moved_on` has it: left one of the caller's schools, and on another's roll in the same check.
_MOVED_ON = f"""
    select ours.pupil_id from roll_pupils ours
    join roll_pupils there on there.pupil_id = ours.pupil_id and there.check_id = ours.check_id
    where ours.live and ours.status = 'left' and ours.school_id = any({_SCHOOLS})
      and there.live and there.status = 'on_roll' and there.school_id <> all({_SCHOOLS})
      and not exists (
        select from roll_pupils back where back.pupil_id = ours.pupil_id and back.live and back.status = 'on_roll'
          and back.school_id = any({_SCHOOLS}) and back.check_id >= ours.check_id)
"""


def _against(school: str, other: str, said: str) -> str:
    """As `access._against` has it."""
    return f"""
    select entry.pupil_id from resolutions entry
    where entry.kind = 'two_schools' and entry.{school} = any({_SCHOOLS}) and ({said})
      and not exists (
        select from roll_pupils gone where gone.pupil_id = entry.pupil_id and gone.school_id = entry.{other}
          and gone.live and gone.status = 'left' and gone.check_id >= entry.check_id)
      and not exists (
        select from resolutions later where later.kind = entry.kind and later.pupil_id = entry.pupil_id
          and later.id > entry.id and later.school_id in (entry.school_id, entry.other_school_id)
          and later.other_school_id in (entry.school_id, entry.other_school_id))
"""


# As `access.own_only` has it: pupils of whom the caller's schools read only what themselves sent.
_CLAIMED = (
    _against("school_id", "other_school_id", "entry.decision is null or entry.decision = 'other_school'")
    + " union "
    + _against("other_school_id", "school_id", "entry.decision = 'school'")
)

# As `Access.may_read` has it: a coach's own caseload, else a team's live lists, else the rolls of the caller's schools;
# of those a school reads neither who has moved on to another school nor whom another school had before.
# While it looks it may see everything, so that no policy asks itself: said in the body, because only a superuser may
# say it of a function, and a hosted database often has none.
_READABLE = f"""
create or replace function {FUNCTION}() returns setof integer
language plpgsql stable as $$
declare said text := coalesce(current_setting('roni.everything', true), '');
begin
  perform set_config('roni.everything', 'on', true);
  return query
    select pupil_id from assignments where coach_id = {_COACH} and ended_at is null
  union
    select item.pupil_id from supplement_rows item join supplements list on list.id = item.supplement_id
    where {_COACH} is null and list.team = {_TEAM} and list.state = 'live'
      and item.pupil_id is not null and item.state in ('matched', 'own_roll')
  union
    select pupil_id from roll_pupils
    where {_COACH} is null and {_TEAM} is null and live and school_id = any({_SCHOOLS})
      and not ({_OF_A_SCHOOL} and (pupil_id in ({_MOVED_ON}) or pupil_id in ({_CLAIMED})));
  perform set_config('roni.everything', said, true);
end
$$
"""

_OF_PUPIL = f"pupil_id in (select {FUNCTION}())"

# Table -> who may see and write a row beside those to whom everything is open.
POLICIES: Mapping[str, str] = {
    "pupils": f"id in (select {FUNCTION}())",
    "roll_pupils": f"{_OF_PUPIL} or ({_COACH} is null and {_TEAM} is null and school_id = any({_SCHOOLS}))",
    "roll_columns": f"submission_id in (select id from submissions where {_COACH} is null and {_TEAM} is null "
    f"and school_id = any({_SCHOOLS}))",
    "register_rows": _OF_PUPIL,
    "upload_pupils": f"upload_id in (select id from uploads where {_COACH} is null and {_TEAM} is null "
    f"and school_id = any({_SCHOOLS}))",
    "upload_leavers": f"upload_id in (select id from uploads where {_COACH} is null and {_TEAM} is null "
    f"and school_id = any({_SCHOOLS}))",
    "supplement_rows": f"supplement_id in (select id from supplements where team = {_TEAM})",
    "kept_rows": _OF_PUPIL,
    "assignments": f"{_OF_PUPIL} or coach_id = {_COACH}",
    "contacts": _OF_PUPIL,
    "moderations": _OF_PUPIL,
    "pupil_requests": _OF_PUPIL,
    "sheet_rows": _OF_PUPIL,
}


def enable(connection: Connection) -> None:
    """Put the policies on the tables that are there, anew where they are on already; other databases have none."""
    if connection.dialect.name != "postgresql":
        return
    connection.execute(text(_READABLE))
    for table in _there(connection):
        rule = POLICIES[table]
        connection.execute(text(f"alter table {table} enable row level security"))
        connection.execute(text(f"alter table {table} force row level security"))
        connection.execute(text(f"drop policy if exists {POLICY} on {table}"))
        whole = f"({_EVERYTHING}) or ({rule})"
        connection.execute(text(f"create policy {POLICY} on {table} using ({whole}) with check ({whole})"))


def _there(connection: Connection) -> list[str]:
    """The tables of the policies, as far as a migration has made them yet."""
    return sorted(POLICIES.keys() & set(inspect(connection).get_table_names()))


def disable(connection: Connection) -> None:
    """Take the policies off again."""
    if connection.dialect.name != "postgresql":
        return
    for table in _there(connection):
        connection.execute(text(f"drop policy if exists {POLICY} on {table}"))
        connection.execute(text(f"alter table {table} no force row level security"))
        connection.execute(text(f"alter table {table} disable row level security"))
    connection.execute(text(f"drop function if exists {FUNCTION}()"))


@dataclass(frozen=True, slots=True)
class Role:
    """What a role of PostgreSQL may do with the tables of the service."""

    name: str
    passes: bool  # no policy holds it: a superuser, or told to bypass row-level security
    owns: bool  # it can take the policies off
    may_make: bool
    no_tables: bool
    may_not: tuple[str, ...]  # the tables that it may not read or write


def role_of(connection: Connection) -> Role:
    """The role of this connection, on PostgreSQL."""
    name, passes, may_make = connection.execute(text(_ROLE)).one()
    tables = connection.execute(text(_TABLES), {"names": [*metadata.tables, STAMP]}).all()
    may_not = tuple(table for table, _, works in tables if not works)
    return Role(name, passes, any(owns for _, owns, _ in tables), may_make, not tables, may_not)


_ROLE = """
select current_user, rolsuper or rolbypassrls, has_schema_privilege(current_schema(), 'create')
from pg_roles where rolname = current_user
"""
_TABLES = """
select relname, pg_has_role(relowner, 'usage'),
  has_table_privilege(oid, 'select') and has_table_privilege(oid, 'insert')
from pg_class where relnamespace = current_schema()::regnamespace and relname = any(:names) order by relname
"""


def let_work(connection: Connection, role: str) -> None:
    """Let a role that owns nothing do the service's work: read and write rows, and change no table."""
    if connection.dialect.name != "postgresql":
        return
    quoted = connection.dialect.identifier_preparer.quote_identifier(role)
    for what in ("select, insert, update, delete on all tables", "usage, select on all sequences"):
        connection.execute(text(f"grant {what} in schema public to {quoted}"))
    connection.execute(text(f"grant usage on schema public to {quoted}"))
    connection.execute(text(f"revoke update, delete on audit_events from {quoted}"))
