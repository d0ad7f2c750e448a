"""A school's file on its way: dropped or chosen, read, refused, sent twice; and nothing of it is lost meanwhile."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

pytest.importorskip("fastapi", reason="the service is not installed: pip install 'roni[service]'")

from sqlalchemy import update

from service import tables as t
from service.accounts.local import set_password
from service.clock import now
from tests.browser.school_office import OWN, open_summary, roll, started, upload, wait_until_read
from tests.browser.service import Live, path_of
from tests.browser.steps import fill_day, follow, main_of, press
from tests.browser.visitor import Visitor

if TYPE_CHECKING:
    from playwright.sync_api import Locator


def test_a_file_is_dropped_on_the_box_and_uploaded(live: Live, tmp_path: Path) -> None:
    her, _ = started(live)
    file = file_of(tmp_path, roll(1, 2, 3))
    box = her.page.get_by_role("button", name="Your file")
    assert "No file chosen" in box.inner_text()
    drag(her, box, file, "dragEnter", "dragOver")
    her.page.get_by_text("Entered drop zone").wait_for()  # said to who cannot see the box
    her.look("manager-37-file-over-the-box")
    drag(her, box, file, "drop")
    her.page.get_by_role("button", name="roll.csv").wait_for()
    press(her, "Upload and check")
    wait_until_read(her)
    assert "3 rows, 3 pupils" in main_of(her)


def drag(visitor: Visitor, box: Locator, file: Path, *steps: str) -> None:
    """What Chromium itself does while somebody drags a file from their desktop over a box."""
    box.scroll_into_view_if_needed()
    place = box.bounding_box()
    assert place is not None
    middle = {"x": place["x"] + place["width"] / 2, "y": place["y"] + place["height"] / 2}
    devtools = visitor.page.context.new_cdp_session(visitor.page)
    for step in steps:
        carried = {"items": [], "files": [str(file)], "dragOperationsMask": 1}
        devtools.send("Input.dispatchDragEvent", {"type": step, **middle, "data": carried})
    devtools.detach()


def file_of(folder: Path, sent: dict[str, Any]) -> Path:
    """A file on a disk, as it lies on a desktop."""
    path = folder / str(sent["name"])
    path.write_bytes(sent["buffer"])
    return path


def test_a_file_is_chosen_and_sent_with_the_keyboard(live: Live, tmp_path: Path) -> None:
    her, _ = started(live)
    her.page.on("filechooser", lambda _: None)  # listened for before the key, which may be quicker than the listening
    her.tab_to("Your file")
    with her.page.expect_file_chooser() as chooser:
        her.page.keyboard.press("Enter")
    chooser.value.set_files(file_of(tmp_path, roll(1, 2, 3)))
    her.page.get_by_role("button", name="roll.csv").wait_for()
    her.page.keyboard.press("Tab")
    with her.page.expect_navigation():
        her.page.keyboard.press("Enter")
    wait_until_read(her)
    assert "3 rows, 3 pupils" in main_of(her)


def test_a_form_sent_twice_at_once_confirms_once(live: Live) -> None:
    her, check = started(live, java_script_enabled=False)  # with scripts the second press is not even sent
    upload(her, roll(1, 2, 3))
    open_summary(her)
    her.page.get_by_label("Everybody in this file").check()
    her.page.get_by_role("button", name="Confirm the roll").dblclick()
    her.page.get_by_role("heading", name="Your roll is confirmed").wait_for()
    her.page.go_back()  # the summary is over: back leads to the receipt too
    assert "Your roll is confirmed" in main_of(her)
    receipts = live.service.as_("returns").get(f"/v1/checks/{check}/uploads").json()["items"]
    assert [item["state"] for item in receipts] == ["confirmed"]


def test_nothing_is_lost_when_the_session_is_over_in_the_middle_of_a_form(live: Live) -> None:
    with live.service.database.write() as connection:
        set_password(connection, live.service.people["returns"], "an invented pass phrase", must_change=False)
    her, _ = started(live)
    upload(her, roll(1, 2, 3))
    follow(her, "Questions")
    fill_day(her, "First day", "2 9 2026")
    fill_day(her, "Last day", "23 10 2026")
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


def test_another_school_is_not_there(live: Live) -> None:
    her, check = started(live)
    upload(her, roll(1, 2, 3))
    here = path_of(her)
    other = live.as_("returns2")
    for step in ("", "/columns", "/questions", "/problems", "/problems.xlsx", "/changes", "/leavers", "/summary"):
        assert other.open(here + step).status == 404, step
    assert other.open(f"/checks/{check}/schools/{OWN}").status == 404
    assert other.open(f"/checks/{check}/schools/{OWN}/receipt").status == 404
