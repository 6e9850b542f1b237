"""The media store: bytes under keys. A key is written once and holds the same bytes until it is deleted; only an original may be
sent again while its upload is open.

A key is `<area>/<media id>/<name>`, and its area says who can reach it:

- `originals`: what clients uploaded. Nobody can fetch them.
- `private`: renditions that are fetched through URLs signed for some minutes.
- `public`: renditions that whoever knows the key may fetch, for as long as they are there.

The names of renditions are unguessable. Who may see a media is decided by what URL is handed out, and by which area its renditions
are moved to; both happen elsewhere. Everything that was acknowledged survives a power cut. All calls are repeatable; every
awaitable raises UnavailableError when the store is away. Times are milliseconds since 1970 UTC.
"""

import re
import secrets
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol

from stores.ports.errors import StoreError

Area = Literal["originals", "private", "public"]
Audience = Literal["private", "public"]

UPLOAD_VALID_MS = 15 * 60 * 1000
"""How long an upload may begin after its target was made."""
SIGNED_VALID_MS = 10 * 60 * 1000
"""How long a signed URL works at most; at least half as long, because it stays the same for half of it, so that pages do too."""
SIGNED_WINDOW_S = SIGNED_VALID_MS // 2000
CACHE_CONTROL: Mapping[Audience, str] = {
    "public": "public, max-age=86400, immutable",
    "private": "private, max-age=300",
}
TYPES = {".webp": "image/webp"}
"""What the names of renditions end in, and what these are."""

_KEY = re.compile(r"(originals|private|public)/[1-9][0-9]{0,18}/[A-Za-z0-9_-]{1,64}(\.[a-z0-9]{1,8})?")


class ObjectMissingError(StoreError):
    """There is no object under this key."""


class SizeMismatchError(StoreError):
    """Fewer or more bytes came than were announced. Nothing was kept."""


@dataclass(frozen=True, slots=True)
class UploadTarget:
    """Where a client sends a file. With `fields`: a form POST, the file last and named `file`; without: the bytes, with `headers`.

    The store itself refuses another size or content type than was declared.
    """

    method: Literal["PUT", "POST"]
    url: str
    headers: Mapping[str, str]
    fields: Mapping[str, str] | None
    expires_at_ms: int


@dataclass(frozen=True, slots=True)
class StoredObject:
    key: str
    size_bytes: int
    stored_at_ms: int


class Objects(Protocol):
    async def upload_target(self, key: str, content_type: str, size_bytes: int, now_ms: int) -> UploadTarget:
        """Where a file of this type and size is to be sent, for `UPLOAD_VALID_MS`."""

    async def stored(self, key: str) -> StoredObject | None:
        """What is there under the key; an upload that is not complete is not there."""

    def local(self, key: str) -> AbstractAsyncContextManager[Path]:
        """The object as a file on this machine, to be read only, until the context ends. Raises ObjectMissingError."""

    async def put(self, key: str, source: Path, content_type: str) -> None:
        """Store a file's bytes under the key, completely or not at all."""

    async def copy(self, from_key: str, to_key: str) -> None:
        """Store the same object under another key too. Raises ObjectMissingError."""

    async def list(self, area: Area, media_id: int) -> Sequence[StoredObject]:
        """All objects of the media in this area, by key."""

    async def delete(self, keys: Collection[str]) -> None:
        """What was there under these keys is gone. Keys without an object are fine."""

    def public_url(self, key: str) -> str:
        """Where anybody fetches an object of the `public` area. Always the same; costs nothing."""

    def signed_url(self, key: str, now_ms: int, audience: Audience = "private") -> str:
        """Where the object can be fetched for some minutes. Shared caches may keep the answer if the audience is `public`."""


@dataclass(frozen=True, slots=True)
class UploadGrant:
    """What a signed upload URL allows."""

    key: str
    content_type: str
    size_bytes: int


class SelfServed(Protocol):
    """A media store without a server of its own: the API answers the URLs that it made."""

    def upload_grant(self, key: str, query: Mapping[str, str], now_ms: int) -> UploadGrant | None:
        """What the URL allows; None when it is forged or too old."""

    def fetch_audience(self, key: str, query: Mapping[str, str], now_ms: int) -> Audience | None:
        """Whose the answer to this GET is; None when the URL allows nothing."""

    async def receive(self, grant: UploadGrant, chunks: AsyncIterator[bytes]) -> None:
        """Store what was uploaded, replacing what was there. Raises SizeMismatchError as soon as it is sure."""

    async def read(self, key: str) -> tuple[bytes, str]:
        """A rendition's bytes and content type. Raises ObjectMissingError."""


def is_key(key: str) -> bool:
    return _KEY.fullmatch(key) is not None


def area_of(key: str) -> str:
    return key.partition("/")[0]


def media_id_of(key: str) -> int:
    return int(key.split("/", 2)[1])


def original_key(media_id: int) -> str:
    """The same whenever it is asked for, so that a repeated declaration means the same file."""
    return f"originals/{media_id}/original"


def new_rendition_key(audience: Audience, media_id: int) -> str:
    """128 random bits that nobody has seen."""
    return f"{audience}/{media_id}/{secrets.token_urlsafe(16)}.webp"
