"""A roll is confirmed: live at once or not at all, the same again changes nothing, two at once lose nothing."""

from __future__ import annotations

import threading

import pytest
from sqlalchemy import func, select

from service import audit
from service import tables as t
from tests.service.uploading import (
    CONFIRM,
    JANUARY,
    change,
    confirm,
    confirmed,
    csv,
    open_check,
    pupil,
    send,
    staged,
    upn,
)


@pytest.fixture
def check(sqlite_service) -> str:
    return open_check(sqlite_service)


def _count(service, table, *where) -> int:
    with service.database.read() as connection:
        return int(connection.execute(select(func.count()).select_from(table).where(*where)).scalar_one())


def test_a_confirmed_roll_is_live_with_its_register_and_its_audit(service) -> None:
    check = open_check(service)
    upload = staged(service, check, [pupil(1), pupil(2), pupil(3)])
    answer = confirm(service, upload)
    receipt = answer.json()["receipt"]
    assert (answer.status_code, answer.json()["changed"]) == (200, True)
    assert (receipt["on_roll"], receipt["first"], receipt["left"], receipt["school"]) == (3, 3, 0, "100001")
    assert receipt["confirmed_by"] == "Invented returns"
    assert _count(service, t.roll_pupils, t.roll_pupils.c.live) == 3
    assert _count(service, t.pupils) == 3
    assert _count(service, t.register_rows) == 3  # in the full register; other views are owed them
    assert _count(service, t.upload_files) == _count(service, t.upload_pupils) == 0
    line = service.as_("returns").get(f"/v1/checks/{check}").json()["schools"][0]
    assert line["state"] == "signed_off"
    with service.database.read() as connection:
        actions = connection.execute(select(t.audit_events.c.action)).scalars().all()
        assert audit.first_break(connection) is None
    assert {"upload.stage", "roll.confirm", "upload.confirm"} <= set(actions)


def test_the_digest_of_the_file_is_kept(sqlite_service, check) -> None:
    upload = staged(sqlite_service, check, [pupil(1)])
    receipt = confirm(sqlite_service, upload).json()["receipt"]
    assert receipt["file_digest"] == upload["file_digest"]
    with sqlite_service.database.read() as connection:
        row = connection.execute(select(t.submissions)).one()
    assert (row.file_digest, row.cohort["check"]["name"]) == (upload["file_digest"], "november")
    assert row.receipt == receipt


def test_the_same_confirmation_again_says_that_nothing_changed(service) -> None:
    check = open_check(service)
    upload = staged(service, check, [pupil(1)])
    first, again = confirm(service, upload), confirm(service, upload)
    assert (again.status_code, again.json()["changed"]) == (200, False)
    assert again.json()["receipt"] == first.json()["receipt"]
    assert _count(service, t.submissions) == 1


def test_a_confirmation_says_which_version_was_looked_at(sqlite_service, check) -> None:
    upload = staged(sqlite_service, check, [pupil(1)])
    url = f"/v1/uploads/{upload['ref']}/confirmation"
    client = sqlite_service.as_("returns")
    assert client.post(url, json=CONFIRM).status_code == 428
    assert client.post(url, json=CONFIRM, headers={"if-match": '"99"'}).status_code == 412
    headers = {"if-match": f'"{upload["version"]}"'}
    for body in ({}, {"registrations_confirmed": False}):
        assert client.post(url, json=body, headers=headers).status_code == 422
    assert _count(sqlite_service, t.submissions) == 0


def test_two_confirmations_at_once_make_one_roll(service) -> None:
    check = open_check(service)
    upload = staged(service, check, [pupil(number) for number in range(1, 20)])
    service.as_("returns")
    answers = _at_once([lambda: confirm(service, upload)] * 4)
    assert {answer.status_code for answer in answers} == {200}
    assert sorted(answer.json()["changed"] for answer in answers) == [False, False, False, True]
    assert _count(service, t.submissions) == 1
    assert _count(service, t.roll_pupils) == 19


def _at_once(tasks) -> list:
    answers: list = []
    threads = [threading.Thread(target=lambda task=task: answers.append(task())) for task in tasks]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


def test_a_roll_that_was_confirmed_meanwhile_makes_this_one_stale(service) -> None:
    check = open_check(service)
    mine = staged(service, check, [pupil(1)])
    theirs = send(service, check, csv([pupil(2)]), "analyst", school="100001").json()
    # the second upload took the first one's place: only one is open at a time
    assert confirm(service, mine).json()["code"] == "stale"
    assert confirm(service, theirs, "analyst").status_code == 200


