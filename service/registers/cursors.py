"""Cursors of registers: sealed, because the place in a register ends with the pupil's key, and addresses are logged."""

from __future__ import annotations

import base64
import hashlib
import json
from functools import lru_cache

from cryptography.fernet import Fernet, InvalidToken

from service.problems import Refusal

NOT_OURS = "The cursor is not one of this list. Leave it out to begin again."


def seal(secret: str, place: str, position: int, about: str) -> str:
    """The cursor after `position` items, the last at `place`; only good for the list that `about` names."""
    said = json.dumps([place, position, _short(about)], separators=(",", ":"))
    return _cipher(secret).encrypt(said.encode()).decode()


def unseal(secret: str, cursor: str, about: str) -> tuple[str, int]:
    """The place and how many items came before; anything that is no cursor of this very list is refused."""
    try:
        place, position, whose = json.loads(_cipher(secret).decrypt(cursor.encode("ascii", "replace")))
    except (InvalidToken, ValueError):
        raise Refusal(422, "cursor", NOT_OURS) from None
    if whose != _short(about):
        raise Refusal(422, "cursor", NOT_OURS)
    return str(place), int(position)


def _short(about: str) -> str:
    return hashlib.sha256(about.encode()).hexdigest()[:16]


@lru_cache(maxsize=4)
def _cipher(secret: str) -> Fernet:
    return Fernet(base64.urlsafe_b64encode(hashlib.sha256(b"cursor " + secret.encode()).digest()))
