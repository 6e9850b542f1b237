"""The distributed system in which replays are measured, and each view by itself, which is their limit."""

import asyncio
import tempfile
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Sequence
from contextlib import asynccontextmanager, closing, contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from redis import Redis

from bench.distributed import seed
from bench.distributed.all import stack
from bench.distributed.bare_writes import ENTRIES_ARE, ROWS_ARE, entries_per_second, rows_per_second
from bench.distributed.system import System
from bench.ground import NAMES, READERS_COUNT, Bare, Ground, Limit, reads
from bench.past import Past
from projectors.catalogue import BY_NAME
from projectors.step import ALONE_BATCH_COUNT, Step
from runtime.beside import Beside
from runtime.cluster_place import ClusterPlace
from stores.cassandra.session import Statement
from stores.cassandra.view import CassandraView
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
                    limit=partial(_limit, system),
                    aims=_AIMS,
                    erase=system.empty_redis,
                )
        finally:
            system.wipe()


@asynccontextmanager
async def _beside(system: System) -> AsyncIterator[Beside]:
    async with system.connected() as cluster:
        yield Beside(ClusterPlace(cluster))


def _limit(system: System, name: str) -> Limit:
    events_per_second, rows_per_event = asyncio.run(_alone(system, name))
    bare = _of_redis(system) if _AIMS[name] is _REDIS else _of_cassandra(system, rows_per_event)
    return Limit(events_per_second, f"the view by itself, batches of {ALONE_BATCH_COUNT:,}", bare)


def _of_redis(system: System) -> Bare:
    with closing(Redis.from_url(system.redis_url)) as redis:
        return Bare(entries_per_second(redis), ENTRIES_ARE, "events/s", 1)


def _of_cassandra(system: System, rows_per_event: float) -> Bare:
    with system.session() as session:
        return Bare(rows_per_second(session), ROWS_ARE, "rows/s", rows_per_event)


async def _alone(system: System, name: str) -> tuple[float, float]:
    """Events per second of the time in which the view's store takes what is on the log; reading and folding it does not count. And
    rows per event, 0 where there are none.
    """
    async with system.connected() as cluster:
        place = ClusterPlace(cluster)
        await place.prepare(name, _ALONE_GENERATION)
        view = cluster.unserved(name, _ALONE_GENERATION)
        rows_count = _counting(view) if isinstance(view, CassandraView) else lambda: 0
        step: Step[Any] = Step(
            BY_NAME[name], view, cluster.log, cluster.keys, batch_count=ALONE_BATCH_COUNT, together=at_once
        )
        while step.tally.events_count < _ALONE_COUNT and await step.catch_up():
            pass
        await view.drop()
    events_count = step.tally.events_count
    return events_count / step.tally.writes.sum_s, rows_count() / events_count


def _counting(view: CassandraView[Any]) -> Callable[[], int]:
    """How many statements the view has written since."""
    write, count = view._batches, 0

    async def counting(batches: Iterable[Sequence[Statement]]) -> None:
        nonlocal count
        some = list(batches)
        count += sum(map(len, some))
        await write(some)

    view._batches = counting  # type: ignore[method-assign]
    return lambda: count
