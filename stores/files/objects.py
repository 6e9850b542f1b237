"""The media store as files on disk: `<area>/<shard>/<media id>/<name>` under one root, never more than 4,096 shards in a folder.

Keys are checked before they become paths. The API serves the URLs made here (`api.uploads`).
"""

import asyncio
import os
import secrets
import shutil
import zlib
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from stores.files.disk import as_store_errors, place, remove
from stores.files.signatures import Signatures
from stores.ports.errors import UnavailableError
from stores.ports.objects import (
    TYPES,
    Area,
    Audience,
    ObjectMissingError,
    SizeMismatchError,
    StoredObject,
    UploadGrant,
    UploadTarget,
    is_key,
)

_URL = "/objects"
"""Where the API serves this store."""
_WRITE_BYTES = 1 << 20


class FilesObjects:
    """`root` exists and is on one file system. `signing_key` signs URLs and is of no other use. `public_url`, such as a CDN's, goes
    before the path of public objects.
    """

    def __init__(self, root: Path, signing_key: bytes, public_url: str | None = None) -> None:
        self._root = root
        self._incoming = root / "incoming"
        self._signatures = Signatures(signing_key)
        self._public_url = (public_url or "").rstrip("/") + _URL
        self._incoming.mkdir(mode=0o700, exist_ok=True)

    def discard_unfinished(self) -> None:
        """What a process that died had not stored completely. Only while nobody else uses the root."""
        for file in self._incoming.iterdir():
            file.unlink()

    async def upload_target(self, key: str, content_type: str, size_bytes: int, now_ms: int) -> UploadTarget:
        self._path(key)
        query, expires_at_ms = self._signatures.upload(UploadGrant(key, content_type, size_bytes), now_ms)
        headers = {"Content-Type": content_type}
        return UploadTarget("PUT", f"{_URL}/{key}?{query}", headers, None, expires_at_ms)

    async def stored(self, key: str) -> StoredObject | None:
        path = self._path(key)
        try:
            return await asyncio.to_thread(_stored, key, path)
        except FileNotFoundError:
            self._check_root()
            return None

    @asynccontextmanager
    async def local(self, key: str) -> AsyncIterator[Path]:
        path = self._path(key)
        if not await asyncio.to_thread(path.is_file):
            self._check_root()
            raise ObjectMissingError(key)
        yield path

    async def put(self, key: str, source: Path, content_type: str) -> None:
        target = self._path(key)
        if target.suffix and TYPES.get(target.suffix) != content_type:
            raise ValueError(f"{target.suffix} does not stand for {content_type}")
        await asyncio.to_thread(self._copy, source, target)

    async def copy(self, from_key: str, to_key: str) -> None:
        source, target = self._path(from_key), self._path(to_key)
        try:
            await asyncio.to_thread(self._copy, source, target)
        except FileNotFoundError as error:
            self._check_root()
            raise ObjectMissingError(from_key) from error

    async def list(self, area: Area, media_id: int) -> Sequence[StoredObject]:
        folder = self._path(f"{area}/{media_id}/any").parent
        return await asyncio.to_thread(_listed, f"{area}/{media_id}", folder)

    async def delete(self, keys: Collection[str]) -> None:
        paths = [self._path(key) for key in keys]
        await asyncio.to_thread(_remove_all, paths)

    def public_url(self, key: str) -> str:
        return f"{self._public_url}/{key}"

    def signed_url(self, key: str, now_ms: int, audience: Audience = "private") -> str:
        return f"{_URL}/{key}?{self._signatures.fetch(key, audience, now_ms)}"

    def upload_grant(self, key: str, query: Mapping[str, str], now_ms: int) -> UploadGrant | None:
        return self._signatures.upload_grant(key, query, now_ms)

    def fetch_audience(self, key: str, query: Mapping[str, str], now_ms: int) -> Audience | None:
        return self._signatures.fetch_audience(key, query, now_ms)

    async def receive(self, grant: UploadGrant, chunks: AsyncIterator[bytes]) -> None:
        target = self._path(grant.key)
        fresh = self._fresh()
        try:
            with as_store_errors(), fresh.open("xb") as file:
                await _write(file, chunks, grant.size_bytes)
                await asyncio.to_thread(_sync, file)
            with as_store_errors():
                await asyncio.to_thread(place, fresh, target)
        finally:
            fresh.unlink(missing_ok=True)

    async def read(self, key: str) -> tuple[bytes, str]:
        path = self._path(key)
        try:
            with as_store_errors():
                return await asyncio.to_thread(path.read_bytes), TYPES[path.suffix]
        except (FileNotFoundError, KeyError) as error:
            self._check_root()
            raise ObjectMissingError(key) from error

    def _check_root(self) -> None:
        """A disk that is not there has not lost its files."""
        if not self._incoming.is_dir():
            raise UnavailableError(f"{self._root} is missing")

    def _path(self, key: str) -> Path:
        if not is_key(key):
            raise ValueError("this is not the key of an object")
        area, media_id, name = key.split("/")
        return self._root / area / f"{zlib.crc32(media_id.encode()) & 0xFFF:03x}" / media_id / name

    def _fresh(self) -> Path:
        return self._incoming / secrets.token_hex(16)

    def _copy(self, source: Path, target: Path) -> None:
        fresh = self._fresh()
        try:
            with as_store_errors():
                with source.open("rb") as original, fresh.open("xb") as file:
                    shutil.copyfileobj(original, file, _WRITE_BYTES)
                    _sync(file)
                place(fresh, target)
        finally:
            fresh.unlink(missing_ok=True)


async def _write(file: BinaryIO, chunks: AsyncIterator[bytes], size_bytes: int) -> None:
    """In pieces of about a megabyte, each written in a thread."""
    received = 0
    waiting: list[bytes] = []
    waiting_bytes = 0
    async for chunk in chunks:
        received += len(chunk)
        if received > size_bytes:
            raise SizeMismatchError(f"more than {size_bytes} bytes")
        waiting.append(chunk)
        waiting_bytes += len(chunk)
        if waiting_bytes >= _WRITE_BYTES:
            await asyncio.to_thread(file.write, b"".join(waiting))
            waiting, waiting_bytes = [], 0
    if received < size_bytes:
        raise SizeMismatchError(f"{received} of {size_bytes} bytes")
    await asyncio.to_thread(file.write, b"".join(waiting))


def _sync(file: BinaryIO) -> None:
    file.flush()
    os.fsync(file.fileno())


def _stored(key: str, path: Path) -> StoredObject:
    with as_store_errors():
        found = path.stat()
    return StoredObject(key, found.st_size, int(found.st_mtime * 1000))


def _listed(prefix: str, folder: Path) -> list[StoredObject]:
    found = []
    with as_store_errors(), suppress(FileNotFoundError):
        for path in sorted(folder.iterdir()):
            with suppress(FileNotFoundError):  # removed just now
                found.append(_stored(f"{prefix}/{path.name}", path))
    return found


def _remove_all(paths: Sequence[Path]) -> None:
    with as_store_errors():
        for path in paths:
            remove(path)
