"""Saves: a user by what they have saved."""

from collections.abc import Iterable, Sequence
from functools import partial

from events.saves import PostSaved, PostUnsaved
from replay.oracle.saves import saved_since
from replay.subjects.subject import (
    Entity,
    Fact,
    Member,
    Piece,
    Subject,
    Told,
    Value,
    members_of,
    parts,
    whole,
)
from stores.ports.saves import SavesReader


class SavesSubject(Subject):
    def facts(self, told: Told) -> Iterable[Fact]:
        since = saved_since(told.events)
        pairs = {(e.actor_id, e.post_id) for e in told.events if isinstance(e, PostSaved | PostUnsaved)}
        for user_id, post_id in pairs:
            yield ("user", user_id), [post_id, since.get((user_id, post_id))]

    def value(self, entity: Entity, pieces: Sequence[Piece]) -> Value:
        listed = sorted(((at_id, post_id) for post_id, at_id in pieces if at_id), reverse=True)
        posts = [post_id for _, post_id in listed]
        return {"saves": posts, "saved": sorted(posts)}

    async def read(
        self, view: SavesReader, entity: Entity, pieces: Sequence[Piece], held: Iterable[Member]
    ) -> Value:
        user_id = int(entity[1])
        listed = await whole(partial(view.posts, user_id))
        asked = parts(members_of(pieces, [*held, *listed]))
        saved = [post_id for some in asked for post_id in await view.saved(user_id, some)]
        return {"saves": listed, "saved": sorted(saved)}
