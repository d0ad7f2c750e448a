"""The second gate: with the first skipped, PostgreSQL still shows each caller only what that caller may read."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from sqlalchemy import insert, select, text, update

from service import row_security
from service import tables as t
from service.access import ROLES, Access
from service.database import Database
from service.refs import new_ref
from tests.service.rolls import add_check, fill, invented


def by(service: Any, who: str, role: str, **more: Any) -> Access:
    return Access(service.people[who], "person", who, role, **more)


@pytest.fixture
def filled(service: Any) -> tuple[Any, dict[str, list[int]]]:
    """Two schools of twelve pupils each, and of every pupil a row in every table that the policies are on."""
    if service.database.sqlite:
        pytest.skip("SQLite has no row-level security: the first gate is tested on both")
    check = add_check(service)
    ids = fill(service, check, {"100001": invented(12), "100002": invented(12, school=1)})
    with service.database.write() as connection:
        analyst = service.people["analyst"]
        shared = {"by_id": analyst, "check_id": check}
        for urn, pupils in ids.items():
            upload = connection.execute(
                insert(t.uploads).values(
                    ref=new_ref("upload"), school_id=service.schools[urn], state="staged", file_name="a.csv",
                    file_digest="0" * 64, size=1, **shared,
                )
            ).inserted_primary_key[0]  # fmt: skip
            for place, pupil in enumerate(pupils):
                connection.execute(
                    insert(t.upload_pupils).values(
                        upload_id=upload, place=place, change="joined", record={}, pupil_id=pupil
                    )
                )
                connection.execute(
                    insert(t.contacts).values(
                        ref=new_ref("contact"), on=date(2026, 11, 10), kind="call", outcome="reached", pupil_id=pupil,
                        **shared,
                    )
                )  # fmt: skip
                connection.execute(
                    insert(t.moderations).values(
                        ref=new_ref("moderation"), kind="priority", why="other", reason="-", role="coach",
                        state="asked", pupil_id=pupil, **shared,
                    )
                )  # fmt: skip
                connection.execute(
                    insert(t.pupil_requests).values(
                        ref=new_ref("request"), kind="objection", said="-", pupil_id=pupil, by_id=analyst
                    )
                )
        mine = ids["100001"][:3]
        rows = [{"pupil_id": pupil, "coach_id": service.people["coach_own"], "by_id": analyst} for pupil in mine]
        connection.execute(insert(t.assignments), rows)
        listed = connection.execute(
            insert(t.supplements).values(
                ref=new_ref("list"), by_id=analyst, team="virtual_school", name="A list", as_at=date(2026, 10, 1),
                complete=False, state="live", file_name="l.csv", file_digest="0" * 64, listed={}, account={},
            )
        ).inserted_primary_key[0]  # fmt: skip
        connection.execute(
            insert(t.supplement_rows).values(
                supplement_id=listed, row=2, pupil_id=ids["100002"][0], state="matched", record={}
            )
        )
    return service, ids


OF_PUPILS = ("roll_pupils", "register_rows", "contacts", "moderations", "pupil_requests")


def seen(database: Database, access: Access | None, table: str) -> set[int]:
    """The pupils whose rows a transaction sees without any filter of ours; of columns, whose rolls."""
    with Database.read(database, access) as connection:
        column = {"pupils": "id", "roll_columns": "submission_id"}.get(table, "pupil_id")
        return {row[0] for row in connection.execute(text(f"select {column} from {table}"))}


def test_each_caller_sees_only_their_pupils_without_the_first_gate(filled: Any) -> None:
    service, ids = filled
    database, one, two = service.app.state.database, set(ids["100001"]), set(ids["100002"])
    schools = service.schools
    callers = {
        "analyst": (by(service, "analyst", "analyst", schools=None), one | two),
        "school": (by(service, "returns", "returns", schools=frozenset({schools["100001"]})), one),
        "other": (by(service, "returns2", "returns", schools=frozenset({schools["100002"]})), two),
        "district": (by(service, "coach", "coach", schools=frozenset(schools.values())), one | two),
        "own": (by(service, "coach_own", "coach", schools=None, own_caseload=True), set(ids["100001"][:3])),
        "team": (by(service, "virtual_school", "team", schools=None, team="virtual_school"), {ids["100002"][0]}),
        "others": (by(service, "youth_justice", "team", schools=None, team="youth_justice"), set()),
        "administrator": (by(service, "administrator", "administrator"), set()),
    }
    for who, (access, expected) in callers.items():
        for table in ("pupils", *OF_PUPILS):
            assert seen(database, access, table) == expected, (who, table)
    school, everybody = callers["school"][0], callers["analyst"][0]
    assert seen(database, school, "upload_pupils") == one
    assert seen(database, everybody, "upload_pupils") == one | two
    assert seen(database, callers["own"][0], "upload_pupils") == set()
    assert seen(database, school, "assignments") == set(ids["100001"][:3])
    assert seen(database, callers["team"][0], "supplement_rows") == {ids["100002"][0]}
    assert seen(database, school, "supplement_rows") == set()


def test_a_rolls_columns_are_for_who_may_read_the_whole_roll(filled: Any) -> None:
    service, _ = filled
    one, two = service.schools["100001"], service.schools["100002"]
    with service.database.write() as connection:
        rolls = dict(connection.execute(select(t.submissions.c.school_id, t.submissions.c.id)).all())
        connection.execute(
            insert(t.roll_columns), [{"submission_id": rolls[school], "columns": {}} for school in (one, two)]
        )
    for caller, sees in (
        (by(service, "analyst", "analyst", schools=None), {rolls[one], rolls[two]}),
        (of_school(service, "returns", "100001"), {rolls[one]}),
        (by(service, "coach_own", "coach", schools=None, own_caseload=True), set()),
        (by(service, "virtual_school", "team", schools=None, team="virtual_school"), set()),
        (None, set()),
    ):
        assert seen(service.app.state.database, caller, "roll_columns") == sees


def of_school(service: Any, role: str, urn: str) -> Access:
    return by(service, "returns", role, schools=frozenset({service.schools[urn]}))


def move_on(service: Any, pupil: int, then: str = "on_roll") -> None:
    """A pupil of the first school has left it, and stands so on the second school's roll of the same check."""
    with service.database.write() as connection:
        roll = t.roll_pupils
        mine = connection.execute(select(roll).where(roll.c.pupil_id == pupil)).one()._asdict()
        connection.execute(update(roll).where(roll.c.id == mine.pop("id")).values(status="left"))
        two = service.schools["100002"]
        submission = select(t.submissions.c.id).where(t.submissions.c.school_id == two).scalar_subquery()
        connection.execute(
            insert(roll).values(**mine | {"status": then, "school_id": two, "submission_id": submission})
        )


