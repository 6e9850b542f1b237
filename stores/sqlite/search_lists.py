"""Lists of posts in the search view's file: those with all of some terms, by time or by likes.

One term *leads*: its rows are walked in order, and the other terms are looked up for each. The work of one page is bounded, so
the rarest term leads. By likes, the posts with a rare term are sorted as they are read; else the rarest word leads, since pairs
have no rows by level.
"""

import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass

from stores.ports.search import FoundPosts, SearchKey, SearchSort, like_level
from stores.ports.terms import is_pair, words_of

WALKED_LIMIT = 5_000
"""Rows that one page walks over."""
SORTED_LIMIT = 1_000
"""A term with up to so many posts is rare."""

_HAS_TERM = "EXISTS (SELECT 1 FROM terms WHERE term = ? AND post_id = t.post_id)"
_BY_DATE = """SELECT 0, post_id, {hit} FROM terms AS t WHERE term = ? AND post_id < ?
              ORDER BY post_id DESC LIMIT ?"""
_BY_LEVEL = """SELECT level, post_id, {hit} FROM terms_by_level AS t WHERE term = ? AND (level, post_id) < (?, ?)
               ORDER BY level DESC, post_id DESC LIMIT ?"""
_WITH_COUNTS = """SELECT post_id, coalesce((SELECT count FROM like_counts WHERE post_id = t.post_id), 0)
                  FROM terms AS t WHERE term = ? AND {hit}"""
_SIZE = "SELECT count(*) FROM (SELECT 1 FROM terms WHERE term = ? LIMIT ?)"

_TOP = SearchKey(level=64, post_id=(1 << 63) - 1)
"""Above every key."""


@dataclass(frozen=True, slots=True)
class _Walk:
    """The leading term and those to be looked up for each of its rows."""

    leader: str
    others: tuple[str, ...]

    def hit(self) -> str:
        """A condition on `t.post_id` with a mark for each of the others."""
        return " AND ".join([_HAS_TERM] * len(self.others)) or "1"


def find(
    reader: sqlite3.Connection,
    terms: Sequence[str],
    sort: SearchSort,
    after: SearchKey | None,
    limit: int,
) -> FoundPosts:
    sizes = _sizes(reader, terms)
    if not sizes or 0 in sizes.values():
        return FoundPosts((), None)
    walk, key = _led(terms, sizes), after or _TOP
    if sort == "date":
        return _walked(reader, _BY_DATE, walk, (key.post_id,), limit)
    if sizes[walk.leader] <= SORTED_LIMIT:
        return _sorted(reader, walk, key, limit)
    words = _sizes(reader, [word for term in terms for word in words_of(term)])
    return _walked(reader, _BY_LEVEL, _led(terms, words), (key.level, key.post_id), limit)


def _sizes(reader: sqlite3.Connection, terms: Iterable[str]) -> dict[str, int]:
    """How many posts have each of the terms; counted no further than to see that it is not rare."""
    most = SORTED_LIMIT + 1
    return {term: reader.execute(_SIZE, (term, most)).fetchone()[0] for term in dict.fromkeys(terms)}


def _led(terms: Sequence[str], sizes: Mapping[str, int]) -> _Walk:
    """The rarest leads; of terms that are all too many to count a pair, since it is rarer than its words."""
    leader = min(sizes, key=lambda term: (sizes[term], not is_pair(term)))
    return _Walk(leader, tuple(term for term in dict.fromkeys(terms) if term != leader))


def _walked(
    reader: sqlite3.Connection, query: str, walk: _Walk, start: tuple[int, ...], limit: int
) -> FoundPosts:
    found: list[int] = []
    key, walked_count = _TOP, 0
    parameters = (*walk.others, walk.leader, *start, WALKED_LIMIT)
    with closing(reader.execute(query.format(hit=walk.hit()), parameters)) as rows:
        for level, post_id, is_hit in rows:
            key, walked_count = SearchKey(level, post_id), walked_count + 1
            if is_hit:
                found.append(post_id)
            if len(found) == limit:
                break
    is_cut = len(found) == limit or walked_count == WALKED_LIMIT
    return FoundPosts(tuple(found), key if is_cut else None)


def _sorted(reader: sqlite3.Connection, walk: _Walk, after: SearchKey, limit: int) -> FoundPosts:
    rows = reader.execute(_WITH_COUNTS.format(hit=walk.hit()), (walk.leader, *walk.others))
    keys = ((like_level(count), post_id) for post_id, count in rows)
    below = sorted((key for key in keys if key < (after.level, after.post_id)), reverse=True)
    found = tuple(post_id for _, post_id in below[:limit])
    return FoundPosts(found, SearchKey(*below[limit - 1]) if len(below) > limit else None)
