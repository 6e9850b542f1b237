"""A home feed from Redis as served equals its definition, whatever happened to buckets and workers on the way."""

import asyncio
from collections.abc import Sequence
from unittest.mock import patch

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from stores.redis import view
from tests.distributed.redis import FEEDS, emptied
from tests.distributed.redis_feed_days import RedisDay
from tests.property.feed_days import AUTHORS, MOODS, Choice
from tests.property.feed_definition import LIMITS, SHORT_DAYS, choices_for, live_short, lived_through
from tests.services.addresses import Addresses


@pytest.mark.timeout(600)  # for shrinking, when it fails
@settings(max_examples=100, phases=[phase for phase in Phase if phase is not Phase.explain])
@given(
    mood=st.sampled_from(MOODS),
    choices=choices_for(RedisDay),
    bucket_count=st.sampled_from((1, 2, 3)),
    authors=st.sampled_from(AUTHORS),
    cap=st.sampled_from((2, 6, 40)),
    celebrity_threshold=st.sampled_from((1, 2, 4, 99)),
    work_count=st.sampled_from((1, 3, view.WORK_COUNT)),
    limit=LIMITS,
)
def test_a_feed_as_served_is_its_definition(
    addresses: Addresses,
    mood: tuple[str, ...],
    choices: list[Choice],
    bucket_count: int,
    authors: Sequence[int],
    cap: int,
    celebrity_threshold: int,
    work_count: int,
    limit: int,
) -> None:
    async def live() -> None:
        async with emptied(addresses, FEEDS) as redis:
            day = RedisDay(redis, bucket_count, authors, cap, celebrity_threshold)
            await lived_through(day, mood, choices, limit)

    with patch.object(view, "WORK_COUNT", work_count):
        asyncio.run(live())


@pytest.mark.parametrize("bucket_count", [1, 3])
@pytest.mark.parametrize("name", SHORT_DAYS)
async def test_short_days(addresses: Addresses, name: str, bucket_count: int) -> None:
    cap, celebrity_threshold, steps = SHORT_DAYS[name]
    async with emptied(addresses, FEEDS) as redis:
        await live_short(RedisDay(redis, bucket_count, (1, 2), cap, celebrity_threshold), steps)
