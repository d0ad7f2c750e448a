"""Council lists as they are shown: all that the caller may see, one, its rows, what it changes."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, func, select, true

from service import audit
from service import tables as t
from service.access import Access
from service.cursors import read_cursor, write_cursor
from service.problems import Refusal
from service.supplements.difference import Difference, difference_of
from service.supplements.matching import PROPOSED, SEVERAL, match_rows
from service.supplements.staging import team_label

UNDECIDED = (PROPOSED, SEVERAL, "unmatched")
NAMES = ("ref", "version", "team", "name", "field", "fields", "as_at", "complete", "years", "state", "created_at",
         "confirmed_at")  # fmt: skip


def may_read_list(access: Access) -> ColumnElement[bool]:
    """A council team sees its own lists; who reads every pupil sees all."""
    return true() if access.everything else t.supplements.c.team == (access.team or "")


def require_list(connection: Connection, access: Access, ref: str) -> Any:
    """The row of a list. Raises a 404, also where it is another team's."""
    row = connection.execute(
        select(t.supplements).where(t.supplements.c.ref == ref, may_read_list(access))
    ).one_or_none()
    if row is None:
        raise Refusal(404, "not_found", "There is no such list, or you may not see it.")
    return row


def lists(
    connection: Connection, access: Access, team: str | None, state: str | None, limit: int, cursor: str | None
) -> dict[str, Any]:
    """Lists, the latest first."""
    item = t.supplements.c
    query = select(t.supplements).where(may_read_list(access)).order_by(item.id.desc()).limit(limit + 1)
    for column, value in ((item.team, team), (item.state, state)):
        query = query if value is None else query.where(column == value)
    if cursor is not None:
        query = query.where(item.id < read_cursor(cursor, int)[0])
    rows = connection.execute(query).all()
    counts = counts_of(connection, [row.id for row in rows])
    more = rows[limit - 1].id if len(rows) > limit else None
    items = [line_of(row, counts.get(row.id, {})) for row in rows[:limit]]
    return {"items": items, "next": None if more is None else write_cursor(more)}


def counts_of(connection: Connection, ids: Collection[int]) -> dict[int, dict[str, int]]:
    """How many rows of each list are in which state."""
    row = t.supplement_rows.c
    query = select(row.supplement_id, row.state, func.count()).where(row.supplement_id.in_(ids))
    found: dict[int, dict[str, int]] = {}
    for number, state, count in connection.execute(query.group_by(row.supplement_id, row.state)):
        found.setdefault(number, {})[state] = count
    return found


def line_of(row: Any, counts: Mapping[str, int]) -> dict[str, Any]:
    return {**{name: getattr(row, name) for name in NAMES}, "team_label": team_label(row.team), "rows": dict(counts)}


def show(connection: Connection, access: Access, ref: str) -> dict[str, Any]:
    """One list with how it was read and what it changes."""
    row = require_list(connection, access, ref)
    counts = counts_of(connection, [row.id]).get(row.id, {})
    found = difference_of(connection, row)
    return {**line_of(row, counts), "account": row.account, "difference": difference_line(connection, found)}


def difference_line(connection: Connection, found: Difference) -> dict[str, Any]:
    """A difference in numbers."""
    earlier = None
    if found.earlier:
        lists = t.supplements.c
        earlier = connection.execute(select(lists.ref).where(lists.id == found.earlier[-1])).scalar()
    return {"earlier": earlier, **found.counts}


def changes(
    connection: Connection, access: Access, ref: str, limit: int, cursor: str | None
) -> tuple[dict[str, Any], list[int]]:
    """The pupils of whom the list says something else than the one before, as the lists name them; and their ids."""
    row = require_list(connection, access, ref)
    items = difference_of(connection, row).items()
    after = read_cursor(cursor, str, int) if cursor else ("", 0)
    rest = [item for item in items if (item[0], item[1]) > after]
    page = rest[:limit]
    refs = _refs(connection, [pupil for _, pupil, _ in page])
    shown = [_changed(change, refs[pupil], record) for change, pupil, record in page]
    more = write_cursor(page[-1][0], page[-1][1]) if len(rest) > limit else None
    return {"items": shown, "next": more}, [pupil for _, pupil, _ in page]


