"""Commands on media: what is appended, what is refused, and what the caller is told."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from events.media import FocalPoint, MediaDeleted, MediaEdited, MediaUploaded, MediaUploadStarted
from producers.attaching import MediaInUseError
from producers.errors import NotFoundError
from producers.media import (
    PHOTO_LIMIT_BYTES,
    Declaration,
    Edit,
    TooLargeError,
    UploadClosedError,
    UploadIncompleteError,
    complete_media,
    declare_media,
    delete_media,
    edit_media,
    own_media,
    upload_target,
)
from tests.unit.media_world import CONTENT, OWNER, MediaWorld

POINT = FocalPoint(x=0, y=1)
DECLARED = Declaration("image/png", PHOTO_LIMIT_BYTES, "ab" * 32, "A cat", "sepia", POINT)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[MediaWorld]:
    made = MediaWorld(tmp_path)
    yield made
    made.close()


async def test_what_is_declared_is_appended_and_answered_alike(world: MediaWorld) -> None:
    await world.keys.create(OWNER)
    written = await declare_media(world.journal, world.views.media, world.command(), 501, DECLARED)
    (event,) = await world.events()
    assert isinstance(event, MediaUploadStarted)
    assert (event.media_id, event.owner_id, event.object_key) == (501, OWNER, "originals/501/original")
    assert (event.filter, event.focal_point, event.alt_text) == ("sepia", POINT, "A cat")
    shown = await world.now(written.value)
    assert shown is not None
    assert {name: getattr(shown, name) for name in shown.__slots__} == {
        name: getattr(written.value, name) for name in shown.__slots__
    }
    assert list(written.positions.values()) == [0]


async def test_a_photo_may_not_be_larger(world: MediaWorld) -> None:
    larger = replace(DECLARED, size_bytes=PHOTO_LIMIT_BYTES + 1)
    with pytest.raises(TooLargeError) as caught:
        await declare_media(world.journal, world.views.media, world.command(), 501, larger)
    assert (caught.value.field, caught.value.code) == ("size_bytes", "too_large")
    assert await world.events() == []


async def test_completing_needs_the_whole_file(world: MediaWorld) -> None:
    media = await world.declared()
    with pytest.raises(UploadIncompleteError):
        await complete_media(world.journal, world.objects, world.command(), media)
    await world.send(media, CONTENT[:-1])
    with pytest.raises(UploadIncompleteError):
        await complete_media(world.journal, world.objects, world.command(), media)
    await world.send(media)
    written = await complete_media(world.journal, world.objects, world.command(), media)
    assert written.value.status == "uploaded"
    assert isinstance((await world.events())[-1], MediaUploaded)


async def test_completing_again_appends_nothing(world: MediaWorld) -> None:
    media = await world.uploaded()
    events = await world.events()
    written = await complete_media(world.journal, world.objects, world.command(), media)
    assert (written.value, written.positions) == (media, {})
    assert await world.events() == events


async def test_only_an_open_upload_has_a_target(world: MediaWorld) -> None:
    media = await world.declared()
    assert (await upload_target(world.objects, media, world.now_ms)).method == "PUT"
    with pytest.raises(UploadClosedError):
        await upload_target(world.objects, replace(media, status="uploaded"), world.now_ms)


async def test_to_others_a_media_is_absent(world: MediaWorld) -> None:
    media = await world.declared()
    await world.now(media)
    assert await own_media(world.media_view, OWNER, media.media_id)
    for user_id, media_id in ((OWNER + 1, media.media_id), (OWNER, media.media_id + 1)):
        with pytest.raises(NotFoundError):
            await own_media(world.media_view, user_id, media_id)


async def test_edits_say_only_what_changes(world: MediaWorld) -> None:
    media = replace(await world.declared(), alt_text="A cat", focal_point=POINT)
    written = await edit_media(world.journal, world.command(), media, Edit(("alt_text",), "Two cats"))
    assert (written.value.alt_text, written.value.focal_point) == ("Two cats", POINT)
    event = (await world.events())[-1]
    assert isinstance(event, MediaEdited)
    assert (event.changed, event.alt_text, event.focal_point) == (("alt_text",), "Two cats", None)
    written = await edit_media(world.journal, world.command(), media, Edit(("focal_point",)))
    assert (written.value.alt_text, written.value.focal_point) == ("A cat", None)


async def test_an_empty_edit_appends_nothing(world: MediaWorld) -> None:
    media = await world.declared()
    events = await world.events()
    assert (await edit_media(world.journal, world.command(), media, Edit(()))).positions == {}
    assert await world.events() == events


async def test_what_is_in_use_is_not_deleted(world: MediaWorld) -> None:
    media = await world.declared()
    with pytest.raises(MediaInUseError):
        await delete_media(world.journal, world.command(), replace(media, attached=("post", 7)))
    await delete_media(world.journal, world.command(), media)
    assert isinstance((await world.events())[-1], MediaDeleted)
    assert await world.now(media) is None
