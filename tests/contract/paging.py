"""Reads a list to its end, page by page."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

from stores.ports.page import Page

T = TypeVar("T")


async def all_items(fetch: Callable[[int | None, int], Awaitable[Page[T]]], limit: int) -> list[T]:
    """Every item, asked for with pages of this size, none of which is longer."""
    items: list[T] = []
    key: int | None = None
    while True:
        page = await fetch(key, limit)
        assert len(page.items) <= limit
        items += page.items
        key = page.next_key
        if key is None:
            return items
