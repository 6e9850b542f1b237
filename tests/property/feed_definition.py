"""Holds the feeds of a day, as they are served, and the counts of follows against their definition."""

from collections.abc import Sequence

from hypothesis import strategies as st

from replay.oracle.feeds import feeds
from replay.oracle.graph import graph
from stores.ports.graph import GraphCounts
from tests.property.feed_days import DEED_COUNT, USERS, Choice, Day, live_through

LIMITS = st.sampled_from((1, 2, 2, 3))
"""Of a page."""
_SMALL = st.integers(0, 5)
_DRAINED_AFTER_COUNT = 30


def choices_for(day: type[Day]) -> st.SearchStrategy[list[Choice]]:
    what = st.integers(0, DEED_COUNT + len(day.HAPPENINGS) - 1)
    return st.lists(st.tuples(what, _SMALL, _SMALL, _SMALL), min_size=40, max_size=160)


async def lived_through(day: Day, mood: Sequence[str], choices: Sequence[Choice], limit: int) -> None:
    await day.begin()
    for first in range(0, len(choices), _DRAINED_AFTER_COUNT):
        await live_through(day, mood, choices[first : first + _DRAINED_AFTER_COUNT])
        await check_feeds(day, limit)
        if not await day.feeds.believed():
            await day.feeds.filled()
            await check_feeds(day, limit)
    await day.feeds.filled()  # also what was emptied, and nobody has read since
    await check_counts(day)
    day.close()


async def check_feeds(day: Day, limit: int) -> None:
    for user_id, expected in feeds(day.events, USERS).items():
        assert await day.served(user_id, limit) == expected


async def check_counts(day: Day) -> None:
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


async def live_short(day: Day, steps: Sequence[Step]) -> None:
    await day.begin()
    await day.feeds.filled()
    for what, a, b in steps:
        day.pass_time(10)
        done = getattr(day, what)(a, b, 0)
        if done is not None:
            await done
        await day.drain()
        await check_feeds(day, 2)
    day.close()
