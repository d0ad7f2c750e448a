"""What people decide about rows of a council list: whose they are, that they are nobody's, that they have no school."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, select, update

from service import audit
from service import tables as t
from service.access import Access, Permission
from service.clock import now
from service.database import lock_rolls
from service.etags import STALE
from service.problems import Refusal
from service.settings import Settings
from service.supplements import own_roll
from service.supplements.confirming import refresh
from service.supplements.matching import Match, identifiers, match_rows
from service.supplements.queries import UNDECIDED
from service.supplements.schemas import RowDecision
from service.supplements.staging import LIVE, RESTRICTED, STAGED

DISMISSED, LINKED, OWN_ROLL = "dismissed", "matched", "own_roll"


def decide(
    connection: Connection, access: Access, settings: Settings, supplement: Any, row: Any, decision: RowDecision
) -> None:
    """Carry out what a person decided about one row, and work out again what rests on it."""
    lock_rolls(connection)  # registers rest on rolls and lists: one change of them at a time
    _require_open(supplement, row)
    if decision.action == "own_roll":
        _own_roll(connection, access, settings, supplement, row, decision)
        return
    pupil = None
    if decision.action == "link":
        pupil = _pupil_to_link(connection, access, row, decision.pupil)
    elif not decision.reason:
        raise Refusal(422, "reason_needed", "Say why this row is left out.")
    state = LINKED if pupil is not None else DISMISSED
    _store(connection, access, row, state, pupil, decision.reason)
    touched = {number for number in (pupil, row.pupil_id) if number is not None}
    if supplement.state == LIVE:
        refresh(connection, settings, [], touched)
    audit.record(connection, access, f"supplement.row.{decision.action}", row.ref, touched)


def _require_open(supplement: Any, row: Any) -> None:
    if supplement.state not in (STAGED, LIVE):
        raise Refusal(409, "superseded", "A later list has taken the place of this one. Decide there.")
    if row.state == RESTRICTED:
        raise Refusal(409, "restricted", "This pupil’s information is restricted. The row is not used.")


def _pupil_to_link(connection: Connection, access: Access, row: Any, ref: str | None) -> int:
    """The pupil that a person named, among those proposed, or whom the caller may read anyway."""
    match = match_rows(connection, [row.record["values"]])[0]
    may_be = {*match.may_be, *([match.pupil] if match.pupil else [])}
    if ref is None:
        if len(may_be) != 1:
            raise Refusal(422, "pupil_needed", "Say which pupil the row is about.")
        return may_be.pop()
    pupils = t.pupils.c
    readable = (pupils.id.in_(may_be)) | access.may_read(pupils.id)
    found = connection.execute(select(pupils.id, pupils.restricted).where(pupils.ref == ref, readable)).one_or_none()
    if found is None:
        raise Refusal(404, "not_found", "There is no such pupil, or you may not see them.")
    if found.restricted:
        raise Refusal(409, "restricted", "This pupil’s information is restricted. The row is not used.")
    return int(found.id)


def _store(connection: Connection, access: Access, row: Any, state: str, pupil: int | None, reason: str | None) -> None:
    """Write the decision, unless somebody else has changed the row since, and take it off the list “to resolve”."""
    rows, at = t.supplement_rows, now()
    done = connection.execute(
        update(rows)
        .where(rows.c.id == row.id, rows.c.version == row.version)
        .values(
            state=state,
            pupil_id=pupil,
            proposed_id=None,
            reason=reason,
            decided_at=at,
            decided_by_id=access.person_id,
            version=row.version + 1,
        )
    )
    if done.rowcount != 1:
        raise Refusal(412, "stale", STALE)
    entry = t.resolutions.c
    connection.execute(
        update(t.resolutions)
        .where(entry.supplement_row_id == row.id, entry.closed_at.is_(None))
        .values(
            closed_at=at,
            closed_by_id=access.person_id,
            decision={LINKED: "link", DISMISSED: "dismiss"}.get(state, state),
            reason=reason,
            version=entry.version + 1,
        )
    )


def _own_roll(
    connection: Connection, access: Access, settings: Settings, supplement: Any, row: Any, decision: RowDecision
) -> None:
    access.require(Permission.COUNCIL_UPLOADS)
    if not decision.reason:
        raise Refusal(422, "reason_needed", "Say why this pupil has no school.")
    check = own_roll.open_check(connection, decision.check)
    why = put_rows(connection, access, settings, supplement, [row], check, decision.reason)
    if why:
        raise Refusal(422, next(iter(why)), WHY_NOT[next(iter(why))])


WHY_NOT = {
    "no_name": "The row has no surname or no forename. Add both to the list and send it again.",
    "no_year_group": "The row has neither a year group nor a birth date. Add one to the list and send it again.",
    "outside_years": "The pupil is in none of the check’s year groups.",
    "on_a_roll": "The pupil is on a roll of this check already.",
    "not_confirmed": "Confirm the list first: until then nothing of it is used.",
    "twice": "Another row of the list is about the same pupil.",
    "decided": "A person has decided about this row already.",
}


def put_rows(
    connection: Connection,
    access: Access,
    settings: Settings,
    supplement: Any,
    rows: Sequence[Any],
    check: Any,
    reason: str,
) -> Counter[str]:
    """Put the pupils of rows on the council's own roll; returns how many rows could not be, by why."""
    lock_rolls(connection)
    if supplement.state != LIVE:
        raise Refusal(409, "not_confirmed", WHY_NOT["not_confirmed"])
    why: Counter[str] = Counter()
    chosen: list[tuple[Any, own_roll.Newcomer]] = []
    seen: set[str] = set()
    for row, match in zip(rows, match_rows(connection, [row.record["values"] for row in rows]), strict=True):
        newcomer = _newcomer(connection, row, match)
        code = own_roll.why_not(connection, check, newcomer.values, newcomer.pupil_id)
        known = {*identifiers(newcomer.values).values(), *([f"pupil {newcomer.pupil_id}"] if newcomer.pupil_id else [])}
        if code is None and known & seen:
            code = "twice"
        seen |= known
        if code is None:
            chosen.append((row, newcomer))
        else:
            why[code] += 1
    if chosen:
        _put(connection, access, settings, supplement, chosen, check, reason)
    return why


