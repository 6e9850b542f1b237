"""Accounts: profiles by id and by user name.

Everything about one account stands in one partition of the log, in order.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Protocol

from stores.ports.view import Parking


@dataclass(frozen=True, slots=True)
class AccountPut:
    """There is an account. A second one for the same user changes nothing."""

    user_id: int
    username: str
    email: str
    display_name: str
    location: str
    created_at_ms: int


@dataclass(frozen=True, slots=True)
class ProfileSet:
    """New values of some fields of the profile; None says nothing about a field. `avatar` wraps its value: None clears it.

    Changes nothing where there is no account.
    """

    user_id: int
    display_name: str | None = None
    bio: str | None = None
    location: str | None = None
    avatar: tuple[int | None] | None = None


@dataclass(frozen=True, slots=True)
class SeenSet:
    """The user was here; an earlier time than the known one changes nothing."""

    user_id: int
    seen_at_ms: int


AccountsChange = AccountPut | ProfileSet | SeenSet


@dataclass(frozen=True, slots=True, eq=False)
class Account:
    """Times are milliseconds since 1970 UTC; who registers is seen.

    Compared by identity: a reader may hand out the same object until it changes.
    """

    user_id: int
    username: str
    email: str
    display_name: str
    bio: str
    location: str
    avatar_media_id: int | None
    created_at_ms: int
    seen_at_ms: int


class AccountsReader(Parking, Protocol):
    async def accounts(self, user_ids: Collection[int]) -> Mapping[int, Account]:
        """Those of the accounts that are registered."""

    async def by_username(self, username: str) -> Account | None:
        """The account with this user name, given in lower case."""
