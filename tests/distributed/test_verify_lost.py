"""Verify finds much that is wrong at once in Cassandra and Redis: a view that says it has what it lacks, lists in a wrong order,
and tables, kinds of keys and buckets of which everything is lost.
"""

from collections.abc import AsyncIterator, Sequence
from contextlib import closing
from functools import partial
from itertools import chain
from pathlib import Path

import pytest
from redis.asyncio import Redis

from events.envelope import Envelope
from replay.certificate import Certificate
from stores.redis import search
from tests.distributed.cassandra import Keyspace, Kind
from tests.distributed.planting import (
    BUCKETS_COUNT,
    IN_LISTS,
    Listed,
    advance,
    last_of,
    lose,
    run_ahead,
    swap,
)
from tests.distributed.redis import FEEDS, emptied
from tests.distributed.test_cassandra_view import VIEWS
from tests.distributed.test_verify import KINDS, fed, found_in, opened, verified
from tests.property.test_planted import BY_NAME, lasting
from tests.property.worlds import World
from tests.services.addresses import Addresses

IN_REDIS = ("feeds", "search")
LOST_KINDS = (
    ("feeds", "feed"), ("feeds", "followers"), ("feeds", "following"),
    ("search", "date"), ("search", "level"), ("search", "likes"),
    ("search", "words"), ("search", "user"), ("search", "tags"), ("search", "tag_counts"),
)  # fmt: skip
"""What is served."""


@pytest.fixture
async def redis(addresses: Addresses) -> AsyncIterator[Redis]:
    async with emptied(addresses, FEEDS) as found:
        yield found


def _concerning(projection: str) -> list[Envelope]:
    subject, events = lasting(projection)
    return [event for event in events if isinstance(event, subject.projection.events)]


def _told(found: Certificate) -> set[str]:
    """Ids of the events that made what differs."""
    return {event.id for difference in found.differences for event in difference.events}


def _ids(events: Sequence[Envelope]) -> set[str]:
    return {str(event.id) for event in events}


@pytest.mark.parametrize("kind", VIEWS, ids=lambda kind: kind.PROJECTION)
async def test_a_position_in_cassandra_that_ran_ahead_is_found(
    keyspace: Keyspace, kind: Kind, tmp_path: Path
) -> None:
    """The row says that everything was applied, and what came last was not."""
    subject, events = BY_NAME[kind.PROJECTION], _concerning(kind.PROJECTION)
    few = len(events) // 4
    view = keyspace.fresh(kind)
    with closing(World(tmp_path, subject.projection, subject.open_view, partition_count=1)) as world:
        await world.append(events[:few])
        await fed(world, subject, view)
        await world.append(events[few:])
        advance(keyspace.tables.session, kind.PROJECTION, await last_of(world.log, subject.projection.topics))
        found = await verified(world, subject, partial(keyspace.open, kind, 1))
    assert not found.equal
    assert (found.faults, found.behind_count) == ((), 0)
    assert _told(found) & _ids(events[few:])


@pytest.mark.parametrize("projection", IN_REDIS)
@pytest.mark.parametrize("count", range(1, BUCKETS_COUNT + 1))
async def test_fences_in_redis_that_ran_ahead_are_found(
    redis: Redis, projection: str, count: int, tmp_path: Path
) -> None:
    """Of some of the buckets, while the others are fed on, or of all: whoever feeds them skips what they say that they have."""
    subject, events = BY_NAME[projection], _concerning(projection)
    few = len(events) // 4
    with closing(World(tmp_path, subject.projection, subject.open_view, partition_count=1)) as world:
        await world.append(events[:few])
        await fed(world, subject, opened(redis, projection))
        await world.append(events[few:])
        buckets = opened(redis, projection).buckets[:count]
        await run_ahead(redis, buckets, await last_of(world.log, subject.projection.topics))
        await fed(world, subject, opened(redis, projection))
        found = await verified(world, subject, partial(opened, redis, projection))
    assert not found.equal
    assert (found.faults, found.behind_count) == ((), 0)
    assert _told(found) & _ids(events[few:])


