"""What one connection may ask of the server before any route is reached: how large the head of a request may be, and how long
it may take to arrive.

Bodies are bounded where they are read, because each route expects another size. What is no HTTP at all is answered with a
problem, as everything else, and the connection is closed.
"""

import asyncio
from asyncio.events import TimerHandle
from typing import Any, cast

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from api.problems import MALFORMED, PROBLEM_TYPE, problem

HEAD_MAX_BYTES = 32 * 1024
"""Request line and headers. Three times what the longest query, position and token take together."""
HEADERS_MAX_COUNT = 100
HEAD_LIMIT_S = 30
"""From the first byte of a request, or from the opening of the connection, to the end of the head."""


class Together:
    """A transport that sends what is written in one turn of the loop together, so that the head of an answer does not go alone
    and nobody is woken for half an answer. The first piece waits for the second, or for the end of the turn.
    """

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
        self._transport = transport
        self._loop = loop
        self._waiting = b""

    def write(self, data: bytes) -> None:
        if self._waiting:
            first, self._waiting = self._waiting, b""
            self._transport.write(first + data)
        else:
            self._waiting = data
            self._loop.call_soon(self._send)

    def is_closing(self) -> bool:
        return self._transport.is_closing()

    def close(self) -> None:
        self._send()
        self._transport.close()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)

    def _send(self) -> None:
        if self._waiting:
            self._transport.write(self._waiting)
            self._waiting = b""


class HeadTooLargeError(Exception):
    """Raised in the parser, which then refuses the request."""


class BoundedConnection(HttpToolsProtocol):
    """The parser itself gathers a head of any size, and waits for it for ever."""

    def __init__(self, *args: Any, **named: Any) -> None:
        super().__init__(*args, **named)
        self._head_bytes = 0
        self._head_count = 0
        self._unseen_bytes = 0
        """Since the parser last told of a body or an end: a header, for instance, that has not ended yet."""
        self._deadline: TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self.transport = cast(asyncio.Transport, Together(transport, self.loop))
        self._wait_for_head()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_waiting()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        self._unseen_bytes += len(data)
        super().data_received(data)
        if self.transport.is_closing():
            return
        if self._unseen_bytes > HEAD_MAX_BYTES:
            self.send_400_response("")
        elif self._deadline is None and (self.cycle is None or self.cycle.response_complete):
            self._wait_for_head()

    def on_url(self, url: bytes) -> None:
        self._count(len(url))
        super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        self._head_count += 1
        self._count(len(name) + len(value))
        super().on_header(name, value)

    def on_headers_complete(self) -> None:
        self._stop_waiting()
        self._unseen_bytes = 0
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        self._unseen_bytes = 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        super().on_message_complete()
        self._head_bytes = self._head_count = self._unseen_bytes = 0

    def send_400_response(self, msg: str) -> None:
        body = problem(MALFORMED).body()
        head = (
            "HTTP/1.1 400 Bad Request\r\n"
            f"content-type: {PROBLEM_TYPE}\r\ncontent-length: {len(body)}\r\n"
            "cache-control: no-store\r\nx-content-type-options: nosniff\r\nconnection: close\r\n\r\n"
        )
        self.transport.write(head.encode() + body)
        self.transport.close()

    def _count(self, size_bytes: int) -> None:
        self._head_bytes += size_bytes
        if self._head_bytes > HEAD_MAX_BYTES or self._head_count > HEADERS_MAX_COUNT:
            raise HeadTooLargeError

    def _wait_for_head(self) -> None:
        self._deadline = self.loop.call_later(HEAD_LIMIT_S, self.timeout_keep_alive_handler)

    def _stop_waiting(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None