@pytest.mark.parametrize(("then", "reads_on"), [("on_roll", False), ("left", True)])
def test_a_school_reads_no_more_of_whom_another_school_has_now_without_the_first_gate(
    filled: Any, then: str, reads_on: bool
) -> None:
    service, ids = filled
    pupil = ids["100001"][0]
    move_on(service, pupil, then)
    for table in ("pupils", "register_rows", "contacts", "moderations", "pupil_requests"):
        for role in ("returns", "careers"):
            assert (pupil in seen(service.app.state.database, of_school(service, role, "100001"), table)) == reads_on
            assert pupil in seen(service.app.state.database, of_school(service, role, "100002"), table)
        assert pupil in seen(service.app.state.database, of_school(service, "coach", "100001"), table)


def test_who_has_come_back_is_read_again_without_the_first_gate(filled: Any) -> None:
    service, ids = filled
    pupil = ids["100001"][0]
    move_on(service, pupil)
    january = add_check(service, "january")
    fill(service, january, {"100001": invented(12)})
    assert pupil in seen(service.app.state.database, of_school(service, "careers", "100001"), "contacts")


def test_both_gates_let_the_same_pupils_through(filled: Any) -> None:
    """Some have moved on, of some two schools say that they are theirs, in every way in which that can stand."""
    service, ids = filled
    for pupil in ids["100001"][:2]:
        move_on(service, pupil)
    one, two = service.schools["100001"], service.schools["100002"]
    with service.database.write() as connection:
        check = connection.execute(select(t.checks.c.id)).scalar_one()
        said = [(None, one), ("school", one), ("other_school", one), ("both", one), (None, two), ("school", two)]
        for pupil, (decision, first) in zip(ids["100001"][1:], said, strict=False):
            schools = {"school_id": two if first == one else one, "other_school_id": first}
            about = {"kind": "two_schools", "check_id": check, "pupil_id": pupil, "decision": decision, "says": {}}
            connection.execute(insert(t.resolutions).values(ref=new_ref("resolution"), **about, **schools))
        move = {"school_id": two}
        connection.execute(update(t.roll_pupils).where(t.roll_pupils.c.pupil_id == ids["100001"][5]).values(**move))
    for role in ROLES:
        for schools in (frozenset({one}), frozenset({two}), frozenset({one, two})):
            access = by(service, "returns", role, schools=schools)
            with service.database.read() as connection:  # of the service itself: only the first gate
                first_gate = set(connection.execute(access.pupils()).scalars())
            assert seen(service.app.state.database, access, "pupils") == first_gate, (role, schools)
            with Database.read(service.app.state.database, access) as connection:  # both
                assert set(connection.execute(access.pupils()).scalars()) == first_gate, (role, schools)


