"""Keyset pages from rows of (item, key): queries ask for one row more than the page holds, to know whether there are more."""

from collections.abc import Sequence
from typing import TypeVar

from events.ids import MAX_ID
from stores.ports.page import Page

T = TypeVar("T")


def page_of(rows: Sequence[tuple[T, int]], limit: int) -> Page[T]:
    shown = rows[:limit]
    return Page(tuple(item for item, _ in shown), shown[-1][1] if len(rows) > limit else None)


def up_to(before: int | None) -> int:
    """The greatest key of a page below `before`, so that one query with one index range serves the first page too."""
    return MAX_ID if before is None else before - 1
