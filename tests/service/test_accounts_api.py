"""People, roles and tokens by API: what a token may do and for how long, and who may invite whom."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from service import tables as t
from service.accounts.credentials import create_token
from service.clock import now, today


def made(service: Any, who: str, **asked: Any) -> dict[str, Any]:
    """A token made by somebody who is signed in."""
    answer = service.browser(who).post("/v1/tokens", json={"name": "Nightly", **asked})
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


def status(service: Any, secret: str, path: str = "/v1/me") -> int:
    code: int = service.as_("nobody").get(path, headers={"authorization": f"Bearer {secret}"}).status_code
    return code


# --- tokens -----------------------------------------------------------------------------------------------------------


def test_a_token_is_shown_once_and_only_a_hash_of_it_is_kept(service: Any) -> None:
    token = made(service, "returns")
    assert token["secret"].startswith("roni_")
    assert token["secret"].startswith(token["prefix"])
    assert status(service, token["secret"]) == 200
    listed = service.browser("returns").get("/v1/tokens").json()["items"]
    assert token["ref"] in [item["ref"] for item in listed]
    assert token["secret"] not in str(listed)
    with service.database.read() as connection:
        assert token["secret"] not in str(connection.execute(select(t.tokens)).all())


def test_a_token_is_in_force_until_its_last_instant_and_not_after(sqlite_service: Any) -> None:
    token = made(sqlite_service, "returns", days=1)
    for ends, expected in ((now() + timedelta(seconds=30), 200), (now(), 401)):
        with sqlite_service.database.write() as connection:
            connection.execute(update(t.tokens).where(t.tokens.c.ref == token["ref"]).values(expires_at=ends))
        assert status(sqlite_service, token["secret"]) == expected


@pytest.mark.parametrize(("days", "expected"), [(0, 422), (1, 201), (366, 201), (367, 422)])
def test_a_token_lasts_from_a_day_to_a_year(sqlite_service: Any, days: int, expected: int) -> None:
    answer = sqlite_service.browser("returns").post("/v1/tokens", json={"name": "Nightly", "days": days})
    assert answer.status_code == expected


def test_a_revoked_token_is_refused_and_is_revoked_once(sqlite_service: Any) -> None:
    token = made(sqlite_service, "returns")
    client = sqlite_service.browser("returns")
    assert client.delete(f"/v1/tokens/{token['ref']}").status_code == 204
    assert status(sqlite_service, token["secret"]) == 401
    assert client.delete(f"/v1/tokens/{token['ref']}").status_code == 404


def test_nobody_else_can_revoke_a_token(sqlite_service: Any) -> None:
    token = made(sqlite_service, "returns")
    for who in ("returns2", "administrator"):
        assert sqlite_service.browser(who).delete(f"/v1/tokens/{token['ref']}").status_code == 404
    assert status(sqlite_service, token["secret"]) == 200


def test_a_token_does_what_its_scopes_say_and_never_more_than_the_role(sqlite_service: Any) -> None:
    token = made(sqlite_service, "analyst", scopes=["checks.read"])
    assert status(sqlite_service, token["secret"], "/v1/checks") == 200
    assert status(sqlite_service, token["secret"], "/v1/me") == 403
    refused = sqlite_service.browser("returns").post("/v1/tokens", json={"name": "More", "scopes": ["people.manage"]})
    assert (refused.status_code, refused.json()["code"]) == (422, "scopes")
    assert "people.manage" in refused.json()["detail"]


def test_a_token_keeps_no_permission_that_its_role_no_longer_has(sqlite_service: Any) -> None:
    with sqlite_service.database.write() as connection:
        person = sqlite_service.people["returns"]
        granted = connection.execute(select(t.grants.c.id).where(t.grants.c.person_id == person)).scalar_one()
        scopes = ["me", "people.manage", "a permission of some earlier version"]
        secret, _ = create_token(connection, sqlite_service.settings, person, granted, "old", scopes)
    assert status(sqlite_service, secret) == 200
    assert status(sqlite_service, secret, "/v1/people") == 403


def test_a_token_cannot_make_another(sqlite_service: Any) -> None:
    answer = sqlite_service.as_("returns").post("/v1/tokens", json={"name": "Another"})
    assert (answer.status_code, answer.json()["code"]) == (403, "sign_in_needed")


def test_when_one_role_ends_its_tokens_end_and_those_of_other_roles_stay(service: Any) -> None:
    admin, path = service.as_("administrator"), person_path(service, "returns")
    school = {"role": "careers", "school": "100001"}
    other = admin.post(f"{path}/grants", json=school).json()
    kept = made(service, "returns")
    with service.database.write() as connection:
        granted = connection.execute(select(t.grants.c.id).where(t.grants.c.ref == other["ref"])).scalar_one()
        ended, _ = create_token(connection, service.settings, service.people["returns"], granted, "other role")
    assert status(service, ended) == 200
    assert admin.delete(f"{path}/grants/{other['ref']}").status_code == 204
    assert status(service, ended) == 401
    assert status(service, kept["secret"]) == 200


def test_a_grant_counts_on_its_last_day_and_not_the_day_after(sqlite_service: Any) -> None:
    for ends_on, expected in ((today(), 200), (today() - timedelta(days=1), 401)):
        with sqlite_service.database.write() as connection:
            who = t.grants.c.person_id == sqlite_service.people["returns"]
            connection.execute(update(t.grants).where(who).values(ends_on=ends_on))
        assert sqlite_service.as_("returns").get("/v1/me").status_code == expected


def test_the_same_key_makes_one_token_and_tells_it_once(sqlite_service: Any) -> None:
    client, key = sqlite_service.browser("returns"), {"idempotency-key": "once"}
    first = client.post("/v1/tokens", json={"name": "Nightly"}, headers=key)
    again = client.post("/v1/tokens", json={"name": "Nightly"}, headers=key)
    assert (first.status_code, again.status_code) == (201, 409)
    assert first.json()["secret"] not in again.text


def test_me_says_what_the_caller_may_do_and_for_which_schools(sqlite_service: Any) -> None:
    me = sqlite_service.as_("careers").get("/v1/me").json()
    assert (me["role"], me["schools"], me["view"], me["via"]) == ("careers", ["100001"], "support", "token")
    assert "moderations.write" in me["permissions"]
    assert sqlite_service.as_("analyst").get("/v1/me").json()["schools"] is None


# --- people -----------------------------------------------------------------------------------------------------------


def person_path(service: Any, who: str) -> str:
    with service.database.read() as connection:
        ref = connection.execute(select(t.people.c.ref).where(t.people.c.id == service.people[who])).scalar_one()
    return f"/v1/people/{ref}"


def invite(service: Any, **asked: Any) -> Any:
    body = {"name": "Pat Sample", "email": "Pat.Sample@School.example", **asked}
    return service.as_("administrator").post("/v1/people", json=body)


def test_an_invited_person_has_no_role_and_a_password_that_is_shown_once(service: Any) -> None:
    answer = invite(service, password=True)
    assert answer.status_code == 201
    person = answer.json()
    assert (person["email"], person["grants"]) == ("pat.sample@school.example", [])
    assert len(person["password"]) == 19
    again = service.as_("administrator").get(f"/v1/people/{person['ref']}")
    assert person["password"] not in again.text
    assert again.headers["etag"] == '"2"'


def test_two_people_cannot_have_one_address(sqlite_service: Any) -> None:
    assert invite(sqlite_service).status_code == 201
    again = invite(sqlite_service, email="pat.sample@SCHOOL.example ")
    assert (again.status_code, again.json()["code"]) == (409, "email_taken")


def test_people_are_listed_by_name_in_pages_that_do_not_shift(service: Any) -> None:
    admin = service.as_("administrator")
    seen, cursor = [], None
    while True:
        page = admin.get("/v1/people", params={"limit": 4, **({"cursor": cursor} if cursor else {})}).json()
        seen += [person["name"] for person in page["items"]]
        if cursor is None:
            invite(service, name="Aaron before all")
        cursor = page["next"]
        if cursor is None:
            break
    assert seen == sorted(seen)
    assert len(seen) == len(set(seen)) == len(service.people)
    assert admin.get("/v1/people", params={"cursor": "nonsense"}).json()["code"] == "cursor"


def test_two_administrators_at_once_lose_nothing(service: Any) -> None:
    admin, path = service.as_("administrator"), person_path(service, "coach")
    seen = admin.get(path).headers["etag"]
    first = admin.patch(path, json={"name": "A. Coach"}, headers={"if-match": seen})
    second = admin.patch(path, json={"name": "B. Coach"}, headers={"if-match": seen})
    assert (first.status_code, second.status_code) == (200, 412)
    assert admin.get(path).json()["name"] == "A. Coach"
    assert admin.patch(path, json={"name": "C. Coach"}).json()["code"] == "if_match_needed"


def test_a_disabled_person_can_do_nothing_until_enabled_again(sqlite_service: Any) -> None:
    admin, path = sqlite_service.as_("administrator"), person_path(sqlite_service, "coach")
    for disabled, expected in ((True, 401), (False, 200)):
        assert admin.patch(path, json={"disabled": disabled}, headers={"if-match": "*"}).status_code == 200
        assert sqlite_service.as_("coach").get("/v1/me").status_code == expected


def test_somebody_must_stay_administrator(sqlite_service: Any) -> None:
    admin, path = sqlite_service.as_("administrator"), person_path(sqlite_service, "administrator")
    grant = admin.get(f"{path}/grants").json()["items"][0]["ref"]
    assert admin.delete(f"{path}/grants/{grant}").json()["code"] == "last_administrator"
    answer = admin.patch(path, json={"disabled": True}, headers={"if-match": "*"})
    assert answer.json()["code"] == "last_administrator"
    assert admin.get("/v1/me").status_code == 200


@pytest.mark.parametrize(
    ("asked", "where"),
    [
        ({"role": "returns"}, "school"),
        ({"role": "returns", "school": "999999"}, "school"),
        ({"role": "analyst", "school": "100001"}, "school"),
        ({"role": "coach", "school": "100001", "district": "North"}, "school"),
        ({"role": "analyst", "district": "North"}, "district"),
        ({"role": "team"}, "team"),
        ({"role": "coach", "team": "send"}, "team"),
        ({"role": "panel", "own_caseload": True}, "own_caseload"),
        ({"role": "returns", "school": "100001", "youth_justice": True}, "youth_justice"),
        ({"role": "coach", "ends_on": str(today() - timedelta(days=1))}, "ends_on"),
    ],
)
def test_roles_that_make_no_sense_are_refused_with_what_is_wrong(
    sqlite_service: Any, asked: dict[str, Any], where: str
) -> None:
    path = person_path(sqlite_service, "panel")
    answer = sqlite_service.as_("administrator").post(f"{path}/grants", json=asked)
    assert (answer.status_code, answer.json()["code"]) == (422, "grant_not_possible")
    assert answer.json()["where"] == where


@pytest.mark.parametrize(
    "asked",
    [
        {"role": "returns", "school": "100001"},
        {"role": "coach", "district": "North", "own_caseload": True, "youth_justice": True},
        {"role": "coach"},
        {"role": "team", "team": "send", "ends_on": str(today())},
        {"role": "panel", "district": "South"},
    ],
)
def test_roles_that_make_sense_are_given(sqlite_service: Any, asked: dict[str, Any]) -> None:
    path = person_path(sqlite_service, "panel")
    answer = sqlite_service.as_("administrator").post(f"{path}/grants", json=asked)
    assert answer.status_code == 201
    assert {key: answer.json()[key] for key in asked} == asked


def test_a_new_password_signs_the_person_out_everywhere(sqlite_service: Any) -> None:
    browser = sqlite_service.browser("coach")
    answer = sqlite_service.as_("administrator").post(f"{person_path(sqlite_service, 'coach')}/password")
    assert answer.status_code == 201
    assert browser.get("/v1/me").status_code == 401
    data = {"email": "coach@example.org", "password": answer.json()["password"]}
    assert sqlite_service.stranger().post("/sign-in", data=data).headers["location"] == "/account/password"


def test_without_local_accounts_nobody_is_given_a_password(start_service: Callable[..., Any], tmp_path: Any) -> None:
    service = start_service(f"sqlite:///{tmp_path / 'roni.db'}", local_accounts=False)
    service.add_person("administrator", "administrator")
    assert invite(service, password=True).status_code == 404
    assert invite(service).json()["password"] is None
