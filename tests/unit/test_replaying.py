"""`photolog replay` when something goes wrong on the way: broken off, left alone, or beside a server that goes away."""

import asyncio
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import click
import orjson
import pytest
from click.testing import CliRunner

from events.ids import Ids
from events.likes import PostLiked
from events.operations import GenerationSwitched, GenerationVerified
from producers.command import Command
from producers.journal import Journal
from projectors.catalogue import BY_NAME
from projectors.likes import LIKES
from replay.certificate import Certificate, parsed
from replay.operations import history
from replay.rebuild import Reached, Throttle
from runtime.beside import Beside
from runtime.commands.replay import replay
from runtime.commands.replaying import rebuilding
from runtime.commands.replaying import run as command
from runtime.folder import Folder
from runtime.folder_place import FolderPlace
from runtime.settings import Settings
from runtime.verifying import verify_generation
from stores.ports.errors import UnavailableError
from stores.ports.registry import Generation, Registry, State
from stores.sqlite.log import SqliteLog
from stores.sqlite.registry import SqliteRegistry


@pytest.fixture
def data(tmp_path: Path) -> Path:
    Folder(tmp_path).make()
    return tmp_path


@pytest.fixture
def system(data: Path) -> Iterator[Beside]:
    """Likes on the log, and a live generation that shows all of them."""
    asyncio.run(_liked(data, 5))
    made = Beside(FolderPlace(Settings(data=data)))
    live = asyncio.run(made.registry.begin("likes", LIKES.version))
    asyncio.run(made.build(live, _quiet))
    yield made
    asyncio.run(made.close())


def _quiet(reached: Reached) -> None:
    pass


async def _liked(data: Path, count: int) -> None:
    log = SqliteLog(Folder(data).log)
    ids = Ids(1)
    for user_id in range(1, count + 1):
        me = Command(user_id, 1_800_000_000_000, ids.next(), ids)
        await Journal(log, NoKeys()).append(PostLiked(**me.stamp(), post_id=7, author_id=8))
    log.close()


class NoKeys:
    """Likes hold nothing personal."""

    async def create(self, user_id: int) -> None:
        raise AssertionError

    async def get(self, user_ids: object) -> dict[int, bytes]:
        raise AssertionError


def _begun(system: Beside) -> tuple[Generation, Generation]:
    """The live generation, and an empty one that is said to be ready."""
    live = asyncio.run(system.live("likes"))
    fresh = asyncio.run(system.registry.begin("likes", live.version))
    asyncio.run(system.registry.mark("likes", fresh.number, "ready"))
    return live, fresh


def test_what_was_broken_off_before_the_switch_is_switched_to(system: Beside, data: Path) -> None:
    _, fresh = _begun(system)
    done = CliRunner().invoke(command.run, ["likes", "--json", "--data", str(data)])
    assert done.exit_code == 0, done.output
    assert orjson.loads(done.stdout)["to"] == fresh.number
    assert len(asyncio.run(system.registry.generations())) == 2


def test_the_generation_that_was_replaced_is_not_taken_for_a_new_one(system: Beside, data: Path) -> None:
    for to in (2, 3):
        done = CliRunner().invoke(command.run, ["likes", "--json", "--data", str(data)])
        assert orjson.loads(done.stdout)["to"] == to


def test_one_generation_to_go_back_to_is_kept_up(system: Beside, data: Path) -> None:
    for _ in range(2):
        assert CliRunner().invoke(command.run, ["likes", "--json", "--data", str(data)]).exit_code == 0
    assert [g.state for g in asyncio.run(system.registry.generations())] == ["retired", "replaced", "live"]


