"""Events that this release cannot read: what lacks them is not called equal, nor switched to, until an operator gives them up."""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import orjson
import pytest
from click.testing import CliRunner, Result

from events.codec import Record, decode, encode
from events.ids import Ids
from events.operations import OperationEvent
from events.topics import TOPICS
from projectors.likes import LIKES
from replay.operations import Recorder
from replay.verify import History
from runtime.beside import Beside
from runtime.commands.parked import parked
from runtime.commands.replay import replay
from runtime.folder import Folder
from stores.kafka.envelope import record_of
from stores.ports.likes import LikeSet
from stores.ports.log import Entry
from stores.ports.registry import Generation
from stores.ports.view import Folded
from stores.sqlite.log import SqliteLog
from tests.distributed.chaos.poison import SHAPES as MESSAGES
from tests.property.subjects import SUBJECTS, Subject
from tests.property.verifying import verified
from tests.property.worlds import World
from tests.unit.stepping import OTHER, POISON, acts
from tests.unit.trials import happened, lived, quiet

Run = Callable[..., Result]
SHAPES: dict[str, Callable[[Record], Record]] = {
    "unknown_version": lambda record: replace(record, version=99),
    "unknown_type": lambda record: replace(record, type="post.adored"),
    "no_event": lambda record: replace(record, id=0, type="", version=0, value=b""),
    "broken_value": lambda record: replace(record, value=b"no json"),
}


