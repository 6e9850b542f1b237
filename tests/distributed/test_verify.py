"""Verify finds every difference that is planted in Cassandra or Redis, and nothing where nothing was planted."""

from collections.abc import AsyncIterator, Callable
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any, cast

import pytest
from redis.asyncio import Redis

from api.feeds import skeleton
from projectors.step import Step
from replay.certificate import Certificate
from replay.side import Kept
from replay.subjects.catalogue import judged
from replay.subjects.subject import digest
from replay.verify import World as Around
from replay.verify import verify
from stores.redis.feeds import RedisFeeds
from stores.redis.search import RedisSearch
from tests.distributed.cassandra import Keyspace, Kind
from tests.distributed.planting import BUCKETS_COUNT, IN_CASSANDRA, IN_REDIS, Keys, Rows
from tests.distributed.redis import FEEDS, emptied
from tests.distributed.test_cassandra_view import VIEWS
from tests.property.subjects import Subject
from tests.property.test_planted import BY_NAME, lasting
from tests.property.verifying import at_once
from tests.property.worlds import World
from tests.services.addresses import Addresses

KINDS = {kind.PROJECTION: kind for kind in VIEWS}


@pytest.fixture
async def redis(addresses: Addresses) -> AsyncIterator[Redis]:
    async with emptied(addresses, FEEDS) as found:
        yield found


async def fed(world: World, subject: Subject, view: Any) -> None:
    step = Step(subject.projection, view, world.log, world.keys)
    while await step.catch_up():
        pass


async def verified(world: World, subject: Subject, open_view: Any) -> Certificate:
    around = Around(world.log, world.keys, sleep=at_once)
    found = judged(subject.projection.name, skeleton)
    return await verify(found, around, Kept(1, 1, open_view), None, made_at_ms=0)


def found_in(found: Certificate) -> set[tuple[str, str, str]]:
    return {(d.kind, way.way, way.how) for d in found.differences for way in d.ways}


def is_located(found: Certificate, planted: Rows | Keys, whose: str) -> None:
    """What was planted is said of the entity that it is about, with events that made what is not there, or is elsewhere."""
    assert not found.equal
    private = judged(planted.projection, skeleton).begin().PRIVATE
    located = {(difference.kind, difference.key): difference for difference in found.differences}
    difference = located[planted.kind, digest(whose) if planted.kind in private else whose]
    assert (planted.way, planted.how) in {(way.way, way.how) for way in difference.ways}
    assert bool(difference.events) == planted.is_made_by_events, difference


@pytest.mark.parametrize("kind", VIEWS, ids=lambda kind: kind.PROJECTION)
async def test_a_view_in_cassandra_is_equal(keyspace: Keyspace, kind: Kind, tmp_path: Path) -> None:
    subject, events = lasting(kind.PROJECTION)
    view = keyspace.fresh(kind)
    with closing(World(tmp_path, subject.projection, subject.open_view)) as world:
        await world.append(events)
        await fed(world, subject, view)
        found = await verified(world, subject, partial(keyspace.open, kind, 1))
    assert found.equal, found.json_text().decode()
    assert found.digests["generation"] == found.digests["oracle"]


@pytest.mark.parametrize("planted", IN_CASSANDRA, ids=lambda planted: f"{planted.projection}: {planted.name}")
async def test_what_is_planted_in_cassandra_is_found(
    keyspace: Keyspace, planted: Rows, tmp_path: Path
) -> None:
    subject, events = lasting(planted.projection)
    kind = KINDS[planted.projection]
    view = keyspace.fresh(kind)
    with closing(World(tmp_path, subject.projection, subject.open_view)) as world:
        await world.append(events)
        await fed(world, subject, view)
        session = keyspace.tables.session
        row = session.execute(planted.found).all()[0]
        session.execute(planted.change, tuple(row))
        found = await verified(world, subject, partial(keyspace.open, kind, 1))
    is_located(found, planted, planted.whose.format(*row))


def opened(redis: Redis, projection: str) -> RedisFeeds | RedisSearch:
    if projection == "feeds":
        return RedisFeeds(redis, 1, BUCKETS_COUNT)
    return RedisSearch(redis, 1, BUCKETS_COUNT)


@pytest.mark.parametrize("projection", ["feeds", "search"])
@pytest.mark.parametrize("generation", [1, 11])
async def test_a_view_in_redis_is_equal(
    redis: Redis, projection: str, generation: int, tmp_path: Path
) -> None:
    """What lies beside it belongs to others."""
    subject, events = BY_NAME[projection], lasting(projection)[1]
    views: dict[str, Callable[..., Any]] = {
        "feeds": partial(RedisFeeds, redis, bucket_count=2, cap=5, celebrity_threshold=4),
        "search": partial(RedisSearch, redis, shard_count=3),
    }
    with closing(World(tmp_path, subject.projection, subject.open_view)) as world:
        await world.append(events)
        for number in (1, 11):
            await fed(world, subject, views[projection](number))
        await redis.zadd(b"{f1x.0}:following:" + bytes(8), {b"12345678": 1})
        found = await verified(world, subject, partial(views[projection], generation))
    assert found.equal, found.json_text().decode()
    assert found.digests["generation"] == found.digests["oracle"]


@pytest.mark.parametrize("planted", IN_REDIS, ids=lambda planted: f"{planted.projection}: {planted.name}")
async def test_what_is_planted_in_redis_is_found(redis: Redis, planted: Keys, tmp_path: Path) -> None:
    subject, events = lasting(planted.projection)
    with closing(World(tmp_path, subject.projection, subject.open_view)) as world:
        await world.append(events)
        await fed(world, subject, opened(redis, planted.projection))
        key = min([key async for key in redis.scan_iter(match=planted.key)])
        member = await _member(redis, key)
        await planted.change(redis, key, member)
        found = await verified(world, subject, partial(opened, redis, planted.projection))
    is_located(found, planted, planted.whose(key, member))


async def test_a_key_in_redis_that_names_nobody_is_a_fault(redis: Redis, tmp_path: Path) -> None:
    subject, events = lasting("feeds")
    with closing(World(tmp_path, subject.projection, subject.open_view)) as world:
        await world.append(events)
        await fed(world, subject, opened(redis, "feeds"))
        await redis.zadd(b"{f1.0}:feed:x", {b"12345678": 1})
        found = await verified(world, subject, partial(opened, redis, "feeds"))
    assert not found.equal
    assert found.faults == ("generation 1: cannot be looked through: error",)


async def _member(redis: Redis, key: bytes) -> bytes:
    match cast(bytes, await redis.type(key)):
        case b"zset":
            return cast(bytes, (await redis.zrange(key, -1, -1))[0])
        case b"set":
            return cast(bytes, (await cast(Any, redis.srandmember(key, 1)))[0])
        case _:
            return min(cast(list[bytes], await cast(Any, redis.hkeys(key))))
