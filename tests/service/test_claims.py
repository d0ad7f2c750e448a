"""A school that lists another school's pupil reads nothing that it has not sent itself, until that is settled."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select, text

from service import tables as t
from service.access import OF_A_SCHOOL, ROLES, Access
from service.database import Database
from service.registers.claimed import AGAINST, OPEN
from service.routing import routes_of
from tests.service.council_lists import decide, listed, live_list, register_line, to_resolve
from tests.service.uploading import GONE, JANUARY, change, confirm, confirmed, open_check, pupil, staged, upn

REASON = "Asked both schools"
# What the first school, the council and people have said of pupil 1, and the second has not.
SECRETS = ("Secretname", "Secretform", "Invented Academy", "attendance 61")
SECOND = ("returns2", "careers2")
FIRST = ("returns", "careers")


@pytest.fixture
def two(service: Any) -> Any:
    """Pupil 1 is the first school's, with all there is to know; then the second school lists pupil 1 by UPN alone."""
    service.add_person("careers2", "careers", school_id=service.schools["100002"])
    service.check = open_check(service)
    confirmed(service, service.check, [first_of(), *map(pupil, (2, 3))])
    live_list(service, listed(1))
    service.ref = ref_of(service, 1)
    contact = {
        "on": "2026-11-02",
        "kind": "phone",
        "outcome": "reached",
        "note": "Secretname was glad",
        "note_for": "team",
    }
    assert service.as_("coach").post(f"/v1/pupils/{service.ref}/contacts", json=contact).status_code == 201
    worry = {"kind": "priority", "band": "red", "why": "other", "reason": "Secretname is worried"}
    answer = service.as_("careers").post(f"/v1/checks/{service.check}/pupils/{service.ref}/moderations", json=worry)
    assert answer.status_code == 201, answer.text
    service.before = line_of(service, "careers", 1)
    listed_second(service)
    return service


def first_of() -> dict[str, Any]:
    """Pupil 1 as the first school has them."""
    known = pupil(1, Forename="Secretname", Young_carer="Y", Registration_group="Secretform")
    return known | {"Attendance %": 61}


def listed_second(service: Any, check: str | None = None, **cells: Any) -> Any:
    return confirmed(service, check or service.check, [pupil(1, **cells), pupil(8)], "returns2")


def ref_of(service: Any, number: int) -> str:
    with service.database.read() as connection:
        return str(connection.execute(select(t.pupils.c.ref).where(t.pupils.c.upn == upn(number))).scalar_one())


def items(service: Any, who: str, **query: Any) -> list[dict[str, Any]]:
    answer = service.as_(who).get(f"/v1/checks/{query.pop('check', service.check)}/register", params=query)
    assert answer.status_code == 200, answer.text
    return list(answer.json()["items"])


def line_of(service: Any, who: str, number: int, **query: Any) -> dict[str, Any] | None:
    found = [item for item in items(service, who, **query) if item["surname"] == f"Surname{number}"]
    assert len(found) <= 1
    return found[0] if found else None


def entry_of(service: Any) -> dict[str, Any]:
    (entry,) = to_resolve(service, kind="two_schools")
    return entry


def test_the_second_school_sees_a_line_of_what_it_sent_and_why_there_is_no_more(two: Any) -> None:
    for who in SECOND:
        line = line_of(two, who, 1)
        assert line is not None
        assert (line["section"], line["status"], line["pupil"]) == ("claimed", OPEN, None)
        assert (line["forename"], line["year_group"], line["school"]["urn"]) == ("Forename1", 11, "100002")
        assert {line.get(name) for name in ("band", "points", "why", "coach", "last_contact")} == {None}
        counted = two.as_(who).get(f"/v1/checks/{two.check}/register", params={"counts": True}).json()["counts"]
        assert counted["sections"] == {"ranked": 1, "claimed": 1}
        assert [line["surname"] for line in items(two, who, section="claimed")] == ["Surname1"]
        assert [line["surname"] for line in items(two, who, section="ranked")] == ["Surname8"]
        assert [line["surname"] for line in items(two, who, band="red")] == []
    assert "claimed" not in {line["section"] for line in items(two, "analyst")}
    receipt = two.browser("returns2").get(f"/checks/{two.check}/schools/100002/receipt").text
    assert "1 pupil of your roll is also listed by another school" in receipt
    page = two.browser("careers2").get(f"/checks/{two.check}/register").text
    assert OPEN.capitalize() in page
    assert "Surname1" in page


