"""What narrower views are owed after a confirmation: made before anybody who has one reads anything, never missed."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from sqlalchemy import delete, event, func, select

from service import backups
from service import tables as t
from service.access import FULL, VIEWS, WITHOUT_LISTS, Access
from service.registers import basis, owed, renewal
from service.registers.working_out import work_out
from tests.service.council_lists import confirm_list, listed, staged_list
from tests.service.uploading import GONE, JANUARY, change, confirm, confirmed, open_check, pupil, staged
from tests.service.walking import Walk

NARROWER = VIEWS.keys() - {FULL}


def rows(service: Any, check: str) -> dict[str, list[tuple[Any, ...]]]:
    """What is stored of a check by view, in order."""
    row, register = t.register_rows.c, t.registers.c
    said = (row.pupil_id, row.sort, row.section, row.points, row.points_max, row.change, row.indicators, row.line)
    query = (
        select(register.view, *said)
        .join(t.registers, register.id == row.register_id)
        .join(t.checks, t.checks.c.id == register.check_id)
        .where(t.checks.c.ref == check, register.beside.is_(False))
        .order_by(register.view, row.sort)
    )
    found: dict[str, list[tuple[Any, ...]]] = {view: [] for view in VIEWS}
    with service.database.read(Access.system()) as connection:
        for view, *line in connection.execute(query):
            found[view].append(tuple(line))
    return found


def owing(service: Any) -> list[list[int]]:
    with service.database.read(Access.system()) as connection:
        return list(connection.execute(select(t.registers.c.owed).where(t.registers.c.owed.is_not(None))).scalars())


def ask(service: Any, check: str, who: str = "coach") -> None:
    """Ask for a list in a narrower view; it need not be published."""
    assert service.as_(who).get(f"/v1/checks/{check}/register").status_code in (200, 403)


def rework(service: Any, check: str) -> None:
    """Everybody anew, in every view at once."""
    with service.database.write(Access.system()) as connection:
        number = connection.execute(select(t.checks.c.id).where(t.checks.c.ref == check)).scalar_one()
        work_out(connection, service.settings, number)


def seven(**cells: Any) -> list[dict[str, Any]]:
    return [pupil(number, YOT="Y" if number == 3 else "N", **cells) for number in range(1, 8)]


def test_what_does_not_wait_reads_no_list(sqlite_service: Any) -> None:
    """A route that begins to read lists asks for more than what WITHOUT_LISTS names."""
    walk, asked, wrong = Walk(sqlite_service), [], []
    engine = sqlite_service.app.state.database.engine
    event.listen(engine, "before_cursor_execute", lambda *said: asked.append(said[2].lower()))
    for route, method in walk.calls():
        if not route.permissions or not WITHOUT_LISTS.issuperset(route.permissions):
            continue
        for who in ("returns3", "careers3", "coach_south", "panel_south", "send"):
            asked.clear()
            walk.send(who, route, method)
            if any("register_rows" in statement for statement in asked):
                wrong.append(f"{method} {route.path} as {who}")
    assert wrong == []


@pytest.mark.parametrize("who", ["returns", "careers", "coach", "panel", "virtual_school"])
def test_whoever_has_a_narrower_view_finds_it_whole(service: Any, who: str) -> None:
    check = open_check(service)
    confirmed(service, check, seven())
    before = rows(service, check)
    assert [len(before[view]) for view in sorted(before)] == [7, 0, 0]  # full, school, support
    assert [len(each) for each in owing(service)] == [7]
    ask(service, check, who)
    after = rows(service, check)
    assert owing(service) == []
    assert [len(after[view]) for view in sorted(after)] == [7, 7, 7]
    assert after[FULL] == before[FULL]
    rework(service, check)
    assert rows(service, check) == after  # the same as all made at once
    assert service.as_("analyst").get(f"/v1/checks/{check}/register/verification").json()["same"] is True


def test_who_reads_all_or_no_list_does_not_wait_for_others(service: Any) -> None:
    check = open_check(service)
    confirmed(service, check, seven(), "returns")
    before = owing(service)
    assert before
    for path in ("/v1/me", "/v1/checks", f"/v1/checks/{check}", f"/v1/checks/{check}/uploads"):
        assert service.as_("returns").get(path).status_code == 200
    items = service.as_("analyst").get(f"/v1/checks/{check}/register").json()["items"]
    assert len(items) == 7
    assert owing(service) == before


def test_what_changed_since_is_owed_and_made_too(service: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    november = open_check(service)
    confirmed(service, november, seven())
    confirmed(service, november, [pupil(40, YOT="N")], "returns2")
    january = open_check(service, JANUARY)
    upload = staged(service, january, [*seven(SEN="K")[:6], pupil(9)])
    assert confirm(service, change(service, upload, leavers={"*": GONE})).status_code == 200
    confirmed(service, january, [pupil(30, YOT="N"), pupil(31, YOT="N")], "returns2", leavers={"*": GONE})
    monkeypatch.setattr(owed, "AT_ONCE", 2)
    ask(service, january)
    made = rows(service, january)
    assert {line[5] for line in made["support"]} >= {"new", "left"}
    rework(service, january)
    assert rows(service, january) == made


def test_a_late_november_is_told_to_every_view_of_january(service: Any) -> None:
    november, january = open_check(service), open_check(service, JANUARY)
    confirmed(service, january, seven())
    ask(service, january)
    confirmed(service, november, seven(SEN="K"))
    ask(service, january)
    made = rows(service, january)
    assert {line[5] for view in NARROWER for line in made[view]} == {"unchanged"} | {line[5] for line in made[FULL]}
    rework(service, january)
    assert rows(service, january) == made


def test_who_is_restricted_or_has_died_is_so_in_every_view_at_once(service: Any) -> None:
    check = open_check(service)
    confirmed(service, check, seven())
    ask(service, check)
    said = [{**row, "Restricted sharing": "Y" if place == 0 else "N"} for place, row in enumerate(seven()[:6])]
    upload = staged(service, check, said)
    died = {**GONE, "to": "died"}
    assert confirm(service, change(service, upload, leavers={"*": died})).status_code == 200
    made = rows(service, check)
    for view in NARROWER:
        assert [line[2] for line in made[view]].count("restricted") == 1
        assert len(made[view]) == 6
    ask(service, check)
    made = rows(service, check)
    rework(service, check)
    assert rows(service, check) == made


def test_a_database_in_which_lines_are_owed_is_whole_and_one_that_lost_some_is_not(service: Any) -> None:
    check = open_check(service)
    confirmed(service, check, seven())
    ask(service, check)
    confirmed(service, check, [*seven(SEN="K"), pupil(9)])
    assert owing(service)
    assert backups.verify(service.owner).faults == ()
    ask(service, check)
    assert backups.verify(service.owner).faults == ()
    with service.database.write(Access.system()) as connection:
        row = t.register_rows.c
        connection.execute(delete(t.register_rows).where(row.id == select(func.max(row.id)).scalar_subquery()))
    assert len(backups.verify(service.owner).faults) == 1


def test_beyond_many_they_are_made_at_once(service: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(basis, "MOST_OWED", 10)
    check = open_check(service)
    confirmed(service, check, seven())
    confirmed(service, check, [pupil(20 + number) for number in range(7)], "returns2")
    made = rows(service, check)
    assert [len(made[view]) for view in sorted(made)] == [14, 7, 7]
    assert [len(each) for each in owing(service)] == [7]


def notes(service: Any) -> dict[str, Any]:
    """What is said once of each school's files, by view."""
    with service.database.read(Access.system()) as connection:
        return {row.view: row.notes for row in connection.execute(select(t.registers.c.view, t.registers.c.notes))}


