"""The folds of posts, likes, comments and saves."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from events.comments import CommentAdded, CommentDeleted, CommentEdited
from events.envelope import Envelope
from events.likes import PostLiked, PostUnliked
from events.posts import PostCreated, PostDeleted, PostEdited
from events.saves import PostSaved, PostUnsaved
from projectors import comments, likes, saves, timelines
from projectors.projection import Projection
from stores.ports.comments import CommentGone, CommentPut, CommentTextSet
from stores.ports.likes import LikeSet
from stores.ports.saves import SaveSet
from stores.ports.timelines import CaptionSet, PlaceSet, PostGone, PostPut, VisibilitySet
from tests.unit.folding import ADA, BOB, NOW_MS, PLACE

ENVELOPE: dict[str, Any] = {
    "id": 5,
    "occurred_at": datetime.fromtimestamp(NOW_MS / 1000, UTC),
    "actor_id": BOB,
    "correlation_id": 6,
}
POST: dict[str, Any] = {"post_id": 21, "author_id": ADA}
COMMENT: dict[str, Any] = {**POST, "comment_id": 31, "commenter_id": BOB}


def cases() -> Iterator[tuple[Projection[Any], Envelope, list[object]]]:
    created = PostCreated(
        **ENVELOPE, **POST, media_ids=(1, 2), visibility="followers", caption="#Sea #sea", place=PLACE
    )
    put = PostPut(21, ADA, (1, 2), "followers", "#Sea #sea", ("sea",), PLACE, NOW_MS)
    edited = PostEdited(
        **ENVELOPE, **POST, changed=("caption", "place", "visibility"), caption="#sky", visibility="followers"
    )
    edits = [
        CaptionSet(21, ADA, "#sky", ("sky",), NOW_MS),
        PlaceSet(21, ADA, None, NOW_MS),
        VisibilitySet(21, ADA, "followers", NOW_MS),
    ]
    moved = PostEdited(**ENVELOPE, **POST, changed=("place",), place=PLACE)
    yield timelines.TIMELINES, created, [put]
    yield timelines.TIMELINES, edited, [*edits]
    yield timelines.TIMELINES, moved, [PlaceSet(21, ADA, PLACE, NOW_MS)]
    yield timelines.TIMELINES, PostDeleted(**ENVELOPE, **POST), [PostGone(21, ADA)]
    yield likes.LIKES, PostLiked(**ENVELOPE, **POST), [LikeSet(21, BOB, liked=True, at_id=5)]
    yield likes.LIKES, PostUnliked(**ENVELOPE, **POST), [LikeSet(21, BOB, liked=False, at_id=5)]
    yield saves.SAVES, PostSaved(**ENVELOPE, **POST), [SaveSet(21, BOB, saved=True, at_id=5)]
    yield saves.SAVES, PostUnsaved(**ENVELOPE, **POST), [SaveSet(21, BOB, saved=False, at_id=5)]
    yield (
        comments.COMMENTS,
        CommentAdded(**ENVELOPE, **COMMENT, text="a"),
        [CommentPut(31, 21, BOB, "a", NOW_MS)],
    )
    yield (
        comments.COMMENTS,
        CommentEdited(**ENVELOPE, **COMMENT, text="b"),
        [CommentTextSet(31, 21, "b", NOW_MS)],
    )
    yield comments.COMMENTS, CommentDeleted(**ENVELOPE, **COMMENT), [CommentGone(31, 21)]


@pytest.mark.parametrize(("projection", "event", "changes"), list(cases()))
def test_what_an_event_changes(projection: Projection[Any], event: Envelope, changes: list[object]) -> None:
    assert isinstance(event, projection.events)
    assert projection.project(event) == changes


def test_content_whose_key_was_destroyed_leaves_an_empty_caption() -> None:
    erased = PostCreated(**ENVELOPE, **POST, media_ids=(1,))
    assert timelines.project(erased) == [PostPut(21, ADA, (1,), "public", "", (), None, NOW_MS)]
