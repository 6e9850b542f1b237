"""Likes in Cassandra: a row per user in the partition of the post and the user's bucket, with the list by time beside it.

What a user likes is a table of its own.
"""

import asyncio
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import ClassVar

from events.ids import MAX_ID
from stores.cassandra.buckets import BUCKETS, newest_page
from stores.cassandra.counting import COUNT_ID, CountingView, Told
from stores.cassandra.session import Row, Statement
from stores.cassandra.view import delete_stamp, member, only, value_stamp
from stores.ports.likes import LikesChange
from stores.ports.page import Page

_SET = "INSERT INTO {likes} (post_id, bucket, user_id, at_id) VALUES (?,?,?,?) USING TIMESTAMP ?"
_UNSET = "DELETE FROM {likes} USING TIMESTAMP ? WHERE post_id = ? AND bucket = ? AND user_id = ?"
_SET_COUNT = (
    "INSERT INTO {likes} (post_id, bucket, user_id, count, fence) VALUES (?,?,?,?,?) USING TIMESTAMP ?"
)
_LIST = "INSERT INTO {likers} (post_id, bucket, at_id, user_id) VALUES (?,?,?,?) USING TIMESTAMP ?"
_UNLIST = "DELETE FROM {likers} USING TIMESTAMP ? WHERE post_id = ? AND bucket = ? AND at_id = ?"
_LIKES_OF = "INSERT INTO {likes_by_user} (user_id, post_id) VALUES (?,?) USING TIMESTAMP ?"
_LIKES_NOT = "DELETE FROM {likes_by_user} USING TIMESTAMP ? WHERE user_id = ? AND post_id = ?"
_LIKED = "SELECT post_id FROM {likes_by_user} WHERE user_id = ? AND post_id IN ?"
_LIKERS = "SELECT at_id, user_id FROM {likers} WHERE post_id = ? AND bucket = ? AND at_id < ? LIMIT ?"


@dataclass(slots=True)
class _Part:
    """One partition: who likes the post, as far as the batch asks, how many do, and the last event counted."""

    post_id: int
    bucket: int
    at_ids: dict[int, int] = field(default_factory=dict)
    count: int = 0
    fence: int = -1

    def know(self, id_: int, columns: Row) -> None:
        (self.at_ids[id_],) = columns

    def fold(self, told: Told[LikesChange]) -> list[Statement]:
        dropped: list[tuple[int, int]] = []
        touched: dict[int, int] = {}
        fence_before = self.fence
        for offset, like in told:
            user = like.user_id
            touched[user] = max(offset, fence_before)
            if offset <= self.fence:
                continue
            self.fence = offset
            if like.liked and user not in self.at_ids:
                self.at_ids[user] = like.at_id
                self.count += 1
            elif not like.liked and user in self.at_ids:
                dropped.append((self.at_ids.pop(user), offset))
                self.count -= 1
        return [*self._listed(touched), *(self._unlisted(*at) for at in dropped), self._counted()]

    def elsewhere(self, told: Told[LikesChange]) -> Iterable[Statement]:
        """What each user likes, stamped by the fence, which is at or beyond every offset here."""
        for user_id in {like.user_id for _, like in told}:
            if user_id in self.at_ids:
                yield _LIKES_OF, (user_id, self.post_id, value_stamp(self.fence))
            else:
                yield _LIKES_NOT, (delete_stamp(self.fence), user_id, self.post_id)

    def _listed(self, touched: Mapping[int, int]) -> Iterable[Statement]:
        place = (self.post_id, self.bucket)
        for user, offset in touched.items():
            at_id = self.at_ids.get(user)
            if at_id is None:
                yield _UNSET, (delete_stamp(offset), *place, user)
            else:
                yield _SET, (*place, user, at_id, value_stamp(offset))
                yield _LIST, (*place, at_id, user, value_stamp(offset))

    def _unlisted(self, at_id: int, offset: int) -> Statement:
        return _UNLIST, (delete_stamp(offset), self.post_id, self.bucket, at_id)

    def _counted(self) -> Statement:
        row = (self.post_id, self.bucket, COUNT_ID, self.count, self.fence, value_stamp(self.fence))
        return _SET_COUNT, row


class CassandraLikes(CountingView[LikesChange]):
    PROJECTION = "likes"
    TABLES: ClassVar[Mapping[str, str]] = {
        "likes": """(post_id bigint, bucket int, user_id bigint, at_id bigint, count bigint, fence bigint,
                     PRIMARY KEY ((post_id, bucket), user_id))""",
        "likers": """(post_id bigint, bucket int, at_id bigint, user_id bigint, PRIMARY KEY ((post_id, bucket), at_id))
                     WITH CLUSTERING ORDER BY (at_id DESC)""",
        "likes_by_user": "(user_id bigint, post_id bigint, PRIMARY KEY (user_id, post_id))",
    }
    HELD = (
        (member("user"), "SELECT user_id, post_id FROM {likes_by_user}"),
        (only("post"), "SELECT DISTINCT post_id, bucket FROM {likes}"),
        (only("post"), "SELECT DISTINCT post_id, bucket FROM {likers}"),
    )
    READ = """SELECT post_id, user_id, count, fence, at_id FROM {likes}
              WHERE post_id IN ? AND bucket = ? AND user_id IN ?"""
    COUNTS = f"""SELECT post_id, bucket, count, fence FROM {{likes}}
                 WHERE post_id IN ? AND bucket IN ? AND user_id = {COUNT_ID}"""

    def _counted(self, change: LikesChange) -> tuple[int, int]:
        return change.post_id, change.user_id

    def _part(self, post_id: int, bucket: int) -> _Part:
        return _Part(post_id, bucket)

    async def liked(self, user_id: int, post_ids: Collection[int]) -> Collection[int]:
        return {row[0] for row in await self._rows(_LIKED, user_id, list(post_ids))}

    async def likers(self, post_id: int, before: int | None, limit: int) -> Page[int]:
        bound = MAX_ID if before is None else before
        lists = (self._rows(_LIKERS, post_id, bucket, bound, limit + 1) for bucket in BUCKETS)
        return newest_page(await asyncio.gather(*lists), limit)
