"""An analyst opens a check, sees who has not returned and sends one file for all; home shows each role what to do."""

from __future__ import annotations

import pytest

pytest.importorskip("fastapi", reason="the service is not installed: pip install 'roni[service]'")

from tests.browser.school_office import OWN, confirm, open_summary, roll, upload
from tests.browser.service import Live, path_of
from tests.browser.steps import fill_day, follow, main_of, press
from tests.service.uploading import NOVEMBER, open_check


def test_the_analyst_opens_a_check_and_sees_who_has_not_returned(live: Live) -> None:
    analyst = live.as_("analyst")
    analyst.open("/checks")
    analyst.look("analyst-01-no-checks")
    press(analyst, "Open a check")
    analyst.look("analyst-02-open")
    press(analyst, "Open the check")
    assert "Choose November or January" in main_of(analyst)
    analyst.page.get_by_label("November", exact=True).check()
    fill_day(analyst, "When must schools have confirmed their rolls?", "20 11 2026")
    press(analyst, "Open the check")
    check = path_of(analyst)
    assert "The check is open" in main_of(analyst)
    analyst.look("analyst-03-check")
    follow(analyst, "overdue")
    assert analyst.page.locator("tbody tr").count() == 3
    analyst.open("/")
    analyst.look("analyst-04-home")
    analyst.open("/checks")
    analyst.look("analyst-05-checks")
    analyst.open(f"{check}/schools/{OWN}")
    analyst.look("analyst-06-school")
    analyst.open(f"{check}/change")
    analyst.look("analyst-07-change")
    analyst.page.get_by_label("Published: coaches and teams see it").check()
    press(analyst, "Save")
    assert "The changes are saved" in main_of(analyst)
    analyst.open(f"{check}/upload")
    analyst.look("analyst-08-council-upload")
    upload(analyst, roll(1, 2, 3, URN="100001"))
    analyst.look("analyst-09-council-staged")
    open_summary(analyst)
    analyst.look("analyst-10-council-summary")
    confirm(analyst, "Confirm all rolls")
    analyst.page.get_by_role("heading", name="The rolls are confirmed").wait_for()
    analyst.look("analyst-11-council-receipt")


@pytest.mark.parametrize("who", ["coach", "virtual_school", "panel", "administrator", "careers"])
def test_home_shows_every_role_what_there_is_to_do(live: Live, who: str) -> None:
    open_check(live.service, NOVEMBER)
    visitor = live.as_(who)
    visitor.open("/")
    assert "November 2026" in main_of(visitor)
    visitor.look(f"home-{who}")