@pytest.mark.parametrize("listed", IN_LISTS, ids=lambda listed: listed.table)
async def test_a_wrong_order_in_cassandra_is_found(
    keyspace: Keyspace, listed: Listed, tmp_path: Path
) -> None:
    subject, events = lasting(listed.projection)
    kind = KINDS[listed.projection]
    view = keyspace.fresh(kind)
    with closing(World(tmp_path, subject.projection, subject.open_view)) as world:
        await world.append(events)
        await fed(world, subject, view)
        owner = swap(keyspace.tables.session, listed)
        found = await verified(world, subject, partial(keyspace.open, kind, 1))
    assert (listed.kind, listed.way, "wrong order") in found_in(found)
    (located,) = (d for d in found.differences if any(way.way == listed.way for way in d.ways))
    assert located.key == str(owner)
    assert located.events


@pytest.mark.parametrize(
    ("kind", "table"),
    [(kind, table) for kind in VIEWS for table in kind.TABLES],
    ids=lambda each: each if isinstance(each, str) else each.PROJECTION,
)
async def test_a_table_that_lost_its_rows_is_found(
    keyspace: Keyspace, kind: Kind, table: str, tmp_path: Path
) -> None:
    """Whichever it is: what it held is missing somewhere."""
    found = await _verified_without(keyspace, kind, [table], tmp_path)
    assert not found.equal
    assert found.differences_count > 1
    assert all(difference.ways and difference.events for difference in found.differences)


@pytest.mark.parametrize("kind", VIEWS, ids=lambda kind: kind.PROJECTION)
async def test_a_view_in_cassandra_that_lost_everything_but_its_positions_is_found(
    keyspace: Keyspace, kind: Kind, tmp_path: Path
) -> None:
    found = await _verified_without(keyspace, kind, list(kind.TABLES), tmp_path)
    assert not found.equal
    assert found.differences_count >= len(found.digests["oracle"]) > 1
    assert all(difference.ways and difference.events for difference in found.differences)


async def _verified_without(
    keyspace: Keyspace, kind: Kind, tables: Sequence[str], folder: Path
) -> Certificate:
    subject, events = lasting(kind.PROJECTION)
    view = keyspace.fresh(kind)
    with closing(World(folder, subject.projection, subject.open_view)) as world:
        await world.append(events)
        await fed(world, subject, view)
        for table in tables:
            assert lose(keyspace.tables.session, f"{table}_1") > 0
        return await verified(world, subject, partial(keyspace.open, kind, 1))


@pytest.mark.parametrize(("projection", "kind"), LOST_KINDS)
async def test_a_kind_of_keys_that_is_lost_is_found(
    redis: Redis, projection: str, kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The index by likes serves no term that is so rare that its posts are sorted as they are read: then none is."""
    if kind == "level":
        monkeypatch.setattr(search, "SORTED_LIMIT", 1)
    patterns = (f"*:{kind}:*", f"*:{kind}")
    found = await _verified_after(redis, projection, patterns, (), tmp_path)
    assert found.differences
    assert all(difference.ways and difference.events for difference in found.differences)


@pytest.mark.parametrize("projection", IN_REDIS)
async def test_a_bucket_that_lost_everything_but_its_fences_is_found(
    redis: Redis, projection: str, tmp_path: Path
) -> None:
    bucket = opened(redis, projection).buckets[0]
    kept = (bucket + b":fence", bucket + b":state")
    found = await _verified_after(redis, projection, (f"{bucket.decode()}:*",), kept, tmp_path)
    assert found.behind_count == 0
    assert found.differences_count > 1
    assert all(difference.ways and difference.events for difference in found.differences)


@pytest.mark.parametrize("projection", IN_REDIS)
async def test_a_bucket_that_lost_everything_is_behind(redis: Redis, projection: str, tmp_path: Path) -> None:
    """Since nobody feeds it here. It is not equal, however little there was in it."""
    bucket = opened(redis, projection).buckets[0]
    found = await _verified_after(redis, projection, (f"{bucket.decode()}:*",), (), tmp_path)
    assert found.behind_count > 0


async def _verified_after(
    redis: Redis, projection: str, patterns: Sequence[str], kept: Sequence[bytes], folder: Path
) -> Certificate:
    subject, events = lasting(projection)
    with closing(World(folder, subject.projection, subject.open_view)) as world:
        await world.append(events)
        await fed(world, subject, opened(redis, projection))
        keys = [[key async for key in redis.scan_iter(match=pattern)] for pattern in patterns]
        assert await redis.unlink(*(set(chain.from_iterable(keys)) - set(kept))) > 0
        found = await verified(world, subject, partial(opened, redis, projection))
    assert not found.equal
    return found
