"""Home feeds: by definition the posts of the authors a reader follows now, newest first. What the reader may not see, and what
was deleted, is taken out later: entries are candidates.

A feed is served as a merge that always equals the definition. Posts are *pushed* to the feeds of an author's followers; what was
not pushed is *merged* from timelines when the feed is read:

- Following copies nothing. The edge remembers `since_ms`, the highest post the view had seen; posts after it are pushed, those
  up to it are merged.
- A feed holds the newest entries only (about `cap`). Trimming raises its *floor*: it is complete above the floor, and at or below
  the floor the timelines of everybody followed are merged, so that scrolling never ends. Nothing at or below it is kept.
- An author with more than `celebrity_threshold` followers is not pushed until half of that is left; who was a celebrity once in
  this generation is always merged, since some of their posts were not pushed.
- A reader who was not seen for long has no feed. Being seen again is one write: an empty feed whose floor is the highest post.
- Following somebody who is followed already changes nothing. Who ends it and begins anew gets a new `since_ms`.

Milliseconds here are those of post ids (`events.ids.made_at_ms`) and are compared inclusively; repeats are removed by id.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Protocol

from stores.ports.graph import FollowSet, GraphCounts


@dataclass(frozen=True, slots=True)
class FeedPost:
    """The author made a post. Its deletion changes no feed: entries are candidates."""

    post_id: int
    author_id: int


@dataclass(frozen=True, slots=True)
class ReaderSeen:
    """The reader was here, since 1970 UTC: from now on posts are pushed to them."""

    user_id: int
    seen_at_ms: int


FeedsChange = FollowSet | FeedPost | ReaderSeen


@dataclass(frozen=True, slots=True)
class FeedSlice:
    """What the view knows of a feed below some post id, all of one moment.

    `entries`: posts pushed above the floor, by falling id, only of authors followed now, at most the limit asked for.
    `floor_ms`: the feed is complete above it; None when the reader has no feed, and then nothing else is said.
    `merged`: authors followed now whose timelines have to be merged above the floor. May leave out those who can have no post
    missing between the first and the last entry when there are as many entries as asked for.
    """

    entries: tuple[int, ...]
    floor_ms: int | None
    merged: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class FeedFacts:
    """Why a post of the author is or is not in a reader's feed.

    `since_ms` is None when the reader does not follow the author, `floor_ms` when the reader has no feed. `pushed`: the post is an
    entry of it. `author_unpushed`: the author's posts are not pushed now; `author_ever_unpushed`: now or at some time.
    """

    since_ms: int | None
    floor_ms: int | None
    pushed: bool
    author_unpushed: bool
    author_ever_unpushed: bool


class FeedsReader(Protocol):
    async def believed(self) -> bool:
        """False while the view is filled from nothing: then following and counts come from the graph, posts from timelines.

        Once it was True, the other reads raise EmptiedError when it is not so any more.
        """

    async def is_filled(self) -> bool:
        """False while something of it was lost and is being filled again. Asked anew each time."""

    async def slice(self, reader_id: int, before: int | None, limit: int) -> FeedSlice:
        """The feed below the post id `before`, or from its top."""

    async def following(self, reader_id: int) -> Collection[int]:
        """Everybody the reader follows."""

    async def counts(self, user_ids: Collection[int]) -> Mapping[int, GraphCounts]:
        """Sizes of the sets of followers and followed; users without either may be absent."""

    async def facts(self, reader_id: int, post_id: int, author_id: int) -> FeedFacts:
        """For explaining a feed to an operator."""


class FeedsUpkeep(Protocol):
    async def forget_idle(self, seen_before_ms: int) -> int:
        """Drop the feeds of readers not seen since; what is served stays the same. Returns how many were dropped."""
