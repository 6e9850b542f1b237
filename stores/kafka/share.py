"""A group's share of partitions: which of them this process works on, when several run the same reactor.

It joins a consumer group and reads nothing: records are read from the log, positions are kept where the work is. The group only
says who works where, and not even that for sure: a process that was frozen believes for a while what is true no more. So whatever
is done with a partition must bear being done by two. Partitions of the same number are given to the same process, in all topics: so
what has one key is one process's.
"""

from collections.abc import Awaitable, Callable, Collection

from aiokafka import AIOKafkaConsumer
from aiokafka.abc import ConsumerRebalanceListener
from aiokafka.coordinator.assignors.range import RangePartitionAssignor
from aiokafka.errors import KafkaError
from aiokafka.structs import TopicPartition

from stores.kafka.names import logical, physical
from stores.ports.cancelling import cancellation_heeded
from stores.ports.errors import UnavailableError
from stores.ports.log import Partition

Held = Callable[[frozenset[Partition]], Awaitable[None]]
_METADATA_MAX_AGE_MS = 10_000
"""Whoever divides the partitions may know of none, right after a broker has come back: they are divided anew when it knows."""
_SIGN_OF_LIFE_MS = 1_000
_SESSION_MS = 10_000
"""A process that is gone is missed after this long, and its partitions go to others."""


class KafkaShare:
    def __init__(self, bootstrap: str, namespace: str, group: str, topics: Collection[str]) -> None:
        """`group` is the same for all that share, and nobody else's in this namespace."""
        self._bootstrap, self._namespace = bootstrap, namespace
        self._group = f"{namespace}.{group}"
        self._topics = [physical(namespace, topic) for topic in topics]

    async def run(self, held: Held) -> None:
        """Belongs to the group until it is cancelled.

        `held` is awaited with all partitions that are this process's from now on. Before they change it is awaited with none, and
        nobody else is given any until it returns; it has the session's time for that. Raises UnavailableError when Kafka is away or
        the membership cannot be kept, and what `held` raised; `held` was then awaited with none.
        """
        consumer = AIOKafkaConsumer(
            bootstrap_servers=self._bootstrap,
            client_id="photolog",
            group_id=self._group,
            enable_auto_commit=False,
            auto_offset_reset="latest",
            session_timeout_ms=_SESSION_MS,
            request_timeout_ms=_SESSION_MS + 5_000,  # joining waits for the others
            metadata_max_age_ms=_METADATA_MAX_AGE_MS,
            partition_assignment_strategy=(RangePartitionAssignor,),
        )
        listener = _Listener(consumer, self._namespace, held)
        try:
            consumer.subscribe(self._topics, listener=listener)
            with cancellation_heeded():
                await consumer.start()
            while listener.error is None:
                await consumer.getmany(timeout_ms=_SIGN_OF_LIFE_MS)
            raise listener.error
        except KafkaError as error:
            raise UnavailableError(f"the group {self._group} cannot be kept: {error}") from error
        finally:
            await held(frozenset())
            await consumer.stop()


class _Listener(ConsumerRebalanceListener):  # type: ignore[misc]
    """The consumer swallows what a listener raises; it is kept here."""

    def __init__(self, consumer: AIOKafkaConsumer, namespace: str, held: Held) -> None:
        self.error: Exception | None = None
        self._consumer, self._namespace, self._held = consumer, namespace, held

    async def on_partitions_revoked(self, revoked: Collection[TopicPartition]) -> None:
        await self._tell(frozenset())

    async def on_partitions_assigned(self, assigned: Collection[TopicPartition]) -> None:
        self._consumer.pause(*assigned)
        await self._tell(
            frozenset((logical(self._namespace, place.topic), place.partition) for place in assigned)
        )

    async def _tell(self, partitions: frozenset[Partition]) -> None:
        try:
            await self._held(partitions)
        except Exception as error:
            self.error = error
            raise
