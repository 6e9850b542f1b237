"""Rows as they are served: copies, in a quick store, of what a view keeps of single things. They may be lost at any time.

A row carries the stamp of its newest event: of two, the one with the greater stamp stays. Nothing here lives long without being
written again, and what was read too long ago to be put beside what lives is not taken.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class ServedRow:
    """`stamp` is 0 or greater, and grows with the log. `content` is the view's alone."""

    key: int
    stamp: int
    content: bytes


class ServedRows(Protocol):
    """Of one generation of one view. Raises UnavailableError when the store is away."""

    async def put(self, rows: Collection[ServedRow], read_at_ms: int) -> None:
        """Keep these rows, which were so at that time of the wall clock, where no newer ones are kept. No older ones are served
        from now on.
        """

    async def fill(self, rows: Collection[ServedRow], read_at_ms: int) -> None:
        """The same of rows that were missed by somebody who read them."""

    async def get(self, keys: Collection[int]) -> Mapping[int, bytes]:
        """The contents of those rows that are kept."""


class Unread:
    """Rows that are kept up for others, and not looked at: for who asks for the facts. Nothing is known, and nothing filled in."""

    def __init__(self, rows: ServedRows) -> None:
        self._rows = rows

    async def put(self, rows: Collection[ServedRow], read_at_ms: int) -> None:
        await self._rows.put(rows, read_at_ms)

    async def fill(self, rows: Collection[ServedRow], read_at_ms: int) -> None:
        """Nobody has missed them."""

    async def get(self, keys: Collection[int]) -> Mapping[int, bytes]:
        return {}


class NoRows:
    """For a view that nobody is shown."""

    async def put(self, rows: Collection[ServedRow], read_at_ms: int) -> None:
        """Nobody will ask for them."""

    async def fill(self, rows: Collection[ServedRow], read_at_ms: int) -> None:
        """Nobody will ask for them."""

    async def get(self, keys: Collection[int]) -> Mapping[int, bytes]:
        return {}
