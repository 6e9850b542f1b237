"""Search in SQLite: one file with the tables of posts and tags (`search_posts`, read by `search_lists`) and of users
(`search_users`)."""

import sqlite3
from collections.abc import Sequence

from stores.ports.search import (
    DisplayNameSet,
    FoundPosts,
    FoundTag,
    FoundUsers,
    SearchChange,
    SearchKey,
    SearchSort,
    SearchUserPut,
    UserKey,
)
from stores.sqlite import search_lists, search_posts, search_users
from stores.sqlite.inspected import only
from stores.sqlite.search_users import AFTER_ALL
from stores.sqlite.view import SqliteView


class SqliteSearch(SqliteView[SearchChange]):
    SCHEMA = search_posts.SCHEMA + search_users.SCHEMA

    HELD = (
        (only("term"), "SELECT DISTINCT term FROM terms"),
        (only("term"), "SELECT DISTINCT term FROM terms_by_level"),
        (only("tag"), "SELECT tag FROM tags"),
        (only("word"), "SELECT DISTINCT word FROM user_words"),
    )

    def _write(self, connection: sqlite3.Connection, changes: Sequence[SearchChange]) -> None:
        of_users = [change for change in changes if isinstance(change, SearchUserPut | DisplayNameSet)]
        of_posts = [change for change in changes if not isinstance(change, SearchUserPut | DisplayNameSet)]
        search_posts.write(connection, of_posts)
        search_users.write(connection, of_users)

    async def posts(
        self, terms: Sequence[str], sort: SearchSort, after: SearchKey | None, limit: int
    ) -> FoundPosts:
        return search_lists.find(self._reader, terms, sort, after, limit)

    async def users(self, prefixes: Sequence[str], after: UserKey | None, limit: int) -> FoundUsers:
        return search_users.find(self._reader, prefixes, after, limit)

    async def tags(self, prefix: str, after: str, limit: int) -> Sequence[FoundTag]:
        query = """SELECT tag, post_count FROM tags WHERE tag >= ? AND tag < ? AND tag > ?
                   ORDER BY tag LIMIT ?"""
        rows = self._reader.execute(query, (prefix, prefix + AFTER_ALL, after, limit))
        return [FoundTag(tag, post_count) for tag, post_count in rows]
