"""Contacts and their notes; corrections and objections."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import update

from service import tables as t
from service.clock import now, today
from tests.service.caseloads import Checked, checked, events, fresh, person

NOTE = "Wants to look at the engineering course."


@pytest.fixture
def november(tmp_path, start_service) -> Checked:
    return fresh(tmp_path, start_service)


def contact(november: Checked, pupil: str, who: str = "coach", **more: Any) -> Any:
    body = {"on": today().isoformat(), "kind": "phone", "outcome": "reached", "note": NOTE, **more}
    return november.service.as_(who).post(f"/v1/pupils/{pupil}/contacts", json=body)


def in_days(days: int) -> str:
    return (today() + timedelta(days=days)).isoformat()


def test_a_contact_is_recorded_and_stands_on_the_line_with_what_is_next(service) -> None:
    november = checked(service)
    pupil = november.pupils()[0]
    answer = contact(november, pupil, next_action="Send the open-day dates", next_on=in_days(-1))
    assert (answer.status_code, answer.headers["etag"]) == (201, '"1"')
    assert "not a safeguarding record" in answer.json()["reminder"]
    assert "DSL" in answer.json()["reminder"]
    november.service.as_("coach").put(
        f"/v1/pupils/{pupil}/coach", json={"coach": person(service, "coach"), "reason": "Mine."}
    )
    line = service.as_("coach").get("/v1/caseload").json()["items"][0]
    assert line["last_contact"] == {"on": today().isoformat(), "kind": "phone", "outcome": "reached"}
    assert (line["next_action"]["contact"], line["next_action"]["overdue"]) == (answer.json()["ref"], True)
    assert len(events(service, "contact.record")) == 1

    done = service.as_("coach").patch(
        f"/v1/contacts/{answer.json()['ref']}", json={"done": True}, headers={"if-match": '"1"'}
    )
    assert (done.status_code, done.json()["version"]) == (200, 2)
    assert done.json()["done_at"] is not None
    assert service.as_("coach").get("/v1/caseload").json()["items"][0]["next_action"] is None


def test_a_note_of_ones_own_is_read_by_nobody_else(november: Checked) -> None:
    pupil = november.pupils()[0]
    own = contact(november, pupil, note_for="own").json()["ref"]
    contact(november, pupil)

    def notes(who: str) -> list[tuple[str | None, bool]]:
        items = november.service.as_(who).get(f"/v1/pupils/{pupil}/contacts").json()["items"]
        return [(item["note"], item["note_withheld"]) for item in items]

    assert notes("coach") == [(NOTE, False), (NOTE, False)]
    assert notes("careers") == notes("analyst") == [(NOTE, False), (None, True)]
    november.service.add_person("colleague", "coach", district="North")
    refused = november.service.as_("colleague").patch(f"/v1/contacts/{own}", json={"note_for": "team"})
    assert (refused.status_code, refused.json()["code"]) == (403, "not_yours")
    assert november.service.as_("coach").patch(f"/v1/contacts/{own}", json={"note_for": "team"}).status_code == 200
    assert notes("careers") == [(NOTE, False), (NOTE, False)]
    assert len(events(november.service, "contacts.read")) == 4


def test_a_colleague_says_that_an_action_is_done_and_moves_it(november: Checked) -> None:
    november.service.add_person("colleague", "coach", district="North")
    made = contact(november, november.pupils()[0], next_action="Ring again", next_on=in_days(3)).json()["ref"]
    client = november.service.as_("colleague")
    assert client.patch(f"/v1/contacts/{made}", json={"next_on": in_days(5)}).json()["next_on"] == in_days(5)
    assert client.patch(f"/v1/contacts/{made}", json={"done": True}).json()["done_at"] is not None
    assert client.patch(f"/v1/contacts/{made}", json={"done": False}).json()["done_at"] is None
    assert client.patch(f"/v1/contacts/{made}", json={"next_on": None}).json()["code"] == "action_and_date"


def test_what_a_contact_must_say(november: Checked) -> None:
    pupil = november.pupils()[0]
    assert contact(november, pupil, on=in_days(1)).json()["code"] == "in_the_future"
    assert contact(november, pupil, on=in_days(0)).status_code == 201
    assert contact(november, pupil, kind="pigeon").json()["code"] == "invalid"
    assert contact(november, pupil, next_action="Ring").json()["code"] == "invalid"
    assert contact(november, pupil, next_on=in_days(1)).json()["code"] == "invalid"
    plain = contact(november, pupil).json()["ref"]
    assert (
        november.service.as_("coach").patch(f"/v1/contacts/{plain}", json={"done": True}).json()["code"]
        == "nothing_to_do"
    )


def test_contacts_come_a_page_at_a_time_the_latest_first(november: Checked) -> None:
    pupil = november.pupils()[0]
    days = [contact(november, pupil, on=in_days(-back)).json()["on"] for back in (1, 3, 2)]
    path = f"/v1/pupils/{pupil}/contacts"
    first = november.service.as_("coach").get(path, params={"limit": 2}).json()
    rest = november.service.as_("coach").get(path, params={"limit": 2, "cursor": first["next"]}).json()
    assert [item["on"] for item in first["items"] + rest["items"]] == sorted(days, reverse=True)
    assert rest["next"] is None


def test_who_has_no_part_in_it_records_and_reads_nothing(november: Checked) -> None:
    pupil = november.pupils()[0]
    made = contact(november, pupil).json()["ref"]
    for who, write, read in [
        ("careers", 403, 200),
        ("returns", 403, 403),
        ("panel", 403, 403),
        ("coach_south", 404, 404),
    ]:
        assert contact(november, pupil, who).status_code == write
        assert november.service.as_(who).get(f"/v1/pupils/{pupil}/contacts").status_code == read
        assert november.service.as_(who).patch(f"/v1/contacts/{made}", json={"done": True}).status_code == write


def test_of_two_changes_at_once_one_is_stale(service) -> None:
    november = checked(service)
    made = contact(november, november.pupils()[0], next_action="Ring", next_on=in_days(1)).json()["ref"]
    answers: list[int] = []

    def send() -> None:
        headers = {"if-match": '"1"'}
        answers.append(
            service.as_("coach").patch(f"/v1/contacts/{made}", json={"done": True}, headers=headers).status_code
        )

    threads = [threading.Thread(target=send) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == [200, 412]


def test_nothing_is_recorded_of_a_pupil_who_has_died(november: Checked) -> None:
    pupil = november.pupils()[0]
    with november.service.database.write() as connection:
        connection.execute(update(t.pupils).where(t.pupils.c.ref == pupil).values(died_at=now()))
    assert contact(november, pupil).json()["code"] == "record_closed"


def ask(november: Checked, pupil: str, kind: str, who: str = "careers") -> Any:
    body = {"kind": kind, "said": "The attendance leaves out a hospital stay."}
    return november.service.as_(who).post(f"/v1/pupils/{pupil}/requests", json=body)


def test_an_open_objection_marks_the_line_until_it_is_decided(service) -> None:
    november = checked(service)
    pupil = november.pupils()[0]
    made = ask(november, pupil, "objection")
    assert (made.status_code, made.json()["decision"]) == (201, None)
    assert november.line(pupil)["objection"] is True
    path = f"/v1/requests/{made.json()['ref']}"
    decision = {"decision": "refused", "reason": "The figures are those of the school."}
    assert service.as_("careers").patch(path, json=decision).status_code == 403
    decided = service.as_("analyst").patch(path, json=decision, headers={"if-match": '"1"'})
    assert (decided.status_code, decided.json()["decided_by"], decided.json()["version"]) == (
        200,
        "Invented analyst",
        2,
    )
    assert november.line(pupil)["objection"] is False
    assert service.as_("analyst").patch(path, json=decision).json()["code"] == "already_decided"
    assert service.as_("analyst").patch(path, json=decision, headers={"if-match": '"1"'}).status_code == 412
    assert [len(events(service, f"request.{what}")) for what in ("record", "decide")] == [1, 1]


def test_a_correction_does_not_mark_the_line(november: Checked) -> None:
    pupil = november.pupils()[0]
    assert ask(november, pupil, "correction").status_code == 201
    assert november.line(pupil)["objection"] is False
    items = november.service.as_("careers").get(f"/v1/pupils/{pupil}/requests").json()["items"]
    assert [(item["kind"], item["by"]) for item in items] == [("correction", "Invented careers")]


@pytest.mark.parametrize(("who", "status"), [("returns", 403), ("panel", 403), ("coach_south", 404), ("coach", 201)])
def test_who_records_requests(november: Checked, who: str, status: int) -> None:
    assert ask(november, november.pupils()[0], "objection", who).status_code == status
