"""Two events of every class: one that says everything it can, one that says the least."""

from datetime import UTC, datetime
from typing import Any, get_args

from events.accounts import ProfileField
from events.catalogue import EVENTS
from events.envelope import Envelope
from events.media import FocalPoint, MediaField, Rendition
from events.names import Registration
from events.operations import PartitionPosition
from events.posts import Place, PostField

KEY = bytes(range(32))
"""Seals the personal fields of the golden events."""

NONCE = bytes(range(12))

_FULL: dict[str, Any] = {
    "attached_id": 2**62,
    "attached_kind": "post",
    "author_id": 7,
    "avatar_media_id": 31,
    "bio": "Sailing \u26f5 and tea",
    "blurhash": "LKO2?U%2Tw=w]~RBVZRi};RPxuwH",
    "by": "release 12",
    "caption": "Dusk at the #harbor\nsecond line",
    "certificate": "89abcdef01234567" * 4,
    "claim_id": 19,
    "comment_id": 23,
    "commenter_id": 8,
    "content_type": "image/jpeg",
    "differences_count": 3,
    "digest": "0123456789abcdef" * 4,
    "display_name": "Ada Brin",
    "email": "ada@example.org",
    "event_ids": (51, 52),
    "filter": "mono",
    "focal_point": FocalPoint(x=-0.5, y=1),
    "fold_version": 2,
    "followed_id": 9,
    "follower_id": 8,
    "from_fold_version": 1,
    "from_generation": 4,
    "generation": 5,
    "height": 20,
    "kind": "username",
    "location": "By the sea",
    "media_id": 31,
    "media_ids": (31, 32),
    "object_key": "originals/abc",
    "owner_id": 7,
    "parked_key": "17",
    "parked_topic": "photolog.engagement",
    "part": 6,
    "place": Place(name="Harbor Bridge", latitude=1.5, longitude=-2.25),
    "positions": (PartitionPosition(topic="photolog.engagement", partition=3, offset=99),),
    "post_id": 17,
    "projection": "likes",
    "reason": "hash_mismatch",
    "registration": Registration(
        username="ada", email="ada@example.org", display_name="Ada", location="By the sea"
    ),
    "renditions": (
        Rendition(
            name="thumb", object_key="r/abc", width=15, height=10, content_type="image/webp", size_bytes=99
        ),
    ),
    "sha256": "fedcba9876543210" * 4,
    "size_bytes": 12_345,
    "text": "How lovely! \u2764\ufe0f",
    "alt_text": "A harbor in the evening",
    "user_id": 7,
    "username": "ada",
    "verdict": "different",
    "visibility": "followers",
    "width": 30,
}
_CHANGED: dict[str, tuple[str, ...]] = {
    "account.profile_changed": get_args(ProfileField),
    "post.edited": get_args(PostField),
    "media.edited": get_args(MediaField),
}


def examples() -> dict[type[Envelope], tuple[Envelope, Envelope]]:
    return {kind: (_full(kind), _least(kind)) for kind in EVENTS}


def _full(kind: type[Envelope]) -> Envelope:
    fields = {name: _value(kind, name) for name in kind.model_fields if name not in Envelope.model_fields}
    return kind(
        id=1_234_567_890_123_456_789,
        occurred_at=datetime(2026, 11, 21, 9, 30, 15, 250_000, tzinfo=UTC),
        actor_id=7,
        correlation_id=41,
        causation_id=42,
        idempotency_key="a key",
        **fields,
    )


def _least(kind: type[Envelope]) -> Envelope:
    needed = [name for name, field in kind.model_fields.items() if field.is_required()]
    fields = {name: _value(kind, name) for name in needed if name not in Envelope.model_fields}
    return kind(id=1, occurred_at=datetime(2026, 1, 1, tzinfo=UTC), actor_id=7, correlation_id=1, **fields)


def _value(kind: type[Envelope], name: str) -> Any:
    return _CHANGED[kind.type] if name == "changed" else _FULL[name]
