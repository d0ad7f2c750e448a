"""Reports of a check: what the counts count, and who may read them."""

from __future__ import annotations

import numpy as np
import pytest
from sqlalchemy import insert, select, update

from roni import cohort_from_dict, cohort_to_dict
from service import tables as t
from service.clock import now
from service.refs import new_ref
from tests.service.rolls import add_check, fill, invented, register_rows
from tests.service.test_models_shelf import ref_of

NAMES = ("bands", "movement", "completeness", "overrides", "returns")
OTHERS = ("returns", "careers", "coach", "coach_own", "virtual_school", "youth_justice", "panel", "administrator")


def report(service, ref: str, name: str) -> dict:
    answer = service.as_("analyst").get(f"/v1/checks/{ref}/reports/{name}")
    assert answer.status_code == 200
    return dict(answer.json())


def worse(cohort):
    """The same pupils, whose attendance has fallen."""
    data = cohort_to_dict(cohort)
    for record in data["pupils"]:
        record["values"]["attendance"] = 40.0
        for name in [name for name in record["values"] if name.startswith("sessions_") or name == "absence"]:
            record["values"].pop(name)
    return cohort_from_dict(data)


def two_checks(service) -> tuple[tuple[int, str], tuple[int, str]]:
    """November with two schools; January in which the first one's attendance fell, and three pupils are gone."""
    november = add_check(service)
    cohorts = {"100001": invented(40), "100002": invented(30, school=1)}
    fill(service, november, cohorts)
    january = add_check(service, "january", earlier_id=november)
    first = worse(cohorts["100001"].take(np.arange(3, 40)))
    fill(service, january, {"100001": first, "100002": cohorts["100002"]})
    return (november, ref_of(service, november)), (january, ref_of(service, january))


@pytest.fixture
def checked(sqlite_service):
    return sqlite_service, *two_checks(sqlite_service)


@pytest.mark.parametrize("name", NAMES)
def test_an_empty_check_has_reports_too(sqlite_service, name) -> None:
    assert report(sqlite_service, ref_of(sqlite_service, add_check(sqlite_service)), name)["check"]["label"]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("who", OTHERS)
def test_only_analysts_read_reports(module_service, who, name) -> None:
    answer = module_service.as_(who).get(f"/v1/checks/check-none/reports/{name}")
    assert (answer.status_code, answer.json()["code"]) == (403, "not_allowed")
    assert module_service.as_("nobody").get(f"/v1/checks/check-none/reports/{name}").status_code == 401


@pytest.mark.parametrize("name", NAMES)
def test_a_check_that_is_not_there_has_no_reports(module_service, name) -> None:
    assert module_service.as_("analyst").get(f"/v1/checks/check-none/reports/{name}").status_code == 404


def test_bands_count_every_pupil_once(service) -> None:
    check = add_check(service)
    left = {key: {"to": "not_known"} for key in list(invented(2))}
    fill(service, check, {"100001": invented(40)}, left=left)
    fill(service, check, {"100003": invented(30, school=1)})
    rows, found = register_rows(service, check), report(service, ref_of(service, check), "bands")
    assert found["total"]["pupils"] == len(rows) == 70
    assert sum(found["total"]["bands"].values()) == sum(row.section == "ranked" for row in rows)
    assert found["total"]["left"] == sum(row.section == "left" for row in rows) == 2
    assert list(found["total"]["bands"]) == found["bands"] == ["red", "amber", "green", "none"][: len(found["bands"])]
    assert [(line["name"], line["pupils"]) for line in found["schools"]] == [
        ("Example School", 30),
        ("Invented Academy", 40),
    ]
    by_district = {line["name"]: line["pupils"] for line in found["districts"]}
    assert sum(by_district.values()) == 70
    top = len(found["bands"]) - 1
    assert found["total"]["bands"]["red"] == sum(row.section == "ranked" and row.band == top for row in rows)


