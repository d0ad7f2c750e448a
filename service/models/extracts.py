"""Pseudonymised extracts of a check for notebooks: readable by `roni.read_cohort`, and saying of nobody who it is.

A pupil is called by a keyed hash under a secret that is made for one extract, never stored and never given away: two
extracts cannot be joined, and nobody can work a pupil out of one, we ourselves included. Schools and districts are
called so too. Dates are kept to the month, free text and identifiers are left out, and so are pupils whose information
is restricted.
"""

from __future__ import annotations

import hashlib
import hmac
import io
import secrets
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from sqlalchemy import Connection, insert, select

from roni import VERSION, Cohort, Field, national
from service import audit
from service import tables as t
from service.access import Access
from service.checks.queries import require_check
from service.models.comparisons import readable
from service.problems import Refusal
from service.refs import new_ref
from service.registers.cells import cells
from service.registers.cohorts import Effective
from service.registers.views import views_of

LETTERS = 16  # of a pseudonym: 64 bits, so that no two pupils of a council share one
NOT_KNOWN = "not known"  # said, since an empty cell may be read as “no”
BIRTH = "date_of_birth"
BIRTH_MONTH = "birth_month"
# Dates of a period are the same for a whole school; those of an event say something of one pupil.
PERIODS = ("attendance_from", "attendance_to", "recent_attendance_from", "recent_attendance_to")
NEVER = ("restricted_sharing", "restricted_by", "restricted_on", "birth_precision", "address_confidential")
KINDS = {"parquet": "application/vnd.apache.parquet", "csv": "text/csv; charset=utf-8"}
PUPIL, SCHOOL, DISTRICT = "admission_number", "school_name", "district"  # where the pseudonyms stand

Call = Callable[[str, object], str]


@dataclass(frozen=True, slots=True)
class Extract:
    """A file that was made, and what was written down of it."""

    ref: str
    content: bytes
    name: str
    media: str
    digest: str


def fields_for(access: Access) -> list[Field]:
    """The fields that an extract for this caller may have: seen by the caller, and no text."""
    return [
        item
        for item in national().values()
        if item.audience in access.audiences and item.type != "text" and item.name not in (*NEVER, BIRTH_MONTH)
    ]


def make_extract(
    connection: Connection, access: Access, check_ref: str, fields: Collection[str] | None, kind: str
) -> Extract:
    """The file of a check's pupils with these fields, all that are allowed where none are named; logged, not kept."""
    check = require_check(connection, check_ref)
    wanted = _wanted(access, fields)
    effective = readable(connection, access, check)
    cohort = views_of(effective.cohort)[access.view]
    chosen = _unrestricted(cohort)
    if not len(chosen):
        raise Refusal(409, "no_pupils", "No school has returned pupils for this check yet.")
    names = [name for name in wanted if name in cohort.columns]
    content = _written(_table(cohort, effective, names, chosen), kind)
    digest, ref = hashlib.sha256(content).hexdigest(), new_ref("extract")
    row = {"ref": ref, "by_id": access.person_id, "check_id": check.id, "pupils": len(chosen), "fields": names}
    connection.execute(insert(t.extracts).values(**row, digest=digest))
    pupils = [effective.places[place].pupil_id for place in chosen.tolist()]
    detail = {"check": check.ref, "fields": names, "digest": digest}
    audit.record(connection, access, "extract.make", about=ref, pupils=pupils, detail=detail)
    return Extract(
        ref, content, f"extract-{check.name}-{check.year}-{check.year + 1 - 2000}.{kind}", KINDS[kind], digest
    )


def list_extracts(connection: Connection, check_ref: str) -> list[dict[str, Any]]:
    """Who took which extract of a check, the latest first."""
    check = require_check(connection, check_ref)
    rows = connection.execute(
        select(t.extracts, t.people.c.name.label("by"))
        .join(t.people, t.people.c.id == t.extracts.c.by_id)
        .where(t.extracts.c.check_id == check.id)
        .order_by(t.extracts.c.id.desc())
    )
    shown = ("ref", "pupils", "fields", "digest", "by", "created_at")
    return [{name: row[name] for name in shown} for row in rows.mappings()]


def _wanted(access: Access, fields: Collection[str] | None) -> list[str]:
    allowed = [item.name for item in fields_for(access)]
    if fields is None:
        return allowed
    if wrong := sorted(set(fields) - set(allowed)):
        detail = "Some of these are no fields that an extract may have: it holds no names, identifiers or free text."
        known = [name for name in wrong if name in national()]  # what is no field at all is not said again
        raise Refusal(422, "fields", detail, fields=known, allowed=allowed)
    return [name for name in allowed if name in set(fields)]


def _unrestricted(cohort: Cohort) -> NDArray[np.int64]:
    """The places of the pupils who may be in an extract."""
    return np.flatnonzero(np.asarray(cohort.column("restricted_sharing")) <= 0)


def _table(cohort: Cohort, effective: Effective, names: list[str], chosen: NDArray[np.int64]) -> pa.Table:
    """The rows in the order of the pseudonyms, which is no order of the pupils."""
    secret = secrets.token_bytes(32)  # gone when this function is

    def call(kind: str, what: object) -> str:
        said = hmac.new(secret, f"{kind}\x1f{what}".encode(), hashlib.sha256).hexdigest()
        return f"{kind}-{said[:LETTERS]}"

    places = [effective.places[place] for place in chosen.tolist()]
    pupils = [call("pupil", place.pupil_id) for place in places]
    order = sorted(range(len(pupils)), key=pupils.__getitem__)
    columns: dict[str, list[str | None]] = {
        PUPIL: [*pupils],
        SCHOOL: [_called(call, "school", place.school_id) for place in places],
        DISTRICT: [_called(call, "district", place.district) for place in places],
    }
    part = cohort.take(chosen)
    columns |= {_column_of(name): _texts(part, name) for name in names}
    fields = national()
    return pa.table(
        {
            fields[name].headings[0]: pa.array([values[place] for place in order], pa.string())
            for name, values in columns.items()
        }
    )


def _called(call: Call, kind: str, what: object) -> str | None:
    return None if what is None else call(kind, what)


def _column_of(name: str) -> str:
    return BIRTH_MONTH if name == BIRTH else name


def _texts(cohort: Cohort, name: str) -> list[str | None]:
    """Each pupil's value as a file says it."""
    item = cohort.fields[name]
    return [_text(item, value) for value in cells(cohort, name)]


def _text(item: Field, value: Any) -> str | None:
    if value is None:
        return None if item.type in ("percent", "date") else NOT_KNOWN
    if item.type == "flag":
        return "yes" if value else "no"
    if item.type == "date" and item.name not in PERIODS:
        return f"{str(value)[:7]}-01"
    return str(value)


def _written(table: pa.Table, kind: str) -> bytes:
    out = io.BytesIO()
    if kind == "csv":
        import pyarrow.csv

        out.write(b"\xef\xbb\xbf")
        pyarrow.csv.write_csv(table, out)
    else:
        import pyarrow.parquet

        pyarrow.parquet.write_table(table.replace_schema_metadata({"roni": VERSION}), out, compression="zstd")
    return out.getvalue()
