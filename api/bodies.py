"""Reading a request's body: bounded while it arrives, whatever the client says about its length."""

import asyncio

from starlette.requests import ClientDisconnect
from starlette.types import Receive

from api.headers import Headers
from api.problems import BODY_TOO_LARGE, MALFORMED, UNSUPPORTED_MEDIA_TYPE, problem
from api.routes import Method

MAX_BODY_BYTES = 1 << 20
_DRAINED_BYTES = 8 << 20
"""What is read and dropped of a body that is too large: most clients only look at an answer after they have
sent everything.
"""
RECEIVE_LIMIT_S = 60
"""How long a body may take to arrive: 18 kB/s for the largest."""

_JSON = frozenset({"application/json"})
_MERGE_PATCH = _JSON | {"application/merge-patch+json"}


def check_media_type(method: Method, headers: Headers) -> None:
    """Raises 415 for anything but JSON in UTF-8 as it is."""
    media_type, _, parameters = headers.get(b"content-type", "").partition(";")
    accepted = _MERGE_PATCH if method == "PATCH" else _JSON
    if media_type.strip().lower() not in accepted or not _is_utf8(parameters):
        wanted = " or ".join(sorted(accepted))
        raise problem(UNSUPPORTED_MEDIA_TYPE, f"Send {wanted} in UTF-8.", headers={"Accept": wanted})
    if headers.get(b"content-encoding", "identity").strip().lower() != "identity":
        raise problem(UNSUPPORTED_MEDIA_TYPE, "Send the body without a content encoding.")


def _is_utf8(parameters: str) -> bool:
    for parameter in parameters.split(";"):
        name, _, value = parameter.partition("=")
        if name.strip().lower() == "charset":
            return value.strip().strip('"').lower() in ("utf-8", "utf8")
    return True


async def read_body(receive: Receive, headers: Headers) -> bytes:
    """The whole body; raises 413 beyond `MAX_BODY_BYTES`, and 400 when it takes too long."""
    if declared_bytes(headers) > _DRAINED_BYTES:
        raise _too_large({"Connection": "close"})
    try:
        async with asyncio.timeout(RECEIVE_LIMIT_S):
            return await _read(receive)
    except TimeoutError:
        raise problem(MALFORMED, "The body took too long.", headers={"Connection": "close"}) from None


async def _read(receive: Receive) -> bytes:
    chunks: list[bytes] = []
    size = 0
    more = True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        chunk = message.get("body", b"")
        more = message.get("more_body", False)
        size += len(chunk)
        if size <= MAX_BODY_BYTES:
            chunks.append(chunk)
        elif size > _DRAINED_BYTES:
            raise _too_large({"Connection": "close"})
    if size > MAX_BODY_BYTES:
        raise _too_large({})
    return b"".join(chunks)


def declared_bytes(headers: Headers) -> int:
    text = headers.get(b"content-length", "0")
    if not (text.isascii() and text.isdigit() and len(text) <= 19):
        raise problem(MALFORMED, "Content-Length is not a number.")
    return int(text)


def _too_large(headers: dict[str, str]) -> Exception:
    return problem(BODY_TOO_LARGE, f"A body may have {MAX_BODY_BYTES} bytes.", headers=headers)
