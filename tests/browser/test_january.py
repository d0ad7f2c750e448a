"""January rests on November: what would be lost is asked about, and the same roll needs no file."""

from __future__ import annotations

import pytest

pytest.importorskip("fastapi", reason="the service is not installed: pip install 'roni[service]'")

from tests.browser.school_office import OWN, confirm, open_summary, roll, started, upload
from tests.browser.service import Live
from tests.browser.steps import follow, main_of, press
from tests.service.uploading import JANUARY, NOVEMBER, confirmed, open_check, pupil


def test_in_january_a_lost_value_is_asked_about_and_the_same_roll_needs_no_file(live: Live) -> None:
    her, _ = started(live)
    upload(her, roll(1, 2, 3, SEN="K"))
    open_summary(her)
    confirm(her)
    january = open_check(live.service, JANUARY)
    her.open(f"/checks/{january}")
    upload(her, roll(1, 2, 3, SEN=""))
    follow(her, "Questions")
    assert "3 pupils lose" in main_of(her)
    her.page.get_by_text("Who they are").click()
    assert "Surname2, Forename2 (row 3)" in main_of(her)
    her.look("manager-35-would-fall")
    her.page.get_by_label("Left out of the file").check()
    press(her, "Save and go on")
    her.open(f"/checks/{january}")
    press(her, "Go on checking your file")
    her.page.get_by_text("This is the wrong file").click()
    press(her, "Take this file back")
    follow(her, "Confirm the same roll again without a file")
    press(her, "Confirm the same roll")
    assert "Tick the box" in main_of(her)
    her.page.get_by_label("Everybody on that roll").check()
    press(her, "Confirm the same roll")
    assert "none: the roll before, confirmed again" in main_of(her)
    her.look("manager-36-reconfirmed")


def test_she_confirms_the_last_roll_without_a_file_and_says_who_left(live: Live) -> None:
    confirmed(live.service, open_check(live.service, NOVEMBER), [pupil(number) for number in range(1, 6)])
    january = open_check(live.service, JANUARY)
    her = live.as_("returns")
    her.open(f"/checks/{january}/schools/{OWN}/reconfirmation")
    follow(her, "say who has left")
    her.look("manager-23-who-left")
    for name in ("Surname1, Forename1", "Surname2, Forename2", "Surname3, Forename3"):
        her.page.get_by_label(f"Left: {name}").check()
    press(her, "Go on")
    own = her.page.get_by_role("group", name="Surname1, Forename1", exact=True)
    own.get_by_label("Abroad").check()
    own.get_by_label("The day is not known").check()
    press(her, "Confirm the roll")
    assert "Choose where they went." in main_of(her)
    her.look("manager-24-where-they-went")
    everybody = her.page.get_by_role("group", name="The same answer for all who have none of their own")
    everybody.get_by_label("The day is not known").check()
    everybody.get_by_label("Another school in this council").check()
    everybody.get_by_label("Which school or pupil referral unit").fill("sample")
    her.page.get_by_label("The other 2 pupils of that roll are still on our roll").check()
    press(her, "Confirm the roll")
    assert "A school: 2" in main_of(her)
    her.look("manager-25-receipt-without-a-file")


def test_the_new_school_says_whether_the_pupil_is_its_own(live: Live) -> None:
    november = open_check(live.service, NOVEMBER)
    confirmed(live.service, november, [pupil(number) for number in (1, 2, 3)])
    confirmed(live.service, november, [pupil(21)], "returns2")
    gone = {"date": "2026-11-13", "to": "school", "school": "100002", "confirmed_by": "the invented office"}
    confirmed(live.service, november, [pupil(1)], leavers={"*": gone})
    her = live.as_("returns2")
    her.open("/")
    assert "2 pupils are said to have moved to your school" in main_of(her)
    her.look("manager-50-home-said-to-have-moved")
    press(her, "Say whether they are yours")
    her.look("manager-51-said-to-have-moved")
    follow(her, "Answer whether Surname2")
    press(her, "Save the answer")
    assert "Choose whether the pupil is on your roll." in main_of(her)
    her.look("manager-52-is-the-pupil-yours")
    her.page.get_by_label("No: the pupil is not on our roll").check()
    press(her, "Save the answer")
    assert "The council knows now" in main_of(her)
    follow(her, "Answer whether Surname3")
    her.page.get_by_label("Yes: add the pupil to our roll now").check()
    press(her, "Save the answer")
    assert "Surname3" not in main_of(her)
    assert "with 2 pupils on roll" in main_of(her)
