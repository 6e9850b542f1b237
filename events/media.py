"""Media: from the declaration of a file to its renditions, and what it is used for."""

from typing import ClassVar, Literal

from pydantic import Field

from events.envelope import Envelope, Part
from events.ids import Id
from events.topics import MEDIA

RejectedReason = Literal[
    "size_mismatch", "hash_mismatch", "type_mismatch", "corrupt", "too_many_pixels", "too_long", "unsupported"
]
FilterName = Literal["none", "mono", "sepia", "warm", "cool", "vivid", "fade", "noir"]
RenditionName = Literal["thumb", "small", "medium", "large"]
MediaField = Literal["alt_text", "focal_point"]
AttachedKind = Literal["post", "avatar"]


class FocalPoint(Part):
    """Where the eye should rest: -1..1 from left to right and from bottom to top."""

    x: float = Field(ge=-1, le=1)
    y: float = Field(ge=-1, le=1)


class Rendition(Part):
    """A processed copy; `object_key` is its unguessable name in the media store."""

    name: RenditionName
    object_key: str
    width: int
    height: int
    content_type: str
    size_bytes: int


class MediaEvent(Envelope):
    topic: ClassVar[str] = MEDIA

    media_id: Id
    owner_id: Id

    @property
    def key(self) -> str:
        return str(self.owner_id)

    @property
    def subject_id(self) -> int:
        return self.owner_id


class MediaUploadStarted(MediaEvent):
    """A file was declared; its bytes are to arrive at `object_key`."""

    type: ClassVar[str] = "media.upload_started"
    personal: ClassVar[tuple[str, ...]] = ("alt_text",)

    object_key: str
    content_type: str
    size_bytes: int
    sha256: str
    filter: FilterName = "none"
    focal_point: FocalPoint | None = None
    alt_text: str = ""


class MediaUploaded(MediaEvent):
    """The media store holds the bytes; nobody has looked at them yet."""

    type: ClassVar[str] = "media.uploaded"


class MediaProcessed(MediaEvent):
    """The bytes were what was declared. Appended again, with new keys, when the renditions move."""

    type: ClassVar[str] = "media.processed"

    width: int
    height: int
    blurhash: str
    renditions: tuple[Rendition, ...]


class MediaRejected(MediaEvent):
    type: ClassVar[str] = "media.rejected"

    reason: RejectedReason


class MediaEdited(MediaEvent):
    """The fields named in `changed` have new values; the others say nothing."""

    type: ClassVar[str] = "media.edited"
    personal: ClassVar[tuple[str, ...]] = ("alt_text",)

    changed: tuple[MediaField, ...]
    focal_point: FocalPoint | None = None
    alt_text: str = ""


class MediaAttached(MediaEvent):
    """The media is wanted for one post or avatar. The first of these for a media stands; the fold decides."""

    type: ClassVar[str] = "media.attached"

    attached_kind: AttachedKind
    attached_id: Id


class MediaDeleted(MediaEvent):
    """Final: the files go."""

    type: ClassVar[str] = "media.deleted"
