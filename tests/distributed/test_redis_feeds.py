"""Feeds in Redis, and what only this adapter promises."""

from collections.abc import AsyncIterator, Collection
from pathlib import Path
from random import Random
from unittest.mock import patch

import pytest
from redis.asyncio import Redis
from redis.crc import key_slot

from events import codec
from events.envelope import Envelope
from projectors.feeds import FEEDS as PROJECTION
from projectors.step import Step
from stores.ports.crash import CrashPoint
from stores.ports.errors import EmptiedError, StoreError
from stores.ports.feeds import FeedsChange
from stores.ports.view import GapError, Position
from stores.redis import view as redis_view
from stores.redis.feeds import RedisFeeds
from stores.sqlite import keys as sqlite_keys
from stores.sqlite.database import MEMORY, Database
from stores.sqlite.keys import SqliteKeys
from stores.sqlite.log import SqliteLog
from tests.contract.applying import PARTITION, apply, folded
from tests.contract.feeds import (
    ADA,
    BO,
    CAP,
    CELEBRITY_THRESHOLD,
    CY,
    NO_FEED,
    FeedsContract,
    at,
    entries,
    follows,
    post_at,
    seen,
    unfollows,
)
from tests.distributed.redis import FEEDS, emptied
from tests.distributed.redis_buckets import empty, put_back, snapshot
from tests.property.served import read_feeds
from tests.property.stories import Story
from tests.property.subjects import SUBJECTS
from tests.services.addresses import Addresses

READERS = range(101, 131)
"""They live in all of a few buckets."""


@pytest.fixture
async def redis(addresses: Addresses) -> AsyncIterator[Redis]:
    async with emptied(addresses, FEEDS) as found:
        yield found


class _Neighbours(RedisFeeds):
    """Everybody lives in the last bucket, so that it decides alone who is a celebrity."""

    def _number_of(self, id_: int) -> int:
        return len(self.buckets) - 1


class TestRedisFeeds(FeedsContract):
    @pytest.fixture(params=[(RedisFeeds, 1), (_Neighbours, 3)], ids=["one bucket", "the last of three"])
    def view(self, redis: Redis, request: pytest.FixtureRequest) -> RedisFeeds:
        kind, bucket_count = request.param
        made: RedisFeeds = kind(redis, 1, bucket_count, CAP, CELEBRITY_THRESHOLD * bucket_count)
        return made

    async def test_a_full_page_above_every_since_merges_nobody(self, view: RedisFeeds) -> None:
        posts = [post_at(7, BO), post_at(6, BO), post_at(5, BO)]
        await apply(view, seen(ADA), posts[2], follows(ADA, BO), *posts[1::-1])
        assert (await view.slice(ADA, None, 2)).merged == ()
        assert (await view.slice(ADA, None, 3)).merged == (BO,)

    async def test_a_full_page_down_to_the_since_merges(self, view: RedisFeeds) -> None:
        """Of the same millisecond there may be a post that was not pushed."""
        await apply(view, seen(ADA), post_at(5, BO), follows(ADA, BO), post_at(5, BO, 1), post_at(6, BO))
        assert (await view.slice(ADA, None, 1)).merged == ()
        assert (await view.slice(ADA, None, 2)).merged == (BO,)

    async def test_a_page_begins_within_a_millisecond(self, view: RedisFeeds) -> None:
        posts = [post_at(5, BO, sequence) for sequence in range(4)]
        await apply(view, seen(ADA), follows(ADA, BO), post_at(4, BO, 1), *posts[:3])
        assert (await view.slice(ADA, posts[2].post_id, 2)).entries == entries(posts[1], posts[0])
        assert (await view.slice(ADA, posts[2].post_id, 3)).entries == entries(
            posts[1], posts[0], post_at(4, BO, 1)
        )


async def test_a_long_feed_is_not_cut_for_every_post(redis: Redis) -> None:
    feeds = RedisFeeds(redis, 1, 1, cap=16)
    posts = [post_at(5 + n, BO) for n in range(19)]
    await apply(feeds, seen(ADA), follows(ADA, BO), *posts[:18])
    assert (await feeds.slice(ADA, None, 99)).entries == entries(*posts[17::-1])
    await apply(feeds, posts[18])
    assert (await feeds.slice(ADA, None, 99)).entries == entries(*posts[18:2:-1])


def _crowd(random: Random) -> list[FeedsChange]:
    """What many people do, with posts out of order and feeds that overflow."""
    authors = range(1, 6)
    changes: list[FeedsChange] = [seen(reader) for reader in READERS if reader % 5]
    changes += [follows(reader, random.choice(authors)) for reader in [*READERS] * 2]
    for ms in range(10, 60):
        changes.append(post_at(ms + random.randrange(-3, 3), random.choice(authors), ms))
        kind = random.choice((follows, unfollows))
        changes.append(kind(random.choice(READERS), random.choice(authors)))
    return changes


