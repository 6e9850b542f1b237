"""Likes: a post by who likes it and how many do, a user by what they like."""

from collections.abc import Iterable, Sequence
from functools import partial
from typing import Protocol

from events.likes import PostLiked, PostUnliked
from replay.oracle.likes import likes
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
from stores.ports.inspected import Counted
from stores.ports.likes import LikesReader


class _View(LikesReader, Counted, Protocol):
    pass


class LikesSubject(Subject):
    def facts(self, told: Told) -> Iterable[Fact]:
        found = likes(told.events)
        pairs = {(e.post_id, e.actor_id) for e in told.events if isinstance(e, PostLiked | PostUnliked)}
        for post_id in {post_id for post_id, _ in pairs}:
            yield ("post", post_id), found.get(post_id, [])
        likers = {post_id: set(users) for post_id, users in found.items()}
        for post_id, user_id in pairs:
            yield ("user", user_id), [post_id, user_id in likers.get(post_id, ())]

    def value(self, entity: Entity, pieces: Sequence[Piece]) -> Value:
        if entity[0] == "user":
            return {"likes": sorted(post_id for post_id, is_liked in pieces if is_liked)}
        users = [user_id for piece in pieces for user_id in piece]
        return {"likers": users, "count": len(users), "counted": len(users)}

    async def read(
        self, view: _View, entity: Entity, pieces: Sequence[Piece], held: Iterable[Member]
    ) -> Value:
        id_ = int(entity[1])
        if entity[0] == "post":
            users = await whole(partial(view.likers, id_))
            count, counted = await view.counts([id_]), await view.counted([id_])
            return {"likers": users, "count": count.get(id_, 0), "counted": counted.get(id_, 0)}
        asked = parts(members_of(pieces, held))
        return {"likes": sorted([post_id for some in asked for post_id in await view.liked(id_, some)])}
