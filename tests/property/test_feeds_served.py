"""A home feed as served equals its definition, whatever happened on the way, and so do the counts of follows.

Checked twice: from the graph, while the feeds are being filled, and from the feeds.
"""

import asyncio

from hypothesis import given, settings
from hypothesis import strategies as st

from stores.ports.graph import GraphCounts
from tests.oracle.feeds import feed
from tests.oracle.graph import graph
from tests.property.feed_days import DEEDS, HAPPENINGS, USERS, Choice, Day, live_through

SMALL = st.integers(0, 5)
CHOICES = st.lists(
    st.tuples(st.integers(0, len(DEEDS) + len(HAPPENINGS) - 1), SMALL, SMALL, SMALL),
    min_size=40,
    max_size=160,
)


@settings(max_examples=200)
@given(CHOICES, st.sampled_from((2, 6, 40)), st.sampled_from((1, 2, 3, 99)), st.integers(1, 4))
def test_a_feed_as_served_is_its_definition(
    choices: list[Choice], cap: int, celebrity_threshold: int, limit: int
) -> None:
    asyncio.run(_lived_through(Day(cap, celebrity_threshold), choices, limit))


async def _lived_through(day: Day, choices: list[Choice], limit: int) -> None:
    await live_through(day, choices)
    await _check_feeds(day, limit)
    await day.feeds.filled()
    await _check_feeds(day, limit)
    await _check_counts(day)
    day.close()


async def _check_feeds(day: Day, limit: int) -> None:
    for user_id in USERS:
        assert await day.served(user_id, limit) == feed(day.events, user_id)


async def _check_counts(day: Day) -> None:
    told = graph(day.events)
    expected = {
        user_id: GraphCounts(len(told.followers.get(user_id, ())), len(told.following.get(user_id, ())))
        for user_id in USERS
    }
    nobody = dict.fromkeys(USERS, GraphCounts(0, 0))
    assert nobody | dict(await day.feeds.counts(USERS)) == expected
    assert nobody | dict(await day.graph.counts(USERS)) == expected
