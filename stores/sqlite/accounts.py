"""Accounts in SQLite: a row per account, remembered until it changes."""

import sqlite3
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

from stores.ports.accounts import Account, AccountPut, AccountsChange, ProfileSet, SeenSet
from stores.ports.crash import Crash, survive
from stores.sqlite.database import marks
from stores.sqlite.inspected import only
from stores.sqlite.remembered import Remembered
from stores.sqlite.view import SqliteView

REMEMBERED_COUNT = 50_000
_PUT = "INSERT OR IGNORE INTO accounts VALUES (?1,?2,?3,?4,'',?5,NULL,?6,?6)"
_PROFILE = """
UPDATE accounts SET display_name = coalesce(?, display_name), bio = coalesce(?, bio), location = coalesce(?, location)
WHERE user_id = ?"""
_AVATAR = "UPDATE accounts SET avatar_media_id = ? WHERE user_id = ?"
_SEEN = "UPDATE accounts SET seen_at_ms = max(seen_at_ms, ?) WHERE user_id = ?"


class SqliteAccounts(SqliteView[AccountsChange]):
    SCHEMA = """
    CREATE TABLE IF NOT EXISTS accounts (
      user_id INTEGER PRIMARY KEY, username TEXT NOT NULL, email TEXT NOT NULL, display_name TEXT NOT NULL,
      bio TEXT NOT NULL, location TEXT NOT NULL, avatar_media_id INTEGER, created_at_ms INTEGER NOT NULL,
      seen_at_ms INTEGER NOT NULL
    ) STRICT;
    CREATE INDEX IF NOT EXISTS accounts_username ON accounts (username);
    """

    HELD = (
        (only("user"), "SELECT user_id FROM accounts"),
        (only("username"), "SELECT DISTINCT username FROM accounts"),
    )

    def __init__(self, path: Path, crash: Crash = survive) -> None:
        super().__init__(path, crash)
        self._remembered: Remembered[int, Account] = Remembered(self._load, REMEMBERED_COUNT)

    def _write(self, connection: sqlite3.Connection, changes: Sequence[AccountsChange]) -> None:
        for change in changes:
            match change:
                case AccountPut(user_id, username, email, display_name, location, created_at_ms):
                    connection.execute(
                        _PUT, (user_id, username, email, display_name, location, created_at_ms)
                    )
                case ProfileSet(user_id, display_name, bio, location, avatar):
                    connection.execute(_PROFILE, (display_name, bio, location, user_id))
                    if avatar is not None:
                        connection.execute(_AVATAR, (*avatar, user_id))
                case SeenSet(user_id, seen_at_ms):
                    connection.execute(_SEEN, (seen_at_ms, user_id))

    def _written(self, changes: Sequence[AccountsChange]) -> None:
        self._remembered.forget(change.user_id for change in changes)

    async def accounts(self, user_ids: Collection[int]) -> Mapping[int, Account]:
        return self._remembered.get(user_ids)

    async def by_username(self, username: str) -> Account | None:
        query = "SELECT user_id FROM accounts WHERE username = ? ORDER BY user_id LIMIT 1"
        found = self._reader.execute(query, (username,)).fetchone()
        return None if found is None else self._remembered.get(found).get(found[0])

    def _load(self, user_ids: list[int]) -> dict[int, Account]:
        query = f"SELECT * FROM accounts WHERE user_id IN ({marks(len(user_ids))})"
        return {row[0]: Account(*row) for row in self._reader.execute(query, user_ids)}
