"""Which partitions are asked for together, when different rows of each are wanted: a query names partitions and ids apart, and
looks for every id in every partition.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence

PARTITIONS_AT_ONCE = 20
ROWS_AT_ONCE = 500
"""Looked for in one query: most of them are not there."""


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
