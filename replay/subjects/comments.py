"""Comments: a post by its comments and how many there are."""

from collections.abc import Iterable, Sequence
from functools import partial
from typing import Protocol

from events.comments import CommentEvent
from replay.oracle.comments import comments
from replay.subjects.subject import (
    Entity,
    Fact,
    Member,
    Piece,
    Subject,
    Told,
    Value,
    digest,
    members_of,
    whole,
)
from stores.ports.comments import Comment, CommentsReader
from stores.ports.inspected import Counted


class _View(CommentsReader, Counted, Protocol):
    pass


class CommentsSubject(Subject):
    def facts(self, told: Told) -> Iterable[Fact]:
        found = {c.comment_id: c for there in comments(told.events).values() for c in there}
        mentioned = {(e.post_id, e.comment_id) for e in told.events if isinstance(e, CommentEvent)}
        for post_id, comment_id in mentioned:
            there = found.get(comment_id)
            yield ("post", post_id), [comment_id, None if there is None else _said(there)]

    def value(self, entity: Entity, pieces: Sequence[Piece]) -> Value:
        there = {str(comment_id): said for comment_id, said in sorted(pieces) if said}
        ids = [int(comment_id) for comment_id in there]
        return {"comments": there, "oldest": ids, "newest": ids[::-1], "count": len(ids), "counted": len(ids)}

    async def read(
        self, view: _View, entity: Entity, pieces: Sequence[Piece], held: Iterable[Member]
    ) -> Value:
        post_id = int(entity[1])
        oldest = await whole(partial(view.page, post_id, "oldest"))
        newest = await whole(partial(view.page, post_id, "newest"))
        listed = {comment.comment_id: comment for comment in (*newest, *oldest)}
        asked = members_of(pieces, [*held, *listed])
        got = {comment_id: await view.get(post_id, comment_id) for comment_id in asked}
        there = {
            str(id_): said if id_ not in listed or said == _said(listed[id_]) else {"listed otherwise": True}
            for id_, comment in got.items()
            if comment is not None and (said := _said(comment))
        }
        return {
            "comments": there,
            "oldest": [comment.comment_id for comment in oldest],
            "newest": [comment.comment_id for comment in newest],
            "count": (await view.counts([post_id])).get(post_id, 0),
            "counted": (await view.counted([post_id])).get(post_id, 0),
        }


def _said(comment: Comment) -> dict[str, object]:
    return {
        "commenter_id": comment.commenter_id,
        "text": digest(comment.text),
        "created_at_ms": comment.created_at_ms,
        "edited_at_ms": comment.edited_at_ms,
    }
