"""Encryption at rest for a diary: AES-256-GCM, the key from a passphrase by scrypt (RFC 7914).

The package ``cryptography`` is optional and imported only here.
"""

from __future__ import annotations

import hashlib
import os
from typing import Any

from needlepoint.errors import InputError, MissingExtra

__all__ = ["Seal", "new_salt"]

_COST = {"n": 2**15, "r": 8, "p": 1, "maxmem": 2**26}
_NONCE = 12  # bytes, as GCM wants them
_PROOF = b"needlepoint diary"


def new_salt() -> bytes:
    """Sixteen random bytes, stored in clear beside the diary."""
    return os.urandom(16)


class Seal:
    """Seals and opens the records of one diary.

    Raises
    ------
    MissingExtra
        The package ``cryptography`` is not installed.
    """

    def __init__(self, passphrase: str, salt: bytes) -> None:
        if not passphrase:
            raise InputError("the passphrase is empty", field="passphrase", mend="give at least a few words")
        key = hashlib.scrypt(passphrase.encode(), salt=salt, dklen=32, **_COST)
        self._cipher = _aes_gcm()(key)

    def seal(self, body: bytes) -> bytes:
        """Encrypt and sign."""
        nonce = os.urandom(_NONCE)
        return nonce + self._cipher.encrypt(nonce, body, None)

    def open(self, sealed: bytes) -> bytes:
        """Decrypt; refuse a wrong passphrase or an altered record.

        Raises
        ------
        InputError
            The passphrase is wrong, or the record has been altered.
        """
        from cryptography.exceptions import InvalidTag

        try:
            return self._cipher.decrypt(sealed[:_NONCE], sealed[_NONCE:], None)
        except InvalidTag as error:
            raise InputError(
                "the diary cannot be opened",
                field="passphrase",
                mend="check the passphrase; there is no way round it",
            ) from error

    def proof(self) -> bytes:
        """A sealed constant, by which a passphrase is checked before anything is written."""
        return self.seal(_PROOF)

    def check(self, proof: bytes) -> None:
        """Refuse a passphrase that does not open the proof."""
        self.open(proof)


def _aes_gcm() -> Any:
    try:
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM
    except ImportError as error:
        raise MissingExtra("an encrypted diary", package="cryptography", extra="private") from error
    return AESGCM
