"""Who has which coach, one at a time. Nobody leaves a caseload because a rank fell: only a person ends it."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, false, func, insert, or_, select, true, update
from sqlalchemy.exc import IntegrityError

from service import audit
from service import tables as t
from service.access import Access, Permission, access_of
from service.caseload.schemas import Shape
from service.clock import now, today
from service.etags import STALE
from service.problems import Refusal

a = t.assignments.c
OPEN = a.ended_at.is_(None)


def version_of(row: Any | None) -> int:
    """A number that changes whenever a pupil's last assignment does: begins, or ends."""
    return 0 if row is None else 2 * int(row.id) + (row.ended_at is not None)


def last_of(connection: Connection, pupil_id: int) -> Any | None:
    """The pupil's last assignment, open or ended."""
    query = (
        select(t.assignments, t.people.c.ref.label("coach_ref"), t.people.c.name.label("coach_name"))
        .join(t.people, t.people.c.id == a.coach_id)
        .where(a.pupil_id == pupil_id)
        .order_by(OPEN.desc(), a.id.desc())
        .limit(1)
    )
    return connection.execute(query).one_or_none()


def show(connection: Connection, pupil: Any) -> Shape:
    """The pupil's coach now, since when and why."""
    row = last_of(connection, pupil.id)
    has = row is not None and row.ended_at is None
    return {
        "pupil": pupil.ref,
        "coach": {"ref": row.coach_ref, "name": row.coach_name} if row is not None and has else None,
        "since": row.created_at if row is not None and has else None,
        "reason": row.reason if row is not None and has else None,
        "version": version_of(row),
    }


def list_coaches(connection: Connection) -> list[Shape]:
    """Everybody who may have a caseload, by name, and how many pupils each has."""
    counted = (
        select(a.coach_id, func.count().label("pupils"))
        .join(t.pupils, t.pupils.c.id == a.pupil_id)
        .where(OPEN, t.pupils.c.died_at.is_(None))
        .group_by(a.coach_id)
        .subquery()
    )
    rows = connection.execute(
        select(t.people.c.ref, t.people.c.name, func.coalesce(counted.c.pupils, 0).label("pupils"))
        .outerjoin(counted, counted.c.coach_id == t.people.c.id)
        .where(t.people.c.disabled_at.is_(None), t.people.c.id.in_(select(t.grants.c.person_id).where(*_in_force())))
        .order_by(func.lower(t.people.c.name), t.people.c.id)
    )
    return [dict(row._mapping) for row in rows]


def _in_force() -> tuple[ColumnElement[bool], ...]:
    grant = t.grants.c
    return grant.role == "coach", grant.ended_at.is_(None), or_(grant.ends_on.is_(None), grant.ends_on >= today())


def require_coach(connection: Connection, ref: str) -> Any:
    """The person, where they are a coach now."""
    row = connection.execute(
        select(t.people).where(
            t.people.c.ref == ref,
            t.people.c.disabled_at.is_(None),
            t.people.c.id.in_(select(t.grants.c.person_id).where(*_in_force())),
        )
    ).one_or_none()
    if row is None:
        raise Refusal(422, "not_a_coach", "This person is not a coach now. Choose one of the list of coaches.")
    return row


def require_person(connection: Connection, ref: str) -> Any:
    """The person, coach or no longer: somebody who has left still has their pupils until they are handed over."""
    row = connection.execute(select(t.people).where(t.people.c.ref == ref)).one_or_none()
    if row is None:
        raise Refusal(404, "not_found", "There is no such person.")
    return row


def reach(connection: Connection, coach_id: int) -> ColumnElement[bool]:
    """The condition on pupils: those whom the coach may read, or may once they are assigned."""
    grants = connection.execute(
        select(t.grants.c.id, t.grants.c.own_caseload).where(t.grants.c.person_id == coach_id, *_in_force())
    )
    found: list[ColumnElement[bool]] = []
    for grant in grants.all():
        held = access_of(connection, grant.id, "session", None, today())
        if grant.own_caseload:
            found.append(true())
        elif held is not None:
            found.append(held.may_read(t.pupils.c.id))
    return or_(false(), *found)


def require_reach(connection: Connection, coach_id: int, pupil_id: int) -> None:
    """Refuse a pupil whom the coach would not be able to see."""
    within = select(t.pupils.c.id).where(t.pupils.c.id == pupil_id, reach(connection, coach_id))
    if connection.execute(within).scalar() is None:
        detail = "That coach may not see pupils of this school. Choose another one, or ask an administrator."
        raise Refusal(422, "out_of_reach", detail)


