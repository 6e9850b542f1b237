"""The contract of the comments view."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Literal, Protocol, assert_never

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from stores.ports.comments import (
    Comment,
    CommentGone,
    CommentOrder,
    CommentPut,
    CommentsChange,
    CommentsReader,
    CommentTextSet,
)
from stores.ports.page import Page
from stores.ports.view import View
from tests.contract.applying import apply
from tests.contract.paging import all_items

POSTS = (1, 2)
COMMENTS = (21, 22, 23, 24)

Model = dict[int, Comment | Literal["gone"]]


class CommentsView(View[CommentsChange], CommentsReader, Protocol):
    pass


def post_of(comment_id: int) -> int:
    """Whichever event speaks of a comment, it speaks of the same post."""
    return POSTS[comment_id % 2]


def put(comment_id: int, text: str = "first") -> CommentPut:
    return CommentPut(comment_id, post_of(comment_id), 11, text, 1000)


def text_set(comment_id: int, text: str = "second") -> CommentTextSet:
    return CommentTextSet(comment_id, post_of(comment_id), text, 2000)


def gone(comment_id: int) -> CommentGone:
    return CommentGone(comment_id, post_of(comment_id))


ids = st.sampled_from(COMMENTS)
texts = st.sampled_from(("a", "b"))
change = st.one_of(st.builds(put, ids, texts), st.builds(text_set, ids, texts), st.builds(gone, ids))


def applied(model: Model, change: CommentsChange) -> None:
    """What a change means, said as simply as it can be."""
    known = model.get(change.comment_id)
    match change:
        case CommentPut():
            if known is None:
                model[change.comment_id] = Comment(
                    change.comment_id,
                    change.post_id,
                    change.commenter_id,
                    change.text,
                    change.created_at_ms,
                    None,
                )
        case CommentTextSet():
            if isinstance(known, Comment):
                model[change.comment_id] = replace(known, text=change.text, edited_at_ms=change.edited_at_ms)
        case CommentGone():
            model[change.comment_id] = "gone"
        case _:
            assert_never(change)


class CommentsContract:
    """`fresh` makes empty views."""

    @pytest.fixture
    def view(self, fresh: Callable[[], CommentsView]) -> CommentsView:
        return fresh()

    async def test_a_comment_is_found_under_its_post_alone(self, view: CommentsView) -> None:
        await apply(view, put(21))
        assert await view.get(post_of(21), 21) == Comment(21, post_of(21), 11, "first", 1000, None)
        assert await view.get(post_of(22), 21) is None

    async def test_a_repeated_comment_is_one_comment_and_keeps_its_edit(self, view: CommentsView) -> None:
        await apply(view, put(21), text_set(21), put(21))
        comment = await view.get(post_of(21), 21)
        assert comment is not None
        assert (comment.text, comment.edited_at_ms) == ("second", 2000)
        assert (await view.counts([post_of(21)]))[post_of(21)] == 1

    async def test_a_deleted_comment_stays_deleted(self, view: CommentsView) -> None:
        await apply(view, put(21), gone(21), put(21), text_set(21), gone(21))
        assert await view.get(post_of(21), 21) is None
        assert (await view.counts([post_of(21)])).get(post_of(21), 0) == 0
        assert (await view.page(post_of(21), "oldest", None, 10)).items == ()

    async def test_a_deletion_may_come_before_the_comment(self, view: CommentsView) -> None:
        await apply(view, gone(21))
        await apply(view, put(21))
        assert await view.get(post_of(21), 21) is None
        assert (await view.counts([post_of(21)])).get(post_of(21), 0) == 0

    async def test_the_last_page_has_no_next_key(self, view: CommentsView) -> None:
        await apply(view, put(21), put(23))
        assert (await view.page(post_of(21), "newest", None, 2)).next_key is None

    async def test_newer_comments_do_not_shift_pages(self, view: CommentsView) -> None:
        await apply(view, put(21), put(23))
        first = await view.page(post_of(21), "newest", None, 1)
        await apply(view, put(25))
        second = await view.page(post_of(21), "newest", first.next_key, 1)
        assert [comment.comment_id for comment in (*first.items, *second.items)] == [23, 21]

    @given(batches=st.lists(st.lists(change, max_size=8), max_size=4))
    @settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    async def test_it_is_what_the_changes_mean(
        self, fresh: Callable[[], CommentsView], batches: Sequence[Sequence[CommentsChange]]
    ) -> None:
        view, model = fresh(), Model()
        for batch in batches:
            await apply(view, *batch)
            for change in batch:
                applied(model, change)
            await self._check(view, [comment for comment in model.values() if isinstance(comment, Comment)])

    async def _check(self, view: CommentsView, there: list[Comment]) -> None:
        there.sort(key=lambda comment: comment.comment_id)
        counts = await view.counts(POSTS)
        for post_id in POSTS:
            expected = [comment for comment in there if comment.post_id == post_id]
            assert counts.get(post_id, 0) == len(expected)
            assert await self._all(view, post_id, "oldest") == expected
            assert await self._all(view, post_id, "newest") == expected[::-1]

    async def _all(self, view: CommentsView, post_id: int, order: CommentOrder) -> list[Comment]:
        async def fetch(after: int | None, limit: int) -> Page[Comment]:
            return await view.page(post_id, order, after, limit)

        return await all_items(fetch, limit=2)
