"""Scores of rows that a program sends, and the data dictionary."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import func, insert, select

from roni import load_model, load_scorecard, national, read_rows, score
from service import tables as t
from service.registers.scores import Scores
from tests.service.rolls import invented

FIELDS = ("upn", "year_group", "attendance", "suspensions", "sen_provision", "fsm", "young_carer", "english_grade")


def rows(count: int = 30) -> list[dict[str, Any]]:
    from roni import cohort_to_dict

    return [{name: pupil["values"].get(name) for name in FIELDS} for pupil in cohort_to_dict(invented(count))["pupils"]]


ASKED = {"check": "november", "academic_year": "2026/27", "scorecard": "roni"}


def test_scores_are_the_library_s_with_every_row_accounted_for(module_service: Any) -> None:
    answer = module_service.as_("analyst").post("/v1/scores", json={**ASKED, "rows": rows(), "capacity": 5})
    assert answer.status_code == 200
    Scores.model_validate_json(answer.content)
    said = answer.json()
    register = score(read_rows(rows(), "november", "2026/27"), load_scorecard("roni"))
    expected = register.to_table().to_pylist()
    assert len(said["items"]) == len(expected) == 30
    for item, row in zip(said["items"], expected, strict=True):
        for name in ("rank", "row", "key", "band", "points", "points_max", "section"):
            assert item[name] == row[name]
        assert item["why"] == row["reasons"]
        assert sum(reason.get("points", 0) for reason in item["reasons"]) == item["points"]
    assert said["capacity"]["sentence"] == register.top(5).sentence
    assert said["account"]["rows"] == said["account"]["pupils"] == 30
    assert said["notes"] == register.notes
    assert "educated" in said["population"]


def test_nothing_of_what_is_sent_is_stored(module_service: Any) -> None:
    module_service.as_("returns").post("/v1/scores", json={**ASKED, "rows": rows(3)})
    with module_service.database.read() as connection:
        for table in (t.pupils, t.roll_pupils, t.register_rows, t.uploads):
            assert connection.execute(select(func.count()).select_from(table)).scalar() == 0


@pytest.mark.parametrize(
    ("asked", "status", "code"),
    [
        ({"rows": []}, 422, "invalid"),
        ({"rows": [{"nothing": 1, "known": 2}]}, 422, "no_headings"),
        ({"rows": [{"upn": ["a"], "attendance": 1}]}, 422, "refused"),
        ({"scorecard": "unheard_of"}, 422, "no_such_scorecard"),
        ({"model": "demo"}, 422, "model_not_promoted"),
        ({"check": "may"}, 422, "refused"),
        ({"unheard": "of"}, 422, "invalid"),
        ({"capacity": 0}, 422, "invalid"),
    ],
)
def test_what_cannot_be_scored_is_refused(module_service: Any, asked: dict[str, Any], status: int, code: str) -> None:
    answer = module_service.as_("analyst").post("/v1/scores", json={**ASKED, "rows": rows(2), **asked})
    assert (answer.status_code, answer.json()["code"]) == (status, code)


def test_a_call_has_so_many_rows_and_no_more(tmp_path: Any, start_service: Any) -> None:
    from tests.service.conftest import furnish

    service = furnish(start_service(f"sqlite:///{tmp_path / 'few.db'}", scores_most=5))
    client = service.as_("analyst")
    assert client.post("/v1/scores", json={**ASKED, "rows": rows(5)}).status_code == 200
    answer = client.post("/v1/scores", json={**ASKED, "rows": rows(6)})
    assert (answer.status_code, answer.json()["code"]) == (422, "too_many_rows")


def test_a_promoted_model_may_be_asked_for_by_name(sqlite_service: Any) -> None:
    model = load_model("demo")
    with sqlite_service.database.write() as connection:
        by = sqlite_service.people["analyst"]
        connection.execute(
            insert(t.promotions).values(
                by_id=by, model=model.name, digest=model.digest, note="for tests", action="promote"
            )
        )
    asked = {**ASKED, "rows": rows(5), "model": "demo"}
    said = sqlite_service.as_("analyst").post("/v1/scores", json=asked).json()
    assert said["model"] == {"name": "demo", "digest": model.digest}
    assert all(item["probability"] is not None for item in said["items"])
    assert all("invented pupils like this" in item["chance"] for item in said["items"])


def test_only_those_may_score_whose_role_includes_it(module_service: Any) -> None:
    for who, status in (("returns", 200), ("careers", 200), ("analyst", 200), ("coach", 403), ("nobody", 401)):
        answer = module_service.as_(who).post("/v1/scores", json={**ASKED, "rows": rows(1)})
        assert answer.status_code == status, who


def test_the_dictionary_says_of_every_field_what_it_is(module_service: Any) -> None:
    items = module_service.as_("returns").get("/v1/fields").json()["items"]
    assert [item["name"] for item in items] == list(national())
    by_name = {item["name"]: item for item in items}
    assert by_name["attendance"]["type"] == "percent"
    assert by_name["youth_justice"]["audience"] == "youth_justice"
    assert module_service.as_("nobody").get("/v1/fields").status_code == 401
