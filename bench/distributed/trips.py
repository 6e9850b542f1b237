"""What one reading of a page asks of Redis and Cassandra, counted in this process: how much, and how often it has to wait."""

import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from functools import partial
from typing import Any
from unittest.mock import patch

import httpx2
from redis.asyncio.client import Pipeline
from starlette.types import ASGIApp

from bench.distributed.system import System
from bench.measured import Measured
from bench.servers import bearer
from events.ids import system_clock
from runtime.cluster import Cluster, cassandra_hosts
from runtime.distributed import Distributed, stores_of
from runtime.live import LiveViews
from stores.cassandra.presence import Presence
from stores.cassandra.session import Cassandra, Row, connect

_PAGE = "first feed page"


class Trips:
    """Questions, each with the store asked, the number of commands in it, its begin and its end."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, int, float, float]] = []

    @contextmanager
    def one(self, store: str, commands_count: int) -> Iterator[None]:
        began = time.perf_counter()
        yield
        self.asked.append((store, commands_count, began, time.perf_counter()))

    def commands_count(self, store: str) -> int:
        return sum(count for asked, count, _, _ in self.asked if asked == store)

    def waits_count(self, *stores: str) -> int:
        """The most questions of which each began when the one before had been answered."""
        count, last_end = 0, 0.0
        for _, _, began, end in sorted(
            (trip for trip in self.asked if trip[0] in stores), key=lambda trip: trip[3]
        ):
            if began >= last_end:
                count, last_end = count + 1, end
        return count


class _CountedCassandra(Cassandra):
    def __init__(self, session: Any, trips: Trips) -> None:
        super().__init__(session)
        self._trips = trips

    async def rows(self, cql: str, *values: object) -> list[Row]:
        with self._trips.one("Cassandra", 1):
            return await super().rows(cql, *values)


async def measure(system: System, tokens: Sequence[str]) -> list[Measured]:
    """One value for each token: what goes out together may by chance be answered in turn, and the median does not say that."""
    async with _counted_app(system) as (app, trips):
        transport = httpx2.ASGITransport(app=app)
        async with httpx2.AsyncClient(transport=transport, base_url="http://bench") as client:
            read = partial(client.get, "/v1/feed")
            for token in tokens:  # statements are prepared, people and sessions remembered
                (await read(headers=bearer(token))).raise_for_status()
            counted = []
            for token in tokens:
                trips.asked = []
                (await read(headers=bearer(token))).raise_for_status()
                counted.append(_snapshot(trips))
    names = (
        "Redis commands",
        "Redis round trips",
        "Cassandra queries",
        "waits for either, one after another",
    )
    aims = ("", "2", "", "2")
    return [
        Measured(f"{_PAGE}, {name}", "a page", values, aim=aim and f"at most {aim}")
        for name, aim, values in zip(names, aims, zip(*counted, strict=True), strict=True)
    ]


def _snapshot(trips: Trips) -> tuple[int, int, int, int]:
    return (
        trips.commands_count("Redis"),
        trips.waits_count("Redis"),
        trips.commands_count("Cassandra"),
        trips.waits_count("Redis", "Cassandra"),
    )


@asynccontextmanager
async def _counted_app(system: System) -> AsyncIterator[tuple[ASGIApp, Trips]]:
    trips, settings = Trips(), system.settings
    session = connect(*cassandra_hosts(settings), settings.namespace)
    cluster = Cluster(settings, _CountedCassandra(session, trips))
    live = LiveViews(cluster.registry, cluster.served)
    await live.refresh()
    presence = await Presence.enter(cluster.cassandra)
    serving = Distributed(cluster, presence, await stores_of(cluster), live, "all", system_clock)
    execute = Pipeline.execute

    async def counted(pipeline: Pipeline, *options: Any, **named: Any) -> Any:
        with trips.one("Redis", len(pipeline.command_stack)):
            return await execute(pipeline, *options, **named)

    with patch.object(Pipeline, "execute", counted):
        yield serving.app, trips
    await serving.stop()
