"""The services of a distributed set-up as one process is connected to them, and what is kept where: its list of parts."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any, TypeVar

import structlog

from runtime.settings import Settings
from stores.cassandra.accounts import CassandraAccounts
from stores.cassandra.buckets import BUCKETS_COUNT
from stores.cassandra.comments import CassandraComments
from stores.cassandra.credentials import CassandraCredentials
from stores.cassandra.graph import CassandraGraph
from stores.cassandra.keys import CassandraKeys
from stores.cassandra.leases import is_leased, leased
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
from stores.ports.counts import NoCounts, ServedCounts
from stores.ports.crash import Crash, survive
from stores.ports.errors import UnavailableError
from stores.ports.rows import NoRows, ServedRows, Unread
from stores.ports.view import View
from stores.redis.client import connect as connect_redis
from stores.redis.counts import RedisCounts
from stores.redis.feeds import RedisFeeds
from stores.redis.rows import RedisRows
from stores.redis.search import RedisSearch

if TYPE_CHECKING:
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
        self._open = self._openers(lambda *of: Unread(self._rows(*of)), self._counts)
        self._open_served = self._openers(self._rows, self._counts)
        self._open_unserved = self._openers(lambda *_: NoRows(), lambda *_: NoCounts())

    @cached_property
    def objects(self) -> "S3Objects":
        """Few processes need any, and its library is slow to import."""
        from runtime.objects import s3_objects

        return s3_objects(self.settings)

    def view(self, projection: str, number: int) -> Any:
        """A generation of the projection: a view, and a reader of what it holds. Copies in quicker stores are kept up for clients,
        and only their counts believed.
        """
        return self._open[projection](number)

    def served(self, projection: str, number: int) -> Any:
        """The same as clients are shown it, copies in quicker stores included."""
        return self._open_served[projection](number)

    def unserved(self, projection: str, number: int) -> Any:
        """The facts alone: for commands, and for what is built and shown to nobody yet."""
        return self._open_unserved[projection](number)

    def replaying(self, projection: str) -> AbstractAsyncContextManager[None]:
        """Raises LeaseHeldError."""
        return leased(self.cassandra, _replay_of(projection))

    async def is_replayed(self, projection: str) -> bool:
        return await is_leased(self.cassandra, _replay_of(projection))

    async def close(self) -> None:
        await self.log.close()
        await self.redis.aclose()
        if "objects" in vars(self):
            self.objects.close()
        await self.cassandra.close()

    def _openers(
        self, rows: Callable[[str, int], ServedRows], counts: Callable[[str, int], ServedCounts]
    ) -> Mapping[str, OpenView]:
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
            "timelines": self._with_copies(CassandraTimelines, rows),
            "media": self._with_copies(CassandraMedia, rows),
            "feeds": feeds,
            "likes": self._with_copies(CassandraLikes, counts),
            "comments": self._with_copies(CassandraComments, counts),
            "saves": partial(CassandraSaves, cassandra, crash=crash),
            "search": partial(RedisSearch, redis, shard_count=settings.search_shards, crash=crash),
        }

    def _with_copies(self, kind: Any, copies: Callable[[str, int], object]) -> OpenView:
        def open_view(number: int) -> View[Any]:
            view: View[Any] = kind(self.cassandra, number, copies(kind.PROJECTION, number), self.crash)
            return view

        return open_view

    def _rows(self, projection: str, number: int) -> ServedRows:
        return RedisRows(self.redis, projection, number)

    def _counts(self, projection: str, number: int) -> ServedCounts:
        return RedisCounts(self.redis, projection, number, BUCKETS_COUNT)


def _replay_of(projection: str) -> str:
    return f"replay {projection}"


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
