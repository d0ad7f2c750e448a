"""Reading a register: pages, filters, the capacity cut, files, and who may read which."""

from __future__ import annotations

import base64
import csv
import io
import json
from dataclasses import replace
from datetime import date
from typing import Any

import numpy as np
import openpyxl
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import insert, select, update

from roni import load_model, load_scorecard, score
from service import tables as t
from service.access import Access
from service.clock import today
from service.registers import exports
from service.registers.order import key_of, level, sort_text
from service.registers.schemas import RegisterPage
from service.registers.shortlist import by_rules
from service.registers.working_out import work_out
from tests.service.rolls import add_check, add_model, fill, invented, register_rows

COHORTS = {"100001": (70, 0), "100002": (40, 1), "100003": (10, 2)}


@pytest.fixture
def filled(module_service: Any) -> tuple[Any, str, Any]:
    """A published check of three schools with a model; made once for this file. The service, its path, its cohorts."""
    service = module_service
    if not hasattr(service, "filled"):
        check = add_check(service)
        add_model(service, check, load_model("demo"))
        cohorts = {urn: invented(size, school=place) for urn, (size, place) in COHORTS.items()}
        known = np.where(np.arange(COHORTS["100001"][0]) < 4, np.int8(1), np.int8(-1))
        first = cohorts["100001"]
        cohorts["100001"] = replace(first, columns={**first.columns, "youth_justice": known})
        fill(service, check, cohorts)
        service.filled = (check, cohorts)
    check, cohorts = service.filled
    with service.database.read() as connection:
        ref = connection.execute(select(t.checks.c.ref).where(t.checks.c.id == check)).scalar_one()
    return service, f"/v1/checks/{ref}/register", cohorts


def pages(client: Any, path: str, **asked: Any) -> list[dict[str, Any]]:
    """Every item of a list, page after page."""
    items: list[dict[str, Any]] = []
    while True:
        answer = client.get(path, params=asked)
        assert answer.status_code == 200, answer.text
        page = RegisterPage.model_validate_json(answer.content)
        items += answer.json()["items"]
        if page.next is None:
            return items
        assert page.items
        asked["cursor"] = page.next


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(limit=st.integers(1, 130))
def test_pages_put_together_are_the_register_in_order_whatever_the_limit(filled: Any, limit: int) -> None:
    service, path, _ = filled
    items = pages(service.as_("analyst"), path, limit=limit)
    stored = [row.pupil_id for row in register_rows(service, service.filled[0])]
    with service.database.read() as connection:
        refs = {row.id: row.ref for row in connection.execute(select(t.pupils.c.id, t.pupils.c.ref))}
    assert [item["pupil"] for item in items] == [refs[pupil] for pupil in stored]
    ranked = [item["rank"] for item in items if item["section"] == "ranked"]
    assert ranked == list(range(1, len(ranked) + 1))


def test_a_page_does_not_shift_when_somebody_above_it_moves(service: Any) -> None:
    check = add_check(service)
    ids = fill(service, check, {"100001": invented(30)})["100001"]
    path = path_of(service, check)
    first = service.as_("analyst").get(path, params={"limit": 10}).json()
    expected = [item["pupil"] for item in pages(service.as_("analyst"), path, limit=500)][10:]
    moved = register_rows(service, check)[2].pupil_id
    with service.database.write() as connection:
        roll = t.roll_pupils.c
        record = connection.execute(select(roll.record).where(roll.pupil_id == moved)).scalar_one()
        record = {**record, "values": {"surname": "Example"}}
        connection.execute(update(t.roll_pupils).where(roll.pupil_id == moved).values(record=record))
        work_out(connection, service.settings, check, [moved])
    rest = pages(service.as_("analyst"), path, limit=10, cursor=first["next"])
    gone = first["items"][2]["pupil"]
    assert [item["pupil"] for item in rest if item["pupil"] != gone] == expected
    assert len(ids) == 30


