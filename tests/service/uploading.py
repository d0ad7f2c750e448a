"""Schools' files for the tests of uploads: small CSVs of invented pupils, sent as a school sends them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from stdnum.gb import upn as upn_numbers  # only its checksum: its list of authorities is old

HEADINGS = (
    "UPN", "Surname", "Forename", "Date of birth", "Year group", "Attendance %", "SEN", "Young carer", "Looked after",
)  # fmt: skip
NOVEMBER = {"academic_year": "2026/27", "name": "november"}
JANUARY = {"academic_year": "2026/27", "name": "january"}
CONFIRM = {"registrations_confirmed": True}
GONE = {"date": "2026-12-11", "to": "other_authority", "confirmed_by": "the invented office"}


def upn(number: int) -> str:
    """The UPN of an invented pupil."""
    digits = f"823{number:09d}"
    return upn_numbers.calc_check_digit(digits) + digits


def pupil(number: int, **cells: Any) -> dict[str, Any]:
    """One row. A cell that is None stays blank."""
    row = {
        "UPN": upn(number),
        "Surname": f"Surname{number}",
        "Forename": f"Forename{number}",
        "Date of birth": f"{1 + number % 28:02d}/10/2010",
        "Year group": 11,
        "Attendance %": 96.5 - number % 40,
        "SEN": "K" if number % 5 == 0 else "N",
        "Young carer": "Y" if number % 7 == 0 else "N",
        "Looked after": "N",
    }
    return row | {key.replace("_", " "): value for key, value in cells.items()}


def csv(rows: Sequence[dict[str, Any]], headings: Sequence[str] | None = None) -> bytes:
    """The rows as a school's CSV."""
    named = headings or list(dict.fromkeys([*HEADINGS, *(key for row in rows for key in row)]))
    lines = [",".join(named)]
    lines += [",".join("" if row.get(name) is None else str(row[name]) for name in named) for row in rows]
    return ("\r\n".join(lines) + "\r\n").encode()


def open_check(service: Any, check: dict[str, Any] = NOVEMBER, **more: Any) -> str:
    """A check, opened by the analyst; its reference."""
    answer = service.as_("analyst").post("/v1/checks", json={**check, **more})
    assert answer.status_code == 201, answer.text
    return str(answer.json()["ref"])


def send(service: Any, check: str, content: bytes, who: str = "returns", name: str = "roll.csv", **form: str) -> Any:
    """Upload a file; the answer."""
    url = f"/v1/checks/{check}/uploads"
    return service.as_(who).post(url, files={"file": (name, content)}, data=form or None)


def staged(service: Any, check: str, rows: Sequence[dict[str, Any]], who: str = "returns", **form: str) -> Any:
    """Upload rows that are read; the upload as shown."""
    answer = send(service, check, csv(rows), who, **form)
    assert answer.status_code == 201, answer.text
    return answer.json()


def change(service: Any, upload: dict[str, Any], who: str = "returns", **said: Any) -> Any:
    """Say something of an upload; the upload as shown."""
    headers = {"if-match": f'"{upload["version"]}"'}
    answer = service.as_(who).patch(f"/v1/uploads/{upload['ref']}", json=said, headers=headers)
    assert answer.status_code == 200, answer.text
    return answer.json()


def confirm(service: Any, upload: dict[str, Any], who: str = "returns") -> Any:
    """Confirm an upload as it was shown; the answer."""
    headers = {"if-match": f'"{upload["version"]}"'}
    return service.as_(who).post(f"/v1/uploads/{upload['ref']}/confirmation", json=CONFIRM, headers=headers)


def confirmed(service: Any, check: str, rows: Sequence[dict[str, Any]], who: str = "returns", **said: Any) -> Any:
    """Upload and confirm; the receipt."""
    upload = staged(service, check, rows, who)
    if said:
        upload = change(service, upload, who, **said)
    answer = confirm(service, upload, who)
    assert answer.status_code == 200, answer.text
    return answer.json()["receipt"]


def question(upload: dict[str, Any], number: str) -> dict[str, Any]:
    """One question of an upload."""
    (found,) = [item for item in upload["questions"] if item["id"] == number]
    return dict(found)
