"""Posts: one to ten media with a caption and a place."""

from typing import ClassVar, Literal

from pydantic import Field

from events.envelope import Envelope, Part
from events.ids import Id
from events.topics import POSTS

Visibility = Literal["public", "followers"]
PostField = Literal["caption", "place", "visibility"]


class Place(Part):
    name: str
    latitude: float = Field(ge=-90, le=90)
    longitude: float = Field(ge=-180, le=180)


class PostEvent(Envelope):
    topic: ClassVar[str] = POSTS

    post_id: Id
    author_id: Id

    @property
    def key(self) -> str:
        return str(self.author_id)

    @property
    def subject_id(self) -> int:
        return self.author_id


class PostCreated(PostEvent):
    type: ClassVar[str] = "post.created"
    personal: ClassVar[tuple[str, ...]] = ("caption", "place")

    media_ids: tuple[Id, ...] = Field(min_length=1, max_length=10)
    visibility: Visibility = "public"
    caption: str = ""
    place: Place | None = None


class PostEdited(PostEvent):
    """The fields named in `changed` have new values; the others say nothing."""

    type: ClassVar[str] = "post.edited"
    personal: ClassVar[tuple[str, ...]] = ("caption", "place")

    changed: tuple[PostField, ...]
    visibility: Visibility = "public"
    caption: str = ""
    place: Place | None = None


class PostDeleted(PostEvent):
    """Final: no later event brings the post back."""

    type: ClassVar[str] = "post.deleted"
