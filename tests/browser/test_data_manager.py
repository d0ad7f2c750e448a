"""A data manager's Friday afternoon: from the due date to the receipt, in November and in January."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("fastapi", reason="the service is not installed: pip install 'roni[service]'")

from roni import AcademicYear, get_check, make_authority, write_files
from tests.browser.school_office import OWN, confirm, open_summary, roll, started, upload
from tests.browser.service import Live, path_of
from tests.browser.steps import fill_day, follow, main_of, press
from tests.browser.visitor import Visitor
from tests.service.uploading import JANUARY, NOVEMBER, open_check

YEAR = AcademicYear(2026)


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """What a school of an invented council sends in November and in January, with what goes wrong in offices."""
    folder = tmp_path_factory.mktemp("files")
    authority = make_authority(2026, 8, 45, first_year=YEAR, years=1)
    return {name: write_files(authority, get_check(name, YEAR), folder / name)[0] for name in ("november", "january")}


def test_her_afternoon_in_november_and_in_january(live: Live, files: dict[str, Path]) -> None:
    november = open_check(live.service, NOVEMBER)
    her = live.as_("returns")
    sends_the_export(her, files["november"])
    sees_what_was_understood(her)
    answers_the_questions(her)
    mends_what_she_can(her)
    confirms_and_has_a_receipt(her, november)
    january = open_check(live.service, JANUARY)
    sends_what_january_has(her, january, files["january"])
    sees_who_joined_and_what_changed(her)
    says_where_leavers_went(her)
    confirms_january(her)


def sends_the_export(her: Visitor, file: Path) -> None:
    her.open("/")
    assert "Due by 30 November 2026" in main_of(her)
    her.look("manager-01-home")
    press(her, "Send your roll")
    her.look("manager-02-school")
    with her.page.expect_download() as template:
        her.page.get_by_role("link", name="download the template").click()
    assert template.value.suggested_filename == "roni template November 2026.xlsx"
    upload(her, file)
    assert "146 rows, 140 pupils for this check" in main_of(her)
    her.look("manager-03-staged")


def sees_what_was_understood(her: Visitor) -> None:
    follow(her, "What we understood")
    assert "Fañtasma" in main_of(her)  # the names as they were decoded
    assert "139 blank, read as no" in main_of(her)
    her.look("manager-04-columns")
    follow(her, "Change how “in care” is read")
    her.look("manager-05-column")
    her.page.go_back()


def answers_the_questions(her: Visitor) -> None:
    press(her, "Go on")
    her.page.get_by_label("Yes, a blank means no").check()
    fill_day(her, "First day", "31 9 2026")
    press(her, "Save and go on")
    assert her.page.get_by_label("Yes, a blank means no").is_checked()  # what was typed is still there
    her.look("manager-06-questions")
    fill_day(her, "First day", "2 9 2026")
    fill_day(her, "Last day", "23 10 2026")
    press(her, "Save, and leave out the other columns")


def mends_what_she_can(her: Visitor) -> None:
    assert path_of(her).endswith("/problems")
    assert "The file says “maybe”" in main_of(her)
    her.look("manager-07-problems")
    with her.page.expect_download() as sheet:
        her.page.get_by_role("link", name="download these as a spreadsheet").click()
    assert sheet.value.suggested_filename == "problems.xlsx"
    rows = her.page.locator(".roni-problem").count()
    her.page.get_by_label("% Attendance of row 21").fill("94.2")
    her.page.get_by_label("YOT of row 44").select_option("No")
    press(her, "Save and go on")
    assert "Your corrections are saved" in main_of(her)
    assert her.page.locator(".roni-problem").count() == rows - 2
    her.look("manager-08-problems-corrected")
    press(her, "Save and go on")


def confirms_and_has_a_receipt(her: Visitor, check: str) -> None:
    assert path_of(her).endswith("/summary")
    her.look("manager-09-summary")
    press(her, "Confirm the roll")
    assert "Tick the box" in main_of(her)
    confirm(her)
    assert "Your roll is confirmed" in main_of(her)
    assert "140 pupils" in main_of(her)
    her.look("manager-10-receipt")
    her.printed("manager-10-receipt")
    her.open(f"/checks/{check}")
    her.look("manager-11-school-confirmed")
    her.open("/")
    assert "Confirmed on" in main_of(her)


def sends_what_january_has(her: Visitor, check: str, file: Path) -> None:
    her.open(f"/checks/{check}/schools/{OWN}")
    assert "Your last roll has 140 pupils" in main_of(her)
    her.look("manager-12-january")
    follow(her, "Confirm the same roll again without a file")
    her.look("manager-13-reconfirm")
    her.page.go_back()
    upload(her, file)
    her.look("manager-14-january-staged")


def sees_who_joined_and_what_changed(her: Visitor) -> None:
    follow(her, "Who joined and what changed")
    her.look("manager-15-joined")
    follow(her, "changed")
    her.look("manager-16-changed")
    her.page.get_by_role("link", name="Back").click()
    follow(her, "Questions")
    her.look("manager-17-january-questions")
    her.page.get_by_role("link", name="Back").click()


def says_where_leavers_went(her: Visitor) -> None:
    follow(her, "Pupils who left")
    her.look("manager-18-leavers")
    press(her, "Go on")
    press(her, "Save and go on")
    her.look("manager-19-leaver-wrong")
    fill_day(her, "Last day on your roll", "11 12 2026")
    her.page.get_by_label("Another school in this council").check()
    her.page.get_by_label("Which school or pupil referral unit").fill("sample")
    press(her, "Save and go on")
    for _ in range(60):
        if "/leavers/" not in path_of(her):
            break
        her.page.get_by_label("The day is not known").check()
        her.page.get_by_label("A school in another council").check()
        press(her, "Save and go on")
    assert "all answered" in main_of(her)
    her.look("manager-20-leavers-answered")


def confirms_january(her: Visitor) -> None:
    press(her, "Go on")
    her.look("manager-21-january-summary")
    confirm(her)
    assert "Where leavers went" in main_of(her)
    her.look("manager-22-january-receipt")


def test_the_same_without_any_script(live: Live) -> None:
    her, _ = started(live, java_script_enabled=False)
    upload(her, roll(1, 2, 3))
    press(her, "Go on")
    press(her, "Save and go on")
    her.open(path_of(her).rpartition("/")[0] + "/summary")
    confirm(her)
    assert "3 pupils" in main_of(her)
    january = open_check(live.service, JANUARY)
    her.open(f"/checks/{january}")
    upload(her, roll(1, 2))
    follow(her, "Pupils who left")
    follow(her, "Say where")
    her.page.get_by_label("The day is not known").check()
    her.page.get_by_label("Not known", exact=True).check()
    press(her, "Save and go on")
    press(her, "Go on")
    confirm(her)
    assert "Not known: 1" in main_of(her)


def test_the_main_path_by_keyboard_alone(live: Live) -> None:
    her, _ = started(live)
    upload(her, roll(1, 2, 3))
    stops = her.stops()
    assert stops.index("What we understood") < stops.index("Questions") < stops.index("Go on")
    open_summary(her)
    stops = her.stops()
    place = stops.index("Everybody in this file who has not left is on our roll today, and registered as the file says")
    assert stops[place + 1] == "Confirm the roll"
    her.page.get_by_label("Everybody in this file").focus()
    her.page.keyboard.press("Space")
    her.page.keyboard.press("Tab")
    with her.page.expect_navigation():
        her.page.keyboard.press("Enter")
    assert "Your roll is confirmed" in main_of(her)


def test_she_adds_a_pupil_and_asks_to_take_one_off(live: Live) -> None:
    her, check = started(live)
    upload(her, roll(1, 2, 3))
    open_summary(her)
    confirm(her)
    her.open(f"/checks/{check}")
    follow(her, "Add a pupil you are worried about")
    her.look("manager-40-worries-none")
    her.page.get_by_label("Find a pupil by name").fill("surname2")
    press(her, "Find")
    her.look("manager-41-worries-found")
    follow(her, "Add to the list")
    press(her, "Add to the list")
    assert "Write in a few words why." in main_of(her)
    her.look("manager-42-worry-wrong")
    her.page.get_by_label("Red").check()
    her.page.get_by_label("No plan for after Year 11").check()
    her.page.get_by_label("Why?").fill("Has stopped coming to form, and has no plan.")
    press(her, "Add to the list")
    assert "The pupil is added" in main_of(her)
    her.page.get_by_label("Find a pupil by name").fill("surname2")
    press(her, "Find")
    follow(her, "Ask to take off the list")
    her.page.get_by_label("Enough support is in place").check()
    her.page.get_by_label("Why?").fill("Sees a mentor every week.")
    press(her, "Ask to take off the list")
    assert "Waits for the council or coach" in main_of(her)
    her.look("manager-43-worries-asked")
    press(her, "Withdraw what was asked about Surname2, Forename2")
    assert "It is withdrawn" in main_of(her)
