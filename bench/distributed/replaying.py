"""The distributed system in which replays are measured, and each view by itself, which is their limit."""

import asyncio
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from bench.distributed import seed
from bench.distributed.all import stack
from bench.distributed.system import System
from bench.ground import NAMES, READERS_COUNT, Ground, reads
from bench.past import Past
from projectors.catalogue import BY_NAME
from projectors.step import ALONE_BATCH_COUNT, Step
from runtime.beside import Beside
from runtime.cluster_place import ClusterPlace
from stores.ports.together import at_once

_FED = tuple(dict.fromkeys((*seed.READ, *NAMES)))
_ALONE_GENERATION = 999
"""That no worker knows."""
_ALONE_COUNT = 500_000
"""Not more events of a longer past."""
_REDIS, _CASSANDRA = "50,000/s into Redis", "25,000 rows/s into Cassandra"
_AIMS = {"likes": _CASSANDRA, "timelines": _CASSANDRA, "feeds": _REDIS, "search": _REDIS}


@contextmanager
def ground(services: Path | None, past: Past, tell: Callable[[str], None]) -> Iterator[Ground]:
    """`tell` is told what is being done."""
    tell("starting servers")
    with (
        tempfile.TemporaryDirectory(prefix="photolog-bench-") as folder,
        stack(services, folder) as running,
    ):
        system = System(running, Path(folder))
        system.prepare()
        try:
            tell("writing the past")
            asyncio.run(seed.write(system, past))
            seed.sign_in(system, past.people[:READERS_COUNT])
            with system.serving() as server, system.working(*_FED):
                yield Ground(
                    settings=system.environment,
                    folder=system.folder,
                    beside=partial(_beside, system),
                    fed=_FED,
                    port=server.port,
                    reads=partial(reads, seed.TOKENS, past),
                    limit=lambda name: asyncio.run(_alone(system, name)),
                    limit_is=f"the view by itself, batches of {ALONE_BATCH_COUNT:,}",
                    aims=_AIMS,
                    erase=system.empty_redis,
                )
        finally:
            system.wipe()


@asynccontextmanager
async def _beside(system: System) -> AsyncIterator[Beside]:
    async with system.connected() as cluster:
        yield Beside(ClusterPlace(cluster))


async def _alone(system: System, name: str) -> float:
    """Events per second of the time in which the view's store takes the same events; reading and folding them does not count."""
    async with system.connected() as cluster:
        place = ClusterPlace(cluster)
        await place.prepare(name, _ALONE_GENERATION)
        view = cluster.unserved(name, _ALONE_GENERATION)
        step: Step[Any] = Step(
            BY_NAME[name], view, cluster.log, cluster.keys, batch_count=ALONE_BATCH_COUNT, together=at_once
        )
        while step.tally.events_count < _ALONE_COUNT and await step.catch_up():
            pass
        await view.drop()
    return step.tally.events_count / step.tally.writes.sum_s
