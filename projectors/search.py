"""The search projection: which terms find a post, which words a user. Knows how text is cut, not where terms are kept."""

from typing import assert_never

from events.accounts import AccountRegistered, ProfileChanged
from events.likes import PostLiked, PostUnliked
from events.posts import Place, PostCreated, PostDeleted, PostEdited
from events.tags import tags_of
from projectors.projection import Projection
from stores.ports.search import (
    CaptionTermsSet,
    DisplayNameSet,
    PlaceTermsSet,
    PostVisibilitySet,
    SearchChange,
    SearchLikeSet,
    SearchPostGone,
    SearchPostPut,
    SearchUserPut,
)
from stores.ports.terms import name_words, text_terms, username_words

SearchEvent = (
    PostCreated | PostEdited | PostDeleted | PostLiked | PostUnliked | AccountRegistered | ProfileChanged
)


def project(event: SearchEvent) -> list[SearchChange]:
    match event:
        case PostLiked():
            return [SearchLikeSet(event.post_id, event.actor_id, liked=True)]
        case PostUnliked():
            return [SearchLikeSet(event.post_id, event.actor_id, liked=False)]
        case PostCreated():
            return [_put(event)]
        case PostEdited():
            return _edits(event)
        case PostDeleted():
            return [SearchPostGone(event.post_id, event.author_id)]
        case AccountRegistered():
            words = username_words(event.username)
            return [SearchUserPut(event.user_id, words, name_words(event.display_name))]
        case ProfileChanged():
            if "display_name" not in event.changed:
                return []
            return [DisplayNameSet(event.user_id, name_words(event.display_name))]
        case _:
            assert_never(event)


def _put(event: PostCreated) -> SearchPostPut:
    return SearchPostPut(
        event.post_id,
        event.author_id,
        event.visibility,
        caption_terms=text_terms(event.caption),
        tags=tags_of(event.caption),
        place_terms=_place_terms(event.place),
    )


def _edits(event: PostEdited) -> list[SearchChange]:
    changes: list[SearchChange] = []
    if "caption" in event.changed:
        terms, tags = text_terms(event.caption), tags_of(event.caption)
        changes.append(CaptionTermsSet(event.post_id, event.author_id, terms, tags))
    if "place" in event.changed:
        changes.append(PlaceTermsSet(event.post_id, event.author_id, _place_terms(event.place)))
    if "visibility" in event.changed:
        changes.append(PostVisibilitySet(event.post_id, event.author_id, event.visibility))
    return changes


def _place_terms(place: Place | None) -> tuple[str, ...]:
    return () if place is None else text_terms(place.name)


SEARCH = Projection(
    "search",
    version=1,
    events=(
        PostCreated,
        PostEdited,
        PostDeleted,
        PostLiked,
        PostUnliked,
        AccountRegistered,
        ProfileChanged,
    ),
    project=project,
)
