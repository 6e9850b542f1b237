"""What is done to views now and then that follows from no event."""

from collections.abc import Callable

from events.ids import Clock
from stores.ports.feeds import FeedsUpkeep
from stores.ports.registry import FED, Registry

REFRESH_S = 1.0
"""Between two looks into the registry: so long a switch may go unseen."""
REGISTRATIONS_S = 60.0
IDLE_S = 3600.0
_DAY_MS = 24 * 3600 * 1000


async def forget_idle(
    registry: Registry, open_feeds: Callable[[str, int], FeedsUpkeep], idle_days: int, clock: Clock
) -> None:
    """Drop feeds of readers who were not here for so long, in every generation that grows: one that is being built has given a feed
    to everybody who ever registered.
    """
    for generation in await registry.generations():
        if generation.projection == "feeds" and generation.state in {*FED, "building"}:
            feeds = open_feeds(generation.projection, generation.number)
            await feeds.forget_idle(idle_since_ms(idle_days, clock))


def idle_since_ms(idle_days: int, clock: Clock) -> int:
    """Who was not here since then is idle."""
    return clock() - idle_days * _DAY_MS
