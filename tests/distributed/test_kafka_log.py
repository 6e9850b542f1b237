"""The log's contract on Kafka, and what only this adapter promises."""

import asyncio
import random
import sys
from collections import Counter
from collections.abc import AsyncIterator, Callable
from itertools import groupby
from typing import Any

import pytest

from events.topics import ENGAGEMENT, GRAPH, POSTS, TOPICS
from stores.kafka.log import KafkaLog
from stores.kafka.names import physical
from stores.kafka.producer import BATCH_BYTES
from stores.kafka.reader import KafkaLogReader
from stores.ports.crash import Crash, CrashPoint, survive
from stores.ports.errors import StoreError, UnavailableError
from stores.ports.log import Entry
from tests.contract.log import LogContract, OpenLog, record, whole
from tests.distributed.kafka import configure, fresh_topics
from tests.services.addresses import Addresses

MakeLog = Callable[..., KafkaLog]


class DiedError(BaseException):
    """The process died."""


def dying_at(point: CrashPoint) -> Crash:
    def crash(passed: CrashPoint) -> None:
        if passed == point:
            raise DiedError(point)

    return crash


@pytest.fixture
async def namespace(addresses: Addresses) -> AsyncIterator[str]:
    async with fresh_topics(addresses.kafka) as namespace:
        yield namespace


@pytest.fixture
async def make_log(addresses: Addresses, namespace: str) -> AsyncIterator[MakeLog]:
    opened: list[KafkaLog] = []

    def make(deadline_s: float = 10.0, crash: Crash = survive) -> KafkaLog:
        opened.append(KafkaLog(addresses.kafka, namespace, deadline_s, crash))
        return opened[-1]

    yield make
    for log in opened:
        await log.close()


@pytest.fixture
def open_log(make_log: MakeLog) -> OpenLog:
    return make_log


def ids(entries: list[Entry]) -> list[int]:
    return [entry.record.id for entry in entries]


