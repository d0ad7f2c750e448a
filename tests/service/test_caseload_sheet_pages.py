"""The pages of a team's sheet: looked at before it counts, confirmed once, told, and nobody else's."""

from __future__ import annotations

import csv
import io
import re
from typing import Any

import pytest
from sqlalchemy import func, select, update

from service import tables as t
from service.access import Access
from service.clock import now
from service.reports.erasure import erase
from service.reports.policy import shipped_policy
from service.reports.retention import due as due_for_deletion
from service.reports.subject_access import export
from tests.service.caseloads import Checked, checked, events, fresh
from tests.service.team_sheets import CONTACT, back, contacts_of, due, file_of, furnish, in_days, out

HOME = "/my-list/sheets"


@pytest.fixture
def november(tmp_path, start_service) -> Checked:
    return furnish(fresh(tmp_path, start_service))


def bring(november: Checked, rows: list[dict[str, str]], who: str = "coach") -> Any:
    """Upload a sheet; the answer."""
    return november.service.browser(who).post(HOME, files={"file": file_of(rows)})


def address_of(november: Checked, rows: list[dict[str, str]]) -> str:
    answer = bring(november, rows)
    assert answer.status_code == 303, answer.text
    return str(answer.headers["location"].partition("?")[0])


def page(november: Checked, address: str, who: str = "coach") -> str:
    answer = november.service.browser(who).get(address)
    assert answer.status_code == 200
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.text))


def press(november: Checked, address: str, what: str, who: str = "coach") -> Any:
    return november.service.browser(who).post(f"{address}/{what}", data={"idempotency_key": f"{address}{what}"})


def count(november: Checked, table: Any) -> int:
    with november.service.database.read(Access.system()) as connection:
        return int(connection.execute(select(func.count()).select_from(table)).scalar_one())


def filled(november: Checked) -> list[dict[str, str]]:
    """What came back: the first pupil's action is moved, the second has a contact, a third is nobody."""
    first, second = november.pupils()[:2]
    rows = {row["Reference"]: row for row in out(november)}
    rows[first] |= {"Next action": "Ring the school", "Next action by": "01/12/2026"}
    rows[second] |= {**CONTACT, "Note": "Came in by herself."}
    return [*rows.values(), dict(rows[first], Reference="pupil-nobody", Name="Somebody Else")]


def test_a_sheet_is_looked_at_first_then_confirmed_once_and_told(service) -> None:
    november = furnish(checked(service))
    before, address = contacts_of(november), address_of(november, filled(november))
    words = page(november, address)
    for said in ("1 contact to add", "1 next action to set or change", "1 row with something not taken",
                 "“Ring the school”, by 1 Dec 2026 , in place of “Ring home”".replace(" ,", ","), "Came in by herself.",
                 "Column “Reference”: There is no such pupil"):  # fmt: skip
        assert said in words
    assert contacts_of(november) == before
    assert press(november, address, "confirmation").status_code == 303
    assert press(november, address, "confirmation").headers["location"] == address
    words = page(november, address)
    for said in ("The sheet is taken in", "1 contact added", "1 next action set or changed", "A contact is added."):
        assert said in words
    assert len(contacts_of(november)) == len(before) + 1
    assert due(november, november.pupils()[0])["what"] == "Ring the school"
    assert [len(events(service, f"sheet.{verb}")) for verb in ("stage", "read", "merge")] == [1, 2, 1]


def test_the_pages_do_what_the_api_does(november: Checked) -> None:
    rows = filled(november)
    told = back(november, rows, preview=True).json()
    address = address_of(november, rows)
    press(november, address, "confirmation")
    with november.service.database.read(Access.system()) as connection:
        receipt = connection.execute(select(t.sheets.c.receipt)).scalar_one()
    assert receipt == {name: told[name] for name in receipt if name != "not_taken"} | {"not_taken": 1}
    again = back(november, rows).json()
    assert (again["changes"], again["unchanged"], len(again["problems"])) == ([], 2, 1)


def test_what_somebody_changed_meanwhile_stands_and_both_are_shown(november: Checked) -> None:
    pupil = november.pupils()[0]
    address = address_of(november, filled(november))
    moved = {"next_action": "Meet on Friday", "next_on": in_days(2)}
    november.service.as_("coach").patch(f"/v1/contacts/{due(november, pupil)['contact']}", json=moved)
    press(november, address, "confirmation")  # of what was looked at before
    words = page(november, address)
    assert "Somebody changed the next action" in words
    assert "What stands: “Meet on Friday”" in words
    assert "Your sheet: “Ring the school”, by 1 Dec 2026" in words
    assert due(november, pupil)["what"] == "Meet on Friday"


def test_of_a_pupil_who_is_the_senders_no_more_a_merged_sheet_tells_nothing_new(november: Checked) -> None:
    pupil = november.pupils()[0]
    address = address_of(november, filled(november))
    moved = {"next_action": "Meet on Friday", "next_on": in_days(2)}
    november.service.as_("coach").patch(f"/v1/contacts/{due(november, pupil)['contact']}", json=moved)
    press(november, address, "confirmation")
    with november.service.database.write(Access.system()) as connection:
        connection.execute(update(t.assignments).values(ended_at=now()))
        connection.execute(update(t.roll_pupils).values(live=False))
    words = page(november, address)
    assert "Your sheet: “Ring the school”" in words
    assert "Meet on Friday" not in words


