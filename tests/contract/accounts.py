"""The contract of `stores.ports.accounts`, for every adapter. Its test file gives the fixture `view`."""

import dataclasses
from typing import Protocol

from stores.ports.accounts import (
    Account,
    AccountPut,
    AccountsChange,
    AccountsReader,
    ProfileSet,
    SeenSet,
)
from stores.ports.view import View
from tests.contract.applying import apply, apply_each
from tests.contract.parking import ParkingContract

ADA, BOB = 7, 8
PUT = AccountPut(ADA, "ada", "Ada@example.org", "Ada", "London", 1000)
BOB_PUT = AccountPut(BOB, "bob", "bob@example.org", "", "", 2000)


class AccountsView(View[AccountsChange], AccountsReader, Protocol):
    """What an adapter is."""


async def fields(view: AccountsView, user_id: int = ADA) -> tuple[object, ...]:
    """Everything that is known of an account."""
    return dataclasses.astuple((await view.accounts([user_id]))[user_id])


async def found(view: AccountsView, username: str) -> int | None:
    account: Account | None = await view.by_username(username)
    return None if account is None else account.user_id


class AccountsContract(ParkingContract):
    async def test_nobody_is_there(self, view: AccountsView) -> None:
        assert await view.accounts([ADA]) == {}
        assert await view.accounts([]) == {}
        assert await found(view, "ada") is None

    async def test_a_new_account(self, view: AccountsView) -> None:
        await apply(view, PUT)
        assert await fields(view) == (ADA, "ada", "Ada@example.org", "Ada", "", "London", None, 1000, 1000)

    async def test_several_accounts(self, view: AccountsView) -> None:
        await apply(view, PUT, BOB_PUT)
        there = await view.accounts([BOB, 99, ADA])
        assert {user_id: account.username for user_id, account in there.items()} == {ADA: "ada", BOB: "bob"}
        assert await found(view, "bob") == BOB
        assert await found(view, "BOB") is None

    async def test_a_second_registration_changes_nothing(self, view: AccountsView) -> None:
        await apply_each(view, PUT, ProfileSet(ADA, bio="I count"), SeenSet(ADA, 5000))
        before = await fields(view)
        await apply(view, AccountPut(ADA, "ada2", "2@example.org", "Ada 2", "Paris", 9000))
        assert await fields(view) == before
        assert await found(view, "ada2") is None

    async def test_a_profile_changes_field_by_field(self, view: AccountsView) -> None:
        await apply(
            view, PUT, ProfileSet(ADA, display_name="A.", bio="I count"), ProfileSet(ADA, location="")
        )
        assert (await fields(view))[3:7] == ("A.", "I count", "", None)

    async def test_an_avatar_is_set_and_cleared(self, view: AccountsView) -> None:
        await apply(view, PUT, ProfileSet(ADA, avatar=(55,)))
        assert (await fields(view))[6] == 55
        await apply(view, ProfileSet(ADA, bio="still there"))
        assert (await fields(view))[6] == 55
        await apply(view, ProfileSet(ADA, avatar=(None,)))
        assert (await fields(view))[6] is None

    async def test_what_was_read_before_a_change_is_not_read_after_it(self, view: AccountsView) -> None:
        await apply(view, PUT)
        before = (await view.accounts([ADA]))[ADA]
        await apply(view, ProfileSet(ADA, bio="new"))
        assert ((await view.accounts([ADA]))[ADA].bio, before.bio) == ("new", "")

    async def test_seen_never_goes_back(self, view: AccountsView) -> None:
        await apply_each(view, PUT, SeenSet(ADA, 5000), SeenSet(ADA, 3000), SeenSet(ADA, 10))
        assert (await fields(view))[8] == 5000

    async def test_without_an_account_nothing_changes(self, view: AccountsView) -> None:
        await apply(view, ProfileSet(ADA, bio="x", avatar=(5,)), SeenSet(ADA, 5000))
        assert await view.accounts([ADA]) == {}

    async def test_any_text_comes_back_as_it_was(self, view: AccountsView) -> None:
        text = "Ünï'\"\\\n 👩‍👩‍👧 \u202e"
        await apply(view, PUT, ProfileSet(ADA, display_name=text, bio=text, location=text))
        assert (await fields(view))[3:6] == (text, text, text)