def test_the_line_has_its_place_on_the_pages_of_a_list_and_in_files(two: Any) -> None:
    first = two.as_("careers2").get(f"/v1/checks/{two.check}/register", params={"limit": 1}).json()
    second = two.as_("careers2").get(f"/v1/checks/{two.check}/register", params={"limit": 1, "cursor": first["next"]})
    assert [line["section"] for line in (*first["items"], *second.json()["items"])] == ["ranked", "claimed"]
    assert second.json()["next"] is None
    file = two.as_("careers2").get(f"/v1/checks/{two.check}/register", headers={"accept": "text/csv"}).text
    assert OPEN in file
    assert upn(1) in file


def test_the_first_schools_list_is_as_it_was_and_the_council_sees_all(two: Any) -> None:
    assert line_of(two, "careers", 1) == two.before
    line = line_of(two, "analyst", 1)
    assert line is not None
    assert line["forename"] == "Secretname"
    for who in ("analyst", "coach", "virtual_school"):
        assert two.as_(who).get(f"/v1/pupils/{two.ref}/history").status_code == 200
    assert register_line(two, 1).school_id == two.schools["100001"]
    said = two.as_("analyst").post("/v1/pupils/search", json={"upn": upn(1)}).json()["items"]
    assert [(item["name"], item["school"]["urn"]) for item in said] == [("Surname1, Secretname", "100001")]


def test_no_route_tells_the_second_school_what_it_has_not_sent(two: Any) -> None:
    """Every route that can be read, and every one that names a pupil, whoever of the second school calls."""
    january = open_check(two, JANUARY)
    refs = {"check": two.check, "earlier": two.check, "pupil": two.ref, "urn": "100002"}
    with two.database.read() as connection:
        entry = connection.execute(select(t.resolutions.c.ref).where(t.resolutions.c.kind == "two_schools"))
        refs["resolution"] = entry.scalar_one()
        for name, table in (("contact", t.contacts), ("moderation", t.moderations)):
            refs[name] = connection.execute(select(table.c.ref).limit(1)).scalar_one()
        refs["upload"] = connection.execute(
            select(t.uploads.c.ref).where(t.uploads.c.school_id == two.schools["100002"])
        ).scalar_one()
    listed_second(two, january)
    wrong, walked = [], 0
    for check in (two.check, january):
        for path, methods in _addresses(two, {**refs, "check": check}):
            for who in SECOND:
                for method in methods:
                    answer = _send(two, who, method, path)
                    walked += answer.status_code == 200
                    named = refs["pupil"] in path or refs["contact"] in path or refs["moderation"] in path
                    if any(secret in answer.text for secret in SECRETS) or (
                        named and answer.status_code not in (403, 404)
                    ):
                        wrong.append(f"{who} {method} {path}: {answer.status_code}")
    assert wrong == [], "\n".join(wrong)
    assert walked > 60


def _addresses(service: Any, refs: dict[str, str]) -> Any:
    for route in routes_of(service.app):
        names = {part[1:-1].partition(":")[0] for part in route.path.split("/") if part.startswith("{")}
        if route.permissions and names <= refs.keys() and set(route.permissions) <= ROLES["returns"] | ROLES["careers"]:
            path = "/".join(
                refs.get(part[1:-1], part) if part.startswith("{") else part for part in route.path.split("/")
            )
            methods = [m for m in route.methods if m == "GET" or (m in ("POST", "PUT") and "pupil" in names)]
            yield path, methods


def _send(service: Any, who: str, method: str, path: str) -> Any:
    body = {"kind": "priority", "band": "red", "why": "other", "reason": "A reason"}
    if path.endswith("/requests"):
        body = {"kind": "objection", "said": "Something"}
    return service.as_(who).request(method, path, json=body if method != "GET" else None, follow_redirects=False)


def test_finding_by_upn_or_name_finds_the_second_school_nobody(two: Any) -> None:
    for who in SECOND:
        for asked in ({"upn": upn(1)}, {"name": "Surname1"}):
            assert two.as_(who).post("/v1/pupils/search", json=asked).json()["items"] == []
    found = two.as_("careers").post("/v1/pupils/search", json={"upn": upn(1)}).json()["items"]
    assert [item["pupil"] for item in found] == [two.ref]


