"""The newest posts of authors, kept in memory, and their merge over many authors: what a home feed reads of timelines.

A reader may follow thousands; almost all of a page comes from a few of them. So every author gives one candidate, and only the
authors of the best candidates are read further.
"""

import sqlite3
from bisect import bisect_right
from collections.abc import Collection, Iterable, Iterator
from heapq import merge, nlargest
from itertools import islice

from stores.sqlite.paging import up_to
from stores.sqlite.remembered import Remembered

KEPT_COUNT = 32
"""Posts kept per author; older ones are read when somebody scrolls that far."""

OF_AUTHOR = """SELECT post_id, post_id FROM posts WHERE author_id = ? AND post_id <= ? AND gone = 0
               ORDER BY post_id DESC LIMIT ?"""
"""Served by the index `posts_by_author` alone."""


class Newest:
    def __init__(self, reader: sqlite3.Connection) -> None:
        self._reader = reader
        self._kept = Remembered(self._load, limit=30_000)

    def forget(self, author_ids: Iterable[int]) -> None:
        self._kept.forget(author_ids)

    def merged(self, author_ids: Collection[int], before: int | None, limit: int) -> list[tuple[int, int]]:
        """(post, author) by falling id."""
        last = up_to(before)
        heads: list[tuple[int, int, tuple[int, ...], int]] = []
        for author_id, kept in self._kept.get(author_ids).items():
            at = bisect_right(kept, last)
            if at:
                heads.append((kept[at - 1], author_id, kept, at))
            elif len(kept) == KEPT_COUNT:
                heads.extend((post_id, author_id, kept, 0) for post_id in self._read(author_id, last, 1))
        lists = [
            self._falling(author_id, kept[:at], last, limit if len(kept) == KEPT_COUNT else 0)
            for _, author_id, kept, at in nlargest(limit, heads)
        ]
        return list(islice(merge(*lists, reverse=True), limit))

    def _falling(
        self, author_id: int, kept: tuple[int, ...], last: int, older_count: int
    ) -> Iterator[tuple[int, int]]:
        """The author's posts up to `last`: the kept ones, then up to `older_count` that have to be read."""
        for post_id in reversed(kept):
            yield post_id, author_id
        if older_count:
            for post_id in self._read(author_id, kept[0] - 1 if kept else last, older_count):
                yield post_id, author_id

    def _load(self, author_ids: list[int]) -> dict[int, tuple[int, ...]]:
        """Rising, for bisection; authors without posts are remembered too."""
        last = up_to(None)
        return {
            author_id: tuple(reversed(self._read(author_id, last, KEPT_COUNT))) for author_id in author_ids
        }

    def _read(self, author_id: int, last: int, limit: int) -> list[int]:
        return [row[0] for row in self._reader.execute(OF_AUTHOR, (author_id, last, limit))]
