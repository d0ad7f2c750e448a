"""A data manager's Friday afternoon: from the due date to the receipt, in November and in January."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("fastapi", reason="the service is not installed: pip install 'roni[service]'")

from roni import AcademicYear, get_check, make_authority, write_files
from tests.browser.service import Live, path_of
from tests.browser.visitor import Visitor
from tests.service.conftest import furnish, start, stop
from tests.service.uploading import JANUARY, NOVEMBER, confirmed, csv, open_check, pupil

YEAR = AcademicYear(2026)
OWN = "100001"


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """What a school of an invented council sends in November and in January, with what goes wrong in offices."""
    folder = tmp_path_factory.mktemp("files")
    authority = make_authority(2026, 8, 45, first_year=YEAR, years=1)
    return {name: write_files(authority, get_check(name, YEAR), folder / name)[0] for name in ("november", "january")}


@pytest.fixture
def live(tmp_path: Path, live_server: Callable[[Any], str], visit: Callable[..., Visitor]) -> Iterator[Live]:
    service = furnish(start(f"sqlite:///{tmp_path / 'roni.db'}"))
    yield Live(service, live_server(service.app), visit)
    stop(service)


def upload(visitor: Visitor, file: Path | dict[str, Any]) -> None:
    """Send a file from the page that the visitor is on."""
    visitor.page.locator("input[type=file]").set_input_files(file)  # type: ignore[arg-type]
    with visitor.page.expect_navigation():
        visitor.page.get_by_role("button", name="Upload and check").click()
    while visitor.page.get_by_role("heading", name="Reading your file").is_visible():
        visitor.page.wait_for_timeout(300)


def press(visitor: Visitor, name: str) -> None:
    """Press a button of a page, and wait for the next page."""
    with visitor.page.expect_navigation():
        visitor.page.get_by_role("button", name=name, exact=True).first.click()


def follow(visitor: Visitor, name: str) -> None:
    """Follow a link of a page."""
    with visitor.page.expect_navigation():
        visitor.page.get_by_role("link", name=name).first.click()


def fill_day(visitor: Visitor, legend: str, day: str) -> None:
    """A day such as "2 9 2026" in its three boxes."""
    boxes = visitor.page.get_by_role("group", name=legend, exact=True)
    for label, text in zip(("Day", "Month", "Year"), day.split(), strict=True):
        boxes.get_by_label(label).fill(text)


def main_of(visitor: Visitor) -> str:
    return visitor.page.inner_text("main")


def test_her_afternoon_in_november_and_in_january(live: Live, files: dict[str, Path]) -> None:
    november = open_check(live.service, NOVEMBER)
    her = live.as_("returns")
    her.open("/")
    assert "Due by 30 November 2026" in main_of(her)
    her.look("manager-01-home")
    press(her, "Send your roll")
    her.look("manager-02-school")
    with her.page.expect_download() as template:
        her.page.get_by_role("link", name="download the template").click()
    assert template.value.suggested_filename == "roni template November 2026.xlsx"
    upload(her, files["november"])
    assert "146 rows, 140 pupils for this check" in main_of(her)
    her.look("manager-03-staged")

    follow(her, "What we understood")
    assert "Fañtasma" in main_of(her)  # the names as they were decoded
    assert "139 blank, read as no" in main_of(her)
    her.look("manager-04-columns")
    follow(her, "Change how “in care” is read")
    her.look("manager-05-column")
    her.page.go_back()

    press(her, "Go on")
    her.page.get_by_label("Yes, a blank means no").check()
    fill_day(her, "First day", "31 9 2026")
    press(her, "Save and go on")
    assert her.page.get_by_label("Yes, a blank means no").is_checked()  # what was typed is still there
    her.look("manager-06-questions")
    fill_day(her, "First day", "2 9 2026")
    fill_day(her, "Last day", "23 10 2026")
    press(her, "Save, and leave out the other columns")

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

    assert path_of(her).endswith("/summary")
    her.look("manager-09-summary")
    press(her, "Confirm the roll")
    assert "Tick the box" in main_of(her)
    her.page.get_by_label("Everybody in this file").check()
    press(her, "Confirm the roll")
    assert "Your roll is confirmed" in main_of(her)
    assert "140 pupils" in main_of(her)
    her.look("manager-10-receipt")
    her.printed("manager-10-receipt")
    her.open(f"/checks/{november}")
    her.look("manager-11-school-confirmed")
    her.open("/")
    assert "Confirmed on" in main_of(her)

    january = open_check(live.service, JANUARY)
    her.open(f"/checks/{january}/schools/{OWN}")
    assert "Your last roll has 140 pupils" in main_of(her)
    her.look("manager-12-january")
    follow(her, "Confirm the same roll again without a file")
    her.look("manager-13-reconfirm")
    her.page.go_back()
    upload(her, files["january"])
    her.look("manager-14-january-staged")
    follow(her, "Who joined and what changed")
    her.look("manager-15-joined")
    follow(her, "changed")
    her.look("manager-16-changed")
    her.page.get_by_role("link", name="Back").click()
    follow(her, "Questions")
    her.look("manager-17-january-questions")
    her.page.get_by_role("link", name="Back").click()

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
    press(her, "Go on")
    her.look("manager-21-january-summary")
    her.page.get_by_label("Everybody in this file").check()
    press(her, "Confirm the roll")
    assert "Where leavers went" in main_of(her)
    her.look("manager-22-january-receipt")


def roll(*numbers: int, **cells: Any) -> dict[str, Any]:
    """A small file of a school, as a browser sends it."""
    content = csv([pupil(number, **cells) for number in numbers])
    return {"name": "roll.csv", "mimeType": "text/csv", "buffer": content}


def confirm(visitor: Visitor) -> None:
    visitor.page.get_by_label("Everybody in this file").check()
    press(visitor, "Confirm the roll")


def started(live: Live, **options: Any) -> tuple[Visitor, str]:
    """A data manager on her school's page of a check."""
    check = open_check(live.service, NOVEMBER)
    her = live.as_("returns", **options)
    her.open(f"/checks/{check}")
    return her, check


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


