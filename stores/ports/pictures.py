"""Pictures: whether a file is the photo that was declared, and what readers are shown of it.

`render` checks in this order and stops at the first that fails: the size, the SHA-256, the signature at the
file's beginning (`type_mismatch` when it is another type that may be uploaded; `unsupported` when it is
none, or one that cannot be decoded here), the pixels its header promises (`too_many_pixels`, beyond 50
million), and the decoding itself (`corrupt`). The verdict is a fact about the bytes, and so final. A file
that crashes the decoder, or uses more memory or time than a photo may, is `corrupt`; `too_long` is said of
videos alone.

A rendered photo is upright, in sRGB, has the filter applied, and carries no metadata. There are always four
renditions, with longest sides of 150, 320, 640 and 1080 pixels, never larger than the original; of an
animation they show the first frame. Transparent pixels stay transparent.

The original is not changed. `target` is made when it is absent, and receives the renditions. After any
other end than `Rendered` its content means nothing; removing it is the caller's business in every case.

Knows nothing of media ids, owners, events or where the files go.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from events.media import FilterName, RejectedReason, RenditionName
from stores.ports.errors import UnavailableError


class PicturesUnavailableError(UnavailableError):
    """Nothing was found out about the file: processes, memory or disk lack, or the renderer is closed."""


@dataclass(frozen=True, slots=True)
class Expected:
    """What the client declared. `sha256` is in hexadecimal digits."""

    content_type: str
    size_bytes: int
    sha256: str
    filter: FilterName = "none"


@dataclass(frozen=True, slots=True)
class RenditionFile:
    """`file_name` lies in the `target` folder."""

    file_name: str
    width: int
    height: int
    content_type: str
    size_bytes: int


@dataclass(frozen=True, slots=True)
class Rendered:
    """`width` and `height` are the original's, upright."""

    width: int
    height: int
    blurhash: str
    renditions: Mapping[RenditionName, RenditionFile]


@dataclass(frozen=True, slots=True)
class Rejected:
    reason: RejectedReason


class Pictures(Protocol):
    async def render(self, original: Path, expected: Expected, target: Path) -> Rendered | Rejected:
        """Check the file and write its renditions. Cancelling it ends all work on the file.

        Raises `PicturesUnavailableError` when nothing was found out; the same call may succeed later.
        """

    async def close(self) -> None:
        """End all work; what is still running raises `PicturesUnavailableError`. May be repeated."""
