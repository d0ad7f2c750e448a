"""Pages: what is wrong in a file, beside the row itself; corrected there, or taken away as a spreadsheet."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from io import BytesIO
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from roni import Sheet, national, write_xlsx
from service.access import Access, Permission, allow
from service.forms import Typed
from service.idempotency import FormRoute
from service.uploads import mending, queries
from service.uploads.file_pages import staged_upload
from service.uploads.saying import say
from service.uploads.sending_pages import XLSX, attached
from service.uploads.work import work_of
from service.web import Notice, render

router = APIRouter(include_in_schema=False, route_class=FormRoute)
ROWS = 20  # on one page
TAKEN_AWAY = ("Row", "Pupil", "Year and form", "Column", "What the file says", "What to do")


@router.get("/uploads/{upload}/problems")
def show_problems(
    request: Request,
    upload: str,
    start: Annotated[int, Query(ge=0, le=1_000_000)] = 0,
    saved: str = "",
    access: Access = allow(Permission.UPLOADS_WRITE),
) -> Response:
    """Rows with a problem, so many on a page, with the cells as they stand in the file."""
    shown = staged_upload(request, access, upload)
    columns, rows = _rows(request, access, upload, start, ROWS)
    here, total = rows
    address = f"/uploads/{upload}/problems?start="
    return render(
        request, "uploads/problems.html",
        title="Problems in your file", back=f"/uploads/{upload}", upload=shown, columns=columns if not start else [],
        rows=here, total=total, start=start, edits=_edits(shown),
        previous=f"{address}{max(0, start - ROWS)}" if start else "",
        more=f"{address}{start + ROWS}" if start + ROWS < total else "",
        notice=Notice("Your corrections are saved, and the file was read again.") if saved else None,
    )  # fmt: skip


def _rows(
    request: Request, access: Access, ref: str, start: int, size: int
) -> tuple[list[str], tuple[list[mending.Row], int]]:
    with request.app.state.database.write(access) as connection:
        upload = queries.require_upload(connection, access, ref)
        columns, found = mending.problems_of(connection, access, ref)
        here = found[start : start + size]
        mending.name_rows(connection, access, upload, here)
    mending.fill_cells(work_of(request.app), upload, here)
    return columns, (here, len(found))


def _edits(shown: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Corrections made here so far: the row, and what was said."""
    fields = national()
    return [
        (row, "; ".join(f"{fields[name].label}: {text or 'not known'}" for name, text in edit.items()))
        for row, edit in sorted(shown["edits"].items(), key=lambda pair: int(pair[0]))
    ]


@router.post("/uploads/{upload}/problems")
def correct(request: Request, upload: str, typed: Typed, access: Access = allow(Permission.UPLOADS_WRITE)) -> Response:
    """Keep the cells that were changed on the page, and read the file again with them."""
    shown = staged_upload(request, access, upload)
    start = typed.get("start", "0")
    here = f"/uploads/{upload}/problems?start={start if start.isascii() and start.isdigit() else 0}"
    if typed.get("take_back", "") in shown["edits"]:
        return say(request, access, upload, typed, {"edits": {typed["take_back"]: None}}, here)
    edits: dict[str, dict[str, str]] = {}
    for row, name, text in _changed(typed):
        edits.setdefault(row, dict(shown["edits"].get(row, {})))[name] = text
    if not edits:
        return say(request, access, upload, typed, {}, f"/uploads/{upload}/next?after=problems")
    return say(request, access, upload, typed, {"edits": edits}, f"{here}&saved=1")


def _changed(typed: Mapping[str, str]) -> Iterable[tuple[str, str, str]]:
    """Row, field and text of each control that does not hold any more what it held."""
    for control, text in typed.items():
        kind, _, place = control.partition("-")
        row, _, name = place.partition("-")
        if kind == "cell" and row.isascii() and row.isdigit() and text.strip() != typed.get(f"was-{place}", "").strip():
            yield row, name, text.strip()


@router.get("/uploads/{upload}/problems.xlsx")
def take_away(request: Request, upload: str, access: Access = allow(Permission.UPLOADS_WRITE)) -> Response:
    """The same as a workbook: to correct the file itself by, and upload it again."""
    import pyarrow as pa

    staged_upload(request, access, upload)
    columns, (rows, _) = _rows(request, access, upload, 0, mending.ALL)
    lines = [("", "", "", "", "", sentence) for sentence in columns]
    lines += [
        (str(row.number), row.name, row.about, mend.column, mend.cell, " ".join(mend.says))
        for row in rows
        for mend in row.mends
    ]
    table = pa.table({name: [line[place] for line in lines] for place, name in enumerate(TAKEN_AWAY)})
    widths = dict(zip(TAKEN_AWAY, (8.0, 28.0, 16.0, 24.0, 24.0, 60.0), strict=True))
    made = BytesIO()
    write_xlsx([Sheet("Problems", table, widths, wrapped=("What to do",))], made)
    return Response(made.getvalue(), media_type=XLSX, headers=attached("problems.xlsx"))
