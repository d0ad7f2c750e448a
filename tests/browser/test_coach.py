"""A coach before school: my list, one pupil, a contact in two clicks; paper, files, decisions, handing over."""

from __future__ import annotations

import dataclasses
import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("fastapi", reason="the service is not installed: pip install 'roni[service]'")

from sqlalchemy import insert, select

from service import tables as t
from service.clock import now
from tests.browser.service import Live, path_of
from tests.service.conftest import furnish, start, stop
from tests.service.rolls import add_check, fill, invented, register_rows

ON_CASELOAD = 6
KINDS_LEFT_OUT = "left out of this paper"


@pytest.fixture(scope="module")
def council(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """Two checks of three schools; in January a pupil has left. The coach of the north has six pupils."""
    url = f"sqlite:///{tmp_path_factory.mktemp('coach') / 'roni.db'}"
    service = furnish(start(url, council="Bexford", demo=True))
    november = add_check(service)
    rolls = {urn: invented(36, school=place) for place, urn in enumerate(service.schools)}
    fill(service, november, rolls)
    january = add_check(service, "january", earlier_id=november)
    first, second = (invented(36, name="january", school=place) for place in (0, 1))
    known = np.full(len(first), 0, np.int8)
    known[:8] = 1
    first = dataclasses.replace(first, columns={**first.columns, "youth_justice": known})
    gone = first.keys.to_pylist()[0]
    fill(service, january, {"100001": first, "100002": second.take(np.arange(3, len(second)))}, left={gone: {}})
    with service.database.write() as connection:
        _assign(connection, service, _ranked(service, january)[:ON_CASELOAD])
    yield service
    stop(service)


def _ranked(service: Any, check: int) -> list[int]:
    schools = {service.schools["100001"], service.schools["100002"]}
    return [
        row.pupil_id for row in register_rows(service, check) if row.section == "ranked" and row.school_id in schools
    ]


def _assign(connection: Any, service: Any, pupils: list[int]) -> None:
    coach = service.people["coach"]
    rows = [{"pupil_id": pupil, "coach_id": coach, "by_id": coach, "reason": "First on the list."} for pupil in pupils]
    connection.execute(insert(t.assignments), rows)


@pytest.fixture(scope="module")
def live_address(council: Any, live_server: Callable[[Any], str]) -> str:
    return live_server(council.app)


@pytest.fixture
def live(council: Any, live_address: str, visit: Any) -> Live:
    return Live(council, live_address, visit)


@pytest.fixture
def coach(live: Live) -> Any:
    return live.as_("coach", accept_downloads=True)


def check_ref(council: Any, name: str) -> str:
    with council.database.read() as connection:
        return str(connection.execute(select(t.checks.c.ref).where(t.checks.c.name == name)).scalar_one())


def first_name(page: Any) -> str:
    return str(page.locator("#caseload tbody th a").first.inner_text())


def test_my_list_has_the_caseload_and_as_many_new_pupils_as_there_is_time_for(coach: Any) -> None:
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


def test_filters_stay_in_the_address_and_narrow_both_parts(coach: Any) -> None:
    page = coach.page
    coach.open("/my-list?places=5&school=100002")
    schools = page.locator("tbody tr th").all_inner_texts()
    assert schools
    assert all("Sample High School" in words for words in schools)
    page.get_by_role("link", name="Remove filter School: Sample High School").click()
    assert "school" not in page.url
    assert "places=5" in page.url
    coach.open("/my-list?places=0&band=none&changed=new")
    assert "Nobody here" in page.inner_text("main")
    coach.look("coach-my-list-nobody")


def test_a_filter_that_there_is_not_is_refused_in_plain_words(coach: Any) -> None:
    answer = coach.open("/my-list?band=purple")
    assert answer.status == 422
    assert "The bands of this register are" in coach.page.inner_text("main")


def test_a_contact_takes_two_clicks_and_leads_back_to_the_list(coach: Any) -> None:
    page = coach.page
    coach.open("/my-list?places=3&year=11")
    name, line = first_name(page), page.locator("#caseload tbody tr").first
    line.get_by_text("Record a contact").click()
    coach.look("coach-contact-inline")
    line.get_by_role("button", name="Left a message").click()
    page.wait_for_url(re.compile(r"/my-list\?places=3&year=11&done=contact#pupil-"))
    assert "The contact is recorded" in page.inner_text(".govuk-notification-banner")
    assert first_name(page) == name
    assert "left a message" in page.locator("#caseload tbody tr").first.inner_text()


def test_a_contact_with_a_next_action_is_asked_again_until_it_is_whole(coach: Any) -> None:
    page = coach.page
    coach.open("/my-list")
    line = page.locator("#caseload tbody tr").nth(1)
    line.get_by_text("Record a contact").click()
    line.get_by_role("link", name="Another day, or a next action").click()
    page.get_by_label("Spoke or answered").check()
    page.get_by_label("Note, if any").fill("Wants to look at the engineering course.")
    page.get_by_label("What is next, if anything?").fill("Send the open-day dates")
    page.get_by_role("button", name="Record the contact").click()
    assert "Say both what is next and by when" in page.inner_text(".govuk-error-summary")
    assert page.get_by_label("Note, if any").input_value() == "Wants to look at the engineering course."
    coach.look("coach-contact-error")
    _fill_day(page, "1", "2", "2030")
    page.get_by_role("button", name="Record the contact").click()
    assert path_of(coach) == "/my-list"
    assert "Send the open-day dates, by 1 Feb 2030" in page.locator("#caseload tbody tr").nth(1).inner_text()
    page.locator("#caseload tbody tr").nth(1).locator("th a").click()
    coach.look("coach-pupil-contacts")
    page.get_by_role("button", name="It is done").click()
    assert "by 1 Feb 2030, done" in page.inner_text("main")


def test_what_is_next_is_changed_and_done_in_two_clicks_from_the_list(coach: Any) -> None:
    page = coach.page
    coach.open("/my-list")
    line = page.locator("#caseload tbody tr").nth(2)
    line.locator("th a").click()
    page.get_by_role("button", name="Record a contact with a next action").click()
    page.get_by_label("Spoke or answered").check()
    page.get_by_label("What is next, if anything?").fill("Send the open-day dates")
    _fill_day(page, "1", "2", "2030")
    page.get_by_role("button", name="Record the contact").click()
    coach.open("/my-list?places=3")
    line.get_by_role("link", name="Done or change").click()
    coach.look("coach-action")
    page.get_by_role("group", name="By when?").get_by_label("Month").fill("14")
    page.get_by_role("button", name="Save").click()
    assert "Enter a real day" in page.inner_text(".govuk-error-summary")
    coach.look("coach-action-error")
    _fill_day(page, "3", "3", "2030")
    page.get_by_role("button", name="Save").click()
    page.wait_for_url(re.compile(r"/my-list\?places=3&done=action#pupil-"))
    assert "by 3 Mar 2030" in line.inner_text()
    line.get_by_role("link", name="Done or change").click()
    page.get_by_role("button", name="It is done").click()
    page.wait_for_url(re.compile(r"/my-list\?places=3&done=action#pupil-"))
    assert "Send the open-day dates" not in line.inner_text()


def _fill_day(page: Any, *values: str) -> None:
    for part, value in zip(("Day", "Month", "Year"), values, strict=True):
        page.get_by_role("group", name="By when?").get_by_label(part).fill(value)


def test_a_pupil_is_found_by_name_and_no_address_holds_it(coach: Any) -> None:
    page = coach.page
    coach.open("/my-list")
    name = first_name(page)
    page.get_by_role("link", name="Find a pupil").click()
    coach.look("coach-search")
    page.get_by_role("button", name="Find").click()
    assert "Enter at least two letters" in page.inner_text(".govuk-error-summary")
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
    assert "Nobody found" in page.inner_text("main")
    coach.look("coach-nobody-found")


def test_one_pupils_page_explains_everything(coach: Any) -> None:
    page = coach.page
    coach.open("/my-list")
    page.locator("#caseload tbody th a").first.click()
    words = page.inner_text("main")
    for heading in ("Why", "Not known", "What changed", "What people decided", "Contacts", "Over the checks",
                    "Corrections and objections", "What this does not mean"):  # fmt: skip
        assert page.get_by_role("heading", name=heading, exact=True).is_visible(), heading
    assert page.locator("figure svg").count() == 1
    assert page.locator("svg[style], svg [style]").count() == 0
    assert "will be NEET" not in words
    page.get_by_text("Every value that is known").click()
    assert page.get_by_role("table", name="Values of").get_by_role("row").count() > 10
    coach.look("coach-pupil")


def test_paper_leaves_out_sensitive_reasons_unless_asked(coach: Any) -> None:
    page = coach.page
    coach.open("/my-list?places=20")
    page.emulate_media(media="print")
    assert page.get_by_text(KINDS_LEFT_OUT).first.is_visible()
    assert coach.printed("coach-my-list").stat().st_size > 0
    coach.open("/my-list?places=20&include=sensitive")
    assert "name all reasons" in page.inner_text("main")
    coach.look("coach-my-list-all-reasons")
    page.emulate_media(media="print")
    assert page.get_by_text("All reasons are named").first.is_visible()
    page.emulate_media(media="screen")
    page.locator("#caseload tbody th a").first.click()
    assert coach.printed("coach-pupil").stat().st_size > 0


def test_paper_names_no_youth_justice_reason(live: Live, council: Any) -> None:
    """Also not in what changed. The sheet says how many reasons it does not name, so that the points add up."""
    january = check_ref(council, "january")
    with council.database.read() as connection:
        number = connection.execute(select(t.checks.c.id).where(t.checks.c.ref == january)).scalar_one()
    lines = [json.loads(row.line) for row in register_rows(council, number)]
    told = [line for line in lines if any(reason.get("sensitive") for reason in line.get("reasons", ()))]
    analyst = live.as_("analyst")
    page = analyst.page
    analyst.open(f"/checks/{january}/register?limit=250")
    page.emulate_media(media="print")
    assert told
    for line in told:
        why = page.locator(f"#{line['pupil']} td").nth(1).inner_text()
        assert "not named" in why
        assert not [reason["fact"] for reason in line["reasons"] if reason.get("sensitive") and reason["fact"] in why]
    analyst.open(f"/checks/{january}/pupils/{told[0]['pupil']}")
    page.emulate_media(media="print")
    facts = page.get_by_role("table", name="The same numbers").inner_text()
    assert "a reason not named" in facts
    assert not [reason["fact"] for reason in told[0]["reasons"] if reason.get("sensitive") and reason["fact"] in facts]


def test_the_list_goes_out_as_a_file(coach: Any, tmp_path: Path) -> None:
    page = coach.page
    coach.open("/my-list?places=5&school=100001")
    with page.expect_download() as download:
        page.get_by_role("button", name="Download as CSV").click()
    file = tmp_path / download.value.suggested_filename
    download.value.save_as(file)
    text = file.read_text("utf-8-sig")
    assert "counted and not named" in text
    assert len(text.splitlines()) == 1 + page.locator("tbody tr").count()
    coach.open("/my-list?include=sensitive")
    with page.expect_download() as download:
        page.get_by_role("button", name="Download for Excel").click()
    assert download.value.suggested_filename == "my-list.xlsx"


def test_a_new_pupil_is_taken_on_in_one_click_and_given_up_again(coach: Any) -> None:
    page = coach.page
    coach.open("/my-list?places=2")
    name = page.locator("#new tbody th a").first.inner_text()
    page.get_by_role("button", name=f"Take on {name}").click()
    assert "on your caseload now" in page.inner_text(".govuk-notification-banner")
    assert name in page.inner_text("#caseload")
    page.locator("#caseload tbody th a", has_text=name).click()
    page.get_by_role("link", name="Change the coach").click()
    coach.look("coach-coach")
    page.get_by_label("No coach any more").check()
    page.get_by_role("button", name="Save").click()
    assert "Write why" in page.inner_text(".govuk-error-summary")
    coach.look("coach-coach-error")
    page.get_by_label("Why?").fill("Has started at college.")
    page.get_by_role("button", name="Save").click()
    assert "The coach is changed" in page.inner_text(".govuk-notification-banner")


def test_everybody_of_a_filter_is_taken_on_after_a_look(coach: Any, council: Any) -> None:
    page = coach.page
    coach.open(f"/checks/{check_ref(council, 'january')}/register?school=100002&band=red")
    page.get_by_role("link", name="Take on everybody here who has no coach").click()
    coach.look("coach-take-on")
    count = page.locator("main ol li").count()
    page.get_by_role("button", name=f"Take on these {count} pupils").click()
    assert path_of(coach) == "/my-list"
    assert f"{count} pupils are on your caseload now" in page.inner_text(".govuk-notification-banner")
    coach.open("/my-list?places=2")
    page.get_by_role("link", name="Take on all of these").click()
    assert page.locator("main ol li").count() == 2
    page.get_by_role("link", name="Back", exact=True).click()
    assert page.url.endswith("/my-list?places=2")
    coach.open(f"/checks/{check_ref(council, 'january')}/take-on?school=100002&band=red")
    assert "Everybody of this list has a coach" in page.inner_text("main")
    coach.look("coach-take-on-nobody")


def test_pupils_are_handed_over(coach: Any, live: Live) -> None:
    page = coach.page
    live.service.add_person("coach2", "coach", district="North")
    coach.open("/my-list")
    page.get_by_role("link", name="Hand pupils over").click()
    coach.look("coach-hand-over")
    page.get_by_role("button", name="Hand over").click()
    assert "Choose who takes the pupils" in page.inner_text(".govuk-error-summary")
    coach.look("coach-hand-over-error")
    other = page.get_by_label("Who takes them?").locator("option", has_text="Invented coach2").get_attribute("value")
    page.get_by_label("Who takes them?").select_option(other)
    page.locator("input[name=pupils]").last.check()
    page.get_by_label("Why?").fill("Leave from January.")
    page.get_by_role("button", name="Hand over").click()
    assert "1 pupil handed over to Invented coach2" in page.inner_text("main")
    coach.look("coach-handed-over")


def test_a_school_asks_and_the_coach_decides(coach: Any, live: Live, council: Any) -> None:
    january = check_ref(council, "january")
    school = live.as_("careers")
    school.open(f"/checks/{january}/register")
    school.look("school-register")
    school.page.locator("table").first.locator("tbody th a").last.click()
    pupil = school.page.inner_text("h1")
    school.page.get_by_role("button", name="Add, take off or state another priority").click()
    school.look("school-moderation")
    school.page.get_by_label("Add to the list").check()
    school.page.get_by_label("No plan for after Year 11").check()
    school.page.get_by_label("Why, in your own words?").fill("Has stopped coming to form time.")
    school.page.get_by_role("button", name="Record it").click()
    assert "State a band" in school.page.inner_text(".govuk-error-summary")
    school.look("school-moderation-error")
    school.page.get_by_label("In which band?").select_option("red")
    school.page.get_by_role("button", name="Record it").click()
    assert "A person put this pupil into the band “Red”" in school.page.inner_text("main")
    coach.open(f"/checks/{january}/moderations")
    coach.look("coach-moderations")
    coach.page.get_by_role("link", name="Decide or withdraw").first.click()
    coach.look("coach-moderation")
    coach.page.get_by_label("Decline").check()
    coach.page.get_by_role("button", name="Save the decision").click()
    assert "Say why" in coach.page.inner_text(".govuk-error-summary")
    coach.page.get_by_label("Why?").fill("We met; there is a plan.")
    coach.page.get_by_role("button", name="Save the decision").click()
    assert coach.page.inner_text("h1") == pupil
    assert "declined" in coach.page.inner_text("main")


def test_an_objection_is_recorded_and_the_council_decides(coach: Any, live: Live) -> None:
    page = coach.page
    coach.open("/my-list")
    page.locator("#caseload tbody th a").last.click()
    where = path_of(coach)
    page.get_by_role("button", name="Record a correction or an objection").click()
    coach.look("coach-request")
    page.get_by_label("An objection").check()
    page.get_by_label("What do they say?").fill("The attendance leaves out a hospital stay.")
    page.get_by_role("button", name="Record it").click()
    assert "objection open" in page.inner_text("main")
    coach.look("coach-pupil-objection")
    analyst = live.as_("analyst")
    analyst.open(where)
    analyst.page.get_by_role("link", name="Decide this objection").click()
    analyst.look("analyst-objection")
    analyst.page.get_by_label("Upheld", exact=True).check()
    analyst.page.get_by_label("Why?").fill("The school has put it right.")
    analyst.page.get_by_role("button", name="Record the decision").click()
    assert "Upheld by Invented analyst" in analyst.page.inner_text("main")


def test_the_council_reads_the_whole_list_and_what_changed(live: Live, council: Any) -> None:
    january, november = (check_ref(council, name) for name in ("january", "november"))
    analyst = live.as_("analyst")
    page = analyst.page
    analyst.open(f"/checks/{january}/register")
    assert "Left the school" in page.inner_text("main")
    analyst.look("analyst-register")
    assert analyst.printed("analyst-register").stat().st_size > 0
    analyst.open(f"/checks/{january}/register?capacity=10")
    assert page.locator("table").first.locator("tbody tr").count() == 10
    analyst.look("analyst-register-cut")
    analyst.open(f"/checks/{january}/register?limit=5")
    page.get_by_role("link", name="Next").click()
    assert page.locator("tbody th").first.inner_text().startswith("6.")
    analyst.open(f"/checks/{january}/movement/{november}")
    analyst.look("analyst-movement-pupils")
    page.get_by_role("link", name="Left", exact=True).click()
    assert page.locator("tbody tr").count() >= 1


def test_the_council_assigns_many_at_once_after_a_look(live: Live, council: Any) -> None:
    analyst = live.as_("analyst")
    page = analyst.page
    analyst.open(f"/checks/{check_ref(council, 'january')}/assign")
    page.get_by_role("button", name="See whom it would be").click()
    assert "Choose a coach" in page.inner_text(".govuk-error-summary")
    analyst.look("analyst-assign-error")
    south = page.get_by_label("To which coach?").locator("option", has_text="Invented coach_own").get_attribute("value")
    page.get_by_label("To which coach?").select_option(south)
    page.get_by_label("Sample High School").check()
    page.get_by_label("From which band?").select_option("green")
    page.get_by_label("Why?").fill("Coach of this school.")
    page.get_by_role("button", name="See whom it would be").click()
    assert "would be assigned" in page.inner_text("main")
    analyst.look("analyst-assign")
    page.get_by_role("button", name="Assign these").click()
    assert "assigned" in page.inner_text(".govuk-notification-banner")


def test_nothing_is_there_yet_and_that_is_said(live: Live, council: Any) -> None:
    nobodys = live.as_("coach_south")
    nobodys.open("/my-list?places=0")
    assert "Nobody on your list yet" in nobodys.page.inner_text("main")
    nobodys.look("coach-my-list-empty")
    with council.database.write() as connection:
        ref = "check-empty"
        row = connection.execute(select(t.checks).where(t.checks.c.name == "november")).one()._asdict()
        row = {**row, "ref": ref, "year": row["year"] - 1, "label": "November 2025", "earlier_id": None}
        row |= {"on": row["on"].replace(year=2025), "created_at": now()}
        connection.execute(insert(t.checks).values({key: value for key, value in row.items() if key != "id"}))
    analyst = live.as_("analyst")
    analyst.open(f"/checks/{ref}/register")
    assert "No list yet" in analyst.page.inner_text("main")
    analyst.look("register-empty")


def test_everything_works_without_scripts(live: Live) -> None:
    coach = live.as_("coach", java_script_enabled=False)
    page = coach.page
    coach.open("/my-list?places=1")
    line = page.locator("#caseload tbody tr").last
    line.get_by_text("Record a contact").click()
    line.get_by_role("button", name="Did not come").click()
    assert "did not come" in page.locator("#caseload tbody tr").last.inner_text()


def test_the_keyboard_reaches_what_a_coach_needs(coach: Any) -> None:
    coach.open("/my-list?places=1")
    name = first_name(coach.page)
    stops = coach.stops()
    wanted = ["Filters, and how many new pupils to show", name, f"Record a contact with {name}", "Download as CSV"]
    assert [stop for stop in stops if stop in wanted] == wanted