def test_it_is_made_in_parts_of_whole_schools(service: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(owed, "AT_ONCE", 3)
    check = open_check(service)
    confirmed(service, check, seven())
    confirmed(service, check, [pupil(20 + number) for number in range(4)], "returns2")
    database, settings, left = service.app.state.database, service.app.state.settings, []
    while owed._some_of(database, settings, 1):
        left.append(len(owing(service)[0]))
    assert left == [4]
    made, said = rows(service, check), notes(service)
    assert all(len(said[view]) == 2 and all(said[view].values()) for view in VIEWS)
    rework(service, check)
    assert (rows(service, check), notes(service)) == (made, said)


def test_what_is_said_once_of_a_file_is_so_after_somebody_was_restricted(service: Any) -> None:
    check = open_check(service)
    confirmed(service, check, seven())
    rows_now = [{**row, "Restricted sharing": "Y" if place == 0 else "N"} for place, row in enumerate(seven())]
    confirmed(service, check, rows_now)
    ask(service, check)
    said = notes(service)
    assert any("6 pupils" in note for note in next(iter(said[FULL].values())))
    rework(service, check)
    assert notes(service) == said


def test_while_a_register_is_worked_out_anew_the_one_from_before_is_made_whole(
    service: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(renewal, "AT_ONCE", 3)
    check = open_check(service)
    confirmed(service, check, seven())
    answer = confirm_list(service, staged_list(service, listed(1, 2, 3, 4), complete="true"))
    assert answer.status_code in (200, 202)
    for who, view in (("careers", "support"), ("returns", "school")):
        assert len(service.as_(who).get(f"/v1/checks/{check}/register").json()["items"]) == 7, view
    renewal.go_on(service.app.state.database, service.settings, threading.Event())
    for who in ("careers", "returns", "analyst"):
        assert len(service.as_(who).get(f"/v1/checks/{check}/register").json()["items"]) == 7
    assert service.as_("analyst").get(f"/v1/checks/{check}/register/verification").json()["same"] is True


def test_schools_confirm_while_coaches_read_and_nobody_is_missed(service: Any) -> None:
    for number in range(6):
        urn = f"2000{number:02d}"
        school = service.add_school(urn, f"Invented School {number}")
        service.add_person(f"school{number}", "returns", school_id=school)
    check = open_check(service)
    uploads = [
        staged(service, check, [pupil(100 * number + each) for each in range(1, 5)], f"school{number}")
        for number in range(6)
    ]
    refused: list[Any] = []

    def confirming(number: int) -> None:
        answer = confirm(service, uploads[number], f"school{number}")
        refused.extend([] if answer.status_code == 200 else [answer.text])

    def reading() -> None:
        for _ in range(6):
            answer = service.as_("coach").get(f"/v1/checks/{check}/register")
            refused.extend([] if answer.status_code in (200, 403) else [answer.text])

    tasks = [threading.Thread(target=confirming, args=(number,)) for number in range(6)]
    tasks += [threading.Thread(target=reading) for _ in range(2)]
    for task in tasks:
        task.start()
    for task in tasks:
        task.join()
    assert refused == []
    ask(service, check)
    made = rows(service, check)
    assert [len(made[view]) for view in sorted(made)] == [24, 24, 24]
    assert owing(service) == []
    with service.database.read(Access.system()) as connection:
        assert connection.execute(select(func.count()).select_from(t.submissions)).scalar() == 6


def test_a_check_that_is_closed_keeps_every_view_whole(service: Any) -> None:
    check = open_check(service)
    confirmed(service, check, seven())
    analyst = service.as_("analyst")
    etag = analyst.get(f"/v1/checks/{check}").headers["etag"]
    assert analyst.patch(f"/v1/checks/{check}", json={"closed": True}, headers={"if-match": etag}).status_code == 200
    assert owing(service) == []
    made = rows(service, check)
    assert [len(made[view]) for view in sorted(made)] == [7, 7, 7]
