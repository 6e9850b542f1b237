"""The graph: a user by whom they follow, who follows them, and how many these are."""

from collections.abc import Iterable, Sequence
from functools import partial

from events.graph import FollowEvent
from replay.oracle.graph import follows
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
from stores.ports.graph import GraphCounts, GraphReader

NOBODY = GraphCounts(followers=0, following=0)


class GraphSubject(Subject):
    def facts(self, told: Told) -> Iterable[Fact]:
        since = follows(told.events)
        for pair in {(e.follower_id, e.followed_id) for e in told.events if isinstance(e, FollowEvent)}:
            follower_id, followed_id = pair
            yield ("user", follower_id), [followed_id, "following", since.get(pair)]
            yield ("user", followed_id), [follower_id, "followers", since.get(pair)]

    def value(self, entity: Entity, pieces: Sequence[Piece]) -> Value:
        following, followers = (_latest(pieces, way) for way in ("following", "followers"))
        return {
            "following": following,
            "followers": followers,
            "following_among": sorted(following),
            "followers_among": sorted(followers),
            "counts": [len(followers), len(following)],
        }

    async def read(
        self, view: GraphReader, entity: Entity, pieces: Sequence[Piece], held: Iterable[Member]
    ) -> Value:
        user_id = int(entity[1])
        following = await whole(partial(view.following, user_id))
        followers = await whole(partial(view.followers, user_id))
        asked = parts(members_of(pieces, [*held, *following, *followers]))
        counts = (await view.counts([user_id])).get(user_id, NOBODY)
        return {
            "following": following,
            "followers": followers,
            "following_among": sorted(
                [u for some in asked for u in await view.following_among(user_id, some)]
            ),
            "followers_among": sorted(
                [u for some in asked for u in await view.followers_among(user_id, some)]
            ),
            "counts": [counts.followers, counts.following],
        }


def _latest(pieces: Iterable[Piece], way: str) -> list[int]:
    mine = [(at_id, user_id) for user_id, which, at_id in pieces if which == way and at_id]
    return [user_id for _, user_id in sorted(mine, reverse=True)]
