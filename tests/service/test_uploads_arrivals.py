"""Who is said to have moved to a school: what it is told before it has the pupil, what it answers, and what follows."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select

from service import tables as t
from service.access import Access
from tests.service.caseloads import events
from tests.service.council_lists import to_resolve
from tests.service.test_rolls_stand import is_reproduced, leave, lines, ref_of
from tests.service.uploading import GONE, JANUARY, confirmed, open_check, pupil, staged, upn

NEW = "100002"
STAY = [pupil(number) for number in (7, 8)]


def url(check: str, urn: str = NEW) -> str:
    return f"/v1/checks/{check}/schools/{urn}/arrivals"


def arrivals(service: Any, check: str, who: str = "returns2") -> list[dict[str, Any]]:
    found = service.as_(who).get(url(check))
    assert found.status_code == 200, found.text
    return list(found.json()["items"])


def answer(service: Any, check: str, item: dict[str, Any], said: str, who: str = "returns2") -> Any:
    headers = {"if-match": f'"{item["version"]}"'}
    return service.as_(who).patch(f"{url(check)}/{item['ref']}", json={"answer": said}, headers=headers)


def move(service: Any, check: str, number: int = 9, **said: Any) -> None:
    """The first school says that one of its pupils moved to the second."""
    leave(service, check, STAY, number, **{"to": "school", "school": NEW, **said})


def begin(service: Any) -> str:
    """The first school has had three pupils, of whom one is said to have moved; the second has not sent its roll."""
    check = open_check(service)
    confirmed(service, check, [*STAY, pupil(9, SEN="E", Young_carer="Y")])
    move(service, check)
    return check


@pytest.fixture
def november(sqlite_service) -> str:
    return begin(sqlite_service)


def test_the_new_school_is_told_who_is_said_to_come_and_nothing_else(service) -> None:
    check = begin(service)
    (item,) = arrivals(service, check)
    assert {name: item[name] for name in ("surname", "forename", "preferred_name", "year_group", "left_on")} == {
        "surname": "Surname9", "forename": "Forename9", "preferred_name": None, "year_group": 11,
        "left_on": GONE["date"],
    }  # fmt: skip
    assert item["from"] == {"urn": "100001", "name": "Invented Academy"}
    assert set(item) == {
        "ref", "version", "surname", "forename", "preferred_name", "year_group", "left_on", "from", "said_at", "answer",
        "answers",
    }  # fmt: skip
    assert service.as_("returns2").get(f"/v1/checks/{check}/pupils/{ref_of(service, 9)}").status_code == 404
    assert to_resolve(service, "returns2") == []


def test_every_reading_of_it_is_recorded_and_reading_of_nobody_is_none(sqlite_service, november) -> None:
    assert sqlite_service.as_("analyst").get(url(november, "100003")).json()["items"] == []
    assert events(sqlite_service, "arrival.read") == []
    (item,) = arrivals(sqlite_service, november)
    sqlite_service.browser("returns2").get(f"/checks/{november}/schools/{NEW}")
    sqlite_service.browser("returns2").get(f"/checks/{november}/schools/{NEW}/arrivals/{item['ref']}")
    read = events(sqlite_service, "arrival.read")
    assert [len(event.pupils.split()) for event in read] == [1, 1, 1]
    assert "Surname9" not in str([event.detail for event in read])


def test_only_who_sends_the_rolls_of_that_school_is_told(sqlite_service, november) -> None:
    (item,) = arrivals(sqlite_service, november)
    for who, status in (("returns", 404), ("careers", 403), ("coach", 403), ("virtual_school", 403), ("panel", 403)):
        assert sqlite_service.as_(who).get(url(november)).status_code == status
        assert answer(sqlite_service, november, item, "not_ours", who).status_code == status
    assert "Surname9" not in sqlite_service.browser("returns").get("/").text
    wrong = sqlite_service.as_("returns").patch(
        f"{url(november, '100001')}/{item['ref']}", json={"answer": "not_ours"}, headers={"if-match": "*"}
    )
    assert wrong.status_code == 404


def test_it_closes_itself_when_the_school_lists_the_pupil(sqlite_service, november) -> None:
    (item,) = arrivals(sqlite_service, november)
    assert answer(sqlite_service, november, item, "next_file").json()["receipt"] is None
    (item,) = arrivals(sqlite_service, november)
    assert item["answer"] == "next_file"
    (entry,) = to_resolve(sqlite_service)
    assert "will be in its next file" in entry["sentence"]
    confirmed(sqlite_service, november, [pupil(9), pupil(21)], "returns2")
    assert arrivals(sqlite_service, november) == to_resolve(sqlite_service) == []
    (closed,) = to_resolve(sqlite_service, state="closed")
    assert closed["closed_itself"] is True


def test_whom_november_said_to_have_moved_is_asked_in_january_and_closes_there(sqlite_service, november) -> None:
    january = open_check(sqlite_service, JANUARY)
    confirmed(sqlite_service, january, STAY)
    (item,) = arrivals(sqlite_service, january)
    assert (item["surname"], item["answers"]) == ("Surname9", ["next_file", "not_ours"])
    confirmed(sqlite_service, january, [pupil(9), pupil(21)], "returns2")
    assert arrivals(sqlite_service, january) == arrivals(sqlite_service, november) == to_resolve(sqlite_service) == []


def test_a_roll_of_november_settles_nothing_that_january_says(sqlite_service) -> None:
    november = open_check(sqlite_service)
    confirmed(sqlite_service, november, [*STAY, pupil(9)])
    january = open_check(sqlite_service, JANUARY)
    move(sqlite_service, january)
    confirmed(sqlite_service, november, [pupil(21), pupil(9, Enrolment_status="Guest")], "returns2")
    assert len(arrivals(sqlite_service, january)) == 1
    assert arrivals(sqlite_service, november) == []  # it is of a later check


def test_the_pupil_is_added_at_once_with_what_still_stands(service) -> None:
    check = begin(service)
    confirmed(service, check, [pupil(21), pupil(22)], "returns2")
    (item,) = arrivals(service, check)
    assert item["answers"] == ["add_now", "next_file", "not_ours"]
    done = answer(service, check, item, "add_now")
    assert done.status_code == 200, done.text
    assert (done.json()["receipt"]["on_roll"], done.json()["receipt"]["joined"]) == (3, 1)
    assert arrivals(service, check) == to_resolve(service) == []
    added = lines(service, check)["Surname9"]
    assert (added["section"], added["school"]["urn"], added["form"]) == ("ranked", NEW, None)
    assert {reason["indicator"] for reason in added["reasons"]} >= {"ehcp"} or "EHC plan" in added["why"]
    assert any("attendance" in text for text in added["not_known"])  # of a period, and of another school
    values = service.as_("analyst").get(f"/v1/checks/{check}/pupils/{ref_of(service, 9)}").json()["values"]
    (sen,) = [value for value in values if value["field"] == "sen_provision"]
    assert "Invented Academy" in str(sen)
    assert is_reproduced(service, check)
    assert set(lines(service, check, "returns2")) == {"Surname9", "Surname21", "Surname22"}
    assert set(lines(service, check, "returns")) == {"Surname7", "Surname8"}


def test_whom_november_said_to_have_moved_is_added_to_januarys_roll(sqlite_service, november) -> None:
    january = open_check(sqlite_service, JANUARY)
    confirmed(sqlite_service, january, [pupil(21), pupil(22)], "returns2")
    (item,) = arrivals(sqlite_service, january)
    assert answer(sqlite_service, january, item, "add_now").json()["receipt"]["check"] == january
    added = lines(sqlite_service, january)["Surname9"]
    assert (added["school"]["urn"], "EHC plan" in added["why"]) == (NEW, True)
    assert lines(sqlite_service, november)["Surname9"]["section"] == "left"
    assert is_reproduced(sqlite_service, january)
    assert arrivals(sqlite_service, january) == to_resolve(sqlite_service) == []


def test_her_next_file_starts_from_the_roll_with_the_pupil(sqlite_service, november) -> None:
    confirmed(sqlite_service, november, [pupil(21)], "returns2")
    (item,) = arrivals(sqlite_service, november)
    answer(sqlite_service, november, item, "add_now")
    upload = staged(sqlite_service, november, [pupil(21), pupil(9, SEN=None, Young_carer="Y")], "returns2")
    assert (upload["account"]["difference"]["joined"], upload["leavers"]["count"]) == (0, 0)
    assert "would_fall:sen_provision" in {question["id"] for question in upload["questions"]}


def test_of_a_restricted_pupil_no_more_than_who_it_is_is_added(sqlite_service) -> None:
    check = open_check(sqlite_service)
    confirmed(sqlite_service, check, [pupil(n, Restricted_sharing="Y" if n == 9 else "N", SEN="E") for n in (7, 8, 9)])
    move(sqlite_service, check)
    confirmed(sqlite_service, check, [pupil(21)], "returns2")
    (item,) = arrivals(sqlite_service, check)
    assert answer(sqlite_service, check, item, "add_now").status_code == 200
    with sqlite_service.database.read(Access.system()) as connection:
        rolls = t.roll_pupils.c
        record = connection.execute(
            select(rolls.record).join(t.pupils, t.pupils.c.id == rolls.pupil_id)
            .where(t.pupils.c.upn == upn(9), rolls.live, rolls.school_id == sqlite_service.schools[NEW])
        ).scalar_one()  # fmt: skip
    assert not {"sen_provision", "ehcp", "young_carer", "attendance"} & set(record["values"])
    assert lines(sqlite_service, check)["Surname9"]["section"] == "restricted"


def test_nobody_is_added_to_a_roll_that_is_not_there_or_a_check_that_does_not_take_them(sqlite_service) -> None:
    check = open_check(sqlite_service)
    confirmed(sqlite_service, check, [*STAY, pupil(9, Year_group=9), pupil(10, Year_group=9)])
    stay = [*STAY, pupil(10, Year_group=9)]
    leave(sqlite_service, check, stay, 9, to="school", school=NEW)
    (item,) = arrivals(sqlite_service, check)
    refused = answer(sqlite_service, check, item, "add_now")
    assert (refused.status_code, refused.json()["code"]) == (409, "no_roll")
    confirmed(sqlite_service, check, [pupil(21)], "returns2")
    seen = sqlite_service.as_("analyst").get(f"/v1/checks/{check}").headers["etag"]
    years = {"accepted_years": [10, 11, 12]}
    done = sqlite_service.as_("analyst").patch(f"/v1/checks/{check}", json=years, headers={"if-match": seen})
    assert done.status_code == 200
    refused = answer(sqlite_service, check, item, "add_now")
    assert (refused.status_code, refused.json()["code"]) == (422, "outside_years")


def test_what_is_not_hers_goes_to_the_council_and_she_is_not_asked_again(sqlite_service, november) -> None:
    (item,) = arrivals(sqlite_service, november)
    assert answer(sqlite_service, november, item, "not_ours").status_code == 200
    assert arrivals(sqlite_service, november) == []
    again = answer(sqlite_service, november, {**item, "version": 2}, "next_file")
    assert again.status_code == 404
    (entry,) = to_resolve(sqlite_service)
    assert "Sample High School says that the pupil is not on its roll" in entry["sentence"]
    page = sqlite_service.browser("analyst").get(f"/resolutions/{entry['ref']}").text
    assert "not on our roll" in page
    (event,) = events(sqlite_service, "arrival.answer")
    assert ("not_ours" in event.detail, len(event.pupils.split())) == (True, 1)


def test_the_school_before_may_say_that_it_was_another_school(sqlite_service, november) -> None:
    reconfirmation = f"/v1/checks/{november}/schools/100001/reconfirmation"
    said = {**GONE, "to": "school", "school": "100003"}
    body = {"registrations_confirmed": True, "leavers": {ref_of(sqlite_service, 9): said}}
    assert sqlite_service.as_("returns").post(reconfirmation, json=body).json()["changed"] is True
    assert arrivals(sqlite_service, november) == []
    assert len(sqlite_service.as_("analyst").get(url(november, "100003")).json()["items"]) == 1


def test_an_answer_is_about_what_was_looked_at(sqlite_service, november) -> None:
    (item,) = arrivals(sqlite_service, november)
    without = sqlite_service.as_("returns2").patch(f"{url(november)}/{item['ref']}", json={"answer": "not_ours"})
    assert without.status_code == 428
    assert answer(sqlite_service, november, item, "next_file").status_code == 200
    stale = answer(sqlite_service, november, item, "not_ours")
    assert (stale.status_code, stale.json()["code"]) == (412, "stale")


def test_she_answers_on_her_check_page(sqlite_service, november) -> None:
    confirmed(sqlite_service, november, [pupil(21)], "returns2")
    browser, home = sqlite_service.browser("returns2"), f"/checks/{november}/schools/{NEW}"
    assert "1 pupil is said to have moved to your school" in browser.get("/").text
    page = browser.get(home).text
    assert "These pupils are said to have moved to your school" in page
    assert "Surname9, Forename9" in page
    (item,) = arrivals(sqlite_service, november)
    form = f"{home}/arrivals/{item['ref']}"
    assert upn(9) not in page + browser.get(form).text
    nothing = browser.post(form, data={"idempotency_key": "a", "version": item["version"]})
    assert (nothing.status_code, "Choose whether the pupil is on your roll" in nothing.text) == (422, True)
    said = {"idempotency_key": "b", "version": item["version"], "answer": "add_now"}
    done = browser.post(form, data=said)
    assert (done.status_code, done.headers["location"]) == (303, f"{home}?answered=add_now")
    after = browser.get(done.headers["location"]).text
    assert "The pupil is on your roll" in after
    assert "These pupils are said to have moved" not in after
    assert browser.get(form).status_code == 404
    assert "said to have moved" not in browser.get("/").text


def test_the_careers_lead_of_the_school_is_not_shown_them(sqlite_service, november) -> None:
    sqlite_service.add_person("careers2", "careers", school_id=sqlite_service.schools[NEW])
    browser = sqlite_service.browser("careers2")
    for address in ("/", f"/checks/{november}/schools/{NEW}"):
        assert "said to have moved" not in browser.get(address).text
