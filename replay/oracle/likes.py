"""Who must like what, told from the plain list of events.

Shares no code with the folds or the stores. `events` is in the order of the log for events of one post.
"""

from collections.abc import Sequence

from events.envelope import Envelope
from events.likes import PostLiked, PostUnliked
from replay.oracle.pairs import joined, latest_first


def likes(events: Sequence[Envelope]) -> dict[int, list[int]]:
    """By post, the users who like it, the latest first."""
    acts = [e for e in events if isinstance(e, PostLiked | PostUnliked)]
    return latest_first(joined(((e.post_id, e.actor_id), isinstance(e, PostLiked), e.id) for e in acts))