async def _told(view: RedisFeeds, users: Collection[int]) -> object:
    slices = {user: await view.slice(user, None, 99) for user in users}
    return (
        {user: (found.entries, found.floor_ms, set(found.merged)) for user, found in slices.items()},
        {user: set(await view.following(user)) for user in users},
        await view.counts(users),
    )


async def test_one_bucket_and_eight_say_the_same(redis: Redis) -> None:
    one, eight = RedisFeeds(redis, 1, 1, cap=8), RedisFeeds(redis, 2, 8, cap=8)
    for view in (one, eight):
        await apply(view, *_crowd(Random(3)))
    people = [*range(1, 6), *READERS]
    assert await _told(one, people) == await _told(eight, people)
    homes = {eight._bucket_of(reader) for reader in READERS}
    assert len(homes) > 4


async def test_a_script_stops_when_it_has_done_enough(redis: Redis) -> None:
    """At an event's end, with the fence there; the next call goes on."""
    rounds: list[Position | None] = []

    class StoppedError(Exception):
        pass

    def stop(point: CrashPoint) -> None:
        if point == "view.before_commit":
            rounds.append(None)
            if len(rounds) == 2:
                raise StoppedError

    readers = READERS[:20]
    setting = RedisFeeds(redis, 1, 1)
    await apply(setting, *(change for reader in readers for change in (seen(reader), follows(reader, BO))))
    posts = [post_at(ms, BO) for ms in range(5, 15)]
    events = await folded(setting, *posts)
    with patch.object(redis_view, "WORK_COUNT", 50):
        stopped = RedisFeeds(redis, 1, 1, crash=stop)
        with pytest.raises(StoppedError):
            await stopped.apply(events)
        assert await stopped.positions() == {PARTITION: Position(events[2].offset, events[2].event_id)}
        assert (await stopped.slice(readers[0], None, 99)).entries == entries(*posts[2::-1])
        await stopped.apply(events)
    assert len(rounds) == 5  # seven posts more, three in a round
    assert await stopped.positions() == {PARTITION: Position(events[-1].offset, events[-1].event_id)}
    assert (await stopped.slice(readers[-1], None, 99)).entries == entries(*posts[::-1])


async def test_a_bucket_that_went_back_refuses_what_leaves_a_gap(redis: Redis) -> None:
    view = RedisFeeds(redis, 1, 3, cap=8)
    everything = await folded(view, *_crowd(Random(5)))
    half = len(everything) // 2
    await view.apply(everything[:half])
    taken = await snapshot(redis, view.buckets[1])
    await view.apply(everything[half:-1])
    await put_back(redis, view.buckets[1], taken)
    assert (await view.positions())[PARTITION].offset == half - 1
    with pytest.raises(GapError):
        await view.apply(everything[-1:])
    assert (await view.positions())[PARTITION].offset == half - 1
    await view.apply(everything[half:])
    whole = RedisFeeds(redis, 2, 3, cap=8)
    await whole.apply(everything)
    people = [*range(1, 6), *READERS]
    assert await view.counts(people) == await whole.counts(people)
    assert [await view.following(reader) for reader in READERS] == [
        await whole.following(reader) for reader in READERS
    ]


async def test_all_keys_of_a_bucket_are_in_one_slot(redis: Redis) -> None:
    view = RedisFeeds(redis, 7, 4)
    await apply(view, *_crowd(Random(6)))
    slots = {bucket: key_slot(bucket) for bucket in view.buckets}
    assert len(set(slots.values())) == 4
    keys = [key async for key in redis.scan_iter(count=1_000)]
    assert {key_slot(key) for key in keys} == set(slots.values())
    for reader in READERS:
        mine = [key for key in keys if key.endswith(b":" + reader.to_bytes(8, "big"))]
        assert {key_slot(key) for key in mine} <= {slots[view._bucket_of(reader)]}


async def test_no_key_expires(redis: Redis) -> None:
    await apply(RedisFeeds(redis, 1, 2), *_crowd(Random(7)))
    assert {await redis.ttl(key) async for key in redis.scan_iter(count=1_000)} == {-1}


async def test_generations_are_apart(redis: Redis) -> None:
    one, other = RedisFeeds(redis, 1, 2), RedisFeeds(redis, 11, 2)
    await apply(one, seen(ADA), follows(ADA, BO), post_at(5, BO))
    assert await other.positions() == {}
    assert await other.slice(ADA, None, 9) == NO_FEED


async def test_a_generation_is_dropped_whole(redis: Redis) -> None:
    one, other = RedisFeeds(redis, 1, 2), RedisFeeds(redis, 11, 2)
    for view in (one, other):
        await apply(view, *_crowd(Random(7)))
    await one.drop()
    await one.drop()
    left = [key async for key in redis.scan_iter(count=1_000) if not key.startswith(b"{f11.")]
    assert sorted(left) == [bucket + b":state" for bucket in one.buckets]
    assert {await redis.ttl(key) > 0 for key in left} == {True}


