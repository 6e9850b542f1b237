"""Search in Redis: posts and users are divided among shards by their ids; a query asks every shard at once.

A shard holds what its posts and users say, and every index made of it, so one script changes them together (`search.lua`). Each
shard chooses by itself which term it walks, since all lists of a query are in the same order. Everything is kept here: no index
is cut, and no part of one is anywhere else.

While a shard is filled from nothing, all reads raise UnavailableError: lists would lack what it has not found yet.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from struct import Struct
from typing import Any, ClassVar

from redis.asyncio import Redis

from stores.ports.crash import Crash, survive
from stores.ports.errors import StoreError, UnavailableError
from stores.ports.search import (
    FoundPosts,
    FoundTag,
    FoundUsers,
    SearchChange,
    SearchKey,
    SearchSort,
    UserKey,
)
from stores.redis.client import Script
from stores.redis.inspected import Named, by_text, by_word
from stores.redis.search_changes import encoded
from stores.redis.search_pages import Merged, Walked, falling, rising
from stores.redis.view import RedisView

WALKED_LIMIT = 5_000
"""Rows that one page looks at, in all shards together."""
SORTED_LIMIT = 1_000
"""A term with up to so many posts, in all shards together, is rare: by likes, they are sorted as they are read."""

_AFTER_ALL = b"\xff"
"""Sorts after every character of a word or tag, every like level and every id."""

_BY_DATE = Script("search_walk.lua", "search_by_date.lua")
_BY_LIKES = Script("search_level.lua", "search_walk.lua", "search_by_likes.lua")
_USERS = Script("search_users.lua")
_TAGS = Script("search_tags.lua")

_ID = Struct(">Q")
_LEVEL_AND_ID = Struct(">BQ")


class RedisSearch(RedisView[SearchChange]):
    APPLY = Script("view.lua", "search_level.lua", "search.lua", "apply.lua")
    RELEASE = Script("view.lua", "search_level.lua", "search.lua", "release.lua")
    HELD_BY_KEY: ClassVar[Mapping[bytes, Named]] = {kind: by_text("term") for kind in (b"date", b"level")}
    HELD_BY_INDEX: ClassVar[Mapping[bytes, Named]] = {b"tags": by_text("tag"), b"words": by_word("word")}

    def __init__(self, redis: Redis, generation: int, shard_count: int, crash: Crash = survive) -> None:
        super().__init__(redis, f"s{generation}", shard_count, crash)

    def _encode(self, change: SearchChange) -> tuple[Iterable[int], bytes]:
        id_, what = encoded(change)
        return (self._number_of(id_),), what

    async def posts(
        self, terms: Sequence[str], sort: SearchSort, after: SearchKey | None, limit: int
    ) -> FoundPosts:
        if not terms:
            return FoundPosts((), None)
        match sort:
            case "date":
                return await self._by_date(terms, after, limit)
            case "likes":
                return await self._by_likes(terms, after, limit)

    async def _by_date(self, terms: Sequence[str], after: SearchKey | None, limit: int) -> FoundPosts:
        below = _AFTER_ALL if after is None else _ID.pack(after.post_id)
        found = await self._ask(_BY_DATE, b"(" + below, limit, self._share(WALKED_LIMIT), _lines(terms))
        page = falling([Walked(*walked) for walked in found], limit)
        return _posts(page, lambda member: SearchKey(0, *_ID.unpack(member)))

    async def _by_likes(self, terms: Sequence[str], after: SearchKey | None, limit: int) -> FoundPosts:
        """Shards in which a term is rare tell all their posts, those of earlier pages too."""
        below = _AFTER_ALL if after is None else _LEVEL_AND_ID.pack(after.level, after.post_id)
        bounds = (limit, self._share(WALKED_LIMIT), _lines(terms), self._share(SORTED_LIMIT))
        answers = await self._ask(_BY_LIKES, b"(" + below, *bounds)
        walks = [Walked([member for member in found if member < below], last) for found, last in answers]
        return _posts(falling(walks, limit), lambda member: SearchKey(*_LEVEL_AND_ID.unpack(member)))

    async def users(self, prefixes: Sequence[str], after: UserKey | None, limit: int) -> FoundUsers:
        if not prefixes:
            return FoundUsers((), None)
        longest, *others = sorted(dict.fromkeys(prefixes), key=len, reverse=True)
        start = b"[" + longest.encode() if after is None else b"(" + _word(after)
        bounds = (limit, self._share(WALKED_LIMIT))
        found = await self._ask(_USERS, start, *bounds, longest.encode(), *(one.encode() for one in others))
        page = rising([Walked(*walked) for walked in found], limit)
        user_ids = tuple(_user_key(member).user_id for member in page.members)
        return FoundUsers(user_ids, None if page.next is None else _user_key(page.next))

    async def tags(self, prefix: str, after: str, limit: int) -> Sequence[FoundTag]:
        """The first of all shards are among the first of each that has them, so their sums are whole."""
        low = b"(" + after.encode() if after >= prefix else b"[" + prefix.encode()
        sums: Counter[bytes] = Counter()
        for tags, counts in await self._ask(_TAGS, low, b"(" + prefix.encode() + _AFTER_ALL, limit):
            if None in counts:
                raise StoreError("a tag of the search index has no count")
            sums.update(dict(zip(tags, map(int, counts), strict=True)))
        return [FoundTag(tag.decode(), sums[tag]) for tag in sorted(sums)[:limit]]

    async def _ask(self, script: Script, *arguments: Any) -> list[list[Any]]:
        """What each shard answers; one round trip."""
        found = await script.run_each(self._redis, [(shard, arguments) for shard in self.buckets])
        if not all(self._is_believed(state) for state, *_ in found):
            raise UnavailableError("a shard of the search index is being filled")
        return [answer for _, *answer in found]

    def _share(self, limit: int) -> int:
        """Of one shard, which looks at one row in any case."""
        return limit // len(self.buckets)


def _lines(terms: Sequence[str]) -> bytes:
    return "\n".join(dict.fromkeys(terms)).encode()


def _posts(page: Merged, key_of: Callable[[bytes], SearchKey]) -> FoundPosts:
    post_ids = tuple(key_of(member).post_id for member in page.members)
    return FoundPosts(post_ids, None if page.next is None else key_of(page.next))


def _word(key: UserKey) -> bytes:
    return key.word.encode() + b"\0" + _ID.pack(key.user_id)


def _user_key(member: bytes) -> UserKey:
    return UserKey(member[: -_ID.size - 1].decode(), *_ID.unpack(member[-_ID.size :]))
