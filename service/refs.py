"""Opaque references: random, so that they say nothing of whom or what they stand for."""

from __future__ import annotations

import secrets

LENGTH = 12  # bytes of randomness: enough that nobody finds one by trying


def new_ref(kind: str) -> str:
    """A new reference, for example `pupil-9f2c...`."""
    return f"{kind}-{secrets.token_hex(LENGTH)}"
