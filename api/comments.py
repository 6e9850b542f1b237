"""Comments over HTTP."""

from collections.abc import Sequence
from functools import partial
from typing import Annotated

import orjson

from api.calls import Answer, Call
from api.hydrate import own_summary
from api.models import MAY_BE_ABSENT, Id, Input, Output, QueryInput, Time, rfc3339
from api.pages import PageOf, page
from api.people import UserSummary
from api.problems import FORBIDDEN, NOT_CAUGHT_UP, NOT_FOUND, problem
from api.routes import Endpoint, Reply
from api.services import Services
from events.text import Text
from producers.comments import add_comment, delete_comment, edit_comment
from producers.visibility import visible_post
from stores.ports.comments import Comment as StoredComment
from stores.ports.comments import CommentOrder
from stores.ports.views import Views

READS = ("timelines", "graph", "comments", "accounts", "media")


class Comment(Output):
    id: Id
    post_id: Id
    author: UserSummary
    text: str
    created_at: Time
    edited_at: Time | None


class CommentText(Input):
    text: Annotated[str, Text(1, 2200)]


class CommentPatch(Input):
    """A text cannot be cleared."""

    text: Annotated[str, Text(1, 2200), MAY_BE_ABSENT] = ""


class CommentsQuery(QueryInput):
    order: CommentOrder = "oldest"


async def post_comment(app: Services, call: Call) -> Answer:
    views, text = app.views(), call.body(CommentText).text
    author = await own_summary(app, views, call.me)
    written = await add_comment(app.log, views, app.command(call), call.id, call.new_id, text)
    return Answer(
        201,
        comment_json(written.value, author),
        headers={"Location": f"/v1/posts/{call.id}/comments/{call.new_id}"},
        position=written.positions,
    )


async def get_comments(app: Services, call: Call) -> Answer:
    views, order = app.views(), call.query(CommentsQuery).order
    await visible_post(views, call.me, call.id)
    found = await views.comments.page(call.id, order, call.after_int(), call.limit)
    items = await _present(app, views, call.me, found.items)
    return page(call, items, None if found.next_key is None else (found.next_key,))


async def get_comment(app: Services, call: Call) -> Answer:
    views = app.views()
    await visible_post(views, call.me, call.id)
    comment = await views.comments.get(call.id, call.path_id("comment_id"))
    presented = [] if comment is None else await _present(app, views, call.me, (comment,))
    if not presented:
        raise problem(NOT_FOUND)
    return Answer(body=presented[0])


async def patch_comment(app: Services, call: Call) -> Answer:
    views, patch = app.views(), call.body(CommentPatch)
    author = await own_summary(app, views, call.me)
    text = patch.text if "text" in patch.model_fields_set else None
    comment_id = call.path_id("comment_id")
    written = await edit_comment(app.log, views, app.command(call), call.id, comment_id, text)
    return Answer(body=comment_json(written.value, author), position=written.positions)


async def delete_one_comment(app: Services, call: Call) -> Answer:
    comment_id = call.path_id("comment_id")
    position = await delete_comment(app.log, app.views(), app.command(call), call.id, comment_id)
    return Answer(204, position=position)


async def _present(app: Services, views: Views, me: int, comments: Sequence[StoredComment]) -> list[bytes]:
    """Comments whose writer is gone are about to go themselves and are left out."""
    writers = await app.people.summaries(views, me, {comment.commenter_id for comment in comments})
    return [
        comment_json(comment, writers[comment.commenter_id])
        for comment in comments
        if comment.commenter_id in writers
    ]


def comment_json(comment: StoredComment, author: bytes) -> bytes:
    return orjson.dumps(
        {
            "id": str(comment.comment_id),
            "post_id": str(comment.post_id),
            "author": orjson.Fragment(author),
            "text": comment.text,
            "created_at": rfc3339(comment.created_at_ms),
            "edited_at": None if comment.edited_at_ms is None else rfc3339(comment.edited_at_ms),
        }
    )


def routes(app: Services) -> list[Endpoint]:
    path, one = "/v1/posts/{id}/comments", "/v1/posts/{id}/comments/{comment_id}"
    return [
        Endpoint(
            "POST", path, partial(post_comment, app), summary="Comment on a post", tag="comments",
            replies={201: Reply("The comment", Comment, headers=("Location",))}, body=CommentText,
            reads=READS, problems=(NOT_FOUND, NOT_CAUGHT_UP),
        ),
        Endpoint(
            "GET", path, partial(get_comments, app), summary="The comments of a post", tag="comments",
            replies={200: Reply("Comments", PageOf[Comment])}, query=CommentsQuery, paged=True, reads=READS,
            problems=(NOT_FOUND,),
        ),
        Endpoint(
            "GET", one, partial(get_comment, app), summary="A comment", tag="comments",
            replies={200: Reply("The comment", Comment)}, reads=READS, problems=(NOT_FOUND,),
        ),
        Endpoint(
            "PATCH", one, partial(patch_comment, app), summary="Change your comment", tag="comments",
            replies={200: Reply("The comment as it is now", Comment)}, body=CommentPatch, reads=READS,
            problems=(NOT_FOUND, FORBIDDEN, NOT_CAUGHT_UP),
        ),
        Endpoint(
            "DELETE", one, partial(delete_one_comment, app), summary="Delete a comment", tag="comments",
            replies={204: Reply("It is gone")}, reads=("timelines", "graph", "comments"),
            problems=(NOT_FOUND, FORBIDDEN),
            description="The writer of the comment may do so, and the author of the post.",
        ),
    ]  # fmt: skip
