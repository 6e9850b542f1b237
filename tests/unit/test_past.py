"""The made-up past of the benchmarks: it is as long as was asked for, in order, and as uneven as people are."""

import random
from collections import Counter
from itertools import pairwise

import pytest

from bench.past import Past
from bench.watched import Ran
from events.envelope import Envelope
from events.graph import Followed
from events.likes import PostLiked
from events.posts import PostDeleted

COUNT = 20_000


@pytest.fixture(scope="module")
def past() -> Past:
    return Past(COUNT, random.Random(4))


@pytest.fixture(scope="module")
def events(past: Past) -> list[Envelope]:
    return list(past.events())


def test_ids_rise(events: list[Envelope]) -> None:
    ids = [event.id for event in events]
    assert len(ids) == COUNT
    assert all(before < after for before, after in pairwise(ids))


def test_few_have_most(events: list[Envelope]) -> None:
    likes = Counter(event.post_id for event in events if isinstance(event, PostLiked))
    follows = Counter(event.followed_id for event in events if isinstance(event, Followed))
    for counted, top_count in ((likes, len(likes) // 10), (follows, len(follows) // 10)):
        top = sum(count for _, count in counted.most_common(top_count))
        assert top > 0.2 * counted.total()


def test_what_was_deleted_is_read_by_nobody(past: Past, events: list[Envelope]) -> None:
    deleted = {event.post_id for event in events if isinstance(event, PostDeleted)}
    assert deleted
    assert deleted.isdisjoint(post_id for post_id, _ in past.readable())


def test_growth_is_of_the_second_half() -> None:
    assert Ran(built_bytes=[1, 2, 3, 4, 5, 5, 7, 6, 6, 6]).grown_bytes == 2
    assert Ran(built_bytes=[1, 2]).grown_bytes is None
