"""What may lie on a topic and is no event: messages of many shapes, each nearly a real one, by topic.

All of them concern somebody whom nobody knows, so that no real event has to wait behind one.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from events.accounts import AccountSeen
from events.codec import encode
from events.envelope import Envelope
from events.graph import Followed
from events.likes import PostLiked
from events.media import MediaDeleted
from events.names import NameClaimed
from events.operations import GenerationRetired
from events.posts import PostDeleted
from stores.kafka.envelope import Message, message_of

Headers = list[tuple[str, bytes | None]]
Shape = tuple[bytes | None, bytes | None, Headers]
"""Key, value and headers."""

_NOBODY, _OTHER = 990_001, 990_002
_COMMON: dict[str, Any] = {
    "id": 990_003,
    "occurred_at": datetime(2026, 11, 1, tzinfo=UTC),
    "actor_id": _NOBODY,
    "correlation_id": 990_003,
}
_REAL: tuple[Envelope, ...] = (
    NameClaimed(**_COMMON, digest="0" * 64, kind="email", user_id=_NOBODY),
    AccountSeen(**_COMMON, user_id=_NOBODY),
    Followed(**_COMMON, follower_id=_NOBODY, followed_id=_OTHER),
    PostDeleted(**_COMMON, post_id=_OTHER, author_id=_NOBODY),
    MediaDeleted(**_COMMON, media_id=_OTHER, owner_id=_NOBODY),
    PostLiked(**_COMMON, post_id=_OTHER, author_id=_NOBODY),
    GenerationRetired(**_COMMON, projection="nothing", generation=1, fold_version=1),
)


def _shapes(event: Envelope) -> Mapping[str, Shape]:
    real = message_of(encode(event, None), "photolog")
    return {
        "nothing": (b"", None, []),
        "nothing but a key": (real.key, None, []),
        "nothing but a value": (None, b"hello", []),
        "no headers": (real.key, real.value, []),
        **{name: (key, real.value, [*real.headers]) for name, key in _KEYS.items()},
        **{name: (real.key, value, [*real.headers]) for name, value in _VALUES.items()},
        **{name: (real.key, real.value, _with(real, *header)) for name, header in _HEADERS.items()},
        "type of another topic": (real.key, real.value, _with(real, "ce_type", _elsewhere(event))),
        "envelope in the value": (real.key, real.value[:-1] + b',"id":"9"}', [*real.headers]),
        "one field too many": (real.key, real.value[:-1] + b',"colour":"red"}', [*real.headers]),
        "header twice": (real.key, real.value, [*real.headers, ("ce_type", event.type.encode())]),
        "header without a name": (real.key, real.value, [*_with(real, "ce_time", b""), ("", b"")]),
        "structured mode": (
            real.key,
            b'{"specversion":"1.0"}',
            [("content-type", b"application/cloudevents+json")],
        ),
    }


_KEYS: Mapping[str, bytes | None] = {
    "null key": None,
    "empty key": b"",
    "another key": b"990004",
    "key is no text": b"\xff\xfe",
    "key of two lines": b"99\n01",
    "long key": b"1" * 10_000,
}
_VALUES: Mapping[str, bytes | None] = {
    "null value": None,
    "empty value": b"",
    "value is no JSON": b"\x00\x01",
    "value is a list": b"[1]",
    "value is nested without end": b"[" * 100_000,
    "value without fields": b"{}",
    "another event's value": b'{"colour":"red"}',
    "a long value": b'{"colour":"%s"}' % (b"red" * 200_000),
    "a number without end": b'{"post_id":1e999,"user_id":1e999,"follower_id":1e999,"media_id":1e999,"digest":1e999}',
}
_HEADERS: Mapping[str, tuple[str, bytes | None]] = {
    "unknown type": ("ce_type", b"post.adored"),
    "type is no text": ("ce_type", b"\xff"),
    "later version": ("ce_version", b"99"),
    "version 0": ("ce_version", b"0"),
    "null id": ("ce_id", None),
    "id is too large": ("ce_id", b"9223372036854775808"),
    "negative id": ("ce_id", b"-1"),
    "id 0": ("ce_id", b"0"),
    "no time": ("ce_time", b"yesterday"),
    "time without a zone": ("ce_time", b"2026-11-01T00:00:00"),
    "actor 0": ("ce_actorid", b"0"),
    "somebody else's": ("ce_subject", b"990004"),
    "later CloudEvents": ("ce_specversion", b"2.0"),
}


def _with(real: Message, name: str, value: bytes | None) -> Headers:
    return [(other, value if other == name else said) for other, said in real.headers]


def _elsewhere(event: Envelope) -> bytes:
    return next(other.type for other in _REAL if other.topic != event.topic).encode()


SHAPES: Mapping[str, Mapping[str, Shape]] = {event.topic: _shapes(event) for event in _REAL}
