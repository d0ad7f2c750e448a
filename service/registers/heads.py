"""What stands at the top of every register: whom it is about, by what it was made, and what is not in it."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, bindparam, select

from service import tables as t
from service.access import Access
from service.checks.queries import stage_of
from service.clock import today
from service.registers.filters import RegisterFilters
from service.registers.renewal import told

POPULATIONS = {
    None: "Pupils on the rolls of {council}’s schools, wherever they live, and pupils on the council’s own roll.",
    "either": "Pupils on the rolls of {council}’s schools, wherever they live, and pupils on the council’s own roll.",
    "educated": "Pupils on the rolls of {council}’s schools, wherever they live.",
    "resident": "Pupils whose school says that {council} is their home authority, wherever they are educated.",
}


def head_of(
    connection: Connection, access: Access, council: str, check: Any, register: Any, asked: RegisterFilters
) -> dict[str, Any]:
    """The head of a register as this caller reads it."""
    files = files_of(connection, access, check.id)
    return {
        "check": {"ref": check.ref, "label": check.label, "on": check.on, "stage": stage_of(check, today())},
        "view": register.view,
        "label": label_of(register),
        "population": POPULATIONS[asked.population].format(council=council),
        "filters": asked.said(),
        "bands": register.card["bands"],
        "scorecard": {
            "name": register.scorecard,
            "title": register.card["title"],
            "version": register.card["version"],
            "digest": register.scorecard_digest,
            "most": register.card["most"],
        },
        "model": None if register.model_digest is None else {"name": register.model, "digest": register.model_digest},
        "library_version": register.library_version,
        "version": register.version,
        "without": register.without,
        "renewal": told(register),
        "notes": notes_of(register, check, _schools_read(access, files)),
        "files": [{name: file[name] for name in ("school", "file", "digest", "confirmed_at")} for file in files],
    }


def _schools_read(access: Access, files: list[dict[str, Any]]) -> set[str]:
    """The schools of whom the caller reads every pupil: what is said of whole files says how many there are."""
    if access.team is not None or access.own_caseload:
        return set()
    return {str(file["school_id"] or "") for file in files}


def label_of(register: Any) -> str:
    """How a register says what it does not rest on."""
    if not register.without:
        return "Worked out from every field of the scorecard."
    return (
        "Worked out only from the fields that you may see, so points and bands may differ from the council’s. "
        f"Not in it: {', '.join(register.without)}."
    )


def notes_of(register: Any, check: Any, schools: set[str]) -> list[str]:
    """What is said once, of these schools' files; what is said of several alike only once."""
    by_school = dict(register.notes or {})
    found = dict.fromkeys(note for school, notes in sorted(by_school.items()) if school in schools for note in notes)
    if (renewal := told(register)) is not None:
        return [renewal["sentence"], *found]
    if check.model_digest is not None and register.model_digest is None:
        said = (
            f"The model “{check.model}” is not promoted, or not on the shelf: the register is by the scorecard alone."
        )
        return [said, *found]
    return list(found)


_roll, _school = t.submissions.c, t.schools.c
_FILES = (
    select(_roll.school_id, _school.ref, _school.urn, _school.name)
    .add_columns(_roll.file_name, _roll.file_digest, _roll.confirmed_at)
    .outerjoin(t.schools, _school.id == _roll.school_id)
    .where(_roll.check_id == bindparam("check"), _roll.live)
    .order_by(_school.name, _roll.id)
)


def files_of(connection: Connection, access: Access, check_id: int) -> list[dict[str, Any]]:
    """The rolls that count now, of the caller's schools: whose, which file, its digest, and when."""
    query = _FILES.where(access.may_read_school(_roll.school_id))
    return [
        {
            "school_id": school,
            "school": None if urn is None else {"ref": ref, "urn": urn, "name": name},
            "file": file,
            "digest": digest,
            "confirmed_at": at,
        }
        for school, ref, urn, name, file, digest, at in connection.execute(query, {"check": check_id})
    ]
