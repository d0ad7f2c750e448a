"""A coach before school: my list, its filters, a contact in two clicks, what is next."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

pytest.importorskip("fastapi", reason="the service is not installed: pip install 'roni[service]'")

from sqlalchemy import insert, select

from service import tables as t
from service.clock import now
from tests.browser.coach.conftest import ON_CASELOAD
from tests.browser.service import Live, path_of
from tests.browser.steps import done_of, error_of, fill_day, main_of
from tests.browser.visitor import Visitor

if TYPE_CHECKING:
    from playwright.sync_api import Page


def first_name(page: Page) -> str:
    return str(page.locator("#caseload tbody th a").first.inner_text())


def test_my_list_has_the_caseload_and_as_many_new_pupils_as_there_is_time_for(coach: Visitor) -> None:
    page = coach.page
    coach.open("/my-list?places=4")
    assert page.locator("#caseload tbody tr").count() == ON_CASELOAD
    assert page.locator("#new tbody tr").count() == 4
    words = page.inner_text("#caseload")
    for wanted in ("Since November 2026", "EHCP:", "After Year 11:", "Ask first:", "No contact yet"):
        assert wanted in words
    coach.look("coach-my-list")
    page.get_by_text("Filters, and how many new pupils to show").click()
    coach.look("coach-my-list-filters")
    page.get_by_role("textbox", name="New pupils to show").fill("2")
    page.get_by_role("button", name="Show", exact=True).click()
    assert page.locator("#new tbody tr").count() == 2
    assert "places=2" in page.url


def test_filters_stay_in_the_address_and_narrow_both_parts(coach: Visitor) -> None:
    page = coach.page
    coach.open("/my-list?places=5&school=100002")
    schools = page.locator("tbody tr th").all_inner_texts()
    assert schools
    assert all("Sample High School" in words for words in schools)
    page.get_by_role("link", name="Remove filter School: Sample High School").click()
    assert "school" not in page.url
    assert "places=5" in page.url
    coach.open("/my-list?places=0&band=none&changed=new")
    assert "Nobody here" in main_of(coach)
    coach.look("coach-my-list-nobody")


def test_a_filter_that_there_is_not_is_refused_in_plain_words(coach: Visitor) -> None:
    answer = coach.open("/my-list?band=purple")
    assert answer.status == 422
    assert "The bands of this register are" in main_of(coach)


def test_a_contact_takes_two_clicks_and_leads_back_to_the_list(coach: Visitor) -> None:
    page = coach.page
    coach.open("/my-list?places=3&year=11")
    name, line = first_name(page), page.locator("#caseload tbody tr").first
    line.get_by_text("Record a contact").click()
    coach.look("coach-contact-inline")
    line.get_by_role("button", name="Left a message").click()
    page.wait_for_url(re.compile(r"/my-list\?places=3&year=11&done=contact#pupil-"))
    assert "The contact is recorded" in done_of(coach)
    assert first_name(page) == name
    assert "left a message" in page.locator("#caseload tbody tr").first.inner_text()


def test_a_contact_with_a_next_action_is_asked_again_until_it_is_whole(coach: Visitor) -> None:
    page = coach.page
    coach.open("/my-list")
    line = page.locator("#caseload tbody tr").nth(1)
    line.get_by_text("Record a contact").click()
    line.get_by_role("link", name="Another day, or a next action").click()
    page.get_by_label("Spoke or answered").check()
    page.get_by_label("Note, if any").fill("Wants to look at the engineering course.")
    page.get_by_label("What is next, if anything?").fill("Send the open-day dates")
    page.get_by_role("button", name="Record the contact").click()
    assert "Say both what is next and by when" in error_of(coach)
    assert page.get_by_label("Note, if any").input_value() == "Wants to look at the engineering course."
    coach.look("coach-contact-error")
    fill_day(coach, "By when?", "1 2 2030")
    page.get_by_role("button", name="Record the contact").click()
    assert path_of(coach) == "/my-list"
    assert "Send the open-day dates, by 1 Feb 2030" in page.locator("#caseload tbody tr").nth(1).inner_text()
    page.locator("#caseload tbody tr").nth(1).locator("th a").click()
    coach.look("coach-pupil-contacts")
    page.get_by_role("button", name="It is done").click()
    assert "by 1 Feb 2030, done" in main_of(coach)


def test_what_is_next_is_changed_and_done_in_two_clicks_from_the_list(coach: Visitor) -> None:
    page = coach.page
    coach.open("/my-list")
    line = page.locator("#caseload tbody tr").nth(2)
    line.locator("th a").click()
    page.get_by_role("button", name="Record a contact with a next action").click()
    page.get_by_label("Spoke or answered").check()
    page.get_by_label("What is next, if anything?").fill("Send the open-day dates")
    fill_day(coach, "By when?", "1 2 2030")
    page.get_by_role("button", name="Record the contact").click()
    coach.open("/my-list?places=3")
    line.get_by_role("link", name="Done or change").click()
    coach.look("coach-action")
    page.get_by_role("group", name="By when?").get_by_label("Month").fill("14")
    page.get_by_role("button", name="Save").click()
    assert "Enter a real day" in error_of(coach)
    coach.look("coach-action-error")
    fill_day(coach, "By when?", "3 3 2030")
    page.get_by_role("button", name="Save").click()
    page.wait_for_url(re.compile(r"/my-list\?places=3&done=action#pupil-"))
    assert "by 3 Mar 2030" in line.inner_text()
    line.get_by_role("link", name="Done or change").click()
    page.get_by_role("button", name="It is done").click()
    page.wait_for_url(re.compile(r"/my-list\?places=3&done=action#pupil-"))
    assert "Send the open-day dates" not in line.inner_text()


def test_everything_works_without_scripts(live: Live) -> None:
    coach = live.as_("coach", java_script_enabled=False)
    page = coach.page
    coach.open("/my-list?places=1")
    line = page.locator("#caseload tbody tr").last
    line.get_by_text("Record a contact").click()
    line.get_by_role("button", name="Did not come").click()
    assert "did not come" in page.locator("#caseload tbody tr").last.inner_text()


def test_the_keyboard_reaches_what_a_coach_needs(coach: Visitor) -> None:
    coach.open("/my-list?places=1")
    name = first_name(coach.page)
    stops = coach.stops()
    wanted = ["Filters, and how many new pupils to show", name, f"Record a contact with {name}", "Download as CSV"]
    assert [stop for stop in stops if stop in wanted] == wanted


def test_nothing_is_there_yet_and_that_is_said(live: Live, council: Any) -> None:
    nobodys = live.as_("coach_south")
    nobodys.open("/my-list?places=0")
    assert "Nobody on your list yet" in main_of(nobodys)
    nobodys.look("coach-my-list-empty")
    with council.database.write() as connection:
        ref = "check-empty"
        row = connection.execute(select(t.checks).where(t.checks.c.name == "november")).one()._asdict()
        row = {**row, "ref": ref, "year": row["year"] - 1, "label": "November 2025", "earlier_id": None}
        row |= {"on": row["on"].replace(year=2025), "created_at": now()}
        connection.execute(insert(t.checks).values({key: value for key, value in row.items() if key != "id"}))
    analyst = live.as_("analyst")
    analyst.open(f"/checks/{ref}/register")
    assert "No list yet" in main_of(analyst)
    analyst.look("register-empty")