def test_an_answer_again_compares_with_the_roll_of_now(sqlite_service, check) -> None:
    """An upload that was staged before another roll was confirmed is compared again when it is touched."""
    upload = staged(sqlite_service, check, [pupil(1)])
    with sqlite_service.database.write() as connection:
        connection.execute(t.uploads.update().values(state="withdrawn"))
    confirmed(sqlite_service, check, [pupil(2)])
    with sqlite_service.database.write() as connection:
        mine = t.uploads.c.ref == upload["ref"]
        connection.execute(t.uploads.update().where(mine).values(state="staged"))
    answer = confirm(sqlite_service, upload)
    assert (answer.status_code, answer.json()["code"]) == (412, "roll_changed")
    touched = change(sqlite_service, upload)
    assert touched["account"]["difference"] == {"joined": 1, "left": 1, "changed": 0, "unchanged": 0, "first": 0}


def test_a_second_roll_takes_the_place_of_the_first(service) -> None:
    check = open_check(service)
    confirmed(service, check, [pupil(1), pupil(2, Young_carer="N")])
    upload = staged(service, check, [pupil(1), pupil(2, Young_carer="Y"), pupil(3)])
    assert upload["account"]["difference"] == {"joined": 1, "left": 0, "changed": 1, "unchanged": 1, "first": 0}
    confirm(service, upload)
    assert _count(service, t.submissions, t.submissions.c.live) == 1
    assert _count(service, t.roll_pupils, t.roll_pupils.c.live) == 3
    assert _count(service, t.pupils) == 3


def test_what_changed_is_shown_field_by_field_to_who_may_see_it(sqlite_service, check) -> None:
    confirmed(sqlite_service, check, [pupil(1, Young_carer="N", YOT="N")])
    upload = staged(sqlite_service, check, [pupil(1, Young_carer="Y", YOT="Y")])
    url = f"/v1/uploads/{upload['ref']}/pupils"
    (shown,) = sqlite_service.as_("returns").get(url, params={"change": "changed"}).json()["items"]
    changed = {item["field"]: (item["before"], item["now"]) for item in shown["changes"]}
    assert (shown["surname"], shown["row"], shown["pupil"][:6]) == ("Surname1", 2, "pupil-")
    seen_by_analyst = sqlite_service.as_("analyst").get(url).json()["items"][0]["changes"]
    assert "youth_justice" in {item["field"] for item in seen_by_analyst}
    assert "youth_justice" not in changed


def test_pupils_of_an_upload_come_in_pages_and_reading_them_is_audited(sqlite_service, check) -> None:
    confirmed(sqlite_service, check, [pupil(number) for number in range(1, 6)])
    upload = staged(sqlite_service, check, [pupil(number) for number in range(1, 7)])
    url, seen, cursor = f"/v1/uploads/{upload['ref']}/pupils", [], None
    while True:
        page = (
            sqlite_service.as_("returns").get(url, params={"limit": 4, **({"cursor": cursor} if cursor else {})}).json()
        )
        seen += [item["row"] for item in page["items"]]
        if (cursor := page["next"]) is None:
            break
    assert seen == [2, 3, 4, 5, 6, 7]
    with sqlite_service.database.read() as connection:
        read = t.audit_events.c.action == "upload.read"
        rows = connection.execute(select(t.audit_events.c.pupils).where(read)).scalars().all()
    assert [len(row.split()) for row in rows] == [4, 1]


# --- who is who -------------------------------------------------------------------------------------------------------


def _pupil_row(service, number: str):
    with service.database.read() as connection:
        return connection.execute(select(t.pupils).where(t.pupils.c.upn == number)).one()


def test_a_changed_upn_is_an_update_and_no_joiner_and_leaver(service) -> None:
    check = open_check(service)
    confirmed(service, check, [pupil(1), pupil(2)])
    before = _pupil_row(service, upn(2))
    rows = [pupil(1), pupil(2, UPN=upn(902), **{"Former UPN": upn(2)})]
    upload = staged(service, check, rows)
    assert upload["account"]["difference"]["joined"] == upload["account"]["difference"]["left"] == 0
    confirm(service, upload)
    after = _pupil_row(service, upn(902))
    assert (after.ref, after.former_upn, after.key) == (before.ref, upn(2), upn(902))
    assert _count(service, t.pupils) == 2


def test_a_temporary_upn_becomes_a_permanent_one(sqlite_service, check) -> None:
    temporary = "B82300000901A"
    confirmed(sqlite_service, check, [pupil(1), pupil(2, UPN=temporary)])
    before = _pupil_row(sqlite_service, temporary)
    confirmed(sqlite_service, check, [pupil(1), pupil(2, **{"Former UPN": temporary})])
    assert _pupil_row(sqlite_service, upn(2)).ref == before.ref


