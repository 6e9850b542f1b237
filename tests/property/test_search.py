"""Search where much happens to few posts: whichever way a list is read, it is what the oracle says."""

import tempfile
from contextlib import ExitStack
from pathlib import Path
from random import Random
from typing import cast
from unittest.mock import patch

from hypothesis import given
from hypothesis import strategies as st

from projectors.search import SEARCH
from replay.oracle.search import search
from stores.sqlite import search_lists, search_users
from stores.sqlite.search import SqliteSearch
from tests.property.readings import read_search
from tests.property.stories import Choice, Story
from tests.property.worlds import World, live_through, running

ACTIONS = (
    *("post", "edit_post", "like", "like", "like", "like", "unlike", "register", "change_profile") * 3,
    "delete_post",
)
_BOUNDS = st.sampled_from([(5_000, 1_000), (2, 0), (3, 1)])
"""Rows that are walked over, and the size up to which a term is rare: the second says how a list by likes is read."""

_WORDS = """SELECT term, coalesce(count, 0), post_id FROM terms LEFT JOIN like_counts USING (post_id)
            WHERE instr(term, ' ') = 0"""


def choices(random: Random, count: int) -> list[Choice]:
    """Left to itself hypothesis makes few different lists of this length; a seed makes each of them another one."""
    return [
        (random.randrange(len(ACTIONS)), random.randrange(8), random.randrange(4), random.randrange(8))
        for _ in range(count)
    ]


@given(seed=st.integers(0, 1 << 32), partition_count=st.integers(1, 3), bounds=_BOUNDS)
def test_dense_histories_are_found_as_the_oracle_says(
    seed: int, partition_count: int, bounds: tuple[int, int]
) -> None:
    random = Random(seed)
    events = Story().tell(ACTIONS, choices(random, 50))
    plan = choices(random, 30)
    with ExitStack() as stack:
        stack.enter_context(patch.object(search_lists, "WALKED_LIMIT", bounds[0]))
        stack.enter_context(patch.object(search_users, "WALKED_LIMIT", bounds[0]))
        stack.enter_context(patch.object(search_lists, "SORTED_LIMIT", bounds[1]))
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        run = stack.enter_context(running()).run
        world = World(folder, SEARCH, SqliteSearch, partition_count)
        stack.callback(world.close)
        run(live_through(world, events, plan))
        view = cast(SqliteSearch, world.view)
        assert run(read_search(view, events, world.log)) == search(events)
        assert run(view.parked_keys()) == set()
        rows = set(view._reader.execute("SELECT term, level, post_id FROM terms_by_level"))
        words = view._reader.execute(_WORDS)
        assert rows == {(term, count.bit_length(), post_id) for term, count, post_id in words}
