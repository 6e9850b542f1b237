"""A home feed as served equals its definition, whatever happened on the way, and so do the counts of follows.

Checked whenever everything has arrived, and while the feeds are being filled as they are read from the graph then.
"""

import asyncio
from collections.abc import Sequence
from unittest.mock import patch

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stores.ports.graph import GraphCounts
from stores.sqlite import feeds
from tests.oracle.feeds import feed
from tests.oracle.graph import graph
from tests.property.feed_days import (
    AUTHORS,
    DEED_COUNT,
    FIRST_PAGE_COUNT,
    HAPPENINGS,
    MOODS,
    USERS,
    Choice,
    Day,
    live_through,
)

SMALL = st.integers(0, 5)
CHOICES = st.lists(
    st.tuples(st.integers(0, DEED_COUNT + len(HAPPENINGS) - 1), SMALL, SMALL, SMALL),
    min_size=40,
    max_size=160,
)
DRAINED_AFTER_COUNT = 30


@pytest.mark.timeout(600)  # for shrinking, when it fails
@settings(max_examples=200)
@given(
    mood=st.sampled_from(MOODS),
    choices=CHOICES,
    authors=st.sampled_from(AUTHORS),
    cap=st.sampled_from((2, 6, 40)),
    celebrity_threshold=st.sampled_from((1, 2, 3, 99)),
    limit=st.sampled_from((1, 2, 2, 3)),
)
def test_a_feed_as_served_is_its_definition(
    mood: tuple[str, ...],
    choices: list[Choice],
    authors: Sequence[int],
    cap: int,
    celebrity_threshold: int,
    limit: int,
) -> None:
    with patch.object(feeds, "_FIRST_PAGE_COUNT", FIRST_PAGE_COUNT):
        asyncio.run(_lived_through(Day(authors, cap, celebrity_threshold), mood, choices, limit))


async def _lived_through(day: Day, mood: Sequence[str], choices: Sequence[Choice], limit: int) -> None:
    await day.begin()
    for first in range(0, len(choices), DRAINED_AFTER_COUNT):
        await live_through(day, mood, choices[first : first + DRAINED_AFTER_COUNT])
        if not await day.feeds.believed():
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


Step = tuple[str, int, int]
"""What happens, and two of its numbers: a follow is (reader, author), a post (author, milliseconds)."""

SHORT_DAYS: dict[str, tuple[int, int, tuple[Step, ...]]] = {
    "followed after the post": (40, 99, (("post", 1, 2), ("follow", 2, 1))),
    "followed again": (40, 99, (("post", 0, 2), ("unfollow", 2, 0), ("post", 0, 2), ("follow", 2, 0))),
    "a celebrity falls": (
        40,
        2,
        (("post", 0, 2), ("unfollow", 1, 0), ("unfollow", 2, 0), ("unfollow", 3, 0)),
    ),
    "idle for a while": (40, 99, (("post", 0, 2), ("forget_idle", 0, 0), ("post", 0, 3), ("be_seen", 2, 0))),
    "a feed overflows": (2, 99, (*[("post", 0, 2)] * 4, ("post", 0, 4))),
}
"""Cap, threshold and steps. Each goes wrong when one line of the protocol is left out."""


@pytest.mark.parametrize("name", SHORT_DAYS)
async def test_short_days(name: str) -> None:
    cap, celebrity_threshold, steps = SHORT_DAYS[name]
    day = Day((1, 2), cap, celebrity_threshold)
    await day.begin()
    await day.feeds.filled()
    for what, a, b in steps:
        day.pass_time(10)
        done = getattr(day, what)(a, b, 0)
        if done is not None:
            await done
        await day.drain()
        await _check_feeds(day, 2)
    day.close()
