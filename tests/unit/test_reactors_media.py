"""What becomes of files: looked at, moved, expired and removed; whatever breaks in between, once more and without traces."""

import errno
import os
import tempfile
from collections.abc import Collection, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from events.accounts import AccountRegistered, ProfileChanged
from events.envelope import Envelope
from events.media import MediaAttached, MediaDeleted, MediaProcessed, MediaRejected, MediaUploaded
from events.topics import MEDIA, POSTS
from producers.reactors.sweeping import EXPIRE_AFTER_MS, TIDY_AFTER_MS
from stores.ports.log import Entry
from stores.ports.media import Media, MediaChange
from stores.ports.objects import area_of
from stores.ports.view import Folded
from tests.unit.media_world import CONTENT, OWNER, MediaWorld

PERIOD = 13


@pytest.fixture(autouse=True)
def _no_fsync(monkeypatch: pytest.MonkeyPatch) -> None:
    """Processes die here, machines do not."""
    monkeypatch.setattr(os, "fsync", lambda _: None)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[MediaWorld]:
    made = MediaWorld(tmp_path)
    yield made
    made.close()


async def of_type(world: MediaWorld, kind: type[Envelope]) -> Collection[Envelope]:
    return [event for event in await world.events() if isinstance(event, kind)]


async def ready(world: MediaWorld) -> Media:
    media = await world.uploaded()
    await world.react()
    found = await world.now(media)
    assert found is not None
    assert found.status == "ready"
    return found


def keys(media: Media | None) -> set[str]:
    assert media is not None
    return {rendition.object_key for rendition in media.renditions}


def areas(media: Media | None) -> set[str]:
    return {area_of(key) for key in keys(media)}


async def test_an_uploaded_photo_gets_its_renditions(world: MediaWorld) -> None:
    media = await ready(world)
    assert (media.width, media.height, media.blurhash) == (100, 200, "LKO2")
    assert [rendition.name for rendition in media.renditions] == ["thumb", "large"]
    assert areas(media) == {"private"}
    assert await world.stored(media) == {media.object_key, *keys(media)}
    async with world.objects.local(media.renditions[0].object_key) as path:
        assert path.read_bytes() == b"thumb" + CONTENT
    expected = world.pictures.seen[0]
    assert (expected.content_type, expected.size_bytes, expected.sha256, expected.filter) == (
        "image/png", len(CONTENT), "ab" * 32, "none",
    )  # fmt: skip


async def test_what_reactors_append_says_why(world: MediaWorld) -> None:
    await ready(world)
    (uploaded,) = await of_type(world, MediaUploaded)
    (processed,) = await of_type(world, MediaProcessed)
    assert (processed.actor_id, processed.causation_id) == (OWNER, uploaded.id)
    assert processed.correlation_id == uploaded.correlation_id


async def test_nothing_happens_before_the_upload_is_complete(world: MediaWorld) -> None:
    media = await world.sent()
    await world.react()
    found = await world.now(media)
    assert found is not None
    assert found.status == "pending"


async def test_a_rejected_file_is_removed(world: MediaWorld) -> None:
    media = await world.uploaded(b"bad bytes")
    await world.react()
    found = await world.now(media)
    assert found is not None
    assert (found.status, found.reason) == ("rejected", "corrupt")
    assert await world.stored(media) == set()
    assert len(await of_type(world, MediaRejected)) == 1


async def test_a_file_that_was_lost_is_corrupt(world: MediaWorld) -> None:
    media = await world.uploaded()
    await world.objects.delete([media.object_key])
    await world.react()
    found = await world.now(media)
    assert found is not None
    assert found.reason == "corrupt"


async def test_rendering_that_cannot_be_done_now_is_done_later(world: MediaWorld) -> None:
    world.pictures.failures = 3
    await ready(world)
    assert len(world.pictures.seen) == 4


