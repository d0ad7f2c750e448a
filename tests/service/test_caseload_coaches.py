"""Who has which coach: one at a time; nobody leaves a caseload because a rank fell."""

from __future__ import annotations

import json
import threading
from typing import Any

import pytest
from sqlalchemy import delete, func, insert, select, update

from service import tables as t
from service.access import Access
from service.clock import now
from service.registers.working_out import work_out
from tests.service.caseloads import Checked, checked, events, fresh, person


@pytest.fixture
def november(tmp_path, start_service) -> Checked:
    return fresh(tmp_path, start_service)


def put(service: Any, who: str, pupil: str, coach: str, version: int | None = None) -> Any:
    headers = {} if version is None else {"if-match": f'"{version}"'}
    body = {"coach": person(service, coach), "reason": "Knows the family."}
    return service.as_(who).put(f"/v1/pupils/{pupil}/coach", json=body, headers=headers)


def end(service: Any, who: str, pupil: str) -> Any:
    return service.as_(who).request("DELETE", f"/v1/pupils/{pupil}/coach", json={"reason": "Has started at college."})


def mine(service: Any, who: str, **query: Any) -> list[tuple[str, str]]:
    answer = service.as_(who).get("/v1/caseload", params=query)
    assert answer.status_code == 200, answer.json()
    return [(item["place"], item["pupil"]["ref"]) for item in answer.json()["items"]]


def test_a_coach_takes_on_a_pupil_without_one(service) -> None:
    november = checked(service)
    pupil = november.pupils()[0]
    assert service.as_("coach").get(f"/v1/pupils/{pupil}/coach").json()["coach"] is None
    answer = put(service, "coach", pupil, "coach")
    assert (answer.status_code, answer.json()["coach"]["name"]) == (200, "Invented coach")
    assert answer.headers["etag"] == f'"{answer.json()["version"]}"'
    assert put(service, "coach", pupil, "coach").json()["version"] == answer.json()["version"]
    assert mine(service, "coach") == [("caseload", pupil)]
    assert len(events(service, "coach.assign")) == 1


def test_a_coach_does_not_take_another_ones_pupil_nor_assign_to_others(november: Checked) -> None:
    service = november.service
    service.add_person("colleague", "coach", district="North")
    pupil, other = november.pupils()[:2]
    version = put(service, "coach", pupil, "coach").json()["version"]
    refused = put(service, "colleague", pupil, "colleague", version)
    assert (refused.status_code, refused.json()["code"]) == (409, "has_coach")
    assert put(service, "coach", other, "colleague").json()["code"] == "not_yours"
    assert end(service, "colleague", pupil).status_code == 403
    assert put(service, "coach", pupil, "colleague", version).status_code == 200  # passes on their own
    assert mine(service, "colleague") == [("caseload", pupil)]


def test_in_place_of_another_coach_the_version_that_was_seen_is_needed(november: Checked) -> None:
    service = november.service
    service.add_person("colleague", "coach", district="North")
    pupil = november.pupils()[0]
    version = put(service, "analyst", pupil, "coach").json()["version"]
    assert put(service, "analyst", pupil, "colleague").status_code == 428
    assert put(service, "analyst", pupil, "colleague", version).status_code == 200
    assert put(service, "analyst", pupil, "coach", version).status_code == 412
    with service.database.read() as connection:
        rows = connection.execute(select(t.assignments).order_by(t.assignments.c.id)).all()
    assert [(row.coach_id == service.people["coach"], row.ended_at is None) for row in rows] == [
        (True, False),
        (False, True),
    ]
    assert rows[0].handed_to_id == service.people["colleague"]


