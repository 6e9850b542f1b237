"""A broker that is silent, killed, away: what the log says meanwhile, and that it goes on by itself."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Iterator

import pytest
from aiokafka import AIOKafkaProducer

from events.topics import ENGAGEMENT, TOPICS
from stores.kafka.log import KafkaLog
from stores.kafka.reader import KafkaLogReader
from stores.kafka.topics import check_topics, create_topics
from stores.ports.errors import UnavailableError
from stores.ports.log import Entry, Log
from tests.contract.log import record, whole
from tests.distributed.kafka import fresh_topics
from tests.services.stack import Stack, free_ports

pytestmark = pytest.mark.timeout(180)


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """One that these tests may treat badly."""
    stack = Stack(tmp_path_factory.mktemp("kafka"), free_ports())
    try:
        stack.start("kafka")
        yield stack
    finally:
        stack.wipe("kafka")


@pytest.fixture
async def namespace(broker: Stack) -> AsyncIterator[str]:
    async with fresh_topics(broker.addresses.kafka) as namespace:
        yield namespace


@pytest.fixture
async def log(broker: Stack, namespace: str) -> AsyncIterator[KafkaLog]:
    log = KafkaLog(broker.addresses.kafka, namespace, deadline_s=3.0)
    yield log
    await log.close()
    assert asyncio.all_tasks() == {asyncio.current_task()}


async def patiently(log: Log, number: int) -> None:
    """As a client that repeats, here with another id each time."""
    for attempt in range(1, 60):
        try:
            await log.append([record(id_=1_000 * number + attempt)])
        except UnavailableError:
            continue
        return
    raise AssertionError("the log did not come back")


async def readable(log: Log) -> list[Entry]:
    for _ in range(60):
        try:
            return await whole(log, (ENGAGEMENT,))
        except UnavailableError:
            continue
    raise AssertionError("the log did not come back")


def ids(entries: list[Entry]) -> list[int]:
    return [entry.record.id for entry in entries]


async def test_a_silent_broker_is_answered_within_the_deadline_and_the_log_goes_on(
    broker: Stack, log: KafkaLog
) -> None:
    """Producer and reader were in use, and both are renewed; what was underway is there once or not at all."""
    await log.append([record(id_=1)])
    assert ids(await readable(log)) == [1]
    partition = (ENGAGEMENT, 0)
    with broker.paused("kafka"):
        async with asyncio.timeout(30):
            attempts = await asyncio.gather(
                log.append([record(id_=2)]),
                log.append([record(id_=3)]),
                log.ends(TOPICS),
                log.read(partition, 5, 1),
                return_exceptions=True,
            )
            again = await asyncio.gather(
                log.append([record(id_=4)]), log.ends(TOPICS), return_exceptions=True
            )
    assert {type(answer) for answer in (*attempts, *again)} == {UnavailableError}
    await patiently(log, 5)
    found = ids(await readable(log))
    assert {1, found[-1]} <= set(found)
    assert found[-1] // 1_000 == 5
    assert set(Counter(found).values()) == {1}


async def test_whoever_waits_for_a_start_that_others_gave_up_is_told_so(
    broker: Stack, namespace: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And is not broken off, which would look as if its own caller had gone away."""

    async def hang(_: object) -> None:
        await asyncio.Event().wait()

    monkeypatch.setattr(AIOKafkaProducer, "start", hang)
    log = KafkaLog(broker.addresses.kafka, namespace, deadline_s=1.0)
    first = asyncio.create_task(log.append([record(id_=1)]))
    await asyncio.wait([first], timeout=0.5)
    second = asyncio.create_task(log.append([record(id_=2)]))
    answers = await asyncio.gather(first, second, return_exceptions=True)
    assert [type(answer) for answer in answers] == [UnavailableError, UnavailableError]
    await log.close()


async def test_a_frozen_broker_that_thaws_in_time_was_never_away(broker: Stack, namespace: str) -> None:
    log = KafkaLog(broker.addresses.kafka, namespace, deadline_s=30.0)
    await log.append([record(id_=1)])
    with broker.paused("kafka"):
        append = asyncio.create_task(log.append([record(id_=2)]))
        done, _ = await asyncio.wait([append], timeout=1.0)
        assert not done
    await append
    assert ids(await readable(log)) == [1, 2]
    await log.close()


async def test_everything_acknowledged_is_there_after_the_broker_was_killed(
    broker: Stack, log: KafkaLog
) -> None:
    acknowledged: list[int] = []
    attempts = iter(range(1, 1_000_000))
    over = asyncio.Event()

    async def keep_appending() -> None:
        while not over.is_set():
            id_ = next(attempts)
            try:
                await log.append([record(key=str(id_ % 3), id_=id_)])
            except UnavailableError:
                continue
            acknowledged.append(id_)

    clients = [asyncio.create_task(keep_appending()) for _ in range(8)]
    while len(acknowledged) < 500:
        await asyncio.wait(clients, timeout=0.01)
    await asyncio.to_thread(broker.kill, "kafka")
    before_count = len(acknowledged)
    await asyncio.to_thread(broker.start, "kafka")
    while len(acknowledged) < before_count + 500:
        await asyncio.wait(clients, timeout=0.01)
    over.set()
    await asyncio.gather(*clients)
    found = Counter(ids(await readable(log)))
    assert set(acknowledged) <= set(found)
    assert set(found.values()) == {1}


async def test_whoever_was_idle_while_the_broker_was_killed_notices_nothing(
    broker: Stack, namespace: str
) -> None:
    """The very first append, ends and read succeed once the broker answers."""
    log = KafkaLog(broker.addresses.kafka, namespace)
    await log.append([record(id_=1)])
    assert ids(await whole(log, (ENGAGEMENT,))) == [1]
    await asyncio.to_thread(broker.kill, "kafka")
    await asyncio.to_thread(broker.start, "kafka")
    await log.append([record(id_=2)])
    assert sum(end + 1 for end in (await log.ends((ENGAGEMENT,))).values()) == 2
    assert ids(await whole(log, (ENGAGEMENT,))) == [1, 2]
    await log.close()


async def test_a_broker_that_is_away_at_first_is_found_later(broker: Stack, namespace: str) -> None:
    address = broker.addresses.kafka
    log, reader = KafkaLog(address, namespace), KafkaLogReader(address, namespace)
    broker.kill("kafka")
    try:
        with pytest.raises(UnavailableError):
            await log.append([record(id_=1)])
        with pytest.raises(UnavailableError):
            await reader.ends(TOPICS)
        with pytest.raises(UnavailableError):
            await create_topics(address, namespace, 4, 1)
        (problem,) = await check_topics(address, namespace, 4, 1)
        assert "does not answer" in problem
    finally:
        await asyncio.to_thread(broker.start, "kafka")
    await patiently(log, 2)
    assert len(await readable(reader)) == 1  # type: ignore[arg-type]
    await log.close()
    await reader.close()


async def test_closing_with_a_silent_broker_ends(broker: Stack, namespace: str) -> None:
    log = KafkaLog(broker.addresses.kafka, namespace, deadline_s=3.0)
    await log.append([record(id_=1)])
    with broker.paused("kafka"):
        append = asyncio.create_task(log.append([record(id_=2)]))
        await asyncio.wait([append], timeout=0.1)
        async with asyncio.timeout(60):
            await log.close()
    with pytest.raises(UnavailableError):
        await append
    assert asyncio.all_tasks() == {asyncio.current_task()}
