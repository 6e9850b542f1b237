"""Requests that are shared: what is asked for in one turn of the event loop, or while enough are under way, is sent together.

A request costs far more than what is in it. Whoever asks is answered for itself; nothing else is common to those of one request.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Generic, TypeVar

Q = TypeVar("Q")
A = TypeVar("A")


@dataclass(slots=True)
class Asked(Generic[Q, A]):
    what: Q
    weight: int
    answered: "asyncio.Future[A]"

    def answer(self, found: A) -> None:
        if not self.answered.done():  # else its caller has gone away
            self.answered.set_result(found)

    def fail(self, error: BaseException) -> None:
        if not self.answered.done():
            self.answered.set_exception(error)


@dataclass(frozen=True, slots=True)
class Limits:
    """`requests_count` are under way at a time. One is shared by so many, of so much weight, unless a single one is heavier."""

    requests_count: int
    shared_count: int
    weight: int


class Shared(Generic[Q, A]):
    """`send` answers each that it is given, or raises what has become of all of them. Used in one event loop."""

    def __init__(self, limits: Limits, send: Callable[[Sequence[Asked[Q, A]]], Awaitable[None]]) -> None:
        self._limits, self._send = limits, send
        self._waiting: deque[Asked[Q, A]] = deque()
        self._requests: set[asyncio.Future[None]] = set()

    def ask(self, what: Q, weight: int) -> "asyncio.Future[A]":
        """Where the future fails, what was asked for may have happened."""
        loop = asyncio.get_running_loop()
        if not self._waiting:
            loop.call_soon(self._begin)  # when everybody who asks now has said so
        asked: Asked[Q, A] = Asked(what, weight, loop.create_future())
        self._waiting.append(asked)
        return asked.answered

    def _begin(self) -> None:
        while self._waiting and len(self._requests) < self._limits.requests_count:
            if not (some := self._together()):
                break
            request = asyncio.ensure_future(self._send(some))
            self._requests.add(request)
            request.add_done_callback(partial(self._ended, some))

    def _ended(self, some: Sequence[Asked[Q, A]], request: "asyncio.Future[None]") -> None:
        self._requests.discard(request)
        error = asyncio.CancelledError() if request.cancelled() else request.exception()
        if error is not None:
            for asked in some:
                asked.fail(error)
        self._begin()

    def _together(self) -> list[Asked[Q, A]]:
        """Of those that wait, as many as fit. Whose caller has gone away is not sent any more."""
        some: list[Asked[Q, A]] = []
        left = self._limits.weight
        while self._waiting and len(some) < self._limits.shared_count:
            asked = self._waiting[0]
            if not asked.answered.done():
                left -= asked.weight
                if some and left < 0:
                    break
                some.append(asked)
            self._waiting.popleft()
        return some