def test_two_at_once_leave_one_coach_and_lose_nothing(service) -> None:
    november = checked(service)
    service.add_person("colleague", "coach", district="North")
    pupil, answers = november.pupils()[0], []

    def take(who: str) -> None:
        answers.append(put(service, who, pupil, who).status_code)

    threads = [threading.Thread(target=take, args=(who,)) for who in ("coach", "colleague")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers.count(200) == 1
    assert set(answers) <= {200, 409, 412, 428}
    with service.database.read() as connection:
        assert connection.execute(select(func.count()).select_from(t.assignments)).scalar() == 1


def test_the_database_itself_holds_one_open_assignment_a_pupil(service) -> None:
    november = checked(service)
    with service.database.write(Access.system()) as connection:
        pupil = connection.execute(select(t.pupils.c.id).where(t.pupils.c.ref == november.pupils()[0])).scalar_one()
        row = {"pupil_id": pupil, "coach_id": service.people["coach"], "by_id": service.people["analyst"]}
        connection.execute(insert(t.assignments).values(**row, ended_at=now()))
        connection.execute(insert(t.assignments).values(**row))
        with pytest.raises(Exception, match=r"(?i)unique"), connection.begin_nested():
            connection.execute(insert(t.assignments).values(**row))


def test_a_coach_who_could_not_see_the_pupil_is_not_given_them(november: Checked) -> None:
    service, pupil = november.service, november.pupils()[0]
    assert put(service, "analyst", pupil, "coach_south").json()["code"] == "out_of_reach"
    assert put(service, "analyst", pupil, "careers").json()["code"] == "not_a_coach"
    assert put(service, "analyst", pupil, "coach_own").status_code == 200
    assert mine(service, "coach_own", places=5) == [("caseload", pupil)]  # nobody new: only their own is theirs to see


def test_an_assignment_ends_with_a_reason_and_the_pupil_stays_on_the_register(november: Checked) -> None:
    service, pupil = november.service, november.pupils()[0]
    put(service, "coach", pupil, "coach")
    assert service.as_("coach").request("DELETE", f"/v1/pupils/{pupil}/coach", json={}).status_code == 422
    assert end(service, "coach", pupil).json()["coach"] is None
    assert end(service, "coach", pupil).json()["code"] == "no_coach"
    assert mine(service, "coach") == []
    assert pupil in november.pupils(section="ranked")


@pytest.mark.parametrize("who", ["returns", "careers", "panel", "virtual_school", "administrator"])
def test_only_coaches_and_the_council_have_to_do_with_caseloads(november: Checked, who: str) -> None:
    service, pupil = november.service, november.pupils()[0]
    assert put(service, who, pupil, "coach").status_code == 403
    assert service.as_(who).get("/v1/caseload").status_code == 403
    assert service.as_(who).post("/v1/caseload/hand-over", json={}).status_code == 403
    assert service.as_("coach").post("/v1/caseload/rules", json={}).status_code == 403
    assert put(service, "coach_south", pupil, "coach_south").status_code == 404


def test_my_list_is_the_caseload_and_as_many_new_pupils_as_there_are_places(service) -> None:
    november = checked(service)
    pupils = november.pupils("100001", section="ranked")
    ranked = [pupil for pupil in _all(november) if pupil != pupils[-1]]
    put(service, "coach", pupils[-1], "coach")
    assert mine(service, "coach", places=3) == [("caseload", pupils[-1]), *(("new", pupil) for pupil in ranked[:3])]
    assert mine(service, "coach", places=0) == [("caseload", pupils[-1])]

    answer = service.as_("coach").get("/v1/caseload?places=3&limit=2").json()
    assert answer["counts"] == {"caseload": 1, "new": 3}
    rest = service.as_("coach").get("/v1/caseload", params={"places": 3, "limit": 2, "cursor": answer["next"]}).json()
    assert [item["pupil"]["ref"] for item in answer["items"] + rest["items"]] == [pupils[-1], *ranked[:3]]
    assert rest["next"] is None
    first = answer["items"][0]
    assert first["line"]["pupil"] == pupils[-1]
    assert first["line"]["why"] is not None
    assert (first["coach"]["name"], first["last_contact"], first["next_action"]) == ("Invented coach", None, None)
    assert first["support"]["source"]


def _all(november: Checked) -> list[str]:
    return [json.loads(row.line)["pupil"] for row in november.rows("support") if row.section == "ranked"]


def test_a_fallen_rank_a_removal_a_leaver_and_a_death(november: Checked) -> None:
    service = november.service
    fallen, off, left, died = november.pupils(section="ranked", automatic=False)[:4]
    for pupil in (fallen, off, left, died):
        assert put(service, "coach", pupil, "coach").status_code == 200
    november.decide("coach", november.ask("careers", fallen, "priority", "none").json()["ref"], "accept")
    november.ask("coach", off, "remove")
    with service.database.write(Access.system()) as connection:
        pupils, rolls = t.pupils.c, t.roll_pupils.c
        one = select(pupils.id).where(pupils.ref == left).scalar_subquery()
        connection.execute(
            update(t.roll_pupils).where(rolls.pupil_id == one).values(status="left", leaver={"to": "unknown"})
        )
        connection.execute(update(t.pupils).where(pupils.ref == died).values(died_at=now()))
    with service.database.write(Access.system()) as connection:
        work_out(connection, service.settings, november.check_id)
    assert set(mine(service, "coach")) == {("caseload", fallen), ("taken_off", off), ("left", left)}
    version = service.as_("analyst").get(f"/v1/pupils/{died}/coach").json()["version"]
    assert put(service, "analyst", died, "coach_own", version).json()["code"] == "record_closed"


def test_a_pupil_who_is_only_in_november_keeps_that_line_in_january(november: Checked) -> None:
    service = november.service
    pupil = november.pupils("100001")[0]
    put(service, "coach", pupil, "coach")
    january = checked(service, "january", earlier_id=november.check_id, stage="draft")
    line = service.as_("coach").get("/v1/caseload").json()
    assert (line["check"], line["items"][0]["check"]) == (november.ref, november.ref)  # January is not published yet
    with service.database.write() as connection:
        connection.execute(update(t.checks).where(t.checks.c.id == january.check_id).values(stage="published"))
    assert service.as_("coach").get("/v1/caseload").json()["check"] == january.ref
    assert service.as_("coach").get("/v1/caseload").json()["items"][0]["check"] == january.ref
    with service.database.write(Access.system()) as connection:  # as if January's roll had not come yet
        rows, registers = t.register_rows.c, t.registers.c
        of_january = select(registers.id).where(registers.check_id == january.check_id)
        connection.execute(delete(t.register_rows).where(rows.register_id.in_(of_january)))
    assert service.as_("coach").get("/v1/caseload").json()["items"][0]["check"] == november.ref


def test_the_council_reads_anybodys_list_and_a_coach_only_their_own(november: Checked) -> None:
    service, pupil = november.service, november.pupils()[0]
    put(service, "coach", pupil, "coach")
    assert mine(service, "analyst", coach=person(service, "coach")) == [("caseload", pupil)]
    assert service.as_("coach_own").get("/v1/caseload", params={"coach": person(service, "coach")}).status_code == 403
    coaches = service.as_("coach").get("/v1/caseload/coaches").json()["items"]
    assert {(line["name"], line["pupils"]) for line in coaches} == {
        ("Invented coach", 1), ("Invented coach_south", 0), ("Invented coach_own", 0),
    }  # fmt: skip
    assert len(events(service, "caseload.read")) == 1


def rule(service: Any, november: Checked, **more: Any) -> Any:
    body = {"check": november.ref, "coach": person(service, "coach"), "reason": "Coach of this school.", **more}
    return service.as_("analyst").post("/v1/caseload/rules", json=body)


def test_a_rule_is_looked_at_first_and_then_assigns_exactly_those(service) -> None:
    november = checked(service)
    at_least_amber = [
        pupil
        for pupil in november.pupils("100001", section="ranked")
        if november.line(pupil)["band"] in ("amber", "red")
    ]
    put(service, "analyst", at_least_amber[0], "coach_own")
    wanted = {"schools": ["100001"], "band_at_least": "amber"}
    preview = rule(service, november, **wanted).json()
    assert (preview["dry_run"], preview["matched"], preview["count"]) == (
        True,
        len(at_least_amber),
        len(at_least_amber) - 1,
    )
    assert preview["with_another_coach"] == 1
    assert [pupil["ref"] for pupil in preview["pupils"]] == at_least_amber[1:]
    assert mine(service, "coach") == []

    stale = rule(service, november, **wanted, dry_run=False, expected=preview["count"] + 1)
    assert (stale.status_code, stale.json()["code"]) == (409, "changed_since_preview")
    done = rule(service, november, **wanted, dry_run=False, expected=preview["count"])
    assert done.json()["count"] == len(at_least_amber) - 1
    assert {ref for _, ref in mine(service, "coach")} == set(at_least_amber[1:])
    again = rule(service, november, **wanted, dry_run=False).json()
    assert (again["count"], again["already_theirs"]) == (0, len(at_least_amber) - 1)
    with service.database.read() as connection:
        kept = (
            connection.execute(select(t.assignments.c.rule).where(t.assignments.c.rule.is_not(None))).scalars().first()
        )
    assert kept == "schools 100001; amber or higher"
    assert len(events(service, "coach.rule")) == 2


def test_a_rule_goes_by_district_and_leaving_cohort_and_leaves_out_whom_the_coach_cannot_see(november: Checked) -> None:
    service = november.service
    years = {row.year_group for row in november.rows() if row.section == "ranked"}
    everybody = rule(service, november).json()
    assert (
        sum(rule(service, november, leavers=2027 + 11 - year).json()["matched"] for year in years)
        == everybody["matched"]
    )
    assert rule(service, november, leavers=2000).json()["matched"] == 0
    assert rule(service, november, districts=["South"]).json()["matched"] == 0
    south = rule(service, november, coach=person(service, "coach_south")).json()
    assert (south["count"], south["out_of_reach"]) == (0, everybody["matched"])
    assert rule(service, november, band_at_least="purple").json()["code"] == "no_such_band"


def hand_over(service: Any, who: str, giving: str, taking: str, pupils: list[str] | None = None) -> Any:
    body = {"from": person(service, giving), "to": person(service, taking), "reason": "Leave from January."}
    return service.as_(who).post("/v1/caseload/hand-over", json=body | ({"pupils": pupils} if pupils else {}))


def test_a_caseload_is_handed_over_whole_or_in_part(service) -> None:
    november = checked(service)
    service.add_person("colleague", "coach", school_id=service.schools["100001"])
    one, two, three = *november.pupils("100001")[:2], november.pupils("100002")[0]
    for pupil in (one, two, three):
        put(service, "coach", pupil, "coach")
    part = hand_over(service, "coach", "coach", "colleague", [one, "pupil-unknown"]).json()
    assert part == {"handed_over": 1, "stayed": [{"pupil": "pupil-unknown", "code": "not_with_them"}]}
    rest = hand_over(service, "analyst", "coach", "colleague").json()
    assert rest == {"handed_over": 1, "stayed": [{"pupil": three, "code": "out_of_reach"}]}
    assert {ref for _, ref in mine(service, "colleague")} == {one, two}
    assert mine(service, "coach") == [("caseload", three)]
    assert [bool(event.pupils) for event in events(service, "coach.hand_over")] == [True, True]


def test_a_coach_hands_over_only_their_own(november: Checked) -> None:
    service = november.service
    put(service, "coach", november.pupils()[0], "coach")
    assert hand_over(service, "coach_own", "coach", "coach_own").status_code == 403
