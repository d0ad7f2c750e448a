"""Pages of accounts: no link is dead, what is refused keeps what was typed, and secrets are shown once."""

from __future__ import annotations

import re
from typing import Any

import pytest
from sqlalchemy import select

from service import tables as t
from service.access import ROLES

WHO = {role: role for role in ROLES} | {"team": "virtual_school"}


@pytest.mark.parametrize("role", ROLES)
def test_every_link_at_the_top_leads_to_a_page_that_the_role_may_see(module_service: Any, role: str) -> None:
    client = module_service.browser(WHO[role])
    page = client.get("/")
    assert page.status_code == 200
    links = re.findall(r'govuk-service-navigation__link" href="([^"]+)"', page.text)
    assert "/account" in links
    assert {href: client.get(href).status_code for href in links} == dict.fromkeys(links, 200)
    assert f"Invented {WHO[role]}" in page.text
    assert 'href="/role"' not in page.text  # one role only: nothing to switch to


def ref_of(service: Any, who: str) -> str:
    with service.database.read() as connection:
        return str(connection.execute(select(t.people.c.ref).where(t.people.c.id == service.people[who])).scalar_one())


def test_a_person_is_added_with_a_password_that_is_shown_once(sqlite_service: Any) -> None:
    client = sqlite_service.browser("administrator")
    typed = {"name": "Pat Sample", "email": "pat@school.example", "password": "true"}
    page = client.post("/people", data=typed).text
    secret = re.search(r"<code>([a-z0-9-]{19})</code>", page)
    assert secret is not None
    listed = client.get("/people").text
    assert "Pat Sample" in listed
    assert secret[1] not in listed
    data = {"email": "pat@school.example", "password": secret[1]}
    assert sqlite_service.stranger().post("/sign-in", data=data).headers["location"] == "/account/password"


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ({"name": " ", "email": "pat@school.example"}, "Enter the person’s name."),
        ({"name": "Pat", "email": "pat"}, "Enter an e-mail address"),
        ({"name": "Pat", "email": "coach@example.org"}, "is there already"),
    ],
)
def test_a_person_that_cannot_be_added_is_typed_once(sqlite_service: Any, typed: dict[str, str], sentence: str) -> None:
    answer = sqlite_service.browser("administrator").post("/people", data=typed)
    assert answer.status_code in (409, 422)
    assert sentence in answer.text
    assert f'value="{typed["email"]}"' in answer.text
    assert "<title>Error: " in answer.text


def test_a_role_is_given_and_ended(sqlite_service: Any) -> None:
    client, ref = sqlite_service.browser("administrator"), ref_of(sqlite_service, "panel")
    wrong = client.post(f"/people/{ref}/grants", data={"role": "returns", "ends_on-day": "31", "ends_on-month": "8"})
    assert wrong.status_code == 422
    assert "Enter a real date" in wrong.text
    assert 'value="31"' in wrong.text
    given = client.post(f"/people/{ref}/grants", data={"role": "careers", "school": "100002"})
    assert given.headers["location"] == f"/people/{ref}?done=granted"
    page = client.get(given.headers["location"]).text
    assert "Careers lead or DSL, Sample High School" in page
    end = re.search(r'action="(/people/[^"]+/end)"', page)
    assert end is not None
    assert client.post(end[1]).status_code == 303
    assert sqlite_service.as_("panel").get("/v1/me").status_code == 401  # that was the first role


def test_two_administrators_at_one_person_lose_nothing(sqlite_service: Any) -> None:
    client, ref = sqlite_service.browser("administrator"), ref_of(sqlite_service, "panel")
    for name, expected in (("First", 303), ("Second", 412)):
        typed = {"name": name, "email": "panel@example.org", "version": "1"}
        assert client.post(f"/people/{ref}", data=typed).status_code == expected
    assert "First" in client.get(f"/people/{ref}").text


def test_a_disabled_account_says_so_and_can_be_used_again(sqlite_service: Any) -> None:
    client, ref = sqlite_service.browser("administrator"), ref_of(sqlite_service, "panel")
    client.post(f"/people/{ref}/disabling", data={"disabled": "true"})
    assert "This person cannot sign in" in client.get(f"/people/{ref}").text
    assert sqlite_service.as_("panel").get("/v1/me").status_code == 401
    client.post(f"/people/{ref}/disabling", data={"disabled": "false"})
    assert sqlite_service.as_("panel").get("/v1/me").status_code == 200


def test_a_school_is_added_and_changed(sqlite_service: Any) -> None:
    client = sqlite_service.browser("administrator")
    wrong = client.post("/schools", data={"urn": "12", "name": "Ash School"})
    assert wrong.status_code == 422
    assert "Enter the school’s URN" in wrong.text
    assert 'value="Ash School"' in wrong.text
    assert client.post("/schools", data={"urn": "100001", "name": "Twice"}).status_code == 409
    assert client.post("/schools", data={"urn": "100009", "name": "Ash School"}).status_code == 303
    page = client.get("/schools").text
    link = re.search(r'href="(/schools/[^"]+)">Ash School', page)
    assert link is not None
    for name, expected in (("Ash Academy", 303), ("Elm Academy", 412)):
        typed = {"name": name, "active": "true", "version": "1"}
        assert client.post(link[1], data=typed).status_code == expected
    assert client.post(link[1], data={"name": "", "version": "2"}).status_code == 422
    assert "Ash Academy" in client.get("/schools").text


def test_a_token_is_made_on_the_account_page_shown_once_and_revoked(sqlite_service: Any) -> None:
    client = sqlite_service.browser("returns")
    assert "Choose at least one thing" in client.post("/account/tokens", data={"name": "Nightly"}).text
    assert "Say what the token is for" in client.post("/account/tokens", data={"scopes": "me"}).text
    page = client.post("/account/tokens", data={"name": "Nightly", "scopes": ["me", "checks.read"]}).text
    secret = re.search(r"<code>(roni_[\w-]+)</code>", page)
    assert secret is not None
    program = sqlite_service.stranger()
    program.headers["authorization"] = f"Bearer {secret[1]}"
    assert program.get("/v1/me").json()["permissions"] == ["checks.read", "me"]
    again = client.get("/account").text
    assert secret[1] not in again
    revoke = re.findall(r'action="(/account/tokens/[^"]+/revocation)"', again)[-1]
    assert client.post(revoke).headers["location"] == "/account?done=revoked"
    assert program.get("/v1/me").status_code == 401


def test_a_page_that_is_not_there_shows_a_stranger_no_links(sqlite_service: Any) -> None:
    answer = sqlite_service.stranger().get("/nothing-here")
    assert answer.status_code == 404
    assert "Your council" in answer.text
    assert "govuk-service-navigation__link" not in answer.text


def test_pages_carry_their_guards(sqlite_service: Any) -> None:
    answer = sqlite_service.stranger().get("/sign-in")
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert answer.headers["cache-control"] == "no-store"
    browser = sqlite_service.browser("returns")
    for headers in ({"sec-fetch-site": "cross-site"}, {"sec-fetch-site": "same-site"}):
        refused = browser.post("/account/sign-out-everywhere", headers=headers)
        assert refused.status_code == 403
        assert "This was sent from another website" in refused.text
    assert browser.get("/v1/me").status_code == 200
