"""The log as anybody reads it, with a plain consumer and nothing of ours but the names of the topics."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiokafka import AIOKafkaConsumer
from aiokafka.structs import ConsumerRecord

from events.topics import TOPICS
from runtime.settings import Settings
from stores.kafka.names import logical, physical
from tests.e2e.aftermath import Offset, Told

_AT_ONCE_MS = 1_000


async def check_bare(settings: Settings, found: Told) -> None:
    """Each offset is there once, with the same key, value and id; what is unreadable to us has nothing but a place."""
    messages = await _messages(settings.kafka, [physical(settings.namespace, topic) for topic in TOPICS])
    places = [((logical(settings.namespace, each.topic), each.partition), each.offset) for each in messages]
    assert len(set(places)) == len(places)
    ours = {(entry.partition, entry.offset): entry.record for entry in found.entries}
    assert set(places) == ours.keys(), set(places) ^ ours.keys()
    assert _last(places) == {at: end for at, end in found.ends.items() if end >= 0}
    unreadable = {(entry.partition, entry.offset) for entry in found.unreadable}
    said = {
        place: (message.key, message.value, dict(message.headers)["ce_id"])
        for place, message in zip(places, messages, strict=True)
        if place not in unreadable
    }
    assert said == {at: (ours[at].key.encode(), ours[at].value, b"%d" % ours[at].id) for at in said}
    assert said.keys() == found.at.keys()


def _last(places: list[Offset]) -> dict[tuple[str, int], int]:
    return dict(sorted(places))


async def _messages(bootstrap: str, topics: list[str]) -> list[ConsumerRecord]:
    """Everything, from the first offset to where the topics end now."""
    found: list[ConsumerRecord] = []
    async with _consuming(bootstrap, topics) as consumer:
        ends = await consumer.end_offsets(consumer.assignment())
        while any([await consumer.position(place) < end for place, end in ends.items()]):
            for records in (await consumer.getmany(timeout_ms=_AT_ONCE_MS)).values():
                found += records
    return found


@asynccontextmanager
async def _consuming(bootstrap: str, topics: list[str]) -> AsyncIterator[AIOKafkaConsumer]:
    """Without a group it is given every partition."""
    consumer = AIOKafkaConsumer(
        *topics, bootstrap_servers=bootstrap, auto_offset_reset="earliest", enable_auto_commit=False
    )
    await consumer.start()
    try:
        yield consumer
    finally:
        await consumer.stop()
