"""Which posts there must be, told from the plain list of events.

Shares no code with the folds or the stores. `events` is in the order of the log for events of one author.
"""

from collections.abc import Sequence
from typing import Any

from events.envelope import Envelope
from events.posts import PostCreated, PostDeleted, PostEdited, PostEvent
from replay.oracle.grouping import grouped
from replay.oracle.texts import tags_in

Post = dict[str, Any]


def posts(events: Sequence[Envelope]) -> dict[int, Post]:
    found = {post_id: _post(mine) for post_id, mine in grouped(events, PostEvent, "post_id").items()}
    return {post_id: post for post_id, post in found.items() if post is not None}


def _post(events: Sequence[PostEvent]) -> Post | None:
    """A post is what its first creation said, with the edits after it; a deletion ends it, even one that came first."""
    if any(isinstance(event, PostDeleted) for event in events):
        return None
    first = next((n for n, event in enumerate(events) if isinstance(event, PostCreated)), None)
    if first is None:
        return None
    created = events[first]
    assert isinstance(created, PostCreated)
    post: Post = {"post_id": created.post_id, "author_id": created.author_id, "media_ids": created.media_ids}
    post |= {"created_at_ms": created.occurred_at_ms, "edited_at_ms": None}
    post |= {"caption": created.caption, "place": created.place, "visibility": created.visibility}
    for event in events[first:]:
        if isinstance(event, PostEdited):
            post |= {field: getattr(event, field) for field in event.changed}
            post["edited_at_ms"] = event.occurred_at_ms
    post["tags"] = tags_in(post["caption"])
    return post
