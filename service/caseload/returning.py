"""Where a form leads when it is done: back to the list or page that it stood on."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TypeVar
from urllib.parse import parse_qsl, urlencode, urlsplit

from fastapi.responses import RedirectResponse
from pydantic import BaseModel, ValidationError

from service.phrases import counted
from service.web import Notice

Model = TypeVar("Model", bound=BaseModel)
ENTER = "Enter a real day, like 27 11 2026."
DONE = {
    "contact": "The contact is recorded.",
    "action": "The next action is changed.",
    "coach": "The coach is changed.",
    "taken": "The pupil is on your caseload now.",
    "moderation": "It is recorded, and the list is worked out again.",
    "decided": "The decision is recorded.",
    "request": "It is recorded.",
}
TAKEN_ON = re.compile(r"taken-(\d{1,4})-(\d{1,4})")  # how many, and how many stayed with another coach


def notice_of(done: str) -> Notice | None:
    """What has just been done, where an address says so."""
    if many := TAKEN_ON.fullmatch(done):
        return Notice(_taken_on(*map(int, many.groups())))
    return Notice(DONE[done]) if done in DONE else None


def _taken_on(count: int, stayed: int) -> str:
    now = f"{counted(count, 'pupil is', 'pupils are')} on your caseload now."
    return f"{now} {counted(stayed, 'pupil has', 'pupils have')} another coach and stayed there." if stayed else now


def back_of(typed: Mapping[str, str], otherwise: str) -> str:
    """The page of ours that a form came from, as it says; anything else is not gone to."""
    said = typed.get("back", "")
    parts = urlsplit(said)
    ours = said.startswith("/") and not said.startswith(("//", "/\\")) and not parts.netloc and said.isprintable()
    return said if ours else otherwise


def lead_back(address: str, done: str, pupil: str) -> RedirectResponse:
    """Back to a list, at the pupil's own line, saying what was done."""
    parts = urlsplit(address)
    query = [(name, value) for name, value in parse_qsl(parts.query) if name != "done"]
    return RedirectResponse(f"{parts.path}?{urlencode([*query, ('done', done)])}#{pupil}", 303)


def parsed(
    shape: type[Model], said: Mapping[str, object], wanted: Mapping[str, str]
) -> tuple[Model | None, dict[str, str]]:
    """What a form says as the API takes it; or what is wrong with it, by control. `wanted` has the sentences."""
    try:
        return shape(**said), {}
    except ValidationError as error:
        names = [str(item["loc"][0]) if item["loc"] else "" for item in error.errors()]
        return None, {name: wanted.get(name, "This cannot be used here.") for name in names}


def spoken(name: str) -> str:
    """A name as it is said, from how it stands in an alphabet.

    >>> spoken("Van der Demo, Ann"), spoken("Ann")
    ('Ann Van der Demo', 'Ann')
    """
    surname, _, given = name.partition(", ")
    return f"{given} {surname}" if given else surname
