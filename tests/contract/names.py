"""The contract of `stores.ports.names`, for every adapter. Its test file gives the fixture `view`."""

from typing import Protocol

from stores.ports.log import Partition
from stores.ports.names import Holder, NameClaim, NameKeep, NameRelease, NamesChange, NamesReader
from stores.ports.view import View
from tests.contract.applying import PARTITION, apply, apply_each

ADA, BOB = 7, 8
NAME, MAIL, OTHER = "a" * 64, "b" * 64, "c" * 64


class NamesView(View[NamesChange], NamesReader, Protocol):
    """What an adapter is."""


def claim(user_id: int, claim_id: int, at_ms: int = 100, name: str = NAME) -> NameClaim:
    return NameClaim(name, "email" if name == MAIL else "username", user_id, claim_id, at_ms)


def keep(user_id: int, claim_id: int, at_ms: int = 200, name: str = NAME) -> NameKeep:
    return NameKeep(name, "email" if name == MAIL else "username", user_id, claim_id, at_ms)


def release(user_id: int, claim_id: int, name: str = NAME) -> NameRelease:
    return NameRelease(name, "email" if name == MAIL else "username", user_id, claim_id)


async def holder(view: NamesView, name: str = NAME) -> Holder | None:
    return (await view.holders([name])).get(name)


class NamesContract:
    async def test_a_free_name_has_no_holder(self, view: NamesView) -> None:
        assert await view.holders([NAME, MAIL]) == {}

    async def test_the_first_claim_wins(self, view: NamesView) -> None:
        await apply_each(view, claim(ADA, 1), claim(BOB, 2))
        assert await holder(view) == Holder(NAME, "username", ADA, 1, 100, None)

    async def test_many_in_one_write_are_as_many_in_writes_of_their_own(self, view: NamesView) -> None:
        await apply(view, claim(ADA, 1), release(ADA, 1), claim(BOB, 2), keep(BOB, 2), claim(ADA, 3))
        assert await holder(view) == Holder(NAME, "username", BOB, 2, 200, (PARTITION, 3))

    async def test_who_holds_a_name_may_claim_it_anew(self, view: NamesView) -> None:
        await apply_each(view, claim(ADA, 1), claim(ADA, 2, 150))
        assert await holder(view) == Holder(NAME, "username", ADA, 2, 150, None)

    async def test_after_a_release_the_next_claim_wins(self, view: NamesView) -> None:
        await apply_each(view, claim(ADA, 1), claim(BOB, 2), release(ADA, 1))
        assert await holder(view) is None
        await apply(view, claim(BOB, 3))
        assert await holder(view) == Holder(NAME, "username", BOB, 3, 100, None)

    async def test_only_the_holder_releases_and_keeps(self, view: NamesView) -> None:
        await apply_each(view, claim(ADA, 1), release(BOB, 1), keep(BOB, 1))
        assert await holder(view) == Holder(NAME, "username", ADA, 1, 100, None)

    async def test_an_earlier_claim_is_neither_kept_nor_released(self, view: NamesView) -> None:
        await apply_each(view, claim(ADA, 1), claim(ADA, 2), keep(ADA, 1), release(ADA, 1))
        assert await holder(view) == Holder(NAME, "username", ADA, 2, 100, None)

    async def test_what_was_released_is_not_kept(self, view: NamesView) -> None:
        await apply_each(view, claim(ADA, 1), release(ADA, 1), keep(ADA, 1))
        assert await holder(view) is None

    async def test_the_first_kept_stands_where_it_is(self, view: NamesView) -> None:
        await apply_each(view, claim(ADA, 1), keep(ADA, 1), keep(ADA, 1, 300))
        assert await holder(view) == Holder(NAME, "username", ADA, 1, 200, (PARTITION, 1))

    async def test_a_user_name_that_was_kept_is_never_released(self, view: NamesView) -> None:
        await apply_each(view, claim(ADA, 1), keep(ADA, 1), release(ADA, 1), claim(BOB, 2), claim(ADA, 3))
        await apply(view, release(ADA, 3))
        assert await holder(view) == Holder(NAME, "username", ADA, 1, 200, (PARTITION, 1))

    async def test_an_address_that_was_kept_may_be_released(self, view: NamesView) -> None:
        await apply_each(view, claim(ADA, 1, name=MAIL), keep(ADA, 1, name=MAIL), release(ADA, 1, name=MAIL))
        assert await holder(view, MAIL) is None

    async def test_an_address_that_was_kept_stays_kept_when_it_is_claimed_anew(self, view: NamesView) -> None:
        await apply_each(view, claim(ADA, 1, name=MAIL), keep(ADA, 1, name=MAIL), claim(ADA, 2, 300, MAIL))
        await apply(view, release(ADA, 1, MAIL))
        assert await holder(view, MAIL) == Holder(MAIL, "email", ADA, 2, 300, (PARTITION, 1))

    async def test_a_kept_event_is_found_in_its_partition(self, view: NamesView) -> None:
        partition: Partition = ("photolog.contract", 3)
        await apply(view, claim(ADA, 1), claim(BOB, 2, name=OTHER), keep(ADA, 1), partition=partition)
        found = await holder(view)
        assert found is not None
        assert found.kept
        assert found.kept_at == (partition, 2)

    async def test_a_user_s_names(self, view: NamesView) -> None:
        await apply(view, claim(ADA, 1), claim(ADA, 2, name=MAIL), claim(BOB, 3, name=OTHER))
        assert {found.digest for found in await view.of_users([ADA])} == {NAME, MAIL}
        assert {found.digest for found in await view.of_users([ADA, BOB, 99])} == {NAME, MAIL, OTHER}

    async def test_claims_that_were_not_kept(self, view: NamesView) -> None:
        await apply(view, claim(ADA, 1, 30), claim(ADA, 2, 20, MAIL), claim(BOB, 3, 10, OTHER))
        await apply(view, keep(BOB, 3, 11, OTHER))
        assert [found.digest for found in await view.claimed(31, 9)] == [MAIL, NAME]
        assert [found.digest for found in await view.claimed(30, 9)] == [MAIL]
        assert [found.digest for found in await view.claimed(31, 1)] == [MAIL]

    async def test_kept_names_page_by_page(self, view: NamesView) -> None:
        names = [f"{number:064}" for number in range(5)]
        for number, name in enumerate(names):
            at_ms = 10 + number // 2
            await apply(view, claim(ADA, number + 1, 1, name), keep(ADA, number + 1, at_ms, name))
        await apply(view, claim(ADA, 8, 1, MAIL), keep(ADA, 8, 10, MAIL), claim(BOB, 9, 10, OTHER))
        first = await view.kept("username", (0, ""), 12, 3)
        assert [(found.since_ms, found.digest) for found in first] == [
            (10, names[0]),
            (10, names[1]),
            (11, names[2]),
        ]
        rest = await view.kept("username", (11, names[2]), 12, 3)
        assert [found.digest for found in rest] == [names[3]]
        assert [found.digest for found in await view.kept("email", (0, ""), 12, 3)] == [MAIL]