def _newcomer(connection: Connection, row: Any, match: Match) -> own_roll.Newcomer:
    """Who a row is about: the pupil it was given to, else the one its identifiers say, else somebody new."""
    pupil = row.pupil_id or match.pupil
    known = own_roll.known_values(connection, pupil) if pupil is not None else None
    return own_roll.Newcomer({**row.record["values"], **(known or {})}, row.row, pupil)


def _put(
    connection: Connection,
    access: Access,
    settings: Settings,
    supplement: Any,
    chosen: Sequence[tuple[Any, own_roll.Newcomer]],
    check: Any,
    reason: str,
) -> None:
    name = f"{supplement.name} ({supplement.as_at:%-d %B %Y})"
    ids = own_roll.put_on(connection, access, check, [newcomer for _, newcomer in chosen], name)
    for (row, _), pupil in zip(chosen, ids[: len(chosen)], strict=True):
        _store(connection, access, row, OWN_ROLL, pupil, reason)
    refresh(connection, settings, [], set(ids))
    audit.record(connection, access, "roll.own", check.ref, ids[: len(chosen)], {"list": supplement.ref})


def rows_to_put(connection: Connection, supplement: Any, refs: Sequence[str] | None) -> Sequence[Any]:
    """The rows of a list that are named, else all that no roll has."""
    row = t.supplement_rows.c
    query = select(t.supplement_rows).where(row.supplement_id == supplement.id).order_by(row.id)
    if refs is None:
        return connection.execute(query.where(row.state.in_(("unmatched", LINKED)))).all()
    found = connection.execute(query.where(row.ref.in_(refs))).all()
    if len(found) != len(set(refs)):
        raise Refusal(404, "not_found", "One of these rows is not in this list.")
    if any(item.state not in (*UNDECIDED, LINKED) for item in found):
        raise Refusal(409, "decided", WHY_NOT["decided"])
    return found
