"""What January says of changes since November follows what November's own scores rest on."""

from __future__ import annotations

from typing import Any

import pytest

from roni import load_model
from service.access import Access
from service.models.promotions import promote, take_back
from tests.service.council_lists import decide, listed, live_list, to_resolve
from tests.service.test_rolls_stand import is_reproduced, lines
from tests.service.uploading import JANUARY, confirmed, open_check, pupil

EVERYBODY = [pupil(number) for number in (7, 8, 9, 10)]


@pytest.fixture
def november(sqlite_service) -> str:
    check = open_check(sqlite_service)
    confirmed(sqlite_service, check, EVERYBODY)
    return check


@pytest.fixture
def january(sqlite_service, november) -> str:  # noqa: ARG001  (opened and confirmed after November)
    check = open_check(sqlite_service, JANUARY)
    confirmed(sqlite_service, check, [*EVERYBODY, pupil(11)])
    return check


def change(service: Any, check: str, **said: Any) -> None:
    seen = service.as_("analyst").get(f"/v1/checks/{check}").headers["etag"]
    done = service.as_("analyst").patch(f"/v1/checks/{check}", json=said, headers={"if-match": seen})
    assert done.status_code == 200, done.text


def test_a_decision_about_november_changes_what_january_says_of_it(sqlite_service, november) -> None:
    live_list(sqlite_service, listed(9))
    january = open_check(sqlite_service, JANUARY)
    confirmed(sqlite_service, january, EVERYBODY)
    before = lines(sqlite_service, january)
    assert before["Surname9"]["change"]["kind"] == "unchanged"
    entry = next(entry for entry in to_resolve(sqlite_service) if entry["check"] == november)
    assert decide(sqlite_service, entry, decision="school", reason="Asked the school").status_code == 200
    after = lines(sqlite_service, january)
    assert "looked after" in after["Surname9"]["change"]["why"]
    assert {name: line for name, line in after.items() if name != "Surname9"} == {
        name: line for name, line in before.items() if name != "Surname9"
    }
    assert is_reproduced(sqlite_service, january)


def test_another_card_on_november_changes_what_january_says_of_it(sqlite_service, november, january) -> None:
    before = lines(sqlite_service, january)
    change(sqlite_service, november, scorecard="oxfordshire")
    after = lines(sqlite_service, january)
    assert is_reproduced(sqlite_service, january)
    assert [line["change"] for line in before.values()] != [line["change"] for line in after.values()]
    assert before["Surname11"] == after["Surname11"]


def test_a_model_put_to_use_or_taken_back_on_november_does_so_too(sqlite_service, november) -> None:
    model, database = load_model("demo"), sqlite_service.database
    analyst = Access(sqlite_service.people["analyst"], "p", "n", "analyst", schools=None)
    with database.write(Access.system()) as connection:
        promote(connection, analyst, sqlite_service.settings, model, "Tried", november)
    january = open_check(sqlite_service, JANUARY)
    change(sqlite_service, january, model=None)
    confirmed(sqlite_service, january, EVERYBODY)
    with database.write(Access.system()) as connection:
        done = take_back(connection, analyst, sqlite_service.settings, model.name, model.digest, "Not measured here")
    assert done == [november]
    assert is_reproduced(sqlite_service, january)


def test_a_check_that_is_closed_is_not_changed_by_the_one_before(sqlite_service, november, january) -> None:
    change(sqlite_service, january, closed=True)
    before = lines(sqlite_service, january)
    change(sqlite_service, november, scorecard="oxfordshire")
    assert lines(sqlite_service, january) == before
