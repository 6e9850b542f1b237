"""The services of a distributed set-up as one process is connected to them, and what is kept where: its list of parts."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial
from typing import Any, TypeVar

import structlog

from runtime.settings import Settings
from stores.cassandra.accounts import CassandraAccounts
from stores.cassandra.buckets import BUCKETS_COUNT
from stores.cassandra.comments import CassandraComments
from stores.cassandra.credentials import CassandraCredentials
from stores.cassandra.graph import CassandraGraph
from stores.cassandra.keys import CassandraKeys
from stores.cassandra.likes import CassandraLikes
from stores.cassandra.media import CassandraMedia
from stores.cassandra.names import CassandraNames
from stores.cassandra.reactor_positions import CassandraReactorPositions
from stores.cassandra.registry import CassandraRegistry
from stores.cassandra.saves import CassandraSaves
from stores.cassandra.secrets import CassandraSecrets
from stores.cassandra.session import Cassandra, connect
from stores.cassandra.sessions import CassandraSessions
from stores.cassandra.timelines import CassandraTimelines
from stores.kafka.log import KafkaLog
from stores.ports.crash import Crash, survive
from stores.ports.errors import UnavailableError
from stores.ports.rows import Unread
from stores.ports.view import View
from stores.redis.client import connect as connect_redis
from stores.redis.counts import RedisCounts
from stores.redis.feeds import RedisFeeds
from stores.redis.rows import RedisRows
from stores.redis.search import RedisSearch
from stores.s3.connection import S3Address
from stores.s3.objects import S3Objects

_LONGEST_WAIT_S = 5.0
T = TypeVar("T")
_logger = structlog.get_logger(__name__)

OpenView = Callable[[int], View[Any]]
"""By the number of a generation."""


class Cluster:
    """Made in the event loop that uses it, by `connected`. Needs `close`."""

    def __init__(self, settings: Settings, cassandra: Cassandra, crash: Crash = survive) -> None:
        self.settings = settings
        self.cassandra = cassandra
        self.crash = crash
        self.redis = connect_redis(settings.redis.get_secret_value())
        self.log = KafkaLog(settings.kafka, settings.namespace, crash=crash)
        self.keys = CassandraKeys(cassandra)
        self.credentials = CassandraCredentials(cassandra)
        self.sessions = CassandraSessions(cassandra)
        self.registry = CassandraRegistry(cassandra)
        self.reactor_positions = CassandraReactorPositions(cassandra)
        self.secrets = CassandraSecrets(cassandra)
        self.objects = S3Objects(s3_address(settings), settings.media_base_url)
        self._open, self._open_served = self._openers(believed=False), self._openers(believed=True)

    def view(self, projection: str, number: int) -> Any:
        """A generation of the projection: a view, and a reader of what it holds."""
        return self._open[projection](number)

    def served(self, projection: str, number: int) -> Any:
        """The same as clients are shown it, copies in quicker stores included."""
        return self._open_served[projection](number)

    async def close(self) -> None:
        await self.log.close()
        await self.redis.aclose()
        self.objects.close()
        await self.cassandra.close()

    def _openers(self, *, believed: bool) -> Mapping[str, OpenView]:
        settings, cassandra, redis, crash = self.settings, self.cassandra, self.redis, self.crash
        feeds = partial(
            RedisFeeds,
            redis,
            bucket_count=settings.feed_buckets,
            cap=settings.feed_cap,
            celebrity_threshold=settings.celebrity_threshold,
            crash=crash,
        )
        return {
            "names": partial(CassandraNames, cassandra, crash=crash),
            "accounts": partial(CassandraAccounts, cassandra, crash=crash),
            "graph": partial(CassandraGraph, cassandra, crash=crash),
            "timelines": self._cached(CassandraTimelines, believed),
            "media": self._cached(CassandraMedia, believed),
            "feeds": feeds,
            "likes": self._counted(CassandraLikes),
            "comments": self._counted(CassandraComments),
            "saves": partial(CassandraSaves, cassandra, crash=crash),
            "search": partial(RedisSearch, redis, shard_count=settings.search_shards, crash=crash),
        }

    def _cached(self, kind: Any, believed: bool) -> OpenView:
        """A view whose rows are served from Redis. Those are always kept up; only where they are believed they are also read."""

        def open_view(number: int) -> View[Any]:
            rows = RedisRows(self.redis, kind.PROJECTION, number)
            view: View[Any] = kind(self.cassandra, number, rows if believed else Unread(rows), self.crash)
            return view

        return open_view

    def _counted(self, kind: Any) -> OpenView:
        """A view whose counts are served from Redis."""

        def open_view(number: int) -> View[Any]:
            served = RedisCounts(self.redis, kind.PROJECTION, number, BUCKETS_COUNT)
            view: View[Any] = kind(self.cassandra, number, served, self.crash)
            return view

        return open_view


async def connected(settings: Settings, crash: Crash = survive) -> Cluster:
    """Raises UnavailableError when Cassandra is away, or was not prepared; the others are connected when they are needed."""
    hosts, port = cassandra_hosts(settings)
    session = await asyncio.to_thread(connect, hosts, port, settings.namespace)
    return Cluster(settings, Cassandra(session), crash)


async def patiently(name: str, call: Callable[[], Awaitable[T]]) -> T:
    """For processes that have nothing else to do than wait for a service to come back."""
    wait_s = 0.1
    while True:
        try:
            return await call()
        except UnavailableError as error:
            _logger.warning("waiting", part=name, error=str(error), wait_s=wait_s)
            await asyncio.sleep(wait_s)
            wait_s = min(wait_s * 2, _LONGEST_WAIT_S)


def cassandra_hosts(settings: Settings) -> tuple[Sequence[str], int]:
    hosts = [host.strip().rpartition(":") for host in settings.cassandra.split(",")]
    return [host for host, _, _ in hosts], int(hosts[0][2])


def s3_address(settings: Settings) -> S3Address:
    return S3Address(
        endpoint=settings.s3,
        public_endpoint=settings.s3_public or settings.s3,
        access_key=settings.s3_access_key.get_secret_value(),
        secret_key=settings.s3_secret_key.get_secret_value(),
        bucket=settings.namespace,
    )
