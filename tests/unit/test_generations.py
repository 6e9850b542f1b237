"""Which generations the server opens and feeds, as the registry changes."""

from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from projectors.catalogue import BY_NAME
from projectors.engines.embedded import EmbeddedEngine, Lane
from projectors.engines.progress import EmbeddedProgress, GenerationKey
from projectors.likes import LIKES
from runtime.errors import OperatorError
from runtime.generations import Generations, Makers
from runtime.parts import view_makers
from runtime.settings import Settings
from stores.ports.errors import UnavailableError
from stores.sqlite.database import MEMORY, delete
from stores.sqlite.keys import SqliteKeys
from stores.sqlite.likes import SqliteLikes
from stores.sqlite.log import SqliteLogReader
from stores.sqlite.registry import SqliteRegistry
from stores.sqlite.state import open_state
from tests.contract.log import record


class Fed(EmbeddedEngine):
    """Remembers what it was told to feed."""

    def __init__(self) -> None:
        self.lanes: list[GenerationKey] = []

    def feed(self, lanes: Sequence[Lane]) -> None:
        self.lanes += [lane.generation for lane in lanes]

    def leave(self, generation: GenerationKey) -> None:
        self.lanes = [lane for lane in self.lanes if lane != generation]


class Site:
    """The fold of likes is at version 2. `room` is for how many files of theirs."""

    def __init__(self, folder: Path) -> None:
        self.room = 9
        self.engine = Fed()
        self._folder = folder
        self._state = open_state(MEMORY)
        self.registry = SqliteRegistry(self._state)
        self._log = SqliteLogReader(MEMORY)
        projections = {**BY_NAME, "likes": replace(LIKES, version=2)}
        openers = {**view_makers(Settings()), "likes": self._opened}
        makers = Makers(projections, openers, self._path, self._log, SqliteKeys(self._state))
        progress = EmbeddedProgress({name: projection.topics for name, projection in BY_NAME.items()})
        self.generations = Generations(self.registry, makers, self.engine, progress)

    def _opened(self, path: Path) -> SqliteLikes:
        if not self.room:
            raise UnavailableError("full")
        self.room -= 1
        return SqliteLikes(path)

    def _path(self, projection: str, number: int) -> Path:
        return self._folder / f"{projection}.{number}.db"

    def fed(self) -> list[int]:
        """Generations of likes."""
        return [number for projection, number in self.engine.lanes if projection == "likes"]

    def close(self) -> None:
        self.generations.close()
        self._log.close()
        self._state.close()


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    with closing(Site(tmp_path)) as made:
        yield made


async def begun(site: Site, version: int) -> int:
    """A generation beside the live one."""
    generation = await site.registry.begin("likes", version)
    await site.registry.mark("likes", generation.number, "ready")
    return generation.number


async def test_what_is_ready_is_fed_beside_the_live_one(site: Site) -> None:
    await site.generations.begin()
    number = await begun(site, 2)
    await site.generations.refresh()
    assert site.fed() == [1, number]


async def test_a_switch_changes_what_is_read_and_both_are_fed(site: Site) -> None:
    await site.generations.begin()
    number = await begun(site, 2)
    await site.generations.refresh()
    before = site.generations.views().likes
    assert await site.registry.switch("likes", 1, number, record())
    await site.generations.refresh()
    assert site.generations.live_number("likes") == number
    assert site.generations.views().likes is not before
    assert site.fed() == [1, number]


async def test_what_cannot_be_opened_any_more_is_set_aside_unless_it_is_live(site: Site) -> None:
    await site.generations.begin()
    number = await begun(site, 2)
    site._path("likes", number).write_bytes(b"no database" * 2000)
    await site.generations.refresh()
    assert site.fed() == [1]
    assert {g.number: g.state for g in await site.registry.generations() if g.projection == "likes"} == {
        1: "live",
        number: "broken",
    }
    again = Site(site._folder)
    delete(site._path("saves", 1))
    site._path("saves", 1).write_bytes(b"no database" * 2000)
    with pytest.raises(OperatorError, match="`photolog replay saves` builds another"), closing(again):
        await again.generations.begin()


async def test_no_fold_writes_what_another_version_of_it_made(site: Site) -> None:
    """After an update the generation that was replaced stays as it is."""
    await site.generations.begin()
    await begun(site, 1)
    await begun(site, 3)
    await site.generations.refresh()
    assert site.fed() == [1]


async def test_what_another_version_made_is_served_where_it_stands_and_not_fed(site: Site) -> None:
    await site.registry.begin("likes", 1)
    await site.generations.begin()
    assert site.fed() == []
    assert site.generations.due() == ["likes"]
    assert site.generations.views().likes
    number = await begun(site, 2)
    await site.generations.refresh()
    assert site.fed() == [number]
    await site.registry.switch("likes", 1, number, record())
    await site.generations.refresh()
    assert site.fed() == [number]
    assert site.generations.due() == []
    assert site.generations.live_number("likes") == number


async def test_what_cannot_be_opened_is_opened_later(site: Site) -> None:
    await site.generations.begin()
    first, second = await begun(site, 2), await begun(site, 2)
    site.room = 1
    with pytest.raises(UnavailableError):
        await site.generations.refresh()
    site.room = 1
    await site.generations.refresh()
    assert site.fed() == [1, first, second]


async def test_what_is_no_longer_registered_is_left(site: Site) -> None:
    await site.generations.begin()
    number = await begun(site, 2)
    await site.generations.refresh()
    await site.registry.mark("likes", number, "broken")
    await site.generations.refresh()
    assert site.fed() == [1]
