"""A check that is closed keeps what it closed with, whatever is decided later about lists, rows and disagreements."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select

from service import schema
from service import tables as t
from service.access import Access
from tests.service.council_lists import decide, decide_row, listed, live_list, rows_of, to_resolve
from tests.service.test_rolls_stand import is_reproduced, lines, ref_of
from tests.service.uploading import JANUARY, confirmed, open_check, pupil

EVERYBODY = [pupil(number) for number in (7, 8, 9, 10)]


def closed_november(service: Any) -> tuple[str, str]:
    """November, closed while a list had two pupils and a row of nobody; and the list."""
    november = open_check(service)
    confirmed(service, november, EVERYBODY)
    supplement = live_list(service, listed(8, 9, 99))["ref"]
    close(service, november)
    return november, supplement


def close(service: Any, check: str) -> None:
    seen = service.as_("analyst").get(f"/v1/checks/{check}").headers["etag"]
    done = service.as_("analyst").patch(f"/v1/checks/{check}", json={"closed": True}, headers={"if-match": seen})
    assert done.status_code == 200, done.text


def row_of(service: Any, supplement: str, state: str, place: int = 0) -> dict[str, Any]:
    return [row for row in rows_of(service, supplement) if row["state"] == state][place]


def looked_after(service: Any, check: str) -> set[str]:
    """Who is looked after in a register, by what is stored and by what a pupil's page works out anew."""
    found = {name for name, line in lines(service, check).items() if "looked after" in line["why"]}
    for number in (7, 8, 9, 10):
        url = f"/v1/checks/{check}/pupils/{ref_of(service, number)}"
        told = service.as_("analyst").get(url).json()["values"]
        said = next(value["value"] for value in told if value["field"] == "looked_after")
        assert said is (f"Surname{number}" in found)
    return found


def test_a_row_that_is_linked_later_reaches_no_check_that_is_closed(service) -> None:
    november, supplement = closed_november(service)
    row = row_of(service, supplement, "unmatched")
    linked = decide_row(service, supplement, row, "analyst", action="link", pupil=ref_of(service, 10))
    assert linked.status_code == 200, linked.text
    assert looked_after(service, november) == {"Surname8", "Surname9"}
    assert is_reproduced(service, november)
    january = open_check(service, JANUARY)
    confirmed(service, january, EVERYBODY)
    assert looked_after(service, january) == {"Surname8", "Surname9", "Surname10"}


def test_a_row_that_is_left_out_or_given_to_another_later_stays_where_it_was(sqlite_service) -> None:
    november, supplement = closed_november(sqlite_service)
    for decision in ({"action": "dismiss", "reason": "Not theirs"},
                     {"action": "link", "pupil": ref_of(sqlite_service, 10)}):  # fmt: skip
        row = row_of(sqlite_service, supplement, "matched")
        assert decide_row(sqlite_service, supplement, row, "analyst", **decision).status_code == 200
    assert looked_after(sqlite_service, november) == {"Surname8", "Surname9"}
    assert is_reproduced(sqlite_service, november)


def test_a_row_that_finds_its_pupil_by_itself_later_reaches_none_either(sqlite_service) -> None:
    november, _ = closed_november(sqlite_service)
    january = open_check(sqlite_service, JANUARY)
    changed = {**pupil(10), "UPN": pupil(99)["UPN"], "Former UPN": pupil(10)["UPN"]}
    confirmed(sqlite_service, january, [*EVERYBODY[:3], changed])
    with sqlite_service.database.read(Access.system()) as connection:
        states = connection.execute(select(t.supplement_rows.c.state)).scalars().all()
    assert states == ["matched"] * 3
    assert {name for name, line in lines(sqlite_service, november).items() if "looked after" in line["why"]} == {
        "Surname8", "Surname9",
    }  # fmt: skip
    assert "looked after" in lines(sqlite_service, january)["Surname10"]["why"]
    assert is_reproduced(sqlite_service, november)


def test_what_is_decided_later_where_school_and_list_disagree_is_for_later_checks(sqlite_service) -> None:
    november = open_check(sqlite_service)
    confirmed(sqlite_service, november, EVERYBODY)
    live_list(sqlite_service, listed(8, 9))
    before, after = to_resolve(sqlite_service, check=november)
    decided = decide(sqlite_service, before, decision="school", reason="Asked the school").json()
    close(sqlite_service, november)
    stood = lines(sqlite_service, november)
    assert decide(sqlite_service, after, decision="school", reason="Asked the school").status_code == 200
    changed = decide(sqlite_service, decided, decision="council", reason="Asked again")
    assert (changed.status_code, changed.json()["code"]) == (409, "check_closed")
    assert lines(sqlite_service, november) == stood
    assert is_reproduced(sqlite_service, november)
    january = open_check(sqlite_service, JANUARY)
    confirmed(sqlite_service, january, EVERYBODY)
    assert to_resolve(sqlite_service) == []
    assert not any("looked after" in line["why"] for line in lines(sqlite_service, january).values())


def test_to_close_what_is_closed_changes_nothing(sqlite_service) -> None:
    november, supplement = closed_november(sqlite_service)
    row = row_of(sqlite_service, supplement, "unmatched")
    decide_row(sqlite_service, supplement, row, "analyst", action="link", pupil=ref_of(sqlite_service, 10))
    close(sqlite_service, november)
    assert looked_after(sqlite_service, november) == {"Surname8", "Surname9"}


def test_who_is_erased_is_kept_nowhere(sqlite_service) -> None:
    closed_november(sqlite_service)
    number = t.pupils.c.upn == pupil(9)["UPN"]
    with sqlite_service.database.write(Access.system()) as connection:
        connection.execute(t.pupils.delete().where(number))
        kept = connection.execute(select(t.kept_rows)).all()
    assert len(kept) == 1


@pytest.mark.parametrize("version", ["0006"])
def test_checks_that_were_closed_before_keep_what_is_known_of_them(service, version) -> None:
    closed_november(service)
    schema.downgrade(service.owner, version)
    schema.upgrade(service.owner)
    with service.owner.read(Access.system()) as connection:
        kept = connection.execute(
            select(t.pupils.c.upn).join(t.kept_rows, t.kept_rows.c.pupil_id == t.pupils.c.id).order_by(t.pupils.c.upn)
        ).scalars()
        assert set(kept) == {pupil(8)["UPN"], pupil(9)["UPN"]}
