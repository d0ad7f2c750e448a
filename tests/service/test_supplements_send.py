"""Council lists come in: whose they may be, what they may say, whose their rows are. Nothing counts yet."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select

from service import tables as t
from tests.service.council_lists import OCTOBER, listed, met, rows_of, send_list, staged_list
from tests.service.uploading import confirmed, open_check, pupil, upn


@pytest.fixture
def council(sqlite_service):
    """A November check in which the first school has confirmed four pupils."""
    check = open_check(sqlite_service)
    confirmed(sqlite_service, check, [pupil(number) for number in range(1, 5)])
    return sqlite_service


def test_a_list_is_read_matched_and_shown_and_nothing_of_it_counts(council) -> None:
    answer = send_list(council, listed(1, 2, 99))
    assert answer.status_code == 201
    shown = answer.json()
    assert answer.headers["location"] == f"/v1/supplements/{shown['ref']}"
    assert (shown["state"], shown["field"], shown["team"]) == ("staged", "looked_after", "virtual_school")
    assert shown["rows"] == {"matched": 2, "unmatched": 1}
    assert shown["account"]["rows"] == shown["account"]["kept"] == 3
    assert shown["difference"] == {"earlier": None, "came_on": 2, "fell_off": 0, "changed": 0, "unchanged": 0}
    assert "looked_after" not in met(council, 1)


def test_the_same_file_again_changes_nothing_and_says_so(council) -> None:
    first = staged_list(council, listed(1, 2))
    again = send_list(council, listed(1, 2))
    assert again.status_code == 200
    assert (again.json()["ref"], again.json()["unchanged"]) == (first["ref"], True)
    other = send_list(council, listed(1, 2), complete="true")
    assert other.status_code == 201  # the same file, said to be something else
    with council.database.read() as connection:
        assert connection.execute(select(func.count()).select_from(t.supplements)).scalar() == 2


def test_a_team_states_only_its_own_fields(council) -> None:
    rows = listed(1, Looked_after="Y", SEN="E", Free_school_meals="Y", Religion="x")
    shown = staged_list(council, rows, field=None)
    assert shown["fields"] == ["looked_after"]
    assert shown["account"]["left_out"] == ["SEN", "Free school meals"]
    (row,) = rows_of(council, shown["ref"])
    assert row["values"] == {"upn": upn(1), "looked_after": True}


def test_a_field_of_another_team_is_refused(council) -> None:
    answer = send_list(council, listed(1), field="youth_justice")
    assert (answer.status_code, answer.json()["code"]) == (422, "field_not_allowed")
    answer = send_list(council, listed(1), who="youth_justice", field="youth_justice")
    assert answer.status_code == 201


def test_a_list_that_says_nothing_is_refused(council) -> None:
    answer = send_list(council, listed(1, SEN="E"), field=None)
    assert (answer.status_code, answer.json()["code"]) == (422, "says_nothing")


def test_a_team_cannot_send_for_another_and_an_analyst_says_for_which(council) -> None:
    answer = send_list(council, listed(1), team="send", field="looked_after")
    assert (answer.status_code, answer.json()["code"]) == (403, "another_team")
    answer = send_list(council, listed(1), who="analyst")
    assert (answer.status_code, answer.json()["code"]) == (422, "team_needed")
    answer = send_list(council, listed(1), who="analyst", team="send", field="ehcp")
    assert (answer.status_code, answer.json()["team"]) == (201, "send")


def test_other_roles_neither_send_nor_see_lists(council) -> None:
    shown = staged_list(council, listed(1))
    for who in ("returns", "careers", "coach", "panel", "administrator"):
        assert send_list(council, listed(1), who=who).status_code == 403
        assert council.as_(who).get("/v1/supplements").status_code == 403
        assert council.as_(who).get(f"/v1/supplements/{shown['ref']}").status_code == 403


def test_a_team_does_not_see_lists_of_another(council) -> None:
    shown = staged_list(council, listed(1))
    other = council.as_("youth_justice")
    for path in ("", "/rows", "/changes"):
        assert other.get(f"/v1/supplements/{shown['ref']}{path}").status_code == 404
    assert other.get("/v1/supplements").json()["items"] == []
    assert len(council.as_("analyst").get("/v1/supplements").json()["items"]) == 1
    assert other.delete(f"/v1/supplements/{shown['ref']}").status_code == 404


def test_a_file_that_cannot_be_read_is_refused_with_a_sentence(council) -> None:
    for content in (b"", b"\x00\x01\x02\x03" * 50, b"PK\x03\x04 not a workbook"):
        answer = council.as_("virtual_school").post(
            "/v1/supplements",
            files={"file": ("list.xlsx", content)},
            data={"field": "looked_after", "as_at": OCTOBER},
        )
        assert (answer.status_code, answer.headers["content-type"]) == (422, "application/problem+json")
        assert answer.json()["code"] not in ("invalid", "unexpected")


def test_names_and_birth_date_propose_and_never_match(council) -> None:
    who = {"Surname": "SURNAME3", "Forename": "forename3", "Date of birth": "04/10/2010"}
    other_day = {**who, "Date of birth": "05/10/2010"}
    shown = staged_list(council, [who, other_day])
    assert shown["rows"] == {"proposed": 1, "unmatched": 1}
    proposed, nobody = rows_of(council, shown["ref"])
    (candidate,) = proposed["may_be"]
    assert (candidate["school"], candidate["by"]) == ("Invented Academy", "names_and_birth_date")
    assert (proposed["pupil"], nobody["may_be"]) == (None, [])


def test_a_badly_formed_upn_makes_nobody_the_same_pupil(council) -> None:
    shown = staged_list(council, [{"UPN": "A12345"}, {"UPN": upn(2)[:12]}])
    assert shown["rows"] == {"unmatched": 2}


def test_of_a_restricted_pupil_nothing_is_kept(council) -> None:
    check = open_check(council, {"academic_year": "2026/27", "name": "january"})
    confirmed(council, check, [pupil(1, **{"Section 72": "Y"}), *map(pupil, (2, 3, 4))])
    shown = staged_list(council, listed(1, 2))
    assert shown["rows"] == {"restricted": 1, "matched": 1}
    (row,) = rows_of(council, shown["ref"], state="restricted")
    assert (row["values"], row["pupil"]) == ({}, None)


def test_a_list_that_was_not_confirmed_can_be_deleted_wholly(council) -> None:
    shown = staged_list(council, listed(1, 2))
    assert council.as_("virtual_school").delete(f"/v1/supplements/{shown['ref']}").status_code == 204
    with council.database.read() as connection:
        assert connection.execute(select(func.count()).select_from(t.supplement_rows)).scalar() == 0


def test_lists_and_rows_come_in_pages(council) -> None:
    refs = [staged_list(council, listed(1), as_at=f"2026-10-{day}")["ref"] for day in (10, 11, 12)]
    first = council.as_("analyst").get("/v1/supplements", params={"limit": 2}).json()
    second = council.as_("analyst").get("/v1/supplements", params={"limit": 2, "cursor": first["next"]}).json()
    assert [item["ref"] for item in (*first["items"], *second["items"])] == refs[::-1]
    assert second["next"] is None
    shown = staged_list(council, listed(1, 2, 3))
    path = f"/v1/supplements/{shown['ref']}/rows"
    first = council.as_("analyst").get(path, params={"limit": 2}).json()
    second = council.as_("analyst").get(path, params={"limit": 2, "cursor": first["next"]}).json()
    assert [item["row"] for item in (*first["items"], *second["items"])] == [2, 3, 4]


def test_reading_rows_is_recorded_with_whose_they_are(council) -> None:
    shown = staged_list(council, listed(1, 2, 99))
    rows_of(council, shown["ref"])
    with council.database.read() as connection:
        events = t.audit_events.c
        rows = connection.execute(
            select(events.action, events.pupils).where(events.about == shown["ref"]).order_by(events.id)
        ).all()
    assert [row.action for row in rows] == ["supplement.stage", "supplement.read"]
    assert len(rows[1].pupils.split()) == 2
