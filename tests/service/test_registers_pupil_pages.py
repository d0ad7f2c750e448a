"""One pupil's page: what a role does not see is not asked for, and of a restricted pupil it is said once."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from tests.service.rolls import add_check, fill, invented
from tests.service.test_registers_pupils import pupil_ref, ref_of

SENSITIVE = ("youth_justice", "custody", "child_protection_plan", "looked_after")
NOT_KNOWN = re.compile(r"What is not known and could add points.*?</table>", re.DOTALL)


@pytest.fixture
def address(sqlite_service: Any) -> str:
    """The page of the first of two pupils, who is restricted; of neither the sensitive facts are known."""
    cohort = invented(2)
    flags = np.array([1, -1], np.int8)
    check = add_check(sqlite_service)
    known = {name: values for name, values in cohort.columns.items() if name not in SENSITIVE}
    made = replace(cohort, columns={**known, "restricted_sharing": flags})
    ids = fill(sqlite_service, check, {"100001": made})["100001"]
    sqlite_service.other = pupil_ref(sqlite_service, ids[1])
    return f"/checks/{ref_of(sqlite_service, check)}/pupils/{pupil_ref(sqlite_service, ids[0])}"


def open_page(service: Any, address: str) -> str:
    answer = service.browser("coach").get(address)
    assert answer.status_code == 200
    return str(answer.text)


def test_of_a_restricted_pupil_it_is_said_once_and_no_reasons_are_offered(sqlite_service: Any, address: str) -> None:
    page = open_page(sqlite_service, address)
    top = page.partition("<h1")[2].partition("<dl")[0]
    assert (top.count("Not scored"), top.count("information restricted")) == (1, 1)
    assert "all reasons" not in page
    assert "left out" not in page
    assert "data-print" in page


def test_of_any_other_pupil_paper_says_what_it_leaves_out(sqlite_service: Any, address: str) -> None:
    page = open_page(sqlite_service, f"{address.rpartition('/')[0]}/{sqlite_service.other}")
    assert "Print with all reasons" in page
    assert "left out of this paper" in page


@pytest.mark.parametrize(
    ("who", "asks"),
    [
        ("coach", {"youth justice (YOT)": False, "looked after": True}),
        ("returns", {"youth justice (YOT)": False, "child protection plan": False}),
        ("analyst", {"youth justice (YOT)": True, "child protection plan": True}),
    ],
)
def test_what_a_role_does_not_see_is_not_among_what_is_not_known(
    sqlite_service: Any, address: str, who: str, asks: dict[str, bool]
) -> None:
    path = f"{address.rpartition('/')[0]}/{sqlite_service.other}"
    page = sqlite_service.browser(who).get(path).text
    table = NOT_KNOWN.search(page)
    assert table is not None
    for label, there in asks.items():
        assert (label in table.group()) is there, label
    without = page.partition("because your role does not see it: ")[2].partition("</p>")[0]
    assert ("youth justice (YOT)" in without) is not asks["youth justice (YOT)"]
    first = page.partition("Ask first:</strong>")[2].partition("</p>")[0]
    assert not any(first.strip().startswith(label) for label, there in asks.items() if not there)


def test_whoever_keeps_accounts_is_not_sent_to_whoever_keeps_accounts(sqlite_service: Any, address: str) -> None:
    refused = sqlite_service.browser("administrator").get(address)
    assert refused.status_code == 403
    assert "An administrator can change it" not in refused.text
    assert "ask the person who manages accounts" not in refused.text
    assert 'href="/people"' in refused.text.partition("<main")[2]
    other = sqlite_service.browser("returns").get("/reports")
    assert other.status_code == 403
    assert "ask the person who manages accounts" in other.text
    assert 'href="/people"' not in other.text
