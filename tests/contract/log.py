"""The contract of `stores.ports.log`, for every adapter.

An adapter's test file gives `open_log`: the first call opens an empty log, each other call opens the same log anew, as the next
process would after this one was killed.
"""

import asyncio
from collections.abc import Callable

import pytest

from events.codec import Record
from events.topics import ENGAGEMENT, GRAPH, POSTS, TOPICS
from stores.ports.log import Entry, Log, Partition

OpenLog = Callable[[], Log]


def record(key: str = "17", topic: str = ENGAGEMENT, id_: int = 1, value: bytes = b"{}") -> Record:
    return Record(topic, key, id_, "post.liked", 1, 1_800_000_000_000, 7, 41, None, None, 7, value)


async def whole(log: Log, topics: tuple[str, ...] = TOPICS) -> list[Entry]:
    return [entry for partition in await log.ends(topics) for entry in await log.read(partition, 0, 10_000)]


class LogContract:
    @pytest.fixture
    def log(self, open_log: OpenLog) -> Log:
        return open_log()

    async def test_an_empty_log_ends_before_its_first_offset(self, log: Log) -> None:
        ends = await log.ends(TOPICS)
        assert {topic for topic, _ in ends} == set(TOPICS)
        assert set(ends.values()) == {-1}
        assert await log.read((ENGAGEMENT, 0), 0, 10) == []

    async def test_gives_back_what_was_appended(self, log: Log) -> None:
        full = Record(
            GRAPH,
            "kéy",
            2**62,
            "user.followed",
            3,
            1_800_000_000_123,
            7,
            41,
            42,
            "an idempotency key",
            9,
            b'{"a":"\xc3\xa9"}',
        )
        least = Record(POSTS, "8", 1, "post.created", 1, 0, 1, 1, None, None, 1, b"")
        await log.append([full, least])
        assert {entry.record for entry in await whole(log)} == {full, least}

    async def test_answers_where_the_last_of_each_partition_stands(self, log: Log) -> None:
        first = await log.append([record(id_=1), record(id_=2), record(topic=POSTS, id_=3)])
        (engagement,) = [partition for partition in first if partition[0] == ENGAGEMENT]
        (posts,) = [partition for partition in first if partition[0] == POSTS]
        assert first == {engagement: 1, posts: 0}
        assert await log.append([record(id_=4)]) == {engagement: 2}
        ends = await log.ends([ENGAGEMENT, POSTS])
        assert (ends[engagement], ends[posts]) == (2, 0)

    async def test_ends_are_those_of_the_topics_asked_for(self, log: Log) -> None:
        assert {topic for topic, _ in await log.ends([GRAPH])} == {GRAPH}
        assert await log.ends([]) == {}

    async def test_nothing_appended_is_nothing(self, log: Log) -> None:
        assert await log.append([]) == {}
        assert await whole(log) == []

    async def test_offsets_count_up_from_zero(self, log: Log) -> None:
        for number in range(5):
            await log.append([record(id_=number + 1)])
        entries = await whole(log, (ENGAGEMENT,))
        assert [(entry.offset, entry.record.id) for entry in entries] == [(n, n + 1) for n in range(5)]
        assert all(entry.partition == entries[0].partition for entry in entries)

    async def test_one_key_stays_in_one_partition_in_the_order_of_its_appends(self, log: Log) -> None:
        for number in range(40):
            await log.append([record(key=str(number % 8), id_=number + 1)])
        places: dict[str, list[tuple[Partition, int, int]]] = {}
        for entry in await whole(log, (ENGAGEMENT,)):
            places.setdefault(entry.record.key, []).append((entry.partition, entry.offset, entry.record.id))
        for key, found in places.items():
            assert len({partition for partition, _, _ in found}) == 1
            assert [id_ for _, _, id_ in sorted(found)] == [n + 1 for n in range(40) if str(n % 8) == key]

    async def test_keys_are_spread_over_several_partitions(self, log: Log) -> None:
        await log.append([record(key=str(number), id_=number + 1) for number in range(64)])
        assert len({entry.partition for entry in await whole(log, (ENGAGEMENT,))}) > 1

    async def test_reads_from_an_offset_up_to_a_limit(self, log: Log) -> None:
        (partition,) = await log.append([record(id_=number + 1) for number in range(10)])
        assert [entry.offset for entry in await log.read(partition, 3, 4)] == [3, 4, 5, 6]
        assert [entry.offset for entry in await log.read(partition, 8, 4)] == [8, 9]
        assert await log.read(partition, 10, 4) == []
        assert await log.read(partition, 99, 4) == []

    async def test_appends_at_once_are_all_there_once(self, log: Log) -> None:
        appends = [[record(key=str(n % 5), id_=10 * n + m + 1) for m in range(3)] for n in range(50)]
        positions = await asyncio.gather(*(log.append(records) for records in appends))
        entries = await whole(log)
        assert sorted(entry.record.id for entry in entries) == sorted(
            r.id for records in appends for r in records
        )
        at = {(entry.partition, entry.offset): entry.record.id for entry in entries}
        for records, position in zip(appends, positions, strict=True):
            ((partition, offset),) = position.items()
            assert at[partition, offset] == records[-1].id
            assert [at[partition, offset - back] for back in (2, 1)] == [r.id for r in records[:2]]

    async def test_an_acknowledged_append_is_there_after_the_process_died(self, open_log: OpenLog) -> None:
        positions = await open_log().append([record(id_=5)])
        again = open_log()
        ((partition, offset),) = positions.items()
        assert [entry.record.id for entry in await again.read(partition, offset, 1)] == [5]
        assert await again.append([record(id_=6)]) == {partition: offset + 1}
