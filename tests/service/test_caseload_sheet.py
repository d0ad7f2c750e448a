"""A team's list goes out as a spreadsheet and is merged when it comes back: nobody's update is lost."""

from __future__ import annotations

import io

import pytest
from openpyxl import load_workbook
from sqlalchemy import update

from service import tables as t
from service.access import Access
from service.caseload.contact_schemas import KINDS, OUTCOMES
from service.clock import now, today
from tests.service.caseloads import Checked, checked, events, fresh
from tests.service.team_sheets import CONTACT, back, contacts_of, due, furnish, in_days, out

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@pytest.fixture
def november(tmp_path, start_service) -> Checked:
    return furnish(fresh(tmp_path, start_service))


def test_what_a_team_filled_in_is_merged_and_a_second_time_changes_nothing(service) -> None:
    november = furnish(checked(service))
    first, second = november.pupils()[:2]
    rows = {row["Reference"]: row for row in out(november)}
    rows[first] |= {"Next action": "Ring the school", "Next action by": "01/12/2026"}
    rows[second] |= {**CONTACT, "Note": "Came in.", "Next action": "Visit the college", "Next action by": in_days(5)}
    answer = back(november, list(rows.values()))
    assert answer.status_code == 200, answer.json()
    expected = {"rows": 2, "contacts_added": 1, "actions_changed": 2, "actions_done": 0, "unchanged": 0}
    became = {first: {"contact": False, "action": "moved"}, second: {"contact": True, "action": "placed"}}
    changes = [{"row": row, "pupil": pupil, **became[pupil]} for row, pupil in enumerate(rows, start=2)]
    assert answer.json() == expected | {"changes": changes, "problems": [], "conflicts": []}
    assert (due(november, first)["what"], due(november, first)["on"]) == ("Ring the school", "2026-12-01")
    assert due(november, second)["what"] == "Visit the college"
    again = back(november, list(rows.values())).json()
    assert (again["unchanged"], again["contacts_added"], again["actions_changed"], again["conflicts"]) == (2, 0, 0, [])
    assert len(events(service, "sheet.merge")) == 2
    assert len(events(service, "sheet.export")) == 1


def test_what_somebody_else_changed_since_stands_and_is_listed(november: Checked) -> None:
    pupil = november.pupils()[0]
    rows = [row for row in out(november) if row["Reference"] == pupil]
    contact = due(november, pupil)["contact"]
    moved = {"next_action": "Meet on Friday", "next_on": in_days(2)}
    november.service.as_("coach").patch(f"/v1/contacts/{contact}", json=moved)
    rows[0] |= {"Next action": "Ring the school", "Next action by": in_days(9), **CONTACT}
    found = back(november, rows).json()
    assert (found["contacts_added"], found["actions_changed"]) == (1, 0)  # the contact was made, whatever is next
    assert found["conflicts"][0]["stands"]["what"] == "Meet on Friday"
    assert found["conflicts"][0]["row"] == 2
    assert due(november, pupil)["what"] == "Meet on Friday"


def test_a_row_that_was_not_touched_never_undoes_what_somebody_did(november: Checked) -> None:
    pupil = november.pupils()[0]
    rows = out(november)
    november.service.as_("coach").patch(f"/v1/contacts/{due(november, pupil)['contact']}", json={"next_on": in_days(1)})
    found = back(november, rows).json()
    assert (found["unchanged"], found["conflicts"], found["problems"]) == (2, [], [])
    assert due(november, pupil)["on"] == in_days(1)


def test_an_action_is_done_once_and_an_empty_cell_takes_nothing_away(november: Checked) -> None:
    pupil = november.pupils()[0]
    rows = [row for row in out(november) if row["Reference"] == pupil]
    rows[0] |= {"Next action": "", "Next action by": ""}
    assert back(november, rows).json()["unchanged"] == 1
    assert due(november, pupil) is not None
    rows[0]["Done"] = "yes"
    assert back(november, rows).json()["actions_done"] == 1
    assert due(november, pupil) is None
    assert back(november, rows).json() | {"rows": 0} == {
        "rows": 0, "contacts_added": 0, "actions_changed": 0, "actions_done": 0, "unchanged": 1, "changes": [],
        "problems": [], "conflicts": [],
    }  # fmt: skip


def test_what_cannot_be_taken_is_said_row_by_row_and_the_rest_is_merged(november: Checked) -> None:
    first, second = november.pupils()[:2]
    rows = {row["Reference"]: row for row in out(november)}
    elsewhere = dict(rows[first], Reference="pupil-unknown")
    bad = [
        (elsewhere, "unknown_pupil"),
        (dict(rows[second], **{**CONTACT, "How": "pigeon"}), "unreadable"),
        (dict(rows[second]), "twice"),
    ]
    rows[first] |= CONTACT
    found = back(november, [rows[first], *(row for row, _ in bad)]).json()
    assert found["contacts_added"] == 1
    assert [problem["code"] for problem in found["problems"]] == [code for _, code in bad]
    assert [problem["row"] for problem in found["problems"]] == [3, 4, 5]


