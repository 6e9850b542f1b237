"""The media store in an S3 bucket. Clients send and fetch files there directly: URLs are signed here and answered by the store.

Every object carries the content type and cache rule that it is served with. That only `public/` can be read by everybody is a rule
of the bucket (`stores.s3.bucket`); what survives a power cut is a matter of the server's settings.
"""

import tempfile
from collections.abc import AsyncIterator, Collection, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

from minio.commonconfig import REPLACE, CopySource
from minio.datatypes import Object
from minio.deleteobjects import DeleteObject
from minio.error import S3Error

from stores.ports.errors import StoreError, UnavailableError
from stores.ports.objects import (
    CACHE_CONTROL,
    TYPES,
    Area,
    Audience,
    ObjectMissingError,
    StoredObject,
    UploadTarget,
    area_of,
    is_key,
)
from stores.s3.connection import TRANSFER_LIMIT_S, S3Address, S3Connection, failure, unreadable
from stores.s3.signatures import Signatures

_READ_BYTES = 1 << 20
_ANY_TYPE = "application/octet-stream"


class S3Objects:
    """`media_base_url`, such as a CDN's, takes the place of the public endpoint in the URLs of public objects. Opens nothing before
    the first call. Needs `close`.
    """

    def __init__(self, address: S3Address, media_base_url: str = "") -> None:
        self._bucket = address.bucket
        self._store = S3Connection(address)
        self._client = self._store.client
        self._signatures = Signatures(address)
        elsewhere = f"{media_base_url.rstrip('/')}{self._signatures.path}"
        self._public_url = elsewhere if media_base_url else self._signatures.url

    def close(self) -> None:
        self._store.close()

    async def upload_target(self, key: str, content_type: str, size_bytes: int, now_ms: int) -> UploadTarget:
        _check(key)
        fields, expires_at_ms = self._signatures.upload(key, content_type, size_bytes, now_ms)
        return UploadTarget("POST", self._signatures.url, {}, fields, expires_at_ms)

    async def stored(self, key: str) -> StoredObject | None:
        _check(key)
        try:
            return await self._store.run(lambda: self._stat(key))
        except ObjectMissingError:
            return None

    @asynccontextmanager
    async def local(self, key: str) -> AsyncIterator[Path]:
        _check(key)
        with tempfile.TemporaryDirectory(prefix="photolog-", ignore_cleanup_errors=True) as folder:
            target = Path(folder) / "object"
            await self._store.run(lambda: self._download(key, target), TRANSFER_LIMIT_S)
            yield target

    async def put(self, key: str, source: Path, content_type: str) -> None:
        _check(key)
        if _type_of(key) not in (_ANY_TYPE, content_type):
            raise ValueError(f"{key} does not stand for {content_type}")
        await self._store.run(lambda: self._upload(key, source, content_type), TRANSFER_LIMIT_S)

    async def copy(self, from_key: str, to_key: str) -> None:
        _check(from_key)
        _check(to_key)
        await self._store.run(lambda: self._copy(from_key, to_key))

    async def list(self, area: Area, media_id: int) -> Sequence[StoredObject]:
        _check(f"{area}/{media_id}/any")
        return await self._store.run(lambda: self._list(f"{area}/{media_id}/"))

    async def delete(self, keys: Collection[str]) -> None:
        for key in keys:
            _check(key)
        await self._store.run(lambda: self._delete(keys))

    def public_url(self, key: str) -> str:
        return f"{self._public_url}/{key}"

    def signed_url(self, key: str, now_ms: int, audience: Audience = "private") -> str:
        if not is_key(key) or area_of(key) == "originals":
            raise ValueError("this is not the key of a rendition")
        return self._signatures.fetch(key, audience, now_ms)

    def _stat(self, key: str) -> StoredObject:
        with self._bucket_is_there():
            return _stored(self._client.stat_object(self._bucket, key))

    def _download(self, key: str, target: Path) -> None:
        response = self._client.get_object(self._bucket, key)
        try:
            with target.open("xb") as file:
                for chunk in response.stream(_READ_BYTES):
                    file.write(chunk)
        except OSError as error:
            raise UnavailableError("s3: no room for a file") from error
        finally:
            response.close()
            response.release_conn()

    def _upload(self, key: str, source: Path, content_type: str) -> None:
        """The client takes an error in the last answer about a file in parts for success."""
        made = self._client.fput_object(
            self._bucket,
            key,
            str(source),
            content_type,
            metadata={"Cache-Control": _cache_control(key)},
            num_parallel_uploads=1,
        )
        if not made.etag:
            raise unreadable()

    def _copy(self, from_key: str, to_key: str) -> None:
        with self._bucket_is_there():
            self._client.copy_object(
                self._bucket,
                to_key,
                CopySource(self._bucket, from_key),
                metadata={"Cache-Control": _cache_control(to_key), "Content-Type": _type_of(to_key)},
                metadata_directive=REPLACE,
            )

    def _list(self, prefix: str) -> Sequence[StoredObject]:
        found = self._client.list_objects(self._bucket, prefix, recursive=True)
        return sorted((_stored(each) for each in found if not each.is_dir), key=lambda each: each.key)

    def _delete(self, keys: Collection[str]) -> None:
        errors = self._client.remove_objects(self._bucket, [DeleteObject(key) for key in keys])
        left = [error for error in errors if error.code != "NoSuchKey"]
        if left:
            raise failure(left[0].code, 200)

    @contextmanager
    def _bucket_is_there(self) -> Iterator[None]:
        """The answer to HEAD has no body: nothing must be believed lost because the whole bucket is missing."""
        try:
            yield
        except S3Error as error:
            if error.code == "NoSuchKey" and not self._client.bucket_exists(self._bucket):
                raise StoreError("s3: the bucket is missing") from error
            raise


def _check(key: str) -> None:
    if not is_key(key):
        raise ValueError("this is not the key of an object")


def _type_of(key: str) -> str:
    return TYPES.get(Path(key).suffix, _ANY_TYPE)


def _cache_control(key: str) -> str:
    return CACHE_CONTROL["public" if area_of(key) == "public" else "private"]


def _stored(found: Object) -> StoredObject:
    if found.object_name is None or found.size is None or found.last_modified is None:
        raise StoreError("s3: an object without a name, a size or a date")
    return StoredObject(found.object_name, found.size, int(found.last_modified.timestamp() * 1000))
