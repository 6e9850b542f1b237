"""The reactors of a distributed system: one process that acts on what was appended, from the partitions that it was given, and does
what has to be done now and then. Any number of them share in the partitions.
"""

import asyncio
import tempfile
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import structlog

from events.ids import Ids, system_clock
from producers.reactors.reactor import Runner
from replay.operations import append_noted
from runtime.background import Background
from runtime.cluster import Cluster, connected, patiently
from runtime.distributed import reading_of, stores_of
from runtime.live import LiveViews
from runtime.metrics import Listen, shown
from runtime.settings import Settings
from runtime.system import make_registrations, make_runners
from runtime.upkeep import IDLE_S, REFRESH_S, REGISTRATIONS_S, forget_idle
from stores.cassandra.presence import Presence
from stores.kafka.share import KafkaShare
from stores.pillow.pictures import PillowPictures
from stores.ports.crash import Crash, survive
from stores.ports.log import Partition

_NOTED_S = 10.0
_logger = structlog.get_logger(__name__)


async def react(
    settings: Settings,
    crash: Crash = survive,
    metrics_at: Listen | None = None,
) -> None:
    """Until it is cancelled. Raises what has broken it."""
    cluster = await patiently("Cassandra", partial(connected, settings, crash))
    presence = await patiently("presence", partial(Presence.enter, cluster.cassandra))
    try:
        with tempfile.TemporaryDirectory(prefix="photolog-") as work, shown(metrics_at):
            await _react(cluster, presence, Path(work))
    finally:
        await presence.leave()
        await cluster.close()


async def _react(cluster: Cluster, presence: Presence, work: Path) -> None:
    live = LiveViews(cluster.registry, cluster.view)
    await patiently("registry", live.refresh)
    stores, reading = await patiently("secrets", partial(stores_of, cluster)), reading_of(live)
    ids, pictures = Ids(presence.shard, system_clock), PillowPictures()
    presence.on_move(ids.move)
    broken: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def fail(error: BaseException) -> None:
        if not broken.done():
            broken.set_exception(error)

    async def idle() -> None:
        await forget_idle(cluster.registry, cluster.view, cluster.settings.idle_days, system_clock)

    async def noted() -> None:
        """What a command could not append that an operator gave."""
        await append_noted(cluster.registry, cluster.log)

    registrations = make_registrations(stores, reading, ids, system_clock)
    shared = Shared(make_runners(stores, reading, pictures, work, ids, system_clock), fail)
    background = Background(fail)
    upkeep = (
        (live.refresh, REFRESH_S),
        (registrations.complete, REGISTRATIONS_S),
        (idle, IDLE_S),
        (noted, _NOTED_S),
    )
    background.start((), upkeep)
    background.once(presence.hold())
    background.once(shared.run(cluster.settings))
    try:
        await broken
    finally:
        await background.stop()
        await pictures.close()


class Shared:
    """The reactors on those partitions that this process was given. When these change, everything is begun anew from where the
    reactors stand: what they do may be broken off, and is repeatable.
    """

    def __init__(self, runners: Sequence[Runner], failed: Callable[[BaseException], None]) -> None:
        self._runners = runners
        self._failed = failed
        self._running: Background | None = None

    async def run(self, settings: Settings) -> None:
        topics = sorted({topic for runner in self._runners for topic in runner.topics})
        share = KafkaShare(settings.kafka, settings.namespace, "reactors", topics)
        await patiently("group", partial(share.run, self._hold))

    async def _hold(self, partitions: frozenset[Partition]) -> None:
        if self._running is not None:
            await self._running.stop()
        self._running = Background(self._failed)
        if partitions:
            _logger.info("given", projection="reactors", partitions_count=len(partitions))
            for runner in self._runners:
                self._running.once(runner.run(partitions))
