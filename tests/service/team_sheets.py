"""A coach's caseload of two pupils, its sheet as it goes out, and the sheet sent back."""

from __future__ import annotations

import csv
import io
from datetime import timedelta
from typing import Any

from sqlalchemy import select

from service import tables as t
from service.access import Access
from service.clock import today
from tests.service.caseloads import Checked, person

CONTACT = {"Contacted on": today().strftime("%d/%m/%Y"), "How": "Phone call", "Outcome": "Spoke or answered"}


def in_days(days: int) -> str:
    return (today() + timedelta(days=days)).isoformat()


def furnish(november: Checked) -> Checked:
    """Two pupils with a coach; the first has a next action."""
    for pupil in november.pupils()[:2]:
        body = {"coach": person(november.service, "coach"), "reason": "Mine."}
        assert november.service.as_("coach").put(f"/v1/pupils/{pupil}/coach", json=body).status_code == 200
    record(november, november.pupils()[0], next_action="Ring home", next_on=in_days(3))
    return november


def record(november: Checked, pupil: str, **more: Any) -> str:
    body = {"on": today().isoformat(), "kind": "visit", "outcome": "no_answer", **more}
    return november.service.as_("coach").post(f"/v1/pupils/{pupil}/contacts", json=body).json()["ref"]


def out(november: Checked) -> list[dict[str, str]]:
    answer = november.service.as_("coach").get("/v1/caseload/sheet", headers={"accept": "text/csv"})
    assert answer.status_code == 200
    return list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))


def file_of(rows: list[dict[str, str]]) -> tuple[str, bytes]:
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]))
    writer.writeheader()
    writer.writerows(rows)
    return "sheet.csv", text.getvalue().encode()


def back(november: Checked, rows: list[dict[str, str]], who: str = "coach", **asked: Any) -> Any:
    return november.service.as_(who).post("/v1/caseload/sheet", files={"file": file_of(rows)}, params=asked)


def due(november: Checked, pupil: str) -> Any:
    items = november.service.as_("coach").get("/v1/caseload").json()["items"]
    return next(item["next_action"] for item in items if item["pupil"]["ref"] == pupil)


def contacts_of(november: Checked) -> list[Any]:
    with november.service.database.read(Access.system()) as connection:
        return list(connection.execute(select(t.contacts).order_by(t.contacts.c.id)))
