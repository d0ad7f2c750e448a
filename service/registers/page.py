"""A page of a register: ready-made lines in order, with the rank, the coach, the last contact and the next action.

The lines are texts that were made when the register was worked out; a page only puts them together.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from pydantic_core import to_json
from sqlalchemy import ColumnElement, Connection, Select, and_, bindparam, func, select

from service import tables as t
from service.access import Access, Permission
from service.among import among
from service.clock import today
from service.octets import octets
from service.problems import Refusal
from service.registers.filters import RegisterFilters, conditions
from service.registers.order import CLAIMED, RANKED

r, assigned, contact = t.register_rows.c, t.assignments.c, t.contacts.c
FEW_SCHOOLS = 10
NO_RANK = b'"rank":null,'
NOBODY = b'"coach":null'
NO_CONTACT = b',"last_contact":null,"next_action":null'

_REGISTER = select(t.registers).where(
    t.registers.c.check_id == bindparam("check"),
    t.registers.c.view == bindparam("as_seen"),
    t.registers.c.beside.is_(False),
)
_ROWS: Select[Any] = select(
    r.pupil_id, r.sort, r.section, octets(r.line).label("line"), t.pupil_links.c.audit_ref
).outerjoin(t.pupil_links, t.pupil_links.c.pupil_id == r.pupil_id)
_COACHES = (
    select(assigned.pupil_id, t.people.c.ref, t.people.c.name)
    .join(t.people, t.people.c.id == assigned.coach_id)
    .where(among(assigned.pupil_id, "pupils"), assigned.ended_at.is_(None))
)
_CONTACTS = (
    select(contact.pupil_id, contact.ref, contact.on, contact.kind, contact.outcome)
    .add_columns(contact.next_action, contact.next_on, contact.done_at)
    .where(among(contact.pupil_id, "pupils"))
    .order_by(contact.on, contact.id)
)


class ListRow(NamedTuple):
    """A pupil's row of a list: where it stands, its line as JSON ready made, and what the audit calls the pupil."""

    pupil_id: int
    sort: str
    section: str
    line: bytes
    audit_ref: str | None


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
    row = connection.execute(_REGISTER, {"check": check.id, "as_seen": access.view}).one_or_none()
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


def rows_query(condition: ColumnElement[bool], order: ColumnElement[str] = r.sort) -> Select[Any]:
    """The rows of a list in order, each with what its line and the audit need."""
    return _ROWS.where(condition).order_by(order)


def read_rows(connection: Connection, query: Select[Any]) -> list[ListRow]:
    """The rows of such a query. Not the database's own rows: to ask those for a name takes ten times as long."""
    return [ListRow._make(row) for row in connection.execute(query).all()]


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
    query = rows_query(condition, sort).limit(limit + 1)
    if after is not None:
        query = query.where(sort > place)
    rows = read_rows(connection, query)
    return Slice(rows[:limit], position, len(rows) > limit)


def followed_by(part: Slice, claimed: Sequence[Any], limit: int, after: tuple[str, int] | None) -> Slice:
    """The same, and where the register's rows end here the lines that come after them."""
    if part.more or not claimed:
        return part
    rest = [row for row in claimed if after is None or row.sort > after[0]]
    room = limit - len(part.rows)
    return Slice([*part.rows, *rest[:room]], part.position, len(rest) > room)


def lines(connection: Connection, access: Access, part: Slice) -> bytes:
    """The JSON of the lines, comma between."""
    more = beside(connection, access, part.rows)
    return b",".join(
        [
            b"%b,%b%b}" % (row.line[:-1], ranked(row, rank), more[row.pupil_id])
            for rank, row in enumerate(part.rows, part.position + 1)
        ]
    )


def ranked(row: Any, rank: int) -> bytes:
    """The rank of a line, which only ranked pupils have."""
    return b'"rank":%d,' % rank if row.section == RANKED else NO_RANK


def extras(connection: Connection, access: Access, pupils: Collection[int]) -> dict[int, bytes]:
    """For each of a page's pupils the JSON of coach, last contact and next action, as far as the caller may read."""
    coaches = _coaches(connection, pupils)
    reads_contacts = Permission.CONTACTS_READ in access.permissions
    contacts = _contacts(connection, pupils) if reads_contacts else {}
    none = NO_CONTACT if reads_contacts else b""
    found = dict.fromkeys(pupils, NOBODY + none)
    found |= {
        pupil: coaches.get(pupil, NOBODY) + contacts.get(pupil, none) for pupil in coaches.keys() | contacts.keys()
    }
    return found


def beside(connection: Connection, access: Access, rows: Sequence[Any]) -> dict[int, bytes]:
    """The same for rows of a list; nothing of whom the caller reads only what their own school sent."""
    none = NOBODY + (NO_CONTACT if Permission.CONTACTS_READ in access.permissions else b"")
    more = extras(connection, access, [row.pupil_id for row in rows if row.section != CLAIMED])
    return {row.pupil_id: more.get(row.pupil_id, none) for row in rows}


def _coaches(connection: Connection, pupils: Collection[int]) -> dict[int, bytes]:
    rows = connection.execute(_COACHES, {"pupils": pupils})
    return {pupil: b'"coach":' + to_json({"ref": ref, "name": name}) for pupil, ref, name in rows}


def _contacts(connection: Connection, pupils: Collection[int]) -> dict[int, bytes]:
    last: dict[int, Any] = {}
    due: dict[int, Any] = {}
    for row in connection.execute(_CONTACTS, {"pupils": pupils}):
        last[row.pupil_id] = row
        waiting = due.get(row.pupil_id)
        if row.next_on is not None and row.done_at is None and (waiting is None or row.next_on < waiting.next_on):
            due[row.pupil_id] = row
    return {pupil: _contact(row, due.get(pupil)) for pupil, row in last.items()}


def _contact(row: Any, due: Any) -> bytes:
    said = to_json({"on": row.on, "kind": row.kind, "outcome": row.outcome})
    action = None
    if due is not None:
        overdue = due.next_on < today()
        action = {"contact": due.ref, "what": due.next_action, "on": due.next_on, "overdue": overdue}
    return b',"last_contact":%b,"next_action":%b' % (said, to_json(action))


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
