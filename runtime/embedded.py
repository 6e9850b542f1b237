"""The embedded system put together: which parts there are, who is given what, in which order they start and stop."""

import asyncio
from functools import partial
from typing import Any

import structlog

from api.health import Readiness
from api.metrics import Metrics, SystemState
from api.rates import LocalRates
from events.ids import Ids, system_clock
from events.topics import TOPICS, USER_TOPICS
from projectors.catalogue import BY_NAME
from projectors.engines.embedded import EmbeddedEngine
from projectors.engines.progress import EmbeddedProgress, GenerationKey
from replay.operations import append_noted
from runtime.background import Background, Failure
from runtime.folder import Folder, is_held
from runtime.generations import Generations, Makers
from runtime.lag import REACTED_TO, lag_count, log_count, reactor_lag_count
from runtime.metrics import StepsCollector, registry_of
from runtime.ops import Watch, Watched
from runtime.parts import view_makers
from runtime.settings import Settings
from runtime.system import Reading, Stores, make_registrations, make_runners, make_services
from runtime.upkeep import IDLE_S, REFRESH_S, REGISTRATIONS_S, idle_since_ms
from runtime.web import make_app
from stores.argon2.passwords import Argon2Passwords, Cost
from stores.files.objects import FilesObjects
from stores.pillow.pictures import PillowPictures
from stores.ports.together import in_turn
from stores.sqlite.credentials import SqliteCredentials
from stores.sqlite.idempotency import SqliteIdempotencyKeys
from stores.sqlite.keys import SqliteKeys
from stores.sqlite.log import SqliteLog
from stores.sqlite.reactor_positions import SqliteReactorPositions
from stores.sqlite.registry import SqliteRegistry
from stores.sqlite.sessions import SqliteSessions
from stores.sqlite.shards import take_shard
from stores.sqlite.state import open_state
from stores.sqlite.view import SqliteView
from stores.sqlite.watching import watching

_TOLD_EVERY_MS = 5_000
_logger = structlog.get_logger(__name__)


