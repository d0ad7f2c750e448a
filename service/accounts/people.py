"""People and their grants: listed, invited, disabled, given roles. For administrators, and for commands."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from sqlalchemy import Connection, func, insert, or_, select, tuple_, update

from service import audit
from service import tables as t
from service.access import ROLES, TEAMS, Access
from service.accounts import passwords, sessions
from service.accounts.local import folded, set_password
from service.clock import now, today
from service.cursors import read_cursor, write_cursor
from service.etags import STALE
from service.problems import Refusal
from service.refs import new_ref

OF_ONE_SCHOOL = frozenset({"returns", "careers"})
OF_DISTRICT = frozenset({"coach", "panel"})
NEVER_YOUTH_JUSTICE = frozenset({"returns", "administrator"})
FIRST_EMAIL = "administrator@localhost"


def listed(connection: Connection, limit: int, cursor: str | None = None) -> tuple[Sequence[Any], str | None]:
    """A page of people by name, and the cursor of the next."""
    people = t.people.c
    query = select(t.people).order_by(people.name, people.id).limit(limit + 1)
    if cursor:
        query = query.where(tuple_(people.name, people.id) > read_cursor(cursor, str, int))
    rows = connection.execute(query).all()
    more = write_cursor(rows[limit - 1].name, rows[limit - 1].id) if len(rows) > limit else None
    return rows[:limit], more


def find(connection: Connection, ref: str) -> Any:
    row = connection.execute(select(t.people).where(t.people.c.ref == ref)).one_or_none()
    if row is None:
        raise Refusal(404, "not_found", "There is no such person.")
    return row


def grants_of(connection: Connection, people: Sequence[int]) -> dict[int, list[Any]]:
    """The grants that have not been ended, of each of some people."""
    found: dict[int, list[Any]] = {person: [] for person in people}
    rows = connection.execute(
        select(t.grants, t.schools.c.name.label("school"), t.schools.c.urn)
        .outerjoin(t.schools, t.schools.c.id == t.grants.c.school_id)
        .where(t.grants.c.person_id.in_(people), t.grants.c.ended_at.is_(None))
        .order_by(t.grants.c.id)
    )
    for row in rows:
        found[row.person_id].append(row)
    return found


def invite(connection: Connection, access: Access, name: str, email: str, *, password: bool) -> tuple[str, str | None]:
    """Add a person without any role: their reference, and a first password to change where one is asked for."""
    ref, made = add(connection, name, email, passwords.new_password() if password else None)
    audit.record(connection, access, "person.add", ref, detail={"password": password})
    return ref, made


def add(connection: Connection, name: str, email: str, password: str | None) -> tuple[str, str | None]:
    """The reference of a new person, and the password, which must be changed when it is first used."""
    _require_free(connection, email)
    ref = new_ref("person")
    row = {"ref": ref, "name": name.strip(), "email": folded(email)}
    person = connection.execute(insert(t.people).values(**row)).inserted_primary_key
    assert person is not None, "an insert of one row gives its key"
    if password is not None:
        set_password(connection, person[0], password, must_change=True)
    return ref, password


def _require_free(connection: Connection, email: str, but: int = 0) -> None:
    taken = select(t.people.c.id).where(t.people.c.email == folded(email), t.people.c.id != but)
    if connection.execute(taken).first() is not None:
        raise Refusal(409, "email_taken", "Somebody with this e-mail address is there already.")


def change(connection: Connection, access: Access, person: Any, **values: Any) -> None:
    """Change name, e-mail address or whether the person is disabled. Refused (412) where somebody was quicker."""
    if "email" in values:
        _require_free(connection, values["email"], but=person.id)
        values["email"] = folded(values["email"])
    if (disabled := values.pop("disabled", None)) is not None:
        values["disabled_at"] = (person.disabled_at or now()) if disabled else None
    done = connection.execute(
        update(t.people)
        .where(t.people.c.id == person.id, t.people.c.version == person.version)
        .values(**values, version=person.version + 1)
    )
    if done.rowcount != 1:
        raise Refusal(412, "stale", STALE)
    if disabled:
        sessions.end_all(connection, person.id)
        _require_an_administrator(connection)
    audit.record(connection, access, "person.change", person.ref, detail={"changed": sorted(values)})


def reset_password(connection: Connection, access: Access, person: Any) -> str:
    """A new password that must be changed when it is used; signs the person out everywhere."""
    password = passwords.new_password()
    set_password(connection, person.id, password, must_change=True)
    sessions.end_all(connection, person.id)
    audit.record(connection, access, "person.password", person.ref)
    return password


def grant(
    connection: Connection,
    access: Access,
    person: Any,
    role: str,
    *,
    school: str | None = None,
    district: str | None = None,
    team: str | None = None,
    own_caseload: bool = False,
    youth_justice: bool = False,
    ends_on: date | None = None,
) -> str:
    """Give a person a role; `school` is a URN. Returns its reference. Raises a 422 for what makes no sense together."""
    _require_sense(role, school, district, team, own_caseload, youth_justice, ends_on)
    ref = new_ref("grant")
    connection.execute(
        insert(t.grants).values(
            ref=ref,
            person_id=person.id,
            role=role,
            school_id=None if school is None else _school_id(connection, school),
            district=district,
            team=team,
            own_caseload=own_caseload,
            youth_justice=youth_justice,
            ends_on=ends_on,
            granted_by_id=access.person_id or None,
        )
    )
    audit.record(connection, access, "grant.add", person.ref, detail={"grant": ref, "role": role})
    return ref


def _require_sense(
    role: str,
    school: str | None,
    district: str | None,
    team: str | None,
    own_caseload: bool,
    youth_justice: bool,
    ends_on: date | None,
) -> None:
    wrong = {
        "role": role not in ROLES and "Choose one of the roles.",
        "school": (
            (role in OF_ONE_SCHOOL and school is None and "Say which school this role is for.")
            or (role not in OF_ONE_SCHOOL | {"coach"} and school is not None and "This role is not for one school.")
            or (school is not None and district is not None and "Give a school or a district, not both.")
        ),
        "district": role not in OF_DISTRICT and district is not None and "This role is not for one district.",
        "team": (
            (role == "team" and team not in TEAMS and "Say which council team this is.")
            or (role != "team" and team is not None and "Only the role of a council team has a team.")
        ),
        "own_caseload": role != "coach" and own_caseload and "Only a coach has a caseload.",
        "youth_justice": (
            role in NEVER_YOUTH_JUSTICE and youth_justice and "This role cannot see youth justice information."
        ),
        "ends_on": ends_on is not None and ends_on < today() and "The last day has passed. Give today or a later day.",
    }
    for where, sentence in wrong.items():
        if sentence:
            raise Refusal(422, "grant_not_possible", sentence, where=where)


def _school_id(connection: Connection, urn: str) -> int:
    found = connection.execute(select(t.schools.c.id).where(t.schools.c.urn == urn)).scalar_one_or_none()
    if found is None:
        raise Refusal(
            422, "grant_not_possible", "There is no school with this URN. Add the school first.", where="school"
        )
    return int(found)


def end_grant(connection: Connection, access: Access, person: Any, grant_ref: str) -> None:
    """End a role at once: sessions and tokens under it are over. Ending it again changes nothing."""
    row = connection.execute(
        select(t.grants).where(t.grants.c.ref == grant_ref, t.grants.c.person_id == person.id)
    ).one_or_none()
    if row is None:
        raise Refusal(404, "not_found", "This person has no such role.")
    if row.ended_at is not None:
        return
    connection.execute(update(t.grants).where(t.grants.c.id == row.id).values(ended_at=now()))
    _require_an_administrator(connection)
    audit.record(connection, access, "grant.end", person.ref, detail={"grant": grant_ref, "role": row.role})


def _require_an_administrator(connection: Connection) -> None:
    if not administrators(connection):
        raise Refusal(409, "last_administrator", "Somebody must be administrator. Give another person the role first.")


def administrators(connection: Connection) -> int:
    """How many people may sign in as administrator for good."""
    grants = t.grants.c
    return connection.execute(
        select(func.count())
        .select_from(t.grants)
        .join(t.people, t.people.c.id == grants.person_id)
        .where(grants.role == "administrator", grants.ended_at.is_(None), t.people.c.disabled_at.is_(None))
        .where(or_(grants.ends_on.is_(None), grants.ends_on >= today()))
    ).scalar_one()


def first_administrator(connection: Connection, email: str = FIRST_EMAIL) -> str | None:
    """Add the first administrator and give the password, to be printed once; None where there is one already."""
    if administrators(connection):
        return None
    ref, password = add(connection, "First administrator", email, passwords.new_password())
    grant(connection, Access.system(), find(connection, ref), "administrator")
    return password
