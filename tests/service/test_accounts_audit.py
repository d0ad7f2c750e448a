"""The audit searched: what is found, what is never told, and how a change to it shows."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import delete, insert, select, update

from service import audit
from service import tables as t
from service.access import Access
from service.clock import today
from service.refs import new_ref


@pytest.fixture
def watched(service: Any) -> Any:
    """The service, where somebody read two pupils, one of them twice."""
    with service.database.write(Access.system()) as connection:
        pupils = []
        for number in (1, 2):
            row = {
                "ref": new_ref("pupil"), "key": f"upn:{number}", "key_kind": "upn", "upn": f"A10000100000{number}",
                "name": f"Surname{number}, Forename{number}", "search": "x",
            }  # fmt: skip
            pupils.append(connection.execute(insert(t.pupils).values(**row)).inserted_primary_key[0])
        coach = Access(service.people["coach"], _ref(connection, service.people["coach"]), "Coach", "coach")
        audit.record(connection, coach, "register.read", "check-1", pupils=pupils)
        audit.record(connection, coach, "pupil.read", "check-1", pupils=pupils[:1])
    return service


def _ref(connection: Any, person: int) -> str:
    return str(connection.execute(select(t.people.c.ref).where(t.people.c.id == person)).scalar_one())


def find(service: Any, **asked: Any) -> list[dict[str, Any]]:
    answer = service.as_("administrator").post("/v1/audit/search", json=asked)
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["items"]
    return [event for event in found if event["action"] != "audit.read"]


def test_events_of_a_pupil_are_found_by_reference_or_upn_and_name_nobody(watched: Any) -> None:
    with watched.database.read(Access.system()) as connection:
        refs = connection.execute(select(t.pupils.c.ref).order_by(t.pupils.c.id)).scalars().all()
    assert [event["action"] for event in find(watched, pupil=refs[0])] == ["pupil.read", "register.read"]
    assert [event["action"] for event in find(watched, pupil="a100001000002")] == ["register.read"]
    assert find(watched, pupil="pupil-nowhere") == []
    events = find(watched)
    assert [event["pupils"] for event in events] == [1, 2]
    assert "Surname" not in str(events)
    assert refs[0] not in str(events)


def test_events_are_found_by_person_action_and_day(watched: Any) -> None:
    with watched.database.read() as connection:
        coach, analyst = (_ref(connection, watched.people[who]) for who in ("coach", "analyst"))
    assert len(find(watched, person=coach)) == 2
    assert find(watched, person=analyst) == []
    assert len(find(watched, action="register")) == 1  # every action of registers
    assert len(find(watched, action="register.read")) == 1
    assert find(watched, action="regis") == []
    assert len(find(watched, since=str(today()), until=str(today()))) == 2
    assert find(watched, since=str(today() + timedelta(days=1))) == []
    assert find(watched, until=str(today() - timedelta(days=1))) == []


def test_the_first_day_after_the_last_is_refused(watched: Any) -> None:
    query = {"since": "2026-11-02", "until": "2026-11-01"}
    assert watched.as_("administrator").get("/v1/audit", params=query).json()["code"] == "dates"


def test_pages_of_events_go_on_where_the_last_ended(watched: Any) -> None:
    admin = watched.as_("administrator")
    first = admin.get("/v1/audit", params={"limit": 1, "action": "register"}).json()
    assert first["next"] is None
    one = admin.get("/v1/audit", params={"limit": 1}).json()
    two = admin.get("/v1/audit", params={"limit": 1, "cursor": one["next"]}).json()
    assert two["items"][0]["event"] == one["items"][0]["event"] - 1


def test_looking_at_the_audit_is_an_event_itself(watched: Any) -> None:
    find(watched, pupil="A100001000001")
    latest = watched.as_("administrator").get("/v1/audit", params={"limit": 1}).json()["items"][0]
    assert (latest["action"], latest["pupils"], latest["detail"]) == ("audit.read", 1, {"by": ["pupil"]})
    assert latest["role"] == "administrator"


def test_a_whole_record_is_said_to_be_whole(watched: Any) -> None:
    state = watched.as_("administrator").get("/v1/audit/verification").json()
    assert state == {"events": 2, "whole": True, "first_break": None}


@pytest.mark.parametrize("change", ["role", "removed"])
def test_a_changed_or_removed_event_shows_with_its_number(watched: Any, change: str) -> None:
    with watched.owner.write() as connection:  # the service's own role may not
        first = connection.execute(select(t.audit_events.c.id).limit(1)).scalar_one()
        this = t.audit_events.c.id == first
        if change == "removed":
            connection.execute(delete(t.audit_events).where(this))
        else:
            connection.execute(update(t.audit_events).where(this).values(role="analyst"))
    state = watched.as_("administrator").get("/v1/audit/verification").json()
    assert (state["whole"], state["first_break"]) == (False, first + (change == "removed"))


def test_the_pages_show_events_and_keep_the_upn_out_of_addresses(watched: Any) -> None:
    client = watched.browser("administrator")
    page = client.get("/audit?email=coach@example.org&action=register.read")
    assert page.status_code == 200
    assert "Invented coach, coach" in page.text
    found = client.post("/audit", data={"pupil": "A100001000001"})
    assert found.status_code == 200
    assert "Pupil read" in found.text
    assert "Surname1" not in found.text
    assert "A100001000001" not in str(found.headers)
    assert "The audit is whole" in client.get("/audit/verification").text
    assert client.get("/audit?email=nobody@example.org").status_code == 422
    assert client.get("/audit?since=yesterday").status_code == 422
