"""From the confirmation on that restricts a pupil's information nothing is stored that was shared before."""

from __future__ import annotations

import json
from typing import Any

import pytest
from sqlalchemy import select

from service import tables as t
from service.access import Access
from service.registers.working_out import work_out_beside
from service.uploads.restricted import KEPT
from tests.service.council_lists import listed, live_list, to_resolve
from tests.service.uploading import JANUARY, confirmed, open_check, pupil, upn

SENTINEL = "Zenobia-adviser"
RARE = "61.25"


@pytest.fixture
def known(service: Any) -> Any:
    """Of pupils 1 and 2 a November that is closed and a January that is open say a lot, and so do lists."""
    november = open_check(service)
    confirmed(service, november, [told(1, **{"Attendance %": RARE}), told(2), told(3)])
    live_list(service, listed(1, 2))
    analyst = service.as_("analyst")
    service.november, service.january = november, open_check(service, JANUARY)
    confirmed(service, service.january, [told(number) for number in (1, 2, 3)])
    with service.database.write(Access.system()) as connection:
        check = connection.execute(select(t.checks).where(t.checks.c.ref == service.january)).one()
        work_out_beside(connection, service.settings, check, "full", service.people["analyst"])
    closed = analyst.get(f"/v1/checks/{november}")
    headers = {"if-match": closed.headers["etag"]}
    assert analyst.patch(f"/v1/checks/{november}", json={"closed": True}, headers=headers).status_code == 200
    return service


def told(number: int, **cells: Any) -> dict[str, Any]:
    return pupil(number, Careers_adviser=SENTINEL, **cells)


def restrict(service: Any, **also: Any) -> Any:
    rows = [told(1, Restricted_sharing="Y"), told(2, Restricted_sharing="N"), told(3, Restricted_sharing="N", **also)]
    return confirmed(service, service.january, rows)


def stored(service: Any, number: int) -> dict[str, list[Any]]:
    """All that is stored of a pupil outside `pupils` and the audit, by table."""
    with service.database.read() as connection:
        pupil_id = connection.execute(select(t.pupils.c.id).where(t.pupils.c.upn == upn(number))).scalar_one()
        tables = [table for table in t.metadata.sorted_tables if "pupil_id" in table.c and table.name != "pupil_links"]
        return {
            table.name: [row._asdict() for row in connection.execute(select(table).where(table.c.pupil_id == pupil_id))]
            for table in tables
        }


def test_what_was_shared_before_is_dropped_and_who_the_pupil_is_stays(known: Any) -> None:
    before = stored(known, 2)
    assert len(stored(known, 1)["roll_pupils"]) == 2
    restrict(known)
    rows = stored(known, 1)
    assert len(rows["roll_pupils"]) == 3  # November's, January's before and now
    for row in rows["roll_pupils"]:
        assert row["record"]["values"].keys() <= KEPT
        assert row["record"]["origin"].keys() <= KEPT
        assert (row["record"]["values"]["surname"], row["record"]["values"]["upn"]) == ("Surname1", upn(1))
    assert (rows["supplement_rows"], rows["kept_rows"]) == ([], [])
    said = json.dumps(rows, default=str)
    for sentinel in (SENTINEL, RARE, "looked_after", "attendance"):
        assert sentinel not in said, sentinel
    assert {row["section"] for row in rows["register_rows"]} == {"restricted"}
    kept = {name: [row for row in found if row not in stored(known, 2)[name]] for name, found in before.items()}
    assert kept["supplement_rows"] == []
    assert all(not row["live"] or "attendance" in row["record"]["values"] for row in stored(known, 2)["roll_pupils"])


def test_no_row_of_a_list_is_left_of_the_pupil_but_of_the_others(known: Any) -> None:
    restrict(known)
    with known.database.read() as connection:
        rows = connection.execute(select(t.supplement_rows.c.state, t.supplement_rows.c.record)).all()
    assert {row.state: row.record["values"] != {} for row in rows} == {"restricted": False, "matched": True}
    assert {entry["name"] for entry in to_resolve(known)} == {"Surname2, Forename2"}


def test_open_and_closed_checks_say_so_and_scoring_them_again_gives_the_same(known: Any) -> None:
    restrict(known)
    for check in (known.november, known.january):
        items = known.as_("analyst").get(f"/v1/checks/{check}/register").json()["items"]
        assert {item["surname"]: item["section"] for item in items}["Surname1"] == "restricted"
        assert known.as_("analyst").get(f"/v1/checks/{check}/register/verification").json()["same"] is True
    ref = next(item["pupil"] for item in items if item["surname"] == "Surname1")
    history = known.as_("analyst").get(f"/v1/pupils/{ref}/history").json()["items"]
    assert {item["section"] for item in history} == {"restricted"}


def test_the_audit_says_whose_it_was_once(known: Any) -> None:
    restrict(known)
    restrict(known, SEN="E")
    with known.database.read() as connection:
        events = t.audit_events.c
        found = connection.execute(select(events.pupils).where(events.action == "pupil.restrict")).scalars().all()
        links = t.pupil_links.c
        mine = select(links.audit_ref).join(t.pupils, t.pupils.c.id == links.pupil_id).where(t.pupils.c.upn == upn(1))
        assert found == [connection.execute(mine).scalar_one()]
