"""The list “to resolve”: what schools and lists leave unsettled, and what people decide about it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, or_, select, true, update

from roni import national
from service import audit
from service import tables as t
from service.access import TEAMS, Access
from service.clock import now
from service.cursors import read_cursor, write_cursor
from service.database import lock_rolls
from service.etags import STALE
from service.phrases import day
from service.problems import Refusal
from service.settings import Settings
from service.supplements.schemas import RowDecision
from service.uploads.leavers import WHERE_TO
from service.uploads.restricting import drop_cells, keep_restricted

KINDS = ("two_schools", "moved_unlisted", "list_row", "sources_disagree", "alert", "died_on_roll")
# What a person may decide about each kind.
DECISIONS: Mapping[str, tuple[str, ...]] = {
    "two_schools": ("school", "other_school", "both"),
    "moved_unlisted": ("followed_up",),
    "list_row": ("link", "dismiss", "own_roll"),
    "sources_disagree": ("school", "council"),
    "alert": ("acknowledged",),
    "died_on_roll": ("died", "on_roll"),
}
_other = t.schools.alias("other_school")
entry, lists, rows = t.resolutions.c, t.supplements.c, t.supplement_rows.c


def entries() -> Select[Any]:
    """Entries with the names that their sentences need."""
    return (
        select(t.resolutions, t.checks.c.ref.label("check"), t.pupils.c.ref.label("pupil"), t.pupils.c.name)
        .add_columns(t.schools.c.urn, t.schools.c.name.label("school"), _other.c.urn.label("other_urn"))
        .add_columns(_other.c.name.label("other"), t.people.c.name.label("closed_by"))
        .add_columns(rows.ref.label("row_ref"), rows.row, rows.state.label("row_state"))
        .add_columns(lists.ref.label("list_ref"), lists.name.label("list_name"), lists.team)
        .outerjoin(t.checks, t.checks.c.id == entry.check_id)
        .outerjoin(t.pupils, t.pupils.c.id == entry.pupil_id)
        .outerjoin(t.schools, t.schools.c.id == entry.school_id)
        .outerjoin(_other, _other.c.id == entry.other_school_id)
        .outerjoin(t.people, t.people.c.id == entry.closed_by_id)
        .outerjoin(t.supplement_rows, rows.id == entry.supplement_row_id)
        .outerjoin(t.supplements, lists.id == rows.supplement_id)
    )


def may_read(access: Access) -> ColumnElement[bool]:
    """Entries about pupils that may be read, of one's own schools, about fields that may be seen; rows of own lists."""
    seen = [item.name for item in national().values() if item.audience in access.audiences]
    own = TEAMS[access.team][1] if access.team is not None else ()
    of_field = or_(entry.field.is_(None), entry.field.in_({*seen, *own}))
    schools = access.schools
    of_school = true() if schools is None else or_(entry.school_id.in_(schools), entry.other_school_id.in_(schools))
    about = and_(entry.pupil_id.is_not(None), access.may_read(entry.pupil_id), of_field, of_school)
    if access.everything:
        return or_(about, entry.kind == "list_row")
    return or_(about, and_(entry.kind == "list_row", lists.team == (access.team or "")))


def require_entry(connection: Connection, access: Access, ref: str) -> Any:
    """One entry. Raises a 404, also where the caller may not see it."""
    found = connection.execute(entries().where(entry.ref == ref, may_read(access))).one_or_none()
    if found is None:
        raise Refusal(404, "not_found", "There is nothing here that you may see.")
    return found


def listed(
    connection: Connection, access: Access, asked: Mapping[str, Any], limit: int, cursor: str | None
) -> dict[str, Any]:
    """Entries, the oldest first where they are open, else the latest first. `pupils` are ids, for the audit."""
    query = entries().where(may_read(access))
    closed = asked.get("state") == "closed"
    query = query.where(entry.closed_at.is_not(None) if closed else entry.closed_at.is_(None))
    for column, name in ((entry.kind, "kind"), (t.checks.c.ref, "check")):
        if asked.get(name):
            query = query.where(column == asked[name])
    if asked.get("school"):
        query = query.where(or_(t.schools.c.urn == asked["school"], _other.c.urn == asked["school"]))
    if cursor is not None:
        after = read_cursor(cursor, int)[0]
        query = query.where(entry.id < after if closed else entry.id > after)
    found = connection.execute(query.order_by(entry.id.desc() if closed else entry.id).limit(limit + 1)).all()
    more = write_cursor(found[limit - 1].id) if len(found) > limit else None
    page = found[:limit]
    pupils = [row.pupil_id for row in page if row.pupil_id is not None]
    return {"items": [told(row) for row in page], "next": more, "pupils": pupils}


