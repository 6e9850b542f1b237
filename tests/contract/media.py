"""The contract of the media view."""

from dataclasses import replace
from typing import Protocol

import pytest

from events.media import FocalPoint, Rendition, RenditionName
from stores.ports.media import (
    AltTextSet,
    AttachedSet,
    FocalPointSet,
    Media,
    MediaChange,
    MediaGone,
    MediaPut,
    MediaReader,
    ReadySet,
    RejectedSet,
    UploadedSet,
)
from stores.ports.view import View
from tests.contract.applying import apply, apply_each
from tests.contract.parking import ParkingContract

MEDIA, OTHER, OWNER, POST = 501, 502, 11, 601
POINT = FocalPoint(x=0.25, y=-1.0)
PUT = MediaPut(
    MEDIA, OWNER, "originals/501/original", "image/png", 7, "ab" * 32, "sepia", POINT, "A cat", 1_000
)


def rendition(name: RenditionName, key: str) -> Rendition:
    return Rendition(name=name, object_key=key, width=150, height=99, content_type="image/webp", size_bytes=5)


RENDITIONS = (rendition("thumb", "private/501/a.webp"), rendition("small", "private/501/b.webp"))
MOVED = (rendition("thumb", "public/501/c.webp"), rendition("small", "public/501/d.webp"))
READY = ReadySet(MEDIA, 800, 600, "LKO2", RENDITIONS)
CHANGES: tuple[MediaChange, ...] = (
    PUT,
    UploadedSet(MEDIA),
    READY,
    RejectedSet(MEDIA, "corrupt"),
    AltTextSet(MEDIA, "Two cats"),
    FocalPointSet(MEDIA, None),
    AttachedSet(MEDIA, "post", POST, 2_000),
)


class MediaView(View[MediaChange], MediaReader, Protocol):
    pass


async def found(view: MediaView, media_id: int = MEDIA) -> Media:
    return (await view.media([media_id]))[media_id]


class MediaContract(ParkingContract):
    async def test_a_declared_media_is_pending(self, view: MediaView) -> None:
        await apply(view, PUT)
        media = await found(view)
        assert (media.owner_id, media.object_key, media.content_type) == (OWNER, PUT.object_key, "image/png")
        assert (media.size_bytes, media.sha256, media.filter) == (7, "ab" * 32, "sepia")
        assert (media.focal_point, media.alt_text, media.declared_at_ms) == (POINT, "A cat", 1_000)
        assert (media.status, media.reason, media.renditions, media.attached) == ("pending", None, (), None)
        assert (media.width, media.height, media.blurhash, media.attached_at_ms) == (None,) * 4

    async def test_the_first_declaration_stands(self, view: MediaView) -> None:
        await apply(view, PUT, UploadedSet(MEDIA), replace(PUT, sha256="cd" * 32, alt_text="Another"))
        media = await found(view)
        assert (media.sha256, media.alt_text, media.status) == ("ab" * 32, "A cat", "uploaded")

    async def test_ready_with_renditions_that_may_move(self, view: MediaView) -> None:
        await apply(view, PUT, UploadedSet(MEDIA), READY)
        media = await found(view)
        assert (media.status, media.width, media.height, media.blurhash) == ("ready", 800, 600, "LKO2")
        assert media.renditions == RENDITIONS
        await apply(view, replace(READY, renditions=MOVED), UploadedSet(MEDIA))
        assert (await found(view)).renditions == MOVED
        assert (await found(view)).status == "ready"

    async def test_the_first_verdict_stands(self, view: MediaView) -> None:
        await apply(view, PUT, RejectedSet(MEDIA, "hash_mismatch"), READY, RejectedSet(MEDIA, "corrupt"))
        media = await found(view)
        assert (media.status, media.reason, media.renditions) == ("rejected", "hash_mismatch", ())
        await apply(
            view, replace(PUT, media_id=OTHER), replace(READY, media_id=OTHER), RejectedSet(OTHER, "corrupt")
        )
        assert (await found(view, OTHER)).status == "ready"

    async def test_descriptions_change_and_are_cleared(self, view: MediaView) -> None:
        await apply(view, PUT, AltTextSet(MEDIA, "Two cats"), FocalPointSet(MEDIA, None))
        media = await found(view)
        assert (media.alt_text, media.focal_point) == ("Two cats", None)
        await apply(view, AltTextSet(MEDIA, ""), FocalPointSet(MEDIA, FocalPoint(x=0, y=0)))
        media = await found(view)
        assert (media.alt_text, media.focal_point) == ("", FocalPoint(x=0, y=0))

    async def test_the_first_attachment_stands(self, view: MediaView) -> None:
        await apply(view, PUT, READY, AttachedSet(MEDIA, "post", POST, 2_000))
        await apply(view, AttachedSet(MEDIA, "avatar", OWNER, 3_000), AttachedSet(MEDIA, "post", POST, 4_000))
        media = await found(view)
        assert (media.attached, media.attached_at_ms) == (("post", POST), 2_000)
        assert [one.media_id for one in await view.attached_to("post", POST)] == [MEDIA]
        assert list(await view.attached_to("avatar", OWNER)) == []
        assert list(await view.attached_to("avatar", POST)) == []

    async def test_what_is_attached_to_one_thing_comes_by_id(self, view: MediaView) -> None:
        for media_id in (OTHER, MEDIA):
            await apply(view, replace(PUT, media_id=media_id), AttachedSet(media_id, "post", POST, 2_000))
        assert [one.media_id for one in await view.attached_to("post", POST)] == [MEDIA, OTHER]
        await apply(view, MediaGone(MEDIA))
        assert [one.media_id for one in await view.attached_to("post", POST)] == [OTHER]

    @pytest.mark.parametrize("change", CHANGES, ids=lambda change: type(change).__name__)
    async def test_deleted_is_final(self, view: MediaView, change: MediaChange) -> None:
        await apply(view, PUT, READY, AttachedSet(MEDIA, "post", POST, 2_000))
        assert await found(view)
        await apply(view, MediaGone(MEDIA))
        await apply_each(view, change, *CHANGES)
        assert await view.media([MEDIA]) == {}
        assert list(await view.attached_to("post", POST)) == []

    @pytest.mark.parametrize("change", CHANGES[1:], ids=lambda change: type(change).__name__)
    async def test_nothing_comes_of_what_was_not_declared(self, view: MediaView, change: MediaChange) -> None:
        await apply(view, change)
        assert await view.media([MEDIA]) == {}
        assert list(await view.attached_to("post", POST)) == []

    async def test_deleted_before_it_was_declared(self, view: MediaView) -> None:
        await apply(view, MediaGone(MEDIA), PUT)
        assert await view.media([MEDIA]) == {}

    async def test_many_at_once(self, view: MediaView) -> None:
        await apply(view, *(replace(PUT, media_id=1_000 + n) for n in range(1_200)))
        media = await view.media([*range(900, 2_300)])
        assert list(media) == [*range(1_000, 2_200)]
        assert await view.media([]) == {}

    async def test_the_same_object_until_it_changes(self, view: MediaView) -> None:
        await apply(view, PUT, replace(PUT, media_id=OTHER))
        media, other = await found(view), await found(view, OTHER)
        await apply(view, UploadedSet(OTHER))
        assert (await found(view)).media_id == media.media_id
        assert await found(view, OTHER) is not other
