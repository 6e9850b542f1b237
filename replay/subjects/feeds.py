"""Feeds: a user by the home feed as it is served, by whom they follow, and by how many follow them.

A feed is read through the merge that serves it. The timelines that are merged into it are what the oracle says of them, so that
nothing but the feeds view is judged. For that the ids of all posts are kept in memory, 8 bytes each, and of all that were deleted.
"""

from array import array
from bisect import bisect_left
from collections.abc import Awaitable, Callable, Collection, Iterable, Sequence
from heapq import nlargest
from itertools import pairwise
from types import SimpleNamespace
from typing import Any

from events.codec import Record
from events.graph import FollowEvent
from events.ids import MAX_ID, first_id_at
from events.posts import PostDeleted
from events.topics import GRAPH
from replay.oracle.feeds import by_author, newest
from replay.oracle.graph import follows
from replay.subjects.subject import Entity, Fact, Member, Piece, Subject, Told, Value, mentions
from stores.ports.feeds import FeedSlice, FeedsReader
from stores.ports.graph import GraphCounts
from stores.ports.page import Page

Skeleton = Callable[[Any, int, int | None, int], Awaitable[Page[int]]]
"""Given views, a reader, an id and a limit: the reader's feed below the id, as it is served."""

READ_COUNT = 800
"""Posts of a feed that are told one by one. Of the older ones it is told which are wrong, down to the stored feed's floor: below it
a feed is merged from timelines alone. What is told by the oracle so depends on no cap and no floor.
"""
DEEPEST_COUNT = 20_000
"""More posts of one feed are not looked at: the largest cap, and as many that are merged into it."""
_PAGE_COUNT = 200
_NOBODY = GraphCounts(followers=0, following=0)


class FeedsSubject(Subject):
    def __init__(self, skeleton: Skeleton) -> None:
        self._skeleton = skeleton
        self._made: dict[int, array[int]] = {}
        self._deleted: set[int] = set()

    def facts(self, told: Told) -> Iterable[Fact]:
        for author_id, post_ids in by_author(told.events).items():
            self._made[author_id] = array("q", post_ids)
        self._deleted.update(e.post_id for e in told.events if isinstance(e, PostDeleted))
        since = follows(told.events)
        for pair in {(e.follower_id, e.followed_id) for e in told.events if isinstance(e, FollowEvent)}:
            follower_id, followed_id = pair
            yield ("user", follower_id), [followed_id, "following", pair in since]
            yield ("user", followed_id), [follower_id, "followers", pair in since]

    def value(self, entity: Entity, pieces: Sequence[Piece]) -> Value:
        following, followers = _holding(pieces, "following"), _holding(pieces, "followers")
        return {
            "served": newest(self._made, following, READ_COUNT),
            "older": [],
            "lacks": [],
            "following": following,
            "counts": [len(followers), len(following)],
        }

    async def read(
        self, view: FeedsReader, entity: Entity, pieces: Sequence[Piece], held: Iterable[Member]
    ) -> Value:
        """`older` are those among the older posts that must not be there, `lacks` those that must and are not."""
        user_id = int(entity[1])
        counts = (await view.counts([user_id])).get(user_id, _NOBODY)
        served, lowest = await self._served(view, user_id)
        older, lacks = self._wrong(served[READ_COUNT - 1 :], lowest, _holding(pieces, "following"))
        return {
            "served": served[:READ_COUNT],
            "older": older,
            "lacks": lacks,
            "following": sorted(await view.following(user_id)),
            "counts": [counts.followers, counts.following],
        }

    def groups(self, entity: Entity, pieces: Sequence[Piece], known: Collection[str]) -> Collection[str]:
        """The authors too."""
        return {*known, *(str(user_id) for user_id, *_ in pieces)}

    def made(self, entity: Entity, members: Collection[str], record: Record) -> bool:
        if record.topic == GRAPH:
            return mentions(record, str(entity[1]))
        return any(mentions(record, post_id) for post_id in members)

    async def _served(self, view: FeedsReader, reader_id: int) -> tuple[list[int], int]:
        """And the least id down to which it was read. Without what hydration leaves out: entries are candidates, also when their
        posts were deleted since.
        """
        views = SimpleNamespace(feeds=_Believed(view), timelines=self)
        found: list[int] = []
        before: int | None = None
        stored_from: int | None = None
        while len(found) < DEEPEST_COUNT:
            page = await self._skeleton(views, reader_id, before, _PAGE_COUNT)
            found += [post_id for post_id in page.items if post_id not in self._deleted]
            before = page.next_key
            if before is None:
                break
            if len(found) >= READ_COUNT and stored_from is None:
                stored_from = await _stored_from(view, reader_id)
            if stored_from is not None and before <= stored_from:
                break
        return found, before or 0

    def _wrong(
        self, served: Sequence[int], lowest: int, following: Collection[int]
    ) -> tuple[list[int], list[int]]:
        """Of the posts after the first of these: which must not be there or stand in a wrong place, and which are missing."""
        if not served:
            return [], []
        there = set(served[1:])
        due = {
            post_id
            for author_id in following
            for post_id in _between(self._made.get(author_id, ()), lowest, served[0])
        }
        misplaced = {after for before, after in pairwise(served) if before <= after}
        return sorted((there - due) | misplaced), sorted(due - there)

    async def of_authors(
        self, author_ids: Collection[int], before: int | None, limit: int
    ) -> Sequence[tuple[int, int]]:
        """As timelines say it, of the oracle's posts."""
        return nlargest(
            limit,
            (
                (post_id, author_id)
                for author_id in set(author_ids)
                for post_id in _below(self._made.get(author_id, ()), before, limit)
            ),
        )


def _holding(pieces: Sequence[Piece], way: str) -> list[int]:
    return sorted(user_id for user_id, which, holds in pieces if which == way and holds)


async def _stored_from(view: FeedsReader, reader_id: int) -> int:
    """The least id of a post that may be stored."""
    floor_ms = (await view.slice(reader_id, None, 1)).floor_ms
    return MAX_ID if floor_ms is None else first_id_at(floor_ms + 1)


def _between(post_ids: Sequence[int], lowest: int, below: int) -> Sequence[int]:
    return post_ids[bisect_left(post_ids, lowest) : bisect_left(post_ids, below)]


def _below(post_ids: Sequence[int], before: int | None, limit: int) -> Sequence[int]:
    end = len(post_ids) if before is None else bisect_left(post_ids, before)
    return post_ids[max(0, end - limit) : end]


class _Believed:
    """A view that is read even while it is filled: else nothing of it would be judged."""

    def __init__(self, view: FeedsReader) -> None:
        self._view = view

    async def believed(self) -> bool:
        return True

    async def slice(self, reader_id: int, before: int | None, limit: int) -> FeedSlice:
        return await self._view.slice(reader_id, before, limit)

    async def following(self, reader_id: int) -> Collection[int]:
        return await self._view.following(reader_id)
