"""A connection to Kafka ends when it is told to, whatever the library makes of that."""

import asyncio
from contextlib import suppress
from typing import Any

import pytest

from stores.kafka.connection import KafkaConnection


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
