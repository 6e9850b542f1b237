"""Much appended to the log at once, and how long a worker takes for it."""

import asyncio
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from time import perf_counter

from aiokafka.partitioner import DefaultPartitioner

from bench.batches import in_batches
from bench.distributed.system import PARTITIONS_COUNT, caught_up
from bench.distributed.worker import Spent, Worker
from bench.measured import Measured
from events import codec
from events.codec import Record
from events.envelope import Envelope
from runtime.cluster import Cluster

_AT_ONCE_COUNT = 2_000
_PARTITIONS = range(PARTITIONS_COUNT)


@dataclass(frozen=True, slots=True)
class Burst:
    """What it took a worker to apply events that were all there when it began."""

    events_count: int
    seconds: float
    spent: Spent

    @property
    def per_second(self) -> float:
        return self.events_count / self.seconds


async def burst(cluster: Cluster, worker: Worker, events: Sequence[Envelope]) -> Burst:
    """The worker stands at the end of its topics, and still until the events are on the log: whoever appends takes no part."""
    records = await encoded(cluster, events)
    await caught_up(cluster, worker.name)
    before = await asyncio.to_thread(worker.spent)
    with worker.held_still():
        await append(cluster, records)
    began = perf_counter()
    await caught_up(cluster, worker.name)
    seconds = perf_counter() - began
    return Burst(len(events), seconds, (await asyncio.to_thread(worker.spent)).since(before))


def shares(what: str, bursts: Sequence[Burst]) -> list[Measured]:
    """Where the worker's time went. Both may be more than the whole: it computes while a store is at work."""
    return [
        Measured(
            f"{what}: in the store", "% of the time", [100 * b.spent.in_store_s / b.seconds for b in bursts]
        ),
        Measured(
            f"{what}: on a processor",
            "% of the time",
            [100 * b.spent.on_processor_s / b.seconds for b in bursts],
        ),
    ]


async def encoded(cluster: Cluster, events: Sequence[Envelope]) -> list[Record]:
    subjects = {event.subject_id for event in events if event.personal}
    keys = await cluster.keys.get(subjects)
    sealing = {user_id: key for user_id, key in keys.items() if isinstance(key, bytes)}
    return [codec.encode(event, sealing.get(event.subject_id)) for event in events]


async def append(cluster: Cluster, records: Iterable[Record]) -> None:
    """Those of one partition in their order; partitions side by side, so that each gets one batch at a time."""
    for some in in_batches(records, _AT_ONCE_COUNT):
        by_partition: dict[tuple[str, int], list[Record]] = defaultdict(list)
        for record in some:
            number = DefaultPartitioner()(record.key.encode(), _PARTITIONS, ())
            by_partition[record.topic, number].append(record)
        await asyncio.gather(*map(cluster.log.append, by_partition.values()))
