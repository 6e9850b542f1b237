"""Commands on accounts: what they append, and what they refuse."""

from collections.abc import Iterator
from dataclasses import asdict

import pytest

from events.accounts import AccountSeen, ProfileChanged
from events.media import MediaAttached
from producers.accounts import ProfileChanges, change_profile, note_seen, own_account
from producers.attaching import MediaInUseError, MediaNotReadyError
from producers.errors import NotCaughtUpError, NotFoundError
from producers.written import Written
from stores.ports.accounts import Account
from tests.unit.folding import ADA, BOB, World


@pytest.fixture
async def world() -> World:
    made = World()
    await made.register(ADA, BOB)
    return made


@pytest.fixture(autouse=True)
def _closed(world: World) -> Iterator[None]:
    yield
    world.close()


async def change(world: World, changes: ProfileChanges, user_id: int = ADA) -> Written[Account]:
    me = world.command(user_id)
    account = await own_account(world.accounts, me)
    return await change_profile(world.log, lambda: world.media, world, me, account, changes)


def avatar(media_id: int | None) -> ProfileChanges:
    return ProfileChanges(("avatar_media_id",), avatar_media_id=media_id)


async def test_a_change_is_answered_as_its_view_will_show_it(world: World) -> None:
    written = await change(world, ProfileChanges(("bio", "display_name"), display_name="Ada", bio="I count"))
    assert asdict(written.value) == asdict((await world.accounts.accounts([ADA]))[ADA])
    assert (written.value.display_name, written.value.bio) == ("Ada", "I count")
    assert [topic for topic, _ in written.positions] == ["photolog.accounts"]


async def test_what_was_not_named_stays(world: World) -> None:
    await change(world, ProfileChanges(("bio",), bio="I count"))
    written = await change(world, ProfileChanges(("location",), location="London", bio="not meant"))
    assert (written.value.bio, written.value.location) == ("I count", "London")


async def test_no_change_is_not_recorded(world: World) -> None:
    written = await change(world, ProfileChanges(()))
    assert (written.positions, world.appended(ProfileChanged)) == ({}, [])


async def test_who_is_not_there_has_no_profile(world: World) -> None:
    with pytest.raises(NotFoundError):
        await own_account(world.accounts, world.command(99))


async def test_an_avatar_is_attached_before_it_is_set(world: World) -> None:
    await world.photo(1)
    written = await change(world, avatar(1))
    assert [type(event) for event in world.events[-2:]] == [MediaAttached, ProfileChanged]
    assert (await world.media.media([1]))[1].attached == ("avatar", ADA)
    assert written.value.avatar_media_id == 1
    assert {topic for topic, _ in written.positions} == {"photolog.media", "photolog.accounts"}


async def test_an_avatar_is_set_again_and_cleared(world: World) -> None:
    await world.photo(1)
    await change(world, avatar(1))
    await change(world, avatar(1))
    assert len(world.appended(MediaAttached)) == 1
    assert (await change(world, avatar(None))).value.avatar_media_id is None
    assert (await world.accounts.accounts([ADA]))[ADA].avatar_media_id is None


async def test_an_avatar_has_to_be_there_mine_and_ready(world: World) -> None:
    await world.photo(2, owner_id=BOB)
    await world.declare(3)
    for media_id, error in ((9, NotFoundError), (2, NotFoundError), (3, MediaNotReadyError)):
        with pytest.raises(error):
            await change(world, avatar(media_id))
    assert world.appended(MediaAttached) == []


async def test_the_photo_of_a_post_is_no_avatar(world: World) -> None:
    await world.post(21)
    stamp = world.command(ADA).stamp()
    media_id = 21 + 1_000
    await world.append(
        MediaAttached(**stamp, media_id=media_id, owner_id=ADA, attached_kind="post", attached_id=21)
    )
    with pytest.raises(MediaInUseError):
        await change(world, avatar(media_id))
    assert world.appended(ProfileChanged) == []


async def test_a_photo_that_a_post_wanted_a_moment_before_is_no_avatar(world: World) -> None:
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
        await change(world, avatar(1))
    assert world.appended(ProfileChanged) == []


async def test_a_wait_that_is_lost_sets_no_avatar(world: World) -> None:
    await world.photo(1)
    world.is_caught_up = False
    with pytest.raises(NotCaughtUpError):
        await change(world, avatar(1))
    assert world.appended(ProfileChanged) == []


async def test_a_visit_is_recorded(world: World) -> None:
    await note_seen(world.log, world.command(ADA))
    assert [event.user_id for event in world.appended(AccountSeen)] == [ADA]
