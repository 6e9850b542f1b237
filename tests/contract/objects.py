"""The contract of the media store. What its URLs do when they are fetched is for each adapter's own tests."""

import time
from collections.abc import Callable
from pathlib import Path

import pytest

from stores.ports.objects import (
    SIGNED_VALID_MS,
    UPLOAD_VALID_MS,
    ObjectMissingError,
    Objects,
    new_rendition_key,
    original_key,
)

MEDIA, OTHER = 7301548361728, 7301548361729
NOW_MS = 1_800_000_000_000
KEY = f"private/{MEDIA}/first.webp"
MOVED = f"public/{MEDIA}/second.webp"
WEBP = "image/webp"
BAD_KEYS = [
    "", "private", "private/7", "private/7/", "private/../etc", "private/7/..", "private/7/../../8/a", "/private/7/a", "private//a",
    "private/07/a", "private/x/a", "secret/7/a", "private/7/a/b", "private/7/a\0", "private/7/a\n", "private/7/.webp",
    "private/7/é", "private\\7\\a", f"private/7/{'a' * 65}", f"private/{'7' * 20}/a", "PRIVATE/7/a",
]  # fmt: skip


async def content(objects: Objects, key: str) -> bytes:
    async with objects.local(key) as path:
        return path.read_bytes()


class ObjectsContract:
    @pytest.fixture
    def file(self, tmp_path: Path) -> Callable[[bytes], Path]:
        def made(data: bytes) -> Path:
            path = tmp_path / "made"
            path.write_bytes(data)
            return path

        return made

    async def test_what_is_put_is_there(self, objects: Objects, file: Callable[[bytes], Path]) -> None:
        await objects.put(KEY, file(b"picture"), WEBP)
        assert await content(objects, KEY) == b"picture"
        stored = await objects.stored(KEY)
        assert stored is not None
        assert (stored.key, stored.size_bytes) == (KEY, 7)
        assert abs(stored.stored_at_ms - time.time() * 1000) < 3600 * 1000

    async def test_putting_again_replaces(self, objects: Objects, file: Callable[[bytes], Path]) -> None:
        await objects.put(KEY, file(b"first"), WEBP)
        await objects.put(KEY, file(b"second one"), WEBP)
        assert await content(objects, KEY) == b"second one"

    async def test_a_copy_lives_on_its_own(self, objects: Objects, file: Callable[[bytes], Path]) -> None:
        await objects.put(KEY, file(b"picture"), WEBP)
        await objects.copy(KEY, MOVED)
        await objects.copy(KEY, MOVED)
        await objects.delete([KEY])
        assert await content(objects, MOVED) == b"picture"
        assert await objects.stored(KEY) is None

    async def test_what_is_missing(self, objects: Objects) -> None:
        assert await objects.stored(KEY) is None
        with pytest.raises(ObjectMissingError):
            await objects.copy(KEY, MOVED)
        with pytest.raises(ObjectMissingError):
            await content(objects, KEY)
        await objects.delete([KEY, MOVED])
        await objects.delete([])
        assert list(await objects.list("private", MEDIA)) == []

    async def test_lists_are_of_one_media_in_one_area(
        self, objects: Objects, file: Callable[[bytes], Path]
    ) -> None:
        source = file(b"picture")
        mine = sorted(new_rendition_key("private", MEDIA) for _ in range(3))
        for key in (*mine, MOVED, new_rendition_key("private", OTHER), original_key(MEDIA)):
            await objects.put(key, source, WEBP)
        assert [found.key for found in await objects.list("private", MEDIA)] == mine
        assert [found.key for found in await objects.list("public", MEDIA)] == [MOVED]
        await objects.delete(mine[:2])
        await objects.delete(mine[:2])
        assert [found.key for found in await objects.list("private", MEDIA)] == mine[2:]
        assert await content(objects, original_key(MEDIA)) == b"picture"

    async def test_a_media_comes_back_after_all_of_it_was_deleted(
        self, objects: Objects, file: Callable[[bytes], Path]
    ) -> None:
        for _ in range(2):
            await objects.put(KEY, file(b"picture"), WEBP)
            await objects.delete([KEY])
        assert await objects.stored(KEY) is None

    async def test_uploads_are_bound_and_run_out(self, objects: Objects) -> None:
        target = await objects.upload_target(original_key(MEDIA), "image/png", 1000, NOW_MS)
        assert target.method == ("PUT" if target.fields is None else "POST")
        assert NOW_MS < target.expires_at_ms <= NOW_MS + UPLOAD_VALID_MS
        other = await objects.upload_target(original_key(OTHER), "image/png", 1000, NOW_MS)
        assert (target.url, target.fields) != (other.url, other.fields)

    async def test_urls(self, objects: Objects) -> None:
        assert objects.public_url(MOVED).endswith(f"/{MOVED}")
        signed = objects.signed_url(KEY, NOW_MS)
        assert f"/{KEY}?" in signed
        assert signed != objects.signed_url(f"private/{MEDIA}/other.webp", NOW_MS)
        assert signed != objects.signed_url(KEY, NOW_MS, "public")
        assert signed != objects.signed_url(KEY, NOW_MS + SIGNED_VALID_MS)

    @pytest.mark.parametrize("key", BAD_KEYS)
    async def test_nothing_else_is_a_key(
        self, objects: Objects, file: Callable[[bytes], Path], key: str
    ) -> None:
        source = file(b"picture")
        for attempt in (
            objects.put(key, source, WEBP),
            objects.stored(key),
            objects.delete([key]),
            objects.copy(KEY, key),
            objects.upload_target(key, "image/png", 5, NOW_MS),
            content(objects, key),
        ):
            with pytest.raises(ValueError):
                await attempt
