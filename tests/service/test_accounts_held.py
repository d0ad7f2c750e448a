"""A form sent after the session was over is offered again to its sender, and to nobody else."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from service import tables as t
from service.accounts import passwords
from service.accounts.held import COOKIE, KIND, MOST_BYTES, PAGE
from service.clock import now

PASSWORD = "three-unrelated-words"
TYPED = {"name": "Pat Sample & Co", "email": "pat@school.example"}


@pytest.fixture
def administrator(sqlite_service: Any) -> Any:
    """A browser of the administrator, who has a password, on the page where a person is added."""
    with sqlite_service.database.write() as connection:
        connection.execute(update(t.people).values(password_hash=passwords.hash_password(PASSWORD)))
    client = sqlite_service.browser("administrator")
    client.headers["referer"] = "http://testserver/people/new"
    return client


def over(service: Any) -> None:
    with service.database.write() as connection:
        connection.execute(
            update(t.sessions).where(t.sessions.c.kind == "session").values(seen_at=now() - timedelta(days=1))
        )


def sign_in(client: Any, who: str = "administrator") -> Any:
    return client.post("/sign-in", data={"email": f"{who}@example.org", "password": PASSWORD, "next": "/people/new"})


def held(service: Any) -> list[Any]:
    with service.database.read() as connection:
        return list(connection.execute(select(t.sessions).where(t.sessions.c.kind == KIND)))


def test_what_was_typed_is_offered_after_signing_in_and_can_be_sent(sqlite_service: Any, administrator: Any) -> None:
    over(sqlite_service)
    answer = administrator.post("/people", data=TYPED)
    assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in?next=/people/new")
    assert "what you typed is kept" in administrator.get(answer.headers["location"]).text
    assert sign_in(administrator).headers["location"] == PAGE
    page = administrator.get(PAGE).text
    assert 'action="/people"' in page
    assert 'name="name" value="Pat Sample &amp; Co"' in page
    assert administrator.post("/people", data=TYPED).headers["location"].endswith("?done=added")


def test_it_lies_in_the_database_encrypted_and_is_gone_after_half_an_hour(
    sqlite_service: Any, administrator: Any
) -> None:
    over(sqlite_service)
    administrator.post("/people", data=TYPED)
    row = held(sqlite_service)[0]
    assert "Pat" not in str(row)
    assert timedelta(minutes=29) < row.expires_at - now() <= timedelta(minutes=30)
    with sqlite_service.database.write() as connection:
        connection.execute(update(t.sessions).where(t.sessions.c.kind == KIND).values(expires_at=now()))
    assert sign_in(administrator).headers["location"] == "/people/new"


def test_it_is_offered_once_but_still_there_after_a_refresh(sqlite_service: Any, administrator: Any) -> None:
    over(sqlite_service)
    administrator.post("/people", data=TYPED)
    sign_in(administrator)
    assert administrator.get(PAGE).text.count("Pat Sample") == administrator.get(PAGE).text.count("Pat Sample") == 1
    assert sign_in(administrator).headers["location"] == "/people/new"


def test_somebody_else_at_the_same_computer_does_not_get_it(sqlite_service: Any, administrator: Any) -> None:
    over(sqlite_service)
    administrator.post("/people", data=TYPED)
    assert sign_in(administrator, "analyst").headers["location"] == "/people/new"
    answer = administrator.get(PAGE)
    assert answer.status_code == 303
    assert "Pat" not in answer.text


def test_the_same_person_at_another_computer_does_not_get_it(sqlite_service: Any, administrator: Any) -> None:
    over(sqlite_service)
    administrator.post("/people", data=TYPED)
    other = sqlite_service.stranger()
    assert sign_in(other).headers["location"] == "/people/new"
    assert other.get(PAGE).status_code == 303


def test_nothing_is_kept_for_a_stranger(sqlite_service: Any) -> None:
    client = sqlite_service.stranger()
    client.cookies.set("roni_session", "invented")
    answer = client.post("/people", data=TYPED, headers={"referer": "http://elsewhere.example/people"})
    assert answer.headers["location"] == "/sign-in?next=/"
    assert COOKIE not in client.cookies
    assert held(sqlite_service) == []


@pytest.mark.parametrize(
    ("path", "sent"),
    [
        ("/account/password", {"data": {"current": PASSWORD, "password": "another one", "again": "another one"}}),
        ("/people", {"data": TYPED, "files": {"file": ("roll.csv", b"UPN\n")}}),
        ("/people", {"data": {"name": "x" * MOST_BYTES}}),
        ("/people", {"content": b"{}"}),
    ],
    ids=["a password", "a file", "too long", "not a form"],
)
def test_passwords_files_and_what_is_too_long_are_not_kept(
    sqlite_service: Any, administrator: Any, path: str, sent: dict[str, Any]
) -> None:
    over(sqlite_service)
    assert administrator.post(path, **sent).headers["location"] == "/sign-in?next=/people/new"
    assert held(sqlite_service) == []


def test_what_another_site_sends_is_refused_and_not_kept(sqlite_service: Any, administrator: Any) -> None:
    over(sqlite_service)
    answer = administrator.post("/people", data=TYPED, headers={"sec-fetch-site": "cross-site"})
    assert answer.status_code == 403
    assert held(sqlite_service) == []
