"""The media store's contract on files, and what only this adapter promises."""

import os
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import pytest

from stores.files.objects import FilesObjects
from stores.ports.errors import UnavailableError
from stores.ports.objects import (
    SIGNED_VALID_MS,
    ObjectMissingError,
    SizeMismatchError,
    UploadGrant,
    UploadTarget,
    original_key,
)
from tests.contract.objects import KEY, MEDIA, NOW_MS, ObjectsContract, content

ORIGINAL = original_key(MEDIA)
GRANT = UploadGrant(ORIGINAL, "image/png", 10)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "objects"
    folder.mkdir()
    return folder


@pytest.fixture
def objects(root: Path) -> FilesObjects:
    return FilesObjects(root, b"k" * 32)


async def chunks(*pieces: bytes) -> AsyncIterator[bytes]:
    for piece in pieces:
        yield piece


def query(url: str) -> dict[str, str]:
    return dict(parse_qsl(urlsplit(url).query))


def files(root: Path) -> Sequence[str]:
    return sorted(path.name for path in root.rglob("*") if path.is_file())


def folders(root: Path, name: str) -> Sequence[Path]:
    return list(root.rglob(name))


class TestFilesObjects(ObjectsContract):
    async def test_an_upload_arrives_whole(self, objects: FilesObjects, root: Path) -> None:
        await objects.receive(GRANT, chunks(b"01234", b"", b"56789"))
        assert await content(objects, ORIGINAL) == b"0123456789"
        await objects.receive(GRANT, chunks(b"abcdefghij"))
        assert await content(objects, ORIGINAL) == b"abcdefghij"
        assert files(root) == ["original"]

    async def test_large_uploads_are_written_in_pieces(self, objects: FilesObjects) -> None:
        piece = bytes(range(256)) * 1024
        await objects.receive(UploadGrant(ORIGINAL, "image/png", len(piece) * 11), chunks(*[piece] * 11))
        assert await content(objects, ORIGINAL) == piece * 11

    @pytest.mark.parametrize("pieces", [(), (b"012345678",), (b"01234", b"567890"), (b"x" * 5000,)])
    async def test_of_another_size_nothing_is_kept(
        self, objects: FilesObjects, root: Path, pieces: tuple[bytes, ...]
    ) -> None:
        with pytest.raises(SizeMismatchError):
            await objects.receive(GRANT, chunks(*pieces))
        assert await objects.stored(ORIGINAL) is None
        assert files(root) == []

    async def test_what_was_there_stays_when_another_upload_breaks(
        self, objects: FilesObjects, root: Path
    ) -> None:
        await objects.receive(GRANT, chunks(b"0123456789"))

        async def broken() -> AsyncIterator[bytes]:
            yield b"abc"
            raise ConnectionError

        with pytest.raises(Exception, match="files"):
            await objects.receive(GRANT, broken())
        assert await content(objects, ORIGINAL) == b"0123456789"
        assert files(root) == ["original"]

    async def test_what_a_dead_process_left_is_discarded(self, objects: FilesObjects, root: Path) -> None:
        (root / "incoming" / "half").write_bytes(b"half")
        objects.discard_unfinished()
        assert files(root) == []

    async def test_an_empty_folder_does_not_stay(
        self, objects: FilesObjects, root: Path, tmp_path: Path
    ) -> None:
        (tmp_path / "made").write_bytes(b"picture")
        await objects.put(KEY, tmp_path / "made", "image/webp")
        await objects.delete([KEY])
        assert not folders(root, str(MEDIA))

    async def test_files_of_a_disk_that_is_not_there_are_not_lost(
        self, objects: FilesObjects, root: Path, tmp_path: Path
    ) -> None:
        """Whoever believed so would forget them, and delete them when they are there again."""
        (tmp_path / "made").write_bytes(b"picture")
        await objects.put(KEY, tmp_path / "made", "image/webp")
        os.rename(root, tmp_path / "elsewhere")
        for call in (
            objects.stored(KEY),
            objects.read(KEY),
            objects.copy(KEY, KEY.replace("private", "public")),
        ):
            with pytest.raises(UnavailableError):
                await call
        with pytest.raises(UnavailableError, match="is missing"):
            async with objects.local(KEY):
                pass
        os.rename(tmp_path / "elsewhere", root)
        assert await objects.read(KEY) == (b"picture", "image/webp")

    async def test_reading_needs_a_rendition(self, objects: FilesObjects, tmp_path: Path) -> None:
        (tmp_path / "made").write_bytes(b"picture")
        with pytest.raises(ObjectMissingError):
            await objects.read(KEY)
        await objects.put(KEY, tmp_path / "made", "image/webp")
        assert await objects.read(KEY) == (b"picture", "image/webp")
        await objects.receive(GRANT, chunks(b"0123456789"))
        with pytest.raises(ObjectMissingError):
            await objects.read(ORIGINAL)
        with pytest.raises(ValueError):
            await objects.put(KEY, tmp_path / "made", "image/png")

    async def test_an_upload_url_says_what_it_allows(self, objects: FilesObjects) -> None:
        target = await self.target(objects)
        assert target.headers == {"Content-Type": "image/png"}
        signed = query(target.url)
        assert objects.upload_grant(ORIGINAL, signed, NOW_MS) == GRANT
        assert objects.upload_grant(ORIGINAL, signed, target.expires_at_ms - 1) == GRANT
        assert objects.upload_grant(ORIGINAL, signed, target.expires_at_ms) is None

    @pytest.mark.parametrize(
        "forged",
        [
            {"size": "11"},
            {"type": "image/gif"},
            {"expires": "99999999999"},
            {"expires": "soon"},
            {"expires": "9" * 500},
            {"signature": ""},
            {"signature": "é"},
            {"size": "x"},
        ],
    )
    async def test_a_forged_upload_url_allows_nothing(
        self, objects: FilesObjects, forged: dict[str, str]
    ) -> None:
        signed = query((await self.target(objects)).url)
        assert objects.upload_grant(ORIGINAL, signed | forged, NOW_MS) is None
        assert objects.upload_grant(original_key(MEDIA + 1), signed, NOW_MS) is None
        assert objects.fetch_audience(ORIGINAL, signed, NOW_MS) is None
        assert objects.upload_grant(ORIGINAL, {}, NOW_MS) is None

    async def test_another_key_signs_otherwise(self, objects: FilesObjects, root: Path) -> None:
        other = FilesObjects(root, b"o" * 32)
        assert other.upload_grant(ORIGINAL, query((await self.target(objects)).url), NOW_MS) is None

    def test_a_signed_url_works_for_some_minutes(self, objects: FilesObjects) -> None:
        for now_ms in range(NOW_MS, NOW_MS + SIGNED_VALID_MS, 7_001):
            signed = query(objects.signed_url(KEY, now_ms))
            assert objects.fetch_audience(KEY, signed, now_ms) == "private"
            assert objects.fetch_audience(KEY, signed, now_ms + SIGNED_VALID_MS // 2 - 1) == "private"
            assert objects.fetch_audience(KEY, signed, now_ms + SIGNED_VALID_MS) is None

    def test_a_signed_url_stays_the_same_for_a_while(self, objects: FilesObjects) -> None:
        window_ms = SIGNED_VALID_MS // 2
        start = NOW_MS // window_ms * window_ms
        assert objects.signed_url(KEY, start) == objects.signed_url(KEY, start + window_ms - 1)

    def test_a_signed_url_is_bound_to_key_and_audience(self, objects: FilesObjects) -> None:
        signed = query(objects.signed_url(KEY, NOW_MS, "public"))
        assert objects.fetch_audience(KEY, signed, NOW_MS) == "public"
        assert objects.fetch_audience(KEY, signed | {"audience": "private"}, NOW_MS) is None
        assert objects.fetch_audience(KEY, signed | {"audience": "all"}, NOW_MS) is None
        assert objects.fetch_audience(f"private/{MEDIA}/other.webp", signed, NOW_MS) is None

    def test_public_urls_may_lead_elsewhere(self, root: Path) -> None:
        objects = FilesObjects(root, b"k" * 32, public_url="https://cdn.example/")
        assert objects.public_url("public/7/a.webp") == "https://cdn.example/objects/public/7/a.webp"
        assert objects.signed_url("private/7/a.webp", NOW_MS).startswith("/objects/private/7/a.webp?")

    async def target(self, objects: FilesObjects) -> UploadTarget:
        return await objects.upload_target(ORIGINAL, "image/png", 10, NOW_MS)