def test_movement_says_who_moved_from_which_band_to_which(checked) -> None:
    service, _, (january, ref) = checked
    found, rows = report(service, ref, "movement"), register_rows(service, january)
    assert sum(found["kinds"].values()) == len(rows)
    assert found["kinds"]["up"] == sum(row.change == "up" for row in rows) > 0
    assert found["only_before"] == 3
    assert sum(step["pupils"] for step in found["bands"]) == sum(row.section == "ranked" for row in rows)
    schools = {line["name"]: line["kinds"] for line in found["schools"]}
    assert schools["Invented Academy"]["up"] == found["kinds"]["up"]
    assert "up" not in schools["Sample High School"]


def test_the_first_check_has_nothing_to_move_from(checked) -> None:
    service, (_, ref), _ = checked
    found = report(service, ref, "movement")
    assert (found["earlier"], found["kinds"], found["bands"]) == (None, {}, [])


def test_completeness_counts_what_is_known_of_whom(sqlite_service) -> None:
    check, cohort = add_check(sqlite_service), invented(20)
    data = cohort_to_dict(cohort)
    for place, record in enumerate(data["pupils"]):
        record["values"].pop("restricted_sharing", None)
        for name in [name for name in record["values"] if name.startswith("sessions_") or name == "absence"]:
            record["values"].pop(name)
        record["values"].pop("attendance", None)
        if place < 5:
            record["values"]["attendance"] = 90.0
        if place == 19:
            record["values"] |= {"restricted_sharing": True, "attendance": 50.0}
    data["columns"] = [*dict.fromkeys([*data["columns"], "restricted_sharing"])]
    fill(sqlite_service, check, {"100001": cohort_from_dict(data)})
    found = report(sqlite_service, ref_of(sqlite_service, check), "completeness")
    fields = {line["name"]: line for line in found["fields"]}
    assert found["pupils"] == 19
    assert (fields["attendance"]["known"], fields["attendance"]["known_pct"]) == (5, 26.3)
    assert fields["attendance"]["supplier"] == "school"
    assert found["schools"][0]["fields"]["attendance"] == 5
    assert found["schools"][0]["pupils"] == 19


def test_returns_say_how_far_each_school_is(sqlite_service) -> None:
    client = sqlite_service.as_("analyst")
    ref = client.post("/v1/checks", json={"academic_year": "2026/27", "name": "november"}).json()["ref"]
    with sqlite_service.database.write() as connection:
        check = connection.execute(select(t.checks.c.id).where(t.checks.c.ref == ref)).scalar_one()
        line = (t.check_schools.c.check_id == check, t.check_schools.c.school_id == sqlite_service.schools["100001"])
        connection.execute(update(t.check_schools).where(*line).values(started_at=now(), signed_off_at=now()))
    fill(sqlite_service, check, {"100001": invented(12)})
    found = report(sqlite_service, ref, "returns")
    assert (found["counts"]["asked"], found["counts"]["signed_off"], found["counts"]["not_returned"]) == (3, 1, 2)
    states = {line["name"]: (line["state"], line["pupils"]) for line in found["schools"]}
    assert states["Invented Academy"] == ("signed_off", 12)
    assert states["Example School"] == ("not_returned", 0)


def test_override_rates_are_of_the_rolls_pupils(checked) -> None:
    service, (november, ref), _ = checked
    pupil = register_rows(service, november)[0].pupil_id
    with service.database.write() as connection:
        connection.execute(
            insert(t.moderations).values(
                ref=new_ref("moderation"), by_id=service.people["careers"], check_id=november, pupil_id=pupil,
                kind="priority", band="red", why="no_plan", reason="Invented", role="careers", state="standing",
            )
        )  # fmt: skip
    found = report(service, ref, "overrides")
    assert (found["count"], found["pupils"], found["rate_pct"]) == (1, 70, 1.4)
    assert [(item["kind"], item["why"], item["count"]) for item in found["items"]] == [("priority", "no_plan", 1)]


def test_reading_a_report_is_audited_without_naming_anybody(checked) -> None:
    service, _, (_, ref) = checked
    report(service, ref, "bands")
    with service.database.read() as connection:
        event = t.audit_events.c
        said = connection.execute(select(event.about, event.pupils, event.detail).where(event.action == "report.read"))
        assert said.all() == [(ref, "", '{"report": "bands"}')]
