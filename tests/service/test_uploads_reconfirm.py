"""The last roll confirmed once more with no file, and who has left since: by API and on its pages."""

from __future__ import annotations

from typing import Any

import pytest

from tests.service.caseloads import events
from tests.service.council_lists import to_resolve
from tests.service.test_rolls_stand import is_reproduced, lines, ref_of
from tests.service.test_uploads_leavers import live
from tests.service.uploading import CONFIRM, GONE, JANUARY, confirmed, open_check, pupil, upn

OWN = "100001"


@pytest.fixture
def january(sqlite_service) -> str:
    """January, to be confirmed with no file from November’s four pupils."""
    confirmed(sqlite_service, open_check(sqlite_service), [pupil(number, SEN="K") for number in (7, 8, 9, 10)])
    return open_check(sqlite_service, JANUARY)


def url(check: str) -> str:
    return f"/v1/checks/{check}/schools/{OWN}/reconfirmation"


def page(check: str) -> str:
    return f"/checks/{check}/schools/{OWN}/reconfirmation"


def roll_of(service: Any, check: str, who: str = "returns", **query: Any) -> Any:
    return service.as_(who).get(url(check), params=query)


def form(service: Any, check: str, *numbers: int, **said: Any) -> dict[str, Any]:
    """The form of the page that asks where these pupils went, with the same typed about each."""
    refs = [ref_of(service, number) for number in numbers]
    typed = {"to": "other_authority", "no_day": "yes", "confirmed_by": "The invented office", **said}
    answers = {f"{ref}-{name.replace('__', '-')}": text for ref in refs for name, text in typed.items()}
    roll = roll_of(service, check).json()["roll"]
    return {"idempotency_key": "a", "roll": roll, "left": refs, "registrations_confirmed": "yes", **answers}


def test_whom_the_last_roll_has_is_told_by_name_in_pages_and_recorded(sqlite_service, january) -> None:
    first = roll_of(sqlite_service, january, limit=3)
    assert (first.json()["label"], first.headers["etag"]) == ("November 2026", f'"{first.json()["roll"]}"')
    second = roll_of(sqlite_service, january, limit=3, cursor=first.json()["next"]).json()
    names = [item["surname"] for item in (*first.json()["items"], *second["items"])]
    assert names == ["Surname10", "Surname7", "Surname8", "Surname9"]
    assert second["next"] is None
    assert [len(event.pupils.split()) for event in events(sqlite_service, "roll.read")] == [3, 1]
    assert roll_of(sqlite_service, january, "returns2").status_code == 404
    assert roll_of(sqlite_service, january, "careers").status_code == 403


def test_a_roll_that_was_never_sent_cannot_be_confirmed_again(sqlite_service) -> None:
    check = open_check(sqlite_service)
    assert roll_of(sqlite_service, check).json()["code"] == "no_earlier_roll"
    for address in (page(check), f"{page(check)}/leavers", f"{page(check)}/answers?left=pupil-0f"):
        assert sqlite_service.browser("returns").get(address).status_code == 404


def test_the_roll_that_was_looked_at_is_the_one_that_is_confirmed(sqlite_service, january) -> None:
    seen = roll_of(sqlite_service, january)
    member = {item["surname"]: item["leaver"] for item in seen.json()["items"]}
    confirmed(sqlite_service, january, [pupil(number) for number in (7, 8, 9, 10)])
    body = {**CONFIRM, "leavers": {member["Surname10"]: GONE}}
    tag = {"if-match": seen.headers["etag"]}
    stale = sqlite_service.as_("returns").post(url(january), json=body, headers=tag)
    assert (stale.status_code, stale.json()["code"]) == (412, "stale")
    tag = {"if-match": roll_of(sqlite_service, january).headers["etag"]}
    done = sqlite_service.as_("returns").post(url(january), json=body, headers=tag)
    assert (done.status_code, done.json()["receipt"]["left"]) == (200, 1)


def test_nobody_moves_to_the_school_that_they_left(sqlite_service, january) -> None:
    said = {**GONE, "to": "school", "school": OWN}
    body = {**CONFIRM, "leavers": {ref_of(sqlite_service, 10): said}}
    answer = sqlite_service.as_("returns").post(url(january), json=body)
    assert (answer.status_code, answer.json()["code"]) == (422, "same_school")


def test_the_last_facts_of_who_left_stand_as_with_a_file(sqlite_service, january) -> None:
    body = {**CONFIRM, "leavers": {ref_of(sqlite_service, 10): GONE}}
    assert sqlite_service.as_("returns").post(url(january), json=body).status_code == 200
    row = live(sqlite_service, january)[upn(10)]
    assert (row.status, row.leaver["to"], row.record["values"]["attendance"]) == ("left", "other_authority", 86.5)
    assert "attendance" not in live(sqlite_service, january)[upn(9)].record["values"]
    assert is_reproduced(sqlite_service, january)


def test_another_answer_about_who_left_before_takes_the_place_of_the_first(sqlite_service, january) -> None:
    for to, alerts in (("ehe", 1), ("other_authority", 0)):
        body = {**CONFIRM, "leavers": {ref_of(sqlite_service, 10): {**GONE, "to": to}}}
        assert sqlite_service.as_("returns").post(url(january), json=body).json()["changed"] is True
        assert len(to_resolve(sqlite_service)) == alerts
        assert live(sqlite_service, january)[upn(10)].leaver["to"] == to


# --- on its pages -----------------------------------------------------------------------------------------------------


