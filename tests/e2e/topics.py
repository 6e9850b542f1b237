"""The topics as anybody reads them, with a plain consumer and nothing of ours but their names."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from aiokafka import AIOKafkaConsumer
from aiokafka.structs import ConsumerRecord

from events.topics import TOPICS
from stores.kafka.names import physical

_AT_ONCE_MS = 1_000


def topics_of(namespace: str) -> list[str]:
    return [physical(namespace, topic) for topic in TOPICS]


async def messages(bootstrap: str, topics: Sequence[str]) -> list[ConsumerRecord]:
    """Everything, from the first offset to where the topics end now; those of a partition in their order."""
    found: list[ConsumerRecord] = []
    async with _consuming(bootstrap, topics) as consumer:
        ends = await consumer.end_offsets(consumer.assignment())
        while any([await consumer.position(place) < end for place, end in ends.items()]):
            for records in (await consumer.getmany(timeout_ms=_AT_ONCE_MS)).values():
                found += records
    return found


@asynccontextmanager
async def _consuming(bootstrap: str, topics: Sequence[str]) -> AsyncIterator[AIOKafkaConsumer]:
    """Without a group it is given every partition."""
    consumer = AIOKafkaConsumer(
        *topics, bootstrap_servers=bootstrap, auto_offset_reset="earliest", enable_auto_commit=False
    )
    await consumer.start()
    try:
        yield consumer
    finally:
        await consumer.stop()
