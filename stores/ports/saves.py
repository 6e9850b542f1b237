"""Saves: which posts a user has saved. Seen by that user alone."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Protocol

from stores.ports.page import Page


@dataclass(frozen=True, slots=True)
class SaveSet:
    """The user has saved the post, or no longer. `at_id` is the id of the event: later saves have greater ones."""

    post_id: int
    user_id: int
    saved: bool
    at_id: int


SavesChange = SaveSet


class SavesReader(Protocol):
    async def saved(self, user_id: int, post_ids: Collection[int]) -> Collection[int]:
        """Those of the posts that the user has saved."""

    async def posts(self, user_id: int, before: int | None, limit: int) -> Page[int]:
        """Posts the user has saved, the latest save first; `before` is a page's `next_key`."""
