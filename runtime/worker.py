"""A worker: one process that feeds the generations of one projection from the partitions that it was given. Any number of them
share in a projection's partitions.
"""

import asyncio
from collections.abc import Collection, Mapping
from functools import partial
from typing import Any

import structlog

from projectors.catalogue import BY_NAME
from projectors.engines.faust import FaustEngine
from projectors.engines.lanes import Lane, Lanes
from projectors.engines.progress import GenerationKey
from projectors.projection import Projection
from projectors.step import ALONE_BATCH_COUNT, Step
from runtime.background import Background
from runtime.cluster import Cluster, connected, patiently
from runtime.due import Due
from runtime.metrics import Listen, StepsCollector, shown
from runtime.settings import Settings
from runtime.upkeep import REFRESH_S
from stores.kafka.envelope import record_of
from stores.kafka.names import logical, physical
from stores.ports.crash import Crash, survive
from stores.ports.log import Entry, Partition
from stores.ports.registry import FED, Generation
from stores.ports.together import at_once

_logger = structlog.get_logger(__name__)


class Worker:
    """`run` ends when something is broken without which the projection is not served; who started the process starts it again."""

    def __init__(self, cluster: Cluster, projection: Projection[Any]) -> None:
        settings = cluster.settings
        self._cluster, self._projection = cluster, projection
        self._namespace = settings.namespace
        self._fed: dict[GenerationKey, Generation] = {}
        self._due = Due({projection.name: projection})
        self._lanes = Lanes(self._lane_failed)
        self._engine = FaustEngine(
            settings.kafka,
            group_of(settings.namespace, projection),
            [physical(self._namespace, topic) for topic in projection.topics],
            self._entry,
            self._lanes.deliver,
            self._on_assigned,
        )
        self._background = Background(self._fail)
        self._broken: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    async def run(self) -> None:
        """Until it is cancelled. Raises what has broken it."""
        await self._refresh()
        self._background.start((), ((self._refresh, REFRESH_S),))
        self._background.once(self._engine.run())
        try:
            await self._broken
        finally:
            await self._background.stop()
            await self._lanes.stop()

    def steps(self) -> Mapping[GenerationKey, Step[Any]]:
        """Of the generations that are fed now. Callable from any thread."""
        return self._lanes.steps()

    def _entry(self, message: Any) -> Entry:
        topic = logical(self._namespace, message.topic)
        record = record_of(topic, message.key, message.value, message.headers)
        return Entry((topic, message.partition), message.offset, record)

    def _on_assigned(self) -> None:
        _logger.info("given", projection=self._projection.name, partitions_count=len(self._owned()))
        self._lanes.wake()

    def _owned(self) -> Collection[Partition]:
        return {(logical(self._namespace, topic), number) for topic, number in self._engine.owned()}

    async def _refresh(self) -> None:
        """Follow the registry. Where a rebuild is due, the workers of the release that made the live generation go on feeding it
        until one of ours has taken its place.
        """
        generations = await self._cluster.registry.generations()
        registered = {(g.projection, g.number): g for g in generations if self._is_fed(g)}
        for key, generation in registered.items():
            if key not in self._fed:
                self._feed(generation)
        for key in self._fed.keys() - registered.keys():
            await self._lanes.leave(key)
        self._fed = registered
        self._due.see(generations)

    def _feed(self, generation: Generation) -> None:
        view = self._cluster.view(generation.projection, generation.number)
        cluster = self._cluster
        step = Step(
            self._projection,
            view,
            cluster.log,
            cluster.keys,
            cluster.crash,
            batch_count=ALONE_BATCH_COUNT,
            together=at_once,
        )
        self._lanes.feed(Lane((generation.projection, generation.number), step, self._owned))
        _logger.info("feeding", projection=generation.projection, generation=generation.number)

    def _is_fed(self, generation: Generation) -> bool:
        if generation.projection != self._projection.name:
            return False
        return generation.version == self._projection.version and generation.state in FED

    def _lane_failed(self, generation: GenerationKey, error: BaseException) -> None:
        self._background.once(self._judge(generation, error))

    async def _judge(self, generation: GenerationKey, error: BaseException) -> None:
        """One that is not live is set aside, the others go on."""
        await patiently("registry", partial(self._cluster.registry.mark, *generation, "broken"))
        live = [
            (g.projection, g.number) for g in await self._cluster.registry.generations() if g.state == "live"
        ]
        if generation in live:
            self._fail(error)

    def _fail(self, error: BaseException) -> None:
        if not self._broken.done():
            self._broken.set_exception(error)


def group_of(namespace: str, projection: Projection[Any]) -> str:
    """Workers of two releases share in partitions only while both fold alike."""
    return f"{namespace}.{projection.name}.v{projection.version}"


async def work(
    settings: Settings, projection: str, crash: Crash = survive, metrics_at: Listen | None = None
) -> None:
    """Until it is cancelled. Raises what has broken the worker."""
    cluster = await patiently("Cassandra", partial(connected, settings, crash))
    try:
        worker = Worker(cluster, BY_NAME[projection])
        with shown(metrics_at, StepsCollector(worker.steps)):
            await worker.run()
    finally:
        await cluster.close()
