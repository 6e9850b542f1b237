"""The log as it is read from Kafka: a read is one request, and what it brought beyond the limit serves the reads that go on in it.

Every offset that a broker gives out has an entry, also where control records of a transaction lie or where a batch cannot be taken
apart: such an entry is nobody's event, and unreadable to the codec.
"""

import asyncio
from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import dropwhile, islice
from typing import Any

from aiokafka.client import AIOKafkaClient
from aiokafka.errors import CorruptRecordException, NoError, OffsetOutOfRangeError, for_code
from aiokafka.protocol.fetch import FetchRequest
from aiokafka.protocol.offset import OffsetRequest
from aiokafka.record.memory_records import MemoryRecords
from aiokafka.structs import TopicPartition

from stores.kafka.connection import KafkaConnection, leaders
from stores.kafka.envelope import record_of
from stores.kafka.names import logical, physical
from stores.ports.errors import StoreError, UnavailableError
from stores.ports.log import Entry, Partition

DEADLINE_S = 5.0
_FETCH_BYTES = 4 << 20
"""Most that one request brings."""
_ENTRY_BYTES = 1 << 10
"""More than most entries take: whoever reads few of them is not sent megabytes."""
_LEAST_FETCH_BYTES = 64 << 10
_LATEST = -1
_READ_UNCOMMITTED = 0
_NO_REPLICA = -1


@dataclass(slots=True)
class _Run:
    """Entries that one request brought, as far as nobody has taken them. `end` is the partition's end as it was then."""

    next_offset: int
    after: int
    end: int
    entries: Iterator[Entry]

    def take(self, first: int, limit: int) -> list[Entry]:
        """From this offset on; what lies before it is left out."""
        taken = list(islice(dropwhile(lambda entry: entry.offset < first, self.entries), limit))
        self.next_offset = taken[-1].offset + 1 if len(taken) == limit else self.after
        return taken


class KafkaLogReader:
    """Used from one event loop, by any number of tasks. Opens nothing until it is used; needs `close`.

    Raises UnavailableError within the deadline when Kafka is away or a topic is missing, which `photolog migrate` makes; StoreError
    where entries were removed from the log.
    """

    def __init__(self, bootstrap: str, namespace: str, deadline_s: float = DEADLINE_S) -> None:
        self._namespace = namespace
        self._connection = KafkaConnection(bootstrap, deadline_s)
        self._runs: dict[Partition, _Run] = {}

    async def read(self, partition: Partition, first: int, limit: int) -> list[Entry]:
        run = self._runs.get(partition)
        found: list[Entry] = []
        at = first
        if limit and run is not None and run.next_offset <= first < run.after:
            found = run.take(first, limit)
            at = run.next_offset if found else first
        while len(found) < limit:
            run = await self._fetch(partition, at, limit - len(found))
            found += run.take(at, limit - len(found))
            at = run.next_offset
            if at >= run.end:
                break
        if run is not None:
            self._runs[partition] = run
        return found

    async def ends(self, topics: Collection[str]) -> dict[Partition, int]:
        if not topics:
            return {}
        names = [physical(self._namespace, topic) for topic in topics]
        ends = await self._connection.ask(partial(_ends, topics=names))
        return {(logical(self._namespace, topic), number): end - 1 for (topic, number), end in ends.items()}

    async def close(self) -> None:
        self._runs.clear()
        await self._connection.close()

    async def _fetch(self, partition: Partition, first: int, limit: int) -> _Run:
        place = TopicPartition(physical(self._namespace, partition[0]), partition[1])
        size_bytes = min(_FETCH_BYTES, max(_LEAST_FETCH_BYTES, limit * _ENTRY_BYTES))
        try:
            question = partial(_fetched, place=place, first=first, size_bytes=size_bytes)
            end, messages = await self._connection.ask(question)
        except _OutOfRangeError:
            end = (await self.ends([partition[0]]))[partition] + 1
            if first < end:
                raise StoreError(f"{partition} does not hold offset {first} any more") from None
            return _Run(first, first, end, iter(()))
        batches = _batches(messages)
        if not batches and first < end:
            raise UnavailableError(f"nothing came of {partition}, which ends at {end}")
        after = batches[-1].next_offset if batches else first
        return _Run(first, after, end, _entries(partition, batches, first))


class _OutOfRangeError(Exception):
    """The partition has no such offset."""


async def _fetched(
    client: AIOKafkaClient, place: TopicPartition, first: int, size_bytes: int
) -> tuple[int, bytes]:
    """Where the partition ends, and whole batches of it: the first of them holds `first` and may begin before it."""
    wanted = [(place.topic, [(place.partition, first, size_bytes)])]
    leader = (await leaders(client, [place.topic]))[place]
    response = await client.send(leader, FetchRequest(0, 1, size_bytes, _READ_UNCOMMITTED, wanted))
    ((_, ((_, code, end, *_, messages),)),) = response.topics
    error = for_code(code)
    if error is OffsetOutOfRangeError:
        raise _OutOfRangeError
    if error is not NoError:
        raise error(str(place))
    return end, messages or b""


async def _ends(client: AIOKafkaClient, topics: Sequence[str]) -> dict[tuple[str, int], int]:
    """One request to each broker."""
    asked: dict[int, dict[str, list[tuple[int, int]]]] = defaultdict(lambda: defaultdict(list))
    for (topic, number), leader in (await leaders(client, topics)).items():
        asked[leader][topic].append((number, _LATEST))
    responses = await asyncio.gather(
        *(
            client.send(leader, OffsetRequest(_NO_REPLICA, _READ_UNCOMMITTED, list(wanted.items())))
            for leader, wanted in asked.items()
        )
    )
    ends = {}
    for topic, answers in (found for response in responses for found in response.topics):
        for number, code, _, end in answers:
            if code:
                raise for_code(code)(f"{topic}/{number}")
            ends[topic, number] = end
    return ends


def _batches(messages: bytes) -> list[Any]:
    records = MemoryRecords(messages)
    batches = []
    while records.has_next():
        batch = records.next_batch()
        if not batch.validate_crc():
            raise StoreError(f"the batch at offset {batch.base_offset} is damaged")
        batches.append(batch)
    return batches


def _entries(partition: Partition, batches: Sequence[Any], first: int) -> Iterator[Entry]:
    for batch in batches:
        for offset, key, value, headers in _taken_apart(batch):
            if offset >= first:
                yield Entry(partition, offset, record_of(partition[0], key, value, headers))


def _taken_apart(batch: Any) -> list[tuple[int, bytes | None, bytes | None, Any]]:
    try:
        return [(record.offset, record.key, record.value, record.headers) for record in batch]
    except (CorruptRecordException, UnicodeDecodeError):
        # The name of a header is no UTF-8; whoever wrote one such message wrote the whole batch.
        return [(offset, None, None, ()) for offset in range(batch.base_offset, batch.next_offset)]
