"""The next action of a contact on its page: done or changed in few presses, and back to where one was."""

from __future__ import annotations

from datetime import timedelta
from html import escape
from typing import Any

import pytest

from service.clock import today
from service.phrases import day
from tests.service.caseloads import Checked, events, fresh, person
from tests.service.page_forms import form_of
from tests.service.test_caseload_contacts import contact, in_days

WHAT = "Send the open-day dates"


@pytest.fixture
def november(tmp_path, start_service) -> Checked:
    return fresh(tmp_path, start_service)


@pytest.fixture
def planned(november: Checked) -> tuple[Any, str, str]:
    """A coach's browser, a pupil of theirs, and the contact of the pupil with something planned for yesterday."""
    pupil = november.pupils()[0]
    november.service.as_("coach").put(
        f"/v1/pupils/{pupil}/coach", json={"coach": person(november.service, "coach"), "reason": "Mine."}
    )
    made = contact(november, pupil, next_action=WHAT, next_on=in_days(-1)).json()["ref"]
    return november.service.browser("coach"), pupil, made


def shown(november: Checked, made: str) -> dict[str, Any]:
    items = november.service.as_("coach").get(f"/v1/pupils/{_pupil(november, made)}/contacts").json()["items"]
    return next(item for item in items if item["ref"] == made)


def _pupil(november: Checked, made: str) -> str:
    changed = november.service.as_("coach").patch(f"/v1/contacts/{made}", json={})
    return str(changed.json()["pupil"])


def typed(browser: Any, made: str, back: str = "", **said: str) -> Any:
    page = browser.get(f"/contacts/{made}", params={"back": back} if back else {})
    assert page.status_code == 200
    *_, form = _forms(page.text, made)
    return browser.post(
        f"/contacts/{made}", data=form | {name.replace("__", "-"): [value] for name, value in said.items()}
    )


def _forms(page: str, made: str) -> list[dict[str, list[str]]]:
    """Of the page's two forms, the button and the boxes, what each would send."""
    parts = page.split("<form")
    return [form_of("<form" + part, f"/contacts/{made}") for part in parts[1:] if f'"/contacts/{made}"' in part]


def on(days: int) -> dict[str, str]:
    moment = today() + timedelta(days=days)
    return {"next_on__day": str(moment.day), "next_on__month": str(moment.month), "next_on__year": str(moment.year)}


def test_from_my_list_an_action_is_done_in_two_presses_and_one_is_back_where_one_was(november, planned) -> None:
    browser, pupil, made = planned
    my_list = browser.get("/my-list?places=3&school=100001").text
    link = f"/contacts/{made}?back=%2Fmy-list%3Fplaces%3D3%26school%3D100001"
    assert f'href="{link}"' in my_list
    page = browser.get(link).text
    assert f"{WHAT}, by {day(today() - timedelta(days=1))}" in page
    button, _ = _forms(page, made)
    answer = browser.post(f"/contacts/{made}", data=button)
    assert answer.headers["location"] == f"/my-list?places=3&school=100001&done=action#{pupil}"
    assert shown(november, made)["done_at"] is not None
    assert "The next action is changed" in browser.get(answer.headers["location"]).text


def test_the_pupils_page_leads_there_and_back(november, planned) -> None:
    browser, pupil, made = planned
    here = f"/checks/{november.ref}/pupils/{pupil}"
    page = browser.get(here).text
    link = f"/contacts/{made}?back=%2Fchecks%2F{november.ref}%2Fpupils%2F{pupil}"
    assert page.count(f'href="{escape(link)}"') == 2  # beside what is next, and at the contact
    answer = typed(browser, made, back=here, next_action="Ring the college", **on(7))
    assert answer.headers["location"] == f"{here}?done=action#{pupil}"
    after = shown(november, made)
    assert (after["next_action"], after["next_on"], after["done_at"]) == ("Ring the college", in_days(7), None)