def test_a_transaction_that_says_nothing_sees_no_pupil(filled: Any) -> None:
    service, _ = filled
    for table in row_security.POLICIES:
        assert seen(service.app.state.database, None, "pupils" if table == "pupils" else table) == set()


def test_what_one_transaction_said_is_forgotten_in_the_next(filled: Any) -> None:
    service, ids = filled
    database = service.app.state.database
    assert seen(database, by(service, "analyst", "analyst", schools=None), "pupils") == {*ids["100001"], *ids["100002"]}
    assert seen(database, None, "pupils") == set()


def test_nobody_writes_a_row_of_a_pupil_whom_they_may_not_read(filled: Any) -> None:
    service, ids = filled
    access = by(service, "returns", "returns", schools=frozenset({service.schools["100001"]}))
    row = {"ref": new_ref("request"), "by_id": access.person_id, "kind": "objection", "said": "-"}
    with (
        pytest.raises(Exception, match="row-level security"),
        Database.write(service.app.state.database, access) as connection,
    ):
        connection.execute(insert(t.pupil_requests).values(**row, pupil_id=ids["100002"][0]))
    with Database.write(service.app.state.database, access) as connection:
        connection.execute(insert(t.pupil_requests).values(**row, pupil_id=ids["100001"][0]))
        changed = connection.execute(
            t.contacts.update().where(t.contacts.c.pupil_id == ids["100002"][0]).values(outcome="other")
        )
    assert changed.rowcount == 0


def test_the_policies_cover_every_table_that_names_a_pupil() -> None:
    """A table that is added later gets a policy, or is named here with the reason why it has none."""
    without = {
        "pupil_links": "what the audit calls a pupil: read to write the audit, and says nothing else",
        "resolutions": "no name and no value of a pupil; the council's own list, behind its own permission",
    }
    naming = {table.name for table in t.metadata.tables.values() if "pupil_id" in table.c or table.name == "pupils"}
    assert naming - set(without) <= set(row_security.POLICIES)
    assert set(row_security.POLICIES) - {"supplement_rows", "roll_columns"} <= naming


def test_the_policies_can_be_taken_off_and_put_on_again(filled: Any) -> None:
    service, ids = filled
    with service.owner.write() as connection:
        row_security.disable(connection)
    assert len(seen(service.app.state.database, None, "pupils")) == 24
    with service.owner.write() as connection:
        row_security.enable(connection)
    assert seen(service.app.state.database, None, "pupils") == set()
    with Database.read(service.app.state.database, Access.system()) as connection:
        assert len(connection.execute(select(t.pupils.c.id)).all()) == len(ids["100001"]) + len(ids["100002"])
