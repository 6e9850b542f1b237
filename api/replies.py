"""From an answer or a problem to the bytes of a response: JSON, caching, entity tags, positions."""

from collections.abc import Mapping
from dataclasses import dataclass

import orjson
from starlette.types import Send

from api.calls import Answer, Call
from api.conditional import is_known, tag_of
from api.headers import raw_header
from api.positions import HEADER as POSITION_HEADER
from api.positions import PositionStrings
from api.problems import PROBLEM_TYPE, ProblemError
from stores.ports.log import merged

RawHeaderList = list[tuple[bytes, bytes]]

_TYPE = (b"content-type", b"application/json")
_CACHE = (b"cache-control", b"private, no-cache")
_VARY = (b"vary", b"Authorization, Origin")
_NOT_A_PAGE = (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'")
_DEFAULTS = (_TYPE, _CACHE, _VARY, _NOT_A_PAGE)
_DEFAULT_NAMES = frozenset(name for name, _ in _DEFAULTS)
_PROBLEM = ((b"content-type", PROBLEM_TYPE.encode()), (b"cache-control", b"no-store"), _VARY, _NOT_A_PAGE)


@dataclass(slots=True)
class RawReply:
    """A response on its way out."""

    status: int
    headers: RawHeaderList
    body: bytes


class Presenter:
    def __init__(self, positions: PositionStrings) -> None:
        self._positions = positions

    def written(self, answer: Answer, call: Call) -> RawReply:
        """The answer to anything but a GET: with a position even where nothing was appended, so that clients keep one
        string without looking.
        """
        reply = _reply(answer)
        if reply.status >= 400:  # a refusal that was kept for a repeated request
            return reply
        sealed = self._positions.seal(merged(call.position, answer.position or {}))
        reply.headers.append((POSITION_HEADER.lower().encode(), sealed.encode()))
        return reply

    def read(self, answer: Answer, call: Call) -> RawReply:
        """The answer to a GET: with an entity tag, and 304 for a client that has it."""
        reply = _reply(answer)
        if reply.status != 200:
            return reply
        etag = f'W/"{tag_of(reply.body) if answer.etag is None else answer.etag}"'
        reply.headers.append(raw_header("ETag", etag))
        if is_known(etag, call.headers.get(b"if-none-match")):
            kept = [header for header in reply.headers if header[0] != b"content-type"]
            return RawReply(304, kept, b"")
        return reply


def _reply(answer: Answer) -> RawReply:
    headers = _with_defaults(answer.headers)
    if answer.body is None:
        headers.remove(_TYPE)
        return RawReply(answer.status, headers, b"")
    body = answer.body if isinstance(answer.body, bytes) else orjson.dumps(answer.body)
    return RawReply(answer.status, headers, body)


def problem_reply(error: ProblemError) -> RawReply:
    headers = [*_PROBLEM, *(raw_header(name, value) for name, value in error.headers.items())]
    return RawReply(error.kind.status, headers, error.body())


def _with_defaults(given: Mapping[str, str]) -> RawHeaderList:
    if not given:
        return list(_DEFAULTS)
    own = [raw_header(name, value) for name, value in given.items()]
    names = {name for name, _ in own}
    if _DEFAULT_NAMES.isdisjoint(names):
        return [*_DEFAULTS, *own]
    return [*(header for header in _DEFAULTS if header[0] not in names), *own]


async def send_reply(reply: RawReply, method: str, send: Send) -> None:
    if reply.status not in (204, 304):
        reply.headers.append((b"content-length", b"%d" % len(reply.body)))
    await send({"type": "http.response.start", "status": reply.status, "headers": reply.headers})
    await send({"type": "http.response.body", "body": b"" if method == "HEAD" else reply.body})
