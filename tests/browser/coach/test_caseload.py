"""Who has which coach: taken on, given up, handed over, assigned many at once after a look."""

from __future__ import annotations

import pytest

pytest.importorskip("fastapi", reason="the service is not installed: pip install 'roni[service]'")

from tests.browser.service import Live, path_of
from tests.browser.steps import done_of, error_of, main_of
from tests.browser.visitor import Visitor


def test_a_new_pupil_is_taken_on_in_one_click_and_given_up_again(coach: Visitor) -> None:
    page = coach.page
    coach.open("/my-list?places=2")
    name = page.locator("#new tbody th a").first.inner_text()
    page.get_by_role("button", name=f"Take on {name}").click()
    assert "on your caseload now" in done_of(coach)
    assert name in page.inner_text("#caseload")
    page.locator("#caseload tbody th a", has_text=name).click()
    page.get_by_role("link", name="Change the coach").click()
    coach.look("coach-coach")
    page.get_by_label("No coach any more").check()
    page.get_by_role("button", name="Save").click()
    assert "Write why" in error_of(coach)
    coach.look("coach-coach-error")
    page.get_by_label("Why?").fill("Has started at college.")
    page.get_by_role("button", name="Save").click()
    assert "The coach is changed" in done_of(coach)


def test_everybody_of_a_filter_is_taken_on_after_a_look(coach: Visitor, january: str) -> None:
    page = coach.page
    coach.open(f"/checks/{january}/register?school=100002&band=red")
    page.get_by_role("link", name="Take on everybody here who has no coach").click()
    coach.look("coach-take-on")
    count = page.locator("main ol li").count()
    page.get_by_role("button", name=f"Take on these {count} pupils").click()
    assert path_of(coach) == "/my-list"
    assert f"{count} pupils are on your caseload now" in done_of(coach)
    coach.open("/my-list?places=2")
    page.get_by_role("link", name="Take on all of these").click()
    assert page.locator("main ol li").count() == 2
    page.get_by_role("link", name="Back", exact=True).click()
    assert page.url.endswith("/my-list?places=2")
    coach.open(f"/checks/{january}/take-on?school=100002&band=red")
    assert "Everybody of this list has a coach" in main_of(coach)
    coach.look("coach-take-on-nobody")


def test_pupils_are_handed_over(coach: Visitor, live: Live) -> None:
    page = coach.page
    live.service.add_person("coach2", "coach", district="North")
    coach.open("/my-list")
    page.get_by_role("link", name="Hand pupils over").click()
    coach.look("coach-hand-over")
    page.get_by_role("button", name="Hand over").click()
    assert "Choose who takes the pupils" in error_of(coach)
    coach.look("coach-hand-over-error")
    other = page.get_by_label("Who takes them?").locator("option", has_text="Invented coach2").get_attribute("value")
    page.get_by_label("Who takes them?").select_option(other)
    page.locator("input[name=pupils]").last.check()
    page.get_by_label("Why?").fill("Leave from January.")
    page.get_by_role("button", name="Hand over").click()
    assert "1 pupil handed over to Invented coach2" in main_of(coach)
    coach.look("coach-handed-over")


def test_the_council_assigns_many_at_once_after_a_look(live: Live, january: str) -> None:
    analyst = live.as_("analyst")
    page = analyst.page
    analyst.open(f"/checks/{january}/assign")
    page.get_by_role("button", name="See whom it would be").click()
    assert "Choose a coach" in error_of(analyst)
    analyst.look("analyst-assign-error")
    south = page.get_by_label("To which coach?").locator("option", has_text="Invented coach_own").get_attribute("value")
    page.get_by_label("To which coach?").select_option(south)
    page.get_by_label("Sample High School").check()
    page.get_by_label("From which band?").select_option("green")
    page.get_by_label("Why?").fill("Coach of this school.")
    page.get_by_role("button", name="See whom it would be").click()
    assert "would be assigned" in main_of(analyst)
    analyst.look("analyst-assign")
    page.get_by_role("button", name="Assign these").click()
    assert "assigned" in done_of(analyst)
