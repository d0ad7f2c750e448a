"""The model shelf over HTTP: what stands on it, who may see it, promoted and taken back."""

from __future__ import annotations

import json
import shutil
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import func, select, update

import roni
from roni import load_model, save_model
from roni.model import Model
from service import tables as t
from service.clock import now
from tests.service.conftest import furnish
from tests.service.rolls import add_check, fill, invented, register_rows, shipped

DEMO = load_model("demo")
SHIPPED = Path(roni.__file__).parent / "models"


def other_model(name: str = "other") -> Model:
    """The demo model with other bands, so that some pupils change theirs."""
    edges = tuple(edge / 2 for edge in DEMO.band_edges)
    return Model(name, DEMO.tables, DEMO.fields, edges, DEMO.card)


@pytest.fixture
def shelved(tmp_path, start_service):
    """A service whose shelf has a model of the council's own, and one that somebody has changed."""
    shelf = tmp_path / "shelf"
    save_model(other_model(), shelf)
    (shelf / "broken").mkdir()
    (shelf / "broken" / "model.json").write_text((shelf / "other" / "model.json").read_text().replace("0.1", "0.2", 1))
    return furnish(start_service(f"sqlite:///{tmp_path / 'roni.db'}", models=str(shelf)))


def ref_of(service, check_id: int) -> str:
    with service.database.read() as connection:
        return str(connection.execute(select(t.checks.c.ref).where(t.checks.c.id == check_id)).scalar())


def november(service, pupils: int = 60) -> tuple[int, str]:
    check = add_check(service)
    fill(service, check, {"100001": invented(pupils), "100002": invented(pupils, school=1)})
    return check, ref_of(service, check)


def promotion(check: str | None = None, **more) -> dict:
    return {"note": "Measured on last summer's leavers", "check": check, "digest": DEMO.digest} | more


def test_the_shelf_lists_every_model_and_why_one_is_refused(shelved) -> None:
    items = {item["name"]: item for item in shelved.as_("analyst").get("/v1/models").json()["items"]}
    assert set(items) == {"broken", "demo", "other"}
    assert (items["demo"]["own"], items["demo"]["invented"], items["demo"]["promoted"]) == (False, True, False)
    assert (items["other"]["own"], items["other"]["evaluation"]) == (True, None)
    assert items["broken"]["digest"] is None
    assert items["broken"]["refused"]
    assert str(shelved.settings.models) not in items["broken"]["refused"]


def test_a_model_shows_its_card_figures_and_tables(shelved) -> None:
    shown = shelved.as_("analyst").get("/v1/models/demo").json()
    assert shown["card"]["invented"] is True
    assert any(item["name"].startswith("recall of a list") and item["text"] for item in shown["card"]["measured"])
    assert [item["name"] for item in shown["fields"]] == list(DEMO.tables)
    assert all(item["least"] <= item["not_known"] <= item["most"] for item in shown["fields"])
    assert 0 < shown["starts_from"] < 1
    assert shown["evaluation"] == "/v1/models/demo/evaluation"


def test_a_refused_model_is_shown_without_a_card_and_never_promoted(shelved) -> None:
    client = shelved.as_("analyst")
    assert client.get("/v1/models/broken").json()["card"] is None
    answer = client.post("/v1/models/broken/promotion", json=promotion())
    assert (answer.status_code, answer.json()["code"]) == (422, "model_refused")


def test_the_report_is_a_download_that_runs_nothing(shelved) -> None:
    answer = shelved.as_("analyst").get("/v1/models/demo/evaluation")
    assert answer.status_code == 200
    assert answer.headers["content-disposition"] == 'attachment; filename="demo-evaluation.html"'
    assert answer.headers["content-security-policy"].startswith("sandbox;")
    assert answer.content == (SHIPPED / "demo" / "evaluation.html").read_bytes()
    missing = shelved.as_("analyst").get("/v1/models/other/evaluation")
    assert (missing.status_code, missing.json()["code"]) == (404, "no_report")


@pytest.mark.parametrize("name", ["none", "..%2Fdemo", "DEMO", "demo%00"])
def test_a_name_is_never_a_path(module_service, name) -> None:
    assert module_service.as_("analyst").get(f"/v1/models/{name}").status_code in (404, 422)


