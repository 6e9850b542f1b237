"""The search contract on Redis, in one shard and in several, and with bounds so small that every way of reading a list is taken;
and what only this adapter promises."""

from collections.abc import AsyncIterator
from random import Random
from typing import Any
from unittest.mock import patch

import pytest
from redis.asyncio import Redis
from redis.crc import key_slot

from stores.ports.crash import CrashPoint
from stores.ports.errors import StoreError, UnavailableError
from stores.ports.search import SearchChange, SearchLikeSet, SearchPostGone, SearchPostPut
from stores.ports.terms import query_terms
from stores.ports.view import GapError, Position
from stores.redis import search as redis_search
from stores.redis import view as redis_view
from stores.redis.search import RedisSearch
from tests.contract.applying import PARTITION, apply, apply_each, folded
from tests.contract.search import AUTHOR, SORTS, SearchContract, caption, liked, posts, put, tags, user, users
from tests.distributed.redis import SEARCH, emptied
from tests.distributed.redis_buckets import empty, keys_of, put_back, snapshot
from tests.distributed.redis_index import Index, index_of
from tests.services.addresses import Addresses

WORDS = ("red", "golden", "hour", "beach", "sky", "harbor", "été", "日本")
TAGS = ("sun", "sea", "été")


@pytest.fixture
async def redis(addresses: Addresses) -> AsyncIterator[Redis]:
    async with emptied(addresses, SEARCH) as found:
        yield found


@pytest.fixture(params=[1, 3], ids=["one shard", "three shards"])
async def view(redis: Redis, request: pytest.FixtureRequest) -> RedisSearch:
    return await _filled(RedisSearch(redis, 1, request.param))


async def _filled(view: RedisSearch) -> RedisSearch:
    """As a step does when it has come to the end."""
    await view.filled()
    return view


class TestRedisSearch(SearchContract):
    async def test_lists_longer_than_what_is_read_at_once(self, view: RedisSearch) -> None:
        many = range(1, 451)
        await apply(view, *[put(n, "red sky" if n % 50 == 0 else "red", "sun") for n in many])
        await apply(view, *[user(n, f"an{n % 7}", "Bo" if n % 50 == 0 else "") for n in many])
        with patch.object(redis_search, "SORTED_LIMIT", 0):
            for sort in SORTS:
                assert await posts(view, "red", sort, limit=400) == [*reversed(many)]
                assert await posts(view, "red #sun sky", sort, limit=400) == [*range(450, 0, -50)]
        assert await users(view, "a", "b", limit=400) == sorted(range(50, 451, 50), key=lambda n: (n % 7, n))

    async def test_lists_by_likes_of_rare_and_of_frequent_terms(self, view: RedisSearch) -> None:
        """One shard may sort what another one walks."""
        await apply(view, *[put(n, "red sky") for n in range(1, 41)])
        await apply(view, *(like for n in range(1, 41) for like in liked(n, n % 5)))
        ranked = sorted(range(1, 41), key=lambda n: ((n % 5).bit_length(), n), reverse=True)
        for limit in (5, 12, 13, 14, 15, 40):
            with patch.object(redis_search, "SORTED_LIMIT", limit * len(view.buckets)):
                assert await posts(view, '"red sky"', "likes", limit=3) == ranked

    async def test_the_rarest_term_leads(self, view: RedisSearch) -> None:
        """A page that walked the other one would end before it finds anything."""
        await apply(view, put(1, "red sky"), *[put(n, "red") for n in range(2, 40)])
        with patch.multiple(redis_search, WALKED_LIMIT=3 * len(view.buckets), SORTED_LIMIT=0):
            for query in ("red sky", "sky red", '"red sky"'):
                for sort in SORTS:
                    page = await view.posts(query_terms(query), sort, None, 5)
                    assert (page.post_ids, page.next_key) == ((1,), None)


