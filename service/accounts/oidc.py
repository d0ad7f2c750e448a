"""Signing in by OpenID Connect: with a council's own Microsoft Entra ID, or with DfE Sign-in.

Code flow with PKCE. What must be remembered on the way (state, nonce, verifier, where to go on to) is a row of
`sessions` of its own, found by a cookie and good for one answer within ten minutes. Who somebody is comes from there;
what they may do is only what was granted here.
"""

from __future__ import annotations

import secrets
import ssl
import time
from collections.abc import Mapping
from datetime import timedelta
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit

import httpx2
from authlib.integrations.base_client import OAuthError
from authlib.integrations.httpx_client import OAuth2Client
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import InvalidKeyIdError, JoseError
from joserfc.jwk import KeySet
from sqlalchemy import Connection, delete, insert, select

from service import tables as t
from service.accounts.credentials import keyed_hash
from service.clock import now
from service.problems import Refusal
from service.settings import Settings

KIND, COOKIE = "sign_in", "roni_sign_in"
GOOD_FOR = timedelta(minutes=10)
SCOPE = "openid profile email"
DFE_SCOPE = SCOPE + " organisation"
DFE_HOST = "signin.education.gov.uk"
ALGORITHMS = ["RS256", "PS256", "ES256"]
LEEWAY = 60  # seconds that two clocks may differ by
TIMEOUT = 10
METADATA_FOR = 3600  # seconds
ANSWER = "/sign-in/council/answer"
UNREACHABLE = "The sign-in service of your council or school does not answer as it should. Try again later."
AGAIN = "Start again from the sign-in page. If it happens again, tell the person who manages accounts."