class Embedded:
    """`app` is the ASGI application. Made, started and stopped in the event loop that serves it."""

    def __init__(self, settings: Settings) -> None:
        folder = Folder(settings.data)
        folder.make()
        self._lock = folder.lock()
        self._settings = settings
        self.failure = Failure()
        self._loop = asyncio.get_running_loop()
        self._open_stores(folder)
        self._progress = EmbeddedProgress({name: p.topics for name, p in BY_NAME.items()})
        self._engine = EmbeddedEngine(self._progress, self._lane_failed)
        makers = Makers(BY_NAME, view_makers(settings), folder.view, self._log, self._keys)
        self._generations = Generations(self._registry, makers, self._engine, self._progress)
        self._background = Background(self.failure.tell)
        reading = Reading(self._generations.views, self._progress, watching, in_turn)
        ids = Ids(take_shard(self._state), system_clock)
        self._services = make_services(self._stores, reading, self._passwords, ids, system_clock)
        self._registrations = make_registrations(self._stores, reading, ids, system_clock)
        work = folder.fresh_work()
        self._runners = make_runners(self._stores, reading, self._pictures, work, ids, system_clock)
        self._watch = None if settings.operator_password is None else self._made_watch(folder)
        self.app = make_app(
            settings,
            self._services,
            self._idempotency_keys,
            LocalRates(system_clock),
            partial(self._log.ends, USER_TOPICS),
            self._objects,
            self._stores.secret,
            self._readiness,
            Metrics(registry_of(StepsCollector(self._engine.steps)), self._state_of_now),
            self._watch,
        )

    async def start(self) -> None:
        """Returns when every view that is fed shows what was acknowledged before: nobody is served from an older one."""
        self._objects.discard_unfinished()
        self._engine.start()
        self._log.on_append(self._engine.wake)
        await self._generations.begin()
        await self._catch_up()
        for runner in self._runners:
            self._log.on_append(runner.wake)
        upkeep = (
            (self._generations.refresh, REFRESH_S),
            (self._append_noted, REFRESH_S),
            (self._registrations.complete, REGISTRATIONS_S),
            (self._forget_idle, IDLE_S),
        )
        self._background.start(self._runners, upkeep)
        if self._watch is not None:
            self._watch.start()

    async def stop(self) -> None:
        """In the opposite order. What is not done is done after the next start."""
        if self._watch is not None:
            await self._watch.close()
        await self._background.stop()
        await self._services.seen.close()
        await self._pictures.close()
        self._engine.stop()
        self._log.close()
        self._generations.close()
        self._passwords.close()
        await self._idempotency_keys.close()
        self._state.close()
        self._lock.close()

    async def _catch_up(self) -> None:
        ends = await self._log.ends(TOPICS)
        fed = BY_NAME.keys() - self._generations.due()
        while not self.failure.is_there and not await self._progress.reached(fed, ends, _TOLD_EVERY_MS):
            behind = {name: await self._behind(name) for name in fed}
            _logger.info("catching up", behind={name: count for name, count in behind.items() if count})

    def _open_stores(self, folder: Folder) -> None:
        self._state = open_state(folder.state)
        self._keys = SqliteKeys(self._state)
        self._registry = SqliteRegistry(self._state)
        self._log = SqliteLog(folder.log, failed=self._log_failed)
        self._idempotency_keys = SqliteIdempotencyKeys(folder.idempotency)
        public_url = self._settings.media_base_url or None
        self._objects = FilesObjects(folder.objects, folder.secret("objects"), public_url=public_url)
        self._pictures = PillowPictures()
        self._passwords = Argon2Passwords(Cost(memory_kib=self._settings.password_memory_kib))
        configured = self._settings.secret
        self._stores = Stores(
            log=self._log,
            keys=self._keys,
            credentials=SqliteCredentials(self._state),
            sessions=SqliteSessions(self._state),
            reactor_positions=SqliteReactorPositions(self._state),
            objects=self._objects,
            secret=folder.secret("secret") if configured is None else configured.get_secret_value().encode(),
            names_secret=folder.secret("names"),
        )

    def _made_watch(self, folder: Folder) -> Watch:
        """It opens the views' files for itself, as a command beside this server does: no engine waits for it, nor it for them."""
        makers = view_makers(self._settings)

        def open_view(projection: str, number: int) -> SqliteView[Any] | None:
            path = folder.view(projection, number)
            is_made = path.exists() and path.stat().st_size > 0  # else a replay is about to make it
            return makers[projection](path) if is_made else None

        async def is_replayed(projection: str) -> bool:
            return is_held(folder.replay_lock(projection))

        certificates = folder.path / "certificates"
        watched = Watched(self._registry, self._log, open_view, SqliteView.close, is_replayed, certificates)
        return Watch(watched, system_clock)

    async def _forget_idle(self) -> None:
        for feeds in self._generations.feeds():
            await feeds.forget_idle(idle_since_ms(self._settings.idle_days, system_clock))

    async def _append_noted(self) -> None:
        """What an operator did beside this server: nobody else appends to its log."""
        await append_noted(self._registry, self._log)

    async def _readiness(self) -> Readiness:
        lag = {name: await self._behind(name) for name in BY_NAME}
        reasons = ("a projection or a background job failed; see the log",) if self.failure.is_there else ()
        return Readiness(reasons, lag, tuple(self._generations.due()))

    async def _behind(self, projection: str) -> int:
        ends = await self._log.ends(BY_NAME[projection].topics)
        return lag_count(projection, ends, self._progress.positions(self._live(projection)))

    async def _state_of_now(self) -> SystemState:
        steps = self._engine.steps()
        live = {name: steps[self._live(name)] for name in BY_NAME if self._live(name) in steps}
        ends, reached = await self._log.ends(TOPICS), self._stores.reactor_positions
        return SystemState(
            log_count=log_count(ends),
            lag_count={name: await self._behind(name) for name in BY_NAME},
            parked_keys_count={name: step.parked_keys_count for name, step in live.items()},
            reactor_lag_count={
                name: reactor_lag_count(name, ends, await reached.get(name)) for name in REACTED_TO
            },
        )

    def _live(self, projection: str) -> GenerationKey:
        return projection, self._generations.live_number(projection)

    def _log_failed(self, error: BaseException) -> None:
        """In the log's thread."""
        self._loop.call_soon_threadsafe(self.failure.tell, error)

    def _lane_failed(self, generation: GenerationKey, error: BaseException) -> None:
        """In the engine's thread."""
        self._loop.call_soon_threadsafe(self._judge_lane, generation, error)

    def _judge_lane(self, generation: GenerationKey, error: BaseException) -> None:
        projection, number = generation
        if self._generations.live_number(projection) == number:
            self.failure.tell(error)
        else:
            self._background.once(self._set_aside(generation, error))

    async def _set_aside(self, generation: GenerationKey, error: BaseException) -> None:
        """Nobody feeds the generation any more: fatal if it has been made live in this moment."""
        await self._registry.mark(*generation, "broken")
        live = [(g.projection, g.number) for g in await self._registry.generations() if g.state == "live"]
        if generation in live:
            self.failure.tell(error)
