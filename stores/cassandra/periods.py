"""Periods: rows of a list that grows for ever are kept by the time they are of, each stretch of it in a partition of its own.

A small table beside the list says which periods have rows; what it says once it says for ever, since many rows rest on it.
"""

from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

T = TypeVar("T")

DAY_MS = 86_400_000
_AT_ONCE = 30
"""In one query, most of them with no rows left or only a few."""


async def walked(
    periods: Sequence[int], read: Callable[[Sequence[int]], Awaitable[list[T]]], enough_count: int
) -> list[T]:
    """The first rows of the list. `periods` are in its order, and so is what `read` gives of some of them."""
    found: list[T] = []
    for start in range(0, len(periods), _AT_ONCE):
        found += await read(periods[start : start + _AT_ONCE])
        if len(found) >= enough_count:
            break
    return found[:enough_count]
