"""The fold of search: which changes each event makes."""

from datetime import UTC, datetime
from typing import Any

from events.accounts import AccountRegistered, ProfileChanged
from events.envelope import Envelope
from events.likes import PostLiked, PostUnliked
from events.posts import Place, PostCreated, PostDeleted, PostEdited
from projectors.search import SEARCH, project
from stores.ports.search import (
    CaptionTermsSet,
    DisplayNameSet,
    PlaceTermsSet,
    PostVisibilitySet,
    SearchLikeSet,
    SearchPostGone,
    SearchPostPut,
    SearchUserPut,
)

ADA, POST = 5, 9
LAKE = Place(name="The Lakes", latitude=1, longitude=2)


def said(kind: type[Envelope], **fields: Any) -> Any:
    at = datetime(2026, 11, 21, tzinfo=UTC)
    return kind(id=3, occurred_at=at, actor_id=ADA, correlation_id=1, **fields)


def of_post(kind: type[Envelope], **fields: Any) -> Any:
    return said(kind, post_id=POST, author_id=ADA, **fields)


def test_a_new_post() -> None:
    event = of_post(
        PostCreated, media_ids=(1,), caption="Red beaches #Sun", place=LAKE, visibility="followers"
    )
    terms = ("red", "beach", "sun", "red beach", "beach sun")
    assert project(event) == [SearchPostPut(POST, ADA, "followers", terms, ("sun",), ("lake",))]


def test_a_new_post_that_says_nothing() -> None:
    assert project(of_post(PostCreated, media_ids=(1,))) == [SearchPostPut(POST, ADA, "public", (), (), ())]


def test_an_edit_says_only_what_changed() -> None:
    everything = of_post(
        PostEdited, changed=("caption", "place", "visibility"), caption="Sky #Moon", visibility="followers"
    )
    assert project(everything) == [
        CaptionTermsSet(POST, ADA, ("sky", "moon", "sky moon"), ("moon",)),
        PlaceTermsSet(POST, ADA, ()),
        PostVisibilitySet(POST, ADA, "followers"),
    ]
    assert project(of_post(PostEdited, changed=("place",), place=LAKE)) == [
        PlaceTermsSet(POST, ADA, ("lake",))
    ]


def test_an_end() -> None:
    assert project(of_post(PostDeleted)) == [SearchPostGone(POST, ADA)]


def test_likes() -> None:
    assert project(of_post(PostLiked)) == [SearchLikeSet(POST, ADA, liked=True)]
    assert project(of_post(PostUnliked)) == [SearchLikeSet(POST, ADA, liked=False)]


def test_users() -> None:
    registered = said(AccountRegistered, user_id=ADA, username="ada.b", email="", display_name="Ada B")
    assert project(registered) == [SearchUserPut(ADA, ("ada.b", "ada", "b"), ("ada", "b"))]
    renamed = said(ProfileChanged, user_id=ADA, changed=("display_name", "bio"), display_name="Cleo")
    assert project(renamed) == [DisplayNameSet(ADA, ("cleo",))]
    assert project(said(ProfileChanged, user_id=ADA, changed=("bio",), bio="Cleo")) == []


def test_the_projection_reads_three_topics() -> None:
    assert SEARCH.topics == ("photolog.posts", "photolog.engagement", "photolog.accounts")
