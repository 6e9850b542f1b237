"""Writes that go to Cassandra together: what waits while other requests are under way is sent in one, as far as it fits.

Each write is of one partition, and is all there or not at all. Those of one request have nothing else in common, and are not one
write: a request costs far more than what is in it. Its coordinator passes on what it does not hold itself.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from cassandra.query import BatchStatement, BatchType, BoundStatement

from stores.ports.errors import StoreError, UnavailableError

REQUESTS_COUNT = 32
"""Under way at a time."""
PARTITIONS_COUNT = 10
BYTES_COUNT = 4_096
"""In one request, unless a single write is larger. Beyond these Cassandra warns."""


@dataclass(slots=True)
class _Write:
    statements: Sequence[BoundStatement]
    bytes_count: int
    landed: "asyncio.Future[None]"

    def end(self, error: BaseException | None) -> None:
        if self.landed.done():  # its caller has gone away
            return
        if error is None:
            self.landed.set_result(None)
        else:
            self.landed.set_exception(error)


class Writes:
    """`send` sends a statement or a batch, and raises StoreError. Used in one event loop."""

    def __init__(self, send: Callable[[Any], Awaitable[object]]) -> None:
        self._send = send
        self._waiting: deque[_Write] = deque()
        self._requests: set[asyncio.Task[None]] = set()

    def write(self, statements: Sequence[BoundStatement]) -> "asyncio.Future[None]":
        """Statements for one partition. Where the future fails, it may have happened."""
        loop = asyncio.get_running_loop()
        if not self._waiting:
            loop.call_soon(self._begin)  # when everybody who writes now has said so
        write = _Write(statements, sum(map(_bytes_count, statements)), loop.create_future())
        self._waiting.append(write)
        return write.landed

    def _begin(self) -> None:
        while self._waiting and len(self._requests) < REQUESTS_COUNT:
            if not (writes := self._together()):
                break
            request = asyncio.ensure_future(self._request(writes))
            self._requests.add(request)
            request.add_done_callback(partial(self._ended, writes))

    def _ended(self, writes: Sequence[_Write], request: "asyncio.Task[None]") -> None:
        self._requests.discard(request)
        for write in writes:  # of which it has not said how they ended
            write.end(asyncio.CancelledError() if request.cancelled() else request.exception())
        self._begin()

    def _together(self) -> list[_Write]:
        """Of those that wait, as many as fit. Whose caller has gone away is not sent any more."""
        some: list[_Write] = []
        left = BYTES_COUNT
        while self._waiting and len(some) < PARTITIONS_COUNT:
            write = self._waiting[0]
            if not write.landed.done():
                left -= write.bytes_count
                if some and left < 0:
                    break
                some.append(write)
            self._waiting.popleft()
        return some

    async def _request(self, writes: Sequence[_Write]) -> None:
        """What Cassandra refuses is tried again one by one: it may be the fault of only one of them."""
        error = await self._failure([s for write in writes for s in write.statements])
        for write in writes:
            if error is None or isinstance(error, UnavailableError) or len(writes) == 1:
                write.end(error)
            else:
                write.end(await self._failure(write.statements))

    async def _failure(self, statements: Sequence[BoundStatement]) -> StoreError | None:
        try:
            await self._send(_request(statements))
        except StoreError as error:
            return error
        return None


def _request(statements: Sequence[BoundStatement]) -> Any:
    if len(statements) == 1:
        return statements[0]
    batch = BatchStatement(BatchType.UNLOGGED)
    for statement in statements:
        batch.add(statement)
    batch.is_idempotent = True
    return batch


def _bytes_count(statement: BoundStatement) -> int:
    return sum(len(value) for value in statement.values if isinstance(value, bytes))
