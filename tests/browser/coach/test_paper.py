"""Lists as they are printed and taken away, and the whole list of a check as the council reads it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("fastapi", reason="the service is not installed: pip install 'roni[service]'")

from sqlalchemy import select

from service import tables as t
from tests.browser.service import Live
from tests.browser.steps import main_of
from tests.browser.visitor import Visitor
from tests.service.rolls import register_rows

KINDS_LEFT_OUT = "left out of this paper"


def test_paper_leaves_out_sensitive_reasons_unless_asked(coach: Visitor) -> None:
    page = coach.page
    coach.open("/my-list?places=20")
    page.emulate_media(media="print")
    assert page.get_by_text(KINDS_LEFT_OUT).first.is_visible()
    assert coach.printed("coach-my-list").stat().st_size > 0
    coach.open("/my-list?places=20&include=sensitive")
    assert "name all reasons" in main_of(coach)
    coach.look("coach-my-list-all-reasons")
    page.emulate_media(media="print")
    assert page.get_by_text("All reasons are named").first.is_visible()
    page.emulate_media(media="screen")
    page.locator("#caseload tbody th a").first.click()
    assert coach.printed("coach-pupil").stat().st_size > 0


def test_paper_names_no_youth_justice_reason(live: Live, council: Any, january: str) -> None:
    """Also not in what changed. The sheet says how many reasons it does not name, so that the points add up."""
    with council.database.read() as connection:
        number = connection.execute(select(t.checks.c.id).where(t.checks.c.ref == january)).scalar_one()
    lines = [json.loads(row.line) for row in register_rows(council, number)]
    told = [line for line in lines if any(reason.get("sensitive") for reason in line.get("reasons", ()))]
    analyst = live.as_("analyst")
    page = analyst.page
    analyst.open(f"/checks/{january}/register?limit=250")
    page.emulate_media(media="print")
    assert told
    for line in told:
        why = page.locator(f"#{line['pupil']} td").nth(1).inner_text()
        assert "not named" in why
        assert not [reason["fact"] for reason in line["reasons"] if reason.get("sensitive") and reason["fact"] in why]
    analyst.open(f"/checks/{january}/pupils/{told[0]['pupil']}")
    page.emulate_media(media="print")
    facts = page.get_by_role("table", name="The same numbers").inner_text()
    assert "a reason not named" in facts
    assert not [reason["fact"] for reason in told[0]["reasons"] if reason.get("sensitive") and reason["fact"] in facts]


def test_the_list_goes_out_as_a_file(coach: Visitor, tmp_path: Path) -> None:
    page = coach.page
    coach.open("/my-list?places=5&school=100001")
    with page.expect_download() as download:
        page.get_by_role("button", name="Download as CSV").click()
    file = tmp_path / download.value.suggested_filename
    download.value.save_as(file)
    text = file.read_text("utf-8-sig")
    assert "counted and not named" in text
    assert len(text.splitlines()) == 1 + page.locator("tbody tr").count()
    coach.open("/my-list?include=sensitive")
    with page.expect_download() as download:
        page.get_by_role("button", name="Download for Excel").click()
    assert download.value.suggested_filename == "my-list.xlsx"


def test_the_council_reads_the_whole_list_and_what_changed(live: Live, january: str, november: str) -> None:
    analyst = live.as_("analyst")
    page = analyst.page
    analyst.open(f"/checks/{january}/register")
    assert "Left the school" in main_of(analyst)
    analyst.look("analyst-register")
    assert analyst.printed("analyst-register").stat().st_size > 0
    analyst.open(f"/checks/{january}/register?capacity=10")
    assert page.locator("table").first.locator("tbody tr").count() == 10
    analyst.look("analyst-register-cut")
    analyst.open(f"/checks/{january}/register?limit=5")
    page.get_by_role("link", name="Next").click()
    assert page.locator("tbody th").first.inner_text().startswith("6.")
    analyst.open(f"/checks/{january}/movement/{november}")
    analyst.look("analyst-movement-pupils")
    page.get_by_role("link", name="Left", exact=True).click()
    assert page.locator("tbody tr").count() >= 1
