"""The analyst's journey: reports across schools, the shelf, a scorecard tried, a model promoted, an extract taken."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("fastapi", reason="the service is not installed: pip install 'roni[service]'")

from sqlalchemy import select

from roni import AcademicYear, get_check, read_cohort, save_model
from service import tables as t
from service.accounts.credentials import cookie_name, start_session
from service.clock import now
from service.refs import new_ref
from tests.service.conftest import Service, furnish, start
from tests.service.rolls import add_check, fill, invented
from tests.service.test_models_shelf import other_model

OWN_CARD = Path(__file__).parents[2] / "roni" / "scorecards" / "oxfordshire.toml"


@pytest.fixture(scope="module")
def council(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """Three schools, November returned by all, January by two."""
    folder = tmp_path_factory.mktemp("analyst")
    save_model(other_model(), folder / "shelf")
    url, shelf = f"sqlite:///{folder / 'roni.db'}", str(folder / "shelf")
    service = furnish(start(url, council="Bexford", demo=True, models=shelf))
    november = add_check(service, capacity=25)
    rolls = {urn: invented(60, school=place) for place, urn in enumerate(service.schools)}
    fill(service, november, rolls)
    january = add_check(service, "january", earlier_id=november, capacity=25)
    later = [invented(60, name="january", school=place) for place in range(2)]
    fill(service, january, {"100001": later[0].take(np.arange(4, len(later[0]))), "100002": later[1]})
    with service.database.write() as connection:
        _ask(connection, service, november, done=3)
        _ask(connection, service, january, done=1)
        _override(connection, service, january)
    yield service
    service.database.dispose()


def _ask(connection: Any, service: Service, check: int, done: int) -> None:
    for place, school in enumerate(service.schools.values()):
        at = now() if place < done else None
        connection.execute(
            t.check_schools.insert().values(check_id=check, school_id=school, started_at=at, signed_off_at=at)
        )


def _override(connection: Any, service: Service, check: int) -> None:
    pupil = connection.execute(select(t.roll_pupils.c.pupil_id).where(t.roll_pupils.c.check_id == check)).scalar()
    connection.execute(
        t.moderations.insert().values(
            ref=new_ref("moderation"), by_id=service.people["careers"], check_id=check, pupil_id=pupil, kind="add",
            band="red", why="no_plan", reason="Invented", role="careers", state="standing",
        )
    )  # fmt: skip


@pytest.fixture(scope="module")
def address(council: Service, live_server: Any) -> str:
    return str(live_server(council.app))


@pytest.fixture
def analyst(council: Service, address: str, visit: Any) -> Any:
    return _signed_in(council, visit(address, accept_downloads=True))


def _signed_in(council: Service, visitor: Any) -> Any:
    with council.database.write() as connection:
        person = council.people["analyst"]
        grant = connection.execute(select(t.grants.c.id).where(t.grants.c.person_id == person)).scalar_one()
        secret = start_session(connection, council.settings, person, grant)
    cookie = {"name": cookie_name(council.settings), "value": secret, "url": visitor.address}
    visitor.page.context.add_cookies([cookie])
    return visitor


@pytest.fixture
def november(council: Service) -> str:
    return _ref(council, "november")


def _ref(council: Service, name: str) -> str:
    with council.database.read() as connection:
        return str(connection.execute(select(t.checks.c.ref).where(t.checks.c.name == name)).scalar_one())


def test_the_analyst_reads_the_reports_of_a_check(analyst: Any) -> None:
    page = analyst.page
    analyst.open("/reports")
    analyst.look("analyst-reports")
    page.get_by_role("link", name="Returns of January").click()
    assert "Not returned" in page.inner_text("main")
    analyst.look("analyst-returns")
    for report in ("Bands", "Movement", "Completeness", "Override rates"):
        page.get_by_role("navigation", name="Reports of this check").get_by_role("link", name=report).click()
        assert page.inner_text("h1") == report
        analyst.look(f"analyst-{report.lower().replace(' ', '-')}")
        assert page.locator("figure svg").count() >= 1
        assert page.locator("svg[style], svg [style]").count() == 0


def test_a_report_prints_with_its_numbers(analyst: Any, november: str) -> None:
    analyst.open(f"/checks/{november}/reports/bands")
    assert analyst.printed("analyst-bands").stat().st_size > 0
    assert analyst.page.get_by_role("table", name="Pupils in each band, by school").is_visible()


def test_the_analyst_looks_at_a_model_and_puts_it_to_use(analyst: Any, november: str) -> None:
    page = analyst.page
    analyst.open("/models")
    analyst.look("analyst-models")
    page.get_by_role("link", name="demo", exact=True).click()
    assert "It was trained on invented pupils" in page.inner_text("main")
    assert page.locator("figure svg").count() >= 2
    analyst.look("analyst-model")
    page.get_by_role("button", name="See how well it was measured").click()
    assert "could be chance" in page.inner_text("main")
    assert page.locator("figure svg").count() >= 5
    assert page.locator("svg[style], svg [style]").count() == 0
    analyst.look("analyst-evaluation")
    page.get_by_label("List by").select_option(label="attendance alone")
    page.get_by_role("button", name="Show").click()
    assert page.get_by_text("A list of 420 by “attendance alone”").is_visible()
    assert analyst.printed("analyst-evaluation").stat().st_size > 0
    with page.expect_download() as download:
        page.get_by_role("button", name="Download the report").click()
    assert download.value.suggested_filename == "demo-evaluation.html"
    page.get_by_role("link", name="Back").click()
    page.get_by_role("button", name="Put this model to use").click()
    analyst.look("analyst-promotion")
    page.get_by_label("From which check").select_option(label="November 2026")
    page.get_by_role("button", name="Promote this model").click()
    assert "Say why" in page.inner_text(".govuk-error-summary")
    assert page.get_by_label("From which check").input_value() == november
    analyst.look("analyst-promotion-error")
    page.get_by_label("Why").fill("Measured on the leavers of last summer; agreed with the participation lead.")
    page.get_by_role("button", name="Promote this model").click()
    assert "The model is promoted" in page.inner_text(".govuk-notification-banner")
    assert "In use for" in page.inner_text("main")
    analyst.look("analyst-promoted")
    page.get_by_role("button", name="Take this model back").click()
    analyst.look("analyst-rollback")
    page.get_by_label("Why").fill("Only tried.")
    page.get_by_role("button", name="Take this model back").click()
    assert "taken back" in page.inner_text(".govuk-notification-banner")


def test_the_analyst_compares_two_models(analyst: Any) -> None:
    page = analyst.page
    analyst.open("/model-comparison")
    analyst.look("analyst-comparison-empty")
    page.get_by_label("First model").select_option("demo")
    page.get_by_label("Second model").select_option("demo")
    page.get_by_role("button", name="Compare").click()
    assert "Choose another model than the first" in page.inner_text(".govuk-error-summary")
    analyst.look("analyst-comparison-error")
    page.get_by_label("Second model").select_option("other")
    page.get_by_label("Check", exact=True).select_option(label="November 2026")
    page.get_by_role("button", name="Compare").click()
    assert "The two orders agree to" in page.inner_text("main")
    analyst.look("analyst-comparison")


def test_the_analyst_keeps_a_scorecard_and_tries_it(analyst: Any, november: str, tmp_path: Path) -> None:
    page = analyst.page
    text = OWN_CARD.read_text("utf-8").replace('name = "oxfordshire"', 'name = "ours"', 1)
    wrong, right = tmp_path / "wrong.toml", tmp_path / "ours.toml"
    wrong.write_text(text.replace("points = 2", "points = 2000", 1), "utf-8")
    right.write_text(text, "utf-8")
    analyst.open("/scorecards")
    analyst.look("analyst-scorecards")
    page.locator("input[type=file]").set_input_files(wrong)
    page.get_by_role("button", name="Check and keep").click()
    assert "What to put right" in page.inner_text("main")
    analyst.look("analyst-scorecard-wrong")
    page.locator("input[type=file]").set_input_files(right)
    page.get_by_role("button", name="Check and keep").click()
    assert "The scorecard is kept" in page.inner_text(".govuk-notification-banner")
    analyst.look("analyst-scorecard")
    analyst.open(f"/checks/{november}/trials")
    analyst.look("analyst-trials")
    page.get_by_role("button", name="Try it").click()
    assert "scored in that way already" in page.inner_text(".govuk-error-summary")
    page.get_by_label("Scorecard").select_option(index=1)
    page.get_by_role("button", name="Try it").click()
    assert "would go up" in page.inner_text("main")
    analyst.look("analyst-trial")
    page.get_by_role("link", name="Next pupils").click()
    assert "would go up" in page.inner_text("main")
    page.get_by_role("button", name="Take this trial away").click()
    assert "taken away" in page.inner_text(".govuk-notification-banner")


def test_the_analyst_takes_an_extract_that_the_library_reads(analyst: Any, november: str, tmp_path: Path) -> None:
    page = analyst.page
    analyst.open(f"/checks/{november}/extract")
    analyst.look("analyst-extract")
    page.get_by_label("CSV").check()
    with page.expect_download() as download:
        page.get_by_role("button", name="Download the extract").click()
    file = tmp_path / download.value.suggested_filename
    download.value.save_as(file)
    cohort = read_cohort(file, get_check("november", AcademicYear(2026)))
    assert len(cohort) > 100
    page.reload()
    assert "Invented analyst" in page.inner_text("main table")
    analyst.look("analyst-extract-taken")


def test_an_extract_of_no_field_is_asked_again(analyst: Any, november: str) -> None:
    page = analyst.page
    analyst.open(f"/checks/{november}/extract")
    page.evaluate("document.querySelectorAll('input[type=checkbox]').forEach((box) => { box.checked = false; })")
    page.get_by_role("button", name="Download the extract").click()
    assert "Choose at least one field" in page.inner_text(".govuk-error-summary")
    analyst.look("analyst-extract-error")


def test_everything_works_without_scripts(council: Service, address: str, visit: Any, november: str) -> None:
    visitor = _signed_in(council, visit(address, java_script_enabled=False))
    visitor.open(f"/checks/{november}/trials")
    visitor.page.get_by_label("Scorecard").select_option(index=1)
    visitor.page.get_by_role("button", name="Try it").click()
    assert "would go up" in visitor.page.inner_text("main")


def test_the_keyboard_reaches_everything(analyst: Any) -> None:
    analyst.open("/models/demo/promotion")
    stops = analyst.stops()
    wanted = ["From which check", "Why", "Promote this model"]
    assert [stop for stop in stops if stop in wanted] == wanted


def test_the_analyst_changes_a_check_that_somebody_else_has_changed_meanwhile(
    council: Service, analyst: Any, november: str
) -> None:
    page = analyst.page
    analyst.open(f"/checks/{november}/change")
    page.get_by_text("Add schools, or ask some no more").click()
    analyst.look("analyst-change")
    council.as_("analyst").patch(f"/v1/checks/{november}", json={"due_on": "2027-02-01"})
    page.get_by_label("How many pupils can your coaches see?").fill("31")
    page.get_by_label("Trained model beside it").select_option(label="None")
    page.get_by_role("button", name="Save").click()
    assert "the day on which it is due is now 1 February 2027" in page.inner_text("main")
    analyst.look("analyst-change-stale")
    page.get_by_role("button", name="Save").click()
    assert "The changes are saved" in page.inner_text(".govuk-notification-banner")
    check = council.as_("analyst").get(f"/v1/checks/{november}").json()
    assert (check["due_on"], check["capacity"]) == ("2027-02-01", 31)
