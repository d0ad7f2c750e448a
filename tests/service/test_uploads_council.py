"""A file for all schools of the council: split, compared with each school's roll, confirmed school after school."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import func, select, update

from service import tables as t
from service.uploads import finishing, work
from tests.service.test_uploads_hostile import until
from tests.service.test_uploads_leavers import live, ref_of, to_resolve
from tests.service.uploading import CONFIRM, GONE, change, confirm, confirmed, csv, open_check, pupil, send, upn

ONE, TWO, THREE = "100001", "100002", "100003"


def of(urn: str, number: int, **cells: Any) -> dict[str, Any]:
    return pupil(number, URN=urn, **cells)


def everywhere() -> list[dict[str, Any]]:
    return [of(ONE, 1), of(ONE, 2), of(TWO, 11), of(THREE, 21)]


@pytest.fixture
def check(sqlite_service) -> str:
    return open_check(sqlite_service)


def sent(service: Any, check: str, rows: list[dict[str, Any]]) -> Any:
    answer = send(service, check, csv(rows), "analyst")
    assert answer.status_code == 201, answer.text
    return answer.json()


def test_one_file_is_every_schools_roll(service) -> None:
    check = open_check(service)
    upload = sent(service, check, everywhere())
    assert upload["school"] is None
    assert {part["school"]: part["first"] for part in upload["differences"]} == {ONE: 2, TWO: 1, THREE: 1}
    answer = confirm(service, upload, "analyst")
    receipt = answer.json()["receipt"]
    assert (answer.status_code, receipt["on_roll"], len(receipt["rolls"])) == (200, 4, 3)
    assert {row.urn for row in live(service, check).values()} == {ONE, TWO, THREE}
    states = {line["state"] for line in service.as_("analyst").get(f"/v1/checks/{check}").json()["schools"]}
    assert states == {"signed_off"}
    with service.database.read() as connection:
        assert connection.execute(select(func.count()).select_from(t.register_rows)).scalar() == 12
        assert connection.execute(select(func.count()).select_from(t.upload_files)).scalar() == 0
    again = confirm(service, upload, "analyst").json()
    assert (again["changed"], again["receipt"]) == (False, receipt)


@pytest.mark.parametrize("column", ["LAESTAB", "School"])
def test_a_school_is_known_by_its_number_or_name_too(sqlite_service, check, column) -> None:
    client = sqlite_service.as_("analyst")
    ref = next(item["ref"] for item in client.get("/v1/schools").json()["items"] if item["urn"] == TWO)
    client.patch(f"/v1/schools/{ref}", json={"laestab": "8234001"})
    said = {"LAESTAB": "823/4001", "School": "sample  HIGH school"}[column]
    upload = sent(sqlite_service, check, [pupil(1, **{column: said}), pupil(2, **{column: said})])
    assert [part["school"] for part in upload["differences"]] == [TWO]


def test_rows_of_an_unknown_school_are_said_and_accounted_for(sqlite_service, check) -> None:
    upload = sent(sqlite_service, check, [of(ONE, 1), of("999999", 2), of(ONE, 3)])
    account = upload["account"]
    assert account["unknown_school"] == {"count": 1, "rows": [3]}
    assert account["rows"] == account["pupils"] + account["unknown_school"]["count"]


def test_pupils_of_no_school_are_on_the_councils_own_roll(service) -> None:
    check = open_check(service)
    confirm(service, sent(service, check, [of(ONE, 1), of("", 2)]), "analyst")
    row = live(service, check)[upn(2)]
    assert (row.school_id, row.status) == (None, "on_roll")
    upload = sent(service, check, [of(ONE, 1, SEN="E"), of("", 2), of("", 3)])
    parts = {part["school"]: part for part in upload["differences"]}
    assert (parts[None]["joined"], parts[None]["unchanged"], parts[ONE]["changed"]) == (1, 1, 1)


def test_nobody_leaves_the_councils_own_roll_by_not_standing_in_a_file(sqlite_service, check) -> None:
    confirm(sqlite_service, sent(sqlite_service, check, [of(ONE, 1), of("", 2), of("", 3)]), "analyst")
    upload = sent(sqlite_service, check, [of(ONE, 1), of(ONE, 3), of("", 4)])
    assert upload["leavers"]["count"] == 0
    confirm(sqlite_service, upload, "analyst")
    rows = live(sqlite_service, check)
    assert {number: row.urn for number, row in rows.items()} == {upn(1): ONE, upn(3): ONE, upn(2): None, upn(4): None}


def test_whom_a_school_lists_is_on_the_councils_own_roll_no_more(sqlite_service, check) -> None:
    confirm(sqlite_service, sent(sqlite_service, check, [of("", 2)]), "analyst")
    confirmed(sqlite_service, check, [pupil(2)])
    row = live(sqlite_service, check)[upn(2)]
    assert row.urn == ONE
    assert to_resolve(sqlite_service) == []


def test_who_is_only_a_guest_at_a_school_stays_on_the_councils_own_roll(sqlite_service, check) -> None:
    confirm(sqlite_service, sent(sqlite_service, check, [of(ONE, 1), pupil(31, URN=None)]), "analyst")
    confirmed(sqlite_service, check, [pupil(1, Enrolment_status="C"), pupil(31, Enrolment_status="G")])
    with sqlite_service.database.read() as connection:
        rolls = t.roll_pupils.c
        own = select(t.pupils.c.upn).join(t.roll_pupils, rolls.pupil_id == t.pupils.c.id)
        own = own.where(rolls.live, rolls.status == "on_roll", rolls.school_id.is_(None))
        assert connection.execute(own).scalars().all() == [upn(31)]


def test_schools_that_are_not_in_the_file_keep_their_rolls(sqlite_service, check) -> None:
    confirmed(sqlite_service, check, [pupil(11)], "returns2")
    confirm(sqlite_service, sent(sqlite_service, check, [of(ONE, 1)]), "analyst")
    assert set(live(sqlite_service, check)) == {upn(1), upn(11)}


def test_whom_the_file_itself_says_to_have_left_needs_an_answer_first_too(sqlite_service, check) -> None:
    upload = sent(sqlite_service, check, [*everywhere(), of(THREE, 22, **{"Date left": "01/10/2026"})])
    assert upload["leavers"] == {"count": 1, "unanswered": 1}
    answer = confirm(sqlite_service, upload, "analyst")
    assert (answer.status_code, answer.json()["code"]) == (422, "leavers_unanswered")
    assert answer.json()["leavers"] == ["row:6"]
    named = change(sqlite_service, upload, "analyst", leavers={"row:6": GONE})
    receipt = confirm(sqlite_service, named, "analyst").json()["receipt"]
    assert (receipt["on_roll"], receipt["left"]) == (4, 1)


def test_leavers_of_all_schools_need_their_answers_first(sqlite_service, check) -> None:
    confirm(sqlite_service, sent(sqlite_service, check, everywhere()), "analyst")
    upload = sent(sqlite_service, check, [of(ONE, 1), of(TWO, 12), of(THREE, 21)])
    answer = confirm(sqlite_service, upload, "analyst")
    assert answer.json()["code"] == "leavers_unanswered"
    assert set(answer.json()["leavers"]) == {ref_of(sqlite_service, 2), ref_of(sqlite_service, 11)}
    said = {ref_of(sqlite_service, 2): {**GONE, "to": "ehe"}, "*": {**GONE, "to": "abroad"}}
    named = change(sqlite_service, upload, "analyst", leavers=said)
    assert confirm(sqlite_service, named, "analyst").status_code == 200
    rows = live(sqlite_service, check)
    assert (rows[upn(2)].leaver["to"], rows[upn(11)].leaver["to"]) == ("ehe", "abroad")
    assert to_resolve(sqlite_service) == [("alert", upn(2))]


def test_only_the_council_sends_a_file_for_all(sqlite_service, check) -> None:
    sqlite_service.add_person("both", "returns")  # of no school
    assert send(sqlite_service, check, csv(everywhere()), "both").json()["code"] == "school_needed"
    upload = sent(sqlite_service, check, everywhere())
    assert sqlite_service.as_("returns").get(f"/v1/uploads/{upload['ref']}").status_code == 404


def test_a_school_that_confirmed_meanwhile_keeps_its_own_roll(sqlite_service, check) -> None:
    upload = sent(sqlite_service, check, everywhere())
    confirmed(sqlite_service, check, [pupil(5)])
    receipt = confirm(sqlite_service, upload, "analyst").json()["receipt"]
    refused = [roll for roll in receipt["rolls"] if "refused" in roll]
    assert [(roll["school"], roll["refused"]["code"]) for roll in refused] == [(ONE, "roll_changed")]
    assert {upn(5), upn(11), upn(21)} == set(live(sqlite_service, check))


def test_what_was_being_confirmed_when_the_service_stopped_is_gone_on_with(service) -> None:
    check = open_check(service)
    upload = sent(service, check, everywhere())
    with service.database.write() as connection:
        row = connection.execute(select(t.uploads)).one()
        finishing.begin_all(connection, _analyst(service), row)
        row = connection.execute(select(t.uploads)).one()
        finishing._next(connection, _analyst(service), service.settings, row)  # one school, and then a stop
    shown = service.as_("analyst").get(f"/v1/uploads/{upload['ref']}").json()
    assert (shown["state"], round(shown["progress"], 2)) == ("confirming", 0.33)
    work.start(service.app)
    url = f"/v1/uploads/{upload['ref']}"
    assert until(lambda: service.as_("analyst").get(url).json()["state"] == "confirmed")
    work.stop(service.app)
    assert len(live(service, check)) == 4
    with service.database.read() as connection:
        by = connection.execute(select(t.submissions.c.confirmed_by_id)).scalars().all()
    assert set(by) == {service.people["analyst"]}


def _analyst(service: Any) -> Any:
    from datetime import date

    from service.access import access_of

    with service.database.read() as connection:
        grant = select(t.grants.c.id).where(t.grants.c.person_id == service.people["analyst"])
        return access_of(connection, connection.execute(grant).scalar_one(), "token", None, date(2026, 11, 21))


def test_while_it_is_confirmed_it_says_how_far_it_is(sqlite_service, check) -> None:
    upload = sent(sqlite_service, check, everywhere())
    with sqlite_service.database.write() as connection:
        values = {"state": "confirming", "progress": 0.5, "receipt": {"by": {}, "rolls": []}}
        connection.execute(update(t.uploads).values(**values))
    headers = {"if-match": f'"{upload["version"]}"'}
    url = f"/v1/uploads/{upload['ref']}/confirmation"
    answer = sqlite_service.as_("analyst").post(url, json=CONFIRM, headers=headers)
    assert (answer.status_code, answer.json()["progress"]) == (202, 0.5)