def told(row: Any) -> dict[str, Any]:
    """An entry as it is shown."""
    return {
        "ref": row.ref,
        "version": row.version,
        "kind": row.kind,
        "check": row.check,
        "pupil": row.pupil,
        "name": row.name,
        "school": row.urn and {"urn": row.urn, "name": row.school},
        "other_school": row.other_urn and {"urn": row.other_urn, "name": row.other},
        "field": row.field,
        "supplement": row.list_ref or row.says.get("list"),
        "row": row.row_ref,
        "sentence": sentence(row),
        "decisions": list(DECISIONS[row.kind]),
        "opened_at": row.created_at,
        "closed_at": row.closed_at,
        "closed_by": row.closed_by,
        "closed_itself": row.closed_at is not None and row.closed_by is None,
        "decision": row.decision,
        "reason": row.reason,
    }


def sentence(row: Any) -> str:
    """What is unsettled, in words; never a pupil's name."""
    school, other = row.school or "The council’s own roll", row.other or "another school"
    if row.kind == "two_schools":
        return _claimed(school, other, row.says)
    if row.kind == "moved_unlisted":
        answered = SCHOOL_SAYS.get(row.says.get("answer"), "")
        return f"{school} says that this pupil moved to {other}, which does not list the pupil.{answered.format(other)}"
    if row.kind == "alert":
        where = WHERE_TO.get(row.says.get("to"), "a place that is not known")
        return f"{school} says that this pupil left. Where to: {where}. Somebody must look into it."
    if row.kind == "died_on_roll":
        return f"{school} has on roll a pupil who was said to have died, and who stands in no list. Which is wrong?"
    if row.kind == "list_row":
        return f"Row {row.row} of the list “{row.list_name}” {ROW_WORDS.get(row.row_state, 'was settled.')}"
    said, heard = ("yes", "no") if row.says["school"] else ("no", "yes")
    from datetime import date

    as_at = day(date.fromisoformat(row.says["as_at"]))
    return (
        f"“{row.says['label']}”: {school} says {said}; the list “{row.says['list_name']}” of {as_at} says {heard}. "
        "Until you decide it counts as yes."
    )


def _claimed(school: str, other: str, says: Mapping[str, Any]) -> str:
    """What two schools say, and what follows until somebody decides."""
    if says.get("as"):
        registered = national()["registration_status"].codes.get(says["as"], says["as"])
        said = f"{school} has this pupil on roll ({registered}), and {other} does not say that there is another school."
    elif says.get("last"):
        said = f"{school} has this pupil on roll. {other} had the pupil on its last roll, {says['last']}, and has not "
        said += "said that the pupil left."
    else:
        said = f"{school} and {other} both have this pupil on roll as their own."
    return f"{said} Whose is the pupil? Until that is settled {school}, which listed second, sees only what it sent."


SCHOOL_SAYS: Mapping[str | None, str] = {  # what the school that was named has answered
    "next_file": " {} says that the pupil is on its roll, and will be in its next file.",
    "not_ours": " {} says that the pupil is not on its roll. Find out where the pupil is.",
}
ROW_WORDS: Mapping[str | None, str] = {
    "unmatched": "matches no pupil on any roll.",
    "proposed": "has the names and birth date of a pupil, and no identifier that matches.",
    "several": "may be about more than one pupil.",
}


