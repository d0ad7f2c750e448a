"""Registers as they are worked out: what the library says of the same cohort, in every view, for whom it concerns."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from sqlalchemy import insert, select, update

from roni import Cohort, Register, carry_over, load_model, load_scorecard, national, read_rows, score
from service import tables as t
from service.access import VIEWS, Access
from service.clock import now
from service.refs import new_ref
from service.registers.views import side_by_side, views_of
from service.registers.working_out import work_out
from tests.service.rolls import add_check, add_model, confirm, fill, invented, register_rows

UNSEEN = {  # how what a view does not see would be asked for
    view: tuple(item.label for item in national().values() if item.audience not in seen) for view, seen in VIEWS.items()
}


def register_of(cohort: Cohort, view: str, model: Any = None, card: str = "roni") -> Register:
    return score(cohort.seen_by(VIEWS[view]), load_scorecard(card), model)


def lines(service: Any, check: int, view: str = "full") -> dict[str, dict[str, Any]]:
    return {row.key: json.loads(row.line) for row in register_rows(service, check, view)}


def rework(service: Any, check: int, pupils: list[int] | None = None) -> None:
    with service.database.write(Access.system()) as connection:
        work_out(connection, service.settings, check, pupils)


def assert_says_the_same(line: dict[str, Any], said: dict[str, Any], view: str) -> None:
    for name in ("band", "band_max", "rules_band", "model_band", "points", "points_max", "chance", "probability"):
        assert line[name] == said[name], name
    assert line["why"] == said["reasons"]
    assert "; ".join(line["not_known"]) == said["not_known"]
    assert "; ".join(line["marks"]) == said["marks"]
    ask, may_be_asked = line["ask_first"], not said["ask_first"].startswith(UNSEEN[view])
    assert (f"{ask['label']} ({ask['of']})" if ask else "") == (said["ask_first"] if may_be_asked else "")
    assert sum(reason.get("points", 0) for reason in line["reasons"]) == line["points"]


@pytest.mark.parametrize(("card", "with_model"), [("roni", True), ("oxfordshire", False)])
def test_every_view_is_what_the_library_says_of_what_the_view_sees(
    sqlite_service: Any, card: str, with_model: bool
) -> None:
    cohort, model = invented(80), load_model("demo") if with_model else None
    check = add_check(sqlite_service, card=card)
    if model is not None:
        add_model(sqlite_service, check, model)
    fill(sqlite_service, check, {"100001": cohort})
    for view in VIEWS:
        register = register_of(cohort, view, model, card)
        rows, table = register_rows(sqlite_service, check, view), register.to_table().to_pylist()
        assert [row.key for row in rows] == [said["key"] for said in table]
        for row, said in zip(rows, table, strict=True):
            assert_says_the_same(json.loads(row.line), said, view)


@pytest.mark.parametrize(
    ("youth_justice", "asked"),
    [
        (["Y", "?"], {"full": [None, "youth_justice"], "support": [None, None], "school": [None, None]}),
        (None, {view: [None, None] for view in VIEWS}),  # no column: every view is the same, and shares its rows
    ],
)
def test_nobody_is_sent_to_ask_about_what_they_may_not_know(
    sqlite_service: Any, youth_justice: list[str] | None, asked: dict[str, list[str | None]]
) -> None:
    said = {"Year": "11", "% Attendance": "99", "SEN": "N", "Suspensions": "0"}
    said |= dict.fromkeys(("FSM", "In care", "Young carer", "PEX", "EAL", "AP", "Pregnant or parent"), "N")
    rows = [{"UPN": f"{letter}30399992600{number}", **said} for number, letter in enumerate("YM", 1)]
    for row, cell in zip(rows, youth_justice or (), strict=False):
        row["YOT"] = cell
    check = add_check(sqlite_service, card="oxfordshire")
    fill(sqlite_service, check, {"100001": read_rows(rows, "november", "2026/27")})
    found = {
        view: [json.loads(row.line)["ask_first"] for row in register_rows(sqlite_service, check, view)]
        for view in VIEWS
    }
    assert {view: [ask and ask["field"] for ask in each] for view, each in found.items()} == asked


def test_views_side_by_side_score_as_each_by_itself() -> None:
    cohort, card, model = invented(60, seed=9), load_scorecard("roni"), load_model("demo")
    views = views_of(cohort)
    together = score(side_by_side(views), card, model)
    for place, (view, alone) in enumerate(views.items()):
        mine, part = score(alone, card, model), slice(place * len(cohort), (place + 1) * len(cohort))
        for name in ("points", "points_max", "band", "band_max"):
            assert np.array_equal(getattr(together.assessment, name)[part], getattr(mine.assessment, name)), view
        assert np.array_equal(together.probability[part], mine.probability, equal_nan=True)
        assert np.array_equal(together.assessment.ask_first[part] >= 0, mine.assessment.ask_first >= 0)
        assert np.array_equal(together.could_be.points[part], mine.could_be.points)


def test_what_is_worked_out_for_some_is_what_everybody_would_get(sqlite_service: Any) -> None:
    cohort = invented(30)
    check = add_check(sqlite_service)
    ids = fill(sqlite_service, check, {"100001": cohort, "100002": invented(20, school=1)})["100001"]
    with sqlite_service.database.write(Access.system()) as connection:
        record = cohort_record(connection, ids[0])
        record["values"] |= {"attendance": 41.0, "young_carer": True}
        connection.execute(update(t.roll_pupils).where(t.roll_pupils.c.pupil_id == ids[0]).values(record=record))
    rework(sqlite_service, check, ids[:1])
    some = {
        view: [(row.key, row.sort, row.line) for row in register_rows(sqlite_service, check, view)] for view in VIEWS
    }
    rework(sqlite_service, check)
    for view, rows in some.items():
        assert rows == [(row.key, row.sort, row.line) for row in register_rows(sqlite_service, check, view)]
    assert json.loads(next(line for key, _, line in some["full"] if key == record["key"]))["points"] >= 3


def cohort_record(connection: Any, pupil: int) -> dict[str, Any]:
    found = connection.execute(select(t.roll_pupils.c.record).where(t.roll_pupils.c.pupil_id == pupil)).scalar_one()
    return {**found, "values": dict(found["values"])}


def test_who_left_stays_in_a_section_until_somebody_closes_and_who_died_is_in_no_list(sqlite_service: Any) -> None:
    cohort = invented(6)
    keys = cohort.keys.to_pylist()
    check = add_check(sqlite_service)
    left = {
        keys[0]: {"date": "2026-10-20", "to": "home_education"},
        keys[1]: {"date": "2026-10-21", "to": "died"},
        keys[2]: {"date": "2026-10-22", "to": "not_known"},
    }
    ids = fill(sqlite_service, check, {"100001": cohort}, left=left)["100001"]
    found = lines(sqlite_service, check)
    assert keys[1] not in found
    assert found[keys[0]]["section"] == found[keys[2]]["section"] == "left"
    assert found[keys[0]]["marks"][0] == "left on 20 Oct 2026, to elective home education"
    assert found[keys[2]]["marks"][0] == "left on 22 Oct 2026"
    assert lines(sqlite_service, check, "school")[keys[0]]["marks"][0] == "left on 20 Oct 2026"
    assert found[keys[0]]["points"] is not None
    with sqlite_service.database.write(Access.system()) as connection:
        connection.execute(update(t.pupils).where(t.pupils.c.id == ids[0]).values(closed_at=now()))
    rework(sqlite_service, check, ids[:1])
    assert keys[0] not in lines(sqlite_service, check)


def test_another_school_s_confirmation_puts_a_leaver_back_on_the_list(sqlite_service: Any) -> None:
    cohort = invented(4)
    key = cohort.keys.to_pylist()[0]
    check = add_check(sqlite_service)
    fill(sqlite_service, check, {"100001": cohort}, left={key: {"date": "2026-10-20", "to": "school_here"}})
    fill(sqlite_service, check, {"100002": cohort.take(np.array([0]))})
    line = lines(sqlite_service, check)[key]
    assert (line["section"], line["school"]["urn"]) == ("ranked", "100002")


def test_a_restricted_pupil_is_named_and_not_scored(sqlite_service: Any) -> None:
    cohort = invented(3)
    flags = np.array([1, -1, -1], np.int8)
    check = add_check(sqlite_service)
    fill(sqlite_service, check, {"100001": with_column(cohort, "restricted_sharing", flags)})
    line = lines(sqlite_service, check)[cohort.keys.to_pylist()[0]]
    assert (line["section"], line["status"]) == ("restricted", "not scored: information restricted")
    assert line["surname"]
    assert not {"band", "points", "probability", "why", "reasons"} & set(line)
    assert line["ehcp"] is line["intended_destination"] is None
    assert register_rows(sqlite_service, check)[-1].section == "restricted"
    assert register_rows(sqlite_service, check)[-1].indicators == ""


def with_column(cohort: Cohort, name: str, values: Any) -> Cohort:
    return replace(cohort, columns={**cohort.columns, name: values})


def test_of_two_registrations_the_main_one_counts_and_sessions_add_up(sqlite_service: Any) -> None:
    cohort = invented(2)
    codes = list(cohort.fields["registration_status"].codes)
    sessions = {"sessions_possible": [100, 100], "sessions_attended": [90, 90]}

    def registered(status: str, possible: int, attended: int) -> Cohort:
        made = with_column(cohort, "registration_status", np.full(2, codes.index(status), np.int16))
        made = with_column(made, "sessions_possible", np.full(2, possible, np.int32))
        made = with_column(made, "sessions_attended", np.full(2, attended, np.int32))
        names = [name for name in sessions if name not in made.columns]
        assert not names
        drop = ("sessions_absent", "sessions_authorised", "sessions_unauthorised")
        kept = {name: values for name, values in made.columns.items() if name not in drop}
        return replace(made, columns={**kept, "attendance": np.full(2, 100.0 * attended / possible)})

    check = add_check(sqlite_service)
    main, other = registered("main_dual", 100, 90), registered("subsidiary", 50, 15).take(np.array([0]))
    fill(sqlite_service, check, {"100001": main})
    ids = fill(sqlite_service, check, {"100002": other})["100002"]
    line = lines(sqlite_service, check)[cohort.keys.to_pylist()[0]]
    assert line["school"]["urn"] == "100001"
    assert "two registrations" in line["marks"]
    assert "also registered at Sample High School" in line["marks"]
    with sqlite_service.database.read(Access.system()) as connection:
        from service.registers.cohorts import load_cohort

        row = connection.execute(select(t.checks)).one()
        assert load_cohort(connection, row, ids).value("attendance", 0) == 70.0
        assert load_cohort(connection, row, school=sqlite_service.schools["100002"]).keys.to_pylist() == []


def test_a_school_s_addition_stands_first_in_its_band_and_a_removal_waits(sqlite_service: Any) -> None:
    cohort = invented(40)
    check = add_check(sqlite_service)
    fill(sqlite_service, check, {"100001": cohort})
    rows = register_rows(sqlite_service, check)
    last, first = rows[-1], rows[0]

    def moderate(pupil: int, **values: Any) -> None:
        with sqlite_service.database.write(Access.system()) as connection:
            by = sqlite_service.people["careers"]
            shared = {"by_id": by, "check_id": check, "why": "other", "reason": "-", "role": "careers"}
            connection.execute(
                insert(t.moderations).values(ref=new_ref("moderation"), pupil_id=pupil, **shared, **values)
            )
            work_out(connection, sqlite_service.settings, check, [pupil])

    moderate(last.pupil_id, kind="add", band="red", state="standing")
    moderate(first.pupil_id, kind="remove", state="asked")
    again = register_rows(sqlite_service, check)
    assert again[0].pupil_id == last.pupil_id
    line = json.loads(again[0].line)
    assert (line["band"], line["rules_band"], line["moderated"]) == ("red", "none", "added")
    assert line["points"] == json.loads(last.line)["points"]
    assert (again[1].pupil_id, again[1].moderated) == (first.pupil_id, "removal_asked")
    with sqlite_service.database.write(Access.system()) as connection:
        asked = t.moderations.c.pupil_id == first.pupil_id
        decided = {"state": "accepted", "decided_role": "analyst", "decided_at": now()}
        connection.execute(update(t.moderations).where(asked).values(**decided))
    rework(sqlite_service, check, [first.pupil_id])
    assert register_rows(sqlite_service, check)[-1].section == "taken_off"


def test_a_model_that_nobody_promoted_scores_nobody_and_the_register_says_so(sqlite_service: Any) -> None:
    model = load_model("demo")
    check = add_check(sqlite_service, model=model.name, model_digest=model.digest)
    fill(sqlite_service, check, {"100001": invented(5)})
    assert all(row.probability is None for row in register_rows(sqlite_service, check))
    ref = check_ref(sqlite_service, check)
    head = sqlite_service.as_("analyst").get(f"/v1/checks/{ref}/register").json()
    assert head["model"] is None
    assert "not promoted" in head["notes"][0]


def check_ref(service: Any, check: int) -> str:
    with service.database.read(Access.system()) as connection:
        return str(connection.execute(select(t.checks.c.ref).where(t.checks.c.id == check)).scalar_one())


def test_january_says_what_changed_since_november_as_the_library_does(sqlite_service: Any) -> None:
    before, model = invented(60), load_model("demo")
    after = carry_over(invented(60, name="january"), before)
    november = add_check(sqlite_service)
    january = add_check(sqlite_service, "january", earlier_id=november)
    for check in (november, january):
        add_model(sqlite_service, check, model)
    fill(sqlite_service, november, {"100001": before})
    fill(sqlite_service, january, {"100001": after, "100002": invented(5, name="january", school=1)})
    for view in VIEWS:
        then, today = (register_of(cohort, view, model) for cohort in (before, after))
        said = {row["key"]: row for row in today.since(then).to_table().to_pylist()}
        found = lines(sqlite_service, january, view)
        for key in after.keys.to_pylist():
            assert found[key]["change"]["kind"] == said[key]["kind"]
            assert found[key]["change"]["why"] == said[key]["why"]
        others = [line for key, line in found.items() if key not in said]
        assert {line["change"]["kind"] for line in others} == {"no earlier return"}
    kinds = {row.change for row in register_rows(sqlite_service, january)}
    assert {"unchanged", "up"} <= kinds


def test_the_registers_follow_another_scorecard_for_everybody(sqlite_service: Any) -> None:
    check = add_check(sqlite_service)
    ids = fill(sqlite_service, check, {"100001": invented(8)})["100001"]
    card = load_scorecard("oxfordshire")
    with sqlite_service.database.write(Access.system()) as connection:
        connection.execute(update(t.checks).values(scorecard=card.name, scorecard_digest=card.digest))
        work_out(connection, sqlite_service.settings, check, ids[:1])
        digests = set(connection.execute(select(t.registers.c.scorecard_digest)).scalars())
    assert digests == {card.digest}
    register = register_of(invented(8), "full", None, "oxfordshire")
    assert [row.points for row in register_rows(sqlite_service, check)] == [
        row["points"] for row in register.to_table().to_pylist()
    ]


def test_a_school_that_confirms_again_takes_its_old_pupils_off(service: Any) -> None:
    cohort = invented(10)
    check = add_check(service)
    ids = fill(service, check, {"100001": cohort})["100001"]
    with service.database.write(Access.system()) as connection:
        by = service.people["returns"]
        fewer = confirm(connection, check, service.schools["100001"], cohort.take(np.arange(7)), by)
        work_out(connection, service.settings, check, {*ids, *fewer})
    assert len(register_rows(service, check)) == 7
    register = register_of(cohort.take(np.arange(7)), "full")
    assert [row.key for row in register_rows(service, check)] == [row["key"] for row in register.to_table().to_pylist()]
