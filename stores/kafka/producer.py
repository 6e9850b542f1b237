"""One life of an idempotent producer: from its start to the first thing that goes wrong with it.

aiokafka's producer never gives up a message and never mends its sequence: after a failed batch a partition refuses everything, and
what was not acknowledged is sent again for ever. So a life ends at the first failure, and at a deadline, and whoever appends begins
a new one. When that is due is not decided here.
"""

import asyncio
from collections import defaultdict
from collections.abc import Sequence

from aiokafka import AIOKafkaProducer
from aiokafka.errors import ProducerClosed
from aiokafka.partitioner import DefaultPartitioner
from aiokafka.structs import TopicPartition

from stores.kafka.connection import given_up
from stores.kafka.envelope import Message

BATCH_BYTES = 1_000_000
"""Most that is sent to one partition at a time, before compression. Less than a topic's `max.message.bytes`."""


class Producer:
    """Made and used in one event loop. All errors but those that are named are aiokafka's."""

    def __init__(self, bootstrap: str, request_timeout_ms: int) -> None:
        self._producer = AIOKafkaProducer(
            bootstrap_servers=bootstrap,
            client_id="photolog",
            enable_idempotence=True,
            acks="all",
            linger_ms=0,
            compression_type="lz4",
            max_batch_size=BATCH_BYTES,
            max_request_size=BATCH_BYTES,
            request_timeout_ms=request_timeout_ms,
        )
        self._starting = asyncio.create_task(self._producer.start())
        self._underway: dict[TopicPartition, dict[asyncio.Future[object], int]] = defaultdict(dict)

    async def place(self, topic: str, key: bytes) -> TopicPartition:
        """Where every producer in any language that hashes with murmur2 puts this key."""
        await self._started()
        numbers = await self._producer.partitions_for(topic)
        return TopicPartition(topic, DefaultPartitioner()(key, sorted(numbers), []))

    async def send(self, place: TopicPartition, messages: Sequence[Message]) -> int:
        """The offset of the last, once all replicas in sync have all of them; negative when the broker knows it no more.

        Up to BATCH_BYTES lie side by side: they get into one batch, since nothing else runs while they are handed over and there is
        room for as much as is underway. More is several batches in order; the sequence sees to it that no later one is without
        the earlier.
        """
        underway, size_bytes = self._underway[place], sum(message.size_bytes for message in messages)
        while underway and sum(underway.values()) + size_bytes > BATCH_BYTES:
            await asyncio.wait(underway, return_when=asyncio.FIRST_COMPLETED)
        sent = [
            await self._producer.send(
                place.topic, message.value, message.key, place.partition, headers=message.headers
            )
            for message in messages
        ]
        for future in sent:
            future.add_done_callback(_seen)
        last = sent[-1]
        underway[last] = size_bytes
        last.add_done_callback(underway.pop)
        await asyncio.wait([last])  # whoever gives up waiting unsends nothing
        return int(last.result().offset)

    async def flush(self) -> None:
        await self._started()
        await self._producer.flush()

    async def _started(self) -> None:
        """Raises ProducerClosed when it was ended before: who waits for it is not who is cancelled then."""
        if not self._starting.done():
            await asyncio.wait([self._starting])
        if self._starting.cancelled():
            raise ProducerClosed
        self._starting.result()

    async def end(self) -> None:
        """Send nothing more; whoever waits is told ProducerClosed. Takes a few request time-outs at most.

        aiokafka's own `stop` goes on until everything is delivered, and nothing public gives up.
        """
        await _cancelled(self._starting)
        if (sender := self._producer._sender.sender_task) is not None:
            await _cancelled(sender)
        self._producer._closed = True
        await given_up(self._producer.client)
        for future in [future for underway in self._underway.values() for future in underway]:
            if not future.done():
                future.set_exception(ProducerClosed())


def _seen(future: asyncio.Future[object]) -> None:
    """Whatever became of it: nobody may be waiting any more."""
    if not future.cancelled():
        future.exception()


async def _cancelled(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
