"""Changes of search as `search.lua` reads them. Terms and words hold neither a line feed nor a byte 0; see `stores.ports.terms`."""

from collections.abc import Iterable
from struct import Struct
from typing import assert_never

from events.posts import Visibility
from stores.ports.search import (
    CaptionTermsSet,
    DisplayNameSet,
    PlaceTermsSet,
    PostVisibilitySet,
    SearchChange,
    SearchLikeSet,
    SearchPostGone,
    SearchPostPut,
    SearchUserPut,
)

_ID = Struct(">Q")
_KIND_AND_ID = Struct(">BQ")
_PUT, _CAPTION, _PLACE, _VISIBILITY, _GONE, _LIKED, _UNLIKED, _USER, _DISPLAY_NAME = range(1, 10)


def encoded(change: SearchChange) -> tuple[int, bytes]:
    """The id of the post or the user, which says in which shard it is, and the change."""
    match change:
        case SearchUserPut(user_id, username_words, display_words):
            return user_id, _told(_USER, user_id, _lists(username_words, display_words))
        case DisplayNameSet(user_id, words):
            return user_id, _told(_DISPLAY_NAME, user_id, _lists(words))
        case SearchLikeSet(post_id, user_id, liked):
            return post_id, _told(_LIKED if liked else _UNLIKED, post_id, _ID.pack(user_id))
        case SearchPostPut(post_id):
            lists = _lists(change.caption_terms, change.tags, change.place_terms)
            return post_id, _told(_PUT, post_id, _sign(change.visibility) + lists)
        case CaptionTermsSet(post_id):
            return post_id, _told(_CAPTION, post_id, _lists(change.terms, change.tags))
        case PlaceTermsSet(post_id):
            return post_id, _told(_PLACE, post_id, _lists(change.terms))
        case PostVisibilitySet(post_id):
            return post_id, _told(_VISIBILITY, post_id, _sign(change.visibility))
        case SearchPostGone(post_id):
            return post_id, _told(_GONE, post_id, b"")
        case _:
            assert_never(change)


def _told(kind: int, id_: int, what: bytes) -> bytes:
    return _KIND_AND_ID.pack(kind, id_) + what


def _lists(*lists: Iterable[str]) -> bytes:
    return "\0".join("\n".join(terms) for terms in lists).encode()


def _sign(visibility: Visibility) -> bytes:
    return b"+" if visibility == "public" else b"-"
