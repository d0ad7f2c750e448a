"""Entity tags: a resource's version, and what a caller last saw of it."""

from __future__ import annotations

from fastapi import Request

from service.problems import Refusal

STALE = "This has changed since you last saw it. Look at it again, then send your change again."


def etag(version: int | str) -> str:
    return f'"{version}"'


def require_match(request: Request, version: int | str, *, required: bool = False) -> None:
    """Refuse a change to what has changed since (412); where `required`, also one that does not say (428)."""
    asked = request.headers.get("if-match")
    if asked is None:
        if required:
            raise Refusal(428, "if_match_needed", "Send If-Match with the version that you saw, as in its ETag.")
        return
    if asked != "*" and etag(version) not in [part.strip() for part in asked.split(",")]:
        raise Refusal(412, "stale", STALE)
