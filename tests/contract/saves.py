"""The contract of the saves view."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Protocol

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from stores.ports.saves import SavesChange, SaveSet, SavesReader
from stores.ports.view import View
from tests.contract.applying import apply
from tests.contract.paging import all_items

POSTS, USERS = (1, 2, 3, 4), (11, 12)
edges = st.tuples(st.sampled_from(POSTS), st.sampled_from(USERS), st.booleans())


class SavesView(View[SavesChange], SavesReader, Protocol):
    pass


class SavesContract:
    """`fresh` makes empty views."""

    @pytest.fixture
    def view(self, fresh: Callable[[], SavesView]) -> SavesView:
        return fresh()

    async def test_nothing_is_saved_at_first(self, view: SavesView) -> None:
        assert not await view.saved(11, [1])
        assert (await view.posts(11, None, 10)).items == ()

    async def test_saves_are_seen_by_their_user_alone(self, view: SavesView) -> None:
        await apply(view, SaveSet(1, 11, saved=True, at_id=5))
        assert set(await view.saved(11, [1, 2])) == {1}
        assert not await view.saved(12, [1, 2])
        assert (await view.posts(12, None, 10)).items == ()

    async def test_what_was_read_before_a_change_is_not_read_after_it(self, view: SavesView) -> None:
        await view.saved(11, [1])
        await apply(view, SaveSet(1, 11, saved=True, at_id=5))
        assert set(await view.saved(11, [1])) == {1}

    async def test_saves_of_other_partitions_may_come_late(self, view: SavesView) -> None:
        await apply(view, SaveSet(1, 11, saved=True, at_id=9))
        await apply(view, SaveSet(2, 11, saved=True, at_id=5), partition=("photolog.contract", 1))
        assert (await view.posts(11, None, 10)).items == (1, 2)

    @given(batches=st.lists(st.lists(edges, max_size=8), max_size=5))
    @settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    async def test_it_is_the_set_of_saves(
        self, fresh: Callable[[], SavesView], batches: Sequence[Sequence[tuple[int, int, bool]]]
    ) -> None:
        view, model, at_id = fresh(), dict[tuple[int, int], int](), 0
        for batch in batches:
            changes = []
            for post_id, user_id, saved in batch:
                at_id += 1
                changes.append(SaveSet(post_id, user_id, saved, at_id))
                if saved:
                    model.setdefault((user_id, post_id), at_id)
                else:
                    model.pop((user_id, post_id), None)
            await apply(view, *changes)
            for user_id in USERS:
                saves = {post_id: at for (user, post_id), at in model.items() if user == user_id}
                latest_first = sorted(saves, key=lambda post_id: -saves[post_id])
                assert set(await view.saved(user_id, POSTS)) == set(saves)
                assert await all_items(partial(view.posts, user_id), limit=2) == latest_first
