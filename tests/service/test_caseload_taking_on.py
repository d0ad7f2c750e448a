"""Everybody of a list taken on at once: named first, nobody taken from another coach, nobody else than was named."""

from __future__ import annotations

import re
from html import escape
from typing import Any

import pytest
from sqlalchemy import func, select, update

from service import tables as t
from service.access import access_of
from service.caseload import taking_on
from service.clock import now, today
from tests.service.caseloads import Checked, checked, events, fresh, person
from tests.service.page_forms import form_of


@pytest.fixture
def november(tmp_path, start_service) -> Checked:
    return fresh(tmp_path, start_service)


def give(november: Checked, who: str, *pupils: str) -> None:
    service = november.service
    for pupil in pupils:
        body = {"coach": person(service, who), "reason": "First on the list."}
        assert service.as_("analyst").put(f"/v1/pupils/{pupil}/coach", json=body).status_code == 200


def caseload(november: Checked, who: str = "coach") -> set[str]:
    with november.service.database.read() as connection:
        query = select(t.pupils.c.ref).join(t.assignments, t.assignments.c.pupil_id == t.pupils.c.id)
        mine = (t.assignments.c.coach_id == november.service.people[who], t.assignments.c.ended_at.is_(None))
        return set(connection.execute(query.where(*mine)).scalars())


def asked(november: Checked, browser: Any, query: str = "") -> tuple[str, list[str]]:
    """The page that says whom it would be, and whom its form names."""
    page = browser.get(f"/checks/{november.ref}/take-on{query}")
    assert page.status_code == 200
    has_form = f'action="/checks/{november.ref}/take-on"' in page.text
    return page.text, form_of(page.text, f"/checks/{november.ref}/take-on")["pupils"] if has_form else []


def confirm(november: Checked, browser: Any, page: str) -> Any:
    return browser.post(f"/checks/{november.ref}/take-on", data=form_of(page, f"/checks/{november.ref}/take-on"))


def test_a_coach_takes_on_everybody_of_the_filter_who_has_no_coach_and_is_told_who_stays(service: Any) -> None:
    november = checked(service)
    service.add_person("coach_other", "coach", district="North")
    pupils = november.pupils("100001", section="ranked")
    give(november, "coach_other", pupils[0], pupils[3])
    give(november, "coach", pupils[1])
    browser = service.browser("coach")
    page, named = asked(november, browser, "?school=100001")
    free = [pupil for pupil in pupils if pupil not in (pupils[0], pupils[1], pupils[3])]
    assert sorted(named) == sorted(free)
    assert f"{len(free)} pupils of the list have no coach" in page
    assert "2 pupils have another coach, and stay with them" in page
    assert "1 pupil is on your caseload already" in page
    assert caseload(november) == {pupils[1]}
    answer = confirm(november, browser, page)
    assert answer.headers["location"] == f"/my-list?done=taken-{len(free)}-0"
    assert caseload(november) == {pupils[1], *free}
    assert caseload(november, "coach_other") == {pupils[0], pupils[3]}
    assert f"{len(free)} pupils are on your caseload now." in browser.get(answer.headers["location"]).text
    assert len(events(service, "coach.take_on")) == 1


def test_whoever_another_coach_took_on_meanwhile_stays_there_and_that_is_said(november: Checked) -> None:
    november.service.add_person("coach_other", "coach", district="North")
    browser = november.service.browser("coach")
    page, named = asked(november, browser)
    give(november, "coach_other", named[0])
    answer = confirm(november, browser, page)
    assert answer.headers["location"] == f"/my-list?done=taken-{len(named) - 1}-1"
    assert caseload(november) == set(named[1:])
    assert "1 pupil has another coach and stayed there" in browser.get(answer.headers["location"]).text


def test_nobody_is_taken_on_who_was_not_named(november: Checked) -> None:
    browser = november.service.browser("coach")
    page, named = asked(november, browser, "?most=2")
    assert len(named) == 2
    assert "They are the first of" in page
    with november.service.database.write() as connection:
        connection.execute(update(t.register_rows).values(sort="0" + t.register_rows.c.sort))
    confirm(november, browser, page)
    assert caseload(november) == set(named)


def test_pressing_twice_takes_on_once(november: Checked) -> None:
    browser = november.service.browser("coach")
    page, named = asked(november, browser)
    first, second = confirm(november, browser, page), confirm(november, browser, page)
    assert first.headers["location"] == second.headers["location"]
    assert caseload(november) == set(named)
    assert len(events(november.service, "coach.take_on")) == 1


def test_the_first_of_the_list_only_where_the_list_is_cut(november: Checked) -> None:
    ranked = november.pupils("100001", section="ranked") + november.pupils("100002", section="ranked")
    browser = november.service.browser("coach")
    _, first = asked(november, browser, "?capacity=3")
    give(november, "coach", first[0])
    _, named = asked(november, browser, "?capacity=3")
    assert named == first[1:]
    assert set(first) < set(ranked)