def path_of(service: Any, check: int) -> str:
    with service.database.read() as connection:
        ref = connection.execute(select(t.checks.c.ref).where(t.checks.c.id == check)).scalar_one()
    return f"/v1/checks/{ref}/register"


@given(
    one=st.tuples(st.integers(0, 5), st.integers(0, 99), st.integers(0, 99), st.none() | st.floats(0, 1)),
    two=st.tuples(st.integers(0, 5), st.integers(0, 99), st.integers(0, 99), st.none() | st.floats(0, 1)),
)
def test_the_sort_text_orders_as_the_rules_do(one: Any, two: Any) -> None:
    def told(item: Any, key: str) -> tuple[Any, ...]:
        band, points, most, probability = item
        return -band, -2.0 if probability is None else -probability, -points, -most, key

    texts = [
        sort_text("ranked", band, points, most, key, probability)
        for (band, points, most, probability), key in ((one, "A 1"), (two, "B"))
    ]
    assert (texts[0] < texts[1]) == (told(one, "A 1") < told(two, "B"))
    assert (level(texts[0]) == level(texts[1])) == (told(one, "") == told(two, ""))
    assert [key_of(text) for text in texts] == ["A 1", "B"]


def test_the_capacity_cut_is_the_library_s(filled: Any) -> None:
    service, path, cohorts = filled
    register = score(cohorts["100001"], load_scorecard("roni"), load_model("demo"))
    keys = cohorts["100001"].keys.to_pylist()
    for count in (1, 5, 12, 30, 70, 99):
        short = register.top(count)
        asked = {"school": "100001", "capacity": count, "limit": 500}
        found = service.as_("analyst").get(path, params=asked).json()
        by_ref = {item["pupil"]: item for item in found["items"]}
        assert len(by_ref) == len(short) == found["capacity"]["in_list"]
        assert (found["capacity"]["tied"], found["capacity"]["tied_in"]) == (short.tied, short.tied_in)
        assert found["capacity"]["sentence"] == short.sentence
        displaced = {item["pupil"] for item in found["capacity"]["displaced"]}
        assert displaced == {ref_of(service, keys[place]) for place in short.displaced}
        assert found["next"] is None
    cut = pages(service.as_("analyst"), path, school="100001", capacity=12, limit=5)
    assert [item["rank"] for item in cut] == list(range(1, 13))


def ref_of(service: Any, key: str) -> str:
    with service.database.read() as connection:
        return str(connection.execute(select(t.pupils.c.ref).where(t.pupils.c.key == key)).scalar_one())


def test_filters_hold_together_and_are_said(filled: Any) -> None:
    service, path, _ = filled
    client = service.as_("analyst")
    everybody = pages(client, path, limit=500)

    def found(**asked: Any) -> set[str]:
        return {item["pupil"] for item in pages(client, path, limit=500, **asked)}

    def expected(test: Any) -> set[str]:
        return {item["pupil"] for item in everybody if test(item)}

    assert found(school="100002") == expected(lambda item: item["school"]["urn"] == "100002")
    assert found(year=11) == expected(lambda item: item["year_group"] == 11)
    assert found(band="red", year=10) == expected(lambda item: item.get("band") == "red" and item["year_group"] == 10)
    met = expected(lambda item: any(reason.get("indicator") == "attendance" for reason in item.get("reasons", ())))
    assert found(indicator="attendance") == met
    assert met
    assert found(group="ehcp") == expected(lambda item: item["ehcp"])
    assert found(group="send") >= found(group="ehcp")
    assert found(group="in_care") == found(group="looked_after")
    assert found(coach="none", contacted="no") == {item["pupil"] for item in everybody}
    assert found(contacted="yes") == found(section="left") == found(moderated="added") == set()
    assert found(population="educated") == {item["pupil"] for item in everybody}
    assert client.get(path, params={"year": 11, "limit": 1}).json()["filters"] == {"year": 11}
    counted = client.get(path, params={"counts": True, "limit": 1}).json()["counts"]
    assert counted["pupils"] == len(everybody) == sum(counted["sections"].values())
    assert counted["sections"]["ranked"] == sum(counted["bands"].values())


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ({"band": "purple"}, "no_such_band"),
        ({"group": "attendance"}, "no_such_group"),
        ({"indicator": "nothing"}, "no_such_indicator"),
        ({"cursor": "abc"}, "cursor"),
        ({"limit": 501}, "limit"),
        ({"limit": 0}, "invalid"),
        ({"unheard": "of"}, "invalid"),
        ({"school": "1"}, "invalid"),
    ],
)
def test_what_cannot_be_asked_is_refused_with_what_can(filled: Any, asked: dict[str, Any], code: str) -> None:
    service, path, _ = filled
    answer = service.as_("analyst").get(path, params=asked)
    assert (answer.status_code, answer.json()["code"]) == (422, code)


