"""What things take where they are kept: bytes in Redis' memory, on Cassandra's disks and on Kafka's.

One copy, as it lies there after what the other benchmarks did: Cassandra's tables flushed and compressed, Kafka's batches
compressed.
"""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from bench.distributed.system import System
from bench.measured import Measured
from events.topics import ENGAGEMENT, GRAPH, MEDIA, POSTS
from runtime.cluster import Cluster
from stores.cassandra.graph import CassandraGraph
from stores.cassandra.likes import CassandraLikes
from stores.cassandra.media import CassandraMedia
from stores.cassandra.timelines import CassandraTimelines
from stores.kafka.names import physical
from stores.redis.client import replies
from stores.redis.feeds import RedisFeeds

_READERS_COUNT = 50
_FLUSH_EVERY_MS = 1_000
_SETTLED_S = 6.0
"""After which what was to be flushed is."""
_KEPT: Mapping[str, tuple[str, Iterable[str]]] = {
    "a like": ("likes_by_user", CassandraLikes.TABLES),
    "a post": ("posts", CassandraTimelines.TABLES),
    "a photo": ("media", CassandraMedia.TABLES),
    "a follow": ("follows", CassandraGraph.TABLES),
}
"""The table with a row for each, and all tables that tell of it."""
_TOPICS = (POSTS, MEDIA, ENGAGEMENT, GRAPH)


def measure(system: System, crowd: Sequence[int]) -> list[Measured]:
    """`crowd` are people whose feeds are full."""
    return asyncio.run(_measure(system, crowd))


async def _measure(system: System, crowd: Sequence[int]) -> list[Measured]:
    async with system.connected() as cluster:
        return [
            *await _in_redis(cluster, crowd[:_READERS_COUNT]),
            *await _in_kafka(system, cluster),
            *await _in_cassandra(system, cluster),
        ]


async def _in_redis(cluster: Cluster, readers: Sequence[int]) -> list[Measured]:
    view = cluster.view("feeds", 1)
    assert isinstance(view, RedisFeeds)
    kinds = {"an entry of a full feed": "feed", "a followed author": "following", "a follower": "followers"}
    return [
        Measured(f"{what}, Redis", "bytes", await _sizes(cluster, view, kind, readers))
        for what, kind in kinds.items()
    ]


async def _sizes(cluster: Cluster, view: RedisFeeds, kind: str, readers: Sequence[int]) -> list[float]:
    """Bytes a member of each reader's key, with the key's part of them."""
    keys = [_key(view, kind, reader) for reader in readers]
    pipeline = cluster.redis.pipeline(transaction=False)
    for key in keys:
        pipeline.memory_usage(key, samples=0)
        pipeline.scard(key) if kind == "followers" else pipeline.zcard(key)
    found = await replies(pipeline)
    return [size / count for size, count in zip(found[::2], found[1::2], strict=True)]


def _key(view: RedisFeeds, kind: str, person: int) -> bytes:
    """Somebody's followers are in every bucket; any will do."""
    bucket = view.buckets[0] if kind == "followers" else view._bucket_of(person)
    return b"%s:%s:%s" % (bucket, kind.encode(), person.to_bytes(8, "big"))


async def _in_kafka(system: System, cluster: Cluster) -> list[Measured]:
    found = []
    for topic in _TOPICS:
        count = sum(end + 1 for end in (await cluster.log.ends([topic])).values())
        size = _bytes(system.services / "kafka", f"{physical(system.namespace, topic)}-*/*.log")
        found.append(
            Measured(f"an event of {topic.removeprefix('photolog.')}, Kafka", "bytes", [size / count])
        )
    return found


async def _in_cassandra(system: System, cluster: Cluster) -> list[Measured]:
    for _, tables in _KEPT.values():
        for table in tables:
            every = f"ALTER TABLE {table}_1 WITH memtable_flush_period_in_ms = {_FLUSH_EVERY_MS}"
            await cluster.cassandra.define(every)
    await asyncio.sleep(_SETTLED_S)
    found = []
    for what, (counted, tables) in _KEPT.items():
        ((count,),) = await cluster.cassandra.rows(f"SELECT COUNT(*) FROM {counted}_1")
        size = sum(
            _bytes(system.services / "cassandra", f"{system.namespace}/{table}_1-*/*.db") for table in tables
        )
        found.append(Measured(f"{what}, Cassandra", "bytes", [size / count]))
    return found


def _bytes(folder: Path, pattern: str) -> int:
    return sum(path.stat().st_size for path in folder.rglob(pattern))
