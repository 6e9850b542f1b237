"""Likes: who likes which post, and how many do."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Protocol

from stores.ports.page import Page


@dataclass(frozen=True, slots=True)
class LikeSet:
    """The user likes the post, or no longer does. `at_id` is the id of the event: later likes have greater ones."""

    post_id: int
    user_id: int
    liked: bool
    at_id: int


LikesChange = LikeSet


class LikesReader(Protocol):
    async def counts(self, post_ids: Collection[int]) -> Mapping[int, int]:
        """How many users like each post; posts nobody likes may be absent. Equals the size of the set behind it."""

    async def liked(self, user_id: int, post_ids: Collection[int]) -> Collection[int]:
        """Those of the posts that the user likes."""

    async def likers(self, post_id: int, before: int | None, limit: int) -> Page[int]:
        """Users who like the post, the latest like first; `before` is a page's `next_key`."""
