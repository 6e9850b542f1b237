"""Signed queries: what a URL of the file store allows, and until when. Knows no files."""

import binascii
import hmac
from collections.abc import Mapping
from typing import get_args
from urllib.parse import urlencode

from stores.ports.objects import SIGNED_WINDOW_S, UPLOAD_VALID_MS, Audience, UploadGrant

_AUDIENCES: tuple[Audience, ...] = get_args(Audience)
_MAX_DIGITS = 12


class Signatures:
    """`key` is of no other use. A signature is bound to everything that its query and path say."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    def upload(self, grant: UploadGrant, now_ms: int) -> tuple[str, int]:
        """The query, and until when it is good (milliseconds)."""
        expires_s = (now_ms + UPLOAD_VALID_MS) // 1000
        size, expires = str(grant.size_bytes), str(expires_s)
        signature = self._sign("upload", grant.key, grant.content_type, size, expires)
        named = {"type": grant.content_type, "size": size, "expires": expires, "signature": signature}
        return urlencode(named, safe="/"), expires_s * 1000

    def fetch(self, key: str, audience: Audience, now_ms: int) -> str:
        """The query; the same for half of the time that it is good for."""
        expires = str((now_ms // 1000 // SIGNED_WINDOW_S + 2) * SIGNED_WINDOW_S)
        signature = self._sign("fetch", key, audience, expires)
        return f"audience={audience}&expires={expires}&signature={signature}"

    def upload_grant(self, key: str, query: Mapping[str, str], now_ms: int) -> UploadGrant | None:
        content_type, size = query.get("type", ""), query.get("size", "")
        if not self._stands(query, now_ms, "upload", key, content_type, size):
            return None
        return UploadGrant(key, content_type, int(size))

    def fetch_audience(self, key: str, query: Mapping[str, str], now_ms: int) -> Audience | None:
        found = next((known for known in _AUDIENCES if known == query.get("audience")), None)
        if found is None or not self._stands(query, now_ms, "fetch", key, found):
            return None
        return found

    def _stands(self, query: Mapping[str, str], now_ms: int, *parts: str) -> bool:
        expires = query.get("expires", "")
        if not (expires.isascii() and expires.isdigit() and len(expires) <= _MAX_DIGITS):
            return False
        signed = self._sign(*parts, expires)
        given = query.get("signature", "")
        return hmac.compare_digest(signed.encode(), given.encode()) and now_ms < int(expires) * 1000

    def _sign(self, *parts: str) -> str:
        digest = hmac.digest(self._key, "\n".join(parts).encode(), "sha256")
        return binascii.b2a_base64(digest, newline=False).rstrip(b"=").translate(_TO_URL).decode()


_TO_URL = bytes.maketrans(b"+/", b"-_")
