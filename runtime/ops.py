"""How the system stands, for the operators' page, as one process that serves sees it. It looks every few seconds, keeps of the last
hour how far the live views were behind, and asks for the rest when an operator does. It writes nothing and appends nothing.

Who does not answer within two seconds is away; what only it knows is left out.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from time import monotonic
from typing import Any, TypeVar

from api.ops_state import Built, Look, OpsState, Parked, Standing
from events.ids import Clock
from events.topics import TOPICS
from projectors.catalogue import BY_NAME
from projectors.engines.progress import GenerationKey
from replay.operations import Seals, latest
from runtime import ops_told
from runtime.background import Background
from runtime.due import is_rebuild_due
from runtime.lag import lag_count
from stores.ports.errors import StoreError
from stores.ports.log import LogReader, Positions
from stores.ports.registry import FED, Generation, Registry
from stores.ports.view import ParkedEvent, offsets_of

EVERY_S = 5.0
KEPT_S = 3600.0
PARKED_COUNT = 100
"""Parked events that are shown."""
_FRESH_S = 1.0
"""Operators who look at the same time are shown the same."""
_PACE_S = 30.0
_WITHIN_S = 2.0

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Watched:
    """`open_view` gives None for a generation that has no store yet. `is_replayed`: whether some command is at a projection's
    generations. `certificates` is a folder, if there is one.
    """

    registry: Registry
    log: LogReader
    open_view: Callable[[str, int], Any]
    close_view: Callable[[Any], None]
    is_replayed: Callable[[str], Awaitable[bool]]
    certificates: Path | None


@dataclass(frozen=True, slots=True)
class _Seen:
    at_s: float
    standings: Sequence[Standing] | None = None
    lag: Mapping[str, int] = field(default_factory=dict)
    applied: Mapping[GenerationKey, int] = field(default_factory=dict)


class Watch:
    """Made in the event loop that uses it. Needs `close`."""

    def __init__(self, watched: Watched, clock: Clock, seconds: Callable[[], float] = monotonic) -> None:
        self._watched, self._clock, self._seconds = watched, clock, seconds
        self._opened: dict[GenerationKey, Any] = {}
        self._kept: deque[_Seen] = deque()
        self._now: _Seen | None = None
        self._since_ms = clock()
        self._seals = Seals(watched.registry, watched.log)
        self._looking = asyncio.Lock()
        self._background = Background(_no_harm)

    def start(self) -> None:
        self._background.start((), ((self.look, EVERY_S),))

    async def look(self) -> None:
        """Whoever asks also has it look: what is kept does not get denser by that."""
        async with self._looking:
            if self._now is None or self._seconds() >= self._now.at_s + _FRESH_S:
                self._now = await self._seen()
                self._keep(self._now)

    async def state(self) -> OpsState:
        await self.look()
        now, watched = self._now, self._watched
        assert now is not None
        parked = None if now.standings is None else await _asked(partial(self._parked, now.standings))
        events = await _asked(partial(latest, watched.registry, watched.log, ops_told.SHOWN_COUNT))
        seals = await _asked(self._seals.known) if watched.certificates else ()
        certificates = partial(ops_told.verified, events or (), seals or (), watched.certificates)
        return OpsState(
            at_ms=self._clock(),
            since_ms=self._since_ms,
            apart_s=EVERY_S,
            standings=now.standings,
            builds=None if now.standings is None else await self._builds(now, now.standings),
            lag=self._lag(now),
            parked=None if parked is None else parked[:PARKED_COUNT],
            parked_count=len(parked or ()),
            verified=None if events is None or seals is None else await asyncio.to_thread(certificates),
            done=None if events is None else ops_told.done(events),
        )

    async def close(self) -> None:
        await self._background.stop()
        for view in self._opened.values():
            self._watched.close_view(view)

    def _keep(self, seen: _Seen) -> None:
        if seen.standings is None or (self._kept and seen.at_s < self._kept[-1].at_s + EVERY_S):
            return
        self._kept.append(_Seen(seen.at_s, None, seen.lag, seen.applied))
        while self._kept[0].at_s < seen.at_s - KEPT_S:
            self._kept.popleft()

    async def _seen(self) -> _Seen:
        at_s = self._seconds()
        generations = await _asked(self._watched.registry.generations)
        if generations is None:
            return _Seen(at_s)
        self._follow(generations)
        ends = await _asked(partial(self._watched.log.ends, TOPICS))
        standings = await asyncio.gather(*(self._standing(each, ends) for each in generations))
        return _Seen(
            at_s,
            standings,
            {
                s.projection: s.behind_count
                for s in standings
                if s.state == "live" and s.behind_count is not None
            },
            {(s.projection, s.generation): s.applied_count for s in standings if s.applied_count is not None},
        )

    def _follow(self, generations: Sequence[Generation]) -> None:
        """Open what is fed or built, close the rest."""
        wanted = {(g.projection, g.number) for g in generations if _is_watched(g)}
        for key in self._opened.keys() - wanted:
            self._watched.close_view(self._opened.pop(key))
        for key in wanted - self._opened.keys():
            with suppress(StoreError):  # as on a full disk; it is tried again
                view = self._watched.open_view(*key)
                if view is not None:
                    self._opened[key] = view

    async def _standing(self, generation: Generation, ends: Positions | None) -> Standing:
        view = self._opened.get((generation.projection, generation.number))
        found = None if view is None else await _asked(partial(_stands, view))
        stands, keys_count = (None, None) if found is None else found
        is_known = stands is not None and ends is not None
        return Standing(
            generation.projection,
            generation.number,
            generation.version,
            generation.state,
            is_rebuild_due(generation),
            None if stands is None else sum(offset + 1 for offset in stands.values()),
            lag_count(generation.projection, ends or {}, stands or {}) if is_known else None,
            keys_count,
        )

    async def _parked(self, standings: Sequence[Standing]) -> list[Parked]:
        with_some = [(s.projection, s.generation) for s in standings if s.parked_keys_count]
        opened = [(key, view) for key in with_some if (view := self._opened.get(key)) is not None]
        return [_parked(key, event) for key, view in opened for event in await _parked_in(view)]

    async def _builds(self, now: _Seen, standings: Sequence[Standing]) -> list[Built]:
        return [await self._built(now, it) for it in standings if it.state in ("building", "ready")]

    async def _built(self, now: _Seen, it: Standing) -> Built:
        is_replayed = await _asked(partial(self._watched.is_replayed, it.projection))
        rate = self._events_per_s(now, (it.projection, it.generation))
        left_s = it.behind_count / rate if rate and it.behind_count is not None else None
        return Built(
            it.projection,
            it.generation,
            it.state,
            is_replayed,
            it.applied_count,
            it.behind_count,
            rate,
            left_s,
        )

    def _events_per_s(self, now: _Seen, key: GenerationKey) -> float | None:
        """Of late."""
        earlier = [it for it in self._kept if now.at_s - _PACE_S <= it.at_s < now.at_s and key in it.applied]
        if not earlier or key not in now.applied:
            return None
        return (now.applied[key] - earlier[0].applied[key]) / (now.at_s - earlier[0].at_s)

    def _lag(self, now: _Seen) -> dict[str, list[Look]]:
        looks = [*(it for it in self._kept if it.at_s < now.at_s), now]
        at_s = self._seconds()
        return {
            name: [Look(at_s - it.at_s, it.lag[name]) for it in looks if name in it.lag] for name in BY_NAME
        }


def _no_harm(error: BaseException) -> None:
    """It is in the log of the process; nobody is served less because of it."""


async def _asked(call: Callable[[], Awaitable[T]]) -> T | None:
    try:
        async with asyncio.timeout(_WITHIN_S):
            return await call()
    except (StoreError, TimeoutError):
        return None


def _parked(key: GenerationKey, event: ParkedEvent) -> Parked:
    topic, number = event.partition
    return Parked(*key, topic, number, event.offset, event.key, event.reason, event.retry)


def _is_watched(generation: Generation) -> bool:
    return generation.projection in BY_NAME and (generation.state in FED or generation.state == "building")


async def _parked_in(view: Any) -> Sequence[ParkedEvent]:
    with view.answering():
        found: Sequence[ParkedEvent] = await view.parked()
    return found


async def _stands(view: Any) -> tuple[Positions, int]:
    """Where the view stands, and how many keys are parked."""
    with view.answering():
        positions, keys = await asyncio.gather(view.positions(), view.parked_keys())
    return offsets_of(positions), len(keys)
