"""Text and numbers that no database keeps are refused clearly, on each database."""

from __future__ import annotations

from service.cursors import write_cursor
from tests.service.caseloads import checked


def test_what_a_database_cannot_keep_is_refused_and_never_an_error(service) -> None:
    november = checked(service)
    pupil = november.pupils()[-1]
    asked = november.ask("careers", pupil, "add", "red", reason="No plan\x00 at all.")
    assert (asked.status_code, asked.json().get("code")) in {(201, None), (422, "not_storable")}
    found = service.as_("analyst").get(f"/v1/checks/{november.ref}/pupils/none%00/moderations")
    assert found.status_code in {404, 405}
    assert service.as_("coach").get("/v1/pupils/none%00/coach").status_code in {404, 422}
    for number in (2**31, 2**63, 10**30):
        query = {"cursor": write_cursor(number)}
        answer = service.as_("analyst").get(f"/v1/checks/{november.ref}/moderations", params=query)
        assert (answer.status_code, answer.json()["code"]) == (422, "cursor")
