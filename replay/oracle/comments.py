"""Which comments there must be, told from the plain list of events.

Shares no code with the folds or the stores. `events` is in the order of the log for events of one post.
"""

from collections.abc import Sequence

from events.comments import CommentAdded, CommentDeleted, CommentEdited, CommentEvent
from events.envelope import Envelope
from replay.oracle.grouping import grouped
from stores.ports.comments import Comment


def comments(events: Sequence[Envelope]) -> dict[int, list[Comment]]:
    """By post, the oldest id first."""
    found: dict[int, list[Comment]] = {}
    for _, mine in sorted(grouped(events, CommentEvent, "comment_id").items()):
        comment = _comment(mine)
        if comment is not None:
            found.setdefault(comment.post_id, []).append(comment)
    return found


def _comment(events: Sequence[CommentEvent]) -> Comment | None:
    if any(isinstance(event, CommentDeleted) for event in events):
        return None
    first = next((n for n, event in enumerate(events) if isinstance(event, CommentAdded)), None)
    if first is None:
        return None
    added = events[first]
    assert isinstance(added, CommentAdded)
    edits = [event for event in events[first:] if isinstance(event, CommentEdited)]
    return Comment(
        comment_id=added.comment_id,
        post_id=added.post_id,
        commenter_id=added.commenter_id,
        text=edits[-1].text if edits else added.text,
        created_at_ms=added.occurred_at_ms,
        edited_at_ms=edits[-1].occurred_at_ms if edits else None,
    )
