"""How far views are from the log's end, in events."""

from projectors.catalogue import BY_NAME
from stores.ports.log import Positions


def lag_count(projection: str, ends: Positions, stands: Positions) -> int:
    """Events that a view which stands there has still to apply. The ends may be older than where it stands."""
    topics = BY_NAME[projection].topics
    return sum(max(0, end - stands.get(at, -1)) for at, end in ends.items() if at[0] in topics)


def log_count(ends: Positions) -> dict[str, int]:
    """Events on the log, by topic."""
    found: dict[str, int] = {}
    for (topic, _), end in ends.items():
        found[topic] = found.get(topic, 0) + end + 1
    return found
