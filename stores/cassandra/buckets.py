"""Buckets: rows of a post or a user that may be very many are spread over so many partitions, by the hash of whom they are of."""

from collections.abc import Iterable, Sequence
from heapq import merge
from itertools import islice
from typing import TypeVar

from stores.ports.page import Page

T = TypeVar("T")

BUCKETS_COUNT = 8
"""Never changes while tables made with it are in use."""
BUCKETS = range(BUCKETS_COUNT)


def bucket_of(id_: int) -> int:
    """Ids are made in sequence: their low bits alone would put whatever was made alone into bucket 0."""
    return (id_ * 0x9E3779B97F4A7C15 >> 32) % BUCKETS_COUNT


def newest_page(lists: Iterable[Sequence[tuple[int, T]]], limit: int) -> Page[T]:
    """From lists of (key, item), each the greatest key first, and each with one row more than the page holds if it has more."""
    rows = list(islice(merge(*lists, key=_key, reverse=True), limit + 1))
    return _page(rows, limit)


def oldest_page(lists: Iterable[Sequence[tuple[int, T]]], limit: int) -> Page[T]:
    """The same, the least key first."""
    rows = list(islice(merge(*lists, key=_key), limit + 1))
    return _page(rows, limit)


def _page(rows: Sequence[tuple[int, T]], limit: int) -> Page[T]:
    shown = rows[:limit]
    return Page(tuple(item for _, item in shown), shown[-1][0] if len(rows) > limit else None)


def _key(row: tuple[int, object]) -> int:
    return row[0]
