"""Two guards in front of every route: what a browser may do with our pages, and who may make it send us something.

Both are plain ASGI: they look at headers only, and cost a few microseconds a request.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.assets import ADDRESS

# Everything is off unless it is ours; `script-src` and the nonce are put in for each request.
POLICY = (
    "default-src 'none'; script-src 'self' 'nonce-{nonce}'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
FIXED = (
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),  # for browsers older than frame-ancestors
    (b"referrer-policy", b"same-origin"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()"),
)
NO_STORE = (b"cache-control", b"no-store")
HSTS = (b"strict-transport-security", b"max-age=31536000")
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
OURS = (b"same-origin", b"none")  # "none": the person typed the address or used a bookmark

Refuse = Callable[[int, str, str, str, Request], Response]  # status, code, title, detail


class SecurityHeaders:
    """Adds the security headers to every answer, and the request's nonce to `request.state.nonce`.

    `https` says that people reach the service over HTTPS even where this process sees plain HTTP behind a proxy.
    """

    def __init__(self, app: ASGIApp, *, https: bool = False, static: str = ADDRESS) -> None:
        self.app, self.https, self.static = app, https, static + "/"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, and the answer back with its headers."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        nonce = secrets.token_urlsafe(16)
        scope.setdefault("state", {})["nonce"] = nonce
        added = [*FIXED, (b"content-security-policy", POLICY.format(nonce=nonce).encode())]
        if self.https or scope["scheme"] == "https":
            added.append(HSTS)
        kept = scope["path"].startswith(self.static)

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = _with(message["headers"], added, kept)
            await send(message)

        await self.app(scope, receive, send_with_headers)


def secure(app: Starlette, *, https: bool = False) -> None:
    """Put SecurityHeaders around the whole app, so that the answer to an error nobody foresaw has them too.

    What `add_middleware` adds stands inside the part of Starlette that gives that answer.
    """
    inside = app.build_middleware_stack
    app.build_middleware_stack = lambda: SecurityHeaders(inside(), https=https)  # type: ignore[method-assign]


def _with(headers: Iterable[tuple[bytes, bytes]], added: list[tuple[bytes, bytes]], kept: bool) -> list[object]:
    """Nothing about pupils is left in a browser's or proxy's store: only the assets say for themselves."""
    if kept:
        return [*headers, *added]
    return [*(pair for pair in headers if pair[0].lower() != b"cache-control"), *added, NO_STORE]


class SameOrigin:
    """Refuses what another site made a signed-in browser send (cross-site request forgery), with a 403 from `problem`.

    A request that changes something and carries the session `cookie` must come from our own pages: by Sec-Fetch-Site,
    or in browsers without that by an Origin that is our own host. Requests with a bearer token and no cookie
    are exempt: no browser adds a token by itself. Without either, as at sign-in, only a browser that says it comes from
    elsewhere is refused. `trusted` are further origins, such as that of a proxy which changes the Host header.
    See https://owasp.org/www-community/attacks/csrf and the Fetch Metadata Request Headers specification.
    """

    def __init__(self, app: ASGIApp, *, cookie: str, problem: Refuse, trusted: Iterable[str] = ()) -> None:
        self.app, self.problem = app, problem
        self.cookie = cookie.encode()
        self.trusted = frozenset(origin.encode().rstrip(b"/") for origin in trusted)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on what is ours or changes nothing; answer the rest with a refusal."""
        if scope["type"] != "http" or scope["method"] in SAFE_METHODS or self._ours(scope):
            await self.app(scope, receive, send)
            return
        request = Request(scope, receive)
        detail = "What was sent did not come from a page of this service. Open the page here, and send it from there."
        refusal = self.problem(403, "other_origin", "This was sent from another website", detail, request)
        await refusal(scope, receive, send)

    def _ours(self, scope: Scope) -> bool:
        headers = dict(scope["headers"])
        site, origin = headers.get(b"sec-fetch-site"), headers.get(b"origin")
        if not self._has_cookie(scope["headers"]):
            if b"authorization" in headers or (site is None and origin is None):
                return True
        elif site is None and origin is None:
            return False
        if origin is not None and origin in self.trusted:
            return True
        return site in OURS if site is not None else _host(origin) == headers.get(b"host")

    def _has_cookie(self, headers: Iterable[tuple[bytes, bytes]]) -> bool:
        start = self.cookie + b"="
        cookies = (part.strip() for key, value in headers if key == b"cookie" for part in value.split(b";"))
        return any(part.startswith(start) for part in cookies)


def _host(origin: bytes | None) -> bytes:
    """Host and port of an origin. Its scheme is not compared: behind a proxy ours is not known for certain.

    >>> _host(b"https://neet.example:8443"), _host(b"null")
    (b'neet.example:8443', b'')
    """
    return (origin or b"").partition(b"://")[2]