def test_an_action_that_was_done_is_taken_up_again_or_followed_by_another(november, planned) -> None:
    browser, _, made = planned
    browser.post(f"/contacts/{made}", data={"version": "1", "done": "yes"})
    page = browser.get(f"/contacts/{made}").text
    assert f"Done on {day(today())}" in page
    button, _ = _forms(page, made)
    assert browser.post(f"/contacts/{made}", data=button).status_code == 303
    assert shown(november, made)["done_at"] is None


def test_what_is_planned_is_taken_away_by_emptying_both(november, planned) -> None:
    browser, _, made = planned
    empty = {"next_on__day": "", "next_on__month": "", "next_on__year": ""}
    half = typed(browser, made, next_action="", **on(1))
    assert (half.status_code, "A next action needs its date" in half.text) == (422, True)
    assert typed(browser, made, next_action="", **empty).status_code == 303
    assert shown(november, made)["next_action"] is None
    assert "Nothing is planned after this contact" in browser.get(f"/contacts/{made}").text


@pytest.mark.parametrize(
    ("said", "sentence"),
    [({"next_on__month": "13"}, "Enter a real day"), ({"next_action": "x" * 301}, "Write at most 300 characters")],
)
def test_what_cannot_be_is_said_and_stays_typed(november, planned, said: dict[str, str], sentence: str) -> None:
    browser, _, made = planned
    answer = typed(browser, made, **said)
    assert (answer.status_code, sentence in answer.text) == (422, True)
    assert all(f'value="{value}"' in answer.text for value in said.values())
    assert shown(november, made)["next_action"] == WHAT


def test_a_form_that_is_out_of_date_keeps_what_was_typed_and_shows_what_is_now(november, planned) -> None:
    browser, _, made = planned
    *_, form = _forms(browser.get(f"/contacts/{made}").text, made)
    november.service.as_("coach").patch(f"/v1/contacts/{made}", json={"next_action": "Visit", "next_on": in_days(2)})
    stale = browser.post(f"/contacts/{made}", data=form | {"next_action": ["Ring the college"]})
    assert stale.status_code == 412
    assert "somebody else changed it" in stale.text
    assert f"Visit, by {day(today() + timedelta(days=2))}" in stale.text
    assert 'value="Ring the college"' in stale.text
    *_, again = _forms(stale.text, made)
    assert browser.post(f"/contacts/{made}", data=again).status_code == 303
    assert shown(november, made)["next_action"] == "Ring the college"


def test_done_of_what_was_changed_meanwhile_is_not_done(november, planned) -> None:
    browser, _, made = planned
    button, _ = _forms(browser.get(f"/contacts/{made}").text, made)
    november.service.as_("coach").patch(f"/v1/contacts/{made}", json={"next_action": "Visit", "next_on": in_days(2)})
    assert browser.post(f"/contacts/{made}", data=button).status_code == 412
    assert shown(november, made)["done_at"] is None


@pytest.mark.parametrize(("who", "status"), [("coach_south", 404), ("returns", 403), ("panel", 403), ("analyst", 403)])
def test_who_does_not_work_with_the_pupil_has_no_such_page(november, planned, who: str, status: int) -> None:
    _, _, made = planned
    browser = november.service.browser(who)
    assert browser.get(f"/contacts/{made}").status_code == status
    assert browser.post(f"/contacts/{made}", data={"version": "1", "done": "yes"}).status_code == status


def test_the_page_is_in_the_audit(november, planned) -> None:
    browser, _, made = planned
    before = len(events(november.service, "contacts.read"))
    browser.get(f"/contacts/{made}")
    assert len(events(november.service, "contacts.read")) == before + 1


@pytest.mark.parametrize("back", ["https://elsewhere.example/", "//elsewhere.example", "/\\elsewhere.example"])
def test_it_leads_nowhere_else(planned, back: str) -> None:
    browser, pupil, made = planned
    answer = browser.post(f"/contacts/{made}", data={"version": "1", "done": "yes", "back": back})
    assert answer.headers["location"] == f"/pupils/{pupil}?done=action#{pupil}"