async def test_a_full_disk_is_waited_for(world: MediaWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    failures = [OSError(errno.ENOSPC, "full")] * 2
    make = tempfile.mkdtemp

    def made(*arguments: str | None) -> str:
        if failures:
            raise failures.pop()
        return make(*arguments)

    monkeypatch.setattr(tempfile, "mkdtemp", made)
    await ready(world)
    assert failures == []


async def test_an_upload_completed_twice_is_looked_at_once(world: MediaWorld) -> None:
    media = await world.uploaded()
    stamp = world.command().stamp()
    await world.journal.append(MediaUploaded(**stamp, media_id=media.media_id, owner_id=OWNER))
    await world.react()
    assert len(await of_type(world, MediaProcessed)) == 1
    assert len(world.pictures.seen) == 1


async def test_a_media_that_was_deleted_is_not_looked_at(world: MediaWorld) -> None:
    media = await world.uploaded()
    await world.delete(media)
    await world.react()
    assert world.pictures.seen == []
    assert await world.stored(media) == set()


async def test_a_media_deleted_while_it_is_made_leaves_nothing(
    world: MediaWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    media = await world.uploaded()
    render = world.pictures.render

    async def deleted_meanwhile(*args: Path) -> object:
        await world.delete(media)
        return await render(*args)  # type: ignore[arg-type]

    monkeypatch.setattr(world.pictures, "render", deleted_meanwhile)
    await world.react()
    assert await world.now(media) is None
    assert await world.stored(media) == set()
    assert await of_type(world, MediaProcessed) == []


async def test_a_public_post_makes_its_files_public(world: MediaWorld) -> None:
    before = await ready(world)
    await world.posted(before)
    await world.react()
    after = await world.now(before)
    assert after is not None
    assert areas(after) == {"public"}
    assert (after.width, after.height, after.blurhash) == (before.width, before.height, before.blurhash)
    assert [r.name for r in after.renditions] == [r.name for r in before.renditions]


async def test_signed_urls_of_before_work_until_they_run_out(world: MediaWorld) -> None:
    before = await ready(world)
    await world.posted(before)
    await world.react()
    after = await world.now(before)
    assert await world.stored(before) == {before.object_key, *keys(before), *keys(after)}
    world.pass_ms(TIDY_AFTER_MS)
    await world.react()
    assert await world.stored(before) == {before.object_key, *keys(after)}


async def test_a_post_for_followers_keeps_its_files_private(world: MediaWorld) -> None:
    media = await ready(world)
    await world.posted(media, "followers")
    await world.react()
    assert keys(await world.now(media)) == keys(media)


async def test_an_avatar_is_public(world: MediaWorld) -> None:
    media = await ready(world)
    await avatar(world, media)
    await world.react()
    assert areas(await world.now(media)) == {"public"}


async def test_when_a_post_stops_being_public_its_public_files_are_gone_at_once(world: MediaWorld) -> None:
    media = await ready(world)
    post_id = await world.posted(media)
    await world.react()
    public = await world.now(media)
    await world.show(post_id, "followers")
    await world.react()
    private = await world.now(media)
    assert areas(private) == {"private"}
    assert keys(private).isdisjoint(keys(media))
    assert keys(public).isdisjoint(await world.stored(media))
    assert keys(private) <= await world.stored(media)
    await world.show(post_id, "public")
    await world.react()
    assert areas(await world.now(media)) == {"public"}
    assert keys(await world.now(media)).isdisjoint(keys(public))


@pytest.mark.parametrize("had_moved", [True, False])
async def test_urls_of_a_posts_first_moments_end_with_its_being_public(
    world: MediaWorld, had_moved: bool
) -> None:
    """Until its files have moved, a public post is shown with signed URLs of the private ones."""
    media = await ready(world)
    post_id = await world.posted(media)
    if had_moved:
        await world.react()
    world.pass_ms(60_000)
    await world.show(post_id, "followers")
    await world.react()
    assert areas(await world.now(media)) == {"private"}
    assert keys(media).isdisjoint(await world.stored(media))
    assert keys(await world.now(media)) <= await world.stored(media)


async def test_who_says_again_that_a_post_is_for_followers_moves_nothing(world: MediaWorld) -> None:
    media = await ready(world)
    post_id = await world.posted(media, "followers")
    await world.react()
    world.pass_ms(60_000)
    await world.show(post_id, "followers")
    await world.react()
    assert keys(await world.now(media)) == keys(media)


async def test_files_that_came_after_the_event_are_not_gone_at_once(world: MediaWorld) -> None:
    """Some process that was held up may be about to name them."""
    media = await ready(world)
    post_id = await world.posted(media)
    await world.react()
    await world.show(post_id, "followers")
    late = [f"{area}/{media.media_id}/held-up.webp" for area in ("private", "public")]
    for key in late:
        await world.objects.copy((await named(world, media))[0], key)
    await world.react()
    assert set(late) <= await world.stored(media)


async def named(world: MediaWorld, media: Media) -> list[str]:
    return sorted(keys(await world.now(media)))


async def test_a_post_seen_before_its_attachment(world: MediaWorld) -> None:
    """Topics have no order between them."""
    media = await ready(world)
    post_id = world.ids.next()
    await world.attach(media, post_id)
    await world.react()
    assert areas(await world.now(media)) == {"private"}


async def parked(world: MediaWorld) -> Entry:
    """An event of the owner's media that nobody can read, behind which everything later is parked."""
    await world.declared()
    (entry,) = [e for at in await world.log.ends([MEDIA]) for e in await world.log.read(at, 0, 1)]
    await world.log.append([replace(entry.record, id=world.ids.next(), version=99)])
    await world.progress.reached(("media",), {}, 0)
    (unreadable,) = await world.log.read(entry.partition, entry.offset + 1, 1)
    return unreadable


async def test_what_is_parked_is_reacted_to_when_it_was_retried(world: MediaWorld) -> None:
    unreadable = await parked(world)
    media = await world.uploaded()
    await world.react()
    assert await world.now(media) is None
    world.runners = world.new_runners()
    await world.react()
    place, key = unreadable.partition, str(OWNER)
    discarded: Folded[MediaChange] = Folded(place, unreadable.offset, unreadable.record.id, key)
    await world.media_view.release(MEDIA, key, [discarded])
    await world.media_view.ask_retry(MEDIA, key)
    await world.react()
    found = await world.now(media)
    assert found is not None
    assert found.status == "ready"


async def test_nothing_expires_by_what_a_view_does_not_show(world: MediaWorld) -> None:
    """A post that is parked uses its media all the same."""
    media = await ready(world)
    await world.timelines.apply([Folded((POSTS, 0), 0, 1, str(OWNER), parked="cannot be folded")])
    await world.posted(media)
    world.pass_ms(EXPIRE_AFTER_MS)
    await world.react()
    assert await world.now(media) is not None
    assert await of_type(world, MediaDeleted) == []


async def test_what_somebody_else_has_moved_meanwhile_is_left_to_them(
    world: MediaWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another process takes itself for the only one, moves the media, and removes the files that are being copied here."""
    media = await ready(world)
    post_id = await world.posted(media)
    await world.react()
    copy, moved = world.objects.copy, list[bool]()

    async def late(from_key: str, to_key: str) -> None:
        if not moved:
            moved.append(True)
            for runner in world.new_runners():
                await runner.catch_up()
        await copy(from_key, to_key)

    monkeypatch.setattr(world.objects, "copy", late)
    await world.show(post_id, "followers")
    await world.react()
    assert len(keys(await world.now(media))) == 2
    assert areas(await world.now(media)) == {"private"}
    assert keys(await world.now(media)) <= await world.stored(media)


async def test_a_lost_rendition_does_not_keep_the_others_public(world: MediaWorld) -> None:
    media = await ready(world)
    post_id = await world.posted(media)
    await world.react()
    public = await world.now(media)
    await world.objects.delete([min(keys(public))])
    await world.show(post_id, "followers")
    await world.react()
    private = await world.now(media)
    assert len(keys(private)) == 1
    assert areas(private) == {"private"}
    assert not [key for key in await world.stored(media) if area_of(key) == "public"]


async def test_files_of_a_deleted_post_are_gone_at_once(world: MediaWorld) -> None:
    media = await ready(world)
    post_id = await world.posted(media)
    await world.react()
    await world.delete_post(post_id)
    await world.react()
    assert await world.now(media) is None
    assert await world.stored(media) == set()
    assert len(await of_type(world, MediaDeleted)) == 1


async def test_a_client_that_never_came_back_has_its_upload_completed(world: MediaWorld) -> None:
    media = await world.sent()
    world.pass_ms(TIDY_AFTER_MS - 1)
    await world.react()
    assert await of_type(world, MediaUploaded) == []
    world.pass_ms(1)
    await world.react()
    found = await world.now(media)
    assert found is not None
    assert found.status == "ready"


async def test_an_upload_that_never_came_expires(world: MediaWorld) -> None:
    media = await world.declared()
    world.pass_ms(EXPIRE_AFTER_MS - 1)
    await world.react()
    assert await world.now(media) is not None
    world.pass_ms(1)
    await world.react()
    assert await world.now(media) is None


async def test_media_attached_to_nothing_expire_with_their_files(world: MediaWorld) -> None:
    media = await ready(world)
    bad = await world.uploaded(b"bad bytes")
    used = await ready(world)
    await world.posted(used)
    world.pass_ms(EXPIRE_AFTER_MS)
    await world.react()
    world.pass_ms(EXPIRE_AFTER_MS)
    await world.react()
    assert await world.now(media) is None
    assert await world.now(bad) is None
    assert await world.stored(media) == set()
    assert areas(await world.now(used)) == {"public"}
    assert await world.stored(used) == {used.object_key, *keys(await world.now(used))}


async def test_media_of_a_post_that_was_never_made_expire(world: MediaWorld) -> None:
    media = await ready(world)
    world.pass_ms(EXPIRE_AFTER_MS // 2)
    await world.attach(media, world.ids.next())
    world.pass_ms(EXPIRE_AFTER_MS // 2)
    await world.react()
    assert await world.now(media) is not None
    world.pass_ms(EXPIRE_AFTER_MS // 2)
    await world.react()
    assert await world.now(media) is None


async def test_an_avatar_that_was_replaced_expires(world: MediaWorld) -> None:
    old = await ready(world)
    await registered(world)
    await avatar(world, old)
    world.pass_ms(EXPIRE_AFTER_MS)
    await world.react()
    assert areas(await world.now(old)) == {"public"}
    await avatar(world, new := await ready(world))
    await world.react()
    assert await world.now(old) is not None
    world.pass_ms(EXPIRE_AFTER_MS)
    await world.react()
    assert await world.now(old) is None
    assert areas(await world.now(new)) == {"public"}
    assert await world.stored(old) == set()


async def test_an_upload_that_came_in_after_the_end_is_removed(world: MediaWorld) -> None:
    media = await world.declared()
    await world.delete(media)
    await world.react()
    await world.send(media)
    world.pass_ms(TIDY_AFTER_MS)
    await world.react()
    assert await world.stored(media) == set()


async def test_a_rejected_file_that_was_sent_again_is_removed(world: MediaWorld) -> None:
    media = await world.uploaded(b"bad bytes")
    await world.react()
    await world.send(media, b"bad bytes")
    world.pass_ms(TIDY_AFTER_MS)
    await world.react()
    assert await world.stored(media) == set()


async def test_what_is_being_made_is_not_tidied_away(world: MediaWorld) -> None:
    media = await ready(world)
    world.pass_ms(TIDY_AFTER_MS)
    fresh = f"private/{media.media_id}/not-named-yet.webp"
    await world.objects.copy(media.renditions[0].object_key, fresh)
    await world.react()
    assert fresh in await world.stored(media)


async def test_everything_again_from_the_beginning_changes_nothing(world: MediaWorld) -> None:
    media = await ready(world)
    await world.posted(media)
    gone = await world.uploaded()
    await world.delete(gone)
    await world.react()
    world.pass_ms(EXPIRE_AFTER_MS)
    await world.react()
    events, stored = await world.events(), await world.stored(media)
    world.state.writer.execute("DELETE FROM reactor_positions")
    await world.react()
    assert await world.events() == events
    assert await world.stored(media) == stored


async def live_a_life(world: MediaWorld) -> list[Media]:
    """One photo of each fate."""
    media = []
    for content in (CONTENT, b"bad bytes", CONTENT, CONTENT):
        media.append(await world.uploaded(content))
        await world.survive()
    posts = [await world.posted(media[0]), await world.posted(media[3])]
    await world.survive()
    await world.show(posts[0], "followers")
    await world.delete_post(posts[1])
    await world.survive()
    world.pass_ms(EXPIRE_AFTER_MS)
    await world.survive()
    world.pass_ms(TIDY_AFTER_MS)
    await world.survive()
    return media


@pytest.mark.parametrize("first", range(PERIOD))
async def test_it_may_die_before_and_after_every_effect(world: MediaWorld, first: int) -> None:
    """And leaves what a life without deaths leaves. A photo needs fewer effects than lie between two deaths."""
    world.fate.first, world.fate.period = first, PERIOD
    await check_life(world, await live_a_life(world))
    assert world.fate.death_count > 3


@pytest.mark.parametrize("seam", range(1, 13))
async def test_wherever_it_dies_nothing_stays_public_until_it_is_tidied(world: MediaWorld, seam: int) -> None:
    media = await ready(world)
    post_id = await world.posted(media)
    await world.react()
    world.pass_ms(60_000)
    await world.show(post_id, "followers")
    world.fate.first, world.fate.period = seam, 1_000
    await world.survive()
    assert world.fate.death_count == 1
    assert areas(await world.now(media)) == {"private"}
    assert not [key for key in await world.stored(media) if area_of(key) == "public"]


async def check_life(world: MediaWorld, media: list[Media]) -> None:
    shown, *gone = media
    found = await world.now(shown)
    assert areas(found) == {"private"}
    assert len(keys(found)) == 2
    assert await world.stored(shown) == {shown.object_key, *keys(found)}
    for one in gone:
        assert await world.now(one) is None
        assert await world.stored(one) == set()


async def avatar(world: MediaWorld, media: Media) -> None:
    stamp = world.command().stamp()
    attached = MediaAttached(
        **stamp, media_id=media.media_id, owner_id=OWNER, attached_kind="avatar", attached_id=OWNER
    )
    changed = ProfileChanged(
        **world.command().stamp(), user_id=OWNER, changed=("avatar_media_id",), avatar_media_id=media.media_id
    )
    await world.journal.append(attached, changed)


async def registered(world: MediaWorld) -> None:
    stamp = world.command().stamp()
    await world.journal.append(
        AccountRegistered(**stamp, user_id=OWNER, username="ada", email="a@example.org")
    )
