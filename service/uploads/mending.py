"""What is to be mended in a file, row by row: whose row it is, what the cell says, what is wrong with it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, select

from roni import Field, national
from service import audit
from service import tables as t
from service.access import Access
from service.registers.cohorts import check_values
from service.uploads.cells import KIND
from service.uploads.queries import list_problems
from service.uploads.reading import working_folder
from service.uploads.restricted import is_restricted
from service.uploads.vault import unlock
from service.uploads.work import Work

ASKED_ELSEWHERE = frozenset({"heading_unknown", "would_fall"})  # they are questions of their own
ALL = 1_000_000
YES_NO = (("Yes", "Yes"), ("No", "No"))
Cells = Mapping[int, Mapping[str, str]]


@dataclass
class Mend:
    """One cell that somebody should look at."""

    column: str
    field: str | None
    label: str
    says: list[str]
    cell: str = ""
    options: tuple[tuple[str, str], ...] = ()
    hint: str = ""


@dataclass
class Row:
    """One row of the file with a problem."""

    number: int
    name: str = ""
    about: str = ""
    pupil: bool = False  # a row that is no pupil's cannot be corrected here
    restricted: bool = False
    mends: list[Mend] = field(default_factory=list)


def problems_of(connection: Connection, access: Access, ref: str) -> tuple[list[str], list[Row]]:
    """What is wrong with whole columns, and row by row."""
    found, _ = list_problems(connection, access, ref, ALL, 0)
    open_ones = [item for item in found if item["code"] not in ASKED_ELSEWHERE]
    rows: dict[int, Row] = {}
    for item in open_ones:
        if item["row"] is not None:
            _add(rows.setdefault(item["row"], Row(item["row"])), item)
    return [item["message"] for item in open_ones if item["row"] is None], list(rows.values())


def _add(row: Row, item: Mapping[str, Any]) -> None:
    known = national().get(item["field"]) if item["field"] else None
    for mend in row.mends:
        if mend.column == item["column"]:
            mend.says.append(item["message"])
            return
    label = known.label if known is not None else item["column"]
    hint = f"It should be {known.expects}." if known is not None and not _options(known) else ""
    row.mends.append(Mend(item["column"], item["field"], label, [item["message"]], options=_options(known), hint=hint))


def _options(known: Field | None) -> tuple[tuple[str, str], ...]:
    if known is None or known.type not in ("flag", "code"):
        return ()
    return YES_NO if known.type == "flag" else tuple((code, words.capitalize()) for code, words in known.codes.items())


def name_rows(connection: Connection, access: Access, upload: Any, rows: Collection[Row]) -> None:
    """Say whose rows these are; audited."""
    wanted = {row.number: row for row in rows}
    known = []
    for found in people_of(connection, upload, wanted):
        row, values = wanted[found.record["row"]], found.record["values"]
        row.name, row.about, row.pupil = name_of(values), about(values), True
        row.restricted = is_restricted(found.record)
        known.append(found.pupil_id)
    pupils = [number for number in known if number is not None]
    audit.record(connection, access, "upload.read", about=upload.ref, pupils=pupils)


def people_of(connection: Connection, upload: Any, rows: Collection[int]) -> Iterable[Any]:
    """The staged pupils of some rows of the (first) file."""
    staged = t.upload_pupils.c
    found = connection.execute(select(staged.record, staged.pupil_id).where(staged.upload_id == upload.id))
    return [row for row in found if row.record["row"] in rows and row.record["file"] == 0]


def name_of(values: Mapping[str, Any]) -> str:
    """Surname and first name, as a school's lists have them."""
    return ", ".join(filter(None, (values.get("surname"), values.get("preferred_name") or values.get("forename"))))


def about(values: Mapping[str, Any]) -> str:
    """Year and form."""
    year, form = values.get("year_group"), values.get("registration_group")
    return ", ".join(filter(None, (f"Year {year}" if year else "", str(form) if form else "")))


def fill_cells(work: Work, upload: Any, rows: Iterable[Row]) -> None:
    """What the file has in the cells, read from it now; nothing of a pupil whose information is restricted."""
    shown = [row for row in rows if not row.restricted]
    cells = _cells(work, upload, [row.number for row in shown])
    for row in shown:
        here = cells.get(row.number, {})
        edits = upload.edits.get(str(row.number), {})
        for mend in row.mends:
            own = [here[name] for name in (mend.column, *mend.column.split(" / ")) if here.get(name)]
            mend.cell = edits.get(mend.field or "", ", ".join(dict.fromkeys(own)))


def _cells(work: Work, upload: Any, rows: list[int]) -> Cells:
    with work.database.read(Access.system()) as connection:
        kept = connection.execute(
            select(t.upload_files.c.content).where(t.upload_files.c.upload_id == upload.id)
        ).scalar()
        check = connection.execute(select(t.checks).where(t.checks.c.id == upload.check_id)).one()
    if kept is None or not rows:
        return {}
    said = {"mapping": upload.mapping, "answers": upload.answers}
    job = {"kind": KIND, "rows": rows, "check": check_values(check), **said}
    with working_folder() as folder:
        file = folder / upload.file_name
        file.write_bytes(unlock(work.settings, upload.ref, kept))
        del kept
        result = work.readers.read(job, file, work.settings.upload_seconds)
    return {int(row): cells for row, cells in result.get("cells", {}).items()}
