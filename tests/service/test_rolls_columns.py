"""A roll's columns say what its records say: registers are the same by either, and neither outlives the other."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import delete, select, update

from roni import cohort_to_dict
from service import tables as t
from service.access import Access
from service.registers import gathering
from service.registers.cohorts import load
from tests.service.council_lists import decide, listed, live_list, to_resolve
from tests.service.uploading import GONE, JANUARY, change, confirm, confirmed, csv, open_check, pupil, staged, upn


@pytest.fixture
def council(service: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Two schools, November and January: of some pupils there is more than one roll, or more than a roll."""
    monkeypatch.setattr(gathering, "FEW", 0)
    service.november = open_check(service)
    confirmed(service, service.november, [told(number) for number in range(1, 12)])
    confirmed(service, service.november, [pupil(4, District="South"), *map(pupil, (21, 22))], "returns2")
    live_list(service, listed(2, 3))
    service.january = open_check(service, JANUARY)
    rows = [told(number, **({"Attendance %": None} if number == 5 else {})) for number in range(1, 11)]
    upload = staged(service, service.january, [*rows, told(12, Restricted_sharing="Y")])
    assert confirm(service, change(service, upload, leavers={"*": GONE})).status_code == 200
    for entry in to_resolve(service):
        if entry["kind"] == "sources_disagree":
            decide(service, entry, decision="school")
    return service


def told(number: int, **cells: Any) -> dict[str, Any]:
    sessions = {"Possible sessions": 100, "Sessions attended": 90 + number % 9}
    return pupil(number, District="North" if number % 2 else None, Suspensions=number % 3, **sessions, **cells)


def both(service: Any, check: str, **whom: Any) -> list[dict[str, Any]]:
    """The cohort of a check with its places, by the columns and by the records alone."""
    found = []
    for by_records in (False, True):
        with service.database.write(Access.system()) as connection:
            row = connection.execute(select(t.checks).where(t.checks.c.ref == check)).one()
            if by_records:
                connection.execute(delete(t.roll_columns))
            effective = load(connection, row, **whom)
            said = cohort_to_dict(effective.cohort)
            where = {place.key: place for place in effective.places}
            assert [place.key for place in effective.places] == [one["key"] for one in said["pupils"]]
            said["pupils"] = {one["key"]: (one, where[one["key"]]) for one in said["pupils"]}
            found.append(said)
            connection.rollback()
    return found


@pytest.mark.parametrize("month", ["november", "january"])
def test_a_cohort_is_the_same_by_columns_and_by_records(council: Any, month: str) -> None:
    by_columns, by_records = both(council, getattr(council, month))
    assert by_columns == by_records
    assert len(by_columns["pupils"]) > 10


def test_so_are_some_pupils_and_those_of_one_school(council: Any) -> None:
    with council.database.read(Access.system()) as connection:
        some = list(connection.execute(select(t.pupils.c.id).order_by(t.pupils.c.id.desc())).scalars())[::2]
    for whom in ({"pupils": some}, {"school": council.schools["100001"]}, {"pupils": [], "school": None}):
        by_columns, by_records = both(council, council.november, **whom)
        assert by_columns == by_records


def test_the_columns_are_what_is_read(council: Any) -> None:
    """So that the tests above compare two things."""
    with council.database.write(Access.system()) as connection:
        row = connection.execute(select(t.checks).where(t.checks.c.ref == council.november)).one()
        (kept,) = connection.execute(
            select(t.roll_columns)
            .join(t.submissions, t.submissions.c.id == t.roll_columns.c.submission_id)
            .where(t.submissions.c.check_id == row.id, t.submissions.c.school_id == council.schools["100002"])
        ).all()
        values = {**kept.columns["values"], "attendance": [12.5] * len(kept.columns["key"])}
        changed = update(t.roll_columns).where(t.roll_columns.c.id == kept.id)
        connection.execute(changed.values(columns={**kept.columns, "values": values}))
        cohort = load(connection, row).cohort
        said = dict(zip(cohort.keys.to_pylist(), cohort.column("attendance").tolist(), strict=True))
        connection.rollback()
    assert said[upn(21)] == 12.5
    assert said[upn(4)] != 12.5  # on two rolls: of whom the records are read


def columns_of(service: Any, check: str, urn: str) -> list[dict[str, Any]]:
    """The columns kept of a school's rolls for a check."""
    with service.database.read(Access.system()) as connection:
        sent = t.submissions.c
        query = select(t.roll_columns.c.columns).join(t.submissions, sent.id == t.roll_columns.c.submission_id)
        query = query.join(t.checks, t.checks.c.id == sent.check_id)
        query = query.where(t.checks.c.ref == check, sent.school_id == service.schools[urn])
        return list(connection.execute(query).scalars())


def test_only_the_roll_that_counts_has_columns(council: Any) -> None:
    confirmed(council, council.january, [told(number) for number in (*range(1, 11), 12, 13)])
    (kept,) = columns_of(council, council.january, "100001")
    assert upn(13) in kept["values"]["upn"]


def test_columns_go_where_a_pupil_is_restricted(council: Any) -> None:
    assert columns_of(council, council.november, "100001")
    said = {1: {"Restricted_sharing": "Y"}}
    confirmed(council, council.january, [told(number, **said.get(number, {})) for number in (*range(1, 11), 12)])
    assert columns_of(council, council.november, "100001") == []
    assert columns_of(council, council.november, "100002")
    by_columns, by_records = both(council, council.november)
    assert by_columns == by_records
    assert "attendance" not in by_columns["pupils"][upn(1)][0]["values"]


def test_columns_go_where_a_pupil_is_erased(council: Any) -> None:
    administrator = council.as_("administrator")
    (ref,) = administrator.post("/v1/pupils/lookup", json={"upn": upn(2)}).json()["pupils"]
    assert administrator.request("DELETE", f"/v1/pupils/{ref}", json={"reason": "request"}).status_code == 200
    with council.database.read(Access.system()) as connection:
        assert upn(2) not in str(connection.execute(select(t.roll_columns)).all())
    by_columns, by_records = both(council, council.november)
    assert by_columns == by_records


def test_the_councils_own_roll_which_changes_while_it_is_live_has_no_columns(council: Any) -> None:
    check = council.november
    analyst = council.as_("analyst")
    own = [pupil(60 + number, School_URN="") for number in range(2)]
    rows = [pupil(number, School_URN="100003") for number in range(50, 54)]
    answer = analyst.post(f"/v1/checks/{check}/uploads", files={"file": ("all.csv", csv([*rows, *own]))})
    assert answer.status_code in (201, 202), answer.text
    upload = answer.json()
    while upload["state"] in ("reading", "confirming"):
        upload = analyst.get(f"/v1/uploads/{upload['ref']}").json()
    confirm(council, upload, "analyst")
    while analyst.get(f"/v1/uploads/{upload['ref']}").json()["state"] == "confirming":
        pass
    with council.database.read(Access.system()) as connection:
        query = select(t.roll_columns.c.id).join(t.submissions, t.submissions.c.id == t.roll_columns.c.submission_id)
        assert connection.execute(select(t.submissions).where(t.submissions.c.school_id.is_(None))).all()
        assert connection.execute(query.where(t.submissions.c.school_id.is_(None))).all() == []
    by_columns, by_records = both(council, check)
    assert by_columns == by_records
