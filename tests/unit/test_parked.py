"""`photolog parked` on the data folder of an embedded system that nobody serves."""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import orjson
import pytest
from click.testing import CliRunner, Result

from events.codec import encode
from events.likes import PostLiked, PostUnliked
from events.topics import ENGAGEMENT
from projectors.catalogue import BY_NAME
from projectors.likes import LIKES, project
from projectors.step import Step
from runtime.commands.parked import parked
from runtime.folder import Folder
from runtime.folder_place import FolderPlace
from runtime.settings import Settings
from stores.ports.likes import LikeSet
from stores.ports.view import Folded
from stores.sqlite.log import SqliteLog
from tests.unit.stepping import OTHER, POISON, acts

Run = Callable[..., Result]


@pytest.fixture
def data(tmp_path: Path) -> Path:
    Folder(tmp_path).make()
    return tmp_path


@pytest.fixture
def run(data: Path) -> Run:
    return lambda *words: CliRunner().invoke(parked, [*words, "--data", str(data)])


def _append(data: Path, *told: tuple[str, int, int]) -> None:
    """(like or unlike, user, post)"""
    log = SqliteLog(Folder(data).log)
    asyncio.run(log.append([encode(event, None) for event in acts(*told)]))
    log.close()


def _poisoned(event: PostLiked | PostUnliked) -> Sequence[LikeSet]:
    if event.post_id == POISON and event.actor_id == 1:
        raise ZeroDivisionError
    return project(event)


class Folding:
    """The live generation, and its projector of now."""

    def __init__(self, data: Path) -> None:
        self._place = FolderPlace(Settings(data=data))
        asyncio.run(self._place.registry.begin("likes", LIKES.version))
        self._view = self._place.open_view("likes", 1)

    def fold(self) -> None:
        asyncio.run(self._fold())

    async def _fold(self) -> None:
        step: Step[Any] = Step(BY_NAME["likes"], self._view, self._place.log, self._place.keys)
        while await step.catch_up():
            pass

    def likers(self, post_id: int) -> Sequence[int]:
        return [*asyncio.run(self._view.likers(post_id, None, 9)).items]

    def close(self) -> None:
        asyncio.run(self._place.close())


@pytest.fixture
def folding(data: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Folding]:
    """The first like of a post cannot be folded; a later one of it, and one of another post, can."""
    _append(data, ("like", 1, POISON), ("like", 2, OTHER), ("like", 2, POISON))
    monkeypatch.setitem(BY_NAME, "likes", replace(LIKES, project=_poisoned))
    made = Folding(data)
    made.fold()
    yield made
    made.close()


@pytest.mark.usefixtures("folding")
def test_parked_events_are_listed_with_their_reasons(run: Run) -> None:
    listed = run("list", "--json")
    assert listed.exit_code == 1
    first, second = map(orjson.loads, listed.stdout.splitlines())
    assert first | {"id": ""} == {
        "projection": "likes", "generation": 1, "topic": ENGAGEMENT, "partition": first["partition"],
        "offset": first["offset"], "id": "", "key": str(POISON), "reason": "ZeroDivisionError: cannot be folded",
        "retry": False,
    }  # fmt: skip
    assert second["reason"] == "behind a parked event of its key"
    assert f"key {POISON}: ZeroDivisionError: cannot be folded" in run("list").stdout


def test_nothing_parked_is_said(run: Run, data: Path) -> None:
    Folding(data).close()
    listed = run("list")
    assert (listed.exit_code, listed.stdout) == (0, "nothing is parked\n")
    assert run("list", "--json").stdout == ""


@pytest.mark.usefixtures("folding")
def test_a_key_is_shown_as_it_stands_on_the_log(run: Run) -> None:
    shown = [orjson.loads(line) for line in run("show", "likes", str(POISON), "--json").stdout.splitlines()]
    assert [event["type"] for event in shown] == ["post.liked", "post.liked"]
    assert orjson.loads(shown[0]["value"])["post_id"] == str(POISON)
    assert '"post_id":"13"' in run("show", "likes", str(POISON)).stdout