def test_a_cursor_belongs_to_one_list_of_one_person_and_tells_nothing(filled: Any) -> None:
    service, path, _ = filled
    analyst = service.as_("analyst")
    first = analyst.get(path, params={"limit": 2}).json()
    for client, more in ((analyst, {"year": 11}), (service.as_("coach"), {})):
        answer = client.get(path, params={"cursor": first["next"], **more})
        assert (answer.status_code, answer.json()["code"]) == (422, "cursor")
    with service.database.read() as connection:
        upn = connection.execute(
            select(t.pupils.c.upn).where(t.pupils.c.ref == first["items"][1]["pupil"])
        ).scalar_one()
    assert upn.encode() not in base64.urlsafe_b64decode(first["next"])


def test_each_reads_their_own_pupils_and_the_view_of_their_role(filled: Any) -> None:
    service, path, _ = filled
    expected = {
        "analyst": ("full", {"100001", "100002", "100003"}),
        "returns": ("school", {"100001"}),
        "returns2": ("school", {"100002"}),
        "careers": ("support", {"100001"}),
        "coach": ("support", {"100001", "100002"}),
        "coach_south": ("support", {"100003"}),
        "coach_own": ("support", set()),
        "panel": ("support", {"100001", "100002"}),
        "virtual_school": ("support", set()),
    }
    for who, (view, schools) in expected.items():
        client = service.as_(who)
        head = client.get(path, params={"limit": 1}).json()
        items = pages(client, path, limit=500)
        assert head["view"] == view
        assert {item["school"]["urn"] for item in items} == schools, who
        assert len(items) == sum(COHORTS[urn][0] for urn in schools)
    assert service.as_("administrator").get(path).status_code == 403
    assert service.as_("nobody").get(path).status_code == 401


def test_a_view_says_what_it_does_not_rest_on(filled: Any) -> None:
    service, path, _ = filled
    head = service.as_("returns").get(path, params={"limit": 1}).json()
    assert {"youth justice (YOT)", "young carer", "looked after"} <= set(head["without"])
    assert "Not in it: " in head["label"]
    assert service.as_("analyst").get(path, params={"limit": 1}).json()["without"] == []
    assert "educated" in service.as_("analyst").get(path, params={"limit": 1}).text


def test_notes_and_files_are_of_the_caller_s_schools(filled: Any) -> None:
    service, path, _ = filled
    mine = service.as_("returns").get(path, params={"limit": 1}).json()
    assert {file["school"]["urn"] for file in mine["files"]} == {"100001"}
    assert not any("Sample High School" in note or "Example School" in note for note in mine["notes"])
    everything = service.as_("analyst").get(path, params={"limit": 1}).json()
    assert len(everything["files"]) == 3
    assert any("invented pupils" in note for note in everything["notes"])


def test_a_draft_is_for_schools_and_analysts_only(sqlite_service: Any) -> None:
    check = add_check(sqlite_service, stage="draft")
    fill(sqlite_service, check, {"100001": invented(4)})
    path = path_of(sqlite_service, check)
    assert sqlite_service.as_("analyst").get(path).status_code == 200
    assert sqlite_service.as_("returns").get(path).status_code == 200
    for who in ("coach", "panel", "virtual_school"):
        answer = sqlite_service.as_(who).get(path)
        assert (answer.status_code, answer.json()["code"]) == (403, "not_published")
    with sqlite_service.database.write() as connection:
        connection.execute(update(t.checks).values(publish_on=today()))
    assert sqlite_service.as_("coach").get(path).status_code == 200