@pytest.mark.parametrize(("most", "named"), [(23, 23), (24, 24), (25, 24)])
def test_at_most_so_many_at_once(november: Checked, monkeypatch: Any, most: int, named: int) -> None:
    monkeypatch.setattr(taking_on, "MOST", most)
    with november.service.database.write() as connection:
        connection.execute(update(t.register_rows).values(section="ranked"))
        found = taking_on.whom(
            connection, _coach(november), _check(connection, november), taking_on.RegisterFilters(), most=most
        )
    assert (len(found.taken), found.free) == (named, 24)


def _check(connection: Any, november: Checked) -> Any:
    return connection.execute(select(t.checks).where(t.checks.c.id == november.check_id)).one()


def _coach(november: Checked) -> Any:
    with november.service.database.read() as connection:
        grant = connection.execute(
            select(t.grants.c.id).where(t.grants.c.person_id == november.service.people["coach"])
        ).scalar_one()
        return access_of(connection, grant, "session", None, today())


@pytest.mark.parametrize(
    ("query", "status"), [("?most=0", 422), ("?most=1", 200), ("?most=100", 200), ("?most=101", 422)]
)
def test_an_address_cannot_ask_for_more(november: Checked, query: str, status: int) -> None:
    assert november.service.browser("coach").get(f"/checks/{november.ref}/take-on{query}").status_code == status


def test_a_pupil_of_another_district_or_one_who_has_died_is_not_taken_on(november: Checked) -> None:
    service = november.service
    page, named = asked(november, service.browser("coach"))
    with service.database.write() as connection:
        connection.execute(update(t.pupils).where(t.pupils.c.ref == named[0]).values(died_at=now()))
    south = service.browser("coach_south")
    assert asked(november, south)[1] == []
    form = form_of(page, f"/checks/{november.ref}/take-on")
    assert south.post(f"/checks/{november.ref}/take-on", data=form).headers["location"] == "/my-list?done=taken-0-0"
    assert caseload(november, "coach_south") == set()
    assert confirm(november, service.browser("coach"), page).status_code == 303
    assert caseload(november) == set(named[1:])


def test_who_left_or_was_taken_off_is_taken_on_only_where_that_part_is_asked_for(november: Checked) -> None:
    pupil = november.pupils("100001", section="ranked")[0]
    with november.service.database.write() as connection:
        one = t.register_rows.c.pupil_id == select(t.pupils.c.id).where(t.pupils.c.ref == pupil).scalar_subquery()
        among_left = "1" + func.substr(t.register_rows.c.sort, 2)
        connection.execute(update(t.register_rows).where(one).values(section="left", sort=among_left))
    browser = november.service.browser("coach")
    assert pupil not in asked(november, browser)[1]
    assert asked(november, browser, "?section=left")[1] == [pupil]


def test_a_list_of_which_everybody_has_a_coach_says_so(november: Checked) -> None:
    browser = november.service.browser("coach")
    page, _ = asked(november, browser)
    confirm(november, browser, page)
    again, named = asked(november, browser)
    assert (named, "Everybody of this list has a coach" in again) == ([], True)


@pytest.mark.parametrize(
    ("who", "status"),
    [("returns", 403), ("panel", 403), ("virtual_school", 403), ("analyst", 422), ("administrator", 403)],
)
def test_only_a_coach_takes_on(november: Checked, who: str, status: int) -> None:
    browser = november.service.browser(who)
    assert browser.get(f"/checks/{november.ref}/take-on").status_code == status
    assert browser.post(f"/checks/{november.ref}/take-on", data={"pupils": november.pupils()}).status_code == status


def test_a_list_that_is_not_published_takes_nobody_on(november: Checked) -> None:
    with november.service.database.write() as connection:
        connection.execute(update(t.checks).values(stage="draft"))
    browser = november.service.browser("coach")
    assert browser.get(f"/checks/{november.ref}/take-on").status_code == 403
    assert browser.post(f"/checks/{november.ref}/take-on", data={"pupils": november.pupils()}).status_code == 403
    assert caseload(november) == set()


def test_the_list_and_my_list_lead_there_with_their_filters_and_it_leads_back(november: Checked) -> None:
    browser = november.service.browser("coach")
    whole = f"/checks/{november.ref}/register?school=100001&capacity=5"
    back = whole.replace("/", "%2F").replace("?", "%3F").replace("=", "%3D").replace("&", "%26")
    link = f"/checks/{november.ref}/take-on?school=100001&capacity=5&back={back}"
    assert f'href="{escape(link)}"' in browser.get(whole).text
    assert f'href="{escape(whole)}" class="govuk-back-link"' in browser.get(link).text
    link = f"/checks/{november.ref}/take-on?school=100001&most=3&back=%2Fmy-list%3Fplaces%3D3%26school%3D100001"
    mine = browser.get("/my-list?places=3&school=100001").text
    assert f'href="{escape(link)}"' in mine
    new = re.findall(r'roni-row--new" id="(pupil-\w+)"', mine)
    assert (len(new), asked(november, browser, link.partition("take-on")[2])[1]) == (3, new)


@pytest.mark.parametrize("who", ["returns", "panel", "analyst"])
def test_nobody_else_is_led_there(november: Checked, who: str) -> None:
    assert "take-on" not in november.service.browser(who).get(f"/checks/{november.ref}/register").text
