"""The saves projection."""

from typing import assert_never

from events.saves import PostSaved, PostUnsaved
from projectors.projection import Projection
from stores.ports.saves import SavesChange, SaveSet


def project(event: PostSaved | PostUnsaved) -> list[SavesChange]:
    match event:
        case PostSaved():
            return [SaveSet(event.post_id, event.actor_id, saved=True, at_id=event.id)]
        case PostUnsaved():
            return [SaveSet(event.post_id, event.actor_id, saved=False, at_id=event.id)]
        case _:
            assert_never(event)


SAVES = Projection("saves", version=1, events=(PostSaved, PostUnsaved), project=project)
