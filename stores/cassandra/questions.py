"""What is asked for together: many keys, or different rows of many partitions. A query for rows names partitions and ids apart, and
looks for every id in every partition.
"""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence

from stores.cassandra.session import Row

KEYS_AT_ONCE = 100
"""In one query: each is a partition that its coordinator has to ask for."""
PARTITIONS_AT_ONCE = 20
ROWS_AT_ONCE = 500
"""Looked for in one query: most of them are not there."""

Ask = Callable[..., Awaitable[list[Row]]]
"""A query with its values."""


def questions(asked: Mapping[int, Collection[int]]) -> Iterable[tuple[Sequence[int], Collection[int]]]:
    """Keys of partitions and ids that are asked for together; `asked` are the ids by partition.

    Those of which little is asked come first, so that they share a query.
    """
    keys: list[int] = []
    together: set[int] = set()
    for key, ids in sorted(asked.items(), key=lambda item: len(item[1])):
        is_full = (len(keys) + 1) * len(together | set(ids)) > ROWS_AT_ONCE
        if keys and (is_full or len(keys) == PARTITIONS_AT_ONCE):
            yield keys, together
            keys, together = [], set()
        keys.append(key)
        together.update(ids)
    if keys:
        yield keys, together


async def of_keys(ask: Ask, cql: str, keys: Collection[object], *values: object) -> list[Row]:
    """What the query (... IN ? ...) gives for as many keys as there are, in no order."""
    wanted = list(keys)
    parts = (wanted[start : start + KEYS_AT_ONCE] for start in range(0, len(wanted), KEYS_AT_ONCE))
    lists = await asyncio.gather(*(ask(cql, part, *values) for part in parts))
    return [row for rows in lists for row in rows]
