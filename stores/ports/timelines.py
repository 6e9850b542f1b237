"""Posts: each by id, an author's newest first, and by tag.

What a viewer may see is not decided here: everything that was not deleted is returned.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from events.posts import Place, Visibility
from stores.ports.page import Page
from stores.ports.view import Parking


@dataclass(frozen=True, slots=True)
class PostPut:
    """There is a post. Its tags are those of its caption, case folded, each once."""

    post_id: int
    author_id: int
    media_ids: tuple[int, ...]
    visibility: Visibility
    caption: str
    tags: tuple[str, ...]
    place: Place | None
    created_at_ms: int


@dataclass(frozen=True, slots=True)
class CaptionSet:
    post_id: int
    author_id: int
    caption: str
    tags: tuple[str, ...]
    edited_at_ms: int


@dataclass(frozen=True, slots=True)
class PlaceSet:
    post_id: int
    author_id: int
    place: Place | None
    edited_at_ms: int


@dataclass(frozen=True, slots=True)
class VisibilitySet:
    post_id: int
    author_id: int
    visibility: Visibility
    edited_at_ms: int


@dataclass(frozen=True, slots=True)
class PostGone:
    """The post is deleted, and stays so whatever comes."""

    post_id: int
    author_id: int


TimelinesChange = PostPut | CaptionSet | PlaceSet | VisibilitySet | PostGone
"""The three edits change nothing where there is no post, or no longer."""


@dataclass(frozen=True, slots=True, eq=False)
class Post:
    """Times are milliseconds since 1970 UTC. Compared by identity: a reader may hand out the same object until the post changes."""

    post_id: int
    author_id: int
    media_ids: tuple[int, ...]
    visibility: Visibility
    caption: str
    tags: tuple[str, ...]
    place: Place | None
    created_at_ms: int
    edited_at_ms: int | None


class TimelinesReader(Parking, Protocol):
    async def posts(self, post_ids: Collection[int]) -> Mapping[int, Post]:
        """Those of the posts that are there."""

    async def of_author(self, author_id: int, before: int | None, limit: int) -> Page[int]:
        """The author's posts by falling id; `before` is a page's `next_key`: the page begins below it."""

    async def of_authors(
        self, author_ids: Collection[int], before: int | None, limit: int
    ) -> Sequence[tuple[int, int]]:
        """(post, author) of the newest `limit` posts of all these authors together with an id below `before`, by falling id."""

    async def with_tag(self, tag: str, before: int | None, limit: int) -> Page[int]:
        """Posts with the tag by falling id."""

    async def post_counts(self, author_ids: Collection[int]) -> Mapping[int, int]:
        """How many posts each author has; authors without any may be absent."""