def decide(
    connection: Connection, access: Access, settings: Settings, row: Any, decision: str, reason: str | None,
    pupil: str | None = None,
) -> None:  # fmt: skip
    """Close an entry by a person's decision, and work out the pupil again where it rests on that."""
    lock_rolls(connection)  # registers rest on decisions: one change of what they rest on at a time
    if decision not in DECISIONS[row.kind]:
        raise Refusal(422, "no_such_decision", f"About this, decide one of: {', '.join(DECISIONS[row.kind])}.")
    if row.closed_at is not None and row.closed_by is None:
        raise Refusal(409, "settled", "This has settled itself. There is nothing to decide any more.")
    if row.kind == "list_row":
        _decide_row(connection, access, settings, row, RowDecision(action=decision, reason=reason, pupil=pupil))  # type: ignore[arg-type]
        return
    finished = row.kind == "sources_disagree" and _is_closed(connection, row.check_id)
    if finished and row.closed_at is not None:
        raise Refusal(409, "check_closed", "The check that this is about is closed, and keeps what was decided then.")
    if reason is None and row.kind != "alert":
        raise Refusal(422, "reason_needed", "Say why you decide so.")
    _close(connection, access, row, decision, reason)
    if row.kind == "two_schools":
        _restrict(connection, access, row)
    if row.kind in ("two_schools", "sources_disagree") and not finished:
        _work_out(connection, settings, row, decision)
    if row.kind == "died_on_roll":
        _settle_death(connection, settings, row, decision)
    audit.record(connection, access, "resolution.decide", row.ref, [row.pupil_id], {"kind": row.kind, "to": decision})


def _is_closed(connection: Connection, check_id: int) -> bool:
    return connection.execute(select(t.checks.c.closed_at).where(t.checks.c.id == check_id)).scalar() is not None


def _close(connection: Connection, access: Access, row: Any, decision: str, reason: str | None) -> None:
    done = connection.execute(
        update(t.resolutions)
        .where(entry.id == row.id, entry.version == row.version)
        .values(
            closed_at=now(),
            closed_by_id=access.person_id,
            decision=decision,
            reason=reason,
            version=row.version + 1,
        )
    )
    if done.rowcount != 1:
        raise Refusal(412, "stale", STALE)


def _restrict(connection: Connection, access: Access, row: Any) -> None:
    """Now that a school’s word counts, also that the pupil’s information is restricted."""
    cut = drop_cells(connection, keep_restricted(connection, row.check_id, None, [row.pupil_id]))
    if cut:
        audit.record(connection, access, "pupil.restrict", row.ref, sorted(cut))


def _work_out(connection: Connection, settings: Settings, row: Any, decision: str) -> None:
    from service.registers.following import renew_following  # registers rest on decisions
    from service.registers.working_out import work_out

    if row.kind == "two_schools":
        main = row.school_id if decision == "school" else row.other_school_id
        connection.execute(update(t.pupils).where(t.pupils.c.id == row.pupil_id).values(school_id=main))
    for check_id in _checks_of(connection, row) if row.kind == "two_schools" else (row.check_id,):
        work_out(connection, settings, check_id, [row.pupil_id])
    renew_following(connection, settings, row.check_id, [row.pupil_id])


def _checks_of(connection: Connection, row: Any) -> list[int]:
    """The checks whose rolls have the pupil."""
    rolls = t.roll_pupils.c
    checks = select(rolls.check_id).where(rolls.pupil_id == row.pupil_id, rolls.live).distinct()
    return list(connection.execute(checks.order_by(rolls.check_id)).scalars())


def _settle_death(connection: Connection, settings: Settings, row: Any, decision: str) -> None:
    """A pupil who was said to have died by mistake is in every check again whose rolls have the pupil."""
    from service.registers.working_out import work_out  # registers rest on decisions

    died_at = None if decision == "on_roll" else now()
    connection.execute(update(t.pupils).where(t.pupils.c.id == row.pupil_id).values(died_at=died_at))
    for check_id in _checks_of(connection, row):
        work_out(connection, settings, check_id, [row.pupil_id])


def _decide_row(connection: Connection, access: Access, settings: Settings, row: Any, decision: RowDecision) -> None:
    from service.supplements.queries import require_list, require_row
    from service.supplements.rows import decide as decide_row

    supplement = require_list(connection, access, row.list_ref)
    decide_row(connection, access, settings, supplement, require_row(connection, supplement, row.row_ref), decision)
