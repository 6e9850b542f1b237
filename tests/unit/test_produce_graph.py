"""Commands on the graph."""

from collections.abc import AsyncIterator

import pytest

from events.graph import Followed, Unfollowed
from producers import graph
from producers.errors import InvalidError, NotFoundError
from producers.graph import FollowingLimitError, follow_user, unfollow_user
from tests.unit.folding import ADA, BOB, CY, World


@pytest.fixture
async def world() -> AsyncIterator[World]:
    found = World()
    await found.register(ADA, BOB, CY)
    yield found
    found.close()


async def follow(world: World, follower_id: int, followed_id: int) -> None:
    await follow_user(world.log, world.views, world.command(follower_id), followed_id)


async def unfollow(world: World, follower_id: int, followed_id: int) -> None:
    await unfollow_user(world.log, world.views, world.command(follower_id), followed_id)


async def test_a_follow_and_its_end_are_always_appended(world: World) -> None:
    for _ in range(2):
        await follow(world, BOB, ADA)
    for _ in range(2):
        await unfollow(world, BOB, ADA)
    for kind in (Followed, Unfollowed):
        assert [(e.follower_id, e.followed_id, e.actor_id) for e in world.appended(kind)] == [
            (BOB, ADA, BOB)
        ] * 2


async def test_nobody_follows_themselves(world: World) -> None:
    for command in (follow, unfollow):
        with pytest.raises(InvalidError) as raised:
            await command(world, ADA, ADA)
        assert (raised.value.field, raised.value.code) == ("id", "oneself")


async def test_nobody_follows_somebody_who_is_not_there(world: World) -> None:
    for command in (follow, unfollow):
        with pytest.raises(NotFoundError):
            await command(world, ADA, 99)


async def test_the_limit_is_on_how_many_are_followed(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(graph, "FOLLOWING_LIMIT", 1)
    await follow(world, BOB, ADA)
    with pytest.raises(FollowingLimitError):
        await follow(world, BOB, CY)
    await follow(world, BOB, ADA)
    await follow(world, CY, ADA)
    await unfollow(world, BOB, ADA)
    await follow(world, BOB, CY)
    assert [(e.follower_id, e.followed_id) for e in world.appended(Followed)] == [
        (BOB, ADA),
        (BOB, ADA),
        (CY, ADA),
        (BOB, CY),
    ]