def test_with_the_first_gate_skipped_the_second_school_still_reads_nothing(two: Any) -> None:
    if two.database.sqlite:
        pytest.skip("SQLite has no row-level security: the first gate is tested on both")
    with two.database.read() as connection:
        pupil_id = connection.execute(select(t.pupils.c.id).where(t.pupils.c.ref == two.ref)).scalar_one()
    for role in OF_A_SCHOOL:
        for urn, sees in (("100001", True), ("100002", False)):
            access = Access(1, "person", "-", role, schools=frozenset({two.schools[urn]}))
            with Database.read(two.app.state.database, access) as connection:
                for table in ("pupils", "register_rows", "contacts", "moderations"):
                    column = "id" if table == "pupils" else "pupil_id"
                    rows = connection.execute(text(f"select {column} from {table}")).scalars().all()
                    assert (pupil_id in rows) == sees, (role, urn, table)
                schools = select(t.roll_pupils.c.school_id).where(t.roll_pupils.c.pupil_id == pupil_id)
                assert (two.schools["100001"] in set(connection.execute(schools).scalars())) == sees


@pytest.mark.parametrize(
    ("decision", "of_first", "of_second"),
    [("school", AGAINST, None), ("other_school", None, AGAINST), ("both", None, None)],
)
def test_when_the_council_has_settled_it_whose_the_pupil_is_reads_in_full(
    two: Any, decision: str, of_first: str | None, of_second: str | None
) -> None:
    answer = decide(two, entry_of(two), decision=decision, reason=REASON)
    assert answer.status_code == 200
    for who, status in (("careers", of_first), ("careers2", of_second)):
        line = line_of(two, who, 1)
        assert line is not None
        assert line.get("status") == status
        explained = two.as_(who).get(f"/v1/checks/{two.check}/pupils/{two.ref}")
        assert explained.status_code == (200 if status is None else 404)
    main = "100002" if decision == "school" else "100001"
    assert register_line(two, 1).school_id == two.schools[main]


def test_a_decision_may_be_changed_and_what_is_read_changes_with_it(two: Any) -> None:
    closed = decide(two, entry_of(two), decision="both", reason=REASON).json()
    assert decide(two, closed, decision="other_school", reason=REASON).status_code == 200
    assert line_of(two, "careers2", 1)["section"] == "claimed"


def leave(service: Any, check: str, who: str, rows: list[dict[str, Any]], **where: str) -> None:
    upload = change(service, staged(service, check, rows, who), who, leavers={"*": GONE | where})
    assert confirm(service, upload, who).status_code == 200


def test_once_the_first_school_has_confirmed_a_leaver_the_second_reads_all(two: Any) -> None:
    leave(two, two.check, "returns", [pupil(2), pupil(3)], to="school", school="100002")
    assert to_resolve(two, kind="two_schools") == []
    assert line_of(two, "careers2", 1)["section"] == "ranked"
    assert line_of(two, "careers", 1) is None
    with two.database.read() as connection:
        whose = connection.execute(select(t.pupils.c.school_id).where(t.pupils.c.upn == upn(1))).scalar_one()
    assert whose == two.schools["100002"]


def test_giving_the_claim_up_opens_nothing(two: Any) -> None:
    leave(two, two.check, "returns2", [pupil(8)])
    assert to_resolve(two, kind="two_schools") == []
    for who in SECOND:
        assert line_of(two, who, 1) is None
        assert two.as_(who).get(f"/v1/pupils/{two.ref}/history").status_code == 404
    assert line_of(two, "careers", 1) == two.before


@pytest.mark.parametrize("status", ["Guest", "Subsidiary"])
def test_listing_as_a_guest_is_a_claim_too(sqlite_service: Any, status: str) -> None:
    sqlite_service.check = open_check(sqlite_service)
    confirmed(sqlite_service, sqlite_service.check, [pupil(1), pupil(2)])
    listed_second(sqlite_service, Enrolment_status=status)
    assert line_of(sqlite_service, "returns2", 1)["section"] == "claimed"
    assert "does not say that there is another school" in entry_of(sqlite_service)["sentence"]


def test_in_january_november_s_roll_is_a_claim_until_that_school_returns(service: Any) -> None:
    service.check = open_check(service)
    confirmed(service, service.check, [pupil(1), pupil(2)])
    january = open_check(service, JANUARY)
    listed_second(service, january)
    assert line_of(service, "returns2", 1, check=january)["section"] == "claimed"
    assert service.as_("returns2").get(f"/v1/pupils/{ref_of(service, 1)}/history").status_code == 404
    assert "on its last roll, November 2026" in entry_of(service)["sentence"]
    assert items(service, "returns", check=january) == []  # what the second sent is for the council alone
    gone = service.as_("returns").get(f"/v1/checks/{january}/pupils/{ref_of(service, 1)}")
    assert gone.status_code == 404
    moved = service.as_("returns").get(f"/v1/checks/{january}/movement/{service.check}").json()["items"]
    assert {item["kind"] for item in moved} == {"not returned yet"}
    assert line_of(service, "analyst", 1, check=january) is not None
    leave(service, january, "returns", [pupil(2)], to="school", school="100002")
    assert to_resolve(service) == []
    assert line_of(service, "returns2", 1, check=january)["section"] == "ranked"
    assert line_of(service, "returns2", 1) is None  # of November it has no roll ... and reads what is known
    assert service.as_("returns2").get(f"/v1/pupils/{ref_of(service, 1)}/history").status_code == 200


