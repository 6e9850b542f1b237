"""The system as the command line sees it, beside running servers or without one: the log, the registry and the views, to read,
and to build generations that nobody serves yet.

Nothing here appends but the records of what operators do, and nothing waits for a server or makes it wait. What a set-up has of its
own is said by its `Place`.
"""

from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import (
    AbstractAsyncContextManager,
    AbstractContextManager,
    asynccontextmanager,
    contextmanager,
)
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from events.ids import Ids
from projectors.catalogue import BY_NAME
from projectors.engines.progress import GenerationKey
from projectors.step import ALONE_BATCH_COUNT, ForeignLogError, Step, TooManyParkedError
from replay.rebuild import Report, Throttle, build
from runtime.due import is_rebuild_due
from runtime.errors import CommandError, OperatorError
from runtime.folder_place import opened_folder
from runtime.lag import lag_count
from runtime.settings import Settings, read_settings
from stores.ports.errors import StoreError, UnavailableError
from stores.ports.keys import Keys
from stores.ports.log import LogReader, Positions
from stores.ports.registry import FED, Generation, Registry
from stores.ports.together import Together
from stores.ports.view import offsets_of
from stores.ports.views import Views
from stores.sqlite.database import reading

_NOT_BEGUN = "start `photolog serve` once, or `photolog migrate` where there are workers"


