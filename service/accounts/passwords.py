"""Passwords of local accounts: argon2id, what is refused as a password, and new ones for somebody else."""

from __future__ import annotations

import secrets
from functools import lru_cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

LEAST = 12  # characters; the National Cyber Security Centre advises length (three random words) over rules
MOST = 128
# OWASP's password storage cheat sheet: t=2, m=19 MiB, p=1 (about 80 ms)
HASHER = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"  # none that look alike


def hash_password(password: str) -> str:
    return HASHER.hash(password)


def matches(password_hash: str | None, given: str) -> bool:
    """Whether it is the password; takes as long where there is none, so that nobody learns who has an account."""
    try:
        right = HASHER.verify(password_hash or _nobodys(), given[: MOST + 1])
    except (VerificationError, InvalidHashError):
        return False
    return right and password_hash is not None


def fault(password: str, again: str, email: str, before: str | None) -> str | None:
    """What is wrong with a new password, in a sentence; None where nothing is."""
    if len(password) < LEAST:
        return f"Use {LEAST} characters or more, for example three words that do not belong together."
    if len(password) > MOST:
        return f"Use {MOST} characters or fewer."
    if len(set(password)) < 5 or email.partition("@")[0].casefold() in password.casefold():
        return "That is too easy to guess. Do not use your e-mail address, or the same few characters."
    if password != again:
        return "The two new passwords are not the same."
    if before is not None and matches(before, password):
        return "That is the password you have now. Choose another."
    return None


def new_password() -> str:
    """A password that somebody can read out: four groups of four, about 79 bits."""
    return "-".join("".join(secrets.choice(LETTERS) for _ in range(4)) for _ in range(4))


@lru_cache(maxsize=1)
def _nobodys() -> str:
    return HASHER.hash(secrets.token_hex(16))
