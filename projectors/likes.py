"""The likes projection."""

from typing import assert_never

from events.likes import PostLiked, PostUnliked
from projectors.projection import Projection
from stores.ports.likes import LikesChange, LikeSet


def project(event: PostLiked | PostUnliked) -> list[LikesChange]:
    match event:
        case PostLiked():
            return [LikeSet(event.post_id, event.actor_id, liked=True, at_id=event.id)]
        case PostUnliked():
            return [LikeSet(event.post_id, event.actor_id, liked=False, at_id=event.id)]
        case _:
            assert_never(event)


LIKES = Projection("likes", version=1, events=(PostLiked, PostUnliked), project=project)
