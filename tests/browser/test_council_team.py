"""A council team sends its list, an analyst settles what is unsettled, an administrator counts, deletes and erases."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("fastapi", reason="the service is not installed: pip install 'roni[service]'")

from datetime import timedelta

from sqlalchemy import func, select, update

from service import tables as t
from service.access import Access
from service.clock import now
from tests.browser.service import Live, path_of
from tests.browser.steps import done_of, error_of, main_of, press
from tests.browser.visitor import Visitor
from tests.service.conftest import furnish, start
from tests.service.council_lists import listed, live_list
from tests.service.uploading import confirmed, csv, open_check, pupil, upn

WHO = {"Surname": "Surname3", "Forename": "Forename3", "Date of birth": "04/10/2010"}


@pytest.fixture
def live(tmp_path: Path, live_server: Callable[[Any], str], visit: Callable[..., Visitor]) -> Live:
    """A November check in which two schools have confirmed; both have the fourth pupil as their own."""
    service = furnish(start(f"sqlite:///{tmp_path / 'roni.db'}", council="Bexford"))
    check = open_check(service)
    confirmed(service, check, [pupil(number) for number in range(1, 5)])
    confirmed(service, check, [pupil(number) for number in range(4, 7)], who="returns2")
    return Live(service, live_server(service.app), visit)


def a_list(*rows: dict[str, Any], name: str = "looked after.csv") -> Any:
    headings = list(dict.fromkeys(key for row in rows for key in row))
    return {"name": name, "mimeType": "text/csv", "buffer": csv(rows, headings)}


def send(visitor: Visitor, file: Any, day: str = "31 10 2026", complete: str = "No") -> None:
    """Fill in the form of a list and send it."""
    page = visitor.page
    page.locator("input[type=file]").set_input_files(file)
    page.get_by_label("What being on the list means").select_option("looked_after")
    for label, text in zip(("Day", "Month", "Year"), day.split(), strict=True):
        page.get_by_label(label, exact=True).fill(text)
    page.get_by_role("radio", name=complete, exact=True).check()
    press(visitor, "Send and check")


def test_a_team_sends_a_list_settles_its_rows_and_confirms_it(live: Live) -> None:
    team = live.as_("virtual_school")
    team.open("/supplements")
    assert "No list yet" in main_of(team)
    team.look("team-01-no-lists")
    with team.page.expect_navigation():
        team.page.get_by_role("button", name="Send a list").click()
    team.look("team-02-send")
    team.page.get_by_text("Which columns it needs").click()
    with team.page.expect_download() as download:
        team.page.get_by_role("link", name="Download an empty list").click()
    assert download.value.suggested_filename == "roni list virtual school.csv"
    team.look("team-03-columns")
    press(team, "Send and check")
    assert "Choose what being on the list means" in error_of(team)
    team.look("team-04-errors")
    rows = [*listed(1, 2), WHO, {"UPN": upn(99), "Surname": "Nowhere", "Forename": "Nobody"}, {"UPN": upn(98)}]
    send(team, a_list(*rows))
    assert "The list was read" in done_of(team)
    assert "Came on: 2" in main_of(team)
    team.look("team-05-staged")

    team.page.get_by_role("link", name="1 row").first.click()  # with the names of a pupil
    assert "Surname3, Forename3" in main_of(team)
    team.look("team-06-proposed")
    press_accept(team)
    assert "The row is linked to its pupil" in done_of(team)
    team.page.get_by_label("Which rows").select_option("unmatched")
    press(team, "Show")
    assert "state=unmatched" in team.page.url
    team.look("team-07-unmatched")
    team.page.get_by_role("link", name="Decide").last.click()
    press(team, "Save")
    assert "Choose what is to be done" in error_of(team)
    team.page.get_by_label("Leave this row out").check()
    press(team, "Save")
    assert "Say why" in error_of(team)
    assert team.page.get_by_label("Leave this row out").is_checked()  # what was chosen is still there
    team.look("team-08-row-error")
    team.page.get_by_label("Why", exact=True).fill("Moved to another council in September")
    press(team, "Save")
    assert "left out" in done_of(team)

    ref = path_of(team).split("/")[2]
    team.open(f"/supplements/{ref}")
    team.page.get_by_role("link", name="See who").click()
    assert "Came on" in main_of(team)
    team.look("team-09-changes")
    team.page.get_by_role("link", name="Back").click()
    press(team, "Confirm the list")
    assert "The list is in use" in team.page.inner_text("h1")
    team.look("team-10-receipt")
    team.open("/supplements")
    assert "In use" in main_of(team)
    team.look("team-11-lists")


def press_accept(visitor: Visitor) -> None:
    with visitor.page.expect_navigation():
        visitor.page.get_by_role("button", name="Accept").first.click()


def test_a_list_takes_the_place_of_the_one_before_and_two_people_lose_nothing(live: Live) -> None:
    live_list(live.service, listed(1, 2), complete="true", years="11")
    team, other = live.as_("virtual_school"), live.as_("virtual_school")
    team.open("/supplements/new")
    send(team, a_list(*listed(2, 3)), day="1 11 2026", complete="Yes")
    assert "Fell off: 1" in main_of(team)
    team.look("team-12-replaces")
    ref = path_of(team)
    other.open(ref)
    press(other, "Take this list back")
    assert "taken back" in done_of(other)
    press(team, "Confirm the list")
    assert "not found" in team.page.inner_text("h1").lower()
    team.open("/supplements/new")
    send(team, a_list(*listed(2, 3)), day="1 11 2026", complete="Yes")
    team.page.locator("input[name=version]").evaluate("(it) => { it.value = '0'; }")
    press(team, "Confirm the list")
    assert "changed this first" in team.page.inner_text("h1")
    team.look("team-13-stale")


def test_it_works_without_scripts(live: Live) -> None:
    team = live.as_("virtual_school", java_script_enabled=False)
    team.open("/supplements/new")
    send(team, a_list(*listed(1)))
    press(team, "Confirm the list")
    assert "The list is in use" in team.page.inner_text("h1")


def test_the_second_school_sees_a_line_until_the_analyst_has_settled_whose_the_pupil_is(live: Live) -> None:
    school, analyst = live.as_("returns2"), live.as_("analyst")
    (check,) = live.service.as_("analyst").get("/v1/checks").json()["items"]
    school.open(f"/checks/{check['ref']}/register")
    line = "Also listed by another school: shown in full when the council has settled it"
    assert line in main_of(school)
    assert school.page.get_by_role("link", name="Forename4 Surname4").count() == 0
    school.look("two-schools-01-second-school")
    analyst.open("/resolutions?kind=two_schools")
    analyst.page.get_by_role("link", name="Decide").click()
    analyst.page.get_by_label("The pupil is at both").check()
    analyst.page.get_by_label("Why", exact=True).fill("A shared place, says the panel")
    press(analyst, "Save the decision")
    school.open(f"/checks/{check['ref']}/register")
    assert line not in main_of(school)
    school.page.get_by_role("link", name="Forename4 Surname4").click()
    assert "Surname4" in school.page.inner_text("h1")


def test_the_analyst_settles_what_is_unsettled(live: Live) -> None:
    rows = [*listed(1), {"UPN": upn(99), "Surname": "Nowhere", "Forename": "Nobody", "Year group": 11}]
    receipt = live_list(live.service, rows, name="looked after")
    analyst = live.as_("analyst")
    analyst.open("/resolutions")
    for words in ("Two schools claim a pupil", "School and list disagree", "Row of a list without its pupil"):
        assert words in main_of(analyst)
    analyst.look("resolve-01-list")
    analyst.page.get_by_label("What about").select_option("sources_disagree")
    press(analyst, "Show")
    assert "kind=sources_disagree" in analyst.page.url
    assert analyst.page.locator("tbody tr").count() == 1
    analyst.page.get_by_role("link", name="Decide").click()
    assert "Invented Academy" in main_of(analyst)
    assert "31 October 2026" in main_of(analyst)
    analyst.look("resolve-02-two-sides")
    press(analyst, "Save the decision")
    assert "Choose what is right" in error_of(analyst)
    analyst.look("resolve-03-error")
    analyst.page.get_by_label("The list is right: yes").check()
    analyst.page.get_by_label("Why", exact=True).fill("The virtual school has the papers")
    press(analyst, "Save the decision")
    assert "Your decision is kept" in done_of(analyst)
    analyst.open("/resolutions?kind=two_schools")
    analyst.page.get_by_role("link", name="Decide").click()
    assert "The pupil is at Sample High School" in main_of(analyst)
    analyst.look("resolve-04-two-schools")
    analyst.open("/resolutions?state=closed")
    assert "The virtual school has the papers" in main_of(analyst)
    analyst.look("resolve-05-closed")
    analyst.page.get_by_role("link", name="See both sides").first.click()
    assert "Decide otherwise" in main_of(analyst)
    analyst.look("resolve-06-closed-entry")
    analyst.open("/resolutions?kind=alert")
    assert "Nothing fits all of these filters" in main_of(analyst)
    analyst.look("resolve-07-nothing")

    analyst.open(f"/supplements/{receipt['ref']}/own-roll")
    press(analyst, "Put them on the council’s own roll")
    analyst.look("resolve-08-own-roll-error")
    analyst.page.get_by_label("Why have they no school?").fill("Awaiting a school place")
    press(analyst, "Put them on the council’s own roll")
    assert "1 pupil is on the council’s own roll" in main_of(analyst)
    analyst.look("resolve-09-own-roll")
    analyst.open("/supplements")
    analyst.look("resolve-10-lists")
    analyst.open("/supplements/new")
    analyst.look("resolve-11-send")


def test_a_school_sees_what_is_unsettled_about_its_own_pupils_and_decides_nothing(live: Live) -> None:
    live_list(live.service, [*listed(1), *listed(5), {"UPN": upn(99)}])
    school = live.as_("returns")
    school.open("/resolutions")
    assert "Surname4" in main_of(school)
    assert "School and list disagree" not in school.page.inner_text("tbody")  # about a fact that schools do not see
    assert "Row " not in school.page.inner_text("tbody")
    school.page.get_by_role("link", name="See both sides").first.click()
    assert "The council decides about this" in main_of(school)
    assert school.page.get_by_role("button", name="Save the decision").count() == 0
    school.look("resolve-12-school")


def test_the_administrator_counts_first_and_deletes_then(live: Live) -> None:
    live_list(live.service, listed(1))
    with live.service.database.write(Access.system()) as connection:
        long_ago = now() - timedelta(days=5000)
        connection.execute(update(t.pupils).where(t.pupils.c.upn == upn(2)).values(died_at=long_ago))
    administrator = live.as_("administrator")
    administrator.open("/retention")
    administrator.look("retention-01-policy")
    press(administrator, "Count what is due")
    assert "Nothing was deleted" in done_of(administrator)
    administrator.look("retention-02-counted")
    with administrator.page.expect_navigation():
        administrator.page.get_by_role("button", name="Go on to delete it").click()
    press(administrator, "Delete what is due")
    assert "Tick the box" in error_of(administrator)
    administrator.look("retention-03-run-error")
    administrator.page.get_by_label("I have looked at the counts").check()
    press(administrator, "Delete what is due")
    assert "What was due is deleted" in done_of(administrator)
    assert pupils_of(live, upn(2)) == 0
    administrator.open("/retention/run")
    assert path_of(administrator) == "/retention"  # what was counted is deleted: count again


def pupils_of(live: Live, number: str) -> int:
    with live.service.database.read(Access.system()) as connection:
        query = select(func.count()).select_from(t.pupils).where(t.pupils.c.upn == number)
        return int(connection.execute(query).scalar_one())


def test_the_administrator_finds_tells_and_erases_one_pupil(live: Live, tmp_path: Path) -> None:
    administrator = live.as_("administrator")
    page = administrator.page
    administrator.open("/retention")
    press(administrator, "Find the pupil")
    assert "Enter a UPN or a ULN" in page.inner_text(".govuk-error-summary")
    page.get_by_label("UPN, also a former one").fill(upn(77))
    press(administrator, "Find the pupil")
    assert "There is no such pupil" in page.inner_text(".govuk-error-summary")
    administrator.look("retention-04-not-found")
    page.get_by_label("UPN, also a former one").fill(upn(1))
    press(administrator, "Find the pupil")
    assert upn(1) not in page.url
    assert "Surname1" not in page.content()  # an administrator reads no pupil
    administrator.look("retention-05-pupil")
    with page.expect_download() as download:
        page.get_by_role("button", name="Download what is stored").click()
    file = tmp_path / "told.json"
    download.value.save_as(file)
    assert json.loads(file.read_text("utf-8"))["pupil"]["upn"] == upn(1)
    press(administrator, "Go on")
    assert "Choose why" in page.inner_text(".govuk-error-summary")
    page.get_by_label("The young person, or a parent, asked for it").check()
    press(administrator, "Go on")
    administrator.look("retention-06-erasure")
    press(administrator, "Erase this pupil")
    assert "Tick the box" in page.inner_text(".govuk-error-summary")
    administrator.look("retention-07-erasure-error")
    page.get_by_label("Everything stored about this pupil").check()
    press(administrator, "Erase this pupil")
    assert "The pupil is erased" in page.inner_text("h1")
    assert "A school has the pupil on a roll" in main_of(administrator)
    administrator.look("retention-08-erased")
    assert pupils_of(live, upn(1)) == 0


@pytest.mark.parametrize("who", ["returns", "coach", "panel", "administrator"])
def test_nobody_else_sees_lists(live: Live, who: str) -> None:
    browser = live.service.browser(who)
    assert {browser.get(path).status_code for path in ("/supplements", "/supplements/new")} == {403}
    if who != "administrator":
        assert browser.get("/retention").status_code == 403