def test_the_main_path_by_keyboard_alone(live: Live) -> None:
    her, _ = started(live)
    upload(her, roll(1, 2, 3))
    stops = her.stops()
    assert stops.index("What we understood") < stops.index("Questions") < stops.index("Go on")
    her.open(path_of(her) + "/summary")
    stops = her.stops()
    place = stops.index("Everybody in this file who has not left is on our roll today, and registered as the file says")
    assert stops[place + 1] == "Confirm the roll"
    her.page.get_by_label("Everybody in this file").focus()
    her.page.keyboard.press("Space")
    her.page.keyboard.press("Tab")
    with her.page.expect_navigation():
        her.page.keyboard.press("Enter")
    assert "Your roll is confirmed" in main_of(her)


def test_a_form_sent_twice_at_once_confirms_once(live: Live) -> None:
    her, check = started(live, java_script_enabled=False)  # with scripts the second press is not even sent
    upload(her, roll(1, 2, 3))
    her.open(path_of(her) + "/summary")
    her.page.get_by_label("Everybody in this file").check()
    her.page.get_by_role("button", name="Confirm the roll").dblclick()
    her.page.get_by_role("heading", name="Your roll is confirmed").wait_for()
    her.page.go_back()  # the summary is over: back leads to the receipt too
    assert "Your roll is confirmed" in main_of(her)
    receipts = live.service.as_("returns").get(f"/v1/checks/{check}/uploads").json()["items"]
    assert [item["state"] for item in receipts] == ["confirmed"]


def test_nothing_is_lost_when_the_session_is_over_in_the_middle_of_a_form(live: Live) -> None:
    from service.accounts.local import set_password

    with live.service.database.write() as connection:
        set_password(connection, live.service.people["returns"], "an invented pass phrase", must_change=False)
    her, _ = started(live)
    upload(her, roll(1, 2, 3))
    follow(her, "Questions")
    fill_day(her, "First day", "2 9 2026")
    fill_day(her, "Last day", "23 10 2026")
    from sqlalchemy import update

    from service import tables as t
    from service.clock import now

    with live.service.database.write() as connection:
        connection.execute(update(t.sessions).values(expires_at=now()))
    press(her, "Save and go on")
    assert path_of(her) == "/sign-in"
    her.page.get_by_label("E-mail address").fill("returns@example.org")
    her.page.get_by_label("Password", exact=True).fill("an invented pass phrase")
    press(her, "Sign in")
    press(her, "Send it now")
    follow(her, "Back")
    follow(her, "Questions")
    her.page.get_by_text("What you have answered").click()
    assert "2026-09-02 to 2026-10-23" in main_of(her)


def test_a_refused_file_says_what_to_do_and_takes_the_next_one(live: Live) -> None:
    her, _ = started(live)
    press(her, "Upload and check")
    assert "Choose a file" in main_of(her)
    her.look("manager-30-no-file")
    upload(her, {"name": "photo.csv", "mimeType": "text/csv", "buffer": b"\x89PNG\r\n\x1a\n" + b"\x00" * 900})
    assert "We could not read your file" in main_of(her)
    her.look("manager-31-refused")
    upload(her, roll(1, 2, 3))
    assert "3 rows, 3 pupils" in main_of(her)
    her.page.get_by_text("This is the wrong file").click()
    press(her, "Take this file back")
    assert "Send your roll" in main_of(her)


