"""`photolog replay status`, `rollback`, `retire`, `drop`, `history` on the data folder of an embedded system that nobody serves."""

import asyncio
import fcntl
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

import click
import orjson
import pytest
from click.testing import CliRunner, Result

from events.codec import encode
from events.operations import (
    GenerationRolledBack,
    GenerationSwitched,
    OperationEvent,
    ParkedDiscarded,
    ParkedRetried,
)
from events.topics import OPERATIONS
from projectors.catalogue import BY_NAME
from projectors.likes import LIKES
from replay.operations import append_noted, history
from runtime import folder_place
from runtime.beside import Beside
from runtime.commands.parked import parked
from runtime.commands.replay import replay
from runtime.commands.replaying import rollback
from runtime.errors import ReplayedElsewhereError
from runtime.folder import Folder, held
from runtime.folder_place import FolderPlace
from runtime.operating import Operator
from runtime.settings import Settings
from stores.ports.errors import UnavailableError
from stores.ports.log import Positions
from stores.ports.registry import FED, NotReadyError, State
from stores.sqlite.log import SqliteLog
from tests.unit.stepping import POISON, acts

Run = Callable[..., Result]


def liked(data: Path, *users: int) -> None:
    log = SqliteLog(Folder(data).log)
    asyncio.run(log.append([encode(event, None) for event in acts(*(("like", user, 7) for user in users))]))
    log.close()


@pytest.fixture
def data(tmp_path: Path) -> Path:
    Folder(tmp_path).make()
    return tmp_path


@pytest.fixture
def system(data: Path) -> Iterator[Beside]:
    """Likes on the log, and a live generation that shows all of them."""
    liked(data, 1, 2, 3, 4, 5)
    made = Beside(FolderPlace(Settings(data=data)))
    asyncio.run(made.build(asyncio.run(made.registry.begin("likes", LIKES.version)), lambda reached: None))
    yield made
    asyncio.run(made.close())


@pytest.fixture
def run(system: Beside, data: Path) -> Run:
    """What is tried here does not depend on whether a generation was verified."""

    def invoked(*words: str) -> Result:
        more = ["--unverified"] if words[0] in BY_NAME else []
        return CliRunner().invoke(replay, [*words, *more, "--data", str(data)])

    return invoked


def done(result: Result) -> list[dict[str, Any]]:
    """The JSON lines of a command that went well."""
    assert result.exit_code == 0, result.output
    return [orjson.loads(line) for line in result.stdout.splitlines()]


def done_once(result: Result) -> list[dict[str, Any]]:
    """The JSON document of a command that went well."""
    (found,) = done(result)
    assert isinstance(found, list)
    return found


def states(system: Beside) -> dict[int, State]:
    return {g.number: g.state for g in asyncio.run(system.registry.generations())}


def told(system: Beside) -> list[OperationEvent]:
    return [*asyncio.run(history(system.registry, system.log))]


def on_the_log(system: Beside) -> int:
    return sum(end + 1 for end in asyncio.run(system.log.ends([OPERATIONS])).values())


def test_a_switch_tells_what_became_live_and_where_it_stood(run: Run, system: Beside) -> None:
    done(run("likes", "--by", "release 12", "--json"))
    (event,) = told(system)
    assert isinstance(event, GenerationSwitched)
    assert (event.projection, event.from_generation, event.generation) == ("likes", 1, 2)
    assert (event.from_fold_version, event.fold_version) == (LIKES.version, LIKES.version)
    assert (event.by, event.certificate) == ("release 12", None)
    assert sum(at.offset + 1 for at in event.positions) == 5
    assert on_the_log(system) == 1
    assert asyncio.run(system.registry.notes()) == []


def test_what_was_replaced_is_gone_back_to_and_back_again(run: Run, system: Beside, data: Path) -> None:
    done(run("likes", "--json"))
    liked(data, 6)
    assert done(run("rollback", "likes", "--json")) == [{"projection": "likes", "from": 2, "to": 1}]
    assert states(system) == {1: "live", 2: "replaced"}
    live = asyncio.run(system.live("likes"))
    assert sum(offset + 1 for offset in asyncio.run(system.positions(live)).values()) == 5
    assert run("rollback", "likes").stdout == "likes: generation 2 is live again, 1 is kept\n"
    assert [type(event) for event in told(system)] == [
        GenerationSwitched,
        GenerationRolledBack,
        GenerationRolledBack,
    ]


