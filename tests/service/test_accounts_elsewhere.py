"""Signing in by OpenID Connect, against a provider on this machine: who is let in, and what no answer can do."""

from __future__ import annotations

import base64
import hashlib
import warnings
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx2
import pytest
from sqlalchemy import select, update

from roni import RoniError
from service import tables as t
from service.accounts.oidc import KIND, own_email, subject
from service.clock import now
from service.settings import Settings

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # of the provider's own libraries
    provider = pytest.importorskip("oidc_provider_mock", reason="no provider to sign in with: pip install roni[test]")

pytestmark = pytest.mark.filterwarnings("ignore")  # the provider runs in a thread of this process

BROWSER = httpx2.Client(verify=False)  # plain HTTP on this machine; reading certificates takes a while
SCHOOL = {"id": "1", "name": "Invented Academy", "urn": "100001"}
PEOPLE = {
    "dfe-1": {"email": "Returns@Example.org", "email_verified": True, "organisation": SCHOOL},
    "unverified": {"email": "coach@example.org", "email_verified": False},
    "unsaid": {"email": "coach@example.org"},
    "uninvited": {"email": "somebody@example.org", "email_verified": True},
    "other-subject": {"email": "returns@example.org", "email_verified": True},
}


@pytest.fixture(scope="module")
def issuer() -> Iterator[str]:
    users = [provider.User(sub=sub, claims=claims) for sub, claims in PEOPLE.items()]
    with provider.run_server_in_thread(user_claims=users) as server:
        yield f"http://localhost:{server.server_port}"


@pytest.fixture
def service(start_service: Callable[..., Any], tmp_path: Any, issuer: str) -> Any:
    made = start_service(
        f"sqlite:///{tmp_path / 'roni.db'}",
        oidc_issuer=issuer,
        oidc_name="DfE Sign-in",
        oidc_client_id="roni",
        oidc_client_secret="a secret of the tests",
        address="http://testserver",
    )
    made.add_school("100001", "Invented Academy")
    made.add_person("returns", "returns", school_id=made.schools["100001"])
    made.add_person("coach", "coach", district="North")
    return made


def leave(client: Any, next: str = "/account") -> str:  # noqa: A002 - its name in addresses
    answer = client.get("/sign-in/council", params={"next": next})
    assert answer.status_code == 303
    return str(answer.headers["location"])


def agree(address: str, who: str) -> str:
    """Sign in at the provider; the address that it sends the browser back to."""
    answer = BROWSER.post(address, data={"sub": who})
    assert answer.status_code == 302, answer.text
    return answer.headers["location"].removeprefix("http://testserver")


def sign_in(client: Any, who: str) -> Any:
    return client.get(agree(leave(client), who))


def test_an_invited_person_is_known_by_verified_address_and_then_by_subject(service: Any, issuer: str) -> None:
    client = service.stranger()
    answer = sign_in(client, "dfe-1")
    assert (answer.status_code, answer.headers["location"]) == (303, "/account")
    assert client.get("/v1/me").json()["role"] == "returns"
    with service.database.write() as connection:
        row = connection.execute(select(t.people).where(t.people.c.id == service.people["returns"])).one()
        assert (row.issuer, row.subject) == (issuer, "dfe-1")
        connection.execute(update(t.people).where(t.people.c.id == row.id).values(email="changed@example.org"))
    assert sign_in(service.stranger(), "dfe-1").status_code == 303  # the address has changed, the subject has not


def test_the_school_that_the_provider_names_is_shown_and_grants_nothing(service: Any) -> None:
    client = service.stranger()
    with service.database.write() as connection:
        connection.execute(update(t.grants).values(ended_at=now()))
    assert sign_in(client, "dfe-1").headers["location"] == "/role"
    page = client.get("/role").text
    assert "Invented Academy (URN 100001)" in page
    assert client.get("/v1/me").status_code == 401


@pytest.mark.parametrize("who", ["unverified", "unsaid", "uninvited"])
def test_nobody_is_let_in_who_was_not_invited_under_a_verified_address(service: Any, who: str) -> None:
    with service.database.read() as connection:
        before = len(connection.execute(select(t.people)).all())
    answer = sign_in(service.stranger(), who)
    assert answer.status_code == 403
    assert "nobody has given you an account here" in answer.text
    assert "set-cookie" not in answer.headers
    with service.database.read() as connection:
        assert len(connection.execute(select(t.people)).all()) == before


def test_another_subject_with_the_same_address_does_not_become_a_linked_person(service: Any) -> None:
    assert sign_in(service.stranger(), "dfe-1").status_code == 303
    assert sign_in(service.stranger(), "other-subject").status_code == 403


def test_a_disabled_person_is_not_let_in(service: Any) -> None:
    sign_in(service.stranger(), "dfe-1")
    with service.database.write() as connection:
        connection.execute(update(t.people).values(disabled_at=now()))
    assert sign_in(service.stranger(), "dfe-1").status_code == 403


def test_what_is_sent_is_a_question_that_only_its_answer_fits(service: Any) -> None:
    client = service.stranger()
    asked = {key: value[0] for key, value in parse_qs(urlsplit(leave(client)).query).items()}
    assert (asked["response_type"], asked["code_challenge_method"]) == ("code", "S256")
    assert asked["redirect_uri"] == "http://testserver/sign-in/council/answer"
    with service.database.read() as connection:
        kept = connection.execute(select(t.sessions.c.state).where(t.sessions.c.kind == KIND)).scalar_one()
    digest = hashlib.sha256(kept["verifier"].encode()).digest()
    assert base64.urlsafe_b64encode(digest).rstrip(b"=").decode() == asked["code_challenge"]
    assert (kept["state"], kept["nonce"]) == (asked["state"], asked["nonce"])
    assert kept["verifier"] not in str(asked)


