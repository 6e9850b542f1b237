"""The users' side of search in SQLite: facts per user, and a row per word they are found by.

Prefixes are ranges of the index: no pattern is ever made of what somebody typed.
"""

import sqlite3
from collections.abc import Iterable, Sequence
from contextlib import closing

from stores.ports.search import DisplayNameSet, FoundUsers, SearchUserPut, UserKey, UserSearchChange

SCHEMA = """
CREATE TABLE IF NOT EXISTS users (
  user_id INTEGER PRIMARY KEY, username_words TEXT NOT NULL, display_words TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS user_words (word TEXT, user_id INTEGER, PRIMARY KEY (word, user_id)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS user_words_of ON user_words (user_id, word);
"""

WALKED_LIMIT = 5_000
"""Rows that one page walks over."""
AFTER_ALL = "\U0010ffff"
"""Sorts after every character of a word or tag, so that `prefix + AFTER_ALL` ends the range of a prefix."""

_HAS_WORD = "EXISTS (SELECT 1 FROM user_words WHERE user_id = w.user_id AND word >= ? AND word < ?)"
_HAS_EARLIER = "EXISTS (SELECT 1 FROM user_words WHERE user_id = w.user_id AND word >= ? AND word < w.word)"
_FROM = """FROM user_words AS w WHERE (w.word, w.user_id) > (?, ?) AND w.word < ?
           ORDER BY w.word, w.user_id LIMIT ?"""

_Facts = tuple[tuple[str, ...], tuple[str, ...]]
"""Words of the user name and of the display name."""


def write(connection: sqlite3.Connection, changes: Iterable[UserSearchChange]) -> None:
    for change in changes:
        known = _facts(connection, change.user_id)
        match change, known:
            case SearchUserPut(), None:
                facts = (change.username_words, change.display_words)
            case DisplayNameSet(), (username_words, _):
                facts = (username_words, change.words)
            case _:
                continue
        _replace(connection, change.user_id, known or ((), ()), facts)


def _facts(connection: sqlite3.Connection, user_id: int) -> _Facts | None:
    query = "SELECT username_words, display_words FROM users WHERE user_id = ?"
    row = connection.execute(query, (user_id,)).fetchone()
    return None if row is None else (tuple(row[0].split()), tuple(row[1].split()))


def _replace(connection: sqlite3.Connection, user_id: int, old: _Facts, new: _Facts) -> None:
    before, after = {*old[0], *old[1]}, {*new[0], *new[1]}
    gone = [(word, user_id) for word in before - after]
    connection.executemany("DELETE FROM user_words WHERE word = ? AND user_id = ?", gone)
    connection.executemany(
        "INSERT INTO user_words VALUES (?, ?)", [(word, user_id) for word in after - before]
    )
    connection.execute("REPLACE INTO users VALUES (?, ?, ?)", (user_id, " ".join(new[0]), " ".join(new[1])))


def find(
    reader: sqlite3.Connection, prefixes: Sequence[str], after: UserKey | None, limit: int
) -> FoundUsers:
    """Walks the words that begin with the longest prefix and looks the others up; a user counts at the first such word."""
    if not prefixes:
        return FoundUsers((), None)
    longest = max(prefixes, key=len)
    others = [prefix for prefix in prefixes if prefix != longest]
    hit = " AND ".join([f"NOT {_HAS_EARLIER}", *[_HAS_WORD] * len(others)])
    start = (longest, 0) if after is None else (after.word, after.user_id)
    bounds = [bound for prefix in others for bound in (prefix, prefix + AFTER_ALL)]
    parameters = (longest, *bounds, *start, longest + AFTER_ALL, WALKED_LIMIT)
    found: list[int] = []
    key, walked_count = UserKey(*start), 0
    with closing(reader.execute(f"SELECT w.word, w.user_id, {hit} {_FROM}", parameters)) as rows:
        for word, user_id, is_hit in rows:
            key, walked_count = UserKey(word, user_id), walked_count + 1
            if is_hit:
                found.append(user_id)
            if len(found) == limit:
                break
    is_cut = len(found) == limit or walked_count == WALKED_LIMIT
    return FoundUsers(tuple(found), key if is_cut else None)
