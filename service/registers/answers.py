"""Which form of an answer a caller asks for."""

from __future__ import annotations

from fastapi import Request

from service.problems import Refusal


def accepted(request: Request, *offered: str) -> str:
    """Which of the offered media types the caller asks for; the first where any will do. Else 406.

    Weights are not read: the first that is named and offered is sent.
    """
    for part in request.headers.get("accept", "*/*").split(","):
        asked = part.partition(";")[0].strip().casefold()
        for media in offered:
            if asked in (media, "*/*", media.partition("/")[0] + "/*"):
                return media
    raise Refusal(406, "not_acceptable", f"This is offered as {', '.join(offered)}.")
