"""Bad days of home feeds: a log of six partitions, and views that get them in any interleaving, repeated, or from the start again.

Nothing here knows how feeds work. What is appended, delivered, forgotten or lost is said by plain numbers, so that a failure
shrinks to a short day.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Any, cast

from api.feeds import skeleton
from events.accounts import AccountRegistered, AccountSeen
from events.envelope import Envelope
from events.graph import Followed, Unfollowed
from events.ids import EPOCH_MS, first_id_at
from events.posts import PostCreated, PostDeleted
from projectors.feeds import FEEDS
from projectors.graph import GRAPH
from projectors.projection import Projection
from projectors.timelines import TIMELINES
from stores.ports.log import Partition
from stores.ports.view import Folded, View
from stores.ports.views import Views
from stores.sqlite.database import MEMORY
from stores.sqlite.feeds import SqliteFeeds
from stores.sqlite.graph import SqliteGraph
from stores.sqlite.timelines import SqliteTimelines
from tests.contract.feeds import FeedsView

USERS = (1, 2, 3, 4, 5)
AUTHORS = ((1, 2, 3, 4), (1, 1, 1, 2, 3), (1,))
"""Who posts, and is followed or left: everybody equally, or some become celebrities and cease to be."""
PARTITION_COUNT = 2
FIRST_PAGE_COUNT = 3
"""Entries of the first page that is remembered, in these days."""
_LONGEST_WALK_COUNT = 1_000


class Day:
    """`posts` made so far as (post, author). The clock of whoever makes a post is off by up to two milliseconds."""

    HAPPENINGS: tuple[str, ...] = (*["deliver_to_feeds"] * 7, "deliver_to_timelines", "look", "forget_idle")

    def __init__(self, authors: Sequence[int], feeds: FeedsView) -> None:
        self._authors = authors
        self.events: list[Envelope] = []
        self.posts: list[tuple[int, int]] = []
        self._log: dict[Partition, list[Envelope]] = {}
        self._now_ms = EPOCH_MS + 100
        self.feeds = feeds
        self.graph = SqliteGraph(MEMORY)
        self.timelines = SqliteTimelines(MEMORY)

    async def begin(self) -> None:
        """Everybody has a feed and follows the first author, before the first post."""
        for number in range(len(USERS)):
            self.register(number, 0, 0)
            self.follow(number, 0, 0)
        await self.drain()

    # What people do.

    def follow(self, a: int, b: int, c: int) -> None:
        if _user(a) != self._author(b):
            self._append(Followed, _user(a), follower_id=_user(a), followed_id=self._author(b))

    def unfollow(self, a: int, b: int, c: int) -> None:
        if _user(a) != self._author(b):
            self._append(Unfollowed, _user(a), follower_id=_user(a), followed_id=self._author(b))

    def post(self, a: int, b: int, c: int) -> None:
        post_id = first_id_at(self._now_ms + b % 5 - 2) + len(self.events)
        self.posts.append((post_id, self._author(a)))
        self._append_post(post_id, self._author(a))

    def post_again(self, a: int, b: int, c: int) -> None:
        """A client that got no answer tries again with its idempotency key."""
        if self.posts:
            self._append_post(*self.posts[-1 - (a % 3) % len(self.posts)])

    def delete(self, a: int, b: int, c: int) -> None:
        if self.posts:
            post_id, author_id = self.posts[(a + 5 * b) % len(self.posts)]
            self._append(PostDeleted, author_id, post_id=post_id, author_id=author_id)

    def register(self, a: int, b: int, c: int) -> None:
        self._append(AccountRegistered, _user(a), user_id=_user(a))

    def be_seen(self, a: int, b: int, c: int) -> None:
        self._append(AccountSeen, _user(a), user_id=_user(a))

    # What happens to views.

    async def deliver_to_feeds(self, a: int, b: int, c: int) -> None:
        await self._deliver(self.feeds, FEEDS, a, max(0, b - 2), 1 + 2 * c)

    async def deliver_to_timelines(self, a: int, b: int, c: int) -> None:
        await self._deliver(self.timelines, TIMELINES, a, b, 1 + 2 * c)

    async def look(self, a: int, b: int, c: int) -> None:
        """Somebody opens their feed, whose first page is remembered from then on."""
        await self.feeds.slice(_user(a), None, FIRST_PAGE_COUNT)

    async def forget_idle(self, a: int, b: int, c: int) -> None:
        await self.feeds.forget_idle(self._now_ms - 10 * c)

    async def drain(self) -> None:
        """Everything on the log reaches every view: readers first, so that there are feeds for posts to go to."""
        views: tuple[tuple[View[Any], Projection[Any]], ...] = (
            (self.feeds, FEEDS),
            (self.timelines, TIMELINES),
            (self.graph, GRAPH),
        )
        for view, projection in views:
            for number in reversed(range(len(projection.topics) * PARTITION_COUNT)):
                await self._deliver(view, projection, number, 0, len(self.events))

    async def served(self, reader_id: int, limit: int) -> list[int]:
        """The reader's whole feed, page by page, without what hydration leaves out."""
        views = Views(**cast(Any, dict.fromkeys(Views.__slots__) | self._readers()))
        found: list[int] = []
        before: int | None = None
        for _ in range(_LONGEST_WALK_COUNT):
            page = await skeleton(views, reader_id, before, limit)
            there = await self.timelines.posts(page.items)
            found += [post_id for post_id in page.items if post_id in there]
            before = page.next_key
            if before is None:
                return found
        raise AssertionError("the feed has no end")

    def close(self) -> None:
        self.graph.close()
        self.timelines.close()

    def pass_time(self, ms: int) -> None:
        self._now_ms += ms

    def _readers(self) -> dict[str, object]:
        return {"feeds": self.feeds, "graph": self.graph, "timelines": self.timelines}

    def _author(self, number: int) -> int:
        return self._authors[number % len(self._authors)]

    def _append_post(self, post_id: int, author_id: int) -> None:
        self._append(PostCreated, author_id, post_id=post_id, author_id=author_id, media_ids=(1,))

    def _append(self, kind: type[Envelope], actor_id: int, **fields: Any) -> None:
        at = datetime.fromtimestamp(self._now_ms / 1000, UTC)
        id_ = len(self.events) + 1
        event = kind(id=id_, occurred_at=at, actor_id=actor_id, correlation_id=1, **fields)
        self.events.append(event)
        self._log.setdefault((event.topic, int(event.key) % PARTITION_COUNT), []).append(event)

    async def _deliver(
        self, view: View[Any], projection: Projection[Any], partition: int, repeated: int, count: int
    ) -> None:
        """Up to `count` events of one partition, of which `repeated` were delivered before."""
        at = where(projection, partition)
        stands = (await view.positions()).get(at)
        first = max(0, (-1 if stands is None else stands.offset) + 1 - repeated)
        await view.apply(self._folded(projection, at, first, first + repeated + count))

    def _folded(self, projection: Projection[Any], at: Partition, first: int, end: int) -> list[Folded[Any]]:
        log = self._log.get(at, [])
        return [
            Folded(at, offset, event.id, event.key, _changes(projection, event))
            for offset, event in enumerate(log[first:end], first)
        ]


