"""How a distributed system stands, for whoever scrapes an API process: everything is asked at once, and waited for a short time.
Who does not answer is said to be away; what only it knows is left out.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from time import perf_counter
from typing import Any

from api.metrics import SystemState
from events.topics import TOPICS
from projectors.catalogue import BY_NAME
from runtime.cluster import Cluster
from runtime.lag import REACTED_TO, lag_count, log_count, reactor_lag_count
from runtime.live import LiveViews
from stores.ports.errors import StoreError
from stores.ports.log import Positions
from stores.ports.view import offsets_of
from stores.redis.client import ping

_WITHIN_S = 2.0
_NO_OBJECT = "originals/1/metrics"
"""The key of no object."""

Ask = Callable[[], Awaitable[Any]]
Answer = tuple[Any, float]
"""What was found, and the seconds that it took."""


async def look(cluster: Cluster, live: LiveViews) -> SystemState:
    services: dict[str, Ask] = {
        "kafka": partial(cluster.log.ends, TOPICS),
        "cassandra": cluster.registry.generations,
        "redis": partial(ping, cluster.redis),
        "s3": partial(cluster.objects.stored, _NO_OBJECT),
    }
    views: dict[str, Ask] = {name: partial(_standing, live.view(name)) for name in BY_NAME}
    reactors: dict[str, Ask] = {name: partial(cluster.reactor_positions.get, name) for name in REACTED_TO}
    answers, standings, reached = await asyncio.gather(
        _answers(services), _answers(views), _answers(reactors)
    )
    ends: Positions = answers["kafka"][0] if "kafka" in answers else {}
    return SystemState(
        answer_s={name: answers[name][1] if name in answers else None for name in services},
        log_count=log_count(ends),
        lag_count={
            name: lag_count(name, ends, stands) for name, ((stands, _), _) in standings.items() if ends
        },
        parked_keys_count={name: parked_count for name, ((_, parked_count), _) in standings.items()},
        reactor_lag_count={
            name: reactor_lag_count(name, ends, stands) for name, (stands, _) in reached.items() if ends
        },
    )


async def _standing(view: Any) -> tuple[Positions, int]:
    """Where the view stands, and how many keys are parked."""
    positions, keys = await asyncio.gather(view.positions(), view.parked_keys())
    return offsets_of(positions), len(keys)


async def _answers(asked: Mapping[str, Ask]) -> dict[str, Answer]:
    """Of those who answer."""
    found = zip(asked, await asyncio.gather(*map(_answer, asked.values())), strict=True)
    return {name: answer for name, answer in found if answer is not None}


async def _answer(ask: Ask) -> Answer | None:
    begun = perf_counter()
    try:
        async with asyncio.timeout(_WITHIN_S):
            return await ask(), perf_counter() - begun
    except (StoreError, TimeoutError):
        return None
