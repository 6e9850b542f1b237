"""Sealing keys of users. Not in the log, so to be backed up: without them the personal content of events is lost.

A key is made once and never changes; destroying it leaves a marker for ever.
"""

from collections.abc import Collection, Mapping
from typing import Protocol

from events.sealing import Key


class Keys(Protocol):
    async def create(self, user_id: int) -> None:
        """Make the user's key; does nothing when there is one, or when it was destroyed."""

    async def get(self, user_ids: Collection[int]) -> Mapping[int, Key]:
        """The keys, or markers, of those users that have one."""
