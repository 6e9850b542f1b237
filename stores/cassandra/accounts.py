"""Accounts in Cassandra: a row per account, and who has a user name."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from typing import ClassVar, assert_never

from stores.cassandra.folded_rows import FoldedRowsView, IndexRow, index
from stores.cassandra.session import Row
from stores.cassandra.view import only
from stores.ports.accounts import Account, AccountPut, AccountsChange, ProfileSet, SeenSet
from stores.ports.view import Folded

_COLUMNS = "username, email, display_name, bio, location, avatar_media_id, created_at_ms, seen_at_ms"
_USERNAMES = index("usernames", "username", "user_id")
_BY_USERNAME = "SELECT user_id FROM {usernames} WHERE username = ? LIMIT 1"


class CassandraAccounts(FoldedRowsView[AccountsChange, int, Account]):
    PROJECTION = "accounts"
    TABLES: ClassVar[Mapping[str, str]] = {
        "accounts": """(user_id bigint PRIMARY KEY, offset bigint, username text, email text, display_name text, bio text,
                        location text, avatar_media_id bigint, created_at_ms bigint, seen_at_ms bigint)""",
        "usernames": "(username text, user_id bigint, PRIMARY KEY (username, user_id))",
    }
    HELD = (
        (only("user"), "SELECT user_id FROM {accounts}"),
        (only("username"), "SELECT DISTINCT username FROM {usernames}"),
    )
    READ = f"SELECT user_id, offset, {_COLUMNS} FROM {{accounts}} WHERE user_id IN ?"
    PUT = f"INSERT INTO {{accounts}} (user_id, offset, {_COLUMNS}) VALUES (?,?,?,?,?,?,?,?,?,?) USING TIMESTAMP ?"
    CLEAR = "DELETE FROM {accounts} USING TIMESTAMP ? WHERE user_id = ?"

    def _key(self, change: AccountsChange) -> int:
        return change.user_id

    def _folded(
        self, said: Account | None, change: AccountsChange, event: Folded[AccountsChange]
    ) -> Account | None:
        match change:
            case AccountPut():
                return said or _account(change)
            case ProfileSet():
                return said and _with_profile(said, change)
            case SeenSet():
                return said and replace(said, seen_at_ms=max(said.seen_at_ms, change.seen_at_ms))
            case _:
                assert_never(change)

    def _parsed(self, key: int, columns: Row) -> Account:
        return Account(key, *columns)

    def _columns(self, said: Account) -> Iterable[object]:
        profile = (said.display_name, said.bio, said.location, said.avatar_media_id)
        return said.username, said.email, *profile, said.created_at_ms, said.seen_at_ms

    def _indexed(self, key: int, said: Account) -> Iterable[IndexRow]:
        yield _USERNAMES, (said.username, key)

    async def accounts(self, user_ids: Collection[int]) -> Mapping[int, Account]:
        return await self._said(user_ids)

    async def by_username(self, username: str) -> Account | None:
        for (user_id,) in await self._rows(_BY_USERNAME, username):
            return (await self._said([user_id])).get(user_id)
        return None


def _account(put: AccountPut) -> Account:
    times = (put.created_at_ms, put.created_at_ms)
    return Account(put.user_id, put.username, put.email, put.display_name, "", put.location, None, *times)


def _with_profile(account: Account, change: ProfileSet) -> Account:
    return replace(
        account,
        display_name=account.display_name if change.display_name is None else change.display_name,
        bio=account.bio if change.bio is None else change.bio,
        location=account.location if change.location is None else change.location,
        avatar_media_id=account.avatar_media_id if change.avatar is None else change.avatar[0],
    )
