"""The log in Kafka: one topic of the cluster for each of ours, `acks=all`, keys spread by murmur2.

Records of one append that follow each other in one partition make one batch, up to about a megabyte: it is there as a whole or not
at all, and nobody else's records lie between. Where the partition changes, what comes before is acknowledged before the next is
sent, so that a failure leaves a prefix. So an append takes as many round trips as its partition changes; who has much to say says
it in several appends at once.
"""

import asyncio
from collections.abc import Sequence
from itertools import groupby
from operator import itemgetter

from aiokafka.errors import (
    ClusterAuthorizationFailedError,
    InvalidTimestampError,
    InvalidTopicError,
    KafkaConnectionError,
    KafkaError,
    MessageSizeTooLargeError,
    PolicyViolationError,
    RecordListTooLargeError,
    TopicAuthorizationFailedError,
)

from events.codec import Record
from stores.kafka.connection import in_background
from stores.kafka.envelope import Message, message_of
from stores.kafka.names import logical, physical
from stores.kafka.producer import BATCH_BYTES, Producer
from stores.kafka.reader import DEADLINE_S, KafkaLogReader
from stores.ports.closed import closed_as
from stores.ports.crash import Crash, survive
from stores.ports.errors import StoreError, UnavailableError
from stores.ports.log import Partition, Positions

_REFUSALS = (
    ClusterAuthorizationFailedError,
    InvalidTimestampError,
    InvalidTopicError,
    MessageSizeTooLargeError,
    PolicyViolationError,
    RecordListTooLargeError,
    TopicAuthorizationFailedError,
)
"""What a broker answers instead of writing. After anything else it may have written."""


class KafkaLog(KafkaLogReader):
    """The log of a process that appends to it, any number of which may do so. Used from one event loop; opens nothing until it is
    used, and needs `close`, which delivers what is underway for as long as the deadline.

    A producer that misses the deadline or fails in any way is discarded: everybody who waits for it gets UnavailableError, and the
    next append begins a new one. What it was sending may still arrive for as long as a request takes.
    """

    def __init__(
        self, bootstrap: str, namespace: str, deadline_s: float = DEADLINE_S, crash: Crash = survive
    ) -> None:
        super().__init__(bootstrap, namespace, deadline_s)
        self._bootstrap, self._deadline_s, self._crash = bootstrap, deadline_s, crash
        self._producer: Producer | None = None
        self._endings: set[asyncio.Task[None]] = set()

    async def append(self, records: Sequence[Record]) -> Positions:
        if not records:
            return {}
        messages = [message_of(record, self._namespace) for record in records]
        if too_long := [message.size_bytes for message in messages if message.size_bytes > BATCH_BYTES]:
            raise StoreError(f"an event of {max(too_long)} bytes is too long for the log")
        self._crash("log.before_commit")
        producer = self._living()
        try:
            async with asyncio.timeout(self._deadline_s):
                with closed_as(KafkaConnectionError):
                    positions = await self._send(producer, records, messages)
        except TimeoutError as error:
            self._discard(producer)
            raise UnavailableError("the log did not acknowledge in time") from error
        except _REFUSALS as error:
            self._discard(producer)
            raise StoreError(f"the log refuses it: {error}") from error
        except KafkaError as error:
            self._discard(producer)
            raise UnavailableError(f"the log did not acknowledge: {error}") from error
        self._crash("log.after_commit")
        return positions

    async def close(self) -> None:
        if (producer := self._producer) is not None:
            await self._flush(producer)
            self._discard(producer)
        if self._endings:
            await asyncio.wait(self._endings)
        await super().close()

    def _living(self) -> Producer:
        if self._producer is None:
            self._producer = Producer(self._bootstrap, int(self._deadline_s * 1000))
        return self._producer

    def _discard(self, producer: Producer) -> None:
        """In the background: ending takes as long as what is underway."""
        if producer is self._producer:
            self._producer = None
            in_background(producer.end(), self._endings)

    async def _flush(self, producer: Producer) -> None:
        try:
            async with asyncio.timeout(self._deadline_s):
                with closed_as(KafkaConnectionError):
                    await producer.flush()
        except (TimeoutError, KafkaError):
            return  # whoever appended it has been told

    async def _send(
        self, producer: Producer, records: Sequence[Record], messages: Sequence[Message]
    ) -> Positions:
        positions: dict[Partition, int] = {}
        places = [
            await producer.place(physical(self._namespace, record.topic), message.key)
            for record, message in zip(records, messages, strict=True)
        ]
        for place, run in groupby(zip(places, messages, strict=True), key=itemgetter(0)):
            offset = await producer.send(place, [message for _, message in run])
            if offset < 0:
                raise UnavailableError("the log has it, and does not say where")
            positions[logical(self._namespace, place.topic), place.partition] = offset
        return positions