def test_a_check_without_a_register_is_a_404(sqlite_service: Any) -> None:
    path = path_of(sqlite_service, add_check(sqlite_service))
    answer = sqlite_service.as_("analyst").get(path)
    assert (answer.status_code, answer.json()["code"]) == (404, "no_register")
    assert sqlite_service.as_("analyst").get("/v1/checks/check-none/register").status_code == 404


def test_coach_contact_and_next_action_stand_on_the_line_of_who_may_read_them(sqlite_service: Any) -> None:
    check = add_check(sqlite_service)
    pupil = fill(sqlite_service, check, {"100001": invented(3)})["100001"][0]
    coach = sqlite_service.people["coach"]
    with sqlite_service.database.write() as connection:
        connection.execute(insert(t.assignments).values(pupil_id=pupil, coach_id=coach, by_id=coach))
        person = connection.execute(select(t.people.c.ref).where(t.people.c.id == coach)).scalar_one()
        for place, (on, next_on) in enumerate([("2026-11-10", "2026-11-12"), ("2026-11-17", "2099-01-01")]):
            connection.execute(
                insert(t.contacts).values(
                    ref=f"contact-{place}", by_id=coach, pupil_id=pupil, check_id=check, on=date.fromisoformat(on),
                    kind="phone", outcome="reached", next_action="call again", next_on=date.fromisoformat(next_on),
                )
            )  # fmt: skip
    path = path_of(sqlite_service, check)
    ref = pages(sqlite_service.as_("coach"), path, contacted="yes")[0]["pupil"]
    line = pages(sqlite_service.as_("coach"), path, coach=person)[0]
    assert (line["pupil"], line["coach"]["name"]) == (ref, "Invented coach")
    assert line["last_contact"] == {"on": "2026-11-17", "kind": "phone", "outcome": "reached"}
    action = line["next_action"]
    assert (action["what"], action["on"], action["overdue"]) == (
        "call again",
        "2026-11-12",
        today() > date(2026, 11, 12),
    )
    assert "last_contact" not in pages(sqlite_service.as_("returns"), path)[0]


def test_the_same_list_has_the_same_tag_and_every_reading_is_audited(sqlite_service: Any) -> None:
    check = add_check(sqlite_service)
    fill(sqlite_service, check, {"100001": invented(5), "100002": invented(5, school=1)})
    client, path = sqlite_service.as_("returns"), path_of(sqlite_service, check)
    first = client.get(path)
    assert client.get(path).headers["etag"] == first.headers["etag"]
    assert client.get(path, headers={"if-none-match": first.headers["etag"]}).status_code == 304
    with sqlite_service.database.read() as connection:
        events = connection.execute(
            select(t.audit_events.c.pupils).where(t.audit_events.c.action == "register.read")
        ).scalars()
        assert [len(pupils.split()) for pupils in events] == [5, 5]


def test_files_do_not_name_sensitive_reasons_unless_asked(filled: Any) -> None:
    service, path, _ = filled
    client = service.as_("analyst")
    items = pages(client, path, limit=500)
    named = {
        reason["fact"]
        for item in items
        for reason in item.get("reasons", ())
        if reason.get("sensitive") and "points" in reason
    }
    assert named
    plain = client.get(path, headers={"accept": "text/csv"})
    full = client.get(path, params={"include": "sensitive"}, headers={"accept": "text/csv"})
    assert "attachment" in plain.headers["content-disposition"]
    rows = list(csv.DictReader(io.StringIO(plain.content.decode("utf-8-sig"))))
    assert len(rows) == len(items)
    assert [row["pupil"] for row in rows] == [item["pupil"] for item in items]
    assert not any(fact in row["why"] for fact in named for row in rows)
    assert any("a reason not named +" in row["why"] for row in rows)
    assert rows[0]["not_named"] == exports.LEFT_OUT
    again = list(csv.DictReader(io.StringIO(full.content.decode("utf-8-sig"))))
    assert all(any(fact in row["why"] for row in again) for fact in named)
    assert again[0]["not_named"] == exports.NAMED
    assert [row["upn"] for row in rows if row["upn"]]