class Provider:
    """The one provider of the settings, and what it says of itself (fetched, and kept for an hour)."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._metadata: tuple[float, dict[str, Any]] | None = None
        self._keys: KeySet | None = None

    def client(self) -> OAuth2Client:
        settings = self.settings
        return OAuth2Client(
            settings.oidc_client_id,
            settings.oidc_client_secret or None,
            scope=DFE_SCOPE if _is_dfe(settings.oidc_issuer) else SCOPE,
            redirect_uri=settings.address.rstrip("/") + ANSWER,
            code_challenge_method="S256",
            timeout=TIMEOUT,
            verify=_tls(),
        )

    def metadata(self) -> dict[str, Any]:
        """What the provider says of itself; it must be the issuer that the settings name."""
        if self._metadata is None or time.monotonic() - self._metadata[0] > METADATA_FOR:
            issuer = self.settings.oidc_issuer.rstrip("/")
            found: dict[str, Any] = _get(f"{issuer}/.well-known/openid-configuration")
            if str(found.get("issuer", "")).rstrip("/") != issuer:
                raise OAuthError("issuer", "The provider says it is another.")
            self._metadata = (time.monotonic(), found)
        return self._metadata[1]

    def keys(self, *, again: bool = False) -> KeySet:
        if self._keys is None or again:
            self._keys = KeySet.import_key_set(_get(self.metadata()["jwks_uri"]))
        return self._keys

    def leave(self) -> tuple[str, dict[str, str]]:
        """The address to send a browser to, and what to remember until it comes back."""
        kept = {"state": secrets.token_urlsafe(32), "nonce": secrets.token_urlsafe(32)}
        kept["verifier"] = secrets.token_urlsafe(48)
        with self.client() as client:
            address, _ = client.create_authorization_url(
                self.metadata()["authorization_endpoint"],
                state=kept["state"],
                nonce=kept["nonce"],
                code_verifier=kept["verifier"],
            )
        return str(address), kept

    def claims(self, code: str, kept: Mapping[str, Any]) -> dict[str, Any]:
        """What the provider says of who signed in, from the code that came back. Raises what `finish` catches."""
        metadata = self.metadata()
        with self.client() as client:
            token = client.fetch_token(
                metadata["token_endpoint"], grant_type="authorization_code", code=code, code_verifier=kept["verifier"]
            )
            found = self._verified(token, kept["nonce"])
            if not found.get("email") and metadata.get("userinfo_endpoint"):
                more = client.get(metadata["userinfo_endpoint"]).raise_for_status().json()
                if more.get("sub") == found["sub"]:  # else it is about somebody else
                    found = {**more, **found}
        return found

    def _verified(self, token: Mapping[str, Any], nonce: str) -> dict[str, Any]:
        """The claims of the ID token: signed by the provider, for us, now, and in answer to what we sent."""
        if "id_token" not in token:
            raise OAuthError("id_token", "The provider sent no ID token.")
        try:
            decoded = jwt.decode(token["id_token"], self.keys(), algorithms=ALGORITHMS)
        except InvalidKeyIdError:  # the provider has new keys
            decoded = jwt.decode(token["id_token"], self.keys(again=True), algorithms=ALGORITHMS)
        options = {
            "iss": {"essential": True, "value": self.metadata()["issuer"]},
            "aud": {"essential": True, "value": self.settings.oidc_client_id},
        }
        expected = {"nonce": nonce, "client_id": self.settings.oidc_client_id, "access_token": token["access_token"]}
        claims = CodeIDToken(decoded.claims, decoded.header, options, expected)
        claims.validate(leeway=LEEWAY)
        return dict(decoded.claims)


@lru_cache(maxsize=1)
def _tls() -> ssl.SSLContext:
    """What certificates are trusted: reading them takes a tenth of a second."""
    return ssl.create_default_context()


def _get(address: str) -> Any:
    return httpx2.get(address, timeout=TIMEOUT, verify=_tls()).raise_for_status().json()


def finish(provider: Provider, kept: Mapping[str, Any], code: str | None, state: str | None) -> dict[str, Any]:
    """The claims of who signed in. Refused with a page where the answer is not one to what we sent."""
    if not state or not secrets.compare_digest(state.encode(), str(kept["state"]).encode()) or not code:
        raise Refusal(400, "sign_in_unfinished", "This sign-in could not be finished. " + AGAIN)
    try:
        return provider.claims(code, kept)
    except (OAuthError, JoseError, ValueError, KeyError):
        raise Refusal(400, "sign_in_unfinished", "This sign-in could not be finished. " + AGAIN) from None
    except httpx2.HTTPError:
        raise Refusal(502, "sign_in_unreachable", UNREACHABLE) from None


def leave(provider: Provider) -> tuple[str, dict[str, str]]:
    """Where to send a browser, and what to remember until it comes back."""
    try:
        return provider.leave()
    except (httpx2.HTTPError, OAuthError, KeyError, ValueError):
        raise Refusal(502, "sign_in_unreachable", UNREACHABLE) from None


# --- what is remembered on the way ------------------------------------------------------------------------------------


def remember(connection: Connection, settings: Settings, kept: Mapping[str, str], go_on_to: str) -> str:
    """Keep what the answer will be compared with; the secret of its cookie."""
    secret = secrets.token_urlsafe(32)
    over = (t.sessions.c.kind == KIND, t.sessions.c.expires_at <= now())
    connection.execute(delete(t.sessions).where(*over))
    connection.execute(
        insert(t.sessions).values(
            token_hash=keyed_hash(settings, secret),
            kind=KIND,
            expires_at=now() + GOOD_FOR,
            state={**kept, "next": go_on_to},
        )
    )
    return secret


def recall(connection: Connection, settings: Settings, secret: str | None) -> dict[str, Any] | None:
    """What was kept, once: a second answer to the same question is none."""
    if not secret:
        return None
    found = t.sessions.c.token_hash == keyed_hash(settings, secret)
    row = connection.execute(select(t.sessions).where(found, t.sessions.c.kind == KIND)).one_or_none()
    if row is None or connection.execute(delete(t.sessions).where(t.sessions.c.id == row.id)).rowcount != 1:
        return None
    kept: dict[str, Any] = row.state
    return kept if row.expires_at > now() else None


# --- who it is --------------------------------------------------------------------------------------------------------


def subject(claims: Mapping[str, Any]) -> str:
    """Who it is for good at this issuer: Entra ID's object of the person, else the subject."""
    return str(claims["oid"] if "oid" in claims and "tid" in claims else claims["sub"])


def own_email(issuer: str, claims: Mapping[str, Any]) -> str | None:
    """The e-mail address that the provider vouches for; None where it does not.

    Entra ID's `email` can be set by the person, so there it is the user name, which the council gives, and only of its
    own tenant. DfE Sign-in gives only addresses that it has verified. Others must say that they have.
    """
    if "tid" in claims:
        name = str(claims.get("preferred_username") or "")
        return name if "@" in name and str(claims["tid"]) in issuer.split("/") else None
    email = str(claims.get("email") or "")
    vouched = claims.get("email_verified") is True or (_is_dfe(issuer) and claims.get("email_verified") is not False)
    return email if "@" in email and vouched else None


def organisation(claims: Mapping[str, Any]) -> dict[str, str]:
    """The school that DfE Sign-in names: shown, and nothing is granted by it."""
    given = claims.get("organisation")
    if not isinstance(given, dict):
        return {}
    return {key: str(given[key])[:200] for key in ("urn", "name") if given.get(key)}


def _is_dfe(issuer: str) -> bool:
    host = urlsplit(issuer).hostname or ""
    return host == DFE_HOST or host.endswith("." + DFE_HOST)
