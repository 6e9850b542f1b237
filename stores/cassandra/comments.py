"""Comments in Cassandra: a row per comment in the partition of the post and the comment's bucket. A deleted one stays, with nothing
in it that anybody wrote."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import ClassVar, assert_never

from cassandra.query import UNSET_VALUE

from events.ids import MAX_ID
from stores.cassandra.buckets import BUCKETS, bucket_of, newest_page, oldest_page
from stores.cassandra.counting import COUNT_ID, CountingView, Told
from stores.cassandra.session import Row, Statement
from stores.cassandra.view import delete_stamp, member, only, value_stamp
from stores.ports.comments import (
    Comment,
    CommentGone,
    CommentOrder,
    CommentPut,
    CommentsChange,
    CommentTextSet,
)
from stores.ports.page import Page

_COLUMNS = "comment_id, post_id, commenter_id, text, created_at_ms, edited_at_ms"
_OF_PART = "WHERE post_id = ? AND bucket = ?"
_PUT = f"INSERT INTO {{comments}} ({_COLUMNS}, bucket, gone) VALUES (?,?,?,?,?,?,?,false) USING TIMESTAMP ?"
_CLEAR = f"DELETE FROM {{comments}} USING TIMESTAMP ? {_OF_PART} AND comment_id = ?"
_BURY = "INSERT INTO {comments} (post_id, bucket, comment_id, gone) VALUES (?,?,?,true) USING TIMESTAMP ?"
_SET_COUNT = """INSERT INTO {comments} (post_id, bucket, comment_id, count, fence) VALUES (?,?,?,?,?)
                USING TIMESTAMP ?"""
_GET = f"SELECT {_COLUMNS}, gone FROM {{comments}} {_OF_PART} AND comment_id = ?"
_OLDEST = f"""SELECT {_COLUMNS} FROM {{comments}} {_OF_PART} AND comment_id > ? AND gone = false
              LIMIT ? ALLOW FILTERING"""
_NEWEST = f"""SELECT {_COLUMNS} FROM {{comments}} {_OF_PART} AND comment_id > {COUNT_ID} AND comment_id < ? AND gone = false
              ORDER BY comment_id DESC LIMIT ? ALLOW FILTERING"""
"""What is filtered out are rows of one partition, one after the other."""


@dataclass(slots=True)
class _Part:
    """One partition: its comments, as far as the batch asks, how many there are, and the last event counted."""

    post_id: int
    bucket: int
    comments: dict[int, Comment | None] = field(default_factory=dict)
    """None: gone."""
    count: int = 0
    fence: int = -1

    def know(self, id_: int, columns: Row) -> None:
        gone, *rest = columns
        self.comments[id_] = None if gone else Comment(id_, self.post_id, *rest)

    def fold(self, told: Told[CommentsChange]) -> list[Statement]:
        touched: dict[int, int] = {}
        fence_before = self.fence
        for offset, change in told:
            touched[change.comment_id] = max(offset, fence_before)
            if offset > self.fence:
                self.fence = offset
                self._take_up(change)
        kept = [
            statement for at in touched.items() if at[0] in self.comments for statement in self._kept(*at)
        ]
        return [*kept, self._counted()]

    def elsewhere(self, told: Told[CommentsChange]) -> Iterable[Statement]:
        return ()

    def _take_up(self, change: CommentsChange) -> None:
        is_known, known = change.comment_id in self.comments, self.comments.get(change.comment_id)
        match change:
            case CommentPut():
                if not is_known:
                    self.comments[change.comment_id] = _comment(change)
                    self.count += 1
            case CommentTextSet():
                if known is not None:
                    edited = replace(known, text=change.text, edited_at_ms=change.edited_at_ms)
                    self.comments[change.comment_id] = edited
            case CommentGone():
                if known is not None:
                    self.count -= 1
                self.comments[change.comment_id] = None
            case _:
                assert_never(change)

    def _kept(self, comment_id: int, offset: int) -> Iterable[Statement]:
        comment = self.comments[comment_id]
        if comment is None:
            yield _CLEAR, (delete_stamp(offset), self.post_id, self.bucket, comment_id)
            yield _BURY, (self.post_id, self.bucket, comment_id, value_stamp(offset))
        else:
            yield _PUT, (*_row(comment), self.bucket, value_stamp(offset))

    def _counted(self) -> Statement:
        row = (self.post_id, self.bucket, COUNT_ID, self.count, self.fence, value_stamp(self.fence))
        return _SET_COUNT, row


def _comment(put: CommentPut) -> Comment:
    return Comment(put.comment_id, put.post_id, put.commenter_id, put.text, put.created_at_ms, None)


def _row(comment: Comment) -> Sequence[object]:
    edited_at_ms = UNSET_VALUE if comment.edited_at_ms is None else comment.edited_at_ms
    return (
        comment.comment_id,
        comment.post_id,
        comment.commenter_id,
        comment.text,
        comment.created_at_ms,
        edited_at_ms,
    )


class CassandraComments(CountingView[CommentsChange]):
    PROJECTION = "comments"
    TABLES: ClassVar[Mapping[str, str]] = {
        "comments": """(post_id bigint, bucket int, comment_id bigint, commenter_id bigint, text text,
                        created_at_ms bigint, edited_at_ms bigint, gone boolean, count bigint, fence bigint,
                        PRIMARY KEY ((post_id, bucket), comment_id))""",
    }
    HELD = (
        (
            member("post"),
            f"SELECT post_id, comment_id FROM {{comments}} WHERE comment_id > {COUNT_ID} ALLOW FILTERING",
        ),
        (only("post"), "SELECT DISTINCT post_id, bucket FROM {comments}"),
    )
    READ = """SELECT post_id, comment_id, count, fence, gone, commenter_id, text, created_at_ms, edited_at_ms
              FROM {comments} WHERE post_id IN ? AND bucket = ? AND comment_id IN ?"""
    COUNTS = f"""SELECT post_id, bucket, count, fence FROM {{comments}}
                 WHERE post_id IN ? AND bucket IN ? AND comment_id = {COUNT_ID}"""

    def _counted(self, change: CommentsChange) -> tuple[int, int]:
        return change.post_id, change.comment_id

    def _part(self, post_id: int, bucket: int) -> _Part:
        return _Part(post_id, bucket)

    async def get(self, post_id: int, comment_id: int) -> Comment | None:
        for *comment, gone in await self._rows(_GET, post_id, bucket_of(comment_id), comment_id):
            return None if gone else Comment(*comment)
        return None

    async def page(self, post_id: int, order: CommentOrder, after: int | None, limit: int) -> Page[Comment]:
        match order:
            case "oldest":
                return oldest_page(await self._listed(_OLDEST, post_id, after or COUNT_ID, limit), limit)
            case "newest":
                return newest_page(await self._listed(_NEWEST, post_id, after or MAX_ID, limit), limit)
            case _:
                assert_never(order)

    async def _listed(
        self, cql: str, post_id: int, bound: int, limit: int
    ) -> Sequence[Sequence[tuple[int, Comment]]]:
        lists = await asyncio.gather(
            *(self._rows(cql, post_id, bucket, bound, limit + 1) for bucket in BUCKETS)
        )
        return [[_keyed(row) for row in rows] for rows in lists]


def _keyed(row: Row) -> tuple[int, Comment]:
    return row[0], Comment(*row)
