"""A home feed as served equals its definition, whatever happened on the way, and so do the counts of follows.

Checked whenever everything has arrived, and while the feeds are being filled as they are read from the graph then.
"""

import asyncio
from collections.abc import Sequence
from unittest.mock import patch

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stores.sqlite import feeds
from tests.property.feed_days import AUTHORS, FIRST_PAGE_COUNT, MOODS, Choice, SqliteDay
from tests.property.feed_definition import LIMITS, SHORT_DAYS, choices_for, live_short, lived_through


@pytest.mark.timeout(600)  # for shrinking, when it fails
@settings(max_examples=200)
@given(
    mood=st.sampled_from(MOODS),
    choices=choices_for(SqliteDay),
    authors=st.sampled_from(AUTHORS),
    cap=st.sampled_from((2, 6, 40)),
    celebrity_threshold=st.sampled_from((1, 2, 3, 99)),
    limit=LIMITS,
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
        asyncio.run(lived_through(SqliteDay(authors, cap, celebrity_threshold), mood, choices, limit))


@pytest.mark.parametrize("name", SHORT_DAYS)
async def test_short_days(name: str) -> None:
    cap, celebrity_threshold, steps = SHORT_DAYS[name]
    await live_short(SqliteDay((1, 2), cap, celebrity_threshold), steps)
