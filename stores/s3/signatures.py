"""Signed URLs and forms (AWS Signature Version 4): what clients may ask of the store without having its keys, and until when.

Computed for the host that clients reach; nothing is asked of the store. The client library signs the same, but derives the key of
the day anew for every URL, and a page has a hundred of them. Time is the caller's: a store whose clock differs judges by its own.
"""

import base64
import hmac
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from hashlib import sha256
from urllib.parse import quote, urlencode, urlunsplit

import orjson
from minio.helpers import BaseURL

from stores.ports.objects import CACHE_CONTROL, SIGNED_WINDOW_S, UPLOAD_VALID_MS, Audience
from stores.s3.connection import S3Address

_ALGORITHM = "AWS4-HMAC-SHA256"


@dataclass(frozen=True, slots=True)
class _Window:
    """What all URLs of one audience that are made in the same minutes have in common."""

    query: str
    to_sign: str
    key: bytes


class Signatures:
    """`url` is the bucket's for clients, `path` that URL's path; neither ends in a slash."""

    def __init__(self, address: S3Address) -> None:
        base = BaseURL(address.public_endpoint, address.region)
        found = base.build(method="POST", region=address.region, bucket_name=address.bucket)
        self.url = urlunsplit(found).rstrip("/")
        self.path = found.path.rstrip("/")
        self._host = found.netloc
        self._address = address
        self._window = lru_cache(maxsize=4)(self._opened)

    def fetch(self, key: str, audience: Audience, now_ms: int) -> str:
        """A URL for GET; the same for half of the time that it is good for."""
        window = self._window(audience, now_ms // 1000 // SIGNED_WINDOW_S * SIGNED_WINDOW_S)
        request = f"GET\n{self.path}/{key}\n{window.query}\nhost:{self._host}\n\nhost\nUNSIGNED-PAYLOAD"
        text = f"{window.to_sign}\n{sha256(request.encode()).hexdigest()}"
        signature = hmac.digest(window.key, text.encode(), "sha256").hex()
        return f"{self.url}/{key}?{window.query}&X-Amz-Signature={signature}"

    def upload(self, key: str, content_type: str, size_bytes: int, now_ms: int) -> tuple[dict[str, str], int]:
        """The fields of a form for exactly this file, and until when they are good (milliseconds)."""
        now_s, expires_s = now_ms // 1000, (now_ms + UPLOAD_VALID_MS) // 1000
        fields = {
            "key": key,
            "Content-Type": content_type,
            "x-amz-algorithm": _ALGORITHM,
            "x-amz-credential": f"{self._address.access_key}/{self._scope(now_s)}",
            "x-amz-date": _stamp(now_s),
        }
        conditions: list[object] = [{"bucket": self._address.bucket}]
        conditions += [{name: value} for name, value in fields.items()]
        conditions.append(["content-length-range", size_bytes, size_bytes])
        expiration = _date(expires_s).strftime("%Y-%m-%dT%H:%M:%SZ")
        policy = base64.b64encode(orjson.dumps({"expiration": expiration, "conditions": conditions}))
        signature = hmac.digest(self._key(now_s), policy, "sha256").hex()
        return fields | {"policy": policy.decode(), "x-amz-signature": signature}, expires_s * 1000

    def _opened(self, audience: Audience, began_s: int) -> _Window:
        scope = self._scope(began_s)
        query = {
            "X-Amz-Algorithm": _ALGORITHM,
            "X-Amz-Credential": f"{self._address.access_key}/{scope}",
            "X-Amz-Date": _stamp(began_s),
            "X-Amz-Expires": str(2 * SIGNED_WINDOW_S),
            "X-Amz-SignedHeaders": "host",
            "response-cache-control": CACHE_CONTROL[audience],
        }  # sorted, as it has to be for the signature
        to_sign = f"{_ALGORITHM}\n{_stamp(began_s)}\n{scope}"
        return _Window(urlencode(query, safe="", quote_via=quote), to_sign, self._key(began_s))

    def _scope(self, at_s: int) -> str:
        return f"{_date(at_s):%Y%m%d}/{self._address.region}/s3/aws4_request"

    def _key(self, at_s: int) -> bytes:
        """Good for one day."""
        key = f"AWS4{self._address.secret_key}".encode()
        for part in self._scope(at_s).split("/"):
            key = hmac.digest(key, part.encode(), "sha256")
        return key


def _date(at_s: int) -> datetime:
    return datetime.fromtimestamp(at_s, UTC)


def _stamp(at_s: int) -> str:
    return f"{_date(at_s):%Y%m%dT%H%M%SZ}"
