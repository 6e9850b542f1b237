"""Opaque strings that only this service can have made: cursors and positions.

A sealed string is base64url of a MAC and the payload. The payload can be read by whoever holds it, so nothing
secret goes in. Each purpose has a key of its own, derived from the one secret, so that a string of one kind
is never taken for another.
"""

import binascii
import hmac
from hashlib import blake2b

_MAC_BYTES = 16


def derived_key(secret: bytes, purpose: str) -> bytes:
    """A key for one purpose; knowing it says nothing about the secret or other keys."""
    return hmac.digest(secret, b"photolog/" + purpose.encode(), "sha256")


def base64url(raw: bytes) -> str:
    """Without padding."""
    return binascii.b2a_base64(raw, newline=False).rstrip(b"=").translate(_TO_URL).decode("ascii")


_TO_URL = bytes.maketrans(b"+/", b"-_")
_FROM_URL = bytes.maketrans(b"-_", b"+/")


class Sealer:
    """Seals and opens strings of one purpose. `max_chars` bounds what is looked at at all."""

    def __init__(self, secret: bytes, purpose: str, max_chars: int) -> None:
        self._key = derived_key(secret, purpose)
        self._max_chars = max_chars

    def seal(self, payload: bytes, bound_to: bytes = b"") -> str:
        """`bound_to` is not in the string, but it opens only where the same is given."""
        message = len(bound_to).to_bytes(4, "big") + bound_to + payload
        return base64url(blake2b(message, key=self._key, digest_size=_MAC_BYTES).digest() + payload)

    def open(self, sealed: str, bound_to: bytes = b"") -> bytes | None:
        """The payload, or None for anything that `seal` did not make, to the last bit of the encoding."""
        if len(sealed) > self._max_chars or not sealed.isascii():
            return None
        try:
            raw = binascii.a2b_base64(sealed.encode().translate(_FROM_URL) + b"=" * (-len(sealed) % 4))
        except binascii.Error:
            return None
        payload = raw[_MAC_BYTES:]
        # Sealing again and comparing the strings also refuses other spellings of the same bytes.
        return payload if hmac.compare_digest(self.seal(payload, bound_to), sealed) else None
