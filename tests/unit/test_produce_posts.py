"""Commands on posts: what they append, and what they refuse."""

from collections.abc import Iterator
from dataclasses import asdict

import pytest

from events.media import MediaAttached, MediaDeleted
from events.posts import PostCreated, PostDeleted, PostEdited
from events.topics import MEDIA, POSTS
from producers.attaching import MediaInUseError, MediaNotReadyError
from producers.errors import ForbiddenError, InvalidError, NotCaughtUpError, NotFoundError
from producers.posts import (
    Draft,
    PostChanges,
    create_post,
    delete_post,
    edit_post,
    own_post,
)
from producers.written import Written
from stores.ports.timelines import Post
from tests.unit.folding import ADA, BOB, NOW_MS, PLACE, World


@pytest.fixture
def world() -> Iterator[World]:
    found = World()
    yield found
    found.close()


async def create(world: World, post_id: int, draft: Draft, user_id: int = ADA) -> Written[Post]:
    return await create_post(world.log, lambda: world.views, world, world.command(user_id), post_id, draft)


async def there(world: World, post_id: int) -> Post | None:
    return (await world.timelines.posts([post_id])).get(post_id)


async def test_a_post_is_answered_as_its_view_will_show_it(world: World) -> None:
    await world.photo(1)
    await world.photo(2)
    written = await create(world, 21, Draft((2, 1), "at #Sea", PLACE, "followers"))
    shown = await there(world, 21)
    assert shown is not None
    assert asdict(shown) == asdict(written.value)
    assert (shown.tags, shown.created_at_ms) == (("sea",), NOW_MS)
    assert {topic for topic, _ in written.positions} == {MEDIA, POSTS}


async def test_media_are_attached_before_the_post_is_made(world: World) -> None:
    await world.photo(1)
    await create(world, 21, Draft((1,)))
    assert [type(event) for event in world.events[-2:]] == [MediaAttached, PostCreated]
    assert (await world.media.media([1]))[1].attached == ("post", 21)


async def test_another_post_cannot_have_the_media(world: World) -> None:
    await world.photo(1)
    await create(world, 21, Draft((1,)))
    with pytest.raises(MediaInUseError):
        await create(world, 22, Draft((1,)))
    assert await there(world, 22) is None


async def test_a_post_that_wanted_the_media_a_moment_later_is_not_made(world: World) -> None:
    """Both saw the media free; the other one's wish came first on the log."""
    await world.photo(1)
    append = world.append

    async def append_behind_another(*events: object) -> object:
        if isinstance(events[0], MediaAttached):
            stamp = world.command(ADA).stamp()
            await append(
                MediaAttached(**stamp, media_id=1, owner_id=ADA, attached_kind="post", attached_id=99)
            )
        return await append(*events)  # type: ignore[arg-type]

    world.log.append = append_behind_another  # type: ignore[method-assign, assignment]
    with pytest.raises(MediaInUseError):
        await create(world, 21, Draft((1,)))
    assert world.appended(PostCreated) == []


async def test_the_same_command_again_makes_the_same_post(world: World) -> None:
    await world.photo(1)
    world.is_caught_up = False
    with pytest.raises(NotCaughtUpError):
        await create(world, 21, Draft((1,)))
    assert world.appended(PostCreated) == []
    world.is_caught_up = True
    await create(world, 21, Draft((1,)))
    await create(world, 21, Draft((1,)))
    assert (await world.timelines.post_counts([ADA]))[ADA] == 1


async def test_media_have_to_be_there_mine_and_ready(world: World) -> None:
    await world.photo(1)
    await world.photo(2, owner_id=BOB)
    await world.declare(3)
    for media_ids, error in (((9,), NotFoundError), ((1, 2), NotFoundError), ((1, 3), MediaNotReadyError)):
        with pytest.raises(error):
            await create(world, 21, Draft(media_ids))
    assert world.appended(MediaAttached) == []


async def test_thirty_tags_are_enough(world: World) -> None:
    await world.photo(1)
    tags = [f"#t{n}" for n in range(31)]
    with pytest.raises(InvalidError) as refused:
        await create(world, 21, Draft((1,), " ".join(tags)))
    assert (refused.value.field, refused.value.code) == ("caption", "too_many_tags")
    await create(world, 21, Draft((1,), " ".join(tags[:30])))


async def test_an_edit_is_answered_as_its_view_will_show_it(world: World) -> None:
    await world.post(21, caption="#sea")
    world.now_ms += 5
    me = world.command(ADA)
    changes = PostChanges(("caption", "visibility"), caption="#sky", visibility="followers")
    written = await edit_post(world.log, me, await own_post(world.views, me, 21), changes)
    shown = await there(world, 21)
    assert shown is not None
    assert asdict(shown) == asdict(written.value)
    assert (shown.tags, shown.place, shown.edited_at_ms) == (("sky",), PLACE, NOW_MS + 5)


async def test_an_edit_of_nothing_appends_nothing(world: World) -> None:
    await world.post(21)
    me = world.command(ADA)
    post = await own_post(world.views, me, 21)
    assert (await edit_post(world.log, me, post, PostChanges(()))) == Written(post, {})
    assert world.appended(PostEdited) == []


async def test_a_post_is_its_authors_own(world: World) -> None:
    await world.post(21)
    await world.post(22, visibility="followers")
    with pytest.raises(ForbiddenError):
        await own_post(world.views, world.command(BOB), 21)
    with pytest.raises(ForbiddenError):
        await delete_post(world.log, world.views, world.command(BOB), 21)
    for absent in (22, 23):
        with pytest.raises(NotFoundError):
            await delete_post(world.log, world.views, world.command(BOB), absent)
    assert world.appended(PostDeleted) == []


async def test_deleting_ends_the_post_before_its_files(world: World) -> None:
    await world.post(21)
    await delete_post(world.log, world.views, world.command(ADA), 21)
    assert isinstance(world.events[-2], PostDeleted)
    assert isinstance(world.events[-1], MediaDeleted)
    assert await there(world, 21) is None
    with pytest.raises(NotFoundError):
        await delete_post(world.log, world.views, world.command(ADA), 21)
