"""What is told to the shared step in its tests."""

from datetime import UTC, datetime

from events.envelope import Envelope
from events.ids import Ids
from events.likes import PostLiked, PostUnliked

POISON, OTHER = 13, 17
"""A post whose events cannot be folded, and one whose events can."""
_IDS = Ids(1)
_AT = datetime(2026, 11, 21, tzinfo=UTC)
_KIND = {"like": PostLiked, "unlike": PostUnliked}


def acts(*told: tuple[str, int, int]) -> list[Envelope]:
    """(like or unlike, user, post)"""
    return [
        _KIND[act](
            id=_IDS.next(), occurred_at=_AT, actor_id=user, correlation_id=1, post_id=post, author_id=1
        )
        for act, user, post in told
    ]


TOLD = (
    ("like", 1, OTHER),
    ("like", 1, POISON),
    ("like", 2, OTHER),
    ("unlike", 1, POISON),
    ("like", 3, POISON),
)
