"""What people say that registers rest on waits for a change of registers under way: neither is lost in the other."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from sqlalchemy import select, update

from service import tables as t
from service.access import Access
from service.clock import now
from service.database import lock_rolls
from tests.service.caseloads import Checked, checked
from tests.service.test_models_shelf import promotion

SOON = 0.4  # seconds in which an answer that waits for nobody is there


def ask(november: Checked) -> Any:
    return november.ask("careers", november.pupils()[-1], "add", "red")


def object_to(november: Checked) -> Any:
    url = f"/v1/pupils/{november.pupils()[-1]}/requests"
    return november.service.as_("coach").post(url, json={"kind": "objection", "said": "Not this list."})


def promote(november: Checked) -> Any:
    return november.service.as_("analyst").post("/v1/models/demo/promotion", json=promotion(november.ref))


def erase(november: Checked) -> Any:
    url, reason = f"/v1/pupils/{november.pupils()[-1]}", {"reason": "request"}
    return november.service.as_("administrator").request("DELETE", url, json=reason)


@pytest.mark.parametrize("change", [ask, object_to, promote, erase])
def test_who_changes_what_a_register_rests_on_waits_for_whoever_changes_it(service, change: Any) -> None:
    november, answers = checked(service), []
    change_in_thread = threading.Thread(target=lambda: answers.append(change(november)))
    with service.database.write(Access.system()) as connection:
        lock_rolls(connection)
        change_in_thread.start()
        change_in_thread.join(SOON)
        assert answers == []
    change_in_thread.join()
    assert answers[0].is_success, answers[0].text


def test_nothing_is_asked_in_a_check_that_is_being_closed(service) -> None:
    november, answers = checked(service), []
    asking = threading.Thread(target=lambda: answers.append(ask(november)))
    with service.database.write(Access.system()) as connection:
        lock_rolls(connection)
        asking.start()
        asking.join(SOON)
        connection.execute(update(t.checks).values(closed_at=now()))
    asking.join()
    assert (answers[0].status_code, answers[0].json()["code"]) == (409, "check_closed")
    with service.database.read(Access.system()) as connection:
        assert connection.execute(select(t.moderations.c.id)).all() == []
