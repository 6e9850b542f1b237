"""The same few notes kept in each kind of server, in its own way, each acknowledged before the next is written."""

import io
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from typing import Protocol

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from cassandra.cluster import EXEC_PROFILE_DEFAULT, Cluster, ExecutionProfile, Session
from cassandra.policies import RoundRobinPolicy
from minio import Minio
from redis.asyncio import Redis

from tests.services.addresses import Addresses

_NAME = "notes"
_PARTITION = TopicPartition(_NAME, 0)
_DURABLE_WITHIN_MS = 5_000


class Notebook(Protocol):
    async def open(self) -> None:
        """Once, before anything is written."""

    async def write(self, notes: list[str]) -> None:
        """Returns when all are acknowledged."""

    async def read(self) -> list[str]:
        """In any order."""


class KafkaNotebook:
    def __init__(self, addresses: Addresses) -> None:
        self._server = addresses.kafka

    async def open(self) -> None:
        admin = AIOKafkaAdminClient(bootstrap_servers=self._server)
        await admin.start()
        try:
            await admin.create_topics([NewTopic(_NAME, num_partitions=1, replication_factor=1)])
        finally:
            await admin.close()

    async def write(self, notes: list[str]) -> None:
        async with AIOKafkaProducer(
            bootstrap_servers=self._server, acks="all", enable_idempotence=True
        ) as producer:
            for note in notes:
                await producer.send_and_wait(_NAME, note.encode(), partition=0)

    async def read(self) -> list[str]:
        async with AIOKafkaConsumer(bootstrap_servers=self._server) as consumer:
            consumer.assign([_PARTITION])
            await consumer.seek_to_beginning()
            end = (await consumer.end_offsets([_PARTITION]))[_PARTITION]
            found = []
            while await consumer.position(_PARTITION) < end:
                found.append((await consumer.getone()).value.decode())
        return found


class CassandraNotebook:
    def __init__(self, addresses: Addresses) -> None:
        self._host, port = addresses.cassandra.split(":")
        self._port = int(port)

    async def open(self) -> None:
        replication = "{'class': 'SimpleStrategy', 'replication_factor': 1}"
        with self._session() as session:
            session.execute(f"CREATE KEYSPACE {_NAME} WITH replication = {replication}")
            session.execute(f"CREATE TABLE {_NAME}.{_NAME} (note text PRIMARY KEY)")

    async def write(self, notes: list[str]) -> None:
        with self._session() as session:
            for note in notes:
                session.execute(f"INSERT INTO {_NAME}.{_NAME} (note) VALUES (%s)", (note,))

    async def read(self) -> list[str]:
        with self._session() as session:
            return [row.note for row in session.execute(f"SELECT note FROM {_NAME}.{_NAME}")]

    @contextmanager
    def _session(self) -> Iterator[Session]:
        profile = ExecutionProfile(load_balancing_policy=RoundRobinPolicy(), request_timeout=20)
        cluster = Cluster(
            [self._host],
            port=self._port,
            protocol_version=5,
            execution_profiles={EXEC_PROFILE_DEFAULT: profile},
        )
        try:
            yield cluster.connect()
        finally:
            cluster.shutdown()


class ValkeyNotebook:
    def __init__(self, addresses: Addresses) -> None:
        self._url = addresses.redis

    async def open(self) -> None:
        pass

    async def write(self, notes: list[str]) -> None:
        """Acknowledged is here what Valkey says is on its disk: it answers a write up to a second before."""
        async with Redis.from_url(self._url) as redis:
            await redis.sadd(_NAME, *notes)
            on_disk_count, _ = await redis.waitaof(1, 0, _DURABLE_WITHIN_MS)
            assert on_disk_count == 1

    async def read(self) -> list[str]:
        async with Redis.from_url(self._url, decode_responses=True) as redis:
            return [str(note) for note in await redis.smembers(_NAME)]


class SeaweedfsNotebook:
    def __init__(self, addresses: Addresses) -> None:
        self._store = Minio(
            addresses.s3.removeprefix("http://"),
            addresses.s3_access_key,
            addresses.s3_secret_key,
            secure=False,
            region="us-east-1",
        )

    async def open(self) -> None:
        self._store.make_bucket(_NAME)

    async def write(self, notes: list[str]) -> None:
        for note in notes:
            self._store.put_object(_NAME, note, io.BytesIO(note.encode()), len(note))

    async def read(self) -> list[str]:
        return [self._read(found.object_name) for found in self._store.list_objects(_NAME)]

    def _read(self, key: str | None) -> str:
        assert key is not None
        with closing(self._store.get_object(_NAME, key)) as answer:
            return bytes(answer.read()).decode()


def notebooks(addresses: Addresses) -> Mapping[str, Notebook]:
    return {
        "kafka": KafkaNotebook(addresses),
        "cassandra": CassandraNotebook(addresses),
        "valkey": ValkeyNotebook(addresses),
        "seaweedfs": SeaweedfsNotebook(addresses),
    }
