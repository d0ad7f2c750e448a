"""A coach sends a list out as a sheet and takes it back: downloaded, filled in, looked at, confirmed, told."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("fastapi", reason="the service is not installed: pip install 'roni[service]'")

from openpyxl import load_workbook

from service.clock import today
from tests.browser.service import Live, path_of
from tests.browser.steps import done_of, error_of, main_of, press
from tests.browser.visitor import Visitor
from tests.service.caseloads import Checked, fresh
from tests.service.conftest import start, stop
from tests.service.team_sheets import due, furnish, in_days

CONTACT = {"Contacted on": today(), "How": "Phone call", "Outcome": "Spoke or answered", "Note": "Came in."}


@pytest.fixture
def checked(tmp_path: Path) -> Iterator[Checked]:
    made: list[Any] = []
    found = furnish(fresh(tmp_path, lambda url: made.append(start(url)) or made[0]))
    yield found
    stop(found.service)


@pytest.fixture
def live(checked: Checked, live_server: Callable[[Any], str], visit: Callable[..., Visitor]) -> Live:
    return Live(checked.service, live_server(checked.service.app), visit)


def download(visitor: Visitor) -> bytes:
    """From my list to the sheet's page, and the sheet itself."""
    visitor.open("/my-list?places=2")
    visitor.page.get_by_role("link", name="Send this list to a team as a sheet, or bring one back").click()
    with visitor.page.expect_download() as sheet:
        visitor.page.get_by_role("button", name="Download for Excel").click()
    assert sheet.value.suggested_filename == "sheet for a team.xlsx"
    return Path(sheet.value.path()).read_bytes()


def filled_in(workbook: bytes, cells: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """The workbook with cells filled in, by pupil and heading, as a browser sends it."""
    book = load_workbook(io.BytesIO(workbook))
    sheet = book["My list"]
    columns = {cell.value: cell.column for cell in sheet[1]}
    for row in sheet.iter_rows(min_row=2):
        for heading, value in cells.get(str(row[columns["Reference"] - 1].value), {}).items():
            row[columns[heading] - 1].value = value
    saved = io.BytesIO()
    book.save(saved)
    mime = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    return {"name": "from the team.xlsx", "mimeType": mime, "buffer": saved.getvalue()}


def bring_back(visitor: Visitor, file: dict[str, Any]) -> None:
    visitor.page.locator("input[type=file]").set_input_files(file)  # type: ignore[arg-type]
    press(visitor, "Upload and check")


def test_a_sheet_goes_out_and_comes_back(live: Live, checked: Checked) -> None:
    first, second = checked.pupils()[:2]
    coach = live.as_("coach", accept_downloads=True)
    workbook = download(coach)
    coach.look("sheet-01-send-out")
    press(coach, "Upload and check")
    assert "Choose a file" in error_of(coach)
    coach.look("sheet-02-no-file")
    moved = {"Next action": "Ring the school", "Next action by": in_days(9)}
    bring_back(coach, filled_in(workbook, {first: moved, second: CONTACT}))
    assert "Nothing of it counts until you confirm it" in done_of(coach)
    assert "in place of “Ring home”" in main_of(coach)
    assert due(checked, first)["what"] == "Ring home"
    coach.look("sheet-03-changes")
    press(coach, "Confirm these changes")
    assert "The sheet is taken in" in coach.page.inner_text("h1")
    coach.look("sheet-04-receipt")
    coach.printed("sheet-04-receipt")
    assert due(checked, first)["what"] == "Ring the school"
    coach.page.reload()
    assert "1 contact added" in main_of(coach).replace("\n", " ")
    coach.page.get_by_role("link", name="Back").click()
    assert "Taken in" in coach.page.inner_text("tbody")
    coach.look("sheet-05-sheets")


def test_what_is_not_taken_is_said_row_by_row_and_put_right_in_the_sheet(live: Live, checked: Checked) -> None:
    first, second = checked.pupils()[:2]
    coach = live.as_("coach", accept_downloads=True)
    workbook = download(coach)
    record = checked.service.as_("coach")
    record.patch(f"/v1/contacts/{due(checked, first)['contact']}", json={"next_action": "Meet on Friday"})
    moved = {"Next action": "Ring the school", "Next action by": in_days(9)}
    bring_back(coach, filled_in(workbook, {first: {**CONTACT, **moved}, second: {**CONTACT, "How": "Pigeon"}}))
    for words in ("What stands: “Meet on Friday”", "Your sheet: “Ring the school”", "Column “How”: Use one of these"):
        assert words in main_of(coach)
    coach.look("sheet-06-not-taken")
    with coach.page.expect_navigation():
        coach.page.get_by_role("link", name="only what changes").click()
    assert coach.page.locator("tbody tr").count() == 1
    press(coach, "Confirm these changes")
    coach.look("sheet-07-taken-in-part")
    coach.open("/my-list/sheets")
    bring_back(coach, filled_in(workbook, {first: {**CONTACT, **moved}, second: CONTACT}))
    assert main_of(coach).count("New contact") == 1  # what was taken in is not added twice
    press(coach, "Remove this sheet")
    assert "Nothing of it was taken in" in done_of(coach)


def test_it_works_without_scripts_and_nothing_is_done_twice(live: Live, checked: Checked) -> None:
    coach = live.as_("coach", accept_downloads=True, java_script_enabled=False)
    sheet = filled_in(download(coach), {checked.pupils()[0]: {"Done": "yes"}})
    bring_back(coach, sheet)
    address = path_of(coach)
    coach.open("/my-list/sheets")
    bring_back(coach, sheet)
    assert path_of(coach) == address
    coach.page.get_by_role("button", name="Confirm these changes").dblclick()
    coach.page.get_by_role("heading", name="The sheet is taken in").wait_for()
    coach.page.go_back()  # what it would change is over: back leads to the receipt too
    assert "The sheet is taken in" in coach.page.inner_text("h1")
    assert due(checked, checked.pupils()[0]) is None


def test_an_empty_sheet_says_that_nothing_would_change(live: Live) -> None:
    coach = live.as_("coach", accept_downloads=True)
    bring_back(coach, filled_in(download(coach), {}))
    assert "Nothing would change" in main_of(coach)
    coach.look("sheet-08-nothing")


def test_the_keyboard_reaches_what_is_to_be_confirmed(live: Live, checked: Checked) -> None:
    coach = live.as_("coach", accept_downloads=True)
    bring_back(coach, filled_in(download(coach), {checked.pupils()[1]: CONTACT}))
    stops = coach.stops()
    assert stops.index("Confirm these changes") < stops.index("Remove this sheet")
