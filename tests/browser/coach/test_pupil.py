"""One pupil: found by name, explained, asked about by the school and by themselves, and decided about."""

from __future__ import annotations

import pytest

pytest.importorskip("fastapi", reason="the service is not installed: pip install 'roni[service]'")


from tests.browser.service import Live, path_of
from tests.browser.steps import error_of, main_of
from tests.browser.visitor import Visitor


def test_a_pupil_is_found_by_name_and_no_address_holds_it(coach: Visitor) -> None:
    page = coach.page
    coach.open("/my-list")
    name = page.locator("#caseload tbody th a").first.inner_text()
    page.get_by_role("link", name="Find a pupil").click()
    coach.look("coach-search")
    page.get_by_role("button", name="Find").click()
    assert "Enter at least two letters" in error_of(coach)
    coach.look("coach-search-error")
    page.get_by_label("Name or UPN").fill(name.split()[-1])
    page.get_by_role("button", name="Find").click()
    assert path_of(coach) == "/pupils"
    assert "?" not in page.url
    coach.look("coach-found")
    page.locator("tbody th a").first.click()
    assert name.split()[-1] in page.inner_text("h1")
    coach.open("/pupils")
    page.get_by_label("Name or UPN").fill("Zzzzz")
    page.get_by_role("button", name="Find").click()
    assert "Nobody found" in main_of(coach)
    coach.look("coach-nobody-found")


def test_one_pupils_page_explains_everything(coach: Visitor) -> None:
    page = coach.page
    coach.open("/my-list")
    page.locator("#caseload tbody tr", has_text="young carer").first.locator("th a").click()
    words = main_of(coach)
    for heading in ("Why", "Not known", "What changed", "What people decided", "Contacts", "Over the checks",
                    "Corrections and objections", "What this does not mean"):  # fmt: skip
        assert page.get_by_role("heading", name=heading, exact=True).is_visible(), heading
    assert page.locator("figure svg").count() == 1
    assert page.locator("svg[style], svg [style]").count() == 0
    assert "will be NEET" not in words
    page.get_by_text("Every value that is known").click()
    assert page.get_by_role("table", name="Values of").get_by_role("row").count() > 10
    coach.look("coach-pupil")


def test_a_school_asks_and_the_coach_decides(coach: Visitor, live: Live, january: str) -> None:
    pupil = asks_to_add_the_last_pupil(live.as_("careers"), january)
    coach.open(f"/checks/{january}/moderations")
    coach.look("coach-moderations")
    coach.page.get_by_role("link", name="Decide or withdraw").first.click()
    coach.look("coach-moderation")
    declines_with_a_reason(coach)
    assert coach.page.inner_text("h1") == pupil
    assert "declined" in main_of(coach)


def asks_to_add_the_last_pupil(school: Visitor, check: str) -> str:
    """The school's form, first without a band; the heading of the pupil's page."""
    page = school.page
    school.open(f"/checks/{check}/register")
    school.look("school-register")
    page.locator("table").first.locator("tbody th a").last.click()
    pupil = page.inner_text("h1")
    page.get_by_role("button", name="Add, take off or state another priority").click()
    school.look("school-moderation")
    page.get_by_label("Add to the list").check()
    page.get_by_label("No plan for after Year 11").check()
    page.get_by_label("Why, in your own words?").fill("Has stopped coming to form time.")
    page.get_by_role("button", name="Record it").click()
    assert "State a band" in error_of(school)
    school.look("school-moderation-error")
    page.get_by_label("In which band?").select_option("red")
    page.get_by_role("button", name="Record it").click()
    assert "A person put this pupil into the band “Red”" in main_of(school)
    return pupil


def declines_with_a_reason(coach: Visitor) -> None:
    coach.page.get_by_label("Decline").check()
    coach.page.get_by_role("button", name="Save the decision").click()
    assert "Say why" in error_of(coach)
    coach.page.get_by_label("Why?").fill("We met; there is a plan.")
    coach.page.get_by_role("button", name="Save the decision").click()


def test_an_objection_is_recorded_and_the_council_decides(coach: Visitor, live: Live) -> None:
    page = coach.page
    coach.open("/my-list")
    page.locator("#caseload tbody th a").last.click()
    where = path_of(coach)
    page.get_by_role("button", name="Record a correction or an objection").click()
    coach.look("coach-request")
    page.get_by_label("An objection").check()
    page.get_by_label("What do they say?").fill("The attendance leaves out a hospital stay.")
    page.get_by_role("button", name="Record it").click()
    assert "objection open" in main_of(coach)
    coach.look("coach-pupil-objection")
    analyst = live.as_("analyst")
    analyst.open(where)
    analyst.page.get_by_role("link", name="Decide this objection").click()
    analyst.look("analyst-objection")
    analyst.page.get_by_label("Upheld", exact=True).check()
    analyst.page.get_by_label("Why?").fill("The school has put it right.")
    analyst.page.get_by_role("button", name="Record the decision").click()
    assert "Upheld by Invented analyst" in main_of(analyst)
