"""The API process of a distributed system put together: it appends, and it reads views that workers keep up. Any number of these
serve side by side.
"""

import asyncio
from functools import partial
from typing import Any

import structlog

from api.health import Readiness
from api.metrics import Metrics
from api.rates import LocalRates, SharedRates
from events.ids import Clock, Ids, system_clock
from events.topics import TOPICS, USER_TOPICS
from projectors.catalogue import BY_NAME
from projectors.engines.polled import PolledProgress
from runtime.background import Background, Failure
from runtime.cluster import Cluster, connected, patiently
from runtime.lag import lag_count
from runtime.live import LiveViews
from runtime.metrics import registry_of
from runtime.ops import Watch, Watched
from runtime.settings import Settings
from runtime.system import Reading, Stores, make_services
from runtime.system_state import look
from runtime.upkeep import REFRESH_S
from runtime.web import Routes, make_app
from stores.argon2.passwords import Argon2Passwords, Cost
from stores.cassandra.idempotency import CassandraIdempotencyKeys
from stores.cassandra.presence import Presence
from stores.ports.errors import StoreError
from stores.ports.together import at_once
from stores.ports.watch import unwatched
from stores.redis.rates import RedisRates

_LOOK_EVERY_S = 0.25
_logger = structlog.get_logger(__name__)


class Distributed:
    """`app` is the ASGI application. Made by `distributed`."""

    def __init__(
        self,
        cluster: Cluster,
        presence: Presence,
        stores: Stores,
        live: LiveViews,
        routes: Routes,
        clock: Clock,
    ) -> None:
        settings = cluster.settings
        self._cluster, self._presence, self._live = cluster, presence, live
        self.failure = Failure()
        self._background = Background(self.failure.tell)
        self._looking: asyncio.Future[Readiness] | None = None
        self._looked_until_s = 0.0
        self._passwords = Argon2Passwords(Cost(memory_kib=settings.password_memory_kib))
        ids = Ids(presence.shard, clock)
        presence.on_move(ids.move)
        reading = reading_of(live)
        self._services = make_services(stores, reading, self._passwords, ids, clock)
        is_watched = settings.operator_password is not None and routes != "write"
        self._watch = _made_watch(cluster, clock) if is_watched else None
        self.app = make_app(
            settings,
            self._services,
            CassandraIdempotencyKeys(cluster.cassandra, presence),
            SharedRates(RedisRates(cluster.redis), LocalRates(clock)),
            partial(cluster.log.ends, USER_TOPICS),
            None,
            stores.secret,
            self._readiness,
            Metrics(registry_of(), partial(look, cluster, live)),
            self._watch,
            routes,
        )

    async def start(self) -> None:
        self._background.start((), ((self._live.refresh, REFRESH_S),))
        self._background.once(self._presence.hold())
        if self._watch is not None:
            self._watch.start()

    async def stop(self) -> None:
        if self._watch is not None:
            await self._watch.close()
        await self._background.stop()
        await self._services.seen.close()
        self._passwords.close()
        await self._presence.leave()
        await self._cluster.close()

    async def _readiness(self) -> Readiness:
        """Everybody may ask: who asks within a moment is told the same, and a store that hangs is asked once."""
        now_s = asyncio.get_running_loop().time()
        if self._looking is None or (self._looking.done() and now_s >= self._looked_until_s):
            self._looking = asyncio.ensure_future(self._looked_at())
            self._looked_until_s = now_s + _LOOK_EVERY_S
        return await asyncio.shield(self._looking)

    async def _looked_at(self) -> Readiness:
        try:
            lag = await lag_of(self._cluster, self._live)
        except StoreError as error:
            _logger.warning("not ready", error=str(error))
            return Readiness(("a store does not answer; see the log",))
        reasons = ("a background job failed; see the log",) if self.failure.is_there else ()
        return Readiness(reasons, lag, tuple(self._live.due()))


async def distributed(settings: Settings, routes: Routes) -> Distributed:
    """Waits for Cassandra, whose word is needed for everything; raises OperatorError when it was not prepared."""
    cluster = await patiently("Cassandra", partial(connected, settings))
    live = LiveViews(cluster.registry, cluster.served)
    await patiently("registry", live.refresh)
    presence = await patiently("presence", partial(Presence.enter, cluster.cassandra))
    stores = await patiently("secrets", partial(stores_of, cluster))
    return Distributed(cluster, presence, stores, live, routes, system_clock)


def _made_watch(cluster: Cluster, clock: Clock) -> Watch:
    """Certificates lie wherever somebody verified: what came out is on the log."""

    def close_view(view: Any) -> None:
        """Its connections are the cluster's."""

    return Watch(
        Watched(cluster.registry, cluster.log, cluster.view, close_view, cluster.is_replayed, None), clock
    )


def reading_of(live: LiveViews) -> Reading:
    progress = PolledProgress({name: p.topics for name, p in BY_NAME.items()}, live.stands)
    return Reading(live.views, progress, unwatched, at_once)


async def stores_of(cluster: Cluster) -> Stores:
    configured = cluster.settings.secret
    return Stores(
        log=cluster.log,
        keys=cluster.keys,
        credentials=cluster.credentials,
        sessions=cluster.sessions,
        reactor_positions=cluster.reactor_positions,
        objects=cluster.objects,
        secret=await cluster.secrets.secret("secret")
        if configured is None
        else configured.get_secret_value().encode(),
        names_secret=await cluster.secrets.secret("names"),
    )


async def lag_of(cluster: Cluster, live: LiveViews) -> dict[str, int]:
    """Events that each live view has still to apply."""
    ends = await cluster.log.ends(TOPICS)
    stands = await asyncio.gather(*map(live.stands, BY_NAME))
    return {name: lag_count(name, ends, stood) for name, stood in zip(BY_NAME, stands, strict=True)}
