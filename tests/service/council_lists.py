"""Council lists for tests: small CSVs of invented pupils, sent as a council team sends them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select

from service import tables as t
from service.access import Access
from tests.service.uploading import csv, upn

OCTOBER = "2026-10-31"


def listed(*numbers: int, **cells: Any) -> list[dict[str, Any]]:
    """Rows of a list: the UPNs of invented pupils, and what else it says of each."""
    return [
        {"UPN": upn(number), **{key.replace("_", " "): value for key, value in cells.items()}} for number in numbers
    ]


def send_list(
    service: Any, rows: Sequence[dict[str, Any]], who: str = "virtual_school", name: str = "list.csv", **form: Any
) -> Any:
    """Send a list; the answer."""
    headings = list(dict.fromkeys(key for row in rows for key in row))
    said = {"field": "looked_after", "as_at": OCTOBER, **form}
    given = {key: value for key, value in said.items() if value is not None}
    return service.as_(who).post("/v1/supplements", files={"file": (name, csv(rows, headings))}, data=given)


def staged_list(service: Any, rows: Sequence[dict[str, Any]], who: str = "virtual_school", **form: Any) -> Any:
    """Send a list that is read; the list as shown."""
    answer = send_list(service, rows, who, **form)
    assert answer.status_code == 201, answer.text
    return answer.json()


def confirm_list(service: Any, supplement: dict[str, Any], who: str = "virtual_school") -> Any:
    """Confirm a list as it was shown; the answer."""
    headers = {"if-match": f'"{supplement["version"]}"'}
    return service.as_(who).post(f"/v1/supplements/{supplement['ref']}/confirmation", headers=headers)


def live_list(service: Any, rows: Sequence[dict[str, Any]], who: str = "virtual_school", **form: Any) -> Any:
    """Send and confirm a list; the receipt."""
    answer = confirm_list(service, staged_list(service, rows, who, **form), who)
    assert answer.status_code == 200, answer.text
    return answer.json()


def rows_of(service: Any, ref: str, who: str = "virtual_school", **query: Any) -> list[dict[str, Any]]:
    answer = service.as_(who).get(f"/v1/supplements/{ref}/rows", params=query)
    assert answer.status_code == 200, answer.text
    return list(answer.json()["items"])


def decide_row(service: Any, ref: str, row: dict[str, Any], who: str = "virtual_school", **decision: Any) -> Any:
    headers = {"if-match": f'"{row["version"]}"'}
    return service.as_(who).patch(f"/v1/supplements/{ref}/rows/{row['ref']}", json=decision, headers=headers)


def to_resolve(service: Any, who: str = "analyst", **query: Any) -> list[dict[str, Any]]:
    answer = service.as_(who).get("/v1/resolutions", params=query)
    assert answer.status_code == 200, answer.text
    return list(answer.json()["items"])


def decide(service: Any, entry: dict[str, Any], who: str = "analyst", **decision: Any) -> Any:
    headers = {"if-match": f'"{entry["version"]}"'}
    return service.as_(who).patch(f"/v1/resolutions/{entry['ref']}", json=decision, headers=headers)


def register_line(service: Any, number: int, view: str = "full") -> Any:
    """The register's row of an invented pupil; None where there is none."""
    with service.database.read(Access.system()) as connection:
        return connection.execute(
            select(t.register_rows)
            .join(t.registers, t.registers.c.id == t.register_rows.c.register_id)
            .join(t.pupils, t.pupils.c.id == t.register_rows.c.pupil_id)
            .where(t.registers.c.view == view, t.registers.c.beside.is_(False), t.pupils.c.upn == upn(number))
            .order_by(t.registers.c.id.desc())
            .limit(1)
        ).one_or_none()


def met(service: Any, number: int, view: str = "full") -> set[str]:
    """The indicators that an invented pupil meets."""
    line = register_line(service, number, view)
    assert line is not None
    return set(line.indicators.split())
