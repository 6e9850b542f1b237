"""The posts' side of search in SQLite, as it is written; `search_lists` reads it.

Facts: what each post says (`posts`), who likes it (`likes`) and how many do (`like_counts`). Derived from them, and corrected by
the difference whenever they change: `terms` by time, `terms_by_level` by likes, and the public posts of each tag (`tags`).

A like costs one row and, per batch and post, one count; the index is touched only where the level changed. Pairs are kept out
of `terms_by_level`, which halves that work.
"""

import sqlite3
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import reduce
from typing import assert_never

from events.posts import Visibility
from stores.ports.search import (
    CaptionTermsSet,
    PlaceTermsSet,
    PostSearchChange,
    PostVisibilitySet,
    SearchLikeSet,
    SearchPostGone,
    SearchPostPut,
    like_level,
)
from stores.ports.terms import is_pair, tag_term

SCHEMA = """
CREATE TABLE IF NOT EXISTS posts (
  post_id INTEGER PRIMARY KEY, author_id INTEGER NOT NULL, visibility TEXT NOT NULL, gone INTEGER NOT NULL,
  caption_terms TEXT NOT NULL, tags TEXT NOT NULL, place_terms TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS likes (post_id INTEGER, user_id INTEGER, PRIMARY KEY (post_id, user_id)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS like_counts (post_id INTEGER PRIMARY KEY, count INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS terms (term TEXT, post_id INTEGER, PRIMARY KEY (term, post_id)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS terms_by_level (
  term TEXT, level INTEGER, post_id INTEGER, PRIMARY KEY (term, level, post_id)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS tags (tag TEXT PRIMARY KEY, post_count INTEGER NOT NULL) WITHOUT ROWID;
"""

_PostEdit = SearchPostPut | CaptionTermsSet | PlaceTermsSet | PostVisibilitySet | SearchPostGone


@dataclass(frozen=True, slots=True)
class _Post:
    """What a post says. One that is gone says nothing, and is remembered."""

    author_id: int
    visibility: Visibility
    gone: bool = False
    caption_terms: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    place_terms: tuple[str, ...] = ()

    def terms(self) -> set[str]:
        return {*self.caption_terms, *self.place_terms, *map(tag_term, self.tags)}

    def counted_tags(self) -> Sequence[str]:
        return self.tags if self.visibility == "public" else ()


def write(connection: sqlite3.Connection, changes: Iterable[PostSearchChange]) -> None:
    likes: list[SearchLikeSet] = []
    edits: dict[int, list[_PostEdit]] = {}
    for change in changes:
        if isinstance(change, SearchLikeSet):
            likes.append(change)
        else:
            edits.setdefault(change.post_id, []).append(change)
    moved = _count(connection, likes)
    difference = _Difference()
    for post_id in moved.keys() | edits.keys():
        before = _load(connection, post_id)
        after = reduce(_edited, edits.get(post_id, ()), before)
        if after is not None and after != before:
            _store(connection, post_id, after)
        levels = moved.get(post_id) or (_level(connection, post_id),) * 2
        difference.add(post_id, before, after, *levels)
    difference.write(connection)


def _count(connection: sqlite3.Connection, likes: Iterable[SearchLikeSet]) -> dict[int, tuple[int, int]]:
    """Writes likes and counts; returns the old and the new level of the posts for which they differ."""
    grown: Counter[int] = Counter()
    for like in likes:
        row = (like.post_id, like.user_id)
        if like.liked:
            grown[like.post_id] += connection.execute(
                "INSERT OR IGNORE INTO likes VALUES (?, ?)", row
            ).rowcount
        else:
            delete = "DELETE FROM likes WHERE post_id = ? AND user_id = ?"
            grown[like.post_id] -= connection.execute(delete, row).rowcount
    moved = {}
    add = (
        "INSERT INTO like_counts VALUES (?1, ?2) ON CONFLICT DO UPDATE SET count = count + ?2 RETURNING count"
    )
    for post_id, by in grown.items():
        if by:
            count = connection.execute(add, (post_id, by)).fetchall()[0][0]
            old, new = like_level(count - by), like_level(count)
            if old != new:
                moved[post_id] = (old, new)
    return moved


