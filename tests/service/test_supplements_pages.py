"""Pages of council lists, of what is to be resolved and of retention without a browser: who may, what is refused."""

from __future__ import annotations

import re

import pytest

from service.etags import STALE
from tests.service.council_lists import listed, live_list, staged_list, to_resolve
from tests.service.uploading import confirmed, csv, open_check, pupil, upn

SENT = {
    "field": "looked_after", "as_at-day": "31", "as_at-month": "10", "as_at-year": "2026", "complete": "no",
}  # fmt: skip


@pytest.fixture
def council(sqlite_service):
    """A November check in which the first school has confirmed four pupils."""
    check = open_check(sqlite_service)
    confirmed(sqlite_service, check, [pupil(number) for number in range(1, 5)])
    return sqlite_service


def send(browser, rows, **said):
    file = {"file": ("list.csv", csv(rows, list(rows[0])))} if rows else None
    return browser.post("/supplements", data={**SENT, **said}, files=file)


def test_a_list_sent_twice_is_there_once(council) -> None:
    browser = council.browser("virtual_school")
    first, again = send(browser, listed(1, 2)), send(browser, listed(1, 2))
    assert (first.status_code, again.status_code) == (303, 303)
    assert first.headers["location"].replace("done=sent", "done=same") == again.headers["location"]
    assert "Nothing was changed" in browser.get(again.headers["location"]).text


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        ({"field": ""}, "Choose what being on the list means."),
        ({"as_at-day": "31", "as_at-month": "9"}, "Enter a real date"),
        ({"as_at-year": "2999"}, "cannot lie ahead"),
        ({"as_at-day": "", "as_at-month": "", "as_at-year": ""}, "Enter the day on which"),
        ({"complete": ""}, "Say whether everybody is on it."),
        ({"name": "x" * 101}, "Use at most 100 characters."),
        ({"field": "youth_justice"}, "Being on this list cannot mean that."),
    ],
)
def test_what_a_form_lacks_is_said_beside_it_and_the_rest_is_kept(council, said, sentence) -> None:
    answer = send(council.browser("virtual_school"), listed(1), **{"name": "October", "years": "11", **said})
    assert answer.status_code == 422
    assert sentence in answer.text
    assert ('value="October"' in answer.text) == ("name" not in said)
    assert re.search(r'value="11" checked', answer.text)


def test_without_a_file_or_with_one_that_is_none_the_form_comes_back(council) -> None:
    browser = council.browser("virtual_school")
    assert "Choose a file" in send(browser, []).text
    hostile = browser.post("/supplements", data=SENT, files={"file": ("list.xlsx", b"PK\x03\x04 not a workbook")})
    assert hostile.status_code == 422
    assert 'id="file-error"' in hostile.text


def test_the_empty_list_of_a_team_is_read_as_its_own(council) -> None:
    browser = council.browser("virtual_school")
    headings = browser.get("/supplements/template").content.decode("utf-8-sig").strip().split(",")
    assert "Looked after" in headings
    assert browser.get("/supplements/template?team=send").status_code == 403
    row = dict.fromkeys(headings, "") | {"UPN": upn(1), "Looked after": "Y", "Care leaver": "N"}
    answer = send(browser, [row], field="columns")
    assert answer.status_code == 303
    assert "Nothing of it counts" in browser.get(answer.headers["location"]).text


def test_another_teams_list_is_not_there(council) -> None:
    ref = staged_list(council, [*listed(1), {"UPN": upn(99)}])["ref"]
    row = council.as_("virtual_school").get(f"/v1/supplements/{ref}/rows").json()["items"][0]["ref"]
    other = council.browser("youth_justice")
    for path in ("", "/rows", "/changes", f"/rows/{row}"):
        assert other.get(f"/supplements/{ref}{path}").status_code == 404
    for path in ("/confirmation", "/withdrawal"):
        assert other.post(f"/supplements/{ref}{path}", data={"version": "1"}).status_code == 404
    assert council.browser("virtual_school").get(f"/supplements/{ref}/own-roll").status_code == 403


def test_a_stale_confirmation_changes_nothing_and_a_second_press_says_the_same(council) -> None:
    ref = staged_list(council, listed(1))["ref"]
    browser = council.browser("virtual_school")
    for version in ("0", ""):
        stale = browser.post(f"/supplements/{ref}/confirmation", data={"version": version})
        assert (stale.status_code, STALE in stale.text) == (412, True)
    form = {"version": "1", "idempotency_key": "a key"}
    first, again = (browser.post(f"/supplements/{ref}/confirmation", data=form) for _ in range(2))
    assert (first.status_code, again.status_code) == (303, 303)
    assert first.headers["location"] == again.headers["location"] == f"/supplements/{ref}?done=confirmed"


def test_an_entry_is_decided_once_its_version_was_seen(service) -> None:
    check = open_check(service)
    confirmed(service, check, [pupil(number) for number in range(1, 4)])
    confirmed(service, check, [pupil(3), pupil(4)], who="returns2")
    live_list(service, [*listed(1), {"UPN": upn(99)}])
    analyst, school, second, other = map(service.browser, ("analyst", "returns", "returns2", "coach_south"))
    (both,) = to_resolve(service, kind="two_schools")
    (says,) = to_resolve(service, kind="sources_disagree")
    assert "Sample High School" in school.get(f"/resolutions/{both['ref']}").text
    assert school.get(f"/resolutions/{says['ref']}").status_code == 404
    assert second.get(f"/resolutions/{both['ref']}").status_code == 404  # it would name the first school
    assert other.get(f"/resolutions/{both['ref']}").status_code == 404
    assert "Nothing to resolve" in other.get("/resolutions").text
    form = {"decision": "school", "reason": "Asked both", "version": str(both["version"])}
    assert school.post(f"/resolutions/{both['ref']}", data=form).status_code == 403
    assert analyst.post(f"/resolutions/{both['ref']}", data=form | {"version": "0"}).status_code == 412
    assert analyst.post(f"/resolutions/{both['ref']}", data=form | {"reason": "x" * 1001}).status_code == 422
    assert analyst.post(f"/resolutions/{both['ref']}", data=form).status_code == 303
    assert to_resolve(service, kind="two_schools") == []
    (row,) = to_resolve(service, kind="list_row")
    assert analyst.get(f"/resolutions/{row['ref']}").headers["location"].startswith("/supplements/")


def test_what_is_erased_is_said_by_whether_the_database_still_holds_it(service) -> None:
    check = open_check(service)
    confirmed(service, check, [pupil(1), pupil(2)])
    administrator = service.browser("administrator")
    found = administrator.post("/retention/pupils", data={"upn": upn(1)})
    address = found.headers["location"]
    assert upn(1) not in address
    assert administrator.post(f"{address}/erasure", data={"reason": "because", "sure": "yes"}).status_code == 422
    assert administrator.post(f"{address}/erasure", data={"reason": "request"}).status_code == 422
    done = administrator.post(f"{address}/erasure", data={"reason": "request", "sure": "yes"})
    text = administrator.get(done.headers["location"]).text
    assert ("VACUUM FULL" in text) == (not service.database.sqlite)
    assert administrator.get(address).status_code == 404
