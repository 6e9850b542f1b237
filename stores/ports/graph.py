"""Who follows whom. Following twice is following once, since the first time."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Protocol

from stores.ports.page import Page


@dataclass(frozen=True, slots=True)
class FollowSet:
    """The follower follows the followed user, or no longer does. `at_id` is the event's id: later follows have greater ones."""

    follower_id: int
    followed_id: int
    following: bool
    at_id: int


GraphChange = FollowSet


@dataclass(frozen=True, slots=True)
class GraphCounts:
    followers: int
    following: int


class GraphReader(Protocol):
    """The first two decide what a viewer may see, so they fail closed: while events of a follower are parked, which may say that
    a follow has ended, that follower follows nobody.
    """

    async def following_among(self, user_id: int, others: Collection[int]) -> Collection[int]:
        """Those of the others whom the user follows."""

    async def followers_among(self, user_id: int, others: Collection[int]) -> Collection[int]:
        """Those of the others who follow the user."""

    async def followers(self, user_id: int, before: int | None, limit: int) -> Page[int]:
        """Who follows the user, the latest first; `before` is a page's `next_key`."""

    async def following(self, user_id: int, before: int | None, limit: int) -> Page[int]:
        """Whom the user follows, the latest first; `before` is a page's `next_key`."""

    async def following_count(self, user_id: int) -> int:
        """How many people the user follows. The cost does not depend on who follows the user."""

    async def counts(self, user_ids: Collection[int]) -> Mapping[int, GraphCounts]:
        """Sizes of the sets of followers and followed; users without either may be absent."""