def test_a_pupil_without_upn_is_known_by_the_admission_number_of_the_school(sqlite_service, check) -> None:
    confirmed(sqlite_service, check, [pupil(1), pupil(2, UPN=None, Admission_number="4711")])
    january = open_check(sqlite_service, JANUARY)
    rows = [pupil(1), pupil(2, UPN=None, Admission_number="4711", School="Whatever it is called")]
    upload = staged(sqlite_service, january, rows)
    assert upload["account"]["difference"]["joined"] == upload["account"]["difference"]["left"] == 0
    confirm(sqlite_service, upload)
    assert _count(sqlite_service, t.pupils) == 2


def test_the_same_admission_number_at_two_schools_is_two_pupils(sqlite_service, check) -> None:
    confirmed(sqlite_service, check, [pupil(1), pupil(2, UPN=None, Admission_number="4711")])
    confirmed(sqlite_service, check, [pupil(3), pupil(4, UPN=None, Admission_number="4711")], "returns2")
    assert _count(sqlite_service, t.pupils) == 4


def test_a_pupil_without_any_identifier_is_somebody_new_each_time(sqlite_service, check) -> None:
    confirmed(sqlite_service, check, [pupil(1), pupil(2, UPN=None)])
    upload = staged(sqlite_service, check, [pupil(1), pupil(2, UPN=None, Surname="Newname")])
    assert upload["account"]["difference"]["joined"] == 1


def test_names_and_birth_dates_never_make_two_pupils_one(sqlite_service, check) -> None:
    confirmed(sqlite_service, check, [pupil(1)])
    confirmed(sqlite_service, check, [pupil(1, UPN=upn(77))], "returns2")
    assert _count(sqlite_service, t.pupils) == 2


def test_a_upn_that_two_rows_share_is_nobodys(sqlite_service, check) -> None:
    confirmed(sqlite_service, check, [pupil(1), pupil(2)])
    upload = staged(sqlite_service, check, [pupil(1), pupil(2), pupil(3, UPN=upn(2), Surname="Another")])
    refs = [item["leaver"] for item in _leavers(sqlite_service, upload)]
    said = {ref: {"date": "not known", "to": "not_known", "confirmed_by": "the office"} for ref in refs}
    answer = confirm(sqlite_service, change(sqlite_service, upload, leavers=said))
    assert answer.status_code == 200
    assert answer.json()["receipt"]["on_roll"] == 3


def _leavers(service, upload, who: str = "returns") -> list[dict]:
    return service.as_(who).get(f"/v1/uploads/{upload['ref']}/leavers", params={"limit": 500}).json()["items"]


def test_a_newly_restricted_pupil_carries_nothing_over(sqlite_service, check) -> None:
    confirmed(sqlite_service, check, [pupil(1, Young_carer="Y"), pupil(2)])
    confirmed(sqlite_service, check, [pupil(1, Young_carer=None, S72="Y"), pupil(2, S72=None)])
    with sqlite_service.database.read() as connection:
        live = t.roll_pupils.c.live & (t.roll_pupils.c.place == 0)
        record = connection.execute(select(t.roll_pupils.c.record).where(live)).scalar_one()
        row = connection.execute(select(t.pupils).where(t.pupils.c.upn == upn(1))).one()
    assert "young_carer" not in record["values"]
    assert row.restricted


# --- twenty at once ---------------------------------------------------------------------------------------------------


def test_twenty_schools_confirm_at_once_and_none_is_lost(service) -> None:
    for number in range(20):
        urn = f"2000{number:02d}"
        service.add_school(urn, f"Invented School {number}")
        service.add_person(f"school{number}", "returns", school_id=service.schools[urn])
    check = open_check(service)
    uploads = [
        staged(service, check, [pupil(100 * number + each) for each in range(1, 6)], f"school{number}")
        for number in range(20)
    ]
    tasks = [lambda number=number: confirm(service, uploads[number], f"school{number}") for number in range(20)]
    answers = _at_once(tasks)
    assert [answer.status_code for answer in answers] == [200] * 20
    assert _count(service, t.submissions, t.submissions.c.live) == 20
    assert _count(service, t.roll_pupils, t.roll_pupils.c.live) == 100
    assert _count(service, t.register_rows) == 100
    assert service.as_("school1").get(f"/v1/checks/{check}/register").status_code == 200
    assert _count(service, t.register_rows) == 300  # in each of three views, once somebody has a narrower one
    with service.database.read() as connection:
        assert audit.first_break(connection) is None
