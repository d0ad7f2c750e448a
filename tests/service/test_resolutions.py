"""The list “to resolve”: what is put on it, who sees it, what people decide and what follows."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from service import tables as t
from service.access import Access
from service.registers.cohorts import load_cohort
from tests.service.council_lists import decide, listed, live_list, register_line, to_resolve
from tests.service.uploading import GONE, JANUARY, change, confirm, confirmed, open_check, pupil, staged, upn

REASON = "Asked by telephone"


@pytest.fixture
def council(sqlite_service):
    """A November check in which the first school has confirmed four pupils, none of them looked after."""
    check = open_check(sqlite_service)
    confirmed(sqlite_service, check, [pupil(number) for number in range(1, 5)])
    return sqlite_service


def check_of(service) -> str:
    return str(service.as_("analyst").get("/v1/checks").json()["items"][0]["ref"])


def says(service, number: int, field: str = "looked_after") -> int:
    """What the effective cohort of the latest check says of a pupil: 1, 0 not known, -1."""
    with service.database.read(Access.system()) as connection:
        check = connection.execute(select(t.checks).order_by(t.checks.c.id.desc()).limit(1)).one()
        cohort = load_cohort(connection, check)
    return int(cohort.column(field)[cohort.column("upn").to_pylist().index(upn(number))])


def test_where_school_and_list_disagree_it_counts_as_met_until_a_person_decides(council) -> None:
    live_list(council, listed(1))
    assert says(council, 1) == 1
    (entry,) = to_resolve(council)
    assert (entry["kind"], entry["field"], entry["decisions"]) == (
        "sources_disagree", "looked_after", ["school", "council"],
    )  # fmt: skip
    assert "Invented Academy says no" in entry["sentence"]
    assert "Surname1" not in entry["sentence"]
    answer = decide(council, entry, decision="school", reason=REASON)
    assert (answer.status_code, answer.json()["decision"], answer.json()["closed_by"]) == (
        200, "school", "Invented analyst",
    )  # fmt: skip
    assert says(council, 1) == -1
    assert to_resolve(council) == []


def test_the_list_may_be_right_and_a_decision_may_be_changed(council) -> None:
    live_list(council, listed(1))
    (entry,) = to_resolve(council)
    closed = decide(council, entry, decision="school", reason=REASON).json()
    assert says(council, 1) == -1
    answer = decide(council, closed, decision="council", reason="The virtual school has papers")
    assert answer.status_code == 200
    assert says(council, 1) == 1


def test_a_complete_list_disagrees_with_a_yes_of_the_school(council) -> None:
    check = check_of(council)
    confirmed(council, check, [pupil(1, Looked_after="Y"), *map(pupil, (2, 3, 4))])
    live_list(council, listed(2), complete="true")
    entries = {entry["sentence"].split(":")[1].split(";")[0] for entry in to_resolve(council)}
    assert entries == {" Invented Academy says yes", " Invented Academy says no"}
    entry = next(entry for entry in to_resolve(council) if "says yes;" in entry["sentence"])
    assert says(council, 1) == 1
    decide(council, entry, decision="council", reason=REASON)
    assert says(council, 1) == -1


def test_a_disagreement_closes_itself_when_the_school_says_otherwise_and_lapses_a_decision(council) -> None:
    live_list(council, listed(1, 2))
    one, two = to_resolve(council)
    decide(council, one, decision="school", reason=REASON)
    confirmed(council, check_of(council), [pupil(n, Looked_after="Y") if n < 3 else pupil(n) for n in range(1, 5)])
    assert to_resolve(council) == []
    closed = {entry["ref"]: entry for entry in to_resolve(council, state="closed")}
    assert closed[two["ref"]]["closed_itself"] is True
    assert says(council, 1) == 1  # what was decided about an answer that the school no longer gives
    answer = decide(council, closed[two["ref"]], decision="school", reason=REASON)
    assert (answer.status_code, answer.json()["code"]) == (409, "settled")


def test_a_decision_stands_in_january_while_both_say_the_same(council) -> None:
    live_list(council, listed(1))
    (entry,) = to_resolve(council)
    decide(council, entry, decision="school", reason=REASON)
    check = open_check(council, JANUARY)
    confirmed(council, check, [pupil(number) for number in range(1, 5)])
    assert to_resolve(council) == []
    assert says(council, 1) == -1


def test_a_school_sees_what_is_about_its_own_pupils_and_fields_it_may_see(council) -> None:
    live_list(council, listed(1))
    live_list(council, listed(2), "analyst", team="send", field="ehcp")
    kinds = {entry["field"] for entry in to_resolve(council)}
    assert kinds == {"looked_after", "ehcp"}
    assert {entry["field"] for entry in to_resolve(council, "careers")} == {"looked_after", "ehcp"}
    assert {entry["field"] for entry in to_resolve(council, "returns")} == {"ehcp"}
    assert to_resolve(council, "returns2") == []
    assert {entry["field"] for entry in to_resolve(council, "virtual_school")} == {"looked_after"}
    assert council.as_("administrator").get("/v1/resolutions").status_code == 403
    (hidden,) = [entry for entry in to_resolve(council) if entry["field"] == "looked_after"]
    assert council.as_("returns").get(f"/v1/resolutions/{hidden['ref']}").status_code == 404


def test_only_the_council_decides(council) -> None:
    live_list(council, listed(1))
    (entry,) = to_resolve(council)
    for who in ("returns", "careers", "coach", "virtual_school", "panel", "administrator"):
        assert decide(council, entry, who, decision="school", reason=REASON).status_code == 403


def test_a_decision_needs_a_reason_the_version_and_to_be_one_of_those(council) -> None:
    live_list(council, listed(1))
    (entry,) = to_resolve(council)
    without = council.as_("analyst").patch(f"/v1/resolutions/{entry['ref']}", json={"decision": "school"})
    assert without.status_code == 428
    for said, code in (({"decision": "school"}, "reason_needed"), ({"decision": "link"}, "no_such_decision")):
        answer = decide(council, entry, **said)
        assert (answer.status_code, answer.json()["code"]) == (422, code)
    stale = decide(council, {**entry, "version": 9}, decision="school", reason=REASON)
    assert (stale.status_code, stale.json()["code"]) == (412, "stale")


def both_schools(council) -> dict:
    confirmed(council, check_of(council), [pupil(1, Attendance="x"), pupil(8)], "returns2")
    (entry,) = to_resolve(council, kind="two_schools")
    return entry


def test_of_two_schools_a_person_says_which_is_the_main_one(council) -> None:
    entry = both_schools(council)
    names = {entry["school"]["urn"]: "school", entry["other_school"]["urn"]: "other_school"}
    assert set(names) == {"100001", "100002"}
    assert to_resolve(council, school="100002") != []
    assert to_resolve(council, school="100003") == []
    for urn in ("100001", "100002"):
        answer = decide(council, entry, decision=names[urn], reason=REASON)
        assert answer.status_code == 200
        entry = answer.json()
        assert register_line(council, 1).school_id == council.schools[urn]


def test_what_was_decided_of_two_schools_is_not_asked_again(council) -> None:
    decide(council, both_schools(council), decision="school", reason=REASON)
    confirmed(council, check_of(council), [pupil(1), pupil(8), pupil(9)], "returns2")
    assert to_resolve(council, kind="two_schools") == []


def leave(council, number: int, **where: str) -> None:
    upload = staged(council, check_of(council), [pupil(n) for n in range(1, 5) if n != number])
    upload = change(council, upload, leavers={"*": GONE | where})
    assert confirm(council, upload).status_code == 200


def test_a_leaver_whom_the_named_school_does_not_list_waits_until_it_does(council) -> None:
    leave(council, 4, to="school", school="100002")
    (entry,) = to_resolve(council, kind="moved_unlisted")
    assert entry["other_school"]["urn"] == "100002"
    confirmed(council, check_of(council), [pupil(4)], "returns2")
    assert to_resolve(council, kind="moved_unlisted") == []


def test_a_leaver_to_home_education_is_an_alert_that_somebody_takes_note_of(council) -> None:
    leave(council, 4, to="ehe")
    (entry,) = to_resolve(council, kind="alert")
    assert "elective home education" in entry["sentence"]
    answer = decide(council, entry, decision="acknowledged")
    assert (answer.status_code, answer.json()["closed_by"]) == (200, "Invented analyst")
    assert to_resolve(council) == []


def test_a_row_of_a_list_can_be_left_out_from_here(council) -> None:
    live_list(council, listed(99))
    (entry,) = to_resolve(council, kind="list_row")
    assert [item["ref"] for item in to_resolve(council, "virtual_school")] == [entry["ref"]]
    assert to_resolve(council, "youth_justice") == []
    answer = decide(council, entry, decision="dismiss", reason="Lives in another council")
    assert (answer.status_code, answer.json()["decision"]) == (200, "dismiss")
    rows = council.as_("analyst").get(f"/v1/supplements/{entry['supplement']}/rows").json()["items"]
    assert [row["state"] for row in rows] == ["dismissed"]


def test_the_list_comes_in_pages_and_reading_it_is_recorded(council) -> None:
    live_list(council, listed(1, 2, 3))
    analyst = council.as_("analyst")
    first = analyst.get("/v1/resolutions", params={"limit": 2}).json()
    second = analyst.get("/v1/resolutions", params={"limit": 2, "cursor": first["next"]}).json()
    assert len({item["ref"] for item in (*first["items"], *second["items"])}) == 3
    with council.database.read() as connection:
        events = t.audit_events.c
        rows = connection.execute(select(events.pupils).where(events.action == "resolution.read")).scalars()
        assert [len(pupils.split()) for pupils in rows] == [2, 1]