@pytest.fixture(params=SHAPES)
def data(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """Two likes, and under a key of its own what cannot be read."""
    asyncio.run(happened(tmp_path, acts(("like", 1, OTHER), ("like", 2, OTHER))))
    _append(tmp_path, SHAPES[request.param](encode(acts(("like", 1, POISON))[0], None)))
    return tmp_path


def _append(data: Path, record: Record) -> None:
    with closing(SqliteLog(Folder(data).log)) as log:
        asyncio.run(log.append([record]))


@pytest.fixture
def system(data: Path) -> Iterator[Beside]:
    made = asyncio.run(lived(data, "likes"))
    yield made
    asyncio.run(made.close())


@pytest.fixture
def run(system: Beside, data: Path) -> Run:
    return lambda *words: CliRunner().invoke(replay, [*words, "--data", str(data)])


def _give_up(data: Path) -> None:
    done = CliRunner().invoke(parked, ["discard", "likes", str(POISON), "--yes", "--data", str(data)])
    assert done.exit_code == 0, done.output


def test_it_is_not_equal(run: Run) -> None:
    verified = run("verify", "likes", "--json")
    assert verified.exit_code == 1
    found = orjson.loads(verified.stdout)
    assert (found["equal"], found["differences_count"], found["faults"]) == (False, 0, [])
    assert (found["parked_count"], found["unreadable_count"]) == (1, 1)
    words = run("verify", "likes").stdout
    assert "likes: generation 1 lacks events that could not be applied" in words
    assert "1 events are parked; see `photolog parked list`" in words
    assert "1 events on the log cannot be read by this release" in words


def test_it_is_not_switched_to(run: Run, system: Beside) -> None:
    refused = run("likes")
    assert refused.exit_code == 2
    assert "1 events are parked in likes 2, so it is not what the log says" in refused.stderr
    assert "`photolog parked discard`" in refused.stderr
    assert asyncio.run(system.live("likes")).number == 1
    told = run("history").stdout
    assert "generation verified, lacks events" in told


def test_what_was_given_up_is_missed_by_nobody(run: Run, system: Beside, data: Path) -> None:
    _give_up(data)
    verified = run("verify", "likes", "--json")
    assert verified.exit_code == 0, verified.output
    assert orjson.loads(verified.stdout)["unreadable_count"] == 0
    assert run("check", orjson.loads(verified.stdout)["file"]).exit_code == 0


def test_what_a_replay_meets_again_is_given_up_again_and_then_it_is_switched_to(
    run: Run, system: Beside, data: Path
) -> None:
    _give_up(data)
    assert run("likes").exit_code == 2
    _give_up(data)
    done = run("likes")
    assert done.exit_code == 0, done.output
    assert asyncio.run(system.live("likes")).number == 2


def test_what_was_given_up_in_another_generation_is_missed(run: Run, system: Beside, data: Path) -> None:
    """As in one that a later release made: it has applied what this one cannot read."""
    fresh = asyncio.run(system.registry.begin("likes", LIKES.version))
    asyncio.run(system.build(fresh, quiet))
    _give_up(data)
    asyncio.run(system.registry.mark("likes", fresh.number, "ready"))
    view = system.view(fresh)
    (it,) = asyncio.run(view.parked())
    said_nothing: Folded[LikeSet] = Folded(it.partition, it.offset, it.event_id, it.key)
    asyncio.run(view.release(it.partition[0], it.key, [said_nothing]))
    found = orjson.loads(run("verify", "likes", "--json").stdout)
    assert (found["generation"], found["equal"], found["unreadable_count"]) == (2, False, 1)
    assert found["parked_count"] == 0


def test_the_same_once_more_is_missed(run: Run, system: Beside, data: Path) -> None:
    _give_up(data)
    (entry,) = [entry for entry in asyncio.run(_entries(system)) if entry.record.key == str(POISON)]
    _append(data, entry.record)
    asyncio.run(system.build(asyncio.run(system.live("likes")), quiet))
    assert run("verify", "likes").exit_code == 1


async def _entries(system: Beside) -> list[Entry]:
    ends = await system.log.ends(LIKES.topics)
    return [entry for at, end in ends.items() for entry in await system.log.read(at, 0, end + 1)]


def test_a_part_is_not_called_right(run: Run) -> None:
    compared = run("likes", "--only-shard", "photolog.engagement/0", "--repair")
    assert compared.exit_code == 1
    assert (
        "is in generation 1, which is live, as the log says as far as events could be applied"
        in compared.stdout
    )
    assert "see `photolog parked list`" in compared.stderr


def test_a_replay_is_said_not_to_switch(run: Run) -> None:
    tried = run("likes", "--dry-run", "--json")
    assert tried.exit_code == 1
    found = orjson.loads(tried.stdout)
    assert (found["would_change"], found["would_switch"], found["parked"]) == (0, False, 1)


@pytest.mark.parametrize("subject", SUBJECTS, ids=lambda subject: subject.projection.name)
async def test_whatever_lies_on_a_topic_is_missed_until_all_of_it_was_given_up(
    subject: Subject, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a projection sets aside is what it is told to miss: nothing is left that nobody can give up."""
    monkeypatch.setattr("replay.verify.LISTED_COUNT", 1_000)
    with closing(World(tmp_path, subject.projection, subject.open_view)) as world:
        for topic in TOPICS:
            shapes = MESSAGES[topic].values()
            await world.log.append([record_of(topic, key, value, said) for key, value, said in shapes])
        await world.drain()
        found = await verified(world, subject, tmp_path)
        assert found.verdict == "incomplete"
        assert found.unreadable_count > 0
        assert set(found.unreadable) <= set(found.parked)
        given_up = await _all_given_up(world, subject.projection.name)
        found = await verified(world, subject, tmp_path, history=given_up)
        assert (found.verdict, found.parked_count, found.unreadable_count) == ("equal", 0, 0)


async def _all_given_up(world: World, projection: str) -> History:
    aside = await world.view.parked()
    recorder, generation = Recorder(Ids(1), None), Generation(projection, 2, 1, "live")
    events = []
    for topic, key in {(it.partition[0], it.key) for it in aside}:
        mine = [it for it in aside if (it.partition[0], it.key) == (topic, key)]
        record = recorder.discarded(generation, topic, key, [it.event_id for it in mine])
        events.append(decode(record, {}))
        said_nothing: list[Folded[Any]] = [
            Folded(it.partition, it.offset, it.event_id, it.key) for it in mine
        ]
        await world.view.release(topic, key, said_nothing)

    async def told() -> Sequence[OperationEvent]:
        return [event for event in events if isinstance(event, OperationEvent)]

    return told
