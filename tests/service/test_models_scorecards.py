"""Scorecards of the council's own, and a check tried under another card or model beside its live register."""

from __future__ import annotations

import time
from importlib import resources

import pytest
from sqlalchemy import func, select, update

from roni import load_model, scorecard_names
from service import tables as t
from service.models.scorecards import MOST_BYTES
from tests.service.rolls import add_check, fill, invented, register_rows
from tests.service.test_models_shelf import promotion, ref_of

DEMO = load_model("demo")
OWN = (
    resources.files("roni")
    .joinpath("scorecards", "oxfordshire.toml")
    .read_text("utf-8")
    .replace('name = "oxfordshire"', 'name = "ours"', 1)
)


def send(client, content: str | bytes, name: str = "card.toml"):
    return client.post("/v1/scorecards", files={"file": (name, content)})


def test_a_card_is_kept_shown_and_listed(sqlite_service) -> None:
    client = sqlite_service.as_("analyst")
    answer = send(client, OWN)
    assert answer.status_code == 201
    ref = answer.json()["ref"]
    assert answer.headers["location"] == f"/v1/scorecards/{ref}"
    shown = client.get(f"/v1/scorecards/{ref}").json()
    assert (shown["name"], shown["shipped"], shown["content"]) == ("ours", False, OWN)
    assert "BANDS" in shown["in_words"]
    listed = client.get("/v1/scorecards").json()["items"]
    assert {item["name"] for item in listed} == {*scorecard_names(), "ours"}


def test_the_same_text_twice_is_one_version_and_another_text_a_second(sqlite_service) -> None:
    client = sqlite_service.as_("analyst")
    first = send(client, OWN)
    again = send(client, OWN, "renamed.toml")
    assert (again.status_code, again.json()["ref"]) == (200, first.json()["ref"])
    assert send(client, OWN + "\n# changed\n").status_code == 201
    names = [item["name"] for item in client.get("/v1/scorecards").json()["items"]]
    assert names.count("ours") == 2


def test_a_wrong_card_is_answered_with_every_fault_by_indicator_and_what_is_allowed(sqlite_service) -> None:
    wrong = OWN.replace("points = 2", "points = 2000", 1).replace("[[indicator]]", "[[indicator]]\nsecret = 1", 1)
    answer = send(sqlite_service.as_("analyst"), wrong)
    assert (answer.status_code, answer.json()["code"]) == (422, "scorecard_wrong")
    faults = [item["message"] for item in answer.json()["errors"]]
    assert any("“secret” is not allowed. Allowed are: name" in fault for fault in faults)
    assert all(fault.startswith("The scorecard: ") for fault in faults)


@pytest.mark.parametrize(
    "content",
    [b"\xff\xfe", b"a=" + b"[" * 20_000, ("a" + ".a" * 20_000 + "=1").encode(), ('"a"' + ' . "a"' * 9_000).encode()],
    ids=["not text", "nested", "dotted", "quoted"],
)
def test_a_hostile_file_is_refused_at_once(module_service, content) -> None:
    start = time.perf_counter()
    answer = send(module_service.as_("analyst"), content)
    assert (answer.status_code, answer.json()["code"]) == (422, "not_a_scorecard")
    assert time.perf_counter() - start < 2


def test_a_card_has_a_size_and_a_name_of_its_own(sqlite_service) -> None:
    client = sqlite_service.as_("analyst")
    assert send(client, b"#" * (MOST_BYTES + 1)).status_code == 413
    assert send(client, OWN + "#" * (MOST_BYTES - len(OWN.encode()))).status_code == 201
    taken = send(client, OWN.replace('name = "ours"', 'name = "roni"', 1))
    assert (taken.status_code, taken.json()["code"]) == (409, "scorecard_shipped")
    named = send(client, OWN.replace('name = "ours"', 'name = "Our Card"', 1))
    assert named.json()["code"] == "scorecard_name"


@pytest.mark.parametrize("who", ["returns", "coach", "virtual_school", "panel"])
def test_everybody_reads_cards_and_only_analysts_add_or_try_them(module_service, who) -> None:
    check = "check-none"
    client = module_service.as_(who)
    assert client.get("/v1/scorecards").status_code == 200
    assert client.get("/v1/scorecards/roni").json()["in_words"]
    assert send(client, OWN).status_code == 403
    assert client.post(f"/v1/checks/{check}/registers", json={"scorecard": "oxfordshire"}).status_code == 403
    assert client.get(f"/v1/checks/{check}/registers").status_code == 403


def furnished(service, capacity: int | None = 20) -> tuple[int, str]:
    check = add_check(service, capacity=capacity)
    fill(service, check, {"100001": invented(60), "100002": invented(60, school=1)})
    return check, ref_of(service, check)