def test_a_replay_after_a_rollback_does_not_switch_to_what_was_rolled_back_from(
    run: Run, system: Beside
) -> None:
    done(run("likes", "--json"))
    done(run("rollback", "likes", "--json"))
    assert done(run("likes", "--json")) == [{"projection": "likes", "from": 1, "to": 3, "certificate": None}]
    assert states(system) == {1: "replaced", 2: "retired", 3: "live"}


@pytest.mark.parametrize("is_broken", [True, False])
def test_a_switch_that_fails_leaves_what_can_be_gone_back_to(
    run: Run, system: Beside, monkeypatch: pytest.MonkeyPatch, *, is_broken: bool
) -> None:
    """The new generation broke at the last moment, or somebody else was first."""
    done(run("likes", "--json"))

    async def failed(*_: object) -> bool:
        if is_broken:
            raise NotReadyError
        return False

    with monkeypatch.context() as failing:
        failing.setattr(Operator, "switch", failed)
        assert run("likes").exit_code == 2
    assert states(system) == {1: "replaced", 2: "live", 3: "ready"}
    assert done(run("rollback", "likes", "--json")) == [{"projection": "likes", "from": 2, "to": 1}]


def test_what_a_replay_left_fed_when_it_was_killed_after_the_switch_is_not_gone_back_to(
    run: Run, system: Beside, monkeypatch: pytest.MonkeyPatch
) -> None:
    done(run("likes", "--json"))
    done(run("rollback", "likes", "--json"))

    async def killed(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as killing:
        killing.setattr(Operator, "retire_others", killed)
        broken_off = run("likes")
    assert (broken_off.exit_code, broken_off.stderr.splitlines()[-1]) == (130, "broken off: likes 3 is live")
    assert states(system) == {1: "replaced", 2: "replaced", 3: "live"}
    told = run("status", "likes").stdout
    assert "likes 1: `photolog replay rollback likes` goes back to it" in told
    assert "likes 2: left when a replay was broken off; `photolog replay retire likes --generation 2`" in told
    assert done(run("rollback", "likes", "--json")) == [{"projection": "likes", "from": 3, "to": 1}]
    assert done(run("rollback", "likes", "--json")) == [{"projection": "likes", "from": 1, "to": 3}]
    done(run("likes", "--json"))
    assert states(system) == {1: "retired", 2: "retired", 3: "replaced", 4: "live"}


def test_there_may_be_nothing_to_go_back_to(run: Run, system: Beside) -> None:
    refused = run("rollback", "likes")
    assert refused.exit_code == 2
    assert "likes has no generation to go back to" in refused.output
    assert told(system) == []


def test_one_that_breaks_before_it_is_gone_back_to_is_told(
    run: Run, system: Beside, monkeypatch: pytest.MonkeyPatch
) -> None:
    done(run("likes", "--json"))

    async def broken_meanwhile(*_: object) -> None:
        await system.registry.mark("likes", 1, "broken")

    monkeypatch.setattr(rollback, "_even", broken_meanwhile)
    refused = run("rollback", "likes")
    assert refused.exit_code == 2
    assert "likes 1 broke meanwhile" in refused.output
    assert states(system) == {1: "broken", 2: "live"}


def test_of_very_many_parked_events_it_is_told_in_parts(system: Beside) -> None:
    """One record of all of them might be too long for the log, and none would follow it."""
    live, ids = asyncio.run(system.live("likes")), range(1, 25_001)
    asyncio.run(Operator(system).retry(live, "photolog.engagement", "7", ids))
    asyncio.run(Operator(system).discard(live, "photolog.engagement", "7", ids))
    asyncio.run(system.append_noted())
    events = [event for event in told(system) if isinstance(event, ParkedRetried | ParkedDiscarded)]
    assert [len(event.event_ids) for event in events] == [10_000, 10_000, 5_000] * 2
    assert [id_ for event in events[:3] for id_ in event.event_ids] == [*ids]
    assert on_the_log(system) == 6


def test_what_another_fold_made_is_not_gone_back_to(
    run: Run, system: Beside, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(BY_NAME, "likes", replace(LIKES, version=LIKES.version + 1))
    done(run("likes", "--json"))
    refused = run("rollback", "likes")
    assert refused.exit_code == 2
    assert f"likes 1 was made by version {LIKES.version} of its fold" in refused.output
    assert states(system) == {1: "replaced", 2: "live"}


def test_what_is_behind_is_not_gone_back_to(
    run: Run, system: Beside, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Some server holds the folder and does not feed it."""
    done(run("likes", "--json"))
    liked(data, 6)
    asyncio.run(system.build(asyncio.run(system.live("likes")), lambda reached: None))
    with system.unfed(), monkeypatch.context() as hurried:
        hurried.setattr(rollback, "_WITHIN_S", 0.0)
        refused = run("rollback", "likes")
    assert refused.exit_code == 2
    assert "likes 1 is 1 events behind the log" in refused.output
    assert states(system) == {1: "replaced", 2: "live"}
    done(run("rollback", "likes", "--json"))


def test_what_is_retired_is_fed_no_more_and_cannot_be_gone_back_to(run: Run, system: Beside) -> None:
    done(run("likes", "--json"))
    assert done(run("retire", "likes", "--json")) == [{"projection": "likes", "generation": 1}]
    assert states(system) == {1: "retired", 2: "live"}
    assert run("rollback", "likes").exit_code == 2
    assert run("retire", "likes").stdout == "likes: only the live generation is fed\n"
    assert "likes 2 is live" in run("retire", "likes", "--generation", "2").output
    assert "likes has no generation 9" in run("retire", "likes", "--generation", "9").output
    assert [event.type for event in told(system)] == ["generation.switched", "generation.retired"]


def test_what_is_dropped_is_gone_and_its_number_is_not_used_again(
    run: Run, system: Beside, data: Path
) -> None:
    done(run("likes", "--json"))
    done(run("retire", "likes", "--json"))
    file = Folder(data).view("likes", 1)
    assert file.exists()
    assert done(run("drop", "likes", "--yes", "--json")) == [{"projection": "likes", "generation": 1}]
    assert not [*file.parent.glob(f"{file.name}*")]
    assert states(system) == {2: "live"}
    assert run("drop", "likes").stdout == "likes: nothing is retired or broken\n"
    assert done(run("likes", "--json")) == [{"projection": "likes", "from": 2, "to": 3, "certificate": None}]
    assert [event.generation for event in told(system) if event.type == "generation.dropped"] == [1]


def test_dropping_asks_first(run: Run, system: Beside) -> None:
    done(run("likes", "--json"))
    done(run("retire", "likes", "--json"))
    asked = run("drop", "likes")
    assert asked.exit_code == 1
    assert "Remove what likes 1 holds?" in asked.output
    assert states(system) == {1: "retired", 2: "live"}


def test_nobody_is_kept_from_a_generation_while_a_person_thinks(
    run: Run, system: Beside, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who agreed to drop a build that was broken off does not drop it once somebody has gone on with it."""
    asyncio.run(system.registry.begin("likes", LIKES.version))
    gone_on = []

    def thought(*question: object, **more: object) -> bool:
        with ThreadPoolExecutor(1) as elsewhere:
            gone_on.append(elsewhere.submit(run, "likes").result())
        return True

    monkeypatch.setattr(click, "confirm", thought)
    refused = run("drop", "likes", "--generation", "2")
    assert gone_on[0].exit_code == 0, gone_on[0].output
    assert refused.exit_code == 2
    assert states(system) == {1: "replaced", 2: "live"}


@pytest.mark.parametrize("state", sorted(FED - {"live"}))
def test_what_is_fed_is_not_dropped(run: Run, system: Beside, data: Path, state: State) -> None:
    fresh = asyncio.run(system.registry.begin("likes", LIKES.version))
    asyncio.run(system.build(fresh, lambda reached: None))
    asyncio.run(system.registry.mark("likes", 2, state))
    for number in (1, 2):
        assert run("drop", "likes", "--generation", str(number), "--yes").exit_code == 2
        assert Folder(data).view("likes", number).exists()
    assert states(system) == {1: "live", 2: state}


def test_a_build_that_was_broken_off_is_dropped_only_by_its_number(
    run: Run, system: Beside, data: Path
) -> None:
    fresh = asyncio.run(system.registry.begin("likes", LIKES.version))
    asyncio.run(system.build(fresh, lambda reached: None))
    assert done(run("drop", "likes", "--yes", "--json")) == []
    assert done(run("drop", "likes", "--generation", "2", "--yes", "--json"))
    assert states(system) == {1: "live"}


def test_a_drop_that_breaks_off_is_not_gone_on_building_and_can_be_repeated(
    run: Run, system: Beside, monkeypatch: pytest.MonkeyPatch
) -> None:
    asyncio.run(system.registry.begin("likes", LIKES.version))

    async def away(self: Beside, generation: object) -> None:
        raise UnavailableError("away")

    with monkeypatch.context() as broken:
        broken.setattr(Beside, "remove", away)
        assert run("drop", "likes", "--generation", "2", "--yes").exception
    assert states(system) == {1: "live", 2: "retired"}
    assert done(run("drop", "likes", "--yes", "--json"))


async def beside_a_replay(run: Run, data: Path, *words: str) -> Result:
    """While another command is at likes."""
    place = FolderPlace(Settings(data=data))
    async with place.replaying("likes"):
        result = await asyncio.to_thread(run, *words)
    await place.close()
    return result


@pytest.mark.parametrize("words", [("likes",), ("rollback", "likes"), ("retire", "likes"), ("drop", "likes")])
def test_one_command_at_a_time_is_at_a_projection(run: Run, data: Path, words: tuple[str, ...]) -> None:
    refused = asyncio.run(beside_a_replay(run, data, *words))
    assert isinstance(refused.exception, ReplayedElsewhereError)
    assert str(refused.exception) == "another command is replaying likes; see `photolog replay status likes`"


def test_status_says_nothing_of_what_may_go_on_while_a_replay_is_at_it(run: Run, data: Path) -> None:
    done(run("likes", "--json"))
    (replaced, _) = orjson.loads(asyncio.run(beside_a_replay(run, data, "status", "likes", "--json")).stdout)
    assert (replaced["state"], replaced["remark"]) == ("replaced", None)


def test_status_says_what_can_be_done(run: Run, system: Beside, monkeypatch: pytest.MonkeyPatch) -> None:
    done(run("likes", "--json"))
    monkeypatch.setattr("runtime.commands.replaying.status._APART_S", 0.0)
    asyncio.run(system.registry.begin("likes", LIKES.version))
    (replaced, live, building) = orjson.loads(run("status", "likes", "--json").stdout)
    assert (replaced["state"], replaced["applied"], replaced["behind"]) == ("replaced", 5, 0)
    assert (live["state"], live["rebuild_due"]) == ("live", False)
    assert (building["applied"], building["behind"], building["left_s"]) == (0, 5, None)
    table = run("status").stdout
    assert "likes 1: `photolog replay rollback likes` goes back to it" in table
    assert "stands still; `photolog replay likes` goes on" in table
    assert orjson.loads(run("status", "saves", "--json").stdout) == []


def test_status_says_who_is_at_it(
    run: Run, system: Beside, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However slow: one batch may take longer than the time between two looks."""
    monkeypatch.setattr("runtime.commands.replaying.status._APART_S", 0.0)
    asyncio.run(system.registry.begin("likes", LIKES.version))
    assert "likes 2: stands still; `photolog replay likes` goes on" in run("status", "likes").stdout
    with held(Folder(data).replay_lock("likes"), ""):
        assert "likes 2: is being built" in run("status", "likes").stdout
        asyncio.run(system.registry.mark("likes", 2, "ready"))
        assert "likes 2: built and being verified; not switched to yet" in run("status", "likes").stdout
    assert "likes 2: not switched to; `photolog replay likes` goes on" in run("status", "likes").stdout


async def test_who_looks_keeps_nobody_from_a_replay(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(folder_place, "_LOOKED_S", 0)
    place, path = FolderPlace(Settings(data=data)), Folder(data).replay_lock("likes")
    assert not await place.is_replayed("likes")
    with path.open("a") as looking:
        fcntl.flock(looking, fcntl.LOCK_SH)
        begun = asyncio.ensure_future(place.replaying("likes").__aenter__())
        await asyncio.sleep(0)
    await begun
    assert await place.is_replayed("likes")
    await place.close()


def test_what_status_says_is_in_its_json_too(
    run: Run, system: Beside, monkeypatch: pytest.MonkeyPatch
) -> None:
    done(run("likes", "--json"))
    replaced, live = done_once(run("status", "likes", "--json"))
    assert replaced["remark"] == "`photolog replay rollback likes` goes back to it"
    assert live["remark"] is None
    monkeypatch.setitem(BY_NAME, "likes", replace(LIKES, version=LIKES.version + 1))
    replaced, live = done_once(run("status", "likes", "--json"))
    assert "this release does not go back to it" in replaced["remark"]
    assert "rebuild due" in live["remark"]


def test_status_says_that_a_rebuild_is_due(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(BY_NAME, "likes", replace(LIKES, version=LIKES.version + 1))
    (live,) = orjson.loads(run("status", "--json").stdout)
    assert live["rebuild_due"] is True
    assert "rebuild due" in run("status").stdout
    done(run("likes", "--json"))
    assert [each["rebuild_due"] for each in orjson.loads(run("status", "--json").stdout)] == [False, False]


def test_history_is_told_in_words_or_json(run: Run) -> None:
    done(run("likes", "--json", "--by", "release 12"))
    done(run("rollback", "likes", "--json"))
    first, second = done(run("history", "likes", "--json"))
    assert (first["type"], first["by"], second["type"], second["by"]) == (
        "generation.switched",
        "release 12",
        "generation.rolled_back",
        None,
    )
    lines = run("history").stdout.splitlines()
    assert lines[0].endswith("likes 2        generation switched from 1 by release 12")
    assert lines[1].endswith("likes 1        generation rolled back from 2")
    assert run("history", "saves").stdout == ""


def test_the_record_of_a_switch_survives_a_crash_right_after_it(system: Beside, data: Path) -> None:
    """It is told before it is on the log, and brought there by whoever comes next, once."""
    live = asyncio.run(system.live("likes"))
    fresh = asyncio.run(system.registry.begin("likes", LIKES.version))
    asyncio.run(system.registry.mark("likes", 2, "ready"))
    with ExitStack() as server:
        server.enter_context(system.unfed())  # who holds the folder appends
        assert asyncio.run(Operator(system).switch(live, fresh))
    assert on_the_log(system) == 0
    (noted,) = told(system)
    asyncio.run(system.append_noted())
    asyncio.run(system.append_noted())
    assert told(system) == [noted]
    assert on_the_log(system) == 1


class Dying:
    """A log whose answer never came."""

    def __init__(self, log: SqliteLog) -> None:
        self._log = log

    async def append(self, records: Any) -> Positions:
        await self._log.append(records)
        raise UnavailableError("no answer")


def test_a_record_that_is_there_twice_is_told_once(system: Beside, data: Path) -> None:
    generation = asyncio.run(system.live("likes"))
    asyncio.run(Operator(system).retry(generation, "photolog.engagement", "7", [1]))
    log = SqliteLog(Folder(data).log)
    with pytest.raises(UnavailableError):
        asyncio.run(append_noted(system.registry, Dying(log)))  # type: ignore[arg-type]
    asyncio.run(append_noted(system.registry, log))
    log.close()
    assert on_the_log(system) == 2
    assert len(told(system)) == 1


def test_what_is_done_to_parked_events_is_recorded(run: Run, system: Beside, data: Path) -> None:
    (event,) = acts(("like", 1, POISON))
    record = replace(encode(event, None), value=b"no json")
    log = SqliteLog(Folder(data).log)
    asyncio.run(log.append([record]))
    log.close()
    asyncio.run(system.build(asyncio.run(system.live("likes")), lambda reached: None))
    key = str(POISON)
    for words in (("retry", "likes", key), ("discard", "likes", key, "--yes", "--by", "ticket 7")):
        asked = CliRunner().invoke(parked, [*words, "--data", str(data)])
        assert asked.exit_code == 0, asked.output
    retried, discarded = done(run("history", "--json"))
    assert (retried["type"], retried["event_ids"]) == ("parked.retried", [str(event.id)])
    assert (discarded["type"], discarded["parked_key"], discarded["by"]) == (
        "parked.discarded",
        key,
        "ticket 7",
    )
    assert on_the_log(system) == 2
    assert "1 events of photolog.engagement under 13" in run("history").stdout


def test_nothing_is_retired_before_a_switch_is_made(
    run: Run, system: Beside, monkeypatch: pytest.MonkeyPatch
) -> None:
    done(run("likes", "--json"))
    done(run("rollback", "likes", "--json"))

    async def killed(*_: object) -> bool:
        raise KeyboardInterrupt

    monkeypatch.setattr(Operator, "switch", killed)
    run("likes")
    assert states(system) == {1: "live", 2: "replaced", 3: "ready"}


def test_a_build_is_not_retired(run: Run, system: Beside) -> None:
    asyncio.run(system.registry.begin("likes", LIKES.version))
    refused = run("retire", "likes", "--generation", "2")
    assert refused.exit_code == 2
    assert "`photolog replay drop likes --generation 2` gives it up" in refused.output


def test_what_was_begun_by_another_fold_is_told_to_be_dropped(run: Run, system: Beside) -> None:
    asyncio.run(system.registry.begin("likes", LIKES.version + 7))
    assert "`photolog replay drop likes --generation 2` removes it" in run("status", "likes").stdout


@pytest.mark.parametrize(
    "words", [("--by", "x\ny"), ("--by", "\udcff"), ("--rate", "nan"), ("--rate", "inf")]
)
def test_options_are_checked_before_anything_is_done(
    run: Run, system: Beside, words: tuple[str, ...]
) -> None:
    assert run("likes", *words).exit_code == 2
    assert states(system) == {1: "live"}