class SqliteDay(Day):
    HAPPENINGS = (*Day.HAPPENINGS, "lose_the_feeds")

    def __init__(self, authors: Sequence[int], cap: int, celebrity_threshold: int) -> None:
        self._open_feeds = partial(SqliteFeeds, MEMORY, cap=cap, celebrity_threshold=celebrity_threshold)
        self._held = self._open_feeds()
        super().__init__(authors, self._held)

    async def lose_the_feeds(self, a: int, b: int, c: int) -> None:
        """Rarely: a feed that begins anew forgets the troubles it had."""
        if (a, b) >= (5, 4):
            self._held.close()
            self.feeds = self._held = self._open_feeds()

    def close(self) -> None:
        super().close()
        self._held.close()


def where(projection: Projection[Any], partition: int) -> Partition:
    topics = projection.topics
    return topics[partition // PARTITION_COUNT % len(topics)], partition % PARTITION_COUNT


def _changes(projection: Projection[Any], event: Envelope) -> tuple[Any, ...]:
    return tuple(projection.project(event)) if isinstance(event, projection.events) else ()


def _user(number: int) -> int:
    return USERS[number % len(USERS)]


DEED_COUNT = 10
MOODS = (
    ("follow", "follow", "unfollow", "post", "post", "post", "post_again", "delete", "register", "be_seen"),
    ("follow", "follow", "unfollow", *["post"] * 6, "be_seen"),
    (*["follow"] * 3, *["unfollow"] * 3, *["post"] * 3, "be_seen"),
)
"""A bit of everything; feeds that overflow; authors who rise and fall."""
Choice = tuple[int, int, int, int]


async def live_through(day: Day, mood: Sequence[str], choices: Sequence[Choice]) -> None:
    """Half of the choices are deeds, half are what happens to views meanwhile; in the end everything arrives."""
    for what, a, b, c in choices:
        day.pass_time(c % 3)
        if what < DEED_COUNT:
            getattr(day, mood[what])(a, b, c)
        else:
            await getattr(day, day.HAPPENINGS[what - DEED_COUNT])(a, b, c)
    await day.drain()
