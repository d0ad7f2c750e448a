"""Signing in with a password: who gets a session, how often one may try, and how long a session lasts."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import insert, select, update

from service import tables as t
from service.accounts import passwords, people
from service.accounts.throttle import TRIES_OF_ADDRESS, TRIES_OF_CLIENT, WINDOW
from service.clock import now
from service.refs import new_ref

PASSWORD = "three-unrelated-words"


@pytest.fixture(scope="module")
def password_hash() -> str:
    return passwords.hash_password(PASSWORD)


@pytest.fixture
def signing_in(sqlite_service: Any, password_hash: str) -> Any:
    """The service, where `returns` and `coach` have a password."""
    give(sqlite_service, password_hash, "returns", "coach")
    return sqlite_service


def give(service: Any, password_hash: str, *who: str, **values: Any) -> None:
    with service.database.write() as connection:
        for one in who:
            of_person = t.people.c.id == service.people[one]
            connection.execute(update(t.people).where(of_person).values(password_hash=password_hash, **values))


def sign_in(client: Any, who: str, password: str = PASSWORD, **more: str) -> Any:
    return client.post("/sign-in", data={"email": f"{who}@example.org", "password": password, **more})


def me(client: Any) -> Any:
    return client.get("/v1/me")


def test_the_right_password_gives_a_session_that_scripts_and_other_sites_cannot_use(signing_in: Any) -> None:
    client = signing_in.stranger()
    answer = sign_in(client, "returns", next="/checks")
    assert (answer.status_code, answer.headers["location"]) == (303, "/checks")
    cookie = answer.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    assert "Secure" not in cookie  # plain HTTP, on this machine only
    assert me(client).json()["role"] == "returns"


def test_over_https_the_cookie_is_secure_and_of_this_host_alone(
    start_service: Callable[..., Any], tmp_path: Any, password_hash: str
) -> None:
    service = start_service(f"sqlite:///{tmp_path / 'roni.db'}", address="https://neet.example")
    service.add_school("100001", "Invented Academy")
    service.add_person("returns", "returns", school_id=service.schools["100001"])
    give(service, password_hash, "returns")
    cookie = sign_in(service.stranger(), "returns").headers["set-cookie"]
    assert cookie.startswith("__Host-roni_session=")
    assert "Secure" in cookie
    assert "Path=/" in cookie
    assert "Domain" not in cookie


@pytest.mark.parametrize(
    "next", ["//elsewhere.example", "https://elsewhere.example", "/\\elsewhere.example", "/sign-out"]
)
def test_signing_in_leads_to_pages_of_ours_only(signing_in: Any, next: str) -> None:  # noqa: A002 - its name
    assert sign_in(signing_in.stranger(), "returns", next=next).headers["location"] == "/"


def test_a_wrong_password_and_an_unknown_address_get_the_same_answer(signing_in: Any) -> None:
    wrong = sign_in(signing_in.stranger(), "returns", "not the password")
    unknown = sign_in(signing_in.stranger(), "nobody-here", "not the password")
    none = sign_in(signing_in.stranger(), "careers", "not the password")  # no password, signs in elsewhere
    assert [answer.status_code for answer in (wrong, unknown, none)] == [422] * 3
    assert "is not right" in wrong.text
    assert "not the password" not in wrong.text
    same = [answer.text.replace(who, "") for answer, who in ((wrong, "returns"), (unknown, "nobody-here"))]
    assert _without_keys(same[0]) == _without_keys(same[1])


def _without_keys(page: str) -> list[str]:
    return [line for line in page.splitlines() if "idempotency_key" not in line and "nonce" not in line]


def test_an_unknown_address_costs_as_much_work_as_a_known_one(monkeypatch: pytest.MonkeyPatch) -> None:
    tried: list[str] = []

    class Counting:
        def verify(self, known: str, given: str) -> bool:
            tried.append(known)
            return passwords.PasswordHasher.verify(real, known, given)

        def hash(self, password: str) -> str:
            return real.hash(password)

    real = passwords.HASHER
    monkeypatch.setattr(passwords, "HASHER", Counting())
    assert not passwords.matches(None, PASSWORD)
    assert len(tried) == 1


def test_a_disabled_person_cannot_sign_in_and_a_session_of_theirs_is_over(signing_in: Any) -> None:
    client = signing_in.stranger()
    sign_in(client, "returns")
    with signing_in.database.write() as connection:
        who = t.people.c.id == signing_in.people["returns"]
        connection.execute(update(t.people).where(who).values(disabled_at=now()))
    assert me(client).status_code == 401
    assert sign_in(signing_in.stranger(), "returns").status_code == 422


# --- how often --------------------------------------------------------------------------------------------------------


def fail(service: Any, times: int, whom: str = "address returns@example.org", ago: timedelta = timedelta()) -> None:
    """As if somebody had tried so often."""
    from service.accounts.credentials import keyed_hash

    row = {"whom": keyed_hash(service.settings, whom), "created_at": now() - ago}
    with service.database.write() as connection:
        connection.execute(insert(t.sign_in_failures), [row] * times)


def test_the_last_try_that_is_allowed_may_succeed(signing_in: Any) -> None:
    fail(signing_in, TRIES_OF_ADDRESS - 1)
    assert sign_in(signing_in.stranger(), "returns").status_code == 303
    assert sign_in(signing_in.stranger(), "returns").status_code == 303  # the right password clears the count


def test_one_try_more_is_refused_even_with_the_right_password(signing_in: Any) -> None:
    fail(signing_in, TRIES_OF_ADDRESS)
    answer = sign_in(signing_in.stranger(), "returns")
    assert answer.status_code == 429
    assert answer.headers["retry-after"] == "900"
    assert sign_in(signing_in.stranger(), "coach").status_code == 303  # others are unaffected


def test_tries_are_forgotten_after_the_window_and_not_before(signing_in: Any) -> None:
    fail(signing_in, TRIES_OF_ADDRESS, ago=WINDOW - timedelta(minutes=1))
    assert sign_in(signing_in.stranger(), "returns").status_code == 429
    with signing_in.database.write() as connection:
        connection.execute(update(t.sign_in_failures).values(created_at=now() - WINDOW))
    assert sign_in(signing_in.stranger(), "returns").status_code == 303


def test_tries_from_one_place_are_counted_whatever_addresses_they_try(signing_in: Any) -> None:
    fail(signing_in, TRIES_OF_CLIENT - 1, "client testclient")
    assert sign_in(signing_in.stranger(), "coach").status_code == 303
    fail(signing_in, 1, "client testclient")
    assert sign_in(signing_in.stranger(), "coach").status_code == 429


def test_wrong_tries_add_up_and_leave_no_address_behind(signing_in: Any) -> None:
    for _ in range(2):
        sign_in(signing_in.stranger(), "returns", "wrong")
    with signing_in.database.read() as connection:
        rows = connection.execute(select(t.sign_in_failures)).all()
    assert len(rows) == 4  # each by address and by place
    assert "example.org" not in str(rows)


# --- how long, and whose ----------------------------------------------------------------------------------------------


def of_sessions(service: Any, **values: Any) -> None:
    with service.database.write() as connection:
        connection.execute(update(t.sessions).values(**values))


def test_a_session_is_over_when_it_was_not_used_for_as_long_as_the_settings_say(signing_in: Any) -> None:
    client = signing_in.browser("returns")
    idle = timedelta(seconds=signing_in.settings.session_idle)
    of_sessions(signing_in, seen_at=now() - idle + timedelta(seconds=30))
    assert me(client).status_code == 200
    with signing_in.database.read() as connection:  # and using it was noted
        assert now() - connection.execute(select(t.sessions.c.seen_at)).scalar_one() < timedelta(minutes=1)
    of_sessions(signing_in, seen_at=now() - idle)
    assert me(client).status_code == 401


def test_a_session_is_over_at_its_end_however_much_it_is_used(signing_in: Any) -> None:
    client = signing_in.browser("returns")
    of_sessions(signing_in, expires_at=now() + timedelta(seconds=30))
    assert me(client).status_code == 200
    of_sessions(signing_in, expires_at=now())
    assert me(client).status_code == 401


def test_signing_in_gives_a_new_session_and_ends_the_one_before(signing_in: Any) -> None:
    client = signing_in.stranger()
    client.cookies.set("roni_session", "planted by somebody else")
    sign_in(client, "returns")
    first = client.cookies.get("roni_session", domain="testserver.local")
    assert first not in (None, "planted by somebody else")
    sign_in(client, "returns")
    again = signing_in.stranger()
    again.cookies.set("roni_session", first)
    assert me(again).status_code == 401


def test_signing_out_ends_the_session_and_signing_out_everywhere_ends_all(signing_in: Any) -> None:
    one, two, three = (signing_in.browser("returns") for _ in range(3))
    assert one.post("/sign-out").headers["location"] == "/sign-in"
    assert (me(one).status_code, me(two).status_code) == (401, 200)
    assert two.post("/account/sign-out-everywhere").status_code == 303
    assert me(three).status_code == 401
    assert signing_in.as_("returns").get("/v1/me").status_code == 200  # tokens are revoked one by one


def test_a_page_asks_a_stranger_to_sign_in_and_leads_back(signing_in: Any) -> None:
    answer = signing_in.stranger().get("/account?done=revoked")
    assert answer.headers["location"] == "/sign-in?next=/account%3Fdone%3Drevoked"


# --- several roles ----------------------------------------------------------------------------------------------------


def add_role(service: Any, who: str, role: str, **values: Any) -> int:
    with service.database.write() as connection:
        row = {"ref": new_ref("grant"), "person_id": service.people[who], "role": role, **values}
        return int(connection.execute(insert(t.grants).values(**row)).inserted_primary_key[0])


def refs_of(service: Any, who: str) -> dict[str, str]:
    with service.database.read() as connection:
        rows = connection.execute(select(t.grants).where(t.grants.c.person_id == service.people[who]))
        return {row.role: row.ref for row in rows}


def test_somebody_with_two_roles_chooses_one_first_and_can_switch(signing_in: Any) -> None:
    add_role(signing_in, "returns", "careers", school_id=signing_in.schools["100001"])
    client = signing_in.stranger()
    assert sign_in(client, "returns", next="/checks").headers["location"] == "/role"
    assert me(client).status_code == 401  # no role yet
    page = client.get("/role").text
    assert "School returns, Invented Academy" in page
    refs = refs_of(signing_in, "returns")
    before = client.cookies["roni_session"]
    assert client.post("/role", data={"role": refs["careers"]}).headers["location"] == "/checks"
    assert client.cookies["roni_session"] != before
    assert me(client).json()["role"] == "careers"
    client.post("/role", data={"role": refs["returns"]})
    assert me(client).json()["role"] == "returns"


def test_nobody_can_choose_a_role_of_somebody_else_or_an_ended_one(signing_in: Any) -> None:
    add_role(signing_in, "returns", "analyst", ended_at=now())
    client = signing_in.stranger()
    sign_in(client, "returns")
    for ref in (refs_of(signing_in, "administrator")["administrator"], refs_of(signing_in, "returns")["analyst"]):
        answer = client.post("/role", data={"role": ref})
        assert answer.status_code == 422
        assert "Choose one of your roles." in answer.text
    assert me(client).json()["role"] == "returns"


def test_somebody_without_a_role_is_told_so_and_can_do_nothing(signing_in: Any) -> None:
    with signing_in.database.write() as connection:
        who = t.grants.c.person_id == signing_in.people["returns"]
        connection.execute(update(t.grants).where(who).values(ended_at=now()))
    client = signing_in.stranger()
    assert sign_in(client, "returns").headers["location"] == "/role"
    assert "You have no role here yet" in client.get("/role").text
    assert me(client).status_code == 401


# --- passwords --------------------------------------------------------------------------------------------------------


def test_a_password_that_somebody_else_gave_is_changed_before_anything_else(
    signing_in: Any, password_hash: str
) -> None:
    give(signing_in, password_hash, "coach", must_change_password=True)
    client = signing_in.stranger()
    assert sign_in(client, "coach", next="/checks").headers["location"] == "/account/password"
    assert me(client).status_code == 401
    assert client.get("/role").headers["location"] == "/account/password"
    new = {"current": PASSWORD, "password": "another long password", "again": "another long password"}
    refs = refs_of(signing_in, "coach")
    assert client.post("/role", data={"role": refs["coach"]}).headers["location"] == "/account/password"
    answer = client.post("/account/password", data=new)
    assert (answer.status_code, answer.headers["location"]) == (303, "/checks")
    assert me(client).json()["role"] == "coach"
    assert sign_in(signing_in.stranger(), "coach").status_code == 422
    assert sign_in(signing_in.stranger(), "coach", "another long password").status_code == 303


@pytest.mark.parametrize(
    ("password", "again", "sentence"),
    [
        ("elevenchars", "elevenchars", "Use 12 characters or more"),
        ("aaaaaaaaaaaaaaaa", "aaaaaaaaaaaaaaaa", "too easy to guess"),
        ("returns-and-more-of-it", "returns-and-more-of-it", "too easy to guess"),
        ("another long password", "another long passwort", "are not the same"),
        (PASSWORD, PASSWORD, "the password you have now"),
        ("x1" * 65, "x1" * 65, "Use 128 characters or fewer"),
    ],
)
def test_a_new_password_is_refused_with_what_is_wrong(
    signing_in: Any, password: str, again: str, sentence: str
) -> None:
    client = signing_in.browser("returns")
    answer = client.post("/account/password", data={"current": PASSWORD, "password": password, "again": again})
    assert answer.status_code == 422
    assert sentence in answer.text
    assert password not in answer.text


def test_twelve_characters_are_enough_and_a_hundred_and_twenty_eight_are_not_too_many() -> None:
    for password in ("twelve-chars", "x1y2z3-" * 18 + "ab"):
        assert passwords.fault(password, password, "p@example.org", None) is None


def test_a_changed_password_signs_out_everywhere_else(signing_in: Any) -> None:
    here, there = signing_in.browser("returns"), signing_in.browser("returns")
    new = {"current": PASSWORD, "password": "another long password", "again": "another long password"}
    here.post("/account/password", data=new)
    assert (me(here).status_code, me(there).status_code) == (200, 401)


def test_the_first_administrator_is_made_once_and_must_change_the_password(
    start_service: Callable[..., Any], database_url: str
) -> None:
    service = start_service(database_url)
    with service.database.write() as connection:
        password = people.first_administrator(connection)
        assert people.first_administrator(connection) is None
    client = service.stranger()
    data = {"email": people.FIRST_EMAIL, "password": password}
    assert client.post("/sign-in", data=data).headers["location"] == "/account/password"


def test_without_local_accounts_there_is_no_password_to_try(start_service: Callable[..., Any], tmp_path: Any) -> None:
    service = start_service(f"sqlite:///{tmp_path / 'roni.db'}", local_accounts=False)
    client = service.stranger()
    assert "password" not in client.get("/sign-in").text
    assert sign_in(client, "returns").status_code == 404
