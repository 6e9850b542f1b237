"""Why a post is or is not in a feed, in sentences."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest

from api import explain
from api.explain import Explanation, explain_feed, explained
from events.media import MediaDeleted
from stores.ports.feeds import FeedFacts, FeedPost, ReaderSeen
from stores.ports.graph import FollowSet
from stores.ports.timelines import Post
from stores.sqlite.database import MEMORY
from stores.sqlite.feeds import SqliteFeeds
from tests.contract.applying import apply
from tests.contract.feeds import at, id_at
from tests.unit.folding import ADA, BOB, CY, World

POST = Post(id_at(5), ADA, (1,), "public", "", (), None, at(5), None)
PUSHED = FeedFacts(at(3), at(2), pushed=True, author_unpushed=False, author_ever_unpushed=False)


def said(facts: FeedFacts) -> str:
    """What is said of a post that is in the feed."""
    explanation = explained(POST, facts)
    assert explanation.in_feed
    assert explanation.reasons[0] == "The reader follows its author."
    return " ".join(explanation.reasons[1:])


def test_a_pushed_post() -> None:
    assert said(PUSHED) == "It was pushed to the reader's feed when it was made."


def test_somebody_without_a_feed() -> None:
    assert "no stored feed" in said(replace(PUSHED, floor_ms=None, pushed=False))


@pytest.mark.parametrize("floor", [5, 6])
def test_a_post_up_to_the_floor(floor: int) -> None:
    assert "floor, 2026-01-01T00:00:00.00" in said(replace(PUSHED, floor_ms=at(floor), pushed=False))


@pytest.mark.parametrize("since", [5, 6])
def test_a_post_from_before_the_follow(since: int) -> None:
    assert "it is merged" in said(replace(PUSHED, since_ms=at(since), pushed=False))


def test_celebrities_present_and_past() -> None:
    celebrity = replace(PUSHED, pushed=False, author_unpushed=True, author_ever_unpushed=True)
    assert said(celebrity).startswith("So many follow its author")
    assert said(replace(celebrity, author_unpushed=False)).startswith("So many have followed its author")


def test_a_post_may_come_on_several_ways() -> None:
    facts = replace(PUSHED, since_ms=at(5), author_ever_unpushed=True)
    assert len(explained(POST, facts).reasons) == 4


def test_a_post_of_somebody_not_followed() -> None:
    expected = Explanation(False, ("The reader does not follow its author.",))
    assert explained(POST, replace(PUSHED, since_ms=None)) == expected


def test_a_post_that_the_feeds_have_not_received() -> None:
    explanation = explained(POST, replace(PUSHED, pushed=False))
    assert not explanation.in_feed
    assert "not there yet" in explanation.reasons[-1]


@pytest.fixture
async def world() -> AsyncIterator[World]:
    """Bob follows Ada, whose post was pushed to him; Cy follows nobody."""
    found = World()
    feeds = SqliteFeeds(MEMORY)
    found.views = replace(found.views, feeds=feeds)
    await found.register(ADA, BOB, CY)
    await found.follow(BOB, ADA)
    await found.post(id_at(5), ADA)
    await apply(
        feeds, ReaderSeen(BOB, 0), FollowSet(BOB, ADA, following=True, at_id=1), FeedPost(id_at(5), ADA)
    )
    yield found
    found.close()
    feeds.close()


async def reasons(world: World, reader_id: int, post_id: int = POST.post_id) -> tuple[bool, str]:
    explanation = await explain_feed(world.views, reader_id, post_id)
    return explanation.in_feed, " ".join(explanation.reasons)


async def test_the_views_are_asked(world: World) -> None:
    await cast(Any, world.views.feeds).filled()
    assert await reasons(world, BOB) == (True, f"The reader follows its author. {said(PUSHED)}")
    assert await reasons(world, CY) == (False, "The reader does not follow its author.")


async def test_while_the_feeds_are_filled(world: World) -> None:
    for reader_id, is_in_feed in ((BOB, True), (CY, False)):
        found, words = await reasons(world, reader_id)
        assert found is is_in_feed
        assert words.startswith("The feeds are being filled")


async def test_posts_that_are_in_nobodys_feed(world: World) -> None:
    await world.post(id_at(6), ADA, visibility="followers")
    assert await reasons(world, BOB, 99) == (False, "There is no such post, or it was deleted.")
    found, words = await reasons(world, ADA)
    assert (found, words.startswith("It is the reader's own")) == (False, True)


async def test_the_rule_that_hides_a_post_is_named(world: World) -> None:
    await world.post(id_at(6), ADA, visibility="followers")
    assert await reasons(world, CY, id_at(6)) == (
        False,
        "Its author shows it to followers alone. The reader does not follow its author.",
    )


async def test_a_follow_that_the_graph_does_not_believe_hides_a_post(world: World) -> None:
    """It fails closed while events of the reader are parked in it; here it does not even know of the follow."""
    await world.post(id_at(6), ADA, visibility="followers")
    await apply(cast(Any, world.views.feeds), FollowSet(CY, ADA, following=True, at_id=2))
    found, words = await reasons(world, CY, id_at(6))
    assert not found
    assert words.startswith(
        "Its author shows it to followers alone. The feeds know that the reader follows them, the graph"
    )
    assert "`photolog parked list`" in words


async def test_what_clients_are_not_shown_is_said(world: World) -> None:
    await cast(Any, world.views.feeds).filled()
    await world.append(MediaDeleted(**world.command(ADA).stamp(), media_id=id_at(5) + 1_000, owner_id=ADA))
    found, words = await reasons(world, BOB)
    assert found
    assert words.endswith("Clients are not shown it all the same: none of its files is there.")
    await apply(
        cast(Any, world.views.feeds), FollowSet(CY, 99, following=True, at_id=2), FeedPost(id_at(7), 99)
    )
    await world.post(id_at(7), 99)
    assert (await reasons(world, CY, id_at(7)))[1].endswith(
        "Clients are not shown it all the same: its author has no account."
    )


def test_no_route_explains() -> None:
    """It tells operators what privacy hides from clients."""
    code = Path(explain.__file__).parent.glob("*.py")
    assert [path.name for path in code if "api.explain" in path.read_text()] == []
