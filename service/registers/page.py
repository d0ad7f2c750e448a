"""A page of a register: ready-made lines in order, with the rank, the coach, the last contact and the next action.

The lines are texts that were made when the register was worked out; a page only puts them together.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic_core import to_json
from sqlalchemy import ColumnElement, Connection, Select, and_, func, select

from service import tables as t
from service.access import Access, Permission
from service.among import among
from service.clock import today
from service.problems import Refusal
from service.registers.filters import RegisterFilters, conditions
from service.registers.order import CLAIMED, RANKED

r = t.register_rows.c


@dataclass(frozen=True)
class Slice:
    """Rows of a register in order; `position` items came before the first; `more` come after the last."""

    rows: Sequence[Any]
    position: int
    more: bool

    @property
    def pupils(self) -> list[int]:
        return [row.pupil_id for row in self.rows]

    @property
    def audit_refs(self) -> list[str] | None:
        """What the audit calls these pupils; None where any has no name there yet."""
        refs = [row.audit_ref for row in self.rows]
        return None if None in refs else refs


def require_register(connection: Connection, access: Access, check: Any) -> Any:
    """The row of the check's register as the caller's view sees it. Raises a 404 before any school has returned."""
    register = t.registers.c
    row = connection.execute(
        select(t.registers).where(
            register.check_id == check.id, register.view == access.view, register.beside.is_(False)
        )
    ).one_or_none()
    if row is None:
        raise Refusal(404, "no_register", "No school has confirmed its roll for this check yet.")
    return row


def which(connection: Connection, access: Access, check: Any, register: Any, asked: RegisterFilters) -> Any:
    """The condition on `register_rows`: of this register, readable by this caller, as asked for."""
    return and_(
        r.register_id == register.id,
        access.may_read_line(r.pupil_id, r.school_id),
        *conditions(connection, check, register, asked),
    )


def rows_query(condition: ColumnElement[bool]) -> Select[Any]:
    """The rows of a list in order, each with what its line and the audit need."""
    return (
        select(r.id, r.pupil_id, r.sort, r.section, r.line, t.pupil_links.c.audit_ref)
        .outerjoin(t.pupil_links, t.pupil_links.c.pupil_id == r.pupil_id)
        .where(condition)
        .order_by(r.sort)
    )


FEW_SCHOOLS = 10


def in_order(access: Access) -> ColumnElement[str]:
    """The order of a register, so that what is read is as much as is shown.

    Who reads most of it follows the index of the order and stops after a page. Of who reads few pupils it is quicker
    to find those and sort them: the same text, but not by that index.
    """
    return r.sort.concat("") if reads_few(access) else r.sort


def reads_few(access: Access) -> bool:
    """Whether a caller reads so few pupils that these are found first."""
    few = access.own_caseload or access.team is not None or len(access.schools or ()) < FEW_SCHOOLS
    return few and not access.everything


def read_slice(
    connection: Connection,
    access: Access,
    condition: ColumnElement[bool],
    limit: int,
    after: tuple[str, int] | None = None,
) -> Slice:
    """The rows after a place, at most `limit`."""
    place, position = after or ("", 0)
    sort = in_order(access)
    query = rows_query(condition).order_by(None).order_by(sort).limit(limit + 1)
    if after is not None:
        query = query.where(sort > place)
    rows = connection.execute(query).all()
    return Slice(rows[:limit], position, len(rows) > limit)


def followed_by(part: Slice, claimed: Sequence[Any], limit: int, after: tuple[str, int] | None) -> Slice:
    """The same, and where the register's rows end here the lines that come after them."""
    if part.more or not claimed:
        return part
    rest = [row for row in claimed if after is None or row.sort > after[0]]
    room = limit - len(part.rows)
    return Slice([*part.rows, *rest[:room]], part.position, len(rest) > room)


