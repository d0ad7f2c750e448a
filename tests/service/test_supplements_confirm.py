"""Council lists go live: what they change, what they replace, what waits, and the council's own roll."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select

from service import audit
from service import tables as t
from service.access import Access
from service.registers.cohorts import load_cohort
from tests.service.council_lists import (
    confirm_list,
    decide_row,
    listed,
    live_list,
    met,
    register_line,
    rows_of,
    send_list,
    staged_list,
    to_resolve,
)
from tests.service.uploading import JANUARY, confirmed, open_check, pupil, upn

ON = "looked_after"


def furnish(service):
    """A November check in which the first school has confirmed four pupils; who is looked after it does not know."""
    check = open_check(service)
    confirmed(service, check, [pupil(number, Looked_after=None) for number in range(1, 5)])
    return service


@pytest.fixture
def council(sqlite_service):
    return furnish(sqlite_service)


def test_a_confirmed_list_counts_at_once_on_every_database(service) -> None:
    furnish(service)
    receipt = live_list(service, listed(1, 2, 99))
    assert (receipt["state"], receipt["to_resolve"], len(receipt["checks"])) == ("live", 1, 1)
    assert receipt["difference"]["came_on"] == 2
    assert ON in met(service, 1)
    assert ON not in met(service, 3)
    with service.database.read() as connection:
        assert audit.first_break(connection) is None
        actions = connection.execute(select(t.audit_events.c.action, t.audit_events.c.pupils)).all()
    assert [len(row.pupils.split()) for row in actions if row.action == "supplement.confirm"] == [2]


def test_confirming_needs_the_version_that_was_seen(council) -> None:
    shown = staged_list(council, listed(1))
    url = f"/v1/supplements/{shown['ref']}/confirmation"
    team = council.as_("virtual_school")
    assert team.post(url).status_code == 428
    stale = team.post(url, headers={"if-match": '"9"'})
    assert (stale.status_code, stale.json()["code"]) == (412, "stale")
    assert ON not in met(council, 1)


def test_confirming_again_changes_nothing_and_says_so(council) -> None:
    shown = staged_list(council, listed(1))
    first = confirm_list(council, shown).json()
    again = confirm_list(council, shown)
    assert (again.status_code, again.json()["unchanged"], again.json()["version"]) == (200, True, first["version"])
    same = send_list(council, listed(1))
    assert (same.status_code, same.json()["state"], same.json()["unchanged"]) == (200, "live", True)


def test_another_team_cannot_confirm(council) -> None:
    shown = staged_list(council, listed(1))
    assert confirm_list(council, shown, "youth_justice").status_code == 404
    assert confirm_list(council, shown, "coach").status_code == 403
    assert confirm_list(council, shown, "analyst").status_code == 200


def test_a_later_list_takes_the_place_of_the_earlier_and_says_who_came_on_and_fell_off(council) -> None:
    first = live_list(council, listed(1, 2))
    shown = staged_list(council, listed(2, 3), as_at="2026-11-15")
    assert shown["difference"] == {"earlier": first["ref"], "came_on": 1, "fell_off": 1, "changed": 0, "unchanged": 1}
    changes = council.as_("virtual_school").get(f"/v1/supplements/{shown['ref']}/changes").json()
    assert [item["change"] for item in changes["items"]] == ["came_on", "fell_off"]
    receipt = confirm_list(council, shown).json()
    assert receipt["replaced"] == [first["ref"]]
    assert [ON in met(council, number) for number in (1, 2, 3)] == [False, True, True]
    states = {item["ref"]: item["state"] for item in council.as_("analyst").get("/v1/supplements").json()["items"]}
    assert states == {first["ref"]: "superseded", shown["ref"]: "live"}


def test_a_complete_list_after_a_complete_list_changes_whom_it_should_and_nobody_else(council) -> None:
    live_list(council, listed(1, 2), complete="true")
    before = register_line(council, 4)
    live_list(council, listed(2, 3), complete="true", as_at="2026-11-15")
    assert [ON in met(council, number) for number in (1, 2, 3, 4)] == [False, True, True, False]
    assert register_line(council, 4).id == before.id  # nothing about the pupil was worked out again
    assert said(council) == {1: -1, 2: 1, 3: 1, 4: -1}
    live_list(council, listed(2, 3), as_at="2026-11-16")  # no longer complete: nobody knows of the others any more
    assert said(council) == {1: 0, 2: 1, 3: 1, 4: 0}


def said(service) -> dict[int, int]:
    """By invented pupil, what the effective cohort says of being looked after: 1, 0 not known, -1."""
    with service.database.read(Access.system()) as connection:
        cohort = load_cohort(connection, connection.execute(select(t.checks)).one())
    flags = dict(zip(cohort.column("upn").to_pylist(), cohort.column(ON).tolist(), strict=True))
    return {number: flags[upn(number)] for number in range(1, 5)}


def test_a_list_of_an_earlier_day_does_not_take_the_place_of_a_later(council) -> None:
    live_list(council, listed(1), as_at="2026-11-01")
    answer = confirm_list(council, staged_list(council, listed(2), as_at="2026-10-31"))
    assert (answer.status_code, answer.json()["code"]) == (409, "older_list")
    same_day = confirm_list(council, staged_list(council, listed(3), as_at="2026-11-01"))
    assert same_day.status_code == 200


def test_lists_for_other_year_groups_or_of_other_fields_stand_side_by_side(council) -> None:
    live_list(council, listed(1), years=["11"])
    live_list(council, listed(2), years=["10"])
    live_list(council, listed(3), field="care_leaver")
    lists = council.as_("analyst").get("/v1/supplements", params={"state": "live"}).json()["items"]
    assert len(lists) == 3
    live_list(council, listed(4))  # for all year groups
    lists = council.as_("analyst").get("/v1/supplements", params={"state": "live"}).json()["items"]
    assert sorted(item["field"] for item in lists) == ["care_leaver", "looked_after"]


@pytest.mark.parametrize(
    ("complete", "years", "answer"),
    [("true", None, False), ("true", ["10"], None), ("true", ["11"], False), ("false", None, None)],
)
def test_off_a_list_is_no_only_where_it_is_complete_and_covers_the_pupil(council, complete, years, answer) -> None:
    live_list(council, listed(1), complete=complete, **({"years": years} if years else {}))
    assert said(council)[1] == 1
    assert said(council)[3] == {False: -1, None: 0}[answer]


def test_a_pupil_without_upn_is_joined_when_a_person_accepts_the_link(council) -> None:
    who = {"Surname": "Surname3", "Forename": "Forename3", "Date of birth": "04/10/2010"}
    receipt = live_list(council, [who])
    assert ON not in met(council, 3)
    (entry,) = to_resolve(council, kind="list_row")
    assert "names and birth date" in entry["sentence"]
    (row,) = rows_of(council, receipt["ref"])
    answer = decide_row(council, receipt["ref"], row, action="link")
    assert (answer.status_code, answer.json()["state"]) == (200, "matched")
    assert ON in met(council, 3)
    assert to_resolve(council) == []


def test_a_row_left_out_needs_a_reason_and_counts_no_more(council) -> None:
    receipt = live_list(council, listed(1))
    (row,) = rows_of(council, receipt["ref"])
    answer = decide_row(council, receipt["ref"], row, action="dismiss")
    assert (answer.status_code, answer.json()["code"]) == (422, "reason_needed")
    answer = decide_row(council, receipt["ref"], row, action="dismiss", reason="Came home in October")
    assert answer.status_code == 200
    assert ON not in met(council, 1)
    stale = decide_row(council, receipt["ref"], row, action="link")
    assert (stale.status_code, stale.json()["code"]) == (412, "stale")


def test_a_team_links_only_to_pupils_that_are_proposed(council) -> None:
    receipt = live_list(council, listed(99))
    (row,) = rows_of(council, receipt["ref"])
    with council.database.read() as connection:
        other = connection.execute(select(t.pupils.c.ref).where(t.pupils.c.upn == upn(2))).scalar_one()
    answer = decide_row(council, receipt["ref"], row, action="link", pupil=other)
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
    answer = decide_row(council, receipt["ref"], row, "analyst", action="link", pupil=other)
    assert answer.status_code == 200
    assert ON in met(council, 2)


def test_a_row_of_a_pupil_whom_a_school_lists_later_finds_the_pupil_by_itself(council) -> None:
    live_list(council, listed(9))
    assert [entry["kind"] for entry in to_resolve(council)] == ["list_row"]
    check = council.as_("analyst").get("/v1/checks").json()["items"][0]["ref"]
    confirmed(council, check, [pupil(9, Looked_after=None)], "returns2")
    assert ON in met(council, 9)
    assert to_resolve(council) == []
    (closed,) = to_resolve(council, state="closed")
    assert (closed["closed_itself"], closed["decision"]) == (True, None)


HOME = {"Surname": "Homea", "Forename": "Invented", "Date of birth": "01/10/2010"}


def test_pupils_without_a_school_go_onto_the_councils_own_roll(council) -> None:
    rows = [{"UPN": upn(50), **HOME}, {"UPN": None, **HOME, "Forename": "Second"}, *listed(1)]
    receipt = live_list(council, rows, "analyst", team="ehe_cme", field="elective_home_education")
    url = f"/v1/supplements/{receipt['ref']}/own-roll"
    assert council.as_("virtual_school").post(url, json={"reason": "Educated at home"}).status_code == 403
    answer = council.as_("analyst").post(url, json={"reason": "Educated at home"})
    assert answer.json() == {"added": 2, "left": [{"code": "on_a_roll", "count": 1}]}
    line = register_line(council, 50)
    assert (line.section, line.school_id, line.year_group) == ("ranked", None, 11)
    assert "elective_home_education" in line.indicators or line.points >= 0
    again = council.as_("analyst").post(url, json={"reason": "Educated at home"})
    assert again.json()["added"] == 0
    states = {row["state"] for row in rows_of(council, receipt["ref"], "analyst")}
    assert states == {"own_roll", "matched"}
    with council.database.read() as connection:
        found = connection.execute(
            select(func.count()).where(t.roll_pupils.c.school_id.is_(None), t.roll_pupils.c.live)
        ).scalar_one()
    assert found == 2


def test_a_row_without_a_name_or_outside_the_years_cannot_go_onto_the_own_roll(council) -> None:
    rows = [*listed(60), {"UPN": upn(61), **HOME, "Date of birth": "01/10/2019"}]
    receipt = live_list(council, rows, "analyst", team="ehe_cme", field="missing_education")
    nameless, young = rows_of(council, receipt["ref"], "analyst")
    for row, code in ((nameless, "no_name"), (young, "outside_years")):
        answer = decide_row(council, receipt["ref"], row, "analyst", action="own_roll", reason="No school")
        assert (answer.status_code, answer.json()["code"]) == (422, code)


def test_the_own_roll_gives_up_whom_a_school_lists_and_goes_on_in_january(council) -> None:
    rows = [{"UPN": upn(50), **HOME}, {"UPN": None, **HOME, "Forename": "Second"}]
    receipt = live_list(council, rows, "analyst", team="ehe_cme", field="missing_education")
    council.as_("analyst").post(f"/v1/supplements/{receipt['ref']}/own-roll", json={"reason": "No place"})
    november = council.as_("analyst").get("/v1/checks").json()["items"][0]["ref"]
    confirmed(council, november, [pupil(50)], "returns2")
    assert register_line(council, 50).school_id == council.schools["100002"]
    january = open_check(council, JANUARY)
    later = live_list(
        council, [{"UPN": upn(51), **HOME, "Forename": "Third"}], "analyst", team="ehe_cme", field="missing_education",
        as_at="2027-01-10",
    )  # fmt: skip
    url = f"/v1/supplements/{later['ref']}/own-roll"
    answer = council.as_("analyst").post(url, json={"reason": "No place", "check": january})
    assert answer.json()["added"] == 1
    with council.database.read() as connection:
        names = connection.execute(
            select(t.pupils.c.name)
            .join(t.roll_pupils, t.roll_pupils.c.pupil_id == t.pupils.c.id)
            .join(t.checks, t.checks.c.id == t.roll_pupils.c.check_id)
            .where(t.roll_pupils.c.live, t.roll_pupils.c.school_id.is_(None), t.checks.c.ref == january)
        ).scalars()
        assert sorted(names) == ["Homea, Second", "Homea, Third"]
        pupils = connection.execute(select(func.count()).where(t.pupils.c.name.like("Homea%"))).scalar_one()
    assert pupils == 2  # number 50 has the school's name; nobody is there twice


def test_lists_never_reach_a_pupil_of_another_team(council) -> None:
    live_list(council, listed(1, 2))
    assert council.as_("youth_justice").get("/v1/resolutions").json()["items"] == []