async def test_who_stood_still_while_a_generation_was_dropped_writes_nothing_to_it(redis: Redis) -> None:
    view, late = RedisFeeds(redis, 1, 2), RedisFeeds(redis, 1, 2)
    await apply(view, *_crowd(Random(7)))
    events = await folded(late, seen(ADA), follows(ADA, BO), post_at(5, BO))
    await view.drop()
    left = {key async for key in redis.scan_iter(count=1_000)}
    with pytest.raises(StoreError, match="is dropped"):
        await late.apply(events)
    await late.filled()
    assert {key async for key in redis.scan_iter(count=1_000)} == left
    assert not await late.believed()


async def test_a_generation_is_never_divided_anew(redis: Redis) -> None:
    view, other = RedisFeeds(redis, 1, 2), RedisFeeds(redis, 1, 3)
    await apply(view, seen(ADA), follows(ADA, BO))
    await view.filled()
    events = await folded(view, post_at(5, BO))
    with pytest.raises(StoreError, match="divided into 2"):
        await other.apply(events)
    await other.filled()
    assert not await other.believed()
    assert await view.believed()
    await view.apply(events)


async def test_each_bucket_has_its_own_celebrities(redis: Redis) -> None:
    """Readers of the fuller bucket merge what those of the other are still pushed."""
    view = RedisFeeds(redis, 1, 2, celebrity_threshold=6)
    homes = {reader: view._bucket_of(reader) for reader in READERS}
    full = [reader for reader in READERS if homes[reader] == view.buckets[0]][:4]
    other = [reader for reader in READERS if homes[reader] == view.buckets[1]][:3]
    await apply(view, *(change for r in [*full, *other] for change in (seen(r), follows(r, BO))))
    await apply(view, post_at(5, BO))
    assert [(await view.slice(r, None, 9)).entries for r in full] == [()] * 4
    assert [(await view.slice(r, None, 9)).merged for r in full] == [(BO,)] * 4
    assert [(await view.slice(r, None, 9)).entries for r in other] == [entries(post_at(5, BO))] * 3
    assert [(await view.slice(r, None, 9)).merged for r in other] == [()] * 3


async def test_an_emptied_bucket_is_not_believed_until_it_is_filled_again(redis: Redis) -> None:
    view = RedisFeeds(redis, 1, 3)
    events = await folded(view, seen(ADA), follows(ADA, BO), post_at(5, BO))
    await view.apply(events)
    await view.filled()
    assert await view.believed()
    await empty(redis, view._bucket_of(ADA))
    with pytest.raises(EmptiedError):
        await view.slice(ADA, None, 9)
    with pytest.raises(EmptiedError):
        await view.following(ADA)
    with pytest.raises(EmptiedError):
        await view.counts((BO, CY))
    assert not await view.believed()
    await view.apply(events[:1])
    assert not await view.believed()
    await view.apply(events[1:])
    await view.filled()
    assert await view.believed()
    assert (await view.slice(ADA, None, 9)).floor_ms == 0


async def test_a_bucket_that_is_emptied_while_filled_is_said_is_not_believed(redis: Redis) -> None:
    view = RedisFeeds(redis, 1, 3)
    await apply(view, *_crowd(Random(8)))
    await empty(redis, view.buckets[2])
    await view.filled()
    assert not await view.believed()


async def test_following_counts_from_the_highest_post_of_the_bucket(redis: Redis) -> None:
    """Of posts that are told with the edge, too."""
    view = RedisFeeds(redis, 1, 8)
    await apply(view, post_at(9, CY), follows(ADA, BO), post_at(7, CY))
    assert (await view.facts(ADA, 1, BO)).since_ms == at(9)


async def _record(event: Envelope, keys: SqliteKeys) -> codec.Record:
    if not event.personal:
        return codec.encode(event, None)
    await keys.create(event.subject_id)
    key = (await keys.get([event.subject_id]))[event.subject_id]
    assert isinstance(key, bytes)
    return codec.encode(event, key)


async def test_an_emptied_redis_is_filled_from_the_log(redis: Redis, tmp_path: Path) -> None:
    """By a step that was at the end, and notices."""
    actions = ("post", "post", "follow", "follow", "unfollow", "be_seen")
    random = Random(9)
    choices = [(n, random.randrange(4), random.randrange(4), random.randrange(8)) for n in range(200)]
    story = Story().tell(actions, choices)
    log, state = SqliteLog(tmp_path / "log.db", 2), Database(MEMORY, sqlite_keys.SCHEMA, "NORMAL")
    keys = SqliteKeys(state)
    await log.append([await _record(event, keys) for event in story])
    view = RedisFeeds(redis, 1, 3, cap=5)
    step = Step(PROJECTION, view, log, keys)
    await step.open()
    while await step.catch_up():
        pass
    assert await view.believed()
    expected = next(s for s in SUBJECTS if s.projection is PROJECTION).oracle(story)
    await redis.flushdb()
    with pytest.raises(EmptiedError):
        await view.counts((ADA,))
    assert not await view.believed()
    while await step.catch_up():
        pass
    assert await view.believed()
    assert await read_feeds(view, story, log) == expected
    log.close()
    state.close()
