"""Who must have saved what, told from the plain list of events.

Shares no code with the folds or the stores. `events` is in the order of the log for events of one post.
"""

from collections.abc import Sequence

from events.envelope import Envelope
from events.saves import PostSaved, PostUnsaved
from replay.oracle.pairs import joined, latest_first


def saves(events: Sequence[Envelope]) -> dict[int, list[int]]:
    """By user, the posts, the latest save first."""
    return latest_first(saved_since(events))


def saved_since(events: Sequence[Envelope]) -> dict[tuple[int, int], int]:
    """(user, post) with the id of the event since which it is saved."""
    acts = [e for e in events if isinstance(e, PostSaved | PostUnsaved)]
    return joined(((e.actor_id, e.post_id), isinstance(e, PostSaved), e.id) for e in acts)
