"""`photolog replay` and its subcommands where something is damaged, missing, or not this user's."""

import asyncio
import os
import sqlite3
from contextlib import closing
from pathlib import Path

import orjson
import pytest
from click.testing import CliRunner, Result

from projectors.likes import LIKES
from runtime.beside import Beside
from runtime.commands.replay import replay
from runtime.errors import OperatorError
from runtime.folder import Folder
from tests.unit.test_replay_verbs import Run, data, done, liked, run, states, system
from tests.unit.trials import damage

__all__ = ["data", "run", "system"]


def test_what_cannot_be_read_any_more_is_told_and_replaced(run: Run, data: Path) -> None:
    damage(data, "likes", 1)
    (found,) = orjson.loads(elsewhere(data, "status", "likes", "--json").stdout)
    assert "file is not a database" in found["unreadable"]
    assert "`photolog replay likes` builds another" in elsewhere(data, "status", "likes").stdout
    assert done(elsewhere(data, "likes", "--unverified", "--json"))[0]["to"] == 2
    assert "there is no going back to it" in elsewhere(data, "status", "likes").stdout


@pytest.mark.parametrize("more", [[], ["--repair"]])
def test_what_cannot_be_read_is_told_to_be_replayed(
    run: Run, system: Beside, data: Path, more: list[str]
) -> None:
    asyncio.run(system.close())
    damage(data, "likes", 1)
    refused = elsewhere(data, "run", "likes", "--only-shard", "photolog.engagement/0", *more)
    assert refused.exit_code == 2
    assert "file is not a database; `photolog replay likes` builds another" in refused.output


def test_what_is_retired_is_dropped_whatever_is_in_its_file(run: Run, system: Beside, data: Path) -> None:
    done(run("likes", "--json"))
    done(run("retire", "likes", "--json"))
    damage(data, "likes", 1)
    assert "unreadable" in elsewhere(data, "status", "likes").stdout
    assert elsewhere(data, "drop", "likes", "--yes").exit_code == 0
    assert not Folder(data).view("likes", 1).exists()
    assert states(system) == {2: "live"}


def test_a_log_that_was_cut_is_replayed_as_it_is(run: Run, system: Beside, data: Path) -> None:
    """The live generation holds what the log does not have: it is what has to be replaced."""
    cut(data)
    (switched,) = done(elsewhere(data, "likes", "--unverified", "--json"))
    assert switched["to"] == 2
    assert sum(o + 1 for o in asyncio.run(system.positions(asyncio.run(system.live("likes")))).values()) == 4


def test_a_build_that_was_begun_on_another_log_is_told_to_be_dropped(system: Beside, data: Path) -> None:
    fresh = asyncio.run(system.registry.begin("likes", LIKES.version))
    asyncio.run(system.build(fresh, lambda reached: None))
    cut(data)
    refused = CliRunner().invoke(replay, ["likes", "--unverified", "--data", str(data)])
    assert isinstance(refused.exception, OperatorError)
    assert "`photolog replay drop likes --generation 2`" in str(refused.exception)


def test_another_user_is_told_whose_folder_it_is(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    liked(data, 1)
    Folder(data).state.touch()
    owner = os.geteuid()
    monkeypatch.setattr(os, "geteuid", lambda: owner + 1)
    refused = elsewhere(data, "status")
    assert refused.exit_code == 2
    assert f"belongs to user {owner}" in refused.output


def test_a_folder_without_its_state_is_not_half_made(data: Path) -> None:
    liked(data, 1)
    refused = elsewhere(data, "status")
    assert refused.exit_code == 2
    assert "state.db is missing" in refused.output
    assert not Folder(data).state.exists()


def test_what_a_killed_trial_left_is_dropped(run: Run, system: Beside, data: Path) -> None:
    left = data / "scratch" / "feeds.trial"
    left.mkdir(parents=True)
    (left / "feeds.db").write_text("what people wrote")
    assert run("drop", "feeds", "--generation", "0").exit_code == 0
    assert not left.exists()


def elsewhere(data: Path, *words: str) -> Result:
    """By a command that has nothing open yet."""
    return CliRunner().invoke(replay, [*words, "--data", str(data)])


def cut(data: Path) -> None:
    """Of one partition the last event is not there any more."""
    with closing(sqlite3.connect(Folder(data).log)) as connection, connection:
        last = "SELECT topic, partition, max(offset) FROM log"
        assert connection.execute(f"DELETE FROM log WHERE (topic, partition, offset) = ({last})").rowcount
