"""The file as it came, kept until its roll is confirmed: encrypted, for it holds what is not to be stored.

Columns that are not used, pupils outside the check and restricted pupils' cells stand in the file and nowhere else.
The key is the service's own secret, which is not in the database: neither is what a backup of it could show.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from service.settings import Settings

NONCE_BYTES = 12  # what AES-GCM takes: NIST SP 800-38D, 8.2


def lock(settings: Settings, ref: str, content: bytes) -> bytes:
    """The content of an upload, encrypted under its reference."""
    nonce = secrets.token_bytes(NONCE_BYTES)
    return nonce + AESGCM(_key(settings)).encrypt(nonce, content, ref.encode())


def unlock(settings: Settings, ref: str, kept: bytes) -> bytes:
    """The content again."""
    return AESGCM(_key(settings)).decrypt(kept[:NONCE_BYTES], kept[NONCE_BYTES:], ref.encode())


def _key(settings: Settings) -> bytes:
    return hmac.new(settings.secret.encode(), b"files of uploads", hashlib.sha256).digest()