def _level(connection: sqlite3.Connection, post_id: int) -> int:
    row = connection.execute("SELECT count FROM like_counts WHERE post_id = ?", (post_id,)).fetchone()
    return 0 if row is None else like_level(row[0])


def _edited(post: _Post | None, edit: _PostEdit) -> _Post | None:
    match edit:
        case SearchPostGone():
            return _Post(edit.author_id, "followers", gone=True)
        case SearchPostPut():
            return post or _Post(
                edit.author_id, edit.visibility, False, edit.caption_terms, edit.tags, edit.place_terms
            )
        case _ if post is None or post.gone:
            return post
        case CaptionTermsSet():
            return replace(post, caption_terms=edit.terms, tags=edit.tags)
        case PlaceTermsSet():
            return replace(post, place_terms=edit.terms)
        case PostVisibilitySet():
            return replace(post, visibility=edit.visibility)
        case _:
            assert_never(edit)


def _load(connection: sqlite3.Connection, post_id: int) -> _Post | None:
    query = (
        "SELECT author_id, visibility, gone, caption_terms, tags, place_terms FROM posts WHERE post_id = ?"
    )
    row = connection.execute(query, (post_id,)).fetchone()
    if row is None:
        return None
    author_id, visibility, gone, *terms = row
    return _Post(author_id, visibility, bool(gone), *map(_lines, terms))


def _store(connection: sqlite3.Connection, post_id: int, post: _Post) -> None:
    terms = ("\n".join(terms) for terms in (post.caption_terms, post.tags, post.place_terms))
    row = (post_id, post.author_id, post.visibility, post.gone, *terms)
    connection.execute("REPLACE INTO posts VALUES (?, ?, ?, ?, ?, ?, ?)", row)


def _lines(text: str) -> tuple[str, ...]:
    return tuple(text.split("\n")) if text else ()


@dataclass(slots=True)
class _Difference:
    """What a batch does to the derived rows."""

    terms_gone: list[tuple[str, int]] = field(default_factory=list)
    terms_new: list[tuple[str, int]] = field(default_factory=list)
    levels_gone: list[tuple[str, int, int]] = field(default_factory=list)
    levels_new: list[tuple[str, int, int]] = field(default_factory=list)
    tags: Counter[str] = field(default_factory=Counter)

    def add(self, post_id: int, before: _Post | None, after: _Post | None, old: int, new: int) -> None:
        """`old` and `new` are the levels of the post's likes."""
        had = before.terms() if before else set()
        has = had if after is before else after.terms() if after else set()
        self.terms_gone += ((term, post_id) for term in had - has)
        self.terms_new += ((term, post_id) for term in has - had)
        stays = had & has if old == new else set()
        self.levels_gone += ((term, old, post_id) for term in had - stays if not is_pair(term))
        self.levels_new += ((term, new, post_id) for term in has - stays if not is_pair(term))
        if after is not before:
            self.tags.subtract(before.counted_tags() if before else ())
            self.tags.update(after.counted_tags() if after else ())

    def write(self, connection: sqlite3.Connection) -> None:
        """Sorted, so that neighbours in the index are written one after the other."""
        many = connection.executemany
        many("DELETE FROM terms WHERE term = ? AND post_id = ?", sorted(self.terms_gone))
        many("INSERT INTO terms VALUES (?, ?)", sorted(self.terms_new))
        by_level = "DELETE FROM terms_by_level WHERE term = ? AND level = ? AND post_id = ?"
        many(by_level, sorted(self.levels_gone))
        many("INSERT INTO terms_by_level VALUES (?, ?, ?)", sorted(self.levels_new))
        tags = sorted((tag, by) for tag, by in self.tags.items() if by)
        add = "INSERT INTO tags VALUES (?1, ?2) ON CONFLICT DO UPDATE SET post_count = post_count + ?2"
        many(add, tags)
        many("DELETE FROM tags WHERE tag = ? AND post_count = 0", [(tag,) for tag, by in tags if by < 0])