def test_a_check_is_tried_under_another_card_beside_its_register(service) -> None:
    check, ref = furnished(service)
    live = [(row.pupil_id, row.line) for row in register_rows(service, check)]
    client = service.as_("analyst")
    answer = client.post(f"/v1/checks/{ref}/registers", json={"scorecard": "oxfordshire"})
    assert answer.status_code == 201
    found = answer.json()
    assert (found["live"]["scorecard"], found["tried"]["scorecard"]) == ("roni", "oxfordshire")
    ranked = sum(row.section == "ranked" for row in register_rows(service, check))
    assert found["up"] + found["down"] + found["same"] == ranked == sum(item["pupils"] for item in found["schools"])
    assert found["capacity"]["both"] + found["capacity"]["only_first"] == 20
    assert found["capacity"]["only_first"] == found["capacity"]["only_second"]
    sides = [item["capacity"] for item in found["items"]]
    assert (sides.count("in"), sides.count("out")) == (
        found["capacity"]["only_second"],
        found["capacity"]["only_first"],
    )
    assert [item["change"] for item in found["items"]].count("up") == found["up"]
    assert [(row.pupil_id, row.line) for row in register_rows(service, check)] == live
    assert client.get(answer.headers["location"]).json()["tried"]["ref"] == found["tried"]["ref"]


def test_what_was_tried_is_listed_and_taken_away(sqlite_service) -> None:
    check, ref = furnished(sqlite_service, capacity=None)
    client = sqlite_service.as_("analyst")
    found = client.post(f"/v1/checks/{ref}/registers", json={"scorecard": "oxfordshire"}).json()
    assert found["capacity"] is None
    listed = client.get(f"/v1/checks/{ref}/registers").json()["items"]
    assert [(item["scorecard"], item["made_by"]) for item in listed] == [("oxfordshire", "Invented analyst")]
    path = f"/v1/checks/{ref}/registers/{listed[0]['ref']}"
    assert client.delete(path).status_code == 204
    assert client.get(path).status_code == 404
    assert client.get(f"/v1/checks/{ref}/registers").json()["items"] == []
    with sqlite_service.database.read() as connection:
        left = connection.execute(select(func.count()).select_from(t.register_rows)).scalar()
    assert left == 3 * len(register_rows(sqlite_service, check))


def test_a_live_register_is_not_taken_away(sqlite_service) -> None:
    check, ref = furnished(sqlite_service)
    with sqlite_service.database.read() as connection:
        live = connection.execute(select(t.registers.c.ref).where(t.registers.c.check_id == check)).scalars().first()
    assert sqlite_service.as_("analyst").delete(f"/v1/checks/{ref}/registers/{live}").status_code == 404
    assert register_rows(sqlite_service, check)


def test_a_model_is_tried_once_it_is_promoted(sqlite_service) -> None:
    _, ref = furnished(sqlite_service)
    client = sqlite_service.as_("analyst")
    tried = {"model": DEMO.digest}
    refused = client.post(f"/v1/checks/{ref}/registers", json=tried)
    assert (refused.status_code, refused.json()["code"]) == (422, "model_not_promoted")
    client.post("/v1/models/demo/promotion", json=promotion())
    found = client.post(f"/v1/checks/{ref}/registers", json=tried).json()
    assert (found["tried"]["model"], found["live"]["model"]) == ("demo", None)
    assert found["down"] == 0


def test_there_must_be_something_to_try(sqlite_service) -> None:
    _, ref = furnished(sqlite_service)
    client = sqlite_service.as_("analyst")
    for same in ({}, {"scorecard": "roni"}, {"model": None}):
        assert client.post(f"/v1/checks/{ref}/registers", json=same).json()["code"] == "nothing_to_try"
    none = client.post(f"/v1/checks/{ref}/registers", json={"scorecard": "none"})
    assert none.json()["code"] == "no_such_scorecard"


def test_an_own_card_may_be_tried_and_then_used(sqlite_service) -> None:
    check, ref = furnished(sqlite_service)
    client = sqlite_service.as_("analyst")
    card = send(client, OWN).json()["ref"]
    found = client.post(f"/v1/checks/{ref}/registers", json={"scorecard": card}).json()
    assert found["tried"]["scorecard"] == "ours"
    bands = {row.pupil_id: row.band for row in register_rows(sqlite_service, check)}
    assert client.patch(f"/v1/checks/{ref}", json={"scorecard": card}).json()["scorecard"] == "ours"
    after = {row.pupil_id: row.band for row in register_rows(sqlite_service, check)}
    assert sum(after[pupil] > band for pupil, band in bands.items()) == found["up"]


def test_only_readable_pupils_are_named_and_the_audit_says_so(sqlite_service) -> None:
    _, ref = furnished(sqlite_service)
    found = sqlite_service.as_("analyst").post(f"/v1/checks/{ref}/registers", json={"scorecard": "oxfordshire"}).json()
    with sqlite_service.database.read() as connection:
        event = t.audit_events.c
        said = connection.execute(select(event.pupils).where(event.action == "register.compare")).scalar()
    assert len(said.split()) == len(found["items"]) > 0


def test_a_closed_check_may_still_be_tried(sqlite_service) -> None:
    from service.clock import now

    check, ref = furnished(sqlite_service)
    with sqlite_service.database.write() as connection:
        connection.execute(update(t.checks).where(t.checks.c.id == check).values(closed_at=now()))
    answer = sqlite_service.as_("analyst").post(f"/v1/checks/{ref}/registers", json={"scorecard": "oxfordshire"})
    assert answer.status_code == 201