@pytest.mark.usefixtures("folding")
@pytest.mark.parametrize("words", [("show",), ("retry",), ("discard", "--yes")])
def test_a_key_that_is_not_parked_is_an_error(run: Run, words: tuple[str, ...]) -> None:
    done = run(words[0], "likes", str(OTHER), *words[1:])
    assert done.exit_code == 2
    assert "likes has no parked events of 17" in done.output


def test_a_retry_waits_until_the_cause_is_mended(
    folding: Folding, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert run("retry", "likes", str(POISON)).exit_code == 0
    assert run("list").stdout.count("(will be tried again)") == 2
    folding.fold()
    listed = run("list").stdout
    assert "(will be tried again)" not in listed
    assert listed.count("ZeroDivisionError") == 2
    monkeypatch.setitem(BY_NAME, "likes", LIKES)
    assert run("retry", "likes", str(POISON)).exit_code == 0
    folding.fold()
    assert run("list").exit_code == 0
    assert folding.likers(POISON) == [2, 1]


async def _as_parked(folding: Folding) -> Sequence[Folded[Any]]:
    """Everything there is, and what is parked in the live generation parked again."""
    place = folding._place
    parked_at = {(e.partition, e.offset) for e in await folding._view.parked()}
    return [
        Folded(
            e.partition,
            e.offset,
            e.record.id,
            e.record.key,
            (),
            "x" if (e.partition, e.offset) in parked_at else None,
        )
        for at, end in (await place.log.ends(LIKES.topics)).items()
        for e in await place.log.read(at, 0, end + 1)
    ]


def test_of_several_generations_an_event_counts_once(folding: Folding, run: Run, data: Path) -> None:
    place = FolderPlace(Settings(data=data))
    fresh = asyncio.run(place.registry.begin("likes", LIKES.version))
    asyncio.run(place.registry.mark("likes", fresh.number, "ready"))
    asyncio.run(place.open_view("likes", fresh.number).apply(asyncio.run(_as_parked(folding))))
    assert len(run("list", "--json").stdout.splitlines()) == 4
    retried = run("retry", "likes", str(POISON), "--json")
    assert orjson.loads(retried.stdout) == {"projection": "likes", "key": str(POISON), "retried": 2}
    discarded = run("discard", "likes", str(POISON), "--yes", "--json")
    assert orjson.loads(discarded.stdout) == {"projection": "likes", "key": str(POISON), "discarded": 2}
    asyncio.run(place.close())


def test_what_is_discarded_has_said_nothing(folding: Folding, run: Run, data: Path) -> None:
    done = run("discard", "likes", str(POISON), "--yes")
    assert (done.exit_code, done.stdout) == (0, f"2 events of {POISON} were discarded\n")
    assert run("list").exit_code == 0
    _append(data, ("like", 3, POISON))
    folding.fold()
    assert folding.likers(POISON) == [3]


def test_one_event_is_discarded_and_the_others_are_tried_again(folding: Folding, run: Run) -> None:
    first = orjson.loads(run("list", "--json").stdout.splitlines()[0])
    done = run("discard", "likes", str(POISON), "--event", first["id"], "--yes")
    assert done.stdout == f"1 events of {POISON} were discarded\n"
    folding.fold()
    assert run("list").exit_code == 0
    assert folding.likers(POISON) == [2]


@pytest.mark.usefixtures("folding")
def test_an_event_that_is_not_parked_is_not_discarded(run: Run) -> None:
    done = run("discard", "likes", str(POISON), "--event", "5", "--yes")
    assert done.exit_code == 2
    assert "not parked under 13: 5" in done.output
    assert len(run("list", "--json").stdout.splitlines()) == 2


@pytest.mark.usefixtures("folding")
def test_discarding_asks_first(run: Run) -> None:
    asked = run("discard", "likes", str(POISON))
    assert asked.exit_code == 1
    assert "Leave out the parked events of 13 from likes?" in asked.output
    assert run("list").exit_code == 1
