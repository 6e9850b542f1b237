"""The graph in Cassandra: whom a user follows is one partition, and who follows a user is listed in buckets of the followers.

Every row is owned by the follower. That somebody follows somebody is asked of the follower's rows alone.
"""

import asyncio
from collections.abc import Collection, Mapping
from typing import ClassVar

from events.ids import MAX_ID
from events.topics import GRAPH
from stores.cassandra.buckets import BUCKETS, bucket_of, newest_page
from stores.cassandra.edges import Edge, EdgesView
from stores.cassandra.session import Cassandra
from stores.cassandra.view import member, only
from stores.ports.crash import Crash, survive
from stores.ports.graph import GraphChange, GraphCounts
from stores.ports.page import Page

_FOLLOW = "SELECT follower_id, following FROM {follows} WHERE follower_id IN ? AND followed_id = ?"
_LIST_FOLLOWER = """INSERT INTO {followers_latest} (followed_id, bucket, at_id, follower_id) VALUES (?,?,?,?)
                    USING TIMESTAMP ?"""
_UNLIST_FOLLOWER = """DELETE FROM {followers_latest} USING TIMESTAMP ?
                      WHERE followed_id = ? AND bucket = ? AND at_id = ?"""
_FOLLOWERS = """SELECT at_id, follower_id FROM {followers_latest}
                WHERE followed_id = ? AND bucket = ? AND at_id < ? LIMIT ?"""
_COUNT_FOLLOWING = "SELECT COUNT(*) FROM {follows_latest} WHERE follower_id = ?"
_COUNT_FOLLOWERS = "SELECT COUNT(*) FROM {followers_latest} WHERE followed_id = ? AND bucket = ?"


class CassandraGraph(EdgesView[GraphChange]):
    PROJECTION = "graph"
    TABLES: ClassVar[Mapping[str, str]] = {
        "follows": """(follower_id bigint, followed_id bigint, at_id bigint, following boolean, offset bigint,
                       PRIMARY KEY (follower_id, followed_id))""",
        "follows_latest": """(follower_id bigint, at_id bigint, followed_id bigint, PRIMARY KEY (follower_id, at_id))
                             WITH CLUSTERING ORDER BY (at_id DESC)""",
        "followers_latest": """(followed_id bigint, bucket int, at_id bigint, follower_id bigint,
                                PRIMARY KEY ((followed_id, bucket), at_id)) WITH CLUSTERING ORDER BY (at_id DESC)""",
    }
    HELD = (
        (member("user"), "SELECT follower_id, followed_id FROM {follows}"),
        (member("user"), "SELECT followed_id, follower_id FROM {follows}"),
        (only("user"), "SELECT DISTINCT follower_id FROM {follows_latest}"),
        (only("user"), "SELECT DISTINCT followed_id, bucket FROM {followers_latest}"),
    )
    READ = "SELECT followed_id, at_id, following, offset FROM {follows} WHERE follower_id = ? AND followed_id IN ?"
    SET = """INSERT INTO {follows} (follower_id, followed_id, at_id, following, offset) VALUES (?,?,?,?,?)
             USING TIMESTAMP ?"""
    LIST = "INSERT INTO {follows_latest} (follower_id, at_id, followed_id) VALUES (?,?,?) USING TIMESTAMP ?"
    UNLIST = "DELETE FROM {follows_latest} USING TIMESTAMP ? WHERE follower_id = ? AND at_id = ?"
    LATEST = "SELECT at_id, followed_id FROM {follows_latest} WHERE follower_id = ? AND at_id < ? LIMIT ?"

    def __init__(self, cassandra: Cassandra, generation: int, crash: Crash = survive) -> None:
        super().__init__(cassandra, generation, crash)
        self._asking: asyncio.Future[Collection[tuple[str, str]]] | None = None

    def _edge(self, change: GraphChange) -> tuple[int, int, bool, int]:
        return change.follower_id, change.followed_id, change.following, change.at_id

    async def _write_elsewhere(self, user_id: int, edges: Mapping[int, Edge]) -> None:
        bucket = bucket_of(user_id)
        ended = [
            (stamp, followed_id, bucket, at_id)
            for followed_id, edge in edges.items()
            for stamp, at_id in edge.unlisted()
        ]
        begun = [
            (followed_id, bucket, at_id, user_id, stamp)
            for followed_id, edge in edges.items()
            for at_id, stamp in edge.listed()
        ]
        await asyncio.gather(self._many(_UNLIST_FOLLOWER, ended), self._many(_LIST_FOLLOWER, begun))

    async def following_among(self, user_id: int, others: Collection[int]) -> Collection[int]:
        return await self._held_among(user_id, others) if await self._believed((user_id,)) else ()

    async def followers_among(self, user_id: int, others: Collection[int]) -> Collection[int]:
        believed = await self._believed(others)
        return {
            follower_id for follower_id, follows in await self._rows(_FOLLOW, believed, user_id) if follows
        }

    async def _believed(self, follower_ids: Collection[int]) -> Collection[int]:
        """The followers of whom no event is parked.

        Asked before the edges and not beside them: who is released has the edges written first, so whoever is not parked any more
        is then found with the edges that are right.
        """
        if self._asking is None:
            self._asking = asyncio.ensure_future(self._ask())
        parked = await asyncio.shield(self._asking)
        return [user_id for user_id in follower_ids if (GRAPH, str(user_id)) not in parked]

    async def _ask(self) -> Collection[tuple[str, str]]:
        """For everybody who has come before this is asked: later ones may have waited for what is parked now."""
        self._asking = None
        return await self.parked_keys()

    async def followers(self, user_id: int, before: int | None, limit: int) -> Page[int]:
        bound = MAX_ID if before is None else before
        lists = (self._rows(_FOLLOWERS, user_id, bucket, bound, limit + 1) for bucket in BUCKETS)
        return newest_page(await asyncio.gather(*lists), limit)

    async def following(self, user_id: int, before: int | None, limit: int) -> Page[int]:
        return await self._latest(user_id, before, limit)

    async def following_count(self, user_id: int) -> int:
        """By counting rows, of which there are so few that it is limited whom one may follow."""
        return int((await self._rows(_COUNT_FOLLOWING, user_id))[0][0])

    async def counts(self, user_ids: Collection[int]) -> Mapping[int, GraphCounts]:
        """By counting rows, which takes the longer the more there are: to be asked only while the feeds view, which keeps these
        counts at hand, is being filled. Raises UnavailableError when it takes too long, as it may for a celebrity.
        """
        counts = await asyncio.gather(*(self._counts_of(user_id) for user_id in user_ids))
        return dict(zip(user_ids, counts, strict=True))

    async def _counts_of(self, user_id: int) -> GraphCounts:
        following, followers = await asyncio.gather(
            self.following_count(user_id),
            asyncio.gather(*(self._rows(_COUNT_FOLLOWERS, user_id, bucket) for bucket in BUCKETS)),
        )
        return GraphCounts(followers=sum(rows[0][0] for rows in followers), following=following)
