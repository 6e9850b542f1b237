"""The media store's own URLs, where the API stands in for it: uploads that were signed, and renditions.

Not part of the JSON API and not in its document: clients follow the URLs that they are given. It knows signatures only as the store
judges them, and never serves an original.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from urllib.parse import parse_qsl

from starlette.requests import ClientDisconnect
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from api import scopes
from api.bodies import declared_bytes
from api.conditional import is_known
from api.headers import Headers
from api.problems import (
    BODY_TOO_LARGE,
    CONFLICT,
    FORBIDDEN,
    MALFORMED,
    METHOD_NOT_ALLOWED,
    NOT_FOUND,
    UNSUPPORTED_MEDIA_TYPE,
    problem,
)
from api.replies import RawReply, send_reply
from events.ids import Clock
from stores.ports.media import MediaReader
from stores.ports.objects import (
    CACHE_CONTROL,
    Audience,
    ObjectMissingError,
    SelfServed,
    SizeMismatchError,
    UploadGrant,
    area_of,
    is_key,
    media_id_of,
)

PATH = "/objects"
RECEIVE_LIMIT_S = 600
"""How long an upload may take: 14 kB/s for the largest photo."""
_DRAINED_BYTES = 8 << 20
"""What is read and dropped beyond the size: most clients look at the answer only after they have sent everything."""
_MAX_QUERY_BYTES = 2048

_ALWAYS = (
    (b"content-security-policy", b"default-src 'none'; sandbox"),
    (b"content-disposition", b"inline"),
    (b"cross-origin-resource-policy", b"cross-origin"),
    (b"vary", b"Origin"),
)


class ObjectRoute:
    """An ASGI application for all keys. `media` gives the live view."""

    def __init__(self, store: SelfServed, media: Callable[[], MediaReader], clock: Clock) -> None:
        self._store, self._media, self._clock = store, media, clock

    def route(self) -> Route:
        return Route(f"{PATH}/{{key:path}}", self)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        scope[scopes.ROUTE] = f"{PATH}/{{key}}"
        key: str = scope["path_params"]["key"]
        if not is_key(key):
            raise problem(NOT_FOUND)
        methods = "PUT" if area_of(key) == "originals" else "GET, HEAD"
        if scope["method"] not in methods.split(", "):
            raise problem(METHOD_NOT_ALLOWED, headers={"Allow": methods})
        query = _query(scope["query_string"])
        if scope["method"] == "PUT":
            reply = await self._put(key, query, scope[scopes.HEADERS], receive)
        else:
            reply = await self._get(key, query, scope[scopes.HEADERS])
        await send_reply(reply, scope["method"], send)

    async def _get(self, key: str, query: dict[str, str], headers: Headers) -> RawReply:
        audience = self._audience(key, query)
        try:
            content, content_type = await self._store.read(key)
        except ObjectMissingError:
            raise problem(NOT_FOUND) from None
        etag = f'"{key.rpartition("/")[2]}"'  # the bytes under a key never change
        shared = [*_ALWAYS, (b"cache-control", CACHE_CONTROL[audience].encode()), (b"etag", etag.encode())]
        if is_known(etag, headers.get(b"if-none-match")):
            return RawReply(304, shared, b"")
        return RawReply(200, [*shared, (b"content-type", content_type.encode())], content)

    def _audience(self, key: str, query: dict[str, str]) -> Audience:
        if "signature" not in query and area_of(key) == "public":
            return "public"
        audience = self._store.fetch_audience(key, query, self._clock())
        if audience is None:
            raise problem(FORBIDDEN, "The URL is not signed, or too old.")
        return audience

    async def _put(self, key: str, query: dict[str, str], headers: Headers, receive: Receive) -> RawReply:
        grant = self._store.upload_grant(key, query, self._clock())
        if grant is None:
            raise problem(FORBIDDEN, "The URL is not signed, or too old.")
        if headers.get(b"content-type", "").partition(";")[0].strip().lower() != grant.content_type:
            raise problem(UNSUPPORTED_MEDIA_TYPE, f"Send {grant.content_type}, as it was declared.")
        await self._check_open(key)
        await self._receive(grant, _chunks(grant, headers, receive))
        return RawReply(204, [(b"cache-control", b"no-store")], b"")

    async def _check_open(self, key: str) -> None:
        """A media that no view shows yet was declared a moment ago: its signature says so."""
        media_id = media_id_of(key)
        media = (await self._media().media((media_id,))).get(media_id)
        if media is not None and media.status != "pending":
            raise problem(CONFLICT, "The upload is complete.")

    async def _receive(self, grant: UploadGrant, chunks: AsyncIterator[bytes]) -> None:
        try:
            async with asyncio.timeout(RECEIVE_LIMIT_S):
                await self._store.receive(grant, chunks)
        except SizeMismatchError:
            raise problem(MALFORMED, f"The file was declared with {grant.size_bytes} bytes.") from None
        except TimeoutError:
            raise problem(MALFORMED, "The upload took too long.", headers={"Connection": "close"}) from None


async def _chunks(grant: UploadGrant, headers: Headers, receive: Receive) -> AsyncIterator[bytes]:
    """Raises 413 for more than was declared, once enough was read for the client to see it."""
    declared = declared_bytes(headers)
    most = grant.size_bytes + _DRAINED_BYTES
    received, more = 0, declared <= most
    while more and received <= most:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        chunk = message.get("body", b"")
        more = message.get("more_body", False)
        received += len(chunk)
        if received <= grant.size_bytes:
            yield chunk
    if max(received, declared) > grant.size_bytes:
        close = {"Connection": "close"} if max(received, declared) > most else {}
        raise problem(BODY_TOO_LARGE, f"The file was declared with {grant.size_bytes} bytes.", headers=close)


def _query(query_string: bytes) -> dict[str, str]:
    if len(query_string) > _MAX_QUERY_BYTES:
        raise problem(MALFORMED, "The query is too long.")
    return dict(parse_qsl(query_string.decode("latin-1"), keep_blank_values=True))
