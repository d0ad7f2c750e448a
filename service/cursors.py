"""Cursors: where a list goes on, as a text that says nothing to its reader and never shifts."""

from __future__ import annotations

import base64
import binascii
import json
from typing import Any

from service.problems import Refusal

LARGEST = 2**31 - 1  # of an id: what the database's column holds


def write_cursor(*place: Any) -> str:
    """The cursor after an item, from the values that the list is ordered by.

    >>> read_cursor(write_cursor("Ash School", 3), str, int)
    ('Ash School', 3)
    """
    return base64.urlsafe_b64encode(json.dumps(place, separators=(",", ":")).encode()).decode().rstrip("=")


def read_cursor(cursor: str, *kinds: type) -> tuple[Any, ...]:
    """The values of a cursor of ours; anything else is refused."""
    try:
        place = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except (binascii.Error, ValueError):
        place = None
    known = isinstance(place, list) and [type(value) for value in place] == list(kinds)
    if not known or any(isinstance(value, int) and abs(value) > LARGEST for value in place):
        raise Refusal(422, "cursor", "The cursor is not one of this list. Leave it out to begin again.")
    return tuple(place)
