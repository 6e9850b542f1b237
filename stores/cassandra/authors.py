"""The posts of each author in Cassandra: one partition with the ids of all of them, and one more row with how many there are and
the fence, which is the last event counted. What the posts say is not known here.

A batch reads the partition's rows together and writes what changed as one batch of it, which is atomic: rows and count are what the
log says at the fence, whoever wrote them. Posts that were deleted stand apart, so that no list has to pass over them.

A reader may follow thousands of authors; almost all of a page comes from a few of them. So every author gives one candidate, and
only the authors of the best candidates are read further.
"""

import asyncio
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from heapq import nlargest
from itertools import chain
from typing import TypeVar, assert_never

from events.ids import MAX_ID
from stores.cassandra.buckets import newest_page
from stores.cassandra.questions import of_keys, questions
from stores.cassandra.session import Statement
from stores.cassandra.view import CassandraView, delete_stamp, value_stamp
from stores.ports.page import Page
from stores.ports.timelines import PostGone, PostPut

TABLE = """(author_id bigint, state text, post_id bigint, count bigint, fence bigint,
            PRIMARY KEY (author_id, state, post_id)) WITH CLUSTERING ORDER BY (state ASC, post_id DESC)"""
"""`state` is listed, gone or count."""

_COUNT_ID = 0
"""Stands in the row of the count where the others have a post's id; ids begin at 1."""
_READ = """SELECT author_id, state, post_id, count, fence FROM {timelines}
           WHERE author_id IN ? AND state IN ('count', 'gone', 'listed') AND post_id IN ?"""
_LIST = "INSERT INTO {timelines} (author_id, state, post_id) VALUES (?,'listed',?) USING TIMESTAMP ?"
_UNLIST = "DELETE FROM {timelines} USING TIMESTAMP ? WHERE author_id = ? AND state = 'listed' AND post_id = ?"
_BURY = "INSERT INTO {timelines} (author_id, state, post_id) VALUES (?,'gone',?) USING TIMESTAMP ?"
_SET_COUNT = f"""INSERT INTO {{timelines}} (author_id, state, post_id, count, fence) VALUES (?,'count',{_COUNT_ID},?,?)
                 USING TIMESTAMP ?"""
_COUNTS = f"""SELECT author_id, count FROM {{timelines}}
              WHERE author_id IN ? AND state = 'count' AND post_id = {_COUNT_ID}"""
_OF_AUTHOR = """SELECT post_id, author_id FROM {timelines} WHERE author_id = ? AND state = 'listed' AND post_id < ?
                LIMIT ?"""
_OF_AUTHORS = """SELECT post_id, author_id FROM {timelines} WHERE author_id IN ? AND state = 'listed' AND post_id >= ?
                 AND post_id < ? PER PARTITION LIMIT ?"""

Told = Sequence[tuple[int, PostPut | PostGone]]
"""With offsets, in order."""
C = TypeVar("C")


@dataclass(slots=True)
class _Author:
    """One partition: posts, as far as the batch asks, how many are listed, and the last event counted."""

    author_id: int
    is_gone: dict[int, bool] = field(default_factory=dict)
    count: int = 0
    fence: int = -1

    def know(self, state: str, post_id: int, count: int, fence: int) -> None:
        """A row of it."""
        if state == "count":
            self.count, self.fence = count, fence
        else:
            self.is_gone[post_id] = state == "gone" or self.is_gone.get(post_id, False)

    def fold(self, told: Told) -> list[Statement]:
        """What has to be written. A post is listed once and then gone, so what is taken up again changes nothing."""
        for offset, change in told:
            self.fence = max(self.fence, offset)
            self._take_up(change)
        written = (self._written(post_id) for post_id in {change.post_id for _, change in told})
        return [*chain.from_iterable(written), self._counted()]

    def _take_up(self, change: PostPut | PostGone) -> None:
        match change:
            case PostPut(post_id):
                if post_id not in self.is_gone:
                    self.is_gone[post_id] = False
                    self.count += 1
            case PostGone(post_id):
                if self.is_gone.get(post_id) is False:
                    self.count -= 1
                self.is_gone[post_id] = True
            case _:
                assert_never(change)

    def _written(self, post_id: int) -> Iterable[Statement]:
        if self.is_gone[post_id]:
            yield _UNLIST, (delete_stamp(self.fence), self.author_id, post_id)
            yield _BURY, (self.author_id, post_id, value_stamp(self.fence))
        else:
            yield _LIST, (self.author_id, post_id, value_stamp(self.fence))

    def _counted(self) -> Statement:
        return _SET_COUNT, (self.author_id, self.count, self.fence, value_stamp(self.fence))


class AuthorsView(CassandraView[C]):
    async def _author_writes(self, told: Mapping[int, Told]) -> Sequence[Sequence[Statement]]:
        """What has to be written, for each author, as their partitions are now."""
        authors = {author_id: _Author(author_id) for author_id in told}
        asked = {
            author_id: {_COUNT_ID, *(change.post_id for _, change in some)}
            for author_id, some in told.items()
        }
        lists = await asyncio.gather(
            *(self._rows(_READ, author_ids, list(ids)) for author_ids, ids in questions(asked))
        )
        for author_id, state, post_id, count, fence in chain.from_iterable(lists):
            authors[author_id].know(state, post_id, count, fence)
        return [author.fold(told[author_id]) for author_id, author in authors.items()]

    async def of_author(self, author_id: int, before: int | None, limit: int) -> Page[int]:
        rows = await self._rows(_OF_AUTHOR, author_id, MAX_ID if before is None else before, limit + 1)
        return newest_page([[(post_id, post_id) for post_id, _ in rows]], limit)

    async def of_authors(
        self, author_ids: Collection[int], before: int | None, limit: int
    ) -> Sequence[tuple[int, int]]:
        """Two rounds of queries, each query for up to a hundred authors. The second reads nothing below the least candidate."""
        bound = MAX_ID if before is None else before
        candidates = await of_keys(self._rows, _OF_AUTHORS, author_ids, 0, bound, 1)
        best = nlargest(limit, candidates)
        least_id = best[-1][0] if len(best) == limit else 0
        authors = [author_id for _, author_id in best]
        rows = await of_keys(self._rows, _OF_AUTHORS, authors, least_id, bound, limit)
        return [(post_id, author_id) for post_id, author_id in nlargest(limit, rows)]

    async def post_counts(self, author_ids: Collection[int]) -> Mapping[int, int]:
        return dict(await of_keys(self._rows, _COUNTS, author_ids))
