"""CORS: which pages in browsers may use the API. Tokens travel in headers that a page sets itself, so there
are never credentials, and `*` is safe.
"""

from collections.abc import Collection

from api.headers import Headers

RawHeaders = tuple[tuple[bytes, bytes], ...]

METHODS = "GET, HEAD, POST, PUT, PATCH, DELETE"
REQUEST_HEADERS = (
    "Authorization, Content-Type, Idempotency-Key, If-None-Match, Last-Event-ID, Photolog-Position, Range"
)
EXPOSED = "Link, Location, ETag, Retry-After, RateLimit-Limit, RateLimit-Remaining, RateLimit-Reset, Photolog-Position"
PREFLIGHT_VALID_S = 7200

_ALLOWED = b"access-control-allow-origin"
_EXPOSED = (b"access-control-expose-headers", EXPOSED.encode())
_VARY = (b"vary", b"Origin")
_PREFLIGHT: RawHeaders = (
    (b"access-control-allow-methods", METHODS.encode()),
    (b"access-control-allow-headers", REQUEST_HEADERS.encode()),
    (b"access-control-max-age", b"%d" % PREFLIGHT_VALID_S),
    _VARY,
)


class Cors:
    """`origins` are `*` or origins such as `https://photos.example`."""

    def __init__(self, origins: Collection[str]) -> None:
        self._origins = frozenset(origins)

    def headers(self, request: Headers) -> RawHeaders:
        """What every response to this request carries; nothing for requests that no page made."""
        origin = request.get(b"origin")
        if "*" in self._origins:
            return () if origin is None else ((_ALLOWED, b"*"), _EXPOSED)
        if origin is None or origin not in self._origins:
            return (_VARY,)
        return ((_ALLOWED, origin.encode("latin-1")), _EXPOSED, _VARY)

    def preflight(self, method: str, request: Headers) -> RawHeaders | None:
        """The headers that answer a preflight; None for any other request."""
        if method != "OPTIONS" or b"origin" not in request:
            return None
        return _PREFLIGHT if b"access-control-request-method" in request else None
