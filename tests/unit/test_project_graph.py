"""The folds of the graph and of feeds."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from events.accounts import AccountRegistered, AccountSeen
from events.envelope import Envelope
from events.graph import Followed, Unfollowed
from events.posts import PostCreated
from projectors.feeds import FEEDS
from projectors.graph import GRAPH
from projectors.projection import Projection
from stores.ports.feeds import FeedPost, ReaderSeen
from stores.ports.graph import FollowSet
from tests.unit.folding import ADA, BOB, NOW_MS

ENVELOPE: dict[str, Any] = {
    "id": 5,
    "occurred_at": datetime.fromtimestamp(NOW_MS / 1000, UTC),
    "actor_id": BOB,
    "correlation_id": 6,
}
EDGE: dict[str, Any] = {"follower_id": BOB, "followed_id": ADA}


def cases() -> Iterator[tuple[Projection[Any], Envelope, list[object]]]:
    for projection in (GRAPH, FEEDS):
        yield projection, Followed(**ENVELOPE, **EDGE), [FollowSet(BOB, ADA, following=True, at_id=5)]
        yield projection, Unfollowed(**ENVELOPE, **EDGE), [FollowSet(BOB, ADA, following=False, at_id=5)]
    yield FEEDS, PostCreated(**ENVELOPE, post_id=21, author_id=ADA, media_ids=(1,)), [FeedPost(21, ADA)]
    for kind in (AccountRegistered, AccountSeen):
        yield FEEDS, kind(**ENVELOPE, user_id=BOB), [ReaderSeen(BOB, NOW_MS)]


@pytest.mark.parametrize(("projection", "event", "changes"), list(cases()))
def test_a_fold(projection: Projection[Any], event: Envelope, changes: list[object]) -> None:
    assert isinstance(event, projection.events)
    assert projection.project(event) == changes


def test_every_event_of_the_projections_is_told_here() -> None:
    told = {(projection.name, type(event)) for projection, event, _ in cases()}
    assert told == {(projection.name, kind) for projection in (GRAPH, FEEDS) for kind in projection.events}