@pytest.mark.parametrize(
    ("change", "code", "column"),
    [
        ({"How": "Letter"}, "contact_incomplete", "Contacted on"),
        ({**CONTACT, "Outcome": ""}, "contact_incomplete", "Outcome"),
        ({"Next action": "Ring"}, "action_and_date", "Next action by"),
        ({"Next action by": in_days(2)}, "action_and_date", "Next action"),
        ({"Next action": "Ring", "Next action by": in_days(2)}, "action_without_contact", "Next action"),
        ({**CONTACT, "Contacted on": in_days(1)}, "in_the_future", "Contacted on"),
        ({**CONTACT, "Contacted on": "31/9/2026"}, "unreadable", "Contacted on"),
        ({**CONTACT, "Outcome": "fine"}, "unreadable", "Outcome"),
        ({"Done": "perhaps"}, "unreadable", "Done"),
        ({"Done": "Yes"}, "nothing_to_do", "Done"),
        ({**CONTACT, "Note": "x" * 4001}, "too_long", "Note"),
        ({"Next action": "x" * 301, "Next action by": in_days(2)}, "too_long", "Next action"),
        ({"Reference": "pupil-unknown"}, "unknown_pupil", "Reference"),
    ],
)
def test_what_is_wrong_is_said_with_its_row_and_column_and_not_with_its_value(
    november: Checked, change: dict[str, str], code: str, column: str
) -> None:
    (row,) = (row for row in out(november) if row["Reference"] == november.pupils()[1])
    found = back(november, [row | change]).json()
    (problem,) = found["problems"]
    assert (problem["row"], problem["code"], problem["column"]) == (2, code, column)
    typed = set(change.values()) - {"", *KINDS.values(), *OUTCOMES.values()}
    assert not [value for value in typed if value in problem["message"]]
    assert (found["contacts_added"], found["actions_changed"], found["unchanged"]) == (0, 0, 0)


def test_a_note_and_an_action_as_long_as_can_be_are_taken(november: Checked) -> None:
    (row,) = (row for row in out(november) if row["Reference"] == november.pupils()[1])
    row |= {**CONTACT, "Note": "x" * 4000, "Next action": "y" * 300, "Next action by": in_days(2)}
    assert back(november, [row]).json()["changes"][0]["action"] == "placed"


def test_nothing_is_recorded_of_who_has_died(november: Checked) -> None:
    (row,) = (row for row in out(november) if row["Reference"] == november.pupils()[1])
    with november.service.database.write(Access.system()) as connection:
        connection.execute(update(t.pupils).where(t.pupils.c.ref == row["Reference"]).values(died_at=now()))
    assert back(november, [row]).json()["unchanged"] == 1
    found = back(november, [row | CONTACT]).json()
    assert (found["problems"][0]["code"], found["contacts_added"]) == ("record_closed", 0)


def test_a_preview_says_what_would_change_and_changes_nothing(service) -> None:
    november = furnish(checked(service))
    first, second = november.pupils()[:2]
    rows = {row["Reference"]: row for row in out(november)}
    rows[first]["Done"] = "yes"
    rows[second] |= CONTACT
    before = contacts_of(november)
    told = back(november, list(rows.values()), preview=True)
    assert told.status_code == 200, told.json()
    assert contacts_of(november) == before
    assert len(events(service, "sheet.read")) == 1
    assert events(service, "sheet.merge") == []
    assert back(november, list(rows.values())).json() == told.json()
    assert len(contacts_of(november)) == len(before) + 1


def test_the_workbook_comes_back_as_well_and_holds_no_reasons(november: Checked) -> None:
    answer = november.service.as_("coach").get("/v1/caseload/sheet")
    assert answer.headers["content-type"] == XLSX
    book = load_workbook(io.BytesIO(answer.content))
    sheet = book["My list"]
    headings = [cell.value for cell in sheet[1]]
    assert not {"why", "reasons", "ehcp", "points"} & {str(heading).casefold() for heading in headings}
    assert any("not a safeguarding record" in str(cell.value) for row in book["How to"].iter_rows() for cell in row)
    for heading, value in CONTACT.items():
        sheet.cell(2, headings.index(heading) + 1, today() if heading == "Contacted on" else value)
    saved = io.BytesIO()
    book.save(saved)
    sent = {"file": ("my-list.xlsx", saved.getvalue(), XLSX)}
    found = november.service.as_("coach").post("/v1/caseload/sheet", files=sent)
    assert (found.status_code, found.json()["contacts_added"], found.json()["problems"]) == (200, 1, []), found.json()


@pytest.mark.parametrize("content", [b"", b"%PDF-1.4", b"Name,UPN\nA,B\n", b"\x00" * 50])
def test_what_is_not_the_sheet_is_refused_clearly(november: Checked, content: bytes) -> None:
    answer = november.service.as_("coach").post("/v1/caseload/sheet", files={"file": ("a.csv", content)})
    assert answer.status_code == 422
    assert answer.json()["detail"]


def test_who_sends_and_merges_sheets(november: Checked) -> None:
    rows = out(november)
    assert back(november, rows, "careers").status_code == 403
    assert november.service.as_("careers").get("/v1/caseload/sheet").status_code == 403
    stranger = back(november, rows, "coach_south").json()
    assert {problem["code"] for problem in stranger["problems"]} == {"unknown_pupil"}
