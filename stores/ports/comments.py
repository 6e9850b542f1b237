"""Comments on posts, and how many there are."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Literal, Protocol

from stores.ports.page import Page

CommentOrder = Literal["oldest", "newest"]


@dataclass(frozen=True, slots=True)
class CommentPut:
    """There is a comment with this text."""

    comment_id: int
    post_id: int
    commenter_id: int
    text: str
    created_at_ms: int


@dataclass(frozen=True, slots=True)
class CommentTextSet:
    """The comment's text is another. Changes nothing where there is no comment, or no longer."""

    comment_id: int
    post_id: int
    text: str
    edited_at_ms: int


@dataclass(frozen=True, slots=True)
class CommentGone:
    """The comment is deleted, and stays so whatever comes."""

    comment_id: int
    post_id: int


CommentsChange = CommentPut | CommentTextSet | CommentGone


@dataclass(frozen=True, slots=True)
class Comment:
    """Times are milliseconds since 1970 UTC."""

    comment_id: int
    post_id: int
    commenter_id: int
    text: str
    created_at_ms: int
    edited_at_ms: int | None


class CommentsReader(Protocol):
    async def counts(self, post_ids: Collection[int]) -> Mapping[int, int]:
        """How many comments each post has; posts without any may be absent. Equals the size of the set behind it."""

    async def get(self, post_id: int, comment_id: int) -> Comment | None:
        """The comment if it is there, belongs to the post, and was not deleted."""

    async def page(self, post_id: int, order: CommentOrder, after: int | None, limit: int) -> Page[Comment]:
        """The post's comments by id in that order; `after` is a page's `next_key`."""