class Place(Protocol):
    """Where a set-up keeps what the command line works with."""

    @property
    def log(self) -> LogReader: ...
    @property
    def registry(self) -> Registry: ...
    @property
    def keys(self) -> Keys: ...
    @property
    def together(self) -> Together:
        """How partitions of the log are read that are read at the same time."""

    @property
    def folder(self) -> Path | None:
        """Where the system keeps files of its own, if it does."""

    def open_view(self, projection: str, number: int) -> Any:
        """A view, and its reader."""

    async def prepare(self, projection: str, number: int) -> None:
        """Make what the store needs before the view is opened the first time."""

    async def remove(self, projection: str, number: int) -> None:
        """Everything that the view holds, also of one that cannot be opened any more. May be repeated."""

    def replaying(self, projection: str) -> AbstractAsyncContextManager[None]:
        """Held while a generation is built, switched to or dropped. Raises ReplayedElsewhereError."""

    async def is_replayed(self, projection: str) -> bool:
        """Whether somebody holds it. Keeps nobody from taking it."""

    def unfed(self) -> AbstractContextManager[object]:
        """Held while nobody else may feed the generations. Raises FolderInUseError when somebody does."""

    async def ids(self) -> Ids:
        """For what is done within the next seconds."""

    async def append_noted(self) -> None:
        """Bring to the log what the registry has noted; what cannot be appended now is by a server, sooner or later."""

    async def close(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a generation stands, and where the log's partitions end that it reads; counts are of events. `unreadable` says why its
    view cannot be read, if it cannot: then it stands nowhere.
    """

    generation: Generation
    stands: Positions
    ends: Positions
    applied_count: int
    behind_count: int
    parked_count: int
    unreadable: str | None

    @property
    def is_rebuild_due(self) -> bool:
        """It is live, and made by another version of its fold than this program has."""
        return is_rebuild_due(self.generation)


class Beside:
    def __init__(self, place: Place) -> None:
        self._place = place
        self._opened: dict[GenerationKey, Any] = {}
        self.log = place.log
        self.registry = place.registry
        self.keys = place.keys
        self.together = place.together
        self.folder = place.folder

    async def views(self) -> Views:
        """The views that are live now. Raises OperatorError where there are none yet."""
        live = {g.projection: g for g in await self.registry.generations() if g.state == "live"}
        if missing := sorted(BY_NAME.keys() - live.keys()):
            raise OperatorError(f"{', '.join(missing)} have no live generation; {_NOT_BEGUN}")
        return Views(**{name: self.view(live[name]) for name in BY_NAME})

    def view(self, generation: Generation) -> Any:
        """A generation's view, and its reader."""
        key = (generation.projection, generation.number)
        if key not in self._opened:
            self._opened[key] = self._place.open_view(*key)
        return self._opened[key]

    def fresh_view(self, generation: Generation) -> Any:
        """The same, opened anew: it remembers nothing of what it has read."""
        return self._place.open_view(generation.projection, generation.number)

    async def live(self, projection: str) -> Generation:
        """Raises OperatorError where there is none yet."""
        for generation in await self.generations(projection):
            if generation.state == "live":
                return generation
        raise OperatorError(f"{projection} has no live generation; {_NOT_BEGUN}")

    async def begin(self, live: Generation) -> Generation:
        """A generation to take the live one's place: one that was begun and broken off, else a new one.

        One that is ready was broken off before the switch.
        """
        projection, version = live.projection, BY_NAME[live.projection].version
        for known in await self.generations(projection):
            if known.state in ("building", "ready") and known.version == version:
                return known
        return await self.registry.begin(projection, version)

    async def generations(self, projection: str) -> Sequence[Generation]:
        return [g for g in await self.registry.generations() if g.projection == projection]

    async def is_fed(self, generation: Generation) -> bool:
        """Whether it can be switched to."""
        known = {g.number: g.state for g in await self.generations(generation.projection)}
        return known.get(generation.number) in FED

    async def build(self, generation: Generation, report: Report, events_per_s: float | None = None) -> None:
        """Fold the log into the generation's view, up to the log's present end, held back to so many events a second."""
        await self._place.prepare(generation.projection, generation.number)
        throttle = None if events_per_s is None else Throttle(events_per_s)
        step = Step(
            BY_NAME[generation.projection],
            self.view(generation),
            self.log,
            self._place.keys,
            batch_count=ALONE_BATCH_COUNT if throttle is None else throttle.batch_count,
            together=self.together,
        )
        name = f"{generation.projection} {generation.number}"
        try:
            await build(step, self.log, report, throttle)
        except ForeignLogError as error:
            drop = f"photolog replay drop {generation.projection} --generation {generation.number}"
            raise OperatorError(
                f"{name} was begun on a log that went on otherwise: {error}; remove it with `{drop}` and replay again"
            ) from error
        except TooManyParkedError as error:
            raise OperatorError(
                f"{error}; this release cannot apply them, and {name} is not switched to"
            ) from error

    async def remove(self, generation: Generation) -> None:
        """Everything that the generation's view holds. May be repeated."""
        self._opened.pop((generation.projection, generation.number), None)
        await self._place.remove(generation.projection, generation.number)

    async def positions(self, generation: Generation) -> Positions:
        return offsets_of(await self.view(generation).positions())

    def replaying(self, projection: str) -> AbstractAsyncContextManager[None]:
        """Held while a generation is built, switched to or dropped. Raises ReplayedElsewhereError."""
        return self._place.replaying(projection)

    async def is_replayed(self, projection: str) -> bool:
        """Whether somebody holds it. Keeps nobody from taking it."""
        return await self._place.is_replayed(projection)

    def unfed(self) -> AbstractContextManager[object]:
        """Held while nobody else may feed the generations. Raises FolderInUseError when somebody does."""
        return self._place.unfed()

    async def ids(self) -> Ids:
        """For what is done within the next seconds."""
        return await self._place.ids()

    async def append_noted(self) -> None:
        """Bring to the log what the registry has noted; what cannot be appended now is by a server, sooner or later."""
        await self._place.append_noted()

    async def standing(self, generation: Generation) -> Standing:
        ends = await self.log.ends(BY_NAME[generation.projection].topics)
        stands, parked_count, unreadable = await self._looked_at(generation)
        applied = sum(offset + 1 for offset in stands.values())
        behind = lag_count(generation.projection, ends, stands)
        return Standing(generation, stands, ends, applied, behind, parked_count, unreadable)

    async def _looked_at(self, generation: Generation) -> tuple[Positions, int, str | None]:
        try:
            stands = await self.positions(generation)
            return stands, len(await self.view(generation).parked()), None
        except UnavailableError:
            raise
        except StoreError as error:
            return {}, 0, str(error)

    async def close(self) -> None:
        await self._place.close()


@asynccontextmanager
async def beside(data: Path | None) -> AsyncIterator[Beside]:
    """The system that the settings name, or the one in this data folder. Ends the command when there is none."""
    settings = read_settings()
    if data is not None:
        settings = settings.model_copy(update={"profile": "embedded", "data": data})
    with _told(), reading(settings.data):
        system = Beside(await _place(settings))
        try:
            yield system
        finally:
            await system.close()


@contextmanager
def _told() -> Iterator[None]:
    """A file that cannot be opened or written is for the operator to put right."""
    try:
        yield
    except OSError as error:
        if error.filename is None:
            raise
        raise CommandError(f"{error.filename}: {error.strerror}") from error


async def _place(settings: Settings) -> Place:
    if settings.profile == "distributed":
        from runtime.cluster import connected  # an embedded system needs none of its libraries
        from runtime.cluster_place import ClusterPlace

        return ClusterPlace(await connected(settings))
    return opened_folder(settings)
