"""What must hold between two things that are joined and parted again: likes, saves, follows.

Shares no code with the folds or the stores. Joining what is joined changes nothing, not even since when it is.
"""

from collections.abc import Hashable, Iterable, Mapping
from typing import TypeVar

P = TypeVar("P", bound=Hashable)


def joined(acts: Iterable[tuple[P, bool, int]]) -> dict[P, int]:
    """(pair, joined or parted, id of the event), in the order of the log for each pair; gives since which id each is joined."""
    since: dict[P, int] = {}
    for pair, joins, id_ in acts:
        if not joins:
            since.pop(pair, None)
        elif pair not in since:
            since[pair] = id_
    return since


def latest_first(since: Mapping[tuple[int, int], int]) -> dict[int, list[int]]:
    """By the first of each pair, the second ones that are joined to it. Who is joined to nobody is absent."""
    lists: dict[int, list[int]] = {}
    for _, first, second in sorted(((id_, *pair) for pair, id_ in since.items()), reverse=True):
        lists.setdefault(first, []).append(second)
    return lists
