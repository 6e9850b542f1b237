"""A replay ends well whoever is killed while it builds a generation or hands it over, and nothing is written twice but what was
being written when somebody died.
"""

import asyncio
import signal
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from random import Random
from secrets import token_hex
from typing import Any

import orjson
import pytest

from events.codec import encode
from events.envelope import Envelope
from replay.certificate import parsed
from stores.ports.log import Partition
from tests.distributed import doomed
from tests.distributed.redis import HANDED_OVER, emptied
from tests.e2e.aftermath import one_held, opened
from tests.e2e.cluster import Cluster
from tests.e2e.world import until
from tests.property.stories import Story
from tests.property.test_planted import BY_NAME as SUBJECTS
from tests.services.addresses import Addresses

pytestmark = pytest.mark.timeout(300)

BUILT_COUNT, MORE_COUNT = 60, 40
_ENDS_WITHIN_S = 100


@pytest.fixture(scope="module")
def cluster(addresses: Addresses, tmp_path_factory: pytest.TempPathFactory) -> Cluster:
    asyncio.run(_empty(addresses))
    made = Cluster(addresses, f"handed{token_hex(4)}", HANDED_OVER, tmp_path_factory.mktemp("handed"))
    made.prepare()
    return made


async def _empty(addresses: Addresses) -> None:
    async with emptied(addresses, HANDED_OVER):
        pass