def test_a_workbook_says_what_it_is_and_no_text_is_a_formula(sqlite_service: Any) -> None:
    cohort = invented(4)
    names = pa.array(["=1+1", "+44", "Sample", "@you"])
    check = add_check(sqlite_service)
    fill(sqlite_service, check, {"100001": replace(cohort, columns={**cohort.columns, "surname": names})})
    path, client = path_of(sqlite_service, check), sqlite_service.as_("analyst")
    book = openpyxl.load_workbook(io.BytesIO(client.get(path, headers={"accept": exports.XLSX}).content))
    rows = list(book["List"].iter_rows(values_only=True))
    surnames = {row[rows[0].index("surname")] for row in rows[1:]}
    assert surnames == {"'=1+1", "'+44", "Sample", "'@you"}
    said = {str(row[0]): str(row[1]) for row in book["How to read this"].iter_rows(values_only=True)}
    assert any("digest" in text for text in said.values())
    text = client.get(path, headers={"accept": "text/csv"}).text
    assert '"\'=1+1"' in text


def test_who_may_not_take_lists_away_gets_no_file(filled: Any) -> None:
    service, path, _ = filled
    for who in ("returns", "panel", "virtual_school"):
        assert service.as_(who).get(path, headers={"accept": "text/csv"}).status_code == 403
    answer = service.as_("analyst").get(path, headers={"accept": "image/png"})
    assert (answer.status_code, answer.json()["code"]) == (406, "not_acceptable")


def test_what_was_stored_can_be_worked_out_again(sqlite_service: Any) -> None:
    check = add_check(sqlite_service)
    ids = fill(sqlite_service, check, {"100001": invented(12), "100002": invented(8, school=1)})["100001"]
    path, client = path_of(sqlite_service, check) + "/verification", sqlite_service.as_("analyst")
    said = client.get(path).json()
    assert said["same"] is True
    assert [view["pupils"] for view in said["views"]] == [20, 20, 20]
    assert said["scorecard"]["digest"] == load_scorecard("roni").digest
    assert len(said["files"]) == 2
    with sqlite_service.database.write(Access.system()) as connection:
        row = t.register_rows.c
        line = connection.execute(select(row.line).where(row.pupil_id == ids[0]).limit(1)).scalar_one()
        connection.execute(
            update(t.register_rows)
            .where(row.pupil_id == ids[0])
            .values(line=json.dumps({**json.loads(line), "points": 99}))
        )
    said = client.get(path).json()
    assert said["same"] is False
    assert {view["view"]: len(view["differing"]) for view in said["views"]} == {"school": 1, "support": 1, "full": 1}
    assert sqlite_service.as_("coach").get(path).status_code == 403


@pytest.mark.parametrize(("schools", "followed"), [(None, True), (frozenset({1}), False)])
def test_a_cut_follows_the_index_of_the_rules_for_who_reads_most(
    sqlite_service: Any, schools: frozenset[int] | None, followed: bool
) -> None:
    """Of a register of 100,000 nothing else is quick enough; who reads one school has its pupils found first."""
    access = replace(Access.system(), schools=schools)
    ranked = (t.register_rows.c.register_id == 1) & (t.register_rows.c.section == "ranked")
    query = by_rules(access, ranked, 5).compile(sqlite_service.database.engine, compile_kwargs={"literal_binds": True})
    with sqlite_service.database.read() as connection:
        plan = connection.exec_driver_sql(f"explain query plan {query}").all()
    assert ("ix_register_rows_register_rules" in str(plan)) is followed
