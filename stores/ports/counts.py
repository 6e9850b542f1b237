"""Counts as they are served: a copy, in a quick store, of the counts that a view keeps with its facts. It may be lost at any time.

A count is kept in parts, each the size of a part of the set behind it; parts of one post may be counted apart. A part carries the
stamp of its newest event: of two, the one with the greater stamp stays. Nothing here lives long without being written again.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class CountPart:
    """`stamp` is 0 or greater, and grows with the log."""

    post_id: int
    part: int
    stamp: int
    count: int


class ServedCounts(Protocol):
    """Of one generation of one view. Raises UnavailableError when the store is away."""

    async def put(self, parts: Collection[CountPart]) -> None:
        """Keep these parts, where no newer ones are kept."""

    async def get(self, post_ids: Collection[int]) -> Mapping[int, int]:
        """The counts of those posts of which every part is kept."""


class NoCounts:
    """For a view that nobody is shown."""

    async def put(self, parts: Collection[CountPart]) -> None:
        """Nobody will ask for them."""

    async def get(self, post_ids: Collection[int]) -> Mapping[int, int]:
        return {}
