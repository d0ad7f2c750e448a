"""Whom to ask at a school: kept by the administrator or the API, and beside every pupil of the school as it is now."""

from __future__ import annotations

import csv
import html
import io
import re
from typing import Any

import pytest

from service.demo.council import Council
from tests.service.caseloads import Checked, fresh
from tests.service.team_sheets import furnish

WHOM = "Ms Sample <careers lead>, 01632 960001, careers@example.org"
URN = "100001"


@pytest.fixture
def november(tmp_path, start_service) -> Checked:
    return furnish(fresh(tmp_path, start_service))


def school_of(service: Any) -> dict[str, Any]:
    items = service.as_("analyst").get("/v1/schools").json()["items"]
    return next(item for item in items if item["urn"] == URN)


def keep(service: Any, words: str | None) -> int:
    """Say by the API whom to ask; the status."""
    school = school_of(service)
    headers = {"if-match": f'"{school["version"]}"'}
    answer = service.as_("analyst").patch(f"/v1/schools/{school['ref']}", json={"contact": words}, headers=headers)
    return int(answer.status_code)


def text_of(service: Any, path: str, who: str = "coach") -> str:
    page = re.sub(r"<[^>]+>", " ", service.browser(who).get(path).text)
    return re.sub(r"\s+", " ", html.unescape(page))


def test_the_administrators_page_keeps_changes_and_clears_it(sqlite_service: Any) -> None:
    browser = sqlite_service.browser("administrator")
    path = f"/schools/{school_of(sqlite_service)['ref']}"
    for version, words in ((1, "x" * 300), (2, WHOM), (3, "")):
        typed = {"name": "Ash School", "contact": words, "active": "true", "version": str(version)}
        assert browser.post(path, data=typed).status_code == 303
        assert school_of(sqlite_service)["contact"] == (words or None)
    refused = browser.post(path, data={"name": "Ash School", "contact": "x" * 301, "version": "4"})
    assert refused.status_code == 422
    assert "Use 300 characters or fewer." in refused.text
    assert school_of(sqlite_service)["contact"] is None


def test_the_api_keeps_it_with_a_new_school_and_changes_it(sqlite_service: Any) -> None:
    new = {"urn": "100077", "name": "Oak School", "contact": WHOM}
    assert sqlite_service.as_("analyst").post("/v1/schools", json=new).json()["contact"] == WHOM
    assert keep(sqlite_service, WHOM) == 200
    assert keep(sqlite_service, "x" * 301) == 422
    assert school_of(sqlite_service)["contact"] == WHOM


def test_it_stands_beside_each_pupil_as_it_is_now(november: Checked) -> None:
    service, pupil = november.service, november.pupils()[0]
    list_of_check, page = f"/checks/{november.ref}/register", f"/checks/{november.ref}/pupils/{pupil}"
    for path in ("/my-list", list_of_check, page):
        assert "01632" not in text_of(service, path)
    for words in (WHOM, "Mr Placeholder, DSL, 01632 960002"):
        assert keep(service, words) == 200
        for path in ("/my-list?places=2", f"{list_of_check}?school={URN}", page):
            assert f"Contact: {words}" in text_of(service, path), path
        line = service.as_("coach").get("/v1/caseload").json()["items"][0]["line"]
        assert line["school"]["contact"] == words


def test_it_goes_out_with_a_teams_sheet(november: Checked) -> None:
    keep(november.service, WHOM)
    answer = november.service.as_("coach").get("/v1/caseload/sheet", headers={"accept": "text/csv"})
    rows = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert {row["School contact"] for row in rows} == {WHOM}


def test_the_demos_contacts_are_obviously_invented(demo: tuple[Any, Council]) -> None:
    said = [demo[1].contact(place) for place in range(len(demo[1].schools))]
    assert len(set(said)) == len(said)
    for words in said:
        assert re.fullmatch(r"(Ms|Mr|Mrs|Dr) \w+, careers lead, 01632 960\d{3}, [\w.]+@example\.org", words)