def test_she_says_who_left_and_confirms_the_rest(sqlite_service, january) -> None:
    browser = sqlite_service.browser("returns")
    assert f"{page(january)}/leavers" in browser.get(page(january)).text
    chosen = browser.get(f"{page(january)}/leavers")
    assert "Surname10, Forename10" in chosen.text
    none = browser.get(f"{page(january)}/answers")
    assert (none.status_code, "Tick at least one pupil" in none.text) == (422, True)
    asked = browser.get(f"{page(january)}/answers", params={"left": ref_of(sqlite_service, 10)})
    assert (asked.status_code, "Surname10, Forename10" in asked.text) == (200, True)
    assert "The other 3 pupils of that roll are still on our roll" in asked.text
    assert "Surname9" not in asked.text
    done = browser.post(page(january), data=form(sqlite_service, january, 10))
    assert (done.status_code, done.headers["location"]) == (303, f"/checks/{january}/schools/{OWN}/receipt")
    rows = live(sqlite_service, january)
    assert {number: rows[upn(number)].status for number in (7, 10)} == {7: "on_roll", 10: "left"}
    assert rows[upn(10)].leaver == {"date": None, "to": "other_authority", "confirmed_by": "The invented office"}
    assert lines(sqlite_service, january)["Surname10"]["section"] == "left"


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        ({"to": ""}, "Choose where they went."),
        ({"no_day": ""}, "Enter their last day, or tick that it is not known."),
        ({"no_day": "", "on__day": "31", "on__month": "11", "on__year": "2026"}, "Enter a real day"),
        ({"confirmed_by": ""}, "Enter who confirmed it."),
        ({"to": "school"}, "Enter the school’s name as it stands here, or its URN."),
        ({"to": "school", "school": OWN}, "A leaver cannot have moved to the school that they left."),
        ({"note": "x" * 400}, "too long"),
    ],
)
def test_what_is_wrong_with_an_answer_is_said_and_nothing_typed_is_lost(
    sqlite_service, january, said, sentence
) -> None:
    typed = form(sqlite_service, january, 10, **{"authority": "Sample council", **said})
    answer = sqlite_service.browser("returns").post(page(january), data=typed)
    assert (answer.status_code, sentence in answer.text) == (422, True)
    assert 'value="Sample council"' in answer.text
    assert live(sqlite_service, january) == {}


def test_the_rest_is_confirmed_by_a_tick(sqlite_service, january) -> None:
    typed = {**form(sqlite_service, january, 10), "registrations_confirmed": ""}
    answer = sqlite_service.browser("returns").post(page(january), data=typed)
    assert (answer.status_code, "Tick the box to say that the registrations are right" in answer.text) == (422, True)


def test_one_answer_may_be_given_for_all_who_have_none_of_their_own(sqlite_service, january) -> None:
    browser = sqlite_service.browser("returns")
    refs = [ref_of(sqlite_service, number) for number in (8, 9, 10)]
    assert "The same answer for all" in browser.get(f"{page(january)}/answers", params={"left": refs}).text
    typed = form(sqlite_service, january, 8)
    for name, text in {"to": "abroad", "no_day": "yes", "confirmed_by": "The invented office"}.items():
        typed[f"all-{name}"] = text
    typed["left"] = refs
    assert browser.post(page(january), data=typed).status_code == 303
    rows = live(sqlite_service, january)
    assert [rows[upn(number)].leaver["to"] for number in (8, 9, 10)] == ["other_authority", "abroad", "abroad"]


def test_a_roll_that_moved_on_meanwhile_is_looked_at_again(sqlite_service, january) -> None:
    typed = form(sqlite_service, january, 10, authority="Sample council")
    confirmed(sqlite_service, january, [pupil(number) for number in (7, 8, 9, 10)])
    stale = sqlite_service.browser("returns").post(page(january), data=typed)
    assert (stale.status_code, "Somebody confirmed this roll meanwhile" in stale.text) == (412, True)
    assert 'value="Sample council"' in stale.text
    assert lines(sqlite_service, january)["Surname10"]["section"] == "ranked"
    again = {**typed, "idempotency_key": "b", "roll": roll_of(sqlite_service, january).json()["roll"]}
    assert sqlite_service.browser("returns").post(page(january), data=again).status_code == 303
    assert lines(sqlite_service, january)["Surname10"]["section"] == "left"


def test_who_left_after_a_roll_was_confirmed_is_said_from_its_page(sqlite_service, january) -> None:
    confirmed(sqlite_service, january, [pupil(number) for number in (7, 8, 9, 10)])
    browser = sqlite_service.browser("returns")
    assert f"{page(january)}/leavers" in browser.get(f"/checks/{january}/schools/{OWN}").text
    asked = browser.get(f"{page(january)}/answers", params={"left": ref_of(sqlite_service, 10)}).text
    assert "Attendance does not stand over" not in asked
    assert browser.post(page(january), data=form(sqlite_service, january, 10)).status_code == 303
    assert live(sqlite_service, january)[upn(9)].record["values"]["attendance"] == 87.5


def test_a_check_that_is_closed_asks_nobody(sqlite_service, january) -> None:
    seen = sqlite_service.as_("analyst").get(f"/v1/checks/{january}").headers["etag"]
    closed = {"if-match": seen}
    assert (
        sqlite_service.as_("analyst").patch(f"/v1/checks/{january}", json={"closed": True}, headers=closed).is_success
    )
    assert sqlite_service.browser("returns").get(f"{page(january)}/leavers").status_code == 409