@pytest.mark.parametrize(
    ("state", "said"),
    [
        ("retired", "it is fed no more since it is retired; `photolog replay drop likes` removes it"),
        ("broken", "it is fed no more since it broke, as the log of who fed it says; `photolog replay likes` builds another"),
        ("building", "it is not fed before it is built; `photolog replay likes` goes on"),
        ("ready", "nobody feeds it: start `photolog serve`, or the workers, and verify again"),
    ],
)  # fmt: skip
def test_what_is_behind_on_purpose_is_not_to_be_fed(
    system: Beside, data: Path, state: State, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("replay.verify._IDLE_POLLS_COUNT", 0)
    begun = asyncio.run(system.registry.begin("likes", LIKES.version))
    asyncio.run(system.build(begun, _quiet))
    asyncio.run(system.registry.mark("likes", 2, state))
    asyncio.run(_liked(data, 6))
    done = CliRunner().invoke(replay, ["verify", "likes", "--generation", "2", "--data", str(data)])
    assert done.exit_code == 1, done.output
    assert f"6 events at the log's end are not in it, and {said}\n" in done.stdout


def test_what_another_fold_made_is_not_to_be_fed_by_this_release(
    system: Beside, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("replay.verify._IDLE_POLLS_COUNT", 0)
    asyncio.run(_liked(data, 6))
    monkeypatch.setitem(BY_NAME, "likes", replace(LIKES, version=LIKES.version + 1))
    done = CliRunner().invoke(replay, ["verify", "likes", "--data", str(data)])
    assert f"is not fed by this release, since version {LIKES.version} of its fold made it" in done.stdout


def test_what_is_switched_to_was_verified(system: Beside, data: Path) -> None:
    done = CliRunner().invoke(command.run, ["likes", "--json", "--data", str(data)])
    seal = orjson.loads(done.stdout)["certificate"]
    (file,) = (data / "certificates").iterdir()
    certificate = parsed(file.read_bytes())
    assert (certificate.generation, certificate.equal, certificate.seal) == (2, True, seal)
    verified, switched = asyncio.run(history(system.registry, system.log))
    assert isinstance(verified, GenerationVerified)
    assert isinstance(switched, GenerationSwitched)
    assert (verified.differences_count, verified.certificate, switched.certificate) == (0, seal, seal)
    assert verified.verdict == "equal"


def test_what_is_not_what_the_log_says_is_not_switched_to(system: Beside, data: Path) -> None:
    _, fresh = _begun(system)
    asyncio.run(system.build(fresh, _quiet))
    with closing(sqlite3.connect(Folder(data).view("likes", fresh.number))) as view, view:
        view.execute("DELETE FROM likes WHERE user_id = (SELECT min(user_id) FROM likes)")
    refused = CliRunner().invoke(command.run, ["likes", "--data", str(data)])
    assert refused.exit_code == 2
    assert "likes 2 is not what the log says and was not switched to" in refused.stderr
    assert "photolog replay retire likes --generation 2" in refused.stderr
    assert asyncio.run(system.live("likes")).number == 1
    (verified,) = asyncio.run(history(system.registry, system.log))
    assert isinstance(verified, GenerationVerified)
    assert verified.differences_count > 0
    assert verified.verdict == "different"


@pytest.fixture
def while_verifying(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[], None]], None]:
    """Has something happen while a generation is verified."""
    verify = verify_generation

    def happen(what: Callable[[], None]) -> None:
        async def verified(*asked: Any) -> Certificate:
            certificate = await verify(*asked)
            await asyncio.to_thread(what)
            return certificate

        monkeypatch.setattr(rebuilding, "verify_generation", verified)

    return happen


def test_it_is_switched_to_where_the_live_one_stands_by_then(
    system: Beside, data: Path, while_verifying: Callable[[Callable[[], None]], None]
) -> None:
    def go_on() -> None:
        asyncio.run(_liked(data, 3))
        beside = Beside(FolderPlace(Settings(data=data)))
        asyncio.run(beside.build(asyncio.run(beside.live("likes")), _quiet))
        asyncio.run(beside.close())

    while_verifying(go_on)
    done = CliRunner().invoke(command.run, ["likes", "--data", str(data)])
    assert done.exit_code == 0, done.output
    before, live = asyncio.run(system.generations("likes"))
    assert (before.state, live.state) == ("replaced", "live")
    assert asyncio.run(system.positions(live)) == asyncio.run(system.positions(before))


