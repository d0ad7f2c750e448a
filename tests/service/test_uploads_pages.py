"""What the pages of uploads keep to beside their looks: nothing twice, nothing lost, nothing of another's."""

from __future__ import annotations

from typing import Any

import pytest

from tests.service.uploading import csv, open_check, pupil, send, staged


@pytest.fixture
def upload(sqlite_service: Any) -> dict[str, Any]:
    """A staged file of three pupils, one of whom has an attendance that cannot be read."""
    check = open_check(sqlite_service)
    rows = [pupil(1), pupil(2, **{"Attendance %": "lots"}), pupil(3)]
    found: dict[str, Any] = staged(sqlite_service, check, rows)
    return found


def corrected(upload: dict[str, Any], text: str) -> dict[str, str]:
    return {
        "idempotency_key": "one", "version": str(upload["version"]), "start": "0",
        "cell-3-attendance": text, "was-3-attendance": "lots",
    }  # fmt: skip


def test_the_cell_stands_beside_the_problem_as_the_file_has_it(sqlite_service: Any, upload: dict[str, Any]) -> None:
    page = sqlite_service.browser("returns").get(f"/uploads/{upload['ref']}/problems").text
    assert 'name="cell-3-attendance" type="text" value="lots"' in page
    assert "Surname2, Forename2" in page
    assert "Surname1" not in page


def test_a_form_sent_again_is_done_once(sqlite_service: Any, upload: dict[str, Any]) -> None:
    browser, url = sqlite_service.browser("returns"), f"/uploads/{upload['ref']}/problems"
    answers = [browser.post(url, data=corrected(upload, "91")) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [303, 303]
    assert answers[0].headers["location"] == answers[1].headers["location"]
    assert "idempotent-replay" in answers[1].headers
    shown = sqlite_service.as_("returns").get(f"/v1/uploads/{upload['ref']}").json()
    assert shown["edits"] == {"3": {"attendance": "91"}}


def test_a_form_changed_after_back_is_another_form_with_the_same_key(
    sqlite_service: Any, upload: dict[str, Any]
) -> None:
    browser, url = sqlite_service.browser("returns"), f"/uploads/{upload['ref']}/problems"
    browser.post(url, data=corrected(upload, "91"))
    stale = browser.post(url, data=corrected(upload, "92"))
    assert stale.status_code == 412
    assert 'name="cell-3-attendance" value="92"' in stale.text  # what was typed can be sent again


def test_what_did_not_change_is_no_correction(sqlite_service: Any, upload: dict[str, Any]) -> None:
    browser, url = sqlite_service.browser("returns"), f"/uploads/{upload['ref']}/problems"
    answer = browser.post(url, data=corrected(upload, " lots "))
    assert answer.headers["location"].endswith("/next?after=problems")
    shown = sqlite_service.as_("returns").get(f"/v1/uploads/{upload['ref']}").json()
    assert (shown["edits"], shown["version"]) == ({}, upload["version"])


def test_the_cells_of_a_restricted_pupil_are_not_shown(sqlite_service: Any) -> None:
    check = open_check(sqlite_service)
    row = pupil(1, **{"Attendance %": "lots", "Section 72 restricted": "Y"})
    upload = send(sqlite_service, check, csv([row, pupil(2, **{"Section 72 restricted": "N"})])).json()
    shown = sqlite_service.as_("returns").get(f"/v1/uploads/{upload['ref']}").json()
    heading = next(item for item in shown["account"]["columns"] if item["heading"] == "Section 72 restricted")
    if heading["field"] != "restricted_sharing":
        told = {"mapping": {"Section 72 restricted": {"field": "restricted_sharing"}}}
        sqlite_service.as_("returns").patch(f"/v1/uploads/{upload['ref']}", json=told)
    page = sqlite_service.browser("returns").get(f"/uploads/{upload['ref']}/problems").text
    assert "lots" not in page


@pytest.mark.parametrize("step", ["columns", "questions", "problems", "changes", "leavers", "summary", "next"])
def test_a_step_of_an_upload_that_is_over_leads_to_its_own_page(
    sqlite_service: Any, upload: dict[str, Any], step: str
) -> None:
    browser, url = sqlite_service.browser("returns"), f"/uploads/{upload['ref']}"
    assert browser.post(f"{url}/withdrawal", data={"version": upload["version"]}).status_code == 303
    answer = browser.get(f"{url}/{step}")
    assert (answer.status_code, answer.headers["location"]) == (303, url)
    assert "Nothing of its pupils is kept" in browser.get(url).text


def test_a_roll_is_not_confirmed_before_the_registrations_are(sqlite_service: Any, upload: dict[str, Any]) -> None:
    browser, url = sqlite_service.browser("returns"), f"/uploads/{upload['ref']}/confirmation"
    said = {"version": upload["version"]}
    assert browser.post(url, data=said).status_code == 422
    assert browser.post(url, data={"version": 1, "registrations_confirmed": "yes"}).status_code == 412
    assert browser.post(url, data={**said, "registrations_confirmed": "yes"}).status_code == 303
    assert "Your roll is confirmed" in browser.get(f"/uploads/{upload['ref']}").text


def test_reading_the_problems_is_audited(sqlite_service: Any, upload: dict[str, Any]) -> None:
    from sqlalchemy import select

    from service import tables as t

    sqlite_service.browser("returns").get(f"/uploads/{upload['ref']}/problems")
    with sqlite_service.database.read() as connection:
        actions = connection.execute(select(t.audit_events.c.action).order_by(t.audit_events.c.id)).scalars().all()
    assert actions[-1] == "upload.read"
