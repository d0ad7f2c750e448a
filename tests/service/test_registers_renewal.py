"""A list, a card or a model that concerns many: worked out anew in parts, and nobody reads half of it unawares."""

from __future__ import annotations

import os
import subprocess
import sys
from threading import Event
from typing import Any

import psycopg
import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import DBAPIError

from service import audit
from service import tables as t
from service.access import VIEWS, Access
from service.registers import renewal
from service.uploads import work
from tests.service.council_lists import confirm_list, listed, live_list, register_line, staged_list
from tests.service.test_uploads_council import ONE, THREE, TWO, of
from tests.service.test_uploads_hostile import until
from tests.service.uploading import confirm, confirmed, csv, open_check, pupil, send

ALL = {ONE: (1, 2, 3), TWO: (11, 12), THREE: (21,)}
PUPILS = 6


@pytest.fixture(autouse=True)
def everybody_is_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(renewal, "AT_ONCE", 1)
    monkeypatch.setattr(renewal, "READERS", 0.0)


def furnish(service: Any) -> str:
    """A check in which three schools have confirmed; nobody knows who is looked after, and no thread does anything."""
    check = open_check(service)
    rows = [of(urn, number, Looked_after=None) for urn, numbers in ALL.items() for number in numbers]
    confirm(service, send(service, check, csv(rows), "analyst").json(), "analyst")
    service.app.state.database.afterwards = lambda: None
    return check


def part(service: Any) -> bool:
    with service.database.read() as connection:
        (check_id,) = renewal.waiting(connection)
    return renewal._one_more(service.database, service.settings, Event(), check_id)


def register(service: Any, check: str, **query: Any) -> dict[str, Any]:
    answer = service.as_("analyst").get(f"/v1/checks/{check}/register", params=query)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def met(service: Any, number: int) -> bool:
    return "looked_after" in register_line(service, number).indicators


def complete(service: Any, *numbers: int, **form: Any) -> Any:
    """A list that is confirmed, while the parts are made by hand."""
    answer = confirm_list(service, staged_list(service, listed(*numbers), complete="true", **form))
    assert answer.status_code == 202, answer.text
    return answer.json()


def sound(service: Any, check: str) -> None:
    """One register a view, every pupil in each, as the stored rolls give it; nothing left over."""
    renewal.clear(service.database, Event())
    with service.database.read(Access.system()) as connection:
        assert connection.execute(select(func.count()).select_from(t.registers)).scalar() == len(VIEWS)
        assert connection.execute(select(func.count()).select_from(t.register_rows)).scalar() == PUPILS * len(VIEWS)
        assert set(connection.execute(select(t.registers.c.renewal)).scalars()) == {None}
        assert audit.first_break(connection) is None
    assert service.as_("analyst").get(f"/v1/checks/{check}/register/verification").json()["same"] is True


def test_until_every_part_is_there_the_list_from_before_is_read_and_says_so(service) -> None:
    check = furnish(service)
    before = register(service, check, limit=2)
    receipt = complete(service, 1, 11, 21)
    assert receipt["renewing"] == receipt["checks"] == [check]
    told = register(service, check)
    assert told["items"] == register(service, check)["items"]
    seen = []
    while part(service):
        shown = register(service, check, limit=500)
        seen.append(shown["renewal"]["done"])
        assert not any(met(service, number) for number in (1, 11, 21))
        assert shown["notes"][0] == shown["renewal"]["sentence"]
        assert f"{seen[-1]} of {PUPILS} pupils so far" in shown["notes"][0]
        assert (shown["renewal"]["why"], shown["renewal"]["of"]) == ("list", PUPILS)
    assert seen == [3, 5, 6]
    after = register(service, check, limit=500)
    assert after["renewal"] is None
    assert "from before" not in " ".join(after["notes"])
    assert all(met(service, number) for number in (1, 11, 21))
    assert after["version"] > before["version"]
    goes_on = register(service, check, limit=2, cursor=before["next"])
    assert len(goes_on["items"]) == 2  # a cursor from before is of the same register still
    sound(service, check)


