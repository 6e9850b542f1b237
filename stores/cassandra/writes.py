"""Writes that go to Cassandra together. Each is of one partition, and is all there or not at all; those of one request are not one
write. Its coordinator passes on what it does not hold itself.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from cassandra.query import BatchStatement, BatchType, BoundStatement

from stores.ports.errors import StoreError, UnavailableError
from stores.ports.sharing import Asked, Limits, Shared

REQUESTS_COUNT = 32
"""Under way at a time."""
PARTITIONS_COUNT = 10
BYTES_COUNT = 4_096
"""In one request, unless a single write is larger. Beyond these Cassandra warns."""

Write = Sequence[BoundStatement]


class Writes:
    """`send` sends a statement or a batch, and raises StoreError. Used in one event loop."""

    def __init__(self, send: Callable[[Any], Awaitable[object]]) -> None:
        self._send = send
        limits = Limits(REQUESTS_COUNT, PARTITIONS_COUNT, BYTES_COUNT)
        self._shared: Shared[Write, None] = Shared(limits, self._request)

    def write(self, statements: Write) -> "asyncio.Future[None]":
        """Statements for one partition. Where the future fails, it may have happened."""
        return self._shared.ask(statements, sum(map(_bytes_count, statements)))

    async def _request(self, writes: Sequence[Asked[Write, None]]) -> None:
        """What Cassandra refuses is tried again one by one: it may be the fault of only one of them."""
        error = await self._failure([statement for write in writes for statement in write.what])
        for write in writes:
            is_refused = error is not None and not isinstance(error, UnavailableError)
            failure = await self._failure(write.what) if is_refused and len(writes) > 1 else error
            if failure is None:
                write.answer(None)
            else:
                write.fail(failure)

    async def _failure(self, statements: Write) -> StoreError | None:
        try:
            await self._send(_request(statements))
        except StoreError as error:
            return error
        return None


def _request(statements: Write) -> Any:
    if len(statements) == 1:
        return statements[0]
    batch = BatchStatement(BatchType.UNLOGGED)
    for statement in statements:
        batch.add(statement)
    batch.is_idempotent = True
    return batch


def _bytes_count(statement: BoundStatement) -> int:
    return sum(len(value) for value in statement.values if isinstance(value, bytes))
