"""A council list goes live: it takes the place of the one before, and what rests on it is worked out again."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import Any

from sqlalchemy import Connection, insert, select, update

from service import audit
from service import tables as t
from service.access import Access
from service.clock import now
from service.database import lock_rolls
from service.etags import STALE
from service.problems import Refusal
from service.refs import new_ref
from service.settings import Settings
from service.supplements.difference import Difference, difference_of, replaced_by
from service.supplements.disagreements import review
from service.supplements.queries import UNDECIDED, difference_line, require_list
from service.supplements.staging import LIVE, STAGED, SUPERSEDED


def confirm(
    connection: Connection, access: Access, settings: Settings, ref: str, require_seen: Callable[[int], None]
) -> dict[str, Any]:
    """Make a staged list live, wholly; returns the receipt. A live one stays as it is and says so.

    `require_seen` refuses a version that is not the one the caller looked at.
    """
    lock_rolls(connection)  # registers rest on rolls and lists: one change of them at a time
    row = require_list(connection, access, ref)
    if row.state == LIVE:
        return _receipt(connection, row, difference_of(connection, row), [], []) | {"unchanged": True}
    if row.state != STAGED:
        raise Refusal(409, "superseded", "A later list has taken the place of this one. Send it again if it is right.")
    require_seen(row.version)
    replaced = replaced_by(connection, row)
    if any(other.as_at > row.as_at for other in replaced):
        raise Refusal(409, "older_list", "The live list is of a later day than this one. Send the latest list.")
    found = difference_of(connection, row)
    _switch(connection, access, row, replaced)
    open_rows(connection, row.id)
    checks = refresh(connection, settings, _new_cover(row, replaced), {*found.before, *found.now}, named=row.complete)
    row = require_list(connection, access, ref)
    receipt = _receipt(connection, row, found, [other.ref for other in replaced], checks)
    receipt["renewing"] = renewing(connection)
    detail = {"team": row.team, "replaced": receipt["replaced"], **found.counts}
    audit.record(connection, access, "supplement.confirm", ref, {*found.before, *found.now}, detail)
    return receipt


def _switch(connection: Connection, access: Access, row: Any, replaced: Sequence[Any]) -> None:
    lists = t.supplements
    for other in replaced:
        connection.execute(
            update(lists).where(lists.c.id == other.id).values(state=SUPERSEDED, version=other.version + 1)
        )
        close_rows(connection, other.id)
    done = connection.execute(
        update(lists)
        .where(lists.c.id == row.id, lists.c.version == row.version)
        .values(
            state=LIVE,
            version=row.version + 1,
            earlier_id=replaced[-1].id if replaced else None,
            confirmed_at=now(),
            confirmed_by_id=access.person_id,
        )
    )
    if done.rowcount != 1:
        raise Refusal(412, "stale", STALE)


def open_rows(connection: Connection, supplement_id: int) -> int:
    """Put the rows that nobody has decided on the list “to resolve”."""
    row = t.supplement_rows.c
    query = select(row.id, row.state).where(row.supplement_id == supplement_id, row.state.in_(UNDECIDED))
    entries = [
        {"ref": new_ref("resolution"), "kind": "list_row", "supplement_row_id": number, "says": {"state": state}}
        for number, state in connection.execute(query)
    ]
    if entries:
        connection.execute(insert(t.resolutions), entries)
    return len(entries)


def close_rows(connection: Connection, supplement_id: int) -> None:
    """Take the rows of a list that counts no more off again."""
    mine = select(t.supplement_rows.c.id).where(t.supplement_rows.c.supplement_id == supplement_id)
    entries = t.resolutions.c
    connection.execute(
        update(t.resolutions)
        .where(entries.supplement_row_id.in_(mine), entries.closed_at.is_(None))
        .values(closed_at=now(), version=entries.version + 1)
    )


def _new_cover(row: Any, replaced: Sequence[Any]) -> list[Any]:
    """The lists that may say something new of pupils who are not on them: not where one like it was there before."""
    cover = [(other.complete, other.years, sorted(other.fields)) for other in (row, *replaced)]
    return [] if len(cover) == 2 and cover[0] == cover[1] else [row, *replaced]


def refresh(
    connection: Connection, settings: Settings, lists: Sequence[Any], listed: Collection[int], *, named: bool = False
) -> list[str]:
    """Work every open check out again for the pupils listed, and everybody whom these lists cover as complete ones.

    Returns the references of the checks. `named`: entries about anybody may name a list that is there no more.
    """
    from service.registers.renewal import renew  # registers rest on lists

    done = []
    for check in open_checks(connection):
        pupils = _affected(connection, check.id, lists, listed)
        if pupils is None or pupils:
            review(connection, check.id, None if named else pupils)
            renew(connection, settings, check.id, "list", pupils)
            done.append(check.ref)
    return done


def renewing(connection: Connection) -> list[str]:
    """The open checks whose registers are being worked out anew."""
    from service.registers.renewal import waiting  # registers rest on lists

    at_it = waiting(connection)
    return [check.ref for check in open_checks(connection) if check.id in at_it]


def open_checks(connection: Connection) -> Sequence[Any]:
    """Checks that are not closed, the latest first."""
    return connection.execute(
        select(t.checks).where(t.checks.c.closed_at.is_(None)).order_by(t.checks.c.on.desc())
    ).all()


def _affected(connection: Connection, check_id: int, lists: Sequence[Any], listed: Collection[int]) -> set[int] | None:
    """The pupils of a check of whom a list speaks: a complete one of everybody it covers. None: everybody."""
    roll = t.roll_pupils.c
    whole = [item for item in lists if item.complete]
    if any(not item.years for item in whole):
        return None
    on_roll = set(
        connection.execute(select(roll.pupil_id).where(roll.check_id == check_id, roll.live).distinct()).scalars()
    )
    return on_roll & ({*listed} | _of_years(connection, check_id, {year for item in whole for year in item.years}))


def _of_years(connection: Connection, check_id: int, years: Collection[int]) -> set[int]:
    if not years:
        return set()
    row = t.register_rows.c
    query = (
        select(row.pupil_id)
        .join(t.registers, t.registers.c.id == row.register_id)
        .where(t.registers.c.check_id == check_id, row.year_group.in_(years))
    )
    return set(connection.execute(query.distinct()).scalars())


def _receipt(
    connection: Connection, row: Any, found: Difference, replaced: list[str], checks: list[str]
) -> dict[str, Any]:
    rows = t.supplement_rows.c
    undecided = select(rows.id).where(rows.supplement_id == row.id, rows.state.in_(UNDECIDED))
    return {
        "ref": row.ref,
        "version": row.version,
        "state": row.state,
        "replaced": replaced,
        "difference": difference_line(connection, found),
        "to_resolve": len(connection.execute(undecided).all()),
        "checks": checks,
        "renewing": [],
    }


def withdraw(connection: Connection, access: Access, ref: str) -> None:
    """Delete a list that is not live yet, with all of its rows."""
    row = require_list(connection, access, ref)
    if row.state != STAGED:
        raise Refusal(409, "not_staged", "This list was confirmed. Send a corrected list: it takes this one’s place.")
    connection.execute(t.supplement_rows.delete().where(t.supplement_rows.c.supplement_id == row.id))
    connection.execute(t.supplements.delete().where(t.supplements.c.id == row.id))
    audit.record(connection, access, "supplement.withdraw", about=ref)