def test_two_people_at_once_lose_nothing(live: Live) -> None:
    her, _ = started(live)
    upload(her, roll(1, 2, 3, **{"Attendance %": "lots"}))
    other = live.as_("returns")
    other.open(path_of(her) + "/problems")
    her.open(path_of(her) + "/problems")
    other.page.get_by_label("Attendance % of row 2").fill("91")
    press(other, "Save and go on")
    her.page.get_by_label("Attendance % of row 3").fill("92")
    press(her, "Save and go on")
    assert "Somebody changed this upload meanwhile" in main_of(her)
    her.look("manager-32-stale")
    press(her, "Save what I sent all the same")
    her.page.get_by_text("What you corrected here: 2 rows").click()
    assert "attendance: 91" in main_of(her)
    assert "attendance: 92" in main_of(her)


def test_many_problems_are_paged_and_long_names_fit(live: Live) -> None:
    her, _ = started(live)
    long = "Bartholomew-Alexander-Featherstonehaugh-Cholmondeley-Marjoribanks"
    upload(her, roll(*range(1, 46), **{"Attendance %": "lots", "Surname": long}))
    follow(her, "Problems")
    assert "45 rows, of which these are 1 to 20" in main_of(her)
    follow(her, "Next rows with problems")
    follow(her, "Next rows with problems")
    assert "41 to 45" in main_of(her)
    her.look("manager-33-problems-last-page")


def test_a_long_reading_shows_that_it_goes_on_without_scripts(live: Live) -> None:
    from sqlalchemy import update

    from service import tables as t

    her, _ = started(live, java_script_enabled=False)
    upload(her, roll(1, 2, 3))
    with live.service.database.write() as connection:
        connection.execute(update(t.uploads).values(state="reading"))
    here = path_of(her)
    answer = her.open(here)
    assert answer.headers["refresh"] == "3"
    assert "This page looks again by itself" in main_of(her)
    her.picture("manager-34-reading")
    with live.service.database.write() as connection:
        connection.execute(update(t.uploads).values(state="staged"))
    her.page.get_by_role("heading", name="Check your file").wait_for()


def test_she_adds_a_pupil_and_asks_to_take_one_off(live: Live) -> None:
    her, check = started(live)
    upload(her, roll(1, 2, 3))
    her.open(path_of(her) + "/summary")
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


def test_another_school_is_not_there(live: Live) -> None:
    her, check = started(live)
    upload(her, roll(1, 2, 3))
    here = path_of(her)
    other = live.as_("returns2")
    for step in ("", "/columns", "/questions", "/problems", "/problems.xlsx", "/changes", "/leavers", "/summary"):
        assert other.open(here + step).status == 404, step
    assert other.open(f"/checks/{check}/schools/{OWN}").status == 404
    assert other.open(f"/checks/{check}/schools/{OWN}/receipt").status == 404


def test_the_analyst_opens_a_check_and_sees_who_has_not_returned(live: Live) -> None:
    analyst = live.as_("analyst")
    analyst.open("/checks")
    analyst.look("analyst-01-no-checks")
    press(analyst, "Open a check")
    analyst.look("analyst-02-open")
    press(analyst, "Open the check")
    assert "Choose November or January" in main_of(analyst)
    analyst.page.get_by_label("November", exact=True).check()
    fill_day(analyst, "When must schools have confirmed their rolls?", "20 11 2026")
    press(analyst, "Open the check")
    check = path_of(analyst)
    assert "The check is open" in main_of(analyst)
    analyst.look("analyst-03-check")
    follow(analyst, "overdue")
    assert analyst.page.locator("tbody tr").count() == 3
    analyst.open("/")
    analyst.look("analyst-04-home")
    analyst.open("/checks")
    analyst.look("analyst-05-checks")
    analyst.open(f"{check}/schools/{OWN}")
    analyst.look("analyst-06-school")
    analyst.open(f"{check}/change")
    analyst.look("analyst-07-change")
    analyst.page.get_by_label("Published: coaches and teams see it").check()
    press(analyst, "Save")
    assert "The changes are saved" in main_of(analyst)
    analyst.open(f"{check}/upload")
    analyst.look("analyst-08-council-upload")
    upload(analyst, roll(1, 2, 3, URN="100001"))
    analyst.look("analyst-09-council-staged")
    analyst.open(path_of(analyst) + "/summary")
    analyst.look("analyst-10-council-summary")
    analyst.page.get_by_label("Everybody in this file").check()
    press(analyst, "Confirm all rolls")
    analyst.page.get_by_role("heading", name="The rolls are confirmed").wait_for()
    analyst.look("analyst-11-council-receipt")


@pytest.mark.parametrize("who", ["coach", "virtual_school", "panel", "administrator", "careers"])
def test_home_shows_every_role_what_there_is_to_do(live: Live, who: str) -> None:
    open_check(live.service, NOVEMBER)
    visitor = live.as_(who)
    visitor.open("/")
    assert "November 2026" in main_of(visitor)
    visitor.look(f"home-{who}")


def test_in_january_a_lost_value_is_asked_about_and_the_same_roll_needs_no_file(live: Live) -> None:
    her, _ = started(live)
    upload(her, roll(1, 2, 3, SEN="K"))
    her.open(path_of(her) + "/summary")
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