@pytest.mark.parametrize("who", ["returns", "careers", "coach", "virtual_school", "panel", "administrator"])
def test_only_analysts_see_the_shelf(module_service, who) -> None:
    client = module_service.as_(who)
    for path in ("/v1/models", "/v1/models/demo", "/v1/models/demo/evaluation", "/v1/models/demo/comparison/other"):
        assert client.get(path, params={"check": "x"}).status_code == 403
    assert client.post("/v1/models/demo/promotion", json=promotion()).status_code == 403


def test_a_promotion_for_a_check_works_its_register_out_again(service) -> None:
    check, ref = november(service)
    before = {row.pupil_id: row for row in register_rows(service, check)}
    answer = service.as_("analyst").post("/v1/models/demo/promotion", json=promotion(ref))
    assert (answer.status_code, answer.json()["checks"]) == (201, [ref])
    after = {row.pupil_id: row for row in register_rows(service, check)}
    assert all(row.probability is None for row in before.values())
    assert any(row.probability is not None for row in after.values())
    assert all(after[pupil].band >= before[pupil].band for pupil in before)  # a model may only add
    with service.database.read() as connection:
        made = connection.execute(select(t.registers.c.model_digest).where(t.registers.c.check_id == check)).scalars()
        assert set(made) == {DEMO.digest}
    assert service.as_("analyst").get(f"/v1/checks/{ref}").json()["model_digest"] == DEMO.digest


def test_a_promotion_holds_for_later_open_checks_and_no_earlier_or_closed_one(sqlite_service) -> None:
    service = sqlite_service
    november_check, january = add_check(service), add_check(service, "january")
    later = add_check(service, "november", year=2027, on=date(2027, 11, 1), closed_at=now())
    client = service.as_("analyst")
    answer = client.post("/v1/models/demo/promotion", json=promotion(ref_of(service, january)))
    assert answer.json()["checks"] == [ref_of(service, january)]
    assert client.get(f"/v1/checks/{ref_of(service, november_check)}").json()["model"] is None
    refused = client.post("/v1/models/demo/promotion", json=promotion(ref_of(service, later)))
    assert (refused.status_code, refused.json()["code"]) == (409, "check_closed")


def test_without_a_check_a_model_may_only_be_chosen(sqlite_service) -> None:
    check, ref = november(sqlite_service)
    client = sqlite_service.as_("analyst")
    assert client.patch(f"/v1/checks/{ref}", json={"model": DEMO.digest}).json()["code"] == "model_not_promoted"
    assert client.post("/v1/models/demo/promotion", json=promotion()).json()["checks"] == []
    assert all(row.probability is None for row in register_rows(sqlite_service, check))
    assert client.patch(f"/v1/checks/{ref}", json={"model": DEMO.digest}).status_code == 200
    assert client.get("/v1/models/demo").json()["used_by"] == [{"ref": ref, "label": "November 2026"}]


def test_taking_a_model_back_puts_the_one_before_in_its_place(shelved) -> None:
    check, ref = november(shelved)
    client = shelved.as_("analyst")
    other = other_model()
    client.post("/v1/models/demo/promotion", json=promotion(ref))
    client.post("/v1/models/other/promotion", json=promotion(ref, digest=other.digest))
    assert client.get(f"/v1/checks/{ref}").json()["model"] == "other"
    answer = client.post("/v1/models/other/rollback", json={"note": "Not measured here", "digest": other.digest})
    assert (answer.status_code, answer.json()["checks"]) == (200, [ref])
    assert client.get(f"/v1/checks/{ref}").json()["model_digest"] == DEMO.digest
    client.post("/v1/models/demo/rollback", json={"note": "Neither", "digest": DEMO.digest})
    assert client.get(f"/v1/checks/{ref}").json()["model"] is None
    assert all(row.probability is None for row in register_rows(shelved, check))
    again = client.post("/v1/models/demo/rollback", json={"note": "Neither", "digest": DEMO.digest})
    assert (again.status_code, again.json()["code"]) == (409, "model_not_promoted")
    said = client.get("/v1/models/demo").json()["promotions"]
    assert [(item["action"], item["note"]) for item in said] == [
        ("rollback", "Neither"),
        ("promote", "Measured on last summer's leavers"),
    ]