class TestRedisSearchInShortWalks(SearchContract):
    @pytest.fixture(autouse=True, params=[1, 7])
    def bounds(self, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> None:
        monkeypatch.setattr(redis_search, "WALKED_LIMIT", request.param)
        monkeypatch.setattr(redis_search, "SORTED_LIMIT", 0)

    async def test_a_walk_that_finds_nothing_ends_early_and_goes_on(self, view: RedisSearch) -> None:
        await apply(view, *[put(post_id, "red") for post_id in range(2, 40)], put(1, "red sky"))
        await apply(view, *[put(post_id, "sky") for post_id in range(50, 90)])
        page = await view.posts(("red", "sky"), "date", None, 5)
        assert page.post_ids == ()
        assert page.next_key is not None
        assert await posts(view, "red sky") == [1]

    async def test_users_beyond_the_first_walk_are_found(self, view: RedisSearch) -> None:
        await apply(view, *[user(user_id, f"an{user_id}") for user_id in range(10, 40)], user(9, "an9.b"))
        page = await view.users(("an", "b"), None, 5)
        assert page.user_ids == ()
        assert page.next_key is not None
        assert await users(view, "an", "b") == [9]


def _history(random: Random, count: int = 300) -> list[SearchChange]:
    """Much about few posts, with likes before them and edits after their end."""

    def text() -> str:
        return " ".join(random.choices(WORDS, k=random.randrange(1, 5)))

    def one(post_id: int) -> SearchChange:
        who = random.randrange(1, 9)
        match random.randrange(9):
            case 0 | 1:
                return put(post_id, text(), *random.sample(TAGS, 2), place=text())
            case 2:
                return caption(post_id, text(), random.choice(TAGS))
            case 3 if post_id % 5 == 0:
                return SearchPostGone(post_id, AUTHOR)
            case 3 | 4:
                return user(who, f"{random.choice(WORDS)}.{who}", text())
            case 5:
                return SearchLikeSet(post_id, who, liked=False)
            case _:
                return SearchLikeSet(post_id, who, liked=True)

    return [one(random.randrange(1, 25)) for _ in range(count)]


async def _told(view: RedisSearch) -> dict[str, Any]:
    queries = [*WORDS, *map("#{}".format, TAGS), '"golden hour"', "red sky"]
    return {
        "posts": {(query, sort): await posts(view, query, sort) for query in queries for sort in SORTS},
        "users": {word: await users(view, word) for word in (*WORDS, "1", "r", "日")},
        "tags": await tags(view),
    }


async def test_one_shard_and_eight_say_the_same(redis: Redis) -> None:
    one, eight = await _filled(RedisSearch(redis, 1, 1)), await _filled(RedisSearch(redis, 2, 8))
    for view in (one, eight):
        await apply(view, *_history(Random(3)))
    held = await index_of(redis, one)
    assert held == await index_of(redis, eight)
    assert held.levels() == held.levels_due()
    assert {level for _, level, _ in held.levels()} >= {0, 1, 2}
    assert await _told(one) == await _told(eight)


async def test_nothing_is_left_of_what_is_no_longer_so(redis: Redis) -> None:
    view = await _filled(RedisSearch(redis, 1, 3))
    await apply(view, put(1, "golden hour", "sun", place="Lake"), *liked(1, 3), user(1, "ada", "Bell"))
    await apply_each(view, caption(1, "sky", "sea"), SearchLikeSet(1, 2, liked=False))
    kept = Index(
        {("date:sky", _id(1)), ("date:#sea", _id(1)), ("date:lake", _id(1)), ("tags", b"sea")},
        {b"post:" + _id(1): b"+sky\0sea\0lake", b"user:" + _id(1): b"ada\0bell"},
        {1: {1, 3}},
    )
    kept.rows |= {(f"level:{term}", b"\2" + _id(1)) for term in ("sky", "#sea", "lake")}
    kept.rows |= {("words", word + b"\0" + _id(1)) for word in (b"ada", b"bell")}
    kept.tag_counts[b"sea"] = 1
    assert await index_of(redis, view) == kept


async def test_a_deleted_post_keeps_nothing_that_anybody_wrote(redis: Redis) -> None:
    """Whatever comes first."""
    everything = [put(1, "golden hour", "sun", place="Lake"), *liked(1, 3), SearchPostGone(1, AUTHOR)]
    for generation, order in enumerate((everything, everything[::-1], everything + everything)):
        view = RedisSearch(redis, generation, 2)
        await apply(view, *order)
        assert await index_of(redis, view) == Index(facts={b"post:" + _id(1): b"."})


def _id(id_: int) -> bytes:
    return id_.to_bytes(8, "big")


async def test_terms_of_any_characters_stay_in_their_slot(redis: Redis) -> None:
    """What people write is made into terms before; here not even that is relied on."""
    view = await _filled(RedisSearch(redis, 7, 4))
    hostile = ("}", "{s9.1}:state", "*", "date:red", ":", "{", "s7.0", "ß ü")
    for number, term in enumerate(hostile, 1):
        await apply(view, SearchPostPut(number, AUTHOR, "public", (term,), (term,), ()))
        await apply(view, *liked(number, 1))
    slots = {key_slot(shard) for shard in view.buckets}
    assert len(slots) == 4
    assert {key_slot(key) async for key in redis.scan_iter(count=1_000)} == slots
    for number, term in enumerate(hostile, 1):
        for sort in SORTS:
            assert (await view.posts((term,), sort, None, 9)).post_ids == (number,)
    assert sorted(await tags(view)) == sorted(hostile)


async def test_a_query_makes_no_key(redis: Redis) -> None:
    view = await _filled(RedisSearch(redis, 1, 2))
    before = {key async for key in redis.scan_iter()}
    await _told(view)
    assert {key async for key in redis.scan_iter()} == before


async def test_a_shard_is_rebuilt_alone(redis: Redis) -> None:
    """Nothing is read meanwhile: a list that lacks a shard's posts would look whole. The others are not written again."""
    view = await _filled(RedisSearch(redis, 1, 3))
    events = await folded(view, *_history(Random(5)))
    await view.apply(events)
    expected, held = await _told(view), await index_of(redis, view)
    others = [dict(await snapshot(redis, shard)) for shard in (view.buckets[0], view.buckets[2])]
    await empty(redis, view.buckets[1])
    assert await view.positions() == {}
    await _refuses(view)
    with pytest.raises(GapError):
        await view.apply(events[-1:])
    for at in range(0, len(events), 40):
        await view.apply(events[at : at + 40])
        await _refuses(view)
    await view.filled()
    assert await _told(view) == expected
    assert await index_of(redis, view) == held
    assert [dict(await snapshot(redis, shard)) for shard in (view.buckets[0], view.buckets[2])] == others


async def _refuses(view: RedisSearch) -> None:
    with pytest.raises(UnavailableError):
        await view.posts(query_terms("red"), "date", None, 5)
    with pytest.raises(UnavailableError):
        await view.posts(query_terms("red"), "likes", None, 5)
    with pytest.raises(UnavailableError):
        await view.users(("r",), None, 5)
    with pytest.raises(UnavailableError):
        await view.tags("", "", 5)


async def test_a_shard_that_went_back_refuses_what_leaves_a_gap(redis: Redis) -> None:
    view = await _filled(RedisSearch(redis, 1, 3))
    events = await folded(view, *_history(Random(6)))
    await view.apply(events[:100])
    taken = await snapshot(redis, view.buckets[2])
    await view.apply(events[100:200])
    await put_back(redis, view.buckets[2], taken)
    assert (await view.positions())[PARTITION].offset == 99
    with pytest.raises(GapError):
        await view.apply(events[200:])
    await view.apply(events[100:])
    whole = await _filled(RedisSearch(redis, 2, 3))
    await whole.apply(events)
    assert await index_of(redis, view) == await index_of(redis, whole)
    assert await _told(view) == await _told(whole)


async def test_a_script_stops_when_it_has_done_enough(redis: Redis) -> None:
    """A post counts as much as its rows, and a like as those it moves."""
    rounds: list[CrashPoint] = []

    class StoppedError(Exception):
        pass

    def stop(point: CrashPoint) -> None:
        if point == "view.before_commit":
            rounds.append(point)
            if len(rounds) == 3:
                raise StoppedError

    text = " ".join(f"w{n}" for n in range(100))
    view = await _filled(RedisSearch(redis, 1, 1, stop))
    events = await folded(view, put(1, text), put(2, text), *liked(1, 1), *liked(1, 2), put(3, text))
    with patch.object(redis_view, "WORK_COUNT", 250):
        with pytest.raises(StoppedError):
            await view.apply(events)
        assert await view.positions() == {PARTITION: Position(1, events[1].event_id)}
        assert await posts(view, "w7", "likes") == [2, 1]
        await view.apply(events)
    assert len(rounds) == 5
    assert await posts(view, "w7", "likes") == [1, 3, 2]


@pytest.mark.parametrize("broken", [b":level:sky", b":words"])
async def test_what_a_failing_script_has_written_is_completed(redis: Redis, broken: bytes) -> None:
    """The events of its call are applied again, those before the one that failed, too."""
    view, whole = RedisSearch(redis, 1, 1), RedisSearch(redis, 2, 1)
    first, last = [put(1, "red", "sun"), user(1, "ada")], [caption(1, "sky", "sea"), user(2, "bo")]
    events = await folded(view, *first, *liked(1, 2), *last, *liked(1, 4), SearchLikeSet(1, 3, liked=False))
    await view.apply(events[:2])
    taken = await snapshot(redis, view.buckets[0])
    key = view.buckets[0] + broken
    await redis.delete(key)
    await redis.set(key, "no sorted set")
    with pytest.raises(StoreError):
        await view.apply(events)
    assert (await view.positions())[PARTITION].offset == 1
    await redis.delete(key)
    for name, value in taken:
        if name == key:
            await redis.restore(name, 0, value)
    await view.apply(events)
    await whole.apply(events)
    assert await index_of(redis, view) == await index_of(redis, whole)


async def test_no_key_expires(redis: Redis) -> None:
    view = RedisSearch(redis, 1, 2)
    await apply(view, *_history(Random(7)))
    keys = [key for shard in view.buckets for key in await keys_of(redis, shard)]
    assert {await redis.ttl(key) for key in keys} == {-1}


async def test_generations_are_apart_and_never_divided_anew(redis: Redis) -> None:
    view, next_ = await _filled(RedisSearch(redis, 1, 2)), await _filled(RedisSearch(redis, 11, 2))
    await apply(view, put(1, "red", "sun"), user(1, "ada"))
    assert await posts(next_, "red") == await users(next_, "ada") == []
    other = RedisSearch(redis, 1, 3)
    with pytest.raises(StoreError, match="divided into 2"):
        await other.apply(await folded(view, put(2, "red")))
    await _refuses(other)
    assert await posts(view, "red") == [1]
    await view.drop()
    assert await index_of(redis, view) == Index()
