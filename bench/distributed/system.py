"""A distributed system to be measured: a namespace of its own, made by `photolog migrate`, and its real processes."""

import asyncio
import subprocess
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import ExitStack, asynccontextmanager, contextmanager
from functools import partial
from pathlib import Path
from secrets import token_hex
from urllib.parse import urlsplit

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from cassandra.cluster import Session
from redis.asyncio import Redis

from bench.distributed.worker import Worker
from bench.servers import GENEROUS, PHOTOLOG, Server, environment
from events.topics import TOPICS
from runtime.cluster import Cluster, connected, patiently
from runtime.distributed import reading_of
from runtime.live import LiveViews
from runtime.settings import Settings
from stores.cassandra.session import connect
from stores.kafka.names import physical
from tests.services.stack import Stack

PARTITIONS_COUNT = 8
FEED_BUCKETS_COUNT = 8
SECRET = "whoever measures signs with this"
_REDIS_DB = 10
_PATIENCE_MS = 300_000


class System:
    """On servers that are used for nothing else meanwhile. Of Redis it takes one database, which it empties."""

    def __init__(self, stack: Stack, folder: Path) -> None:
        at = stack.addresses
        self.services = stack.folder
        self.kafka = at.kafka
        self.redis_url = urlsplit(at.redis)._replace(path=f"/{_REDIS_DB}").geturl()
        self.namespace = f"bench{token_hex(4)}"
        self.bare_topic = f"{self.namespace}.bare"
        self.folder = folder
        self.environment = {
            **GENEROUS,
            **at.settings,
            "PHOTOLOG_NAMESPACE": self.namespace,
            "PHOTOLOG_KAFKA_PARTITIONS": str(PARTITIONS_COUNT),
            "PHOTOLOG_REDIS": self.redis_url,
            "PHOTOLOG_SECRET": SECRET,
            "PHOTOLOG_FEED_BUCKETS": str(FEED_BUCKETS_COUNT),
        }

    @property
    def settings(self) -> Settings:
        return Settings.model_validate(
            {name.removeprefix("PHOTOLOG_").lower(): value for name, value in self.environment.items()}
        )

    def empty_redis(self) -> None:
        asyncio.run(self._empty())

    def prepare(self) -> None:
        self.empty_redis()
        subprocess.run(
            [PHOTOLOG, "migrate"], env=environment(self.environment), check=True, stdout=subprocess.DEVNULL
        )
        asyncio.run(self._make_bare_topic())

    def wipe(self) -> None:
        """Everything but the empty bucket."""
        asyncio.run(self._remove())

    @contextmanager
    def serving(self) -> Iterator[Server]:
        with Server([PHOTOLOG, "serve", "--port", "0"], self.environment) as server:
            yield server

    @contextmanager
    def working(self, *names: str) -> Iterator[Sequence[Worker]]:
        """Workers, once each was given partitions."""
        with ExitStack() as stack:
            workers = [stack.enter_context(Worker(name, self.environment, self.folder)) for name in names]
            for worker in workers:
                worker.wait_until_given()
            yield workers

    @contextmanager
    def session(self) -> Iterator[Session]:
        """The driver's own, in the system's keyspace."""
        settings = self.settings
        host, _, port = settings.cassandra.rpartition(":")
        session = connect([host], int(port), settings.namespace)
        with session.cluster:
            yield session

    @asynccontextmanager
    async def connected(self) -> AsyncIterator[Cluster]:
        """The services, as a process of the system is connected to them."""
        cluster = await connected(self.settings)
        try:
            yield cluster
        finally:
            await cluster.close()

    async def _empty(self) -> None:
        async with Redis.from_url(self.redis_url) as redis:
            await redis.flushdb()

    async def _make_bare_topic(self) -> None:
        admin = AIOKafkaAdminClient(bootstrap_servers=self.kafka)
        await admin.start()
        await admin.create_topics([NewTopic(self.bare_topic, PARTITIONS_COUNT, 1)])
        await admin.close()

    async def _remove(self) -> None:
        await self._empty()
        async with self.connected() as cluster:
            await cluster.cassandra.define(f"DROP KEYSPACE {self.namespace}")
        admin = AIOKafkaAdminClient(bootstrap_servers=self.kafka)
        await admin.start()
        await admin.delete_topics([self.bare_topic, *(physical(self.namespace, topic) for topic in TOPICS)])
        await admin.close()


async def caught_up(cluster: Cluster, *names: str) -> None:
    """Returns when the live views of these projections have applied what is on the log now."""
    live = LiveViews(cluster.registry, cluster.served)
    await live.refresh()
    progress, ends = reading_of(live).progress, await cluster.log.ends(TOPICS)
    if not await patiently("views", partial(progress.reached, names, ends, _PATIENCE_MS)):
        raise TimeoutError(f"{', '.join(names)} did not reach the end of the log")
