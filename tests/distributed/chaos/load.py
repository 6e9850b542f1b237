"""Clients that go on writing whatever happens to the system, as fast as people do, and wait when they are told to."""

import asyncio
from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import asynccontextmanager, suppress
from random import Random

import httpx2

from runtime.beside import Place
from stores.ports.errors import UnavailableError
from stores.ports.log import Partition
from tests.distributed.chaos.system import System
from tests.distributed.chaos.waiting import eventually, lasting
from tests.e2e.aftermath import live
from tests.e2e.clients import Client

RECOVERY_S = 90
"""Within this time after a fault everybody is served again and every view has caught up, without anybody's doing."""
_AFTERWARDS_COUNT = 2
"""Writes of each client that have to be acknowledged after the last fault."""
_LONGEST_THOUGHT_S = 0.5
_WATCHED_EVERY_S = 0.25


class Load:
    def __init__(self, system: System, clients: Sequence[Client], random: Random) -> None:
        self._system, self._clients, self._random = system, clients, random
        self._over = asyncio.Event()

    async def acknowledged(self, count: int) -> None:
        """Returns when so many more writes are acknowledged."""
        goal = self._count() + count

        async def is_there() -> bool:
            return self._count() >= goal

        await eventually(lambda: f"{count} writes", RECOVERY_S, is_there)

    async def everybody_writes(self) -> None:
        """Returns when each client has had more writes acknowledged."""
        goals = [(client, client.acknowledged_count + _AFTERWARDS_COUNT) for client in self._clients]

        def missing() -> list[str]:
            return [client.name for client, goal in goals if client.acknowledged_count < goal]

        async def are_there() -> bool:
            return not missing()

        await eventually(lambda: f"{missing()} write again", RECOVERY_S, are_there)

    def end(self) -> None:
        self._over.set()

    async def write(self, client: Client, http: httpx2.AsyncClient) -> None:
        while not self._over.is_set():
            http.base_url = httpx2.URL(self._system.server.url)
            with suppress(httpx2.TransportError):  # then it is not known whether it was written
                await client.write(http)
            await lasting(self._random.random() * _LONGEST_THOUGHT_S)

    async def tend(self) -> None:
        while not self._over.is_set():
            await asyncio.to_thread(self._system.tend)
            await lasting(_WATCHED_EVERY_S)

    async def watch(self, place: Place, exempt: Collection[str]) -> None:
        """No view's position ever moves back."""
        stood: dict[tuple[str, Partition], int] = {}
        while not self._over.is_set():
            try:
                for name, view in (await live(place)).items():
                    if name not in exempt:
                        _check(name, {at: p.offset for at, p in (await view.positions()).items()}, stood)
            except UnavailableError:
                pass
            await lasting(_WATCHED_EVERY_S)

    def _count(self) -> int:
        return sum(client.acknowledged_count for client in self._clients)


def _check(name: str, stands: dict[Partition, int], stood: dict[tuple[str, Partition], int]) -> None:
    for partition, offset in stands.items():
        assert offset >= stood.get((name, partition), -1), (name, partition)
        stood[name, partition] = offset


@asynccontextmanager
async def under_load(
    system: System, place: Place, clients: Sequence[Client], random: Random, exempt: Collection[str] = ()
) -> AsyncIterator[Load]:
    """Ends when everybody has written again after what was done. The positions of exempt views may move back."""
    load = Load(system, clients, random)
    async with httpx2.AsyncClient(timeout=30) as http, asyncio.TaskGroup() as group:
        for client in clients:
            group.create_task(load.write(client, http))
        group.create_task(load.tend())
        group.create_task(load.watch(place, exempt))
        yield load
        await load.everybody_writes()
        load.end()
