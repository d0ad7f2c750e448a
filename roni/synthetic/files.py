"""The files that invented schools send, each with its truth beside it."""

from __future__ import annotations

import io
import json
import re
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from roni.calendar import Check
from roni.cohort import Cohort
from roni.fields import Dictionary
from roni.synthetic.authority import Authority, School
from roni.synthetic.mess import Mess, spoil
from roni.synthetic.sheet import Line, Sheet

ZIP_DATE = (1980, 1, 1, 0, 0, 0)  # the earliest that a zip can hold: the same bytes at any hour
FIXED_TIME = b"2026-11-06T09:14:00Z"


def write_files(authority: Authority, check: Check, folder: str | Path, mess: bool | Mess = True) -> list[Path]:
    """Write each school's file, in its system's style, and `<file>.truth.json` beside it; the paths of the files.

    With `mess` False nothing is wrong in them. The same authority, check and mess give the same bytes. Council lists go
    to the folder `council` inside. Raises OSError where the folder cannot be written.
    """
    target = Path(folder)
    (target / "council").mkdir(parents=True, exist_ok=True)
    for held in authority.council_lists(check):
        held.write(target / "council")
    kinds = Mess() if mess is True else mess or None
    return [_write_school(authority, check, school, target, kinds) for school in authority.schools]


def write_file(cohort: Cohort, style: str, path: Path, mess: Mess | None, seed: int) -> Path:
    """Write one cohort in one style (see `styles.toml`) and its truth; the path as given."""
    rng = np.random.default_rng(seed)
    sheet = Sheet(cohort, style, rng)
    if mess:
        _rename(sheet, cohort.fields, mess.other_headings, rng)
        spoil(sheet, mess, rng)
    if sheet.layout["totals"] and mess:
        sheet.lines.append(Line("totals"))
    truth = sheet.truth()
    path.write_bytes({"csv": _csv, "xlsx": _xlsx, "parquet": _parquet}[sheet.extension](sheet))
    path.with_name(path.name + ".truth.json").write_text(json.dumps(truth, indent=1), "utf-8")
    return path


def _write_school(authority: Authority, check: Check, school: School, folder: Path, mess: Mess | None) -> Path:
    cohort = authority.returns(check, school)
    if school.system != "council":  # other systems leave out who has left
        cohort = cohort.take(np.flatnonzero(np.isnat(cohort.column("leaving_date"))))
    extension = {"bromcom": "xlsx", "parquet": "parquet"}.get(school.system, "csv")
    name = re.sub(r"\W+", "_", school.name.lower())
    path = folder / f"{name}_{check.year.for_file_name}_{check.name}.{extension}"
    seed = authority.seed * 1_000_003 + check.on.toordinal() * 101 + authority.schools.index(school)
    return write_file(cohort, school.system, path, mess, seed)


def _rename(sheet: Sheet, fields: Dictionary, rate: float, rng: np.random.Generator) -> None:
    """Other headings of the dictionary for some columns, and other capitals and spaces for others."""
    for place, column in enumerate(sheet.columns):
        draw = rng.random(2)
        heading = column.heading
        if column.field and draw[0] < rate and column.way != "absence":
            known = fields[column.field].headings
            heading = known[int(rng.integers(len(known)))]
        if draw[1] < rate:
            heading = (heading.upper(), heading.lower(), f" {heading} ", heading.replace(" ", "_"))[
                int(rng.integers(4))
            ]
        sheet.columns[place] = replace(column, heading=heading)


def _csv(sheet: Sheet) -> bytes:
    layout = sheet.layout
    delimiter = layout["delimiter"]
    rows = [delimiter.join(title) for title in layout["titles"]]
    headings = delimiter.join(_quoted(column.heading, delimiter) for column in sheet.columns)
    rows.append(headings)
    rows += [
        headings if line.kind == "headings" else delimiter.join(_cells_of(sheet, line, delimiter))
        for line in sheet.lines
    ]
    text: str = layout["newline"].join([*rows, ""])
    return text.encode(layout["encoding"])


def _cells_of(sheet: Sheet, line: Line, delimiter: str) -> list[str]:
    if line.kind == "blank":
        return []
    if line.kind == "totals":
        place = sheet.place("attendance")
        count = sum(other.kind == "pupil" for other in sheet.lines)
        return ["Total", str(count), *["91.2%" if i == place else "" for i in range(2, len(sheet.columns))]]
    return [str(shown) if line.raw and '"' in str(shown) else _quoted(str(shown), delimiter) for shown, _ in line.cells]


def _quoted(text: str, delimiter: str) -> str:
    if delimiter in text or '"' in text or "\n" in text:
        return '"' + text.replace('"', '""') + '"'
    return text


def _xlsx(sheet: Sheet) -> bytes:
    from openpyxl import Workbook

    book = Workbook()
    book.remove(book.worksheets[0])
    page = book.create_sheet("Pupils")
    for title in sheet.layout["titles"]:
        page.append(title or [None])
    headings = [column.heading for column in sheet.columns]
    page.append(headings)
    for line in sheet.lines:
        shown = [None if cell == "" else cell for cell, _ in line.cells]
        page.append(headings if line.kind == "headings" else shown or [None])
    lookups = book.create_sheet("Lookups")
    lookups.append(["ignore", "this"])
    lookups.append([1, 2])
    made = io.BytesIO()
    book.save(made)
    return _fixed_times(made.getvalue())


def _fixed_times(data: bytes) -> bytes:
    """The same workbook with every date of making replaced, so that the same seed gives the same bytes."""
    result = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(result, "w", zipfile.ZIP_DEFLATED) as new:
        for entry in old.infolist():
            content = old.read(entry.filename)
            if entry.filename == "docProps/core.xml":
                content = re.sub(rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", FIXED_TIME, content)
            new.writestr(zipfile.ZipInfo(entry.filename, ZIP_DATE), content, zipfile.ZIP_DEFLATED)
    return result.getvalue()


def _parquet(sheet: Sheet) -> bytes:
    import pyarrow as pa
    from pyarrow import parquet

    rows = [line for line in sheet.lines if line.cells]
    columns: dict[str, Any] = {}
    for place, column in enumerate(sheet.columns):
        columns[column.heading] = pa.array([None if (cell := line.cells[place][0]) == "" else cell for line in rows])
    sink = io.BytesIO()
    parquet.write_table(pa.table(columns), sink)
    return sink.getvalue()
