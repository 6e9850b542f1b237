"""Commands on likes, saves and comments."""

from collections.abc import AsyncIterator, Awaitable, Callable

import pytest

from events.likes import PostLiked
from producers.command import Command
from producers.comments import add_comment, delete_comment, edit_comment
from producers.errors import ForbiddenError, NotFoundError
from producers.journal import Journal
from producers.likes import like_post, unlike_post
from producers.posts import delete_post
from producers.saves import save_post, unsave_post
from stores.ports.log import Positions
from stores.ports.views import Views
from tests.unit.folding import ADA, BOB, CY, World

Edge = Callable[[Journal, Views, Command, int], Awaitable[Positions]]
PUT_EDGES = pytest.mark.parametrize("put", [like_post, save_post])
EDGES = pytest.mark.parametrize(("put", "take_back"), [(like_post, unlike_post), (save_post, unsave_post)])


@pytest.fixture
async def world() -> AsyncIterator[World]:
    """21 is for everybody, 22 for the followers of Ada, one of whom is Bob."""
    found = World()
    await found.register(ADA, BOB, CY)
    await found.post(21)
    await found.post(22, visibility="followers")
    await found.follow(BOB, ADA)
    yield found
    found.close()


async def given(world: World, edge: Edge, user_id: int, post_id: int) -> None:
    await edge(world.log, world.views, world.command(user_id), post_id)


async def test_a_like_is_always_appended(world: World) -> None:
    await given(world, like_post, BOB, 21)
    await given(world, like_post, BOB, 21)
    assert [(e.actor_id, e.author_id, e.key) for e in world.appended(PostLiked)] == [(BOB, ADA, "21")] * 2
    assert (await world.likes.counts([21]))[21] == 1


@EDGES
async def test_what_was_put_is_taken_back(world: World, put: Edge, take_back: Edge) -> None:
    await given(world, put, BOB, 22)
    await given(world, take_back, BOB, 22)
    await given(world, take_back, BOB, 22)
    assert not await world.likes.liked(BOB, [22])
    assert not await world.saves.saved(BOB, [22])


@EDGES
async def test_what_is_not_visible_is_absent(world: World, put: Edge, take_back: Edge) -> None:
    for edge in (put, take_back):
        for post_id in (22, 99):
            with pytest.raises(NotFoundError):
                await given(world, edge, CY, post_id)


@EDGES
async def test_what_is_no_longer_visible_can_still_be_taken_back(
    world: World, put: Edge, take_back: Edge
) -> None:
    await given(world, put, BOB, 22)
    await world.unfollow(BOB, ADA)
    with pytest.raises(NotFoundError):
        await given(world, put, BOB, 22)
    await given(world, take_back, BOB, 22)
    assert not await world.likes.liked(BOB, [22])
    assert not await world.saves.saved(BOB, [22])


@PUT_EDGES
async def test_a_deleted_post_is_absent(world: World, put: Edge) -> None:
    await delete_post(world.log, world.views, world.command(ADA), 21)
    with pytest.raises(NotFoundError):
        await given(world, put, BOB, 21)


async def comment(world: World, comment_id: int, user_id: int = BOB, post_id: int = 22) -> None:
    me = world.command(user_id)
    written = await add_comment(world.log, world.views, me, post_id, comment_id, "first")
    assert await world.comments.get(post_id, comment_id) == written.value


async def test_a_comment_is_answered_as_its_view_will_show_it(world: World) -> None:
    await comment(world, 31)
    world.now_ms += 5
    written = await edit_comment(world.log, world.views, world.command(BOB), 22, 31, "second")
    assert await world.comments.get(22, 31) == written.value
    assert (written.value.text, written.value.edited_at_ms) == ("second", world.now_ms)


async def test_a_comment_needs_a_post_that_its_writer_sees(world: World) -> None:
    for user_id, post_id in ((CY, 22), (BOB, 99)):
        with pytest.raises(NotFoundError):
            await comment(world, 31, user_id, post_id)


async def test_only_the_writer_edits(world: World) -> None:
    await comment(world, 31)
    for user_id, error in ((ADA, ForbiddenError), (CY, NotFoundError)):
        with pytest.raises(error):
            await edit_comment(world.log, world.views, world.command(user_id), 22, 31, "second")
    with pytest.raises(NotFoundError):
        await edit_comment(world.log, world.views, world.command(BOB), 21, 31, "under another post")


@pytest.mark.parametrize("user_id", [ADA, BOB])
async def test_the_writer_and_the_posts_author_delete(world: World, user_id: int) -> None:
    await comment(world, 31)
    await delete_comment(world.log, world.views, world.command(user_id), 22, 31)
    assert await world.comments.get(22, 31) is None
    with pytest.raises(NotFoundError):
        await delete_comment(world.log, world.views, world.command(user_id), 22, 31)


async def test_nobody_else_deletes(world: World) -> None:
    await comment(world, 31)
    await comment(world, 32, post_id=21)
    for post_id, comment_id, error in ((22, 31, NotFoundError), (21, 32, ForbiddenError)):
        with pytest.raises(error):
            await delete_comment(world.log, world.views, world.command(CY), post_id, comment_id)


async def test_the_writer_deletes_what_they_can_no_longer_see(world: World) -> None:
    await comment(world, 31)
    await world.unfollow(BOB, ADA)
    await delete_comment(world.log, world.views, world.command(BOB), 22, 31)
    assert await world.comments.get(22, 31) is None
