"""How far views and reactors are from the log's end, in events."""

from collections.abc import Collection

from producers.reactors.media import MEDIA_REACTORS
from projectors.catalogue import BY_NAME
from stores.ports.log import Positions

REACTED_TO = {each.name: frozenset(event.topic for event in each.events) for each in MEDIA_REACTORS}
"""The topics of each reactor."""


def lag_count(projection: str, ends: Positions, stands: Positions) -> int:
    """Events that a view which stands there has still to apply. The ends may be older than where it stands."""
    return _left_count(BY_NAME[projection].topics, ends, stands)


def reactor_lag_count(reactor: str, ends: Positions, stands: Positions) -> int:
    """Events that a reactor has still to look at, those among them that are not due yet."""
    return _left_count(REACTED_TO[reactor], ends, stands)


def _left_count(topics: Collection[str], ends: Positions, stands: Positions) -> int:
    return sum(max(0, end - stands.get(at, -1)) for at, end in ends.items() if at[0] in topics)


def log_count(ends: Positions) -> dict[str, int]:
    """Events on the log, by topic."""
    found: dict[str, int] = {}
    for (topic, _), end in ends.items():
        found[topic] = found.get(topic, 0) + end + 1
    return found
