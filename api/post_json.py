"""A post as clients see it: its model for the OpenAPI document, and the bytes that are written.

Almost all of a post is the same for every viewer and at every reading. That part is remembered as bytes, for
the very objects it was made from: views hand out another object when something has changed.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import orjson

from api.media_json import Media, media_json, rendition_urls
from api.models import Id, Output, Time, rfc3339
from api.people import UserSummary
from events.posts import Visibility
from producers.visibility import is_public
from stores.ports.media import Media as StoredMedia
from stores.ports.objects import Objects, area_of
from stores.ports.timelines import Post as StoredPost

KEPT_COUNT = 10_000
SIGNED_KEPT_MS = 60_000
"""Well below the time for which a signed URL works."""

_FOREVER_MS = 1 << 62


class Place(Output):
    name: str
    latitude: float
    longitude: float


class PostCounts(Output):
    likes: int
    comments: int


class Post(Output):
    id: Id
    caption: str
    tags: list[str]
    place: Place | None
    media: list[Media]
    visibility: Visibility
    created_at: Time
    edited_at: Time | None
    counts: PostCounts
    liked: bool
    saved: bool
    author: UserSummary


@dataclass(frozen=True, slots=True)
class Pieces:
    """The JSON of a post up to what differs: counts, liked, saved, author."""

    post: StoredPost
    media: tuple[StoredMedia | None, ...]
    until_ms: int
    start: bytes

    def joined(self, author: bytes, like_count: int, comment_count: int, liked: bool, saved: bool) -> bytes:
        counts = b'%d,"comments":%d},"liked":' % (like_count, comment_count)
        return b"".join((self.start, counts, _MARKS[liked][saved], author, b"}"))


_MARKS = (
    (b'false,"saved":false,"author":', b'false,"saved":true,"author":'),
    (b'true,"saved":false,"author":', b'true,"saved":true,"author":'),
)
"""By liked and saved: what stands between `"liked":` and the author."""


class PostPieces:
    """Remembers the pieces of the posts made last. Used by one thread."""

    def __init__(self) -> None:
        self._kept: dict[int, Pieces] = {}

    def posts(self, post_ids: Iterable[int]) -> dict[int, StoredPost]:
        """Those of them that are remembered, as they were once."""
        return {post_id: kept.post for post_id in post_ids if (kept := self._kept.get(post_id)) is not None}

    def of(
        self, posts: Iterable[StoredPost], found: Mapping[int, StoredMedia], objects: Objects, now_ms: int
    ) -> list[Pieces | None]:
        """For each of the posts; `found` are the media that are there, None is for a post that has none of them."""
        pieces = []
        for post in posts:
            media = tuple(map(found.get, post.media_ids))
            kept = self._kept.get(post.post_id)
            if kept is None or kept.post is not post or kept.media != media or kept.until_ms <= now_ms:
                kept = self._keep(pieces_of(post, media, objects, now_ms)) if any(media) else None
            pieces.append(kept)
        return pieces

    def _keep(self, pieces: Pieces) -> Pieces:
        self._kept[pieces.post.post_id] = pieces
        if len(self._kept) > KEPT_COUNT:
            del self._kept[next(iter(self._kept))]
        return pieces


def pieces_of(
    post: StoredPost, media: tuple[StoredMedia | None, ...], objects: Objects, now_ms: int
) -> Pieces:
    there = [one for one in media if one is not None]
    urls = rendition_urls(objects, "public" if is_public(post) else "private", now_ms)
    same = {
        "id": str(post.post_id),
        "caption": post.caption,
        "tags": post.tags,
        "place": _place_json(post),
        "media": [media_json(one, urls) for one in there],
        "visibility": post.visibility,
        "created_at": rfc3339(post.created_at_ms),
        "edited_at": None if post.edited_at_ms is None else rfc3339(post.edited_at_ms),
    }
    until_ms = _FOREVER_MS if _urls_last(post, there) else now_ms + SIGNED_KEPT_MS
    return Pieces(post, media, until_ms, orjson.dumps(same)[:-1] + b',"counts":{"likes":')


def _place_json(post: StoredPost) -> dict[str, object] | None:
    place = post.place
    return None if place is None else place.model_dump()


def _urls_last(post: StoredPost, media: Iterable[StoredMedia]) -> bool:
    return is_public(post) and all(
        area_of(rendition.object_key) == "public" for one in media for rendition in one.renditions
    )
