"""The Faust engine on a real broker: everything is delivered, what has come meanwhile together, and what breaks ends it."""

import asyncio
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any

import pytest

from events.codec import Record
from events.topics import NAMES
from projectors.engines.faust import FaustEngine
from stores.kafka.names import physical
from stores.ports.log import Entry
from tests.distributed.kafka import fresh_topics, producing
from tests.services.addresses import Addresses

_WITHIN_S = 60
Deliver = Callable[[Sequence[Entry]], Awaitable[None]]


class Place:
    """A topic of a broker, and what is appended to it."""

    def __init__(self, brokers: str, namespace: str) -> None:
        self._brokers, self._topic = brokers, physical(namespace, NAMES)

    async def append(self, *values: str) -> None:
        async with producing(self._brokers) as producer:
            for value in values:
                await producer.send_and_wait(self._topic, value.encode(), b"key")

    @asynccontextmanager
    async def running(self, deliver: Deliver) -> "AsyncIterator[asyncio.Task[None]]":
        """The engine, as a task that ends when it does; broken off afterwards."""
        engine = FaustEngine(self._brokers, uuid.uuid4().hex, [self._topic], _entry, deliver, lambda: None)
        task = asyncio.create_task(engine.run())
        try:
            async with asyncio.timeout(_WITHIN_S):
                yield task
        finally:
            had_ended = task.done()
            task.cancel()
            await asyncio.wait([task], timeout=_WITHIN_S)
            assert had_ended or task.cancelled(), task


def _entry(message: Any) -> Entry:
    record = Record(NAMES, "key", 1, "told", 1, 0, 1, 1, None, None, 1, message.value)
    return Entry((NAMES, message.partition), message.offset, record)


@pytest.fixture
async def place(addresses: Addresses) -> AsyncIterator[Place]:
    async with fresh_topics(addresses.kafka) as namespace:
        yield Place(addresses.kafka, namespace)


async def test_what_has_come_while_a_batch_was_handed_on_is_handed_on_together(place: Place) -> None:
    batches: list[list[int]] = []
    first, go_on, all_there = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def deliver(entries: Sequence[Entry]) -> None:
        batches.append([entry.offset for entry in entries])
        first.set()
        await go_on.wait()
        if sum(map(len, batches)) == 100:
            all_there.set()

    async with place.running(deliver):
        await place.append("0")
        await first.wait()
        await place.append(*map(str, range(1, 100)))
        go_on.set()
        await all_there.wait()
    assert [offset for batch in batches for offset in batch] == list(range(100))
    assert batches[0] == [0]
    assert len(batches) < 50


async def test_it_ends_when_what_it_delivers_to_is_broken(place: Place) -> None:
    async def deliver(entries: Sequence[Entry]) -> None:
        raise ZeroDivisionError

    await place.append("0")
    async with place.running(deliver) as engine:
        await asyncio.wait([engine])
    assert engine.exception() is not None


async def test_it_ends_when_it_is_told_to_whatever_it_waits_for(place: Place) -> None:
    waits = asyncio.Event()

    async def deliver(entries: Sequence[Entry]) -> None:
        waits.set()
        await asyncio.get_running_loop().create_future()

    async with place.running(deliver) as engine:
        await place.append("0")
        await waits.wait()
        engine.cancel()
        await asyncio.wait([engine])
    assert engine.cancelled()