def test_only_what_was_not_taken_is_kept_of_what_was_typed(november: Checked) -> None:
    address = address_of(november, filled(november))
    press(november, address, "confirmation")
    with november.service.database.read(Access.system()) as connection:
        cells = list(connection.execute(select(t.sheet_rows.c.cells)).scalars())
    assert cells == [{}, {}, {}]  # two were taken, and of the third nothing was ever kept


def test_the_same_file_waits_once_and_may_be_removed(november: Checked) -> None:
    rows = filled(november)
    first, again = bring(november, rows), bring(november, rows)
    assert again.headers["location"] == first.headers["location"].replace("done=read", "done=same")
    assert "Nothing was changed" in page(november, again.headers["location"])
    address = first.headers["location"].partition("?")[0]
    assert press(november, address, "withdrawal").headers["location"] == f"{HOME}?done=removed"
    assert count(november, t.sheet_rows) == 0
    assert november.service.browser("coach").get(address).status_code == 404


def test_a_sheet_that_is_taken_in_cannot_be_removed(november: Checked) -> None:
    address = address_of(november, filled(november))
    press(november, address, "confirmation")
    assert press(november, address, "withdrawal").status_code == 409
    assert count(november, t.sheets) == 1


def test_a_sheet_is_its_senders_alone(november: Checked) -> None:
    address = address_of(november, filled(november))
    november.service.add_person("coach2", "coach", district="North")
    assert november.service.browser("coach2").get(address).status_code == 404
    for what in ("confirmation", "withdrawal"):
        assert press(november, address, what, "coach2").status_code == 404
    assert "sheet.csv" not in page(november, HOME, "coach2")
    assert "sheet.csv" in page(november, HOME)


def test_an_analyst_sends_a_sheet_out_and_records_no_contacts(november: Checked) -> None:
    browser = november.service.browser("analyst")
    assert browser.get(f"{HOME}/file?places=3").status_code == 200
    assert "Bring it back" not in page(november, HOME, "analyst")
    assert bring(november, filled(november), "analyst").status_code == 403


def test_the_sheet_that_goes_out_keeps_to_the_filters_of_the_list(november: Checked) -> None:
    browser = november.service.browser("coach")
    assert "12 pupils" in page(november, f"{HOME}?places=10&school=100001")
    answer = browser.get(f"{HOME}/file?places=10&school=100001&format=csv")
    rows = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert len(rows) == 12
    assert len({row["School"] for row in rows}) == 1
    assert answer.headers["content-disposition"] == 'attachment; filename="sheet for a team.csv"'


@pytest.mark.parametrize(
    ("file", "sentence"),
    [
        (None, "Choose a file"),
        (("a.csv", b"Name,UPN\nA,B\n"), "This is not the sheet that was sent out"),
        (("a.csv", b""), "empty"),
    ],
)
def test_what_is_not_the_sheet_is_said_beside_the_control(november: Checked, file: Any, sentence: str) -> None:
    answer = november.service.browser("coach").post(f"{HOME}?places=3", files={"file": file} if file else None)
    assert answer.status_code == 422
    assert sentence in answer.text
    assert "places=3" in answer.text


def test_many_rows_are_paged_and_what_is_not_taken_comes_first(november: Checked) -> None:
    (row,) = (row for row in out(november) if row["Reference"] == november.pupils()[1])
    nobody = [dict(row, Reference=f"pupil-{number}") for number in range(60)]
    address = address_of(november, [dict(row, **CONTACT), *nobody])
    first = page(november, address)
    assert first.count("Not taken ") == 50
    assert "New contact" not in first
    following = re.search(r'href="([^"]*cursor=[^"]*)"', november.service.browser("coach").get(address).text)
    assert following is not None
    second = page(november, following[1].replace("&amp;", "&"))
    assert second.count("Not taken ") == 10
    assert "New contact" in second
    assert "New contact" in page(november, f"{address}?show=taken")
    assert "New contact" not in page(november, f"{address}?show=not-taken")


def test_erasing_a_pupil_erases_what_a_sheet_says_of_them(service) -> None:
    november = furnish(checked(service))
    address = address_of(november, filled(november))
    with service.database.write(Access.system()) as connection:
        pupil = connection.execute(select(t.pupils).where(t.pupils.c.ref == november.pupils()[1])).one()
        told = export(connection, pupil)["sheets_not_merged"]
        assert [one["cells"]["Note"] for one in told] == ["Came in by herself."]
        assert erase(connection, [pupil.id])["sheet_rows"] == 1
    assert "Came in by herself" not in page(november, address)


def test_a_sheet_is_kept_for_thirty_days(november: Checked) -> None:
    address_of(november, filled(november))
    rule = next(rule for rule in shipped_policy().rules if rule.name == "sheets")
    with november.service.database.write(Access.system()) as connection:
        assert due_for_deletion(connection, rule, now().date()) == []
        connection.execute(update(t.sheets).values(created_at=now().replace(year=2025)))
        assert len(due_for_deletion(connection, rule, now().date())) == 1
