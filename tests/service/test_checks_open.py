"""Checks: opened, changed, and how far each school is with its return."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace

import pytest
from sqlalchemy import insert, select, update

from roni import load_scorecard
from service import tables as t
from service.access import Access
from service.checks import queries
from service.clock import now, today

NOVEMBER = {"academic_year": "2026/27", "name": "november"}
JANUARY = {"academic_year": "2026/27", "name": "january"}


@pytest.fixture
def analyst(sqlite_service):
    return sqlite_service.as_("analyst")


def test_a_check_is_opened_from_the_calendar_and_asks_every_school(service) -> None:
    answer = service.as_("analyst").post("/v1/checks", json=NOVEMBER)
    check = answer.json()
    assert answer.status_code == 201
    assert answer.headers["location"] == f"/v1/checks/{check['ref']}"
    assert answer.headers["etag"] == '"1"'
    assert (check["label"], check["academic_year"], check["stage"]) == ("November 2026", "2026/27", "draft")
    assert check["focus_years"] == [11]
    assert check["accepted_years"] == [9, 10, 11, 12]
    assert check["counts"]["asked"] == 3
    assert {line["urn"] for line in check["schools"]} == {"100001", "100002", "100003"}


def test_the_scorecards_text_is_kept_under_its_digest(sqlite_service, analyst) -> None:
    analyst.post("/v1/checks", json=NOVEMBER | {"scorecard": "oxfordshire"})
    with sqlite_service.database.read() as connection:
        row = connection.execute(select(t.scorecards)).one()
    assert row.digest == load_scorecard("oxfordshire").digest
    assert "[" in row.content


def test_january_continues_november_and_asks_its_schools(analyst) -> None:
    november = analyst.post("/v1/checks", json=NOVEMBER | {"schools": ["100001", "100003"]}).json()
    january = analyst.post("/v1/checks", json=JANUARY).json()
    assert january["earlier"] == november["ref"]
    assert january["focus_years"] == [11, 12]
    assert {line["urn"] for line in january["schools"]} == {"100001", "100003"}


@pytest.mark.parametrize(
    ("sent", "status", "code"),
    [
        (NOVEMBER | {"scorecard": "../../etc/passwd"}, 422, "no_such_scorecard"),
        (NOVEMBER | {"model": "0" * 64}, 422, "model_not_promoted"),
        (NOVEMBER | {"schools": ["999999"]}, 422, "no_such_school"),
        (NOVEMBER | {"earlier": "check-none"}, 404, "not_found"),
        (NOVEMBER | {"academic_year": "1900/01"}, 422, "refused"),
        (NOVEMBER | {"focus_years": [14]}, 422, "invalid"),
        (NOVEMBER | {"focus_years": ["11"]}, 422, "invalid"),
        (NOVEMBER | {"whatever": 1}, 422, "invalid"),
    ],
)
def test_what_a_check_cannot_be_opened_with(analyst, sent, status, code) -> None:
    answer = analyst.post("/v1/checks", json=sent)
    assert (answer.status_code, answer.json()["code"]) == (status, code)


def test_the_same_check_is_opened_once(analyst) -> None:
    analyst.post("/v1/checks", json=NOVEMBER)
    assert analyst.post("/v1/checks", json=NOVEMBER).json()["code"] == "check_exists"


def _promoted(service, *actions: str) -> None:
    with service.database.write() as connection:
        for action in actions:
            row = {"model": "demo", "digest": "a" * 64, "note": "n", "action": action}
            connection.execute(insert(t.promotions).values(**row, by_id=service.people["analyst"]))


def test_only_a_promoted_model_scores(sqlite_service, analyst) -> None:
    _promoted(sqlite_service, "promote")
    check = analyst.post("/v1/checks", json=NOVEMBER | {"model": "a" * 64}).json()
    assert (check["model"], check["model_digest"]) == ("demo", "a" * 64)


def test_a_model_that_was_taken_back_does_not_score(sqlite_service, analyst) -> None:
    _promoted(sqlite_service, "promote", "rollback")
    assert analyst.post("/v1/checks", json=NOVEMBER | {"model": "a" * 64}).status_code == 422


def test_a_check_opened_after_a_promotion_has_that_model_unless_told_otherwise(sqlite_service, analyst) -> None:
    november = analyst.post("/v1/checks", json=NOVEMBER).json()
    assert (november["model"], november["model_note"]) == (None, None)
    digest = analyst.get("/v1/models/demo").json()["digest"]
    sent = {"note": "Measured", "check": november["ref"], "digest": digest}
    assert analyst.post("/v1/models/demo/promotion", json=sent).status_code == 201
    january = analyst.post("/v1/checks", json=JANUARY).json()
    assert (january["model"], january["model_digest"]) == ("demo", digest)
    assert january["model_note"] == "Promoted from November 2026 on."
    page = sqlite_service.browser("analyst").get(f"/checks/{january['ref']}").text
    assert "demo. Promoted from November 2026 on." in page
    later = analyst.post("/v1/checks", json=JANUARY | {"academic_year": "2027/28", "model": None}).json()
    assert (later["model"], later["model_digest"]) == (None, None)
    assert later["model_note"] == "“demo” is promoted from November 2026 on; this check has none."
    before = analyst.post("/v1/checks", json=NOVEMBER | {"academic_year": "2025/26"}).json()
    assert (before["model"], before["model_note"]) == (None, None)


def test_a_model_taken_back_or_promoted_for_no_check_is_in_force_for_none(analyst) -> None:
    november = analyst.post("/v1/checks", json=NOVEMBER).json()
    digest = analyst.get("/v1/models/demo").json()["digest"]
    sent = {"note": "Measured", "digest": digest}
    analyst.post("/v1/models/demo/promotion", json=sent | {"check": november["ref"]})
    assert analyst.post("/v1/models/demo/rollback", json=sent).status_code in (200, 201)
    assert analyst.post("/v1/checks", json=JANUARY).json()["model"] is None
    analyst.post("/v1/models/demo/promotion", json=sent)
    assert analyst.post("/v1/checks", json=JANUARY | {"academic_year": "2027/28"}).json()["model"] is None


@pytest.mark.parametrize(("chosen", "model"), [("", "demo"), ("none", None)])
def test_the_form_says_which_model_a_new_check_has_and_lets_one_choose_none(
    sqlite_service, analyst, chosen, model
) -> None:
    november = analyst.post("/v1/checks", json=NOVEMBER).json()
    digest = analyst.get("/v1/models/demo").json()["digest"]
    analyst.post("/v1/models/demo/promotion", json={"note": "Measured", "check": november["ref"], "digest": digest})
    browser = sqlite_service.browser("analyst")
    assert "The one promoted for it: demo, from November 2026 on" in browser.get("/checks/new").text
    form = {"academic_year": "2026/27", "name": "january", "scorecard": "roni", "model": chosen, "all_schools": "yes"}
    opened = browser.post("/checks", data=form)
    ref = opened.headers["location"].partition("?")[0].removeprefix("/checks/")
    assert analyst.get(f"/v1/checks/{ref}").json()["model"] == model


def test_a_school_sees_its_own_line_only(sqlite_service, analyst) -> None:
    ref = analyst.post("/v1/checks", json=NOVEMBER).json()["ref"]
    check = sqlite_service.as_("returns").get(f"/v1/checks/{ref}").json()
    assert [line["urn"] for line in check["schools"]] == ["100001"]
    assert check["counts"]["asked"] == 1
    listed = sqlite_service.as_("returns").get("/v1/checks").json()["items"]
    assert [(item["ref"], item["counts"]["asked"]) for item in listed] == [(ref, 1)]


@pytest.mark.parametrize("who", ["returns", "careers", "coach", "panel", "virtual_school", "administrator"])
def test_only_an_analyst_opens_and_changes_checks(sqlite_service, analyst, who) -> None:
    assert sqlite_service.as_(who).post("/v1/checks", json=NOVEMBER).status_code == 403
    ref = analyst.post("/v1/checks", json=NOVEMBER).json()["ref"]
    assert sqlite_service.as_(who).patch(f"/v1/checks/{ref}", json={"capacity": 1}).status_code == 403


@pytest.mark.parametrize(
    ("due_in", "signed_off", "started", "state", "overdue"),
    [
        (0, False, False, "not_returned", False),
        (-1, False, False, "not_returned", True),
        (-1, False, True, "in_progress", True),
        (0, False, True, "in_progress", False),
        (-1, True, True, "signed_off", False),
    ],
)
def test_how_far_a_school_is(sqlite_service, analyst, due_in, signed_off, started, state, overdue) -> None:
    due = (today() + timedelta(days=due_in)).isoformat()
    ref = analyst.post("/v1/checks", json=NOVEMBER | {"schools": ["100001"], "due_on": due}).json()["ref"]
    with sqlite_service.database.write() as connection:
        values = {"started_at": now() if started else None, "signed_off_at": now() if signed_off else None}
        connection.execute(update(t.check_schools).values(**values))
    check = analyst.get(f"/v1/checks/{ref}").json()
    assert (check["schools"][0]["state"], check["schools"][0]["overdue"]) == (state, overdue)
    assert check["counts"] == {
        "asked": 1,
        "not_returned": int(state == "not_returned"),
        "in_progress": int(state == "in_progress"),
        "signed_off": int(state == "signed_off"),
        "overdue": int(overdue),
    }


def test_a_due_date_ends_with_its_day_in_england() -> None:
    check = SimpleNamespace(due_on=date(2026, 7, 1))
    line = SimpleNamespace(signed_off_at=None)
    assert not queries.is_overdue(check, line, datetime(2026, 7, 1, 22, 59, 59, tzinfo=UTC))
    assert queries.is_overdue(check, line, datetime(2026, 7, 1, 23, 0, tzinfo=UTC))


def test_a_check_is_published_on_its_date_whoever_forgot_to() -> None:
    check = SimpleNamespace(stage="draft", publish_on=date(2026, 12, 1))
    assert queries.stage_of(check, date(2026, 11, 30)) == "draft"
    assert queries.stage_of(check, date(2026, 12, 1)) == "published"


@pytest.mark.parametrize(("role", "reads"), [("analyst", True), ("returns", True), ("coach", False), ("panel", False)])
def test_who_reads_a_register_before_it_is_published(role, reads) -> None:
    access = Access(1, "person-1", "Invented", role)
    assert queries.readable_stage(access, SimpleNamespace(stage="moderated", publish_on=None)) is reads
    assert queries.readable_stage(access, SimpleNamespace(stage="published", publish_on=None))


def test_a_check_is_changed_under_its_version(analyst) -> None:
    ref = analyst.post("/v1/checks", json=NOVEMBER | {"capacity": 30}).json()["ref"]
    first = analyst.patch(f"/v1/checks/{ref}", json={"capacity": None}, headers={"if-match": '"1"'})
    assert (first.status_code, first.json()["capacity"], first.headers["etag"]) == (200, None, '"2"')
    late = analyst.patch(f"/v1/checks/{ref}", json={"capacity": 9}, headers={"if-match": '"1"'})
    assert (late.status_code, late.json()["code"]) == (412, "stale")
    assert analyst.get(f"/v1/checks/{ref}").json()["capacity"] is None


def test_stages_go_onwards_only(analyst) -> None:
    ref = analyst.post("/v1/checks", json=NOVEMBER).json()["ref"]
    for stage in ("moderated", "published"):
        assert analyst.patch(f"/v1/checks/{ref}", json={"stage": stage}).json()["stage"] == stage
    assert analyst.patch(f"/v1/checks/{ref}", json={"stage": "draft"}).json()["code"] == "stage_backwards"


def test_a_school_that_has_not_returned_may_be_asked_no_more(analyst) -> None:
    ref = analyst.post("/v1/checks", json=NOVEMBER).json()["ref"]
    changed = analyst.patch(f"/v1/checks/{ref}", json={"schools": ["100002"]}).json()
    assert [line["urn"] for line in changed["schools"]] == ["100002"]


def test_a_check_that_is_not_there_is_not_found(analyst) -> None:
    assert analyst.get("/v1/checks/check-none").json()["code"] == "not_found"


@pytest.mark.parametrize("who", ["administrator", "analyst"])
def test_schools_are_added_changed_and_listed(sqlite_service, who) -> None:
    client = sqlite_service.as_(who)
    added = client.post("/v1/schools", json={"urn": "100009", "name": "Another School", "district": "South"})
    assert added.status_code == 201
    ref = added.json()["ref"]
    assert client.patch(f"/v1/schools/{ref}", json={"name": "Renamed"}, headers={"if-match": '"1"'}).status_code == 200
    assert client.patch(f"/v1/schools/{ref}", json={"name": "Late"}, headers={"if-match": '"1"'}).status_code == 412
    page = client.get("/v1/schools", params={"limit": 3}).json()
    rest = client.get("/v1/schools", params={"limit": 3, "cursor": page["next"]}).json()
    assert len(page["items"]) == 3
    assert [item["name"] for item in rest["items"]] == ["Sample High School"]
    assert rest["next"] is None


def test_a_urn_is_one_schools(analyst) -> None:
    answer = analyst.post("/v1/schools", json={"urn": "100001", "name": "The same"})
    assert (answer.status_code, answer.json()["code"]) == (409, "school_exists")


def test_a_school_left_out_is_not_asked_again(analyst) -> None:
    ref = analyst.get("/v1/schools").json()["items"][0]["ref"]
    analyst.patch(f"/v1/schools/{ref}", json={"active": False})
    assert analyst.post("/v1/checks", json=NOVEMBER).json()["counts"]["asked"] == 2


def test_a_schools_people_see_their_own_school_only(sqlite_service) -> None:
    client = sqlite_service.as_("returns")
    assert [item["urn"] for item in client.get("/v1/schools").json()["items"]] == ["100001"]
    assert client.post("/v1/schools", json={"urn": "100009", "name": "x"}).status_code == 403
    other = sqlite_service.as_("returns2").get("/v1/schools").json()["items"][0]["ref"]
    assert client.get(f"/v1/schools/{other}").status_code == 404
