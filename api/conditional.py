"""Weak entity tags: an answer the client has already is not sent again."""

from zlib import crc32

_MAX_CHARS = 4096


def weak_etag(body: bytes) -> str:
    """A tag of the bytes. A checksum is enough: it notices a change in one place always, and several at once but for one in four
    billion. Nobody gains from two bodies of their own with one tag.
    """
    return f'W/"{len(body):x}-{crc32(body):08x}"'


def is_known(etag: str, if_none_match: str | None) -> bool:
    """Whether `If-None-Match` names the tag, by weak comparison."""
    if if_none_match is None or len(if_none_match) > _MAX_CHARS:
        return False
    if if_none_match.strip() == "*":
        return True
    wanted = etag.removeprefix("W/")
    return any(tag.strip().removeprefix("W/") == wanted for tag in if_none_match.split(","))
