"""Pages of models and reports without a browser: who may see them, and what a form that is refused keeps."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from roni import load_model
from service import tables as t
from tests.service.rolls import add_check, fill, invented
from tests.service.test_models_scorecards import OWN
from tests.service.test_models_shelf import promotion, ref_of

DEMO = load_model("demo")
PAGES = (
    "/models", "/models/demo", "/models/demo/promotion", "/models/demo/evaluation", "/models/demo/evaluation/file",
    "/model-comparison", "/scorecards", "/scorecards/roni", "/reports",
    *(f"/checks/check-none/reports/{name}" for name in ("bands", "movement", "completeness", "overrides", "returns")),
    "/checks/check-none/trials", "/checks/check-none/extract",
)  # fmt: skip


@pytest.mark.parametrize("who", ["returns", "coach", "youth_justice", "panel", "administrator"])
def test_only_analysts_see_these_pages(module_service, who) -> None:
    browser = module_service.browser(who)
    assert {path: browser.get(path).status_code for path in PAGES} == dict.fromkeys(PAGES, 403)
    stranger = module_service.stranger()
    assert {stranger.get(path).status_code for path in PAGES} == {303}


def test_pages_of_a_check_that_is_not_there_are_not_found(module_service) -> None:
    browser = module_service.browser("analyst")
    assert {browser.get(path).status_code for path in PAGES if "check-none" in path} == {404}


def furnished(service) -> str:
    check = add_check(service, capacity=5)
    fill(service, check, {"100001": invented(30), "100002": invented(30, school=1)})
    return ref_of(service, check)


def test_a_promotion_without_a_reason_keeps_what_was_chosen(sqlite_service) -> None:
    ref, browser = furnished(sqlite_service), sqlite_service.browser("analyst")
    form = {"note": "  ", "check": ref, "digest": DEMO.digest}
    answer = browser.post("/models/demo/promotion", data=form)
    assert answer.status_code == 422
    assert "Say why" in answer.text
    assert f'<option value="{ref}" selected>' in answer.text
    assert browser.post("/models/demo/promotion", data=form | {"note": "x" * 2001}).status_code == 422
    stale = browser.post("/models/demo/promotion", data=form | {"note": "Why", "digest": "0" * 64})
    assert stale.status_code == 412
    done = browser.post("/models/demo/promotion", data=form | {"note": "Why"})
    assert (done.status_code, done.headers["location"]) == (303, "/models/demo?done=promoted")


def test_a_model_that_is_not_promoted_cannot_be_taken_back(sqlite_service) -> None:
    browser = sqlite_service.browser("analyst")
    assert browser.get("/models/demo/rollback").status_code == 409
    sqlite_service.as_("analyst").post("/v1/models/demo/promotion", json=promotion())
    assert browser.post("/models/demo/rollback", data={"digest": DEMO.digest}).status_code == 422
    done = browser.post("/models/demo/rollback", data={"digest": DEMO.digest, "note": "Why"})
    assert done.headers["location"] == "/models/demo?done=back"


def test_the_file_of_an_own_card_comes_back_as_it_was_sent(sqlite_service) -> None:
    ref = sqlite_service.as_("analyst").post("/v1/scorecards", files={"file": ("card.toml", OWN)}).json()["ref"]
    browser = sqlite_service.browser("analyst")
    assert browser.get(f"/scorecards/{ref}/file").text == OWN
    assert browser.get("/scorecards/roni/file").status_code == 404
    assert browser.post("/scorecards").status_code == 422


def test_a_trial_that_is_refused_keeps_what_was_chosen(sqlite_service) -> None:
    ref, browser = furnished(sqlite_service), sqlite_service.browser("analyst")
    refused = browser.post(f"/checks/{ref}/trials", data={"scorecard": "", "model": "0" * 64})
    assert refused.status_code == 422
    assert "No model of this digest is promoted" in refused.text
    done = browser.post(f"/checks/{ref}/trials", data={"scorecard": "oxfordshire"})
    assert done.status_code == 303
    trial = done.headers["location"]
    assert "would go up" in browser.get(trial).text
    assert browser.post(f"{trial}/removal").headers["location"] == f"/checks/{ref}/trials?done=removed"
    assert browser.get(trial).status_code == 404


def test_the_list_of_a_trial_goes_on_where_it_stopped(sqlite_service) -> None:
    ref, client = furnished(sqlite_service), sqlite_service.as_("analyst")
    tried = client.post(f"/v1/checks/{ref}/registers", json={"scorecard": "oxfordshire"}).json()["tried"]["ref"]
    path = f"/v1/checks/{ref}/registers/{tried}"
    whole = client.get(path, params={"limit": 500}).json()
    found, cursor = [], None
    for _ in range(len(whole["items"])):
        page = client.get(path, params={"limit": 4} | ({"cursor": cursor} if cursor else {})).json()
        found, cursor = found + page["items"], page["next"]
        assert (page["up"], page["down"]) == (whole["up"], whole["down"])
        if cursor is None:
            break
    assert found == whole["items"]
    assert whole["next"] is None
    assert client.get(path, params={"cursor": "x"}).json()["code"] == "cursor"


def test_reports_are_pages_with_pictures_and_no_inline_style(sqlite_service) -> None:
    ref, browser = furnished(sqlite_service), sqlite_service.browser("analyst")
    for name in ("bands", "completeness"):
        text = browser.get(f"/checks/{ref}/reports/{name}").text
        assert "<svg" in text
        assert "style=" not in text.replace('type="style', "")
    with sqlite_service.database.read() as connection:
        event = t.audit_events.c
        assert connection.execute(select(event.about).where(event.action == "report.read")).scalars().all() == [ref] * 2


def test_a_report_beside_a_model_that_cannot_be_read_is_said(tmp_path, start_service) -> None:
    from roni import save_model
    from tests.service.conftest import furnish
    from tests.service.test_models_shelf import other_model

    save_model(other_model(), tmp_path / "shelf")
    service = furnish(start_service(f"sqlite:///{tmp_path / 'roni.db'}", models=str(tmp_path / "shelf")))
    browser = service.browser("analyst")
    assert "There are no figures of an evaluation" in browser.get("/models/other").text
    for content in ("{", "[]", "{}", "[" * 100_000, '{"rankings": 3}'):
        (tmp_path / "shelf" / "other" / "evaluation.json").write_text(content)
        assert "cannot be read" in browser.get("/models/other").text