def test_a_model_exchanged_since_it_was_seen_is_not_promoted(shelved) -> None:
    client = shelved.as_("analyst")
    seen = client.get("/v1/models/other").json()["digest"]
    changed = Model("other", DEMO.tables, DEMO.fields, DEMO.band_edges, DEMO.card)
    save_model(changed, shelved.settings.models)
    answer = client.post("/v1/models/other/promotion", json=promotion(digest=seen))
    assert (answer.status_code, answer.json()["code"]) == (412, "stale")


def test_a_file_exchanged_after_promotion_is_not_the_promoted_one(shelved) -> None:
    _, ref = november(shelved)
    client = shelved.as_("analyst")
    client.post("/v1/models/other/promotion", json=promotion(ref, digest=other_model().digest))
    shutil.rmtree(Path(shelved.settings.models) / "other")
    changed = Model("other", DEMO.tables, DEMO.fields, (*DEMO.band_edges[:1], 0.9, 0.99), DEMO.card)
    save_model(changed, shelved.settings.models)
    assert client.get("/v1/models/other").json()["promoted"] is False
    refused = client.patch(f"/v1/checks/{ref}", json={"model": changed.digest})
    assert refused.json()["code"] == "model_not_promoted"


@pytest.mark.parametrize("note", ["", "   "])
def test_a_promotion_says_why(module_service, note) -> None:
    answer = module_service.as_("analyst").post("/v1/models/demo/promotion", json=promotion(note=note))
    assert answer.status_code == 422


def test_a_model_that_does_not_fit_the_card_changes_nothing(sqlite_service) -> None:
    check = add_check(sqlite_service, card="oxfordshire")
    fill(sqlite_service, check, {"100001": invented(20)})
    ref = ref_of(sqlite_service, check)
    fewer = len(shipped("oxfordshire").bands) != len(DEMO.band_edges) + 1
    answer = sqlite_service.as_("analyst").post("/v1/models/demo/promotion", json=promotion(ref))
    assert answer.status_code == (422 if fewer else 201)
    with sqlite_service.database.read() as connection:
        count = connection.execute(select(func.count()).select_from(t.promotions)).scalar()
    assert count == (0 if fewer else 1)


def test_two_models_are_compared_and_nothing_is_stored(shelved) -> None:
    check, ref = november(shelved)
    with shelved.database.write() as connection:
        connection.execute(update(t.checks).where(t.checks.c.id == check).values(capacity=20))
    client = shelved.as_("analyst")
    found = client.get("/v1/models/demo/comparison/other", params={"check": ref}).json()
    assert found["up"] > 0
    assert found["down"] == 0  # the other model's bands begin lower
    assert found["up"] + found["same"] == found["pupils"] == sum(item["pupils"] for item in found["bands"])
    assert found["pupils"] == sum(item["pupils"] for item in found["schools"])
    assert 0 < found["rank_correlation"] <= 1
    assert found["capacity"]["both"] + found["capacity"]["only_first"] == 20
    assert [item["name"] for item in found["models"]] == ["demo", "other"]
    back = client.get("/v1/models/other/comparison/demo", params={"check": ref}).json()
    assert (back["down"], back["up"]) == (found["up"], 0)
    same = client.get("/v1/models/demo/comparison/demo", params={"check": ref}).json()
    assert (same["up"], same["down"], same["rank_correlation"]) == (0, 0, 1.0)
    assert all(row.probability is None for row in register_rows(shelved, check))


def test_promotions_and_comparisons_are_in_the_audit(shelved) -> None:
    _, ref = november(shelved)
    client = shelved.as_("analyst")
    client.post("/v1/models/demo/promotion", json=promotion(ref))
    client.get("/v1/models/demo/comparison/other", params={"check": ref})
    with shelved.database.read() as connection:
        rows = connection.execute(select(t.audit_events.c.action, t.audit_events.c.detail)).all()
    said = {row.action: json.loads(row.detail) for row in rows}
    assert said["model.promote"]["digest"] == DEMO.digest
    assert said["model.compare"]["digests"] == [DEMO.digest, other_model().digest]
