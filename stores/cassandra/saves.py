"""Saves in Cassandra: everything that one user has saved is one partition.

Its rows come from as many partitions of the log as there are posts, but each from one: that of its post, whose offsets stamp it.
"""

from collections.abc import Collection, Mapping
from typing import ClassVar

from stores.cassandra.edges import EdgesView
from stores.cassandra.view import member, only
from stores.ports.page import Page
from stores.ports.saves import SavesChange


class CassandraSaves(EdgesView[SavesChange]):
    PROJECTION = "saves"
    TABLES: ClassVar[Mapping[str, str]] = {
        "saves": """(user_id bigint, post_id bigint, at_id bigint, saved boolean, offset bigint,
                     PRIMARY KEY (user_id, post_id))""",
        "saves_latest": """(user_id bigint, at_id bigint, post_id bigint, PRIMARY KEY (user_id, at_id))
                           WITH CLUSTERING ORDER BY (at_id DESC)""",
    }
    HELD = (
        (member("user"), "SELECT user_id, post_id FROM {saves}"),
        (only("user"), "SELECT DISTINCT user_id FROM {saves_latest}"),
    )
    READ = "SELECT post_id, at_id, saved, offset FROM {saves} WHERE user_id = ? AND post_id IN ?"
    SET = """INSERT INTO {saves} (user_id, post_id, at_id, saved, offset) VALUES (?,?,?,?,?) USING TIMESTAMP ?"""
    LIST = "INSERT INTO {saves_latest} (user_id, at_id, post_id) VALUES (?,?,?) USING TIMESTAMP ?"
    UNLIST = "DELETE FROM {saves_latest} USING TIMESTAMP ? WHERE user_id = ? AND at_id = ?"
    LATEST = "SELECT at_id, post_id FROM {saves_latest} WHERE user_id = ? AND at_id < ? LIMIT ?"

    def _edge(self, change: SavesChange) -> tuple[int, int, bool, int]:
        return change.user_id, change.post_id, change.saved, change.at_id

    async def saved(self, user_id: int, post_ids: Collection[int]) -> Collection[int]:
        return await self._held_among(user_id, post_ids)

    async def posts(self, user_id: int, before: int | None, limit: int) -> Page[int]:
        return await self._latest(user_id, before, limit)
