"""Search where much happens to few posts: whichever way a list is read, it is what the oracle says."""

import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import cast
from unittest.mock import patch

from hypothesis import given
from hypothesis import strategies as st

from projectors.search import SEARCH
from stores.sqlite import search_lists, search_users
from stores.sqlite.search import SqliteSearch
from tests.oracle.search import search
from tests.property.readings import read_search
from tests.property.stories import Choice, Story
from tests.property.worlds import World, live_through, running

_ACTIONS = (
    "post", "post", "edit_post", "delete_post", "like", "like", "like", "like", "unlike",
    "register", "change_profile",
)  # fmt: skip
_SMALL = st.integers(0, 7)
_SLOT = st.integers(0, 2)
_CHOICE = st.tuples(st.integers(0, len(_ACTIONS) - 1), _SMALL, _SLOT, _SMALL)
_HISTORIES = st.lists(_CHOICE, min_size=20, max_size=60)
"""Hypothesis makes lists of a few more than the least: without one, a history would hardly ever edit what it liked."""
_PLANS = st.lists(st.tuples(_SMALL, _SMALL, _SMALL, _SMALL), max_size=15)
_BOUNDS = st.sampled_from([(5_000, 1_000), (2, 0), (3, 1)])
"""Rows that are walked over, and the size up to which a term is rare: the second says how a list by likes is read."""

_WORDS = """SELECT term, coalesce(count, 0), post_id FROM terms LEFT JOIN like_counts USING (post_id)
            WHERE instr(term, ' ') = 0"""


@given(choices=_HISTORIES, plan=_PLANS, partition_count=st.integers(1, 3), bounds=_BOUNDS)
def test_dense_histories_are_found_as_the_oracle_says(
    choices: list[Choice], plan: list[Choice], partition_count: int, bounds: tuple[int, int]
) -> None:
    events = Story().tell(_ACTIONS, choices)
    with ExitStack() as stack:
        stack.enter_context(patch.object(search_lists, "WALKED_LIMIT", bounds[0]))
        stack.enter_context(patch.object(search_users, "WALKED_LIMIT", bounds[0]))
        stack.enter_context(patch.object(search_lists, "SORTED_LIMIT", bounds[1]))
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        run = stack.enter_context(running()).run
        world = World(folder, SEARCH, SqliteSearch, partition_count)
        stack.callback(world.close)
        run(live_through(world, events, plan))
        assert run(read_search(cast(SqliteSearch, world.view), events, world.log)) == search(events)
        assert run(world.view.parked_keys()) == set()
