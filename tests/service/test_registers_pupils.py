"""One pupil explained, found and followed; what changed between checks; and what nobody learns without the audience."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from sqlalchemy import select, update

from roni import carry_over, load_model, load_scorecard, national, score
from service import tables as t
from service.access import ROLES, VIEWS, Access
from service.registers.schemas import ExplanationShape, MovementPage
from service.registers.working_out import work_out
from tests.service.rolls import add_check, add_model, confirm, fill, invented, register_rows


def ref_of(service: Any, check: int) -> str:
    with service.database.read() as connection:
        return str(connection.execute(select(t.checks.c.ref).where(t.checks.c.id == check)).scalar_one())


def pupil_ref(service: Any, pupil: int) -> str:
    with service.database.read() as connection:
        return str(connection.execute(select(t.pupils.c.ref).where(t.pupils.c.id == pupil)).scalar_one())


@pytest.fixture
def two_checks(module_service: Any) -> Any:
    """November and January of one school with a model, made once for this file."""
    service = module_service
    if not hasattr(service, "two"):
        before = invented(50)
        after = carry_over(invented(50, name="january").take(np.arange(5, 50)), before)
        november = add_check(service)
        january = add_check(service, "january", earlier_id=november)
        for check in (november, january):
            add_model(service, check, load_model("demo"))
        ids = fill(service, november, {"100001": before, "100002": invented(4, school=1)})["100001"]
        fill(service, january, {"100001": after})
        service.two = (november, january, before, after, ids)
    return service, *service.two


def test_an_explanation_is_the_library_s_in_three_forms(two_checks: Any) -> None:
    service, _november, january, before, after, _ = two_checks
    model, card = load_model("demo"), load_scorecard("roni")
    row = register_rows(service, january)[0]
    path = f"/v1/checks/{ref_of(service, january)}/pupils/{pupil_ref(service, row.pupil_id)}"
    client = service.as_("analyst")
    today, then = (score(cohort.seen_by(VIEWS["full"]), card, model) for cohort in (after, before))
    expected = today.explain(row.key, then)
    said = client.get(path).json()
    ExplanationShape.model_validate(said)
    for name in ("band", "points", "points_max", "most", "change", "model", "marks", "ask_first", "meaning"):
        assert said[name] == getattr(expected, name), name
    assert [reason["fact"] for reason in said["reasons"]] == [reason.fact for reason in expected.reasons]
    assert sum(reason["points"] for reason in said["reasons"]) == said["points"]
    assert client.get(path, headers={"accept": "text/plain"}).text == expected.text
    assert client.get(path, headers={"accept": "image/svg+xml"}).text == expected.svg()
    assert client.get(path, headers={"accept": "image/png"}).status_code == 406
    assert said["limits"]
    assert "key" not in said
    values = {value["field"]: value for value in said["values"]}
    assert values["attendance"]["value"] == after.value("attendance", after.index_of(row.key))
    assert values["attendance"]["source"]
    assert values["attendance"]["as_at"]
    assert not {"sex", "ethnicity"} & set(values)


def test_nobody_reads_a_pupil_of_another_school(two_checks: Any) -> None:
    service, november, _, _, _, ids = two_checks
    path = f"/v1/checks/{ref_of(service, november)}/pupils/{pupil_ref(service, ids[0])}"
    for who, status in (("returns", 200), ("careers", 200), ("coach", 200), ("panel", 200), ("analyst", 200)):
        assert service.as_(who).get(path).status_code == status
    for who in ("returns2", "coach_south", "coach_own", "virtual_school", "youth_justice"):
        assert service.as_(who).get(path).status_code == 404
        history = f"/v1/pupils/{pupil_ref(service, ids[0])}/history"
        assert service.as_(who).get(history).status_code == 404
    assert service.as_("administrator").get(path).status_code == 403


def test_a_pupil_who_is_not_in_a_check_is_said_to_be_so(two_checks: Any) -> None:
    service, _, january, _, _, ids = two_checks
    answer = service.as_("analyst").get(f"/v1/checks/{ref_of(service, january)}/pupils/{pupil_ref(service, ids[0])}")
    assert (answer.status_code, answer.json()["code"]) == (404, "not_in_check")


def test_the_history_goes_over_the_checks(two_checks: Any) -> None:
    service, november, january, _, _, ids = two_checks
    items = service.as_("careers").get(f"/v1/pupils/{pupil_ref(service, ids[10])}/history").json()["items"]
    assert [item["check"]["ref"] for item in items] == [ref_of(service, january), ref_of(service, november)]
    assert all(item["why"] is not None for item in items)
    assert items[0]["change"]["kind"]


def test_pupils_are_found_by_words_of_the_name_or_by_upn(two_checks: Any) -> None:
    service, _, _, _before, _, ids = two_checks
    with service.database.read() as connection:
        pupil = connection.execute(select(t.pupils).where(t.pupils.c.id == ids[3])).one()
    surname, _, forename = pupil.name.partition(", ")
    client = service.as_("returns")

    def found(who: Any, **asked: Any) -> list[str]:
        return [item["pupil"] for item in who.post("/v1/pupils/search", json=asked).json()["items"]]

    assert pupil.ref in found(client, name=f"{forename[:3].lower()} {surname.upper()}")
    assert found(client, upn=pupil.upn.lower()) == [pupil.ref]
    assert found(service.as_("returns2"), upn=pupil.upn) == []
    assert found(client, name="%%") == []
    assert client.post("/v1/pupils/search", json={}).json()["code"] == "nothing_asked"
    assert client.post("/v1/pupils/search", json={"upn": "no"}).status_code == 422
    assert client.get("/v1/pupils/search").status_code in (404, 405)


def test_movement_is_the_library_s_with_counts_and_pages(two_checks: Any) -> None:
    service, november, january, before, after, _ = two_checks
    path = f"/v1/checks/{ref_of(service, january)}/movement/{ref_of(service, november)}"
    model, card = load_model("demo"), load_scorecard("roni")
    today, then = (score(cohort.seen_by(VIEWS["school"]), card, model) for cohort in (after, before))
    expected = today.since(then)
    client = service.as_("returns")
    items: list[dict[str, Any]] = []
    asked: dict[str, Any] = {"limit": 7}
    while True:
        page = client.get(path, params=asked).json()
        MovementPage.model_validate(page)
        assert page["counts"] == expected.counts()
        items += page["items"]
        if page["next"] is None:
            break
        asked["cursor"] = page["next"]
    said = {row["key"]: row for row in expected.to_table().to_pylist()}
    with service.database.read() as connection:
        keys = {row.ref: row.key for row in connection.execute(select(t.pupils.c.ref, t.pupils.c.key))}
    assert {keys[item["pupil"]] for item in items} == set(said)
    for item in items:
        row = said[keys[item["pupil"]]]
        assert (item["kind"], item["why"]) == (row["kind"], row["why"])
        assert (item["points_before"], item["points_now"]) == (row["points_before"], row["points_now"])
    assert [item["kind"] for item in items] == sorted(
        [item["kind"] for item in items], key=["up", "new", "down", "left", "unchanged", "not compared"].index
    )
    ups = client.get(path, params={"kind": "left"}).json()["items"]
    assert {item["kind"] for item in ups} == {"left"}


def test_a_school_that_has_not_returned_has_lost_nobody(two_checks: Any) -> None:
    service, november, january, _, _, _ = two_checks
    path = f"/v1/checks/{ref_of(service, january)}/movement/{ref_of(service, november)}"
    page = service.as_("analyst").get(path, params={"school": "100002"}).json()
    assert page["counts"] == {"not returned yet": 4}
    backwards = f"/v1/checks/{ref_of(service, november)}/movement/{ref_of(service, january)}"
    assert service.as_("analyst").get(backwards).json()["code"] == "not_earlier"


def test_a_school_has_its_reference_wherever_a_pupil_or_file_is_told_of(two_checks: Any) -> None:
    service, november, january, _, _, _ = two_checks
    client = service.as_("analyst")
    school = {item["urn"]: item["ref"] for item in client.get("/v1/schools").json()["items"]}["100001"]
    row, here = register_rows(service, january)[0], f"/v1/checks/{ref_of(service, january)}"
    name = client.get(f"{here}/pupils/{pupil_ref(service, row.pupil_id)}").json()["name"]
    told = [
        client.get(f"{here}/register").json()["items"],
        client.get(f"{here}/register").json()["files"],
        client.get(f"{here}/movement/{ref_of(service, november)}", params={"school": "100001"}).json()["items"],
        client.get(f"{here}/register/verification").json()["files"],
        client.post("/v1/pupils/search", json={"name": name}).json()["items"],
    ]
    assert [{item["school"]["ref"] for item in items} for items in told] == [{school}] * len(told)


def test_a_restricted_pupil_is_explained_by_saying_so(sqlite_service: Any) -> None:
    cohort = invented(2)
    flags = np.array([1, -1], np.int8)
    check = add_check(sqlite_service)
    made = replace(cohort, columns={**cohort.columns, "restricted_sharing": flags})
    ids = fill(sqlite_service, check, {"100001": made})["100001"]
    path = f"/v1/checks/{ref_of(sqlite_service, check)}/pupils/{pupil_ref(sqlite_service, ids[0])}"
    said = sqlite_service.as_("analyst").get(path).json()
    assert said["points"] is said["band"] is None
    assert "section 72" in said["meaning"]
    assert {value["family"] for value in said["values"]} <= {"identity", "registration", "contact"}
    answer = sqlite_service.as_("analyst").get(path, headers={"accept": "image/svg+xml"})
    assert (answer.status_code, answer.json()["code"]) == (404, "no_picture")


# Every field that some role does not see, with the roles of this test that do not.
READERS = {"returns": "school", "careers": "support", "coach": "support", "panel": "support", "analyst": "full"}
ANSWERS: dict[str, list[Any]] = {"flag": [True, False], "code": [], "date": ["2026-10-01"], "text": ["sentinel-text"]}


def test_every_role_is_among_those_that_are_walked() -> None:
    assert {*READERS, "team", "administrator"} == set(ROLES)


def test_without_its_audience_nobody_sees_a_field_s_value_its_reason_or_its_points(sqlite_service: Any) -> None:
    """For each field and role: what the caller reads is the same, to the byte, whatever the field says."""
    service, fields = sqlite_service, national()
    cohort = invented(6)
    check = add_check(service)
    add_model(service, check, load_model("demo"))
    pupil = fill(service, check, {"100001": cohort})["100001"][0]
    register = f"/v1/checks/{ref_of(service, check)}/register?limit=500"
    explained = f"/v1/checks/{ref_of(service, check)}/pupils/{pupil_ref(service, pupil)}"

    def say(values: dict[str, Any]) -> None:
        with service.database.write(Access.system()) as connection:
            roll = t.roll_pupils.c
            record = connection.execute(select(roll.record).where(roll.pupil_id == pupil)).scalar_one()
            kept = {name: value for name, value in record["values"].items() if name not in values}
            said = {name: value for name, value in values.items() if value is not None}
            changed = {**record, "values": {**kept, **said}}
            connection.execute(update(t.roll_pupils).where(roll.pupil_id == pupil).values(record=changed))
            stored = connection.execute(select(t.submissions.c.cohort)).scalar_one()
            columns = list(dict.fromkeys([*stored["columns"], *values]))
            connection.execute(update(t.submissions).values(cohort={**stored, "columns": columns}))
            work_out(connection, service.settings, check)

    def read(who: str) -> list[Any]:
        page = service.as_(who).get(register).json()
        page.pop("version")
        return [page, service.as_(who).get(explained).json()]

    hidden = {
        view: [item for item in fields.values() if item.audience not in VIEWS[view] and item.name != "former_surname"]
        for view in set(READERS.values())
    }
    for view, items in hidden.items():
        if view == "full":
            assert {item.audience for item in items} <= {"monitoring"}
        readers = [who for who, theirs in READERS.items() if theirs == view]
        say({item.name: None for item in items})
        before = {who: read(who) for who in readers}
        worst = {item.name: answer for item in items if (answer := worst_of(item)) is not None}
        say(worst)
        for who in readers:
            assert read(who) == before[who], who
        text = json.dumps(read(readers[0]))
        assert "sentinel-text" not in text
        if view != "full":
            full = service.as_("analyst").get(explained).json()
            assert full["points"] > before[readers[0]][1]["points"]
        say(dict.fromkeys(worst))


def worst_of(item: Any) -> Any:
    if item.type == "flag":
        return True
    if item.type == "code":
        return next(code for code in reversed(item.codes) if code != "died")
    return {"text": "sentinel-text", "date": "2026-10-01", "count": 1, "percent": 50.0}[item.type]


def test_leaving_shows_in_movement_with_when_and_where_to(sqlite_service: Any) -> None:
    cohort = invented(5)
    key = cohort.keys.to_pylist()[0]
    november = add_check(sqlite_service)
    january = add_check(sqlite_service, "january", earlier_id=november)
    fill(sqlite_service, november, {"100001": cohort})
    later = replace(cohort, check=invented(1, name="january").check)
    leaver = {"date": "2026-12-04", "to": "home_education"}
    fill(sqlite_service, january, {"100001": later}, left={key: leaver})
    path = f"/v1/checks/{ref_of(sqlite_service, january)}/movement/{ref_of(sqlite_service, november)}"
    gone = sqlite_service.as_("analyst").get(path, params={"kind": "left"}).json()["items"]
    assert [item["why"] for item in gone] == ["left on 2026-12-04, to elective home education"]
    gone = sqlite_service.as_("returns").get(path, params={"kind": "left"}).json()["items"]
    assert [item["why"] for item in gone] == ["left on 2026-12-04"]
    row = next(row for row in register_rows(sqlite_service, january) if row.key == key)
    assert (row.section, row.change) == ("left", "left")


def test_readings_of_pupils_are_audited(sqlite_service: Any) -> None:
    check = add_check(sqlite_service)
    with sqlite_service.database.write(Access.system()) as connection:
        by, school = sqlite_service.people["returns"], sqlite_service.schools["100001"]
        pupil = confirm(connection, check, school, invented(1), by)[0]
        work_out(connection, sqlite_service.settings, check)
    ref = pupil_ref(sqlite_service, pupil)
    client = sqlite_service.as_("careers")
    client.get(f"/v1/checks/{ref_of(sqlite_service, check)}/pupils/{ref}")
    client.get(f"/v1/pupils/{ref}/history")
    client.post("/v1/pupils/search", json={"name": "a " * 2})
    with sqlite_service.database.read() as connection:
        actions = list(connection.execute(select(t.audit_events.c.action)).scalars())
    assert {"pupil.read", "pupil.history", "pupil.search"} <= set(actions)
