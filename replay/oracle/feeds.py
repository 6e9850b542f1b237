"""What a home feed must show, told from the plain list of events: its definition and nothing else.

Shares no code with the folds or the stores. `events` is in the order of the log for events of one follower and of one author.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from heapq import nlargest
from itertools import chain

from events.envelope import Envelope
from replay.oracle.graph import graph
from replay.oracle.posts import posts


def feeds(events: Sequence[Envelope], reader_ids: Iterable[int]) -> dict[int, list[int]]:
    """By reader, the posts of everybody they follow now, the newest first."""
    following, made = graph(events).following, by_author(events)
    count = sum(map(len, made.values()))
    return {reader: newest(made, following.get(reader, ()), count) for reader in reader_ids}


def by_author(events: Sequence[Envelope]) -> dict[int, list[int]]:
    """The posts that there are, by author, by rising id."""
    made: dict[int, list[int]] = {}
    for post_id, post in sorted(posts(events).items()):
        made.setdefault(post["author_id"], []).append(post_id)
    return made


def newest(made: Mapping[int, Sequence[int]], author_ids: Collection[int], count: int) -> list[int]:
    """The newest posts of these authors together, so many at most."""
    return nlargest(count, chain.from_iterable(made.get(author, ())[-count:] for author in author_ids))
