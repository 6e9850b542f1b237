"""Weak entity tags: an answer the client has already is not sent again."""

import hashlib

_MAX_CHARS = 4096


def tag_of(body: bytes) -> str:
    """A tag of the bytes. SHA-1 because processors compute it; nobody gains from two bodies of their own with
    one tag.
    """
    return hashlib.sha1(body, usedforsecurity=False).hexdigest()[:24]


def is_known(etag: str, if_none_match: str | None) -> bool:
    """Whether `If-None-Match` names the tag, by weak comparison."""
    if if_none_match is None or len(if_none_match) > _MAX_CHARS:
        return False
    if if_none_match.strip() == "*":
        return True
    wanted = etag.removeprefix("W/")
    return any(tag.strip().removeprefix("W/") == wanted for tag in if_none_match.split(","))
