"""Sealing: personal content in events is encrypted with a key of its user, which lives outside the log.

Destroying the key erases the content from every copy of the log at once. AES-256-GCM; the event's id, the field's name and the
user are authenticated with it, so that a sealed value cannot be moved elsewhere. Where keys are kept is not known here.
"""

import os
from base64 import b64decode, b64encode
from enum import Enum
from typing import Final

import orjson
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

KEY_BYTES = 32
_NONCE_BYTES = 12


class Destroyed(Enum):
    """Stands where a key was: the user was erased, and what the key sealed is gone for good."""

    MARKER = "destroyed"


DESTROYED: Final = Destroyed.MARKER
Key = bytes | Destroyed


class SealBrokenError(Exception):
    """A sealed value does not open with its user's key: the wrong key, or the value was changed."""


def new_key() -> bytes:
    return AESGCM.generate_key(KEY_BYTES * 8)


def seal(value: object, key: bytes, place: str) -> dict[str, str]:
    """`value` is anything JSON can say; `place` says where it stands and must be the same when it is opened."""
    nonce = os.urandom(_NONCE_BYTES)
    sealed = AESGCM(key).encrypt(nonce, orjson.dumps(value), place.encode())
    return {"sealed": b64encode(nonce + sealed).decode()}


def open_sealed(sealed: object, key: bytes, place: str) -> object:
    """Raises ValueError for what is not a sealed value, SealBrokenError for one that this key does not open."""
    match sealed:
        case {"sealed": str(text)}:
            raw = b64decode(text, validate=True)
            try:
                return orjson.loads(
                    AESGCM(key).decrypt(raw[:_NONCE_BYTES], raw[_NONCE_BYTES:], place.encode())
                )
            except InvalidTag as error:
                raise SealBrokenError(place) from error
        case _:
            raise ValueError(f"{place} is not sealed")