class TestKafkaLog(LogContract):
    async def test_a_key_is_where_the_java_client_puts_it(self, make_log: MakeLog) -> None:
        """Partitions of four, from the test of Kafka's own Utils.murmur2."""
        log = make_log()
        hashes = {"21": -973932308, "foobar": -790332482, "a-little-bit-long-string": -985981536}
        for key, murmur2 in hashes.items():
            assert list(await log.append([record(key=key)])) == [(ENGAGEMENT, (murmur2 & 0x7FFFFFFF) % 4)]

    async def test_what_a_failure_leaves_is_a_prefix(self, make_log: MakeLog) -> None:
        """Each partition is acknowledged before the next is sent, also when the order goes back and forth."""
        log = make_log()
        sent: list[str] = []
        producer = log._living()
        send = producer.send

        async def watched(place, messages):  # type: ignore[no-untyped-def]
            sent.append(place.topic.partition(".")[2])
            if len(sent) == 3:
                raise UnavailableError("here it ends")
            return await send(place, messages)

        producer.send = watched  # type: ignore[method-assign]
        records = [
            record(topic=topic, id_=number)
            for number, topic in enumerate((GRAPH, GRAPH, POSTS, GRAPH, ENGAGEMENT), start=1)
        ]
        with pytest.raises(UnavailableError):
            await log.append(records)
        assert sent == ["graph", "posts", "graph"]
        assert sorted(ids(await whole(log))) == [1, 2, 3]

    async def test_appends_that_do_not_fit_a_batch_together_stay_whole(self, make_log: MakeLog) -> None:
        """Also when another process has its turn whenever this one's batch is full."""
        logs = [make_log(deadline_s=30), make_log(deadline_s=30)]
        value = b'"' + b"x" * (BATCH_BYTES // 7) + b'"'
        appends = [[record(id_=10 * n + m, value=value) for m in range(5)] for n in range(1, 17)]
        await asyncio.gather(*(logs[n % 2].append(records) for n, records in enumerate(appends)))
        found = [id_ // 10 for id_ in ids(await whole(logs[0], (ENGAGEMENT,)))]
        assert len([whose for whose, _ in groupby(found)]) == 16

    async def test_more_than_a_batch_holds_is_appended_in_order(self, make_log: MakeLog) -> None:
        log = make_log(deadline_s=30)
        value = b'"' + b"x" * 1_000 + b'"'
        records = [record(id_=number + 1, value=value) for number in range(3_000)]
        ((_, last),) = (await log.append(records)).items()
        assert last == 2_999
        assert ids(await whole(log, (ENGAGEMENT,))) == [number + 1 for number in range(3_000)]

    async def test_two_processes_interleave_and_keep_their_appends_together(
        self, make_log: MakeLog, addresses: Addresses, namespace: str
    ) -> None:
        processes = [
            await asyncio.create_subprocess_exec(
                sys.executable, "-c", _APPENDER, addresses.kafka, namespace, str(first)
            )
            for first in (10_000, 20_000)
        ]
        assert [await process.wait() for process in processes] == [0, 0]
        found = ids(await whole(make_log(), (ENGAGEMENT,)))
        assert len(found) == len(set(found)) == 2 * 60 * 5
        appends = [id_ // 10 for id_ in found]
        assert len([whose for whose, _ in groupby(appends)]) == 2 * 60

    async def test_reads_of_any_size_and_place_say_the_same(self, make_log: MakeLog) -> None:
        log, count = make_log(), 700
        for first in range(0, count, 100):
            await log.append([record(id_=first + n + 1) for n in range(100)])
        ((partition, _),) = {
            at: end for at, end in (await log.ends([ENGAGEMENT])).items() if end >= 0
        }.items()
        for limit in (1, 7, 99, 100, 101, 5_000):
            for first in (0, 1, 98, 99, 100, 350, 699, 700, 701):
                found = await log.read(partition, first, limit)
                assert ids(found) == [n + 1 for n in range(first, min(first + limit, count))]
        at, found = 0, []
        while some := await log.read(partition, at, 33):
            found += some
            at = some[-1].offset + 1
        assert ids(found) == [n + 1 for n in range(count)]

    async def test_long_entries_are_read_up_to_the_limit(self, make_log: MakeLog) -> None:
        """Several requests serve one read."""
        log, noise = make_log(), random.Random(7)
        for first in range(0, 40, 10):
            await log.append([record(id_=first + n + 1, value=noise.randbytes(20_000)) for n in range(10)])
        ((partition, _),) = {
            at: end for at, end in (await log.ends([ENGAGEMENT])).items() if end >= 0
        }.items()
        assert ids(await log.read(partition, 3, 30)) == list(range(4, 34))
        assert ids(await log.read(partition, 33, 30)) == list(range(34, 41))

    async def test_many_read_at_once(self, make_log: MakeLog) -> None:
        log = make_log()
        ((partition, _),) = (await log.append([record(id_=n + 1) for n in range(500)])).items()

        async def follow(step: int) -> list[int]:
            found: list[Entry] = []
            while some := await log.read(partition, len(found), step):
                found += some
            return ids(found)

        everything = [n + 1 for n in range(500)]
        assert await asyncio.gather(*(follow(step) for step in (10, 11, 100, 100, 499))) == [everything] * 5

    async def test_reads_that_skip_ahead_in_what_came_ask_for_nothing(
        self, make_log: MakeLog, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """As the parked events of a key are read, between those of others."""
        log, asked = make_log(), Counter[str]()
        ((partition, _),) = (await log.append([record(id_=n + 1) for n in range(500)])).items()
        fetch = log._fetch

        async def counted(*about: Any) -> Any:
            asked["fetches"] += 1
            return await fetch(*about)

        monkeypatch.setattr(log, "_fetch", counted)
        found = [ids(await log.read(partition, first, 1)) for first in range(3, 500, 7)]
        assert found == [[first + 1] for first in range(3, 500, 7)]
        assert asked["fetches"] == 1
        assert ids(await log.read(partition, 2, 1)) == [3]
        assert asked["fetches"] == 2

    async def test_what_is_kept_for_the_next_read_never_stands_for_the_end(self, make_log: MakeLog) -> None:
        log = make_log()
        ((partition, _),) = (await log.append([record(id_=1), record(id_=2)])).items()
        assert ids(await log.read(partition, 0, 2)) == [1, 2]
        assert await log.read(partition, 2, 2) == []
        await log.append([record(id_=3)])
        assert ids(await log.read(partition, 2, 2)) == [3]

    async def test_a_reader_beside_follows(
        self, make_log: MakeLog, addresses: Addresses, namespace: str
    ) -> None:
        log, beside = make_log(), KafkaLogReader(addresses.kafka, namespace)
        for number in range(3):
            await log.append([record(id_=number + 1)])
            assert ids(await whole(beside)) == list(range(1, number + 2))  # type: ignore[arg-type]
            assert await beside.ends(TOPICS) == await log.ends(TOPICS)
        await beside.close()

    async def test_two_systems_share_a_cluster(self, make_log: MakeLog, addresses: Addresses) -> None:
        async with fresh_topics(addresses.kafka) as elsewhere:
            await make_log().append([record(id_=1)])
            other = KafkaLogReader(addresses.kafka, elsewhere)
            assert await whole(other) == []  # type: ignore[arg-type]
            await other.close()

    async def test_a_topic_that_is_missing_is_away(self, addresses: Addresses) -> None:
        log = KafkaLog(addresses.kafka, "nobody-made-this", 2.0)
        with pytest.raises(UnavailableError, match=r"nobody-made-this\.posts is missing"):
            await log.ends([POSTS])
        with pytest.raises(UnavailableError):
            await log.append([record()])
        await log.close()

    async def test_an_event_that_is_too_long_is_refused_and_the_log_goes_on(self, make_log: MakeLog) -> None:
        log = make_log()
        with pytest.raises(StoreError, match="too long"):
            await log.append([record(id_=1), record(id_=2, value=b"x" * BATCH_BYTES)])
        await log.append([record(id_=3)])
        assert ids(await whole(log)) == [3]

    async def test_a_producer_that_was_refused_is_renewed(
        self, make_log: MakeLog, addresses: Addresses, namespace: str
    ) -> None:
        """Its sequence has a hole: the broker would refuse whatever comes after."""
        log = make_log()
        await log.append([record(id_=1)])
        await configure(addresses.kafka, physical(namespace, ENGAGEMENT), {"max.message.bytes": "2000"})
        with pytest.raises(StoreError) as refused:
            await log.append([record(id_=2, value=random.Random(7).randbytes(20_000))])
        assert not isinstance(refused.value, UnavailableError)
        await log.append([record(id_=3)])
        assert ids(await whole(log)) == [1, 3]

    async def test_a_producer_whose_sequence_is_broken_is_renewed(self, make_log: MakeLog) -> None:
        log = make_log()
        await log.append([record(id_=1)])
        (place,) = log._living()._underway
        log._living()._producer._txn_manager.increment_sequence_number(place, 1)
        with pytest.raises(UnavailableError, match="OutOfOrderSequenceNumber"):
            await log.append([record(id_=2)])
        await log.append([record(id_=3)])
        assert ids(await whole(log)) == [1, 3]

    async def test_what_died_before_the_commit_is_not_there(self, make_log: MakeLog) -> None:
        with pytest.raises(DiedError):
            await make_log(crash=dying_at("log.before_commit")).append([record(id_=5)])
        assert await whole(make_log()) == []

    async def test_what_died_after_the_commit_is_there(self, make_log: MakeLog) -> None:
        with pytest.raises(DiedError):
            await make_log(crash=dying_at("log.after_commit")).append([record(id_=5)])
        assert ids(await whole(make_log())) == [5]

    async def test_whoever_gives_up_waiting_breaks_nothing(self, make_log: MakeLog) -> None:
        log = make_log()
        await log.append([record(id_=1)])
        appends = [asyncio.create_task(log.append([record(id_=n + 2)])) for n in range(20)]
        await asyncio.sleep(0)
        for append in appends[::2]:
            append.cancel()
        await asyncio.gather(*appends, return_exceptions=True)
        await log.append([record(id_=50)])
        assert {1, 50, *range(3, 22, 2)} <= set(ids(await whole(log)))

    async def test_closing_delivers_what_is_underway(self, make_log: MakeLog) -> None:
        log = make_log()
        appends = [asyncio.create_task(log.append([record(id_=n + 1)])) for n in range(10)]
        await appends[0]  # the producer has started, and has taken them all
        await log.close()
        await asyncio.gather(*appends)
        assert len(await whole(make_log())) == 10


_APPENDER = """
import asyncio, sys
from stores.kafka.log import KafkaLog
from tests.contract.log import record

async def main(bootstrap, namespace, first):
    log = KafkaLog(bootstrap, namespace, 30.0)
    await asyncio.gather(*(log.append([record(id_=first + 10 * n + m) for m in range(5)]) for n in range(60)))
    await log.close()

asyncio.run(main(sys.argv[1], sys.argv[2], int(sys.argv[3])))
"""