def _changed(change: str, ref: str, record: Mapping[str, Any]) -> dict[str, Any]:
    names = {name: record["values"].get(name) for name in ("upn", "surname", "forename")}
    return {"change": change, "pupil": ref, "row": record["row"], **names}


def _refs(connection: Connection, ids: Collection[int]) -> dict[int, str]:
    found = connection.execute(select(t.pupils.c.id, t.pupils.c.ref).where(t.pupils.c.id.in_(ids)))
    return {row.id: row.ref for row in found}


def rows_of(
    connection: Connection, access: Access, ref: str, state: str | None, limit: int, cursor: str | None
) -> dict[str, Any]:
    """The rows of a list in its order."""
    supplement = require_list(connection, access, ref)
    row = t.supplement_rows.c
    query = _rows().where(row.supplement_id == supplement.id).order_by(row.id).limit(limit + 1)
    if state is not None:
        query = query.where(row.state == state)
    if cursor is not None:
        query = query.where(row.id > read_cursor(cursor, int)[0])
    found = connection.execute(query).all()
    more = found[limit - 1].id if len(found) > limit else None
    items = row_lines(connection, found[:limit])
    return {"items": items, "next": None if more is None else write_cursor(more)}


def _rows() -> Select[Any]:
    row = t.supplement_rows.c
    return select(t.supplement_rows, t.pupils.c.ref.label("pupil_ref")).outerjoin(
        t.pupils, t.pupils.c.id == row.pupil_id
    )


def require_row(connection: Connection, supplement: Any, ref: str) -> Any:
    """A row of a list, with its pupil's reference. Raises a 404."""
    row = t.supplement_rows.c
    found = connection.execute(_rows().where(row.supplement_id == supplement.id, row.ref == ref)).one_or_none()
    if found is None:
        raise Refusal(404, "not_found", "There is no such row in this list.")
    return found


def row_lines(connection: Connection, rows: Iterable[Any]) -> list[dict[str, Any]]:
    """Rows as they are shown; who an undecided one may be is looked up again."""
    rows = list(rows)
    undecided = [row for row in rows if row.state in UNDECIDED]
    matches = match_rows(connection, [row.record["values"] for row in undecided])
    may_be = {
        row.id: candidates(connection, match.may_be or ((match.pupil,) if match.pupil else ()), match.state)
        for row, match in zip(undecided, matches, strict=True)
    }
    return [
        {
            "ref": row.ref,
            "version": row.version,
            "row": row.row,
            "state": row.state,
            "pupil": row.pupil_ref,
            "values": row.record["values"],
            "may_be": may_be.get(row.id, []),
            "reason": row.reason,
        }
        for row in rows
    ]


def candidates(connection: Connection, pupils: Collection[int], state: str) -> list[dict[str, Any]]:
    """Pupils whom a row may be about: where they are, and no more, for the caller may not be allowed to read them."""
    if not pupils:
        return []
    query = (
        select(t.pupils.c.ref, t.schools.c.name)
        .outerjoin(t.schools, t.schools.c.id == t.pupils.c.school_id)
        .where(t.pupils.c.id.in_(pupils))
        .order_by(t.pupils.c.id)
    )
    by = "names_and_birth_date" if state == PROPOSED else "identifier"
    return [{"pupil": ref, "school": school, "by": by} for ref, school in connection.execute(query)]


def record_read(connection: Connection, access: Access, ref: str, pupils: Iterable[int | None]) -> None:
    """Say in the audit whose rows were read."""
    known = [pupil for pupil in pupils if pupil is not None]
    audit.record(connection, access, "supplement.read", about=ref, pupils=known)


def pupils_of_rows(connection: Connection, refs: Collection[str]) -> list[int]:
    """The pupils of rows, by the rows' references."""
    row = t.supplement_rows.c
    query = select(row.pupil_id).where(row.ref.in_(refs), row.pupil_id.is_not(None))
    return list(connection.execute(query).scalars())
