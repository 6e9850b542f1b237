"""Cassandra keeps the contract of the names view."""

import pytest

from stores.cassandra.names import CassandraNames
from stores.cassandra.periods import DAY_MS
from tests.contract.applying import apply, apply_each, folded
from tests.contract.names import ADA, BOB, NAME, NamesContract, claim, keep, release
from tests.distributed.cassandra import Keyspace


class TestCassandraNames(NamesContract):
    @pytest.fixture
    def view(self, keyspace: Keyspace) -> CassandraNames:
        view: CassandraNames = keyspace.fresh(CassandraNames)
        return view

    async def test_names_over_the_days(self, view: CassandraNames) -> None:
        names = [f"{number:064}" for number in range(1, 100)]
        days = {name: number * DAY_MS for number, name in enumerate(names, 1)}
        await apply(view, *(claim(ADA, n, days[name], name) for n, name in enumerate(names, 1)))
        assert [found.digest for found in await view.claimed(70 * DAY_MS, 1_000)] == names[:69]
        assert [found.digest for found in await view.claimed(70 * DAY_MS, 65)] == names[:65]
        await apply(view, *(keep(ADA, n, days[name] + 9, name) for n, name in enumerate(names, 1)))
        assert await view.claimed(10**15, 1_000) == []
        after = (days[names[9]] + 9, names[9])
        assert [found.digest for found in await view.kept("username", after, 10**15, 50)] == names[10:60]

    async def test_a_list_that_runs_ahead_or_lags_behind_shows_nothing_wrong(
        self, view: CassandraNames
    ) -> None:
        await apply(view, claim(ADA, 1, 100), release(ADA, 1), claim(BOB, 2, 300), keep(BOB, 2, 400))
        insert = "INSERT INTO {names_by_time} (list, day, since_ms, digest) VALUES (?,0,?,?)"
        wrong = [("claimed", 100), ("claimed", 400), ("email", 400), ("username", 500)]
        await view._many(insert, [(*row, NAME) for row in wrong])
        await view._many("INSERT INTO {names_of_user} (user_id, digest) VALUES (?,?)", [(ADA, NAME)])
        assert await view.claimed(1_000, 9) == []
        assert await view.kept("email", (0, ""), 1_000, 9) == []
        assert [found.since_ms for found in await view.kept("username", (0, ""), 1_000, 9)] == [400]
        assert await view.of_users([ADA]) == []

    async def test_who_gave_a_name_up_may_have_it_again(self, view: CassandraNames) -> None:
        await apply_each(view, claim(ADA, 1), release(ADA, 1), claim(ADA, 2))
        assert [found.claim_id for found in await view.of_users([ADA])] == [2]
        assert [found.claim_id for found in await view.claimed(101, 9)] == [2]

    async def test_a_claim_that_lost_does_not_win_when_it_is_applied_again(
        self, view: CassandraNames
    ) -> None:
        """As after a crash before the position was written."""
        await apply(view, claim(ADA, 1))
        events = await folded(view, claim(BOB, 2), release(ADA, 1))
        await view._write(events, await view._known(events))
        await view.apply(events)
        assert await view.holders([NAME]) == {}
        assert await view.of_users([ADA, BOB]) == []

    async def test_nothing_is_kept_of_who_gave_a_name_up(self, view: CassandraNames) -> None:
        await apply(view, claim(ADA, 1))
        await apply(view, release(ADA, 1))
        (row,) = await view._rows("SELECT * FROM {names} WHERE digest = ?", NAME)
        assert [value for value in row if value is not None] == [NAME, 1]