def test_each_view_its_file_and_the_check_say_so_too(service) -> None:
    check = furnish(service)
    complete(service, 1)
    for who in ("returns", "careers"):
        assert service.as_(who).get(f"/v1/checks/{check}/register").json()["renewal"]["done"] == 0
    text = service.as_("analyst").get(f"/v1/checks/{check}/register", headers={"accept": "text/csv"}).text
    assert "the check’s list is the one from before" in text
    assert service.as_("analyst").get(f"/v1/checks/{check}").json()["renewal"]["of"] == PUPILS
    for path in (f"/checks/{check}", f"/checks/{check}/register"):
        assert "Until all are, the check’s list is the one from before." in service.browser("analyst").get(path).text


def test_a_pupil_is_explained_as_of_now_and_the_list_is_said_to_be_from_before(service) -> None:
    check = furnish(service)
    complete(service, 1)
    pupil = register(service, check)["items"][0]["pupil"]
    url, analyst = f"/v1/checks/{check}/pupils/{pupil}", service.as_("analyst")
    assert analyst.get(url).json()["renewal"]["of"] == PUPILS
    assert "This explanation is of now." in analyst.get(url, headers={"accept": "text/plain"}).text
    page = service.browser("analyst").get(f"/checks/{check}/pupils/{pupil}").text
    assert "the check’s list is the one from before" in page
    assert "A person put this pupil into the band" not in page
    while part(service):
        pass
    assert analyst.get(url).json()["renewal"] is None


def test_who_confirms_a_roll_meanwhile_is_in_both(service) -> None:
    check = furnish(service)
    complete(service, 1, 11, 21)
    part(service)  # of the first school
    rows = [
        pupil(1, Looked_after=None, **{"Attendance %": 40}),
        pupil(2, Looked_after=None),
        pupil(4, Looked_after=None),
    ]
    for row in rows:
        row.pop("Young carer")
    gone = {"*": {"date": "2026-11-11", "to": "abroad", "confirmed_by": "the invented office"}}
    confirmed(service, check, rows, leavers=gone)
    assert register_line(service, 4) is not None
    while part(service):
        pass
    assert (met(service, 1), register_line(service, 4) is not None) == (True, True)
    assert register_line(service, 3).section == "left"
    renewal.clear(service.database, Event())
    assert service.as_("analyst").get(f"/v1/checks/{check}/register/verification").json()["same"] is True
    with service.database.read(Access.system()) as connection:
        assert connection.execute(select(func.count()).select_from(t.register_rows)).scalar() == 7 * len(VIEWS)


def test_a_second_list_begins_again_with_both(service) -> None:
    check = furnish(service)
    complete(service, 1)
    part(service)
    complete(service, 11, field="care_leaver")
    while part(service):
        pass
    assert met(service, 1)
    assert "care_leaver" in register_line(service, 11).indicators
    sound(service, check)


def test_another_scorecard_is_read_when_everybody_is_scored_by_it(service) -> None:
    check = furnish(service)
    before = register(service, check)
    cards = {item["name"] for item in service.as_("analyst").get("/v1/scorecards").json()["items"]}
    card = next(name for name in sorted(cards) if name != before["scorecard"]["name"])
    changed = service.as_("analyst").patch(f"/v1/checks/{check}", json={"scorecard": card})
    assert (changed.status_code, changed.json()["renewal"]["why"]) == (200, "check")
    while part(service):
        shown = register(service, check, counts=True)
        assert shown["scorecard"] == before["scorecard"]
        assert [line["points"] for line in shown["items"]] == [line["points"] for line in before["items"]]
    assert register(service, check)["scorecard"]["name"] == card
    sound(service, check)


def test_a_roll_that_is_confirmed_while_the_scorecard_changes_is_scored_by_each(service) -> None:
    check = furnish(service)
    old = register(service, check)["scorecard"]["name"]
    cards = {item["name"] for item in service.as_("analyst").get("/v1/scorecards").json()["items"]}
    card = next(name for name in sorted(cards) if name != old)
    service.as_("analyst").patch(f"/v1/checks/{check}", json={"scorecard": card})
    part(service)
    confirmed(service, check, [pupil(11, **{"Attendance %": 10}), pupil(12)], "returns2")
    assert register(service, check)["scorecard"]["name"] == old
    while part(service):
        pass
    sound(service, check)


