"""Worlds whose view is in Cassandra, where processes die, and requests are lost or delayed, between any two writes."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from projectors.projection import Projection
from projectors.step import Step
from stores.cassandra.session import Row
from stores.ports.crash import Crash
from stores.ports.errors import UnavailableError
from stores.ports.view import View
from tests.distributed.cassandra import Keyspace, Kind, RestampingCassandra, Tables
from tests.property.worlds import DiedError, World, piece

Send = Callable[[], Awaitable[list[Row]]]
Trouble = Callable[[Send], Awaitable[list[Row]]]


class TroubledCassandra(RestampingCassandra):
    """What one process sees of Cassandra: one request after the other, so that the same happens each time, and one in trouble."""

    def __init__(self, tables: Tables, prepared: dict[str, Any]) -> None:
        super().__init__(tables, prepared)
        self._places = asyncio.Semaphore(1)
        self._trouble: Trouble | None = None
        self._countdown = 0
        self._is_dead = False

    def arm(self, trouble: Trouble | None, countdown: int) -> None:
        """The request after so many others gets into trouble, if there is one."""
        self._trouble, self._countdown = trouble, countdown

    async def die(self, _send: Send) -> list[Row]:
        """The process is no more: none of the tasks that it leaves behind sends anything."""
        self._is_dead = True
        raise DiedError

    async def _sent(self, statement: Any) -> list[Row]:
        if self._is_dead:
            raise DiedError
        send = partial(super()._sent, statement)
        if self._trouble is None:
            return await send()
        if self._countdown:
            self._countdown -= 1
            return await send()
        trouble, self._trouble = self._trouble, None
        return await trouble(send)


async def not_carried_out(_send: Send) -> list[Row]:
    raise UnavailableError("away")


async def not_answered(send: Send) -> list[Row]:
    await send()
    raise UnavailableError("away")


LOSSES: tuple[Trouble, ...] = (not_carried_out, not_answered)


def delayed_until(done: Callable[[], Awaitable[object]]) -> Trouble:
    async def trouble(send: Send) -> list[Row]:
        await done()
        return await send()

    return trouble


Piece = tuple[int, int, int]
"""What is delivered, as `piece` takes it."""


@dataclass
class Writer:
    """One more process that writes the view."""

    world: World
    client: TroubledCassandra
    step: Step[Any]

    def freeze(self, after_count: int, until: Callable[[], Awaitable[object]]) -> None:
        """It will stand still before one of its requests for as long as the other takes."""
        self.client.arm(delayed_until(until), after_count)

    async def deliver(self, what: Piece) -> None:
        await self.step.apply(await piece(self.world, *what))
        self.client.arm(None, 0)

    async def drain(self) -> None:
        while await self.step.catch_up():
            pass
        self.client.arm(None, 0)


class CassandraWorld(World):
    """`keyspace` is emptied. Each opening of the view is another process with a client of its own."""

    def __init__(
        self, folder: Path, projection: Projection[Any], kind: Kind, keyspace: Keyspace, partition_count: int
    ) -> None:
        keyspace.empty()
        self._keyspace, self._kind = keyspace, kind
        self._generations: dict[Path, int] = {}
        super().__init__(folder, projection, self._open_kept, partition_count)

    def arm(self, a: int, b: int) -> None:
        if a % 2:
            super().arm(a // 2, b)
        else:
            self.client.arm(self.client.die, a * 4 + b)

    def disarm(self) -> None:
        super().disarm()
        self.client.arm(None, 0)

    async def catch_up_while_away(self, a: int, b: int) -> None:
        self.client.arm(LOSSES[a % 2], a // 2 * 8 + b)
        await self.step.catch_up()
        self.client.arm(None, 0)

    async def join(self) -> Writer:
        view = self._open()
        writer = Writer(self, self.client, Step(self._projection, view, self.log, self.keys))
        await writer.step.open()
        return writer

    def _open_kept(self, path: Path, crash: Crash) -> View[Any]:
        if path not in self._generations:
            self._generations[path] = self._keyspace.generation(self._kind)
        self.client = TroubledCassandra(self._keyspace.tables, self._keyspace.cassandra._prepared)
        keyspace = replace(self._keyspace, cassandra=self.client)
        return keyspace.open(self._kind, self._generations[path], crash)