def assign(connection: Connection, access: Access, pupil: Any, row: Any | None, coach: Any, reason: str) -> None:
    """Give a pupil, whose last assignment is `row`, to a coach. Coaches take on pupils without one, and pass on their
    own; the council assigns anybody to anybody."""
    if pupil.died_at is not None:
        raise Refusal(409, "record_closed", "Nothing more is done for this pupil.")
    has = row is not None and row.ended_at is None
    if row is not None and has and row.coach_id == coach.id:
        return
    _require_may(access, row.coach_id if row is not None and has else None, coach.id)
    require_reach(connection, coach.id, pupil.id)
    if row is not None and has:
        _end(connection, access, [row], reason, coach.id)
    begin(connection, access, [pupil.id], coach.id, reason)
    audit.record(connection, access, "coach.assign", about=coach.ref, pupils=[pupil.id])


def _require_may(access: Access, has: int | None, wanted: int) -> None:
    if Permission.CASELOAD_MANAGE in access.permissions:
        return
    if has is not None and has != access.person_id:
        detail = "This pupil has another coach. That coach, or the council, can hand them over."
        raise Refusal(409, "has_coach", detail)
    if has is None and wanted != access.person_id:
        detail = "You can take a pupil on yourself. Only the council assigns pupils to others."
        raise Refusal(403, "not_yours", detail)


def end(connection: Connection, access: Access, pupil: Any, row: Any | None, reason: str) -> None:
    """End the assignment of a pupil; they stand in the register as before."""
    if row is None or row.ended_at is not None:
        raise Refusal(409, "no_coach", "This pupil has no coach.")
    if row.coach_id != access.person_id:
        access.require(Permission.CASELOAD_MANAGE)
    _end(connection, access, [row], reason)
    audit.record(connection, access, "coach.end", about=row.coach_ref, pupils=[pupil.id])


def hand_over(
    connection: Connection, access: Access, giving: Any, taking: Any, pupils: Collection[str] | None, reason: str
) -> Shape:
    """Hand all or some of a coach's pupils over to another. Who cannot go stays where they are, and is said."""
    if giving.id != access.person_id:
        access.require(Permission.CASELOAD_MANAGE)
    query = (
        select(a.id, a.pupil_id, t.pupils.c.ref, reach(connection, taking.id).label("within"))
        .join(t.pupils, t.pupils.c.id == a.pupil_id)
        .where(OPEN, a.coach_id == giving.id, t.pupils.c.died_at.is_(None))
    )
    rows = [row for row in connection.execute(query).all() if pupils is None or row.ref in pupils]
    going = [row for row in rows if row.within]
    _end(connection, access, going, reason, taking.id)
    begin(connection, access, [row.pupil_id for row in going], taking.id, reason)
    audit.record(
        connection, access, "coach.hand_over", about=taking.ref, pupils=[row.pupil_id for row in going],
        detail={"from": giving.ref, "count": len(going)},
    )  # fmt: skip
    here = {row.ref for row in rows}
    return {
        "handed_over": len(going),
        "stayed": [{"pupil": row.ref, "code": "out_of_reach"} for row in rows if not row.within]
        + [{"pupil": ref, "code": "not_with_them"} for ref in sorted(set(pupils or ()) - here)],
    }


def _end(connection: Connection, access: Access, rows: Iterable[Row[Any]], reason: str, to: int | None = None) -> None:
    """End assignments that were open when they were read; somebody else may have ended one since."""
    for row in rows:
        done = connection.execute(
            update(t.assignments)
            .where(a.id == row.id, OPEN)
            .values(ended_at=now(), ended_by_id=access.person_id, ended_reason=reason, handed_to_id=to)
        )
        if done.rowcount != 1:
            raise Refusal(412, "stale", STALE)


def begin(
    connection: Connection, access: Access, pupils: Collection[int], coach_id: int, reason: str, rule: str | None = None
) -> None:
    """Begin assignments. Of two at once the second is refused: the database holds one open a pupil."""
    made = {"coach_id": coach_id, "by_id": access.person_id, "reason": reason, "rule": rule}
    if not pupils:
        return
    try:
        with connection.begin_nested():
            connection.execute(insert(t.assignments), [{"pupil_id": pupil, **made} for pupil in pupils])
    except IntegrityError:
        raise Refusal(412, "stale", STALE) from None
