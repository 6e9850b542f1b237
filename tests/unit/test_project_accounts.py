"""The fold of the accounts projection."""

from datetime import UTC, datetime
from typing import Any

from events.accounts import AccountRegistered, AccountSeen, ProfileChanged, ProfileField
from projectors.accounts import ACCOUNTS, project
from stores.ports.accounts import AccountPut, ProfileSet, SeenSet

AT_MS = 1_795_000_000_123
STAMP: dict[str, Any] = {
    "id": 5,
    "occurred_at": datetime.fromtimestamp(AT_MS / 1000, UTC),
    "actor_id": 7,
    "correlation_id": 1,
    "user_id": 7,
}


def test_a_registration() -> None:
    event = AccountRegistered(
        **STAMP, username="ada", email="a@example.org", display_name="Ada", location="London"
    )
    assert project(event) == [AccountPut(7, "ada", "a@example.org", "Ada", "London", AT_MS)]


def test_only_the_fields_that_changed_are_said() -> None:
    event = ProfileChanged(**STAMP, changed=("bio",), bio="", display_name="not meant")
    assert project(event) == [ProfileSet(7, bio="")]


def test_all_fields_change() -> None:
    changed: tuple[ProfileField, ...] = ("display_name", "bio", "location", "avatar_media_id")
    event = ProfileChanged(
        **STAMP, changed=changed, display_name="A", bio="B", location="C", avatar_media_id=9
    )
    assert project(event) == [ProfileSet(7, "A", "B", "C", (9,))]


def test_an_avatar_is_cleared() -> None:
    assert project(ProfileChanged(**STAMP, changed=("avatar_media_id",))) == [ProfileSet(7, avatar=(None,))]


def test_a_visit() -> None:
    assert project(AccountSeen(**STAMP)) == [SeenSet(7, AT_MS)]


def test_it_reads_accounts_alone() -> None:
    assert ACCOUNTS.topics == ("photolog.accounts",)