def test_one_that_is_left_behind_while_it_is_verified_is_waited_for_and_verified_again(
    system: Beside, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Beside a worker that ended and is about to be started again nothing is wrong with it."""
    found: list[Certificate] = []

    async def verified(*asked: Any) -> Certificate:
        if not found:
            await asyncio.to_thread(lambda: asyncio.run(_liked(data, 3)))
        found.append(await verify_generation(*asked))
        return found[-1]

    monkeypatch.setattr("replay.verify._IDLE_POLLS_COUNT", 0)
    monkeypatch.setattr(rebuilding, "verify_generation", verified)
    done = CliRunner().invoke(command.run, ["likes", "--json", "--data", str(data)])
    assert done.exit_code == 0, done.output
    assert [(each.behind_count, each.equal) for each in found] == [(3, False), (0, True)]
    assert orjson.loads(done.stdout)["certificate"] == found[1].seal
    assert len(list((data / "certificates").iterdir())) == 1


def test_one_that_breaks_while_it_is_verified_is_not_switched_to(
    system: Beside, data: Path, while_verifying: Callable[[Callable[[], None]], None]
) -> None:
    while_verifying(lambda: _marked(system.registry, "broken"))
    refused = CliRunner().invoke(command.run, ["likes", "--data", str(data)])
    assert refused.exit_code == 2
    assert "likes 2 broke; see the server's log" in refused.stderr
    assert asyncio.run(system.live("likes")).number == 1


def _marked(registry: Registry, state: State) -> None:
    assert asyncio.run(registry.mark("likes", 2, state))


def test_a_generation_that_breaks_ends_the_command(system: Beside) -> None:
    live, fresh = _begun(system)
    asyncio.run(system.registry.mark("likes", fresh.number, "broken"))
    with system.unfed(), pytest.raises(click.ClickException, match="broke"):
        asyncio.run(rebuilding.until_even(system, live, fresh))


def test_a_server_that_goes_away_is_not_waited_for(system: Beside, monkeypatch: pytest.MonkeyPatch) -> None:
    live, fresh = _begun(system)
    server = ExitStack()
    server.enter_context(system.unfed())

    async def stopped(seconds: float) -> None:
        server.close()

    monkeypatch.setattr("runtime.reaching.asyncio.sleep", stopped)
    asyncio.run(rebuilding.until_even(system, live, fresh))
    assert asyncio.run(system.positions(fresh)) == asyncio.run(system.positions(live))


def test_it_is_said_who_is_waited_for(
    system: Beside, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    live, fresh = _begun(system)
    server, polls_count = ExitStack(), 0
    server.enter_context(system.unfed())

    async def polled(seconds: float) -> None:
        nonlocal polls_count
        polls_count += 1
        if polls_count == 200:
            server.close()

    monkeypatch.setattr("runtime.reaching.asyncio.sleep", polled)
    asyncio.run(rebuilding.until_even(system, live, fresh))
    told = capsys.readouterr().err
    assert told.count("likes 2 is built and waits to be fed") == 1
    assert "does `photolog worker likes`, or the embedded server, still run?" in told


def test_ctrl_c_says_what_was_built_and_how_to_go_on(
    system: Beside, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as interrupted:

        async def until_interrupted(*given: object) -> None:
            raise KeyboardInterrupt

        interrupted.setattr(rebuilding, "until_even", until_interrupted)
        done = CliRunner().invoke(command.run, ["likes", "saves", "--data", str(data)])
    assert done.exit_code == 130
    assert "broken off: likes 2 has 5 of 5 events and is not live" in done.output
    assert "`photolog replay likes saves` goes on from there" in done.output
    again = CliRunner().invoke(command.run, ["likes", "--json", "--data", str(data)])
    assert orjson.loads(again.stdout)["to"] == 2


def test_a_service_that_is_away_ends_the_command_with_how_to_go_on(
    system: Beside, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away(*given: object) -> None:
        raise UnavailableError("Cassandra: away")

    monkeypatch.setattr(rebuilding, "until_even", away)
    done = CliRunner().invoke(command.run, ["likes", "--data", str(data)])
    assert done.exit_code == 2
    assert "Cassandra: away; broken off: likes 2 has 5 of 5 events" in done.output


def test_a_switch_that_did_not_answer_may_have_happened(
    system: Beside, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    switched = SqliteRegistry.switch

    async def unanswered(self: SqliteRegistry, *given: Any) -> bool:
        await switched(self, *given)
        raise UnavailableError("Cassandra: no answer")

    monkeypatch.setattr(SqliteRegistry, "switch", unanswered)
    done = CliRunner().invoke(command.run, ["likes", "--data", str(data)])
    assert done.exit_code == 2
    assert "see with `photolog replay status likes` whether likes 2 is live" in done.output
    assert "is not live" not in done.output


def test_what_breaks_off_after_the_switch_is_live(
    system: Beside, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    saves = asyncio.run(system.registry.begin("saves", BY_NAME["saves"].version))
    asyncio.run(system.build(saves, _quiet))

    live = Beside.live

    async def away_later(self: Beside, projection: str) -> Generation:
        if projection == "saves":
            raise UnavailableError("Cassandra: away")
        return await live(self, projection)

    monkeypatch.setattr(Beside, "live", away_later)
    done = CliRunner().invoke(command.run, ["likes", "saves", "--data", str(data)])
    assert done.exit_code == 2
    assert "broken off: likes 2 is live; `photolog replay saves` goes on from there" in done.output


def test_what_was_given_up_while_it_was_built_is_not_switched_to(
    system: Beside, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    built = Beside.build

    async def given_up_meanwhile(self: Beside, generation: Generation, *more: Any) -> None:
        await built(self, generation, *more)
        assert await self.registry.mark("likes", generation.number, "retired")

    monkeypatch.setattr(Beside, "build", given_up_meanwhile)
    refused = CliRunner().invoke(command.run, ["likes", "--data", str(data)])
    assert refused.exit_code == 2
    assert "somebody has given up likes 2 meanwhile" in refused.output
    assert [g.state for g in asyncio.run(system.registry.generations())] == ["live", "retired"]


def test_a_replay_may_be_held_back(system: Beside, data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rates: list[float] = []

    class Noted(Throttle):
        def __init__(self, events_per_s: float) -> None:
            rates.append(events_per_s)
            super().__init__(1e9)

    monkeypatch.setattr("runtime.beside.Throttle", Noted)
    done = CliRunner().invoke(replay, ["--rate", "2.5", "likes", "--data", str(data)])
    assert done.exit_code == 0, done.output
    assert rates == [2.5]
