"""Leavers: each with a day, where to and who confirmed it; what the council must look at; November to January."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, insert, select, update

from service import tables as t
from service.access import Access
from service.uploads.rolls import last_roll, live_submission, write_roll
from service.uploads.staging import read_roll
from tests.service.conftest import become
from tests.service.uploading import (
    CONFIRM,
    GONE,
    JANUARY,
    NOVEMBER,
    change,
    confirm,
    confirmed,
    csv,
    open_check,
    pupil,
    question,
    send,
    staged,
    upn,
)


@pytest.fixture(scope="module")
def in_november(module_service) -> str:
    """Three pupils of the first school are confirmed for November: made once, and copied for each test."""
    check = open_check(module_service)
    confirmed(module_service, check, [pupil(1), pupil(2, Young_carer="Y"), pupil(3)])
    return check


@pytest.fixture
def november(sqlite_service, module_service, in_november) -> str:
    become(sqlite_service, module_service)
    return in_november


@pytest.fixture
def january(sqlite_service, november) -> str:
    check = open_check(sqlite_service, JANUARY)
    assert sqlite_service.as_("analyst").get(f"/v1/checks/{check}").json()["earlier"] == november
    return check


def ref_of(service: Any, number: int) -> str:
    with service.database.read() as connection:
        return str(connection.execute(select(t.pupils.c.ref).where(t.pupils.c.upn == upn(number))).scalar_one())


def live(service: Any, check: str) -> dict[str, Any]:
    """The live rows of a check by UPN."""
    with service.database.read() as connection:
        rows = connection.execute(
            select(t.roll_pupils, t.pupils.c.upn, t.schools.c.urn)
            .join(t.pupils, t.pupils.c.id == t.roll_pupils.c.pupil_id)
            .join(t.checks, t.checks.c.id == t.roll_pupils.c.check_id)
            .outerjoin(t.schools, t.schools.c.id == t.roll_pupils.c.school_id)
            .where(t.roll_pupils.c.live, t.checks.c.ref == check)
        ).all()
    return {row.upn: row for row in rows}


def to_resolve(service: Any) -> list[tuple[str, str | None]]:
    """What is open on the list to resolve: kind, and UPN."""
    with service.database.read() as connection:
        rows = connection.execute(
            select(t.resolutions.c.kind, t.pupils.c.upn)
            .outerjoin(t.pupils, t.pupils.c.id == t.resolutions.c.pupil_id)
            .where(t.resolutions.c.closed_at.is_(None))
            .order_by(t.resolutions.c.id)
        ).all()
    return [(row.kind, row.upn) for row in rows]


def leave(service: Any, check: str, stays: list[dict[str, Any]], **said: Any) -> Any:
    """Confirm a roll without some pupils, all of whom left as is said; the answer."""
    upload = staged(service, check, stays)
    upload = change(service, upload, leavers={"*": {**GONE, **said}})
    return confirm(service, upload)


# --- November to January ----------------------------------------------------------------------------------------------


def test_january_begins_from_novembers_roll(sqlite_service, january) -> None:
    upload = staged(sqlite_service, january, [pupil(1), pupil(2, Young_carer="N"), pupil(4), pupil(5, Year_group=12)])
    assert upload["account"]["difference"] == {"joined": 1, "left": 1, "changed": 1, "unchanged": 1, "first": 1}
    listed = sqlite_service.as_("returns").get(f"/v1/uploads/{upload['ref']}/leavers").json()["items"]
    assert [(item["surname"], item["complete"], item["pupil"][:6]) for item in listed] == [
        ("Surname3", False, "pupil-")
    ]


def test_what_is_not_stated_again_stands_and_attendance_does_not(sqlite_service, january) -> None:
    headings = ("UPN", "Surname", "Forename", "Date of birth", "Year group")
    upload = send(sqlite_service, january, csv([pupil(1), pupil(2), pupil(3)], headings)).json()
    confirm(sqlite_service, upload)
    values = live(sqlite_service, january)[upn(2)].record["values"]
    assert values["young_carer"] is True
    assert "attendance" not in values


def test_a_value_that_would_fall_is_a_question_and_stands_until_answered(sqlite_service, january) -> None:
    rows = [pupil(1, Young_carer="N"), pupil(2, Young_carer=None), pupil(3)]
    upload = staged(sqlite_service, january, rows)
    asked = question(upload, "would_fall:young_carer")
    assert asked["sentence"].startswith("1 pupil loses young carer")
    assert (asked["count"], asked["rows"]) == (1, [3])
    confirm(sqlite_service, upload)
    assert live(sqlite_service, january)[upn(2)].record["values"]["young_carer"] is True


@pytest.mark.parametrize(("answer", "stands"), [("left_out", True), ("right", False)])
def test_left_out_or_right(sqlite_service, january, answer, stands) -> None:
    rows = [pupil(1, Young_carer="N"), pupil(2, Young_carer=None), pupil(3)]
    upload = change(sqlite_service, staged(sqlite_service, january, rows), answers={"would_fall:young_carer": answer})
    assert "would_fall:young_carer" not in {item["id"] for item in upload["questions"]}
    assert "would_fall" not in upload["account"]["problems"]
    confirm(sqlite_service, upload)
    assert live(sqlite_service, january)[upn(2)].record["values"]["young_carer"] is stands


def test_twelve_pupils_lose_sen_support(sqlite_service) -> None:
    check = open_check(sqlite_service)
    confirmed(sqlite_service, check, [pupil(number, SEN="K") for number in range(1, 13)] + [pupil(13, SEN="N")])
    rows = [pupil(number, SEN=None) for number in range(1, 13)] + [pupil(13, SEN="N")]
    upload = staged(sqlite_service, open_check(sqlite_service, JANUARY), rows)
    sentences = [item["sentence"] for item in upload["questions"] if item["code"] == "would_fall"]
    assert any(sentence.startswith("12 pupils lose ") for sentence in sentences)


def test_leaving_cohorts_not_asked_for_in_november_neither_join_nor_leave(sqlite_service) -> None:
    check = open_check(sqlite_service)
    confirmed(sqlite_service, check, [pupil(1), pupil(2, Year_group=10)])
    upload = staged(sqlite_service, open_check(sqlite_service, JANUARY), [pupil(1), pupil(3, Year_group=12)])
    assert upload["account"]["difference"] == {"joined": 0, "left": 0, "changed": 0, "unchanged": 1, "first": 1}


# --- answers ----------------------------------------------------------------------------------------------------------


def test_a_roll_is_not_confirmed_while_a_leaver_has_no_answer(sqlite_service, january) -> None:
    upload = staged(sqlite_service, january, [pupil(1), pupil(2)])
    answer = confirm(sqlite_service, upload)
    assert (answer.status_code, answer.json()["code"]) == (422, "leavers_unanswered")
    assert answer.json()["leavers"] == [ref_of(sqlite_service, 3)]
    assert live(sqlite_service, january) == {}


@pytest.mark.parametrize(
    "said",
    [
        {"to": "ehe", "confirmed_by": "the office"},
        {"date": "2026-12-11", "to": "ehe"},
        {"date": "2026-12-11", "confirmed_by": "the office"},
        {"date": "soon", "to": "ehe", "confirmed_by": "the office"},
        {"date": "2026-12-11", "to": "ehe", "confirmed_by": ""},
        {"date": "2026-12-11", "to": "school", "school": "12", "confirmed_by": "the office"},
    ],
)
def test_an_answer_is_whole(sqlite_service, january, said) -> None:
    upload = staged(sqlite_service, january, [pupil(1), pupil(2)])
    client, body = sqlite_service.as_("returns"), {"leavers": {ref_of(sqlite_service, 3): said}}
    assert client.patch(f"/v1/uploads/{upload['ref']}", json=body).status_code == 422


@pytest.mark.parametrize("to", ["school", "pru"])
def test_a_school_or_referral_unit_is_named_by_urn(sqlite_service, january, to) -> None:
    assert leave(sqlite_service, january, [pupil(1), pupil(2)], to=to).json()["code"] == "leavers_unanswered"
    upload = sqlite_service.as_("returns").get(f"/v1/checks/{january}/uploads").json()["items"][0]
    shown = sqlite_service.as_("returns").get(f"/v1/uploads/{upload['ref']}").json()
    assert shown["leavers"] == {"count": 1, "unanswered": 1}
    named = change(sqlite_service, shown, leavers={"*": {**GONE, "to": to, "school": "100002"}})
    assert confirm(sqlite_service, named).status_code == 200


def test_nobody_moves_to_the_school_that_they_left(sqlite_service, january) -> None:
    upload = staged(sqlite_service, january, [pupil(1), pupil(2)])
    body = {"leavers": {"*": {**GONE, "to": "school", "school": "100001"}}}
    answer = sqlite_service.as_("returns").patch(f"/v1/uploads/{upload['ref']}", json=body)
    assert answer.json()["code"] == "same_school"


@pytest.mark.parametrize(
    ("to", "when"),
    [
        ("other_authority", "not known"),
        ("ehe", "2026-12-11"),
        ("college_14_16", "2026-12-11"),
        ("custody", "2026-12-11"),
        ("abroad", "2026-12-11"),
        ("awaiting_place", "2026-12-11"),
        ("not_known", "not known"),
    ],
)
def test_a_leaver_stays_on_the_councils_list_with_the_last_facts(sqlite_service, january, to, when) -> None:
    receipt = leave(sqlite_service, january, [pupil(1), pupil(2)], to=to, date=when).json()["receipt"]
    assert (receipt["left"], receipt["left_to"]) == (1, {to: 1})
    row = live(sqlite_service, january)[upn(3)]
    assert (row.status, row.leaver["to"], row.leaver["date"]) == ("left", to, None if when == "not known" else when)
    assert row.record["values"]["attendance"] == 93.5
    alerts = [("alert", upn(3))] if to in ("ehe", "awaiting_place", "not_known") else []
    assert to_resolve(sqlite_service) == alerts


def test_a_leaver_of_november_is_still_left_in_january(sqlite_service) -> None:
    november = open_check(sqlite_service)
    confirmed(sqlite_service, november, [pupil(1), pupil(2)])
    assert leave(sqlite_service, november, [pupil(1)], to="ehe").status_code == 200
    january = open_check(sqlite_service, JANUARY)
    upload = staged(sqlite_service, january, [pupil(1)])
    assert (upload["account"]["difference"]["left"], upload["leavers"]["count"]) == (0, 0)
    confirm(sqlite_service, upload)
    assert live(sqlite_service, january)[upn(2)].leaver["to"] == "ehe"


def test_who_comes_back_has_joined_and_the_alert_closes_itself(sqlite_service, november) -> None:
    leave(sqlite_service, november, [pupil(1), pupil(2)], to="ehe")
    assert to_resolve(sqlite_service) == [("alert", upn(3))]
    upload = staged(sqlite_service, november, [pupil(1), pupil(2), pupil(3)])
    assert upload["account"]["difference"]["joined"] == 1
    confirm(sqlite_service, upload)
    assert live(sqlite_service, november)[upn(3)].status == "on_roll"
    assert to_resolve(sqlite_service) == []


def test_who_left_by_what_the_file_says_needs_no_other_answer_if_it_says_enough(sqlite_service, november) -> None:
    said = {"Date left": "01/10/2026", "Leaving destination": "Electively home educated"}
    blank = dict.fromkeys(said)
    upload = staged(sqlite_service, november, [pupil(1, **blank), pupil(2, **blank), pupil(3, **said)])
    assert upload["leavers"] == {"count": 1, "unanswered": 0}
    confirm(sqlite_service, upload)
    row = live(sqlite_service, november)[upn(3)]
    assert (row.status, row.leaver["to"], row.leaver["date"]) == ("left", "ehe", "2026-10-01")


def test_who_left_by_the_file_without_where_to_is_asked_about_by_row(sqlite_service) -> None:
    check = open_check(sqlite_service)
    upload = staged(sqlite_service, check, [pupil(1, **{"Date left": None}), pupil(2, **{"Date left": "01/10/2026"})])
    answer = confirm(sqlite_service, upload)
    assert answer.json()["leavers"] == ["row:3"]
    named = change(sqlite_service, upload, leavers={"row:3": GONE})
    assert confirm(sqlite_service, named).status_code == 200


# --- two schools ------------------------------------------------------------------------------------------------------


def test_a_leaver_whom_the_new_school_lists_already_is_settled(sqlite_service, january) -> None:
    confirmed(sqlite_service, january, [pupil(3), pupil(9)], "returns2")
    leave(sqlite_service, january, [pupil(1), pupil(2)], to="school", school="100002")
    assert to_resolve(sqlite_service) == []


def test_a_leaver_whom_the_new_school_does_not_list_is_to_be_resolved_until_it_does(service) -> None:
    november = open_check(service)
    confirmed(service, november, [pupil(1), pupil(2)])
    january = open_check(service, JANUARY)
    confirmed(service, january, [pupil(9)], "returns2")
    answer = leave(service, january, [pupil(1)], to="school", school="100002")
    assert answer.json()["receipt"]["to_resolve"] == {"moved_unlisted": 1}
    assert to_resolve(service) == [("moved_unlisted", upn(2))]
    confirmed(service, january, [pupil(9), pupil(2)], "returns2")
    assert to_resolve(service) == []
    with service.database.read() as connection:
        assert (
            connection.execute(select(t.pupils.c.school_id).where(t.pupils.c.upn == upn(2))).scalar()
            == (service.schools["100002"])
        )


def test_a_pupil_whom_two_schools_claim_is_to_be_resolved_until_one_does_not(service) -> None:
    check = open_check(service)
    confirmed(service, check, [pupil(1), pupil(2)])
    receipt = confirmed(service, check, [pupil(2), pupil(9)], "returns2")
    assert receipt["to_resolve"] == {"two_schools": 1}
    confirmed(service, check, [pupil(1, SEN="E"), pupil(2)])
    assert to_resolve(service) == [("two_schools", upn(2))]  # once, whoever says it last
    assert leave(service, check, [pupil(1)], to="school", school="100002").status_code == 200
    assert to_resolve(service) == []


@pytest.mark.parametrize("status", ["Subsidiary", "Guest"])
def test_a_second_registration_is_no_claim_where_the_first_school_says_that_there_is_one(
    sqlite_service, november, status
) -> None:
    confirmed(sqlite_service, november, [pupil(3, Enrolment_status=status)], "returns2")
    assert to_resolve(sqlite_service) == [("two_schools", upn(3))]
    mine = [pupil(number, Enrolment_status="Main (dual)" if number == 3 else "Current") for number in (1, 2, 3)]
    confirmed(sqlite_service, november, mine)
    assert to_resolve(sqlite_service) == []
    with sqlite_service.database.read() as connection:
        row = connection.execute(select(t.pupils.c.school_id).where(t.pupils.c.upn == upn(3))).scalar()
    assert row == sqlite_service.schools["100001"]


def test_who_has_died_is_in_no_list_and_nobody_is_reminded(service) -> None:
    check = open_check(service)
    confirmed(service, check, [pupil(1), pupil(2)])
    leave(service, check, [pupil(1)], to="ehe")
    with service.database.write() as connection:
        number = connection.execute(select(t.pupils.c.id).where(t.pupils.c.upn == upn(2))).scalar_one()
        who = {"by_id": service.people["analyst"], "coach_id": service.people["coach"]}
        connection.execute(insert(t.assignments).values(pupil_id=number, **who))
    confirmed(service, check, [pupil(1), pupil(2)])
    leave(service, check, [pupil(1)], to="died")
    with service.database.read() as connection:
        assert connection.execute(select(t.pupils.c.died_at).where(t.pupils.c.upn == upn(2))).scalar() is not None
        listed = select(func.count()).select_from(t.register_rows).where(t.register_rows.c.pupil_id == number)
        assert connection.execute(listed).scalar() == 0
        assert connection.execute(select(t.assignments.c.ended_at)).scalar() is not None
    assert to_resolve(service) == []
    january = open_check(service, JANUARY)
    assert staged(service, january, [pupil(1)])["leavers"]["count"] == 0


# --- once more, with no file ------------------------------------------------------------------------------------------


def reconfirm(service: Any, check: str, who: str = "returns", **more: Any) -> Any:
    url = f"/v1/checks/{check}/schools/100001/reconfirmation"
    return service.as_(who).post(url, json={**CONFIRM, **more})


def test_a_school_confirms_its_last_roll_with_no_file(service) -> None:
    confirmed(service, open_check(service), [pupil(1), pupil(2, Young_carer="Y")])
    january = open_check(service, JANUARY)
    answer = reconfirm(service, january)
    assert (answer.status_code, answer.json()["changed"]) == (200, True)
    assert answer.json()["receipt"]["on_roll"] == 2
    values = live(service, january)[upn(2)].record["values"]
    assert (values["young_carer"], values["surname"], values["year_group"]) == (True, "Surname2", 11)
    assert "attendance" not in values
    line = service.as_("returns").get(f"/v1/checks/{january}").json()["schools"][0]
    assert line["state"] == "signed_off"


def test_the_last_roll_is_handed_on_as_it_would_be_read(service, tmp_path: Path) -> None:
    november = open_check(service)
    confirmed(service, november, [pupil(1), pupil(2, Young_carer="Y"), pupil(3, Looked_after=None)])
    with service.database.write(Access.system()) as connection:
        moved = update(t.pupils).where(t.pupils.c.upn == upn(2)).values(key="another", key_kind="uln")
        connection.execute(moved)
        check_id = connection.execute(select(t.checks.c.id).where(t.checks.c.ref == november)).scalar_one()
        submission = live_submission(connection, check_id, service.schools["100001"])
        (tmp_path / "roll.json").write_bytes(write_roll(connection, submission))
        expected = last_roll(connection, submission)
    found = read_roll(str(tmp_path / "roll.json"))
    assert found["cohort"] == expected["cohort"]
    assert [(one["id"], one["leaver"]) for one in found["pupils"]] == [
        tuple(one.values()) for one in expected["pupils"]
    ]
    assert [(one["key"], one["kind"]) for one in found["cohort"]["pupils"]][1] == ("another", "uln")


def test_reconfirming_twice_changes_nothing(sqlite_service, january) -> None:
    first, again = reconfirm(sqlite_service, january), reconfirm(sqlite_service, january)
    assert (again.status_code, again.json()["changed"]) == (200, False)
    assert again.json()["receipt"] == first.json()["receipt"]


def test_who_left_is_named_when_reconfirming(sqlite_service, january) -> None:
    leavers = {ref_of(sqlite_service, 3): {**GONE, "to": "ehe"}}
    receipt = reconfirm(sqlite_service, january, leavers=leavers).json()["receipt"]
    assert (receipt["on_roll"], receipt["left"], receipt["left_to"]) == (2, 1, {"ehe": 1})
    assert to_resolve(sqlite_service) == [("alert", upn(3))]


def test_a_year_later_everybody_is_a_year_older(sqlite_service) -> None:
    check = open_check(sqlite_service)
    confirmed(sqlite_service, check, [pupil(1, Year_group=10), pupil(2, Year_group=12)])
    later = open_check(sqlite_service, NOVEMBER | {"academic_year": "2027/28"})
    assert reconfirm(sqlite_service, later).json()["receipt"]["on_roll"] == 1
    assert live(sqlite_service, later)[upn(1)].record["values"]["year_group"] == 11


def test_there_must_be_an_earlier_roll_to_confirm_again(sqlite_service) -> None:
    check = open_check(sqlite_service)
    assert reconfirm(sqlite_service, check).json()["code"] == "no_earlier_roll"


def test_nobody_reconfirms_for_another_school(sqlite_service, january) -> None:
    assert reconfirm(sqlite_service, january, "returns2").status_code == 404
    assert reconfirm(sqlite_service, january, "coach").status_code == 403
    leavers = {"pupil-of-nobody": GONE}
    assert reconfirm(sqlite_service, january, leavers=leavers).json()["code"] == "no_such_pupil"
