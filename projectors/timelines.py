"""The timelines projection: posts, with the tags of their captions."""

from typing import assert_never

from events.posts import PostCreated, PostDeleted, PostEdited, PostField
from events.tags import tags_of
from projectors.projection import Projection
from stores.ports.timelines import CaptionSet, PlaceSet, PostGone, PostPut, TimelinesChange, VisibilitySet


def project(event: PostCreated | PostEdited | PostDeleted) -> list[TimelinesChange]:
    match event:
        case PostCreated():
            return [_put(event)]
        case PostEdited():
            return [_edit(event, field) for field in event.changed]
        case PostDeleted():
            return [PostGone(event.post_id, event.author_id)]
        case _:
            assert_never(event)


def _put(event: PostCreated) -> PostPut:
    return PostPut(
        post_id=event.post_id,
        author_id=event.author_id,
        media_ids=event.media_ids,
        visibility=event.visibility,
        caption=event.caption,
        tags=tags_of(event.caption),
        place=event.place,
        created_at_ms=event.occurred_at_ms,
    )


def _edit(event: PostEdited, field: PostField) -> TimelinesChange:
    post_id, author_id, at_ms = event.post_id, event.author_id, event.occurred_at_ms
    match field:
        case "caption":
            return CaptionSet(post_id, author_id, event.caption, tags_of(event.caption), at_ms)
        case "place":
            return PlaceSet(post_id, author_id, event.place, at_ms)
        case "visibility":
            return VisibilitySet(post_id, author_id, event.visibility, at_ms)
        case _:
            assert_never(field)


TIMELINES = Projection("timelines", version=1, events=(PostCreated, PostEdited, PostDeleted), project=project)