def test_what_is_made_aside_is_nothing_that_an_analyst_tried(service) -> None:
    check = furnish(service)
    complete(service, 1)
    part(service)
    url = f"/v1/checks/{check}/registers"
    assert service.as_("analyst").get(url).json()["items"] == []
    while part(service):
        pass
    assert service.as_("analyst").get(url).json()["items"] == []


class Renewing:
    """The process that is killed."""

    def __init__(self, service: Any) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.service.renewing", service.settings.database_url],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        )

    def parts(self, number: int) -> None:
        """Let it come to so many parts, and kill it before the last of them is kept."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        for place in range(number):
            if place:
                self.process.stdin.write("\n")
                self.process.stdin.flush()
            assert self.process.stdout.readline() == "part\n"
        self.process.kill()
        self.process.communicate()


@pytest.mark.parametrize(("parts", "done"), [(1, 0), (3, 5), (4, 6)])
def test_killed_in_any_part_it_is_gone_on_with_at_the_next_start(service, parts: int, done: int) -> None:
    check = furnish(service)
    complete(service, 1, 11, 21)
    Renewing(service).parts(parts)
    assert register(service, check)["renewal"]["done"] == done
    assert not met(service, 1)
    work.stop(service.app)
    work.start(service.app)
    assert until(lambda: register(service, check)["renewal"] is None)
    assert all(met(service, number) for number in (1, 11, 21))
    work.stop(service.app)
    sound(service, check)


def test_threads_do_it_by_themselves_while_the_caller_waits(service) -> None:
    check = open_check(service)
    confirmed(service, check, [pupil(number, Looked_after=None) for number in ALL[ONE]])
    receipt = live_list(service, listed(1), complete="true")
    assert (receipt["checks"], receipt["renewing"]) == ([check], [])
    assert met(service, 1)
    assert register(service, check)["renewal"] is None
    work.stop(service.app)


def test_what_went_wrong_in_the_thread_is_no_fault_of_who_changes_something_later(
    sqlite_service, monkeypatch: pytest.MonkeyPatch
) -> None:
    check = furnish(sqlite_service)

    def away(*_: Any) -> None:
        raise OSError("away")

    monkeypatch.setattr(renewal, "go_on", away)
    work.work_of(sqlite_service.app).renew()
    for _ in range(2):
        assert sqlite_service.as_("analyst").patch(f"/v1/checks/{check}", json={"capacity": 30}).status_code == 200
    work.stop(sqlite_service.app)


def test_while_the_database_is_away_it_is_tried_again(service, monkeypatch: pytest.MonkeyPatch) -> None:
    check, go_on = furnish(service), renewal.go_on
    complete(service, 1)
    answers = [psycopg.errors.AdminShutdown(), psycopg.errors.DiskFull()]

    def away(*said: Any) -> None:
        if answers:
            raise DBAPIError("select 1", {}, answers.pop())
        go_on(*said)

    monkeypatch.setattr(renewal, "go_on", away)
    monkeypatch.setattr(work, "AGAIN", 0.0)
    work.work_of(service.app).renew()
    assert until(lambda: register(service, check)["renewal"] is None)
    work.stop(service.app)
    assert met(service, 1)


def test_few_pupils_are_worked_out_at_once(sqlite_service, monkeypatch: pytest.MonkeyPatch) -> None:
    furnish(sqlite_service)
    monkeypatch.setattr(renewal, "AT_ONCE", PUPILS)
    live_list(sqlite_service, listed(1), complete="true")
    with sqlite_service.database.read() as connection:
        assert renewal.waiting(connection) == set()
    assert met(sqlite_service, 1)


def test_a_confirmation_page_shows_how_far_it_is(sqlite_service) -> None:
    furnish(sqlite_service)
    ref = complete(sqlite_service, 1)["ref"]
    part(sqlite_service)
    page = sqlite_service.browser("virtual_school").get(f"/supplements/{ref}?done=confirmed")
    assert page.headers["refresh"] == "3"
    assert f'value="3" max="{PUPILS}"' in page.text
    while part(sqlite_service):
        pass
    page = sqlite_service.browser("virtual_school").get(f"/supplements/{ref}?done=confirmed")
    assert "refresh" not in page.headers
    assert "has been worked out again in every open check" in page.text