def test_a_late_roll_of_an_earlier_check_is_second_to_whoever_has_the_pupil_now(service: Any) -> None:
    service.check, january = open_check(service), open_check(service, JANUARY)
    confirmed(service, january, [pupil(1, Forename="Secretname"), pupil(2)])
    listed_second(service)
    assert line_of(service, "returns2", 1)["section"] == "claimed"
    assert service.as_("returns2").get(f"/v1/pupils/{ref_of(service, 1)}/history").status_code == 404
    assert line_of(service, "returns", 1, check=january)["section"] == "ranked"
    confirmed(service, january, [pupil(1, Forename="Secretname"), pupil(2, SEN="E")])
    assert entry_of(service)["school"]["urn"] == "100002"  # still one question, and still the same


def test_a_late_roll_of_the_school_that_had_the_pupil_first_changes_nothing_of_that(service: Any) -> None:
    service.check, january = open_check(service), open_check(service, JANUARY)
    confirmed(service, service.check, [pupil(1), pupil(2)])
    listed_second(service, january)
    confirmed(service, service.check, [pupil(1), pupil(2, SEN="E")])
    entry = entry_of(service)
    assert (entry["school"]["urn"], entry["other_school"]["urn"]) == ("100002", "100001")
    assert line_of(service, "returns", 1)["section"] == "ranked"


def test_what_is_open_since_november_holds_in_a_january_that_was_opened_first(service: Any) -> None:
    january, service.check = open_check(service, JANUARY), open_check(service)
    for check in (service.check, january):
        confirmed(service, check, [pupil(1), pupil(2)])
        listed_second(service, check)
    assert entry_of(service)["check"] == service.check
    assert line_of(service, "analyst", 1, check=january)["school"]["urn"] == "100001"
    assert line_of(service, "returns", 1, check=january)["section"] == "ranked"


def test_what_was_decided_stands_in_january_and_is_not_asked_again(two: Any) -> None:
    decide(two, entry_of(two), decision="both", reason=REASON)
    january = open_check(two, JANUARY)
    for who, rows in (("returns", [pupil(1), pupil(2), pupil(3)]), ("returns2", [pupil(1), pupil(8)])):
        confirmed(two, january, rows, who)
    assert to_resolve(two, kind="two_schools") == []
    for who in ("careers", "careers2"):
        assert line_of(two, who, 1, check=january)["section"] == "ranked"


def test_who_has_left_the_second_school_and_is_listed_again_is_asked_about_again(two: Any) -> None:
    decide(two, entry_of(two), decision="school", reason=REASON)
    leave(two, two.check, "returns2", [pupil(8)])
    january = open_check(two, JANUARY)
    listed_second(two, january)
    assert line_of(two, "careers2", 1, check=january)["section"] == "claimed"


def test_the_second_school_can_take_the_pupil_off_and_answers_where_to(two: Any) -> None:
    upload = staged(two, two.check, [pupil(8)], "returns2")
    leavers = two.as_("returns2").get(f"/v1/uploads/{upload['ref']}/leavers").json()["items"]
    assert [(item["surname"], item["forename"]) for item in leavers] == [("Surname1", "Forename1")]
    assert leavers[0]["leaver"]
    upload = change(two, upload, "returns2", leavers={leavers[0]["leaver"]: GONE})
    assert confirm(two, upload, "returns2").status_code == 200


@pytest.mark.parametrize(("decision", "section"), [("other_school", "ranked"), ("school", "restricted")])
def test_that_information_is_restricted_counts_once_the_school_that_says_so_does(
    two: Any, decision: str, section: str
) -> None:
    listed_second(two, Restricted_sharing="Y")
    confirmed(two, two.check, [first_of(), pupil(2, SEN="E"), pupil(3)])
    assert line_of(two, "careers", 1)["points"] == two.before["points"]
    assert decide(two, entry_of(two), decision=decision, reason=REASON).status_code == 200
    assert line_of(two, "analyst", 1)["section"] == section
    with two.database.read() as connection:
        kept = select(t.roll_pupils.c.record).where(t.roll_pupils.c.school_id == two.schools["100001"])
        records = connection.execute(kept.join(t.pupils).where(t.pupils.c.upn == upn(1))).scalars().all()
    assert {"attendance" in record["values"] for record in records} == {section == "ranked"}
