"""Worlds whose view is in Cassandra, where processes die, and requests are lost or delayed, between any two writes."""

import asyncio
import tempfile
from collections.abc import Awaitable, Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, Phase, settings

from projectors.projection import Projection
from projectors.step import Step
from stores.cassandra.session import Row
from stores.ports.crash import Crash
from stores.ports.errors import UnavailableError
from stores.ports.view import View
from tests.distributed.cassandra import Keyspace, Kind, RestampingCassandra, Tables
from tests.property.subjects import SUBJECTS, Subject
from tests.property.worlds import DiedError, World

FEW = settings(
    max_examples=15,
    phases=(Phase.generate,),  # to shrink what fails takes longer here than anybody waits
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)

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

    def arm(self, trouble: Trouble, countdown: int) -> None:
        """The request after so many others gets into trouble, if there is one."""
        self._trouble, self._countdown = trouble, countdown

    def disarm(self) -> None:
        self._trouble = None

    @property
    def had_trouble(self) -> bool:
        """Since it was armed."""
        return self._trouble is None

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


@dataclass
class Writer:
    """One more process that writes the view."""

    world: World
    client: TroubledCassandra
    step: Step[Any]

    def freeze(self, request_count: int, until: Callable[[], Awaitable[object]]) -> None:
        """After so many requests it will stand still for as long as the other takes."""
        self.client.arm(delayed_until(until), request_count)

    async def deliver(self, where: int, count: int) -> None:
        """What comes next in one of the partitions that are not at their end, if there are any."""
        stands = {at: position.offset for at, position in (await self.world.view.positions()).items()}
        ends = await self.world.log.ends(self.step.projection.topics)
        behind = [partition for partition, end in ends.items() if stands.get(partition, -1) < end]
        if behind:
            partition = behind[where % len(behind)]
            await self.step.apply(await self.world.entries(partition, stands.get(partition, -1) + 1, count))

    async def drain(self) -> None:
        while await self.step.catch_up():
            pass


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
        self.client.disarm()

    async def catch_up_while_away(self, a: int, b: int) -> None:
        self.client.arm(LOSSES[a % 2], a // 2 * 8 + b)
        await self.step.catch_up()
        self.client.disarm()

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


@contextmanager
def world_in(keyspace: Keyspace, kind: Kind, partition_count: int) -> Iterator[CassandraWorld]:
    with tempfile.TemporaryDirectory() as folder:
        projection = subject_of(kind).projection
        with closing(CassandraWorld(Path(folder), projection, kind, keyspace, partition_count)) as world:
            yield world


def subject_of(kind: Kind) -> Subject:
    return next(subject for subject in SUBJECTS if subject.projection.name == kind.PROJECTION)
