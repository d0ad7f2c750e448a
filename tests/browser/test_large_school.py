"""Lists at their edges: a school of 2,000, no model and no earlier check, long names, restricted and left pupils."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

pytest.importorskip("fastapi", reason="the service is not installed: pip install 'roni[service]'")

from sqlalchemy import select

from roni import AcademicYear, Cohort, cohort_from_dict, cohort_to_dict, get_check
from roni.synthetic import make_authority
from service import tables as t
from tests.browser.service import Live, path_of
from tests.service.conftest import furnish, start, stop
from tests.service.rolls import YEAR, add_check, fill, register_rows

PUPILS = 2000
ON_A_PAGE = 100
LONG = ("Featherstonehaugh-Cholmondeley-Wolfeschlegelsteinhausen", "Bartholomew Maximilian Alexander-Constantine")
GONE = {"date": "2026-10-20", "to": "other_authority", "confirmed_by": "the invented office"}


@pytest.fixture(scope="module")
def council(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """One school of 2,000 in its first check; its first pupils are restricted, have left, or have long names."""
    service = furnish(start(f"sqlite:///{tmp_path_factory.mktemp('large') / 'roni.db'}", council="Bexford", demo=True))
    check = add_check(service, capacity=25)
    cohort = _large()
    fill(service, check, {"100001": cohort}, left=dict.fromkeys(cohort.keys.to_pylist()[3:6], GONE))
    yield service
    stop(service)


def _large() -> Cohort:
    authority = make_authority(5, schools=3, pupils_per_year=PUPILS + 200, first_year=AcademicYear(YEAR), years=1)
    cohort = authority.returns(get_check("november", AcademicYear(YEAR)), authority.schools[0])
    assert len(cohort) >= PUPILS
    restricted = np.full(PUPILS, -1, np.int8)
    restricted[:3] = 1
    cohort = cohort.take(np.arange(PUPILS))
    data = cohort_to_dict(dataclasses.replace(cohort, columns={**cohort.columns, "restricted_sharing": restricted}))
    for record in data["pupils"]:
        record["values"] |= {"surname": LONG[0], "forename": LONG[1]} if record is data["pupils"][9] else {}
    return cohort_from_dict(data)


@pytest.fixture(scope="module")
def live_address(council: Any, live_server: Callable[[Any], str]) -> str:
    return live_server(council.app)


@pytest.fixture
def live(council: Any, live_address: str, visit: Any) -> Live:
    return Live(council, live_address, visit)


@pytest.fixture
def careers(live: Live) -> Any:
    return live.as_("careers", accept_downloads=True)


@pytest.fixture
def check(council: Any) -> str:
    with council.database.read() as connection:
        return str(connection.execute(select(t.checks.c.ref)).scalar_one())


def a_pupil(council: Any, section: str = "", name: str = "") -> str:
    """The reference of the first pupil of a section, or of this name."""
    wanted = [row.pupil_id for row in register_rows(council, 1) if not section or row.section == section]
    with council.database.read() as connection:
        rows = connection.execute(select(t.pupils.c.id, t.pupils.c.ref, t.pupils.c.name)).all()
    known = {row.id: row.ref for row in rows if name in row.name}
    return str(next(known[pupil] for pupil in wanted if pupil in known))


def test_a_list_of_two_thousand_comes_in_pages(careers: Any, check: str) -> None:
    page = careers.page
    careers.open(f"/checks/{check}/register")
    assert page.locator("table").first.locator("tbody tr").count() == ON_A_PAGE
    careers.look("large-register")
    page.get_by_role("link", name="Next").click()
    assert page.locator("tbody th").first.inner_text().startswith(f"{ON_A_PAGE + 1}.")
    page.get_by_role("link", name="Back to the first pupils").click()
    assert page.locator("tbody th").first.inner_text().startswith("1.")
    careers.open(f"/checks/{check}/register?capacity=25")
    careers.look("large-register-cut")


def test_the_whole_of_a_large_list_is_a_file(careers: Any, check: str) -> None:
    careers.open(f"/checks/{check}/register")
    with careers.page.expect_download() as download:
        careers.page.get_by_role("button", name="Download as CSV").click()
    assert len(download.value.path().read_text("utf-8-sig").splitlines()) > PUPILS - 10


def test_restricted_and_left_pupils_stand_apart(careers: Any, council: Any, check: str) -> None:
    page = careers.page
    for section, words in (("restricted", "information restricted"), ("left", "On the roll before and not now")):
        careers.open(f"/checks/{check}/register?section={section}")
        assert page.locator("main tbody tr").count() == 3
        assert page.locator("main h2").first.is_visible()
        careers.look(f"large-register-{section}")
        careers.open(f"/checks/{check}/pupils/{a_pupil(council, section)}")
        assert words in page.inner_text("main")
        careers.look(f"large-pupil-{section}")
        assert careers.printed(f"large-pupil-{section}").stat().st_size > 0


def test_one_pupil_with_no_model_and_no_earlier_check(careers: Any, council: Any, check: str) -> None:
    page = careers.page
    careers.open(f"/checks/{check}/pupils/{a_pupil(council, 'ranked')}")
    words = page.inner_text("main")
    assert "about 1 in" not in words
    assert page.locator("figure svg").count() >= 1
    careers.look("large-pupil-no-model")


def test_a_long_name_breaks_no_page(careers: Any, council: Any, check: str) -> None:
    page = careers.page
    careers.open(f"/checks/{check}/pupils/{a_pupil(council, name=LONG[0])}")
    careers.look("large-pupil-long-name")
    page.get_by_role("link", name="Find a pupil").first.click()
    assert path_of(careers) == "/pupils"
    page.get_by_label("Name").fill("Featherstonehaugh")
    with page.expect_navigation():
        page.keyboard.press("Enter")
    assert LONG[0] in page.inner_text("main")
    careers.look("large-search-long-name")
