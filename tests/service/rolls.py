"""Rolls put into the database directly, as a confirmation leaves them: invented schools' returns, live at once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from sqlalchemy import Connection, insert, select, update

from roni import AcademicYear, Cohort, Scorecard, cohort_to_dict, get_check, load_scorecard
from roni.synthetic import make_authority
from service import tables as t
from service.access import Access
from service.clock import now
from service.refs import new_ref
from service.registers.working_out import work_out

YEAR = 2026


def add_check(service: Any, name: str = "november", **values: Any) -> int:
    """A check of the year 2026/27 under the recommended card; its id."""
    check, card = get_check(name, AcademicYear(YEAR)), load_scorecard(values.pop("card", "roni"))
    with service.database.write(Access.system()) as connection:
        row = {
            "ref": new_ref("check"), "name": name, "year": YEAR, "label": str(check), "on": check.on,
            "due_on": check.due, "focus_years": list(check.focus_years), "accepted_years": list(check.accepted_years),
            "few_sessions": check.few_sessions, "scorecard": card.name, "scorecard_digest": card.digest,
            "opened_by_id": next(iter(service.people.values())), "stage": "published",
        }  # fmt: skip
        return int(connection.execute(insert(t.checks).values(**(row | values))).inserted_primary_key[0])


def add_model(service: Any, check_id: int, model: Any) -> None:
    """Promote a model and make it the check's."""
    with service.database.write(Access.system()) as connection:
        by = next(iter(service.people.values()))
        connection.execute(
            insert(t.promotions).values(
                by_id=by, model=model.name, digest=model.digest, note="for tests", action="promote"
            )
        )
        connection.execute(
            update(t.checks).where(t.checks.c.id == check_id).values(model=model.name, model_digest=model.digest)
        )


def confirm(
    connection: Connection,
    check_id: int,
    school_id: int | None,
    cohort: Cohort,
    by: int,
    left: Mapping[str, Mapping[str, Any]] | None = None,
) -> list[int]:
    """One school's roll, live in place of its last one; `left`: key -> leaver. Returns the pupils' ids in order."""
    data = cohort_to_dict(cohort)
    records = data.pop("pupils")
    for table in (t.submissions, t.roll_pupils):
        mine = table.c.school_id.is_(None) if school_id is None else table.c.school_id == school_id
        connection.execute(update(table).where(table.c.check_id == check_id, mine).values(live=False))
    submission = connection.execute(
        insert(t.submissions).values(
            ref=new_ref("submission"), check_id=check_id, school_id=school_id, confirmed_by_id=by, cohort=data,
            library_version="test", receipt={}, file_name=cohort.files[0], file_digest="0" * 64, confirmed_at=now(),
        )
    ).inserted_primary_key[0]  # fmt: skip
    ids = [_pupil(connection, record, school_id) for record in records]
    gone = dict(left or {})
    rows = [
        {
            "submission_id": submission, "check_id": check_id, "school_id": school_id, "pupil_id": pupil,
            "place": place, "status": "left" if record["key"] in gone else "on_roll",
            "leaver": dict(gone[record["key"]]) if record["key"] in gone else None, "record": record,
        }
        for place, (pupil, record) in enumerate(zip(ids, records, strict=True))
    ]  # fmt: skip
    if rows:
        connection.execute(insert(t.roll_pupils), rows)
    return ids


def _pupil(connection: Connection, record: Mapping[str, Any], school_id: int | None) -> int:
    found = connection.execute(select(t.pupils.c.id).where(t.pupils.c.key == record["key"])).scalar()
    if found is not None:
        return int(found)
    said = record["values"]
    name = f"{said.get('surname', '')}, {said.get('forename', '')}"
    values = {
        "ref": new_ref("pupil"), "key": record["key"], "key_kind": record["kind"], "upn": said.get("upn"),
        "name": name, "search": " ".join(sorted(name.casefold().replace(",", "").split())), "school_id": school_id,
        "restricted": bool(said.get("restricted_sharing")),
    }  # fmt: skip
    return int(connection.execute(insert(t.pupils).values(**values)).inserted_primary_key[0])


def invented(pupils: int = 40, seed: int = 5, name: str = "november", school: int = 0) -> Cohort:
    """So many pupils of one invented school's return."""
    authority = make_authority(seed, schools=5, pupils_per_year=60, first_year=AcademicYear(YEAR), years=1)
    check = get_check(name, AcademicYear(YEAR))
    cohort = authority.returns(check, authority.schools[school])
    return cohort.take(np.arange(min(pupils, len(cohort))))


def fill(service: Any, check_id: int, cohorts: Mapping[str, Cohort], **more: Any) -> dict[str, list[int]]:
    """Confirm a roll for each school by URN, and work the registers out."""
    by = next(iter(service.people.values()))
    with service.database.write(Access.system()) as connection:
        ids = {
            urn: confirm(connection, check_id, service.schools[urn] if urn else None, cohort, by, **more)
            for urn, cohort in cohorts.items()
        }
        work_out(connection, service.settings, check_id)
    return ids


def register_rows(service: Any, check_id: int, view: str = "full") -> list[Any]:
    """The rows of a view of a check's register, in order."""
    with service.database.read(Access.system()) as connection:
        query = (
            select(t.register_rows, t.pupils.c.key)
            .join(t.registers, t.registers.c.id == t.register_rows.c.register_id)
            .join(t.pupils, t.pupils.c.id == t.register_rows.c.pupil_id)
            .where(t.registers.c.check_id == check_id, t.registers.c.view == view, t.registers.c.beside.is_(False))
        )
        return list(connection.execute(query.order_by(t.register_rows.c.sort)))


def shipped(name: str = "roni") -> Scorecard:
    return load_scorecard(name)
