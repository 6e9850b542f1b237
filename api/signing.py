"""Opaque strings that only this service can have made, and read: cursors and positions.

A sealed string is base64url of a MAC and the veiled payload. Veiled, because a cursor names where a page ended,
and that may be a post that its holder may not see. The MAC of the payload is what the veil is made with (a
synthetic IV, as in RFC 5297): the same payload gives the same string, another one an unrelated veil. Each
purpose has keys of its own, derived from the one secret, so that a string of one kind is never taken for another.
"""

import binascii
import hmac
from hashlib import blake2b, shake_256

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
        self._veil_key = derived_key(secret, f"{purpose} veil")
        self._max_chars = max_chars

    def seal(self, payload: bytes, bound_to: bytes = b"") -> str:
        """`bound_to` is not in the string, but it opens only where the same is given."""
        message = len(bound_to).to_bytes(4, "big") + bound_to + payload
        mac = blake2b(message, key=self._key, digest_size=_MAC_BYTES).digest()
        return base64url(mac + self._veiled(payload, mac))

    def open(self, sealed: str, bound_to: bytes = b"") -> bytes | None:
        """The payload, or None for anything that `seal` did not make, to the last bit of the encoding."""
        if len(sealed) > self._max_chars or not sealed.isascii():
            return None
        try:
            raw = binascii.a2b_base64(sealed.encode().translate(_FROM_URL) + b"=" * (-len(sealed) % 4))
        except binascii.Error:
            return None
        payload = self._veiled(raw[_MAC_BYTES:], raw[:_MAC_BYTES])
        # Sealing again and comparing the strings also refuses other spellings of the same bytes.
        return payload if hmac.compare_digest(self.seal(payload, bound_to), sealed) else None

    def _veiled(self, text: bytes, mac: bytes) -> bytes:
        """And back: the same again takes the veil off."""
        veil = shake_256(self._veil_key + mac).digest(len(text))
        return (int.from_bytes(text) ^ int.from_bytes(veil)).to_bytes(len(text))