class Photolog:
    """A `photolog` that tells what it writes to the generation, and may die at it."""

    def __init__(self, cluster: Cluster, generation: int, dies_at: str | None, words: Sequence[str]) -> None:
        folder = cluster.log_path.parent
        called = f"{'-'.join(words)}.{token_hex(4)}"
        self._told, self._answered = folder / f"{called}.log", folder / f"{called}.out"
        told = {doomed.GENERATION: str(generation)} | ({doomed.DIES_AT: dies_at} if dies_at else {})
        with self._told.open("wb") as log, self._answered.open("wb") as out:
            self.process = subprocess.Popen(
                [*doomed.COMMAND, *words],
                env=cluster.environment | told,
                stdin=subprocess.PIPE,
                stdout=out,
                stderr=log,
                cwd=folder,
            )

    @property
    def lines(self) -> list[bytes]:
        return self._told.read_bytes().splitlines()

    @property
    def batches(self) -> list[list[tuple[Partition, int]]]:
        return [batch for line in self.lines if (batch := doomed.handed(line))]

    def is_ready(self) -> bool:
        """What it builds is complete, and it waits."""
        return doomed.READY in self.lines

    def go_on(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.close()

    def died(self) -> bool:
        return self.process.wait(_ENDS_WITHIN_S) == -signal.SIGKILL

    def answer(self) -> Any:
        """The JSON of a command that went well."""
        self.go_on()
        assert self.process.wait(_ENDS_WITHIN_S) == 0, self._told.read_text()
        return orjson.loads(self._answered.read_bytes())


class Cast:
    """Who feeds the generation of a projection, and who builds it."""

    def __init__(self, cluster: Cluster, projection: str) -> None:
        self._cluster, self._projection = cluster, projection
        found = orjson.loads(cluster.run("replay", "status", projection, "--json").stdout)
        self.generation = 1 + max(int(each["generation"]) for each in found)
        self._begun: list[Photolog] = []

    def worker(self, dies_at: str | None = None) -> Photolog:
        return self._begin(dies_at, "worker", self._projection)

    def replay(self, dies_at: str | None = None) -> Photolog:
        """Once the lease of the one that was killed before has run out."""

        def begun() -> Photolog | None:
            found = self._begin(dies_at, "replay", self._projection, "--json")
            until(lambda: found.is_ready() or found.batches or found.process.poll() is not None)
            return None if b"another command is replaying" in b"".join(found.lines) else found

        found: Photolog = until(begun)
        return found

    def end(self) -> None:
        for each in self._begun:
            each.go_on()
            each.process.terminate()
            each.process.wait(_ENDS_WITHIN_S)

    def _begin(self, dies_at: str | None, *words: str) -> Photolog:
        self._begun.append(Photolog(self._cluster, self.generation, dies_at, words))
        return self._begun[-1]


@contextmanager
def _cast(cluster: Cluster, projection: str) -> Iterator[Cast]:
    found = Cast(cluster, projection)
    try:
        yield found
    finally:
        found.end()


class Day:
    """What happens on the topics of a projection, from test to test."""

    def __init__(self, cluster: Cluster, projection: str) -> None:
        self._cluster, self._subject = cluster, SUBJECTS[projection]
        self._story, self._random = Story(), Random(7)

    def go_on(self, events_count: int) -> None:
        told = len(self._story.events)
        while len(self._story.events) < told + events_count:
            choice = tuple(self._random.randrange(each) for each in (100, 4, 8, 9))
            self._story.tell(self._subject.actions, [choice])  # type: ignore[list-item]
        asyncio.run(self._append(self._story.events[told:]))

    async def _append(self, events: Sequence[Envelope]) -> None:
        async with opened(self._cluster.settings) as place:
            log: Any = place.log
            for user in {event.subject_id for event in events if event.personal}:
                await place.keys.create(user)
            keys = await place.keys.get({event.subject_id for event in events})
            await log.append([encode(event, keys.get(event.subject_id)) for event in events])  # type: ignore[arg-type]

    def all_there(self) -> set[tuple[Partition, int]]:
        """Every event on the topics."""
        ends = asyncio.run(self._ends())
        return {(at, offset) for at, end in ends.items() for offset in range(end + 1)}

    async def _ends(self) -> dict[Partition, int]:
        async with opened(self._cluster.settings) as place:
            return dict(await place.log.ends(self._subject.projection.topics))


@pytest.fixture(scope="module")
def days(cluster: Cluster) -> Mapping[str, Day]:
    return {projection: Day(cluster, projection) for projection in ("likes", "feeds")}


def _check_written(day: Day, lives: Sequence[Photolog]) -> None:
    """Everything, and twice only what was the last batch of one that died."""
    written = [{event for batch in life.batches for event in batch} for life in lives]
    assert set().union(*written) == day.all_there()
    for number, life in enumerate(lives):
        assert sum(map(len, life.batches)) == len(written[number])
        assert all(len(batch) <= doomed.BATCH_COUNT for batch in life.batches)
        again = written[number] & set().union(*written[number + 1 :])
        assert again <= set(life.batches[-1] if life.batches else ())


def _check_switched(cluster: Cluster, projection: str, generation: int, answer: Any) -> None:
    """It is live, was found to be what the log says, and is."""
    assert (answer["projection"], answer["to"]) == (projection, generation)
    (file,) = (cluster.log_path.parent / "certificates").glob(f"{projection}.{generation}.*.json")
    certificate = parsed(file.read_bytes())
    assert (certificate.equal, certificate.seal) == (True, answer["certificate"])
    assert until(lambda: asyncio.run(_is_right(cluster, projection)))


async def _is_right(cluster: Cluster, projection: str) -> bool:
    async with opened(cluster.settings) as place:
        return await one_held(place, projection)


@pytest.mark.parametrize(
    ("projection", "dies_at"), [("likes", "view.before_position:3"), ("feeds", "view.before_commit:6")]
)
def test_a_worker_that_dies_while_it_takes_over_goes_on_where_it_was(
    cluster: Cluster, days: Mapping[str, Day], projection: str, dies_at: str
) -> None:
    """The replay waits meanwhile: the generation is ready, and lacks what was written since it was built."""
    day = days[projection]
    day.go_on(BUILT_COUNT)
    with _cast(cluster, projection) as cast:
        victim, replay = cast.worker(dies_at), cast.replay()
        until(replay.is_ready)
        day.go_on(MORE_COUNT)
        assert victim.died()
        replay.go_on()
        again = cast.worker()
        _check_switched(cluster, projection, cast.generation, replay.answer())
    assert all(life.batches for life in (replay, victim, again))
    _check_written(day, [replay, victim, again])


def test_a_replay_of_feeds_that_dies_goes_on_where_it_was(cluster: Cluster, days: Mapping[str, Day]) -> None:
    """Half of the buckets may have taken what it was writing, or some of it."""
    day = days["feeds"]
    day.go_on(BUILT_COUNT)
    with _cast(cluster, "feeds") as cast:
        worker, lives = cast.worker(), []
        for dies_at in ("view.before_commit:4", "view.before_position:2", "view.after_commit:2"):
            lives.append(cast.replay(dies_at))
            assert lives[-1].died()
        lives.append(cast.replay())
        until(lives[-1].is_ready)
        lives[-1].process.kill()
        assert lives[-1].died()
        lives.append(cast.replay())
        until(lives[-1].is_ready)
        day.go_on(MORE_COUNT)
        _check_switched(cluster, "feeds", cast.generation, lives[-1].answer())
    assert [bool(life.batches) for life in lives] == [True, True, True, True, False]
    _check_written(day, [*lives, worker])
