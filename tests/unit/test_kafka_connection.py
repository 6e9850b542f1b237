"""A connection to Kafka ends when it is told to, whatever the library makes of that."""

import asyncio
from contextlib import suppress
from typing import Any

import pytest
from aiokafka.structs import TopicPartition

from stores.kafka.connection import KafkaConnection
from stores.kafka.log import KafkaLog
from stores.ports.errors import UnavailableError
from tests.contract.log import record

CLOSED = "unable to perform operation on <TCPTransport closed=True>; the handler is closed"


@pytest.fixture
def connection(monkeypatch: pytest.MonkeyPatch) -> KafkaConnection:
    async def opened(self: KafkaConnection) -> Any:
        return None

    monkeypatch.setattr(KafkaConnection, "_opened", opened)
    return KafkaConnection("localhost:9", deadline_s=60)


async def test_a_cancellation_that_is_lost_on_the_way_is_heeded(connection: KafkaConnection) -> None:
    async def question(client: object) -> int:
        with suppress(asyncio.CancelledError):  # as when an answer comes at the same time
            await asyncio.get_running_loop().create_future()
        return 1

    asking = asyncio.create_task(connection.ask(question))
    await asyncio.sleep(0)
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking


async def test_an_answer_is_given(connection: KafkaConnection) -> None:
    async def question(client: object) -> int:
        return 1

    assert await connection.ask(question) == 1


async def test_a_connection_that_has_just_ended_is_not_the_end_of_a_question(
    connection: KafkaConnection,
) -> None:
    """As under uvloop, which has a word of its own for it."""
    asked = []

    async def question(client: object) -> int:
        asked.append(client)
        if len(asked) == 1:
            raise RuntimeError(CLOSED)
        return 1

    assert await connection.ask(question) == 1


async def test_whoever_cannot_keep_a_connection_is_away(connection: KafkaConnection) -> None:
    async def question(client: object) -> int:
        raise RuntimeError(CLOSED)

    with pytest.raises(UnavailableError):
        await connection.ask(question)


async def test_an_append_that_found_its_connection_ended_begins_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    """What was underway may be there or not."""
    begun: list[Ended] = []

    def producer(*_: object) -> Ended:
        begun.append(Ended())
        return begun[-1]

    monkeypatch.setattr("stores.kafka.log.Producer", producer)
    log = KafkaLog("localhost:9", "photolog")
    for _ in range(2):
        with pytest.raises(UnavailableError):
            await log.append([record()])
    await log.close()
    assert [each.has_ended for each in begun] == [True, True]


class Ended:
    """A producer whose connection is not there any more."""

    has_ended = False

    async def place(self, topic: str, key: bytes) -> TopicPartition:
        raise RuntimeError(CLOSED)

    async def end(self) -> None:
        self.has_ended = True
