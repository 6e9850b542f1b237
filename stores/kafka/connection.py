"""Questions to the brokers, each answered within a deadline or not at all.

It lies on the client below aiokafka's consumer: a consumer fetches in the background whatever it was once assigned, delays one
partition while another's records lie unread, and can hang after a broker was restarted. A reader of the log wants one answer to one
question, over one connection to each broker. What is asked is not known here.
"""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Coroutine
from typing import Any, TypeVar

from aiokafka.client import AIOKafkaClient
from aiokafka.errors import (
    KafkaConnectionError,
    KafkaError,
    LeaderNotAvailableError,
    UnknownTopicOrPartitionError,
)
from aiokafka.structs import TopicPartition

from stores.ports.cancelling import cancellation_heeded
from stores.ports.closed import closed_as
from stores.ports.errors import StoreError, UnavailableError

T = TypeVar("T")
_ATTEMPTS_COUNT = 10
_PAUSE_S = 0.05
_CLOSING_S = 10.0
"""How long a discarded client may take to close."""


class KafkaConnection:
    """Used from one event loop, by any number of tasks. Opened when it is first needed, and again after it failed."""

    def __init__(self, bootstrap: str, deadline_s: float) -> None:
        self._bootstrap, self._deadline_s = bootstrap, deadline_s
        self._client: AIOKafkaClient | None = None
        self._discarded_count = 0
        self._opening = asyncio.Lock()
        self._closings: set[asyncio.Task[None]] = set()

    async def ask(self, question: Callable[[AIOKafkaClient], Awaitable[T]]) -> T:
        """What `question` returns. It is asked again for a moment, in which partitions may get new leaders; so it must be harmless.

        Raises UnavailableError when no broker answers in time, and StoreError when one refuses.
        """
        began_at = self._discarded_count
        try:
            async with asyncio.timeout(self._deadline_s):
                for _ in range(_ATTEMPTS_COUNT - 1):
                    try:
                        return await self._ask(question)
                    except KafkaError as error:
                        if not error.retriable:
                            raise
                    await asyncio.sleep(_PAUSE_S)
                return await self._ask(question)
        except TimeoutError as error:
            self._discard(began_at)
            raise UnavailableError("Kafka does not answer in time") from error
        except KafkaError as error:
            self._discard(began_at)
            raise (UnavailableError if error.retriable else StoreError)(f"Kafka: {error}") from error

    async def close(self) -> None:
        self._discard(self._discarded_count)
        if self._closings:
            await asyncio.wait(self._closings)

    async def _ask(self, question: Callable[[AIOKafkaClient], Awaitable[T]]) -> T:
        with cancellation_heeded(), closed_as(KafkaConnectionError):
            client = await self._opened()
            try:
                return await question(client)
            except KafkaError as error:
                is_current = client is self._client
                if error.retriable and is_current:
                    await client.force_metadata_update()
                raise

    async def _opened(self) -> AIOKafkaClient:
        async with self._opening:
            if self._client is None:
                client = AIOKafkaClient(
                    bootstrap_servers=self._bootstrap,
                    client_id="photolog",
                    request_timeout_ms=int(self._deadline_s * 1000),
                )
                await client.bootstrap()
                self._client = client
            return self._client

    def _discard(self, began_at: int) -> None:
        """Close what broke an attempt, unless somebody did so since. In the background: it may take as long as answering did."""
        client = self._client
        if client is None or began_at != self._discarded_count:
            return
        self._client = None
        self._discarded_count += 1
        in_background(given_up(client), self._closings)


async def given_up(client: AIOKafkaClient) -> None:
    """Closed; it has failed before, and may again."""
    try:
        async with asyncio.timeout(_CLOSING_S):
            with closed_as(KafkaConnectionError):
                await client.close()
    except (TimeoutError, KafkaConnectionError):
        pass  # its sockets go with it


def in_background(work: Coroutine[Any, Any, None], tasks: set[asyncio.Task[None]]) -> None:
    """Start a task that `tasks` holds until it has ended."""
    task = asyncio.create_task(work)
    tasks.add(task)
    task.add_done_callback(tasks.discard)


async def leaders(client: AIOKafkaClient, topics: Collection[str]) -> dict[TopicPartition, int]:
    """The broker that leads each partition of these topics, by their physical names. Raises what `ask` knows to repeat."""
    await asyncio.gather(*(client.add_topic(topic) for topic in topics))
    found = {}
    for topic in topics:
        numbers = client.cluster.partitions_for_topic(topic)
        if numbers is None:
            raise UnknownTopicOrPartitionError(f"{topic} is missing; `photolog migrate` makes it")
        for number in sorted(numbers):
            partition = TopicPartition(topic, number)
            found[partition] = client.cluster.leader_for_partition(partition)
            if found[partition] in (None, -1):
                raise LeaderNotAvailableError(f"nobody leads partition {number} of {topic}")
    return found