def lines(connection: Connection, access: Access, part: Slice) -> str:
    """The JSON of the lines, comma between."""
    more = beside(connection, access, part.rows)
    return ",".join(
        f"{row.line[:-1]},{ranked(row, part.position + place)}{more[row.pupil_id]}}}"
        for place, row in enumerate(part.rows, 1)
    )


def ranked(row: Any, rank: int) -> str:
    """The rank of a line, which only ranked pupils have."""
    return f'"rank":{rank if row.section == RANKED else "null"},'


NOBODY = '"coach":null'
NO_CONTACT = ',"last_contact":null,"next_action":null'


def extras(connection: Connection, access: Access, pupils: Collection[int]) -> dict[int, str]:
    """For each of a page's pupils the JSON of coach, last contact and next action, as far as the caller may read."""
    coaches = _coaches(connection, pupils)
    reads_contacts = Permission.CONTACTS_READ in access.permissions
    contacts = _contacts(connection, pupils) if reads_contacts else {}
    none = NO_CONTACT if reads_contacts else ""
    return {pupil: coaches.get(pupil, NOBODY) + contacts.get(pupil, none) for pupil in pupils}


def beside(connection: Connection, access: Access, rows: Sequence[Any]) -> dict[int, str]:
    """The same for rows of a list; nothing of whom the caller reads only what their own school sent."""
    more = extras(connection, access, [row.pupil_id for row in rows if row.section != CLAIMED])
    none = NOBODY + (NO_CONTACT if Permission.CONTACTS_READ in access.permissions else "")
    return {row.pupil_id: more.get(row.pupil_id, none) for row in rows}


def _coaches(connection: Connection, pupils: Collection[int]) -> dict[int, str]:
    item, person = t.assignments.c, t.people.c
    rows = connection.execute(
        select(item.pupil_id, person.ref, person.name)
        .join(t.people, person.id == item.coach_id)
        .where(among(item.pupil_id, pupils), item.ended_at.is_(None))
    )
    return {row.pupil_id: f'"coach":{to_json({"ref": row.ref, "name": row.name}).decode()}' for row in rows}


def _contacts(connection: Connection, pupils: Collection[int]) -> dict[int, str]:
    item = t.contacts.c
    columns = (item.pupil_id, item.ref, item.on, item.kind, item.outcome, item.next_action, item.next_on, item.done_at)
    last: dict[int, Any] = {}
    due: dict[int, Any] = {}
    query = select(*columns).where(among(item.pupil_id, pupils)).order_by(item.on, item.id)
    for row in connection.execute(query):
        last[row.pupil_id] = row
        waiting = due.get(row.pupil_id)
        if row.next_on is not None and row.done_at is None and (waiting is None or row.next_on < waiting.next_on):
            due[row.pupil_id] = row
    return {pupil: _contact(row, due.get(pupil)) for pupil, row in last.items()}


def _contact(row: Any, due: Any) -> str:
    said = to_json({"on": row.on, "kind": row.kind, "outcome": row.outcome}).decode()
    action = None
    if due is not None:
        overdue = due.next_on < today()
        action = {"contact": due.ref, "what": due.next_action, "on": due.next_on, "overdue": overdue}
    return f',"last_contact":{said},"next_action":{to_json(action).decode()}'


def counts(connection: Connection, condition: ColumnElement[bool], register: Any, claimed: int = 0) -> dict[str, Any]:
    """How many pupils the list has, by section and by band. Only made when asked for."""
    rows = connection.execute(select(r.section, r.band, func.count()).where(condition).group_by(r.section, r.band))
    names = [band["name"] for band in register.card["bands"]]
    found: dict[str, Any] = {"sections": {}, "bands": {}}
    for section, band, number in rows:
        found["sections"][section] = found["sections"].get(section, 0) + number
        if section == RANKED and band >= 0:
            found["bands"][names[band]] = number
    if claimed:
        found["sections"][CLAIMED] = claimed
    return {"pupils": sum(found["sections"].values()), **found}