@pytest.mark.parametrize(
    "change",
    [
        lambda query: query | {"state": "forged"},
        lambda query: query | {"code": "forged"},
        lambda query: {"state": query["state"]},
        lambda query: {"code": query["code"]},
        lambda query: {"error": "access_denied", "state": query["state"]},
        lambda _: {},
    ],
    ids=["forged state", "forged code", "no code", "no state", "declined", "nothing"],
)
def test_a_forged_or_declined_answer_is_a_page_that_says_to_start_again(
    service: Any, change: Callable[[dict[str, str]], dict[str, str]]
) -> None:
    client = service.stranger()
    back = urlsplit(agree(leave(client), "dfe-1"))
    query = {key: value[0] for key, value in parse_qs(back.query).items()}
    answer = client.get(back.path, params=change(query))
    assert answer.status_code == 400
    assert "Start again from the sign-in page" in answer.text
    assert client.get("/v1/me").status_code == 401


def test_an_answer_counts_once_in_its_own_browser_and_for_ten_minutes(service: Any) -> None:
    client = service.stranger()
    back = agree(leave(client), "dfe-1")
    assert service.stranger().get(back).status_code == 400  # another browser
    assert client.get(back).status_code == 303
    assert client.get(back).status_code == 400  # again
    late = service.stranger()
    back = agree(leave(late), "dfe-1")
    with service.database.write() as connection:
        connection.execute(update(t.sessions).where(t.sessions.c.kind == KIND).values(expires_at=now()))
    assert late.get(back).status_code == 400


def test_an_answer_to_another_question_is_refused_by_its_nonce(service: Any) -> None:
    client = service.stranger()
    back = agree(leave(client), "dfe-1")
    with service.database.write() as connection:
        kept = connection.execute(select(t.sessions.c.state).where(t.sessions.c.kind == KIND)).scalar_one()
        other = {**kept, "nonce": "of another sign-in"}
        connection.execute(update(t.sessions).where(t.sessions.c.kind == KIND).values(state=other))
    assert client.get(back).status_code == 400


def test_a_token_for_another_client_is_refused(service: Any) -> None:
    client = service.stranger()
    address = leave(client).replace("client_id=roni", "client_id=another")
    assert client.get(agree(address, "dfe-1")).status_code == 400


def test_a_provider_that_does_not_answer_is_said_to_be_away(start_service: Callable[..., Any], tmp_path: Any) -> None:
    service = start_service(f"sqlite:///{tmp_path / 'roni.db'}", oidc_issuer="http://localhost:9", oidc_client_id="x")
    answer = service.stranger().get("/sign-in/council")
    assert answer.status_code == 502
    assert "does not answer as it should" in answer.text


def test_without_a_provider_there_is_no_button_and_no_way(sqlite_service: Any) -> None:
    client = sqlite_service.stranger()
    assert "Sign in with" not in client.get("/sign-in").text
    assert client.get("/sign-in/council").status_code == 404


def test_the_button_names_the_provider_and_keeps_where_to_go(service: Any) -> None:
    page = service.stranger().get("/sign-in?next=/checks").text
    assert "Sign in with DfE Sign-in" in page
    assert 'href="/sign-in/council?next=/checks"' in page


def test_a_second_sign_in_leaves_no_session_of_the_first_open(service: Any) -> None:
    client = service.stranger()
    sign_in(client, "dfe-1")
    first = client.cookies["roni_session"]
    sign_in(client, "dfe-1")
    other = service.stranger()
    other.cookies.set("roni_session", first)
    assert other.get("/v1/me").status_code == 401


TENANT = "0a1b2c3d-0000-4000-8000-000000000000"
ENTRA = f"https://login.microsoftonline.com/{TENANT}/v2.0"
DFE = "https://oidc.signin.education.gov.uk"


@pytest.mark.parametrize(
    ("issuer", "claims", "expected"),
    [
        (ENTRA, {"tid": TENANT, "preferred_username": "p@council.example"}, "p@council.example"),
        (ENTRA, {"tid": TENANT, "email": "set.by@themselves.example", "email_verified": True}, None),
        (ENTRA, {"tid": "another tenant", "preferred_username": "p@council.example"}, None),
        (ENTRA, {"tid": TENANT, "preferred_username": "+44 20 7946 0000"}, None),
        (DFE, {"email": "p@school.example"}, "p@school.example"),
        (DFE, {"email": "p@school.example", "email_verified": False}, None),
        ("https://signin.education.gov.uk.elsewhere.example", {"email": "p@school.example"}, None),
        ("https://other.example", {"email": "p@school.example", "email_verified": "true"}, None),
        ("https://other.example", {"email": "p@school.example", "email_verified": True}, "p@school.example"),
        ("https://other.example", {}, None),
    ],
)
def test_an_address_counts_only_where_the_provider_vouches_for_it(
    issuer: str, claims: dict[str, Any], expected: str | None
) -> None:
    assert own_email(issuer, claims) == expected


def test_a_person_of_entra_id_is_known_by_the_object_and_others_by_the_subject() -> None:
    assert subject({"sub": "pairwise", "oid": "object", "tid": TENANT}) == "object"
    assert subject({"sub": "subject", "oid": "not of Entra ID"}) == "subject"


def test_a_provider_is_asked_over_https_but_on_this_machine() -> None:
    assert Settings(oidc_issuer="http://localhost:8080").oidc_issuer
    with pytest.raises(RoniError, match="begins with https"):
        Settings(oidc_issuer="http://signin.example")
