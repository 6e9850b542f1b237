"""A certificate stands as long as nothing in it, and nothing under it, was changed."""

import json
import sqlite3
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import closing
from dataclasses import replace
from functools import partial
from inspect import getsource
from pathlib import Path
from types import ModuleType
from typing import Any

import orjson
import pytest

from api.feeds import skeleton
from events.codec import decode, encode
from events.envelope import Envelope
from events.ids import Ids
from events.operations import OperationEvent
from projectors.catalogue import BY_NAME
from replay import certificate
from replay.certificate import Certificate, CertificateError, code_of, parsed
from replay.check import check
from replay.operations import Recorder
from replay.subjects.catalogue import judged
from stores.ports.registry import Generation
from stores.sqlite.log import SqliteLog
from tests.property.subjects import SUBJECTS
from tests.property.test_laws import history
from tests.property.verifying import around, verified
from tests.property.worlds import World
from tests.unit.stepping import acts

LIKES = next(subject for subject in SUBJECTS if subject.projection.name == "likes")
GENERATION = Generation("likes", 2, 1, "live")
Change = Callable[[dict[str, Any]], object]


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    made = World(tmp_path, LIKES.projection, LIKES.open_view)
    await made.append(_events())
    await made.drain()
    yield made
    made.close()


def _events() -> list[Envelope]:
    return history(LIKES)


async def _reasons(
    world: World, certificate: Certificate, noted: Certificate | None = None
) -> tuple[str, ...]:
    """`noted` is what a verify has made; else this one."""
    beside = around(world, partial(_history, noted or certificate))
    return await check(judged("likes", skeleton), beside, certificate)


async def _history(certificate: Certificate) -> Sequence[OperationEvent]:
    event = decode(Recorder(Ids(1), None).verified(GENERATION, certificate), {})
    assert isinstance(event, OperationEvent)
    return [event]


async def test_it_stands(world: World, tmp_path: Path) -> None:
    found = parsed((await verified(world, LIKES, tmp_path)).json_text())
    assert found.equal
    assert await _reasons(world, found) == ()


async def test_it_stands_when_the_log_has_gone_on(world: World, tmp_path: Path) -> None:
    found = await verified(world, LIKES, tmp_path)
    await world.append([event.model_copy(update={"id": event.id + 7}) for event in _events()])
    assert await _reasons(world, found) == ()


async def test_one_that_tells_of_differences_stands(world: World, tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "view.db")) as connection, connection:
        connection.execute("DELETE FROM likes")
    found = await verified(world, LIKES, tmp_path)
    assert not found.equal
    assert await _reasons(world, found) == ()


TAMPERED: dict[str, Change] = {
    "equal": lambda told: told.update(equal=not told["equal"]),
    "positions": lambda told: told["positions"][0].update(offset=told["positions"][0]["offset"] - 1),
    "event_of_a_position": lambda told: told["positions"][0].update(event_id="5"),
    "a_partition_less": lambda told: told["positions"].pop(),
    "a_digest_of_the_oracle": lambda told: told["digests"]["oracle"].update({_bucket(told): "0" * 32}),
    "a_bucket_less": lambda told: told["digests"]["oracle"].pop(_bucket(told)),
    "a_digest_of_the_generation": lambda told: told["digests"]["generation"].update({"3": "0" * 32}),
    "both_digests": lambda told: [
        told["digests"][whose].update({_bucket(told): "0" * 32}) for whose in ("oracle", "generation")
    ],
    "events": lambda told: told.update(events_count=told["events_count"] + 1),
    "differences": lambda told: told.update(differences_count=1),
    "parked": lambda told: told.update(parked_count=1),
    "unreadable": lambda told: told.update(unreadable_count=1),
    "an_offset_beyond_the_end": lambda told: _beyond(told, None),
    "an_event_beyond_the_end": lambda told: _beyond(told, "5"),
    "no_event_at_a_position": lambda told: told["positions"][0].update(event_id=None),
}
SEALED_ONLY: dict[str, Change] = {
    "generation": lambda told: told.update(generation=9),
    "code": lambda told: told.update(code="another"),
    "time": lambda told: told.update(made_at_ms=1),
    "entities": lambda told: told.update(entities_count=0),
}
"""What nothing but the seal tells."""


def _beyond(told: dict[str, Any], event_id: str | None) -> None:
    told["positions"][0].update(offset=2**40, event_id=event_id)
    told["events_count"] = sum(each["offset"] + 1 for each in told["positions"])


def _bucket(told: dict[str, Any]) -> str:
    bucket: str = next(iter(told["digests"]["oracle"]))
    return bucket


def _changed(found: Certificate, change: Change) -> Certificate:
    told = orjson.loads(found.json_text())
    change(told)
    return Certificate.model_validate_json(orjson.dumps(told))


@pytest.mark.parametrize("part", [*TAMPERED, *SEALED_ONLY])
async def test_it_does_not_stand_when_a_part_was_changed(part: str, world: World, tmp_path: Path) -> None:
    found = _changed(await verified(world, LIKES, tmp_path), (TAMPERED | SEALED_ONLY)[part])
    assert any("seal" in reason for reason in await _reasons(world, found))


@pytest.mark.parametrize("part", TAMPERED)
async def test_a_new_seal_does_not_help(part: str, world: World, tmp_path: Path) -> None:
    found = _changed(await verified(world, LIKES, tmp_path), TAMPERED[part]).sealed()
    assert found.is_sealed()
    assert await _reasons(world, found)


async def test_a_position_beyond_the_end_is_told(world: World, tmp_path: Path) -> None:
    change = TAMPERED["an_offset_beyond_the_end"]
    found = _changed(await verified(world, LIKES, tmp_path), change).sealed()
    topic, partition = found.positions[0].topic, found.positions[0].partition
    assert f"the log does not reach {2**40} of {topic} {partition}" in await _reasons(world, found)


async def test_a_forgery_of_what_differs_does_not_stand(world: World, tmp_path: Path) -> None:
    """It says what the oracle says, and nothing contradicts it but that no verify has found it."""
    with closing(sqlite3.connect(tmp_path / "view.db")) as connection, connection:
        connection.execute("UPDATE counts SET count = count + 1")
    found = await verified(world, LIKES, tmp_path)
    assert found.differences_count > 0
    digests = {**found.digests, "generation": found.digests["oracle"]}
    right = {"digests": digests, "differences": (), "differences_count": 0, "equal": True}
    forged = found.model_copy(update=right).sealed()
    assert await _reasons(world, forged, noted=forged) == ()
    (reason,) = await _reasons(world, forged, noted=found)
    assert reason.startswith("no verify on this log made it")


@pytest.mark.parametrize("other", [{"generation": 3}, {"projection": "saves"}])
async def test_the_seal_of_something_else_does_not_help(
    other: dict[str, Any], world: World, tmp_path: Path
) -> None:
    found = await verified(world, LIKES, tmp_path)
    about = replace(
        GENERATION, number=other.get("generation", 2), projection=other.get("projection", "likes")
    )
    event = decode(Recorder(Ids(1), None).verified(about, found), {})
    assert isinstance(event, OperationEvent)

    async def told() -> Sequence[OperationEvent]:
        return [event]

    beside = around(world, told)
    (reason,) = await check(judged("likes", skeleton), beside, found)
    assert reason.startswith("no verify on this log made it")


async def test_what_cannot_be_read_is_told_again(world: World, tmp_path: Path) -> None:
    """Also of a certificate that a later release made, which could read it."""
    (event,) = acts(("like", 1, 4242))
    await world.log.append([replace(encode(event, None), version=99)])
    await world.drain()
    found = await verified(world, LIKES, tmp_path)
    assert (found.equal, found.verdict, found.unreadable_count) == (False, "incomplete", 1)
    assert [each.id for each in found.unreadable] == [str(event.id)]
    assert await _reasons(world, found) == ()
    read = {"unreadable": (), "unreadable_count": 0, "parked": (), "parked_count": 0, "equal": True}
    (reason,) = await _reasons(world, found.model_copy(update=read).sealed())
    assert reason == "1 events cannot be read by this release; it counts 0"


def test_the_code_is_what_the_fold_needs(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of the search also how texts are cut."""
    needed: set[str] = set()

    def read(module: ModuleType) -> str:
        needed.add(module.__name__)
        return getsource(module)

    monkeypatch.setattr(certificate, "getsource", read)
    code_of(BY_NAME["search"])
    assert {"projectors.search", "stores.ports.terms", "events.tags"} <= needed
    assert not any(name.startswith(("stores.sqlite", "replay", "runtime")) for name in needed)


def test_another_cut_of_texts_is_other_code(monkeypatch: pytest.MonkeyPatch) -> None:
    before = {name: code_of(BY_NAME[name]) for name in ("search", "likes")}

    def edited(module: ModuleType) -> str:
        return getsource(module) + ("# edited" if module.__name__ == "stores.ports.terms" else "")

    monkeypatch.setattr(certificate, "getsource", edited)
    assert code_of(BY_NAME["search"]) != before["search"]
    assert code_of(BY_NAME["likes"]) == before["likes"]


async def test_it_does_not_stand_on_a_log_that_was_cut(world: World, tmp_path: Path) -> None:
    found = await verified(world, LIKES, tmp_path)
    with closing(sqlite3.connect(tmp_path / "log.db")) as connection, connection:
        last = "SELECT topic, partition, max(offset) FROM log WHERE partition = 0"
        connection.execute(f"DELETE FROM log WHERE (topic, partition, offset) = ({last})")
    world.log.close()
    world.log = SqliteLog(tmp_path / "log.db", 2)
    assert any("does not reach" in reason for reason in await _reasons(world, found))


async def test_it_does_not_stand_on_a_log_that_tells_otherwise(world: World, tmp_path: Path) -> None:
    found = await verified(world, LIKES, tmp_path)
    with closing(sqlite3.connect(tmp_path / "log.db")) as connection, connection:
        connection.execute("UPDATE log SET type = 'post.unliked' WHERE offset = 0 AND type = 'post.liked'")
    world.log.close()
    world.log = SqliteLog(tmp_path / "log.db", 2)
    assert any("says otherwise" in reason for reason in await _reasons(world, found))


@pytest.mark.parametrize("text", [b"", b"{}", b"null", b'{"format": 2}'])
def test_what_is_no_certificate_is_told(text: bytes) -> None:
    with pytest.raises(CertificateError):
        parsed(text)


@pytest.mark.parametrize(
    ("part", "value"),
    [
        ("projection", "[/x]"), ("projection", "a{b}"), ("projection", "likes\x1b[2J"), ("generation", -1),
        ("made_at_ms", 2**64), ("live_differences_count", 10**25), ("behind_count", -5),
        ("digests", {"oracle": {"abc": "00"}}), ("digests", {"oracle": {"9" * 30: "00"}}),
        ("positions", [{"topic": "t", "partition": 0, "offset": 2**63, "event_id": None}]),
        ("positions", [{"topic": "t", "partition": 0, "offset": -2, "event_id": None}]),
    ],
)  # fmt: skip
async def test_what_no_certificate_says_is_told(
    part: str, value: object, world: World, tmp_path: Path
) -> None:
    """Whatever its seal."""
    said = orjson.loads((await verified(world, LIKES, tmp_path)).json_text())
    with pytest.raises(CertificateError):
        parsed(json.dumps(said | {part: value}).encode())


async def test_nothing_that_people_wrote_is_in_it(tmp_path: Path) -> None:
    for subject in SUBJECTS:
        folder = tmp_path / subject.projection.name
        folder.mkdir()
        with closing(World(folder, subject.projection, subject.open_view)) as made:
            await made.append(history(subject))
            await made.drain()
            _spoil(folder / "view.db")
            text = (await verified(made, subject, folder)).json_text().decode().lower()
        assert '"missing"' in text
        for word in ("harbor", "brin", "cleo", "example.org", "first 1", "bio 1", "dusk"):
            assert word not in text, (subject.projection.name, word)


async def test_a_view_that_nobody_feeds_is_not_equal(world: World, tmp_path: Path) -> None:
    await world.append([event.model_copy(update={"id": event.id + 7}) for event in _events()])
    found = await verified(world, LIKES, tmp_path)
    assert (found.equal, found.differences_count) == (False, 0)
    assert found.behind_count == len(_events())
    assert await _reasons(world, found) == ()


def _spoil(path: Path) -> None:
    """Everything that the view holds is lost, but for where it stands."""
    with closing(sqlite3.connect(path)) as connection, connection:
        tables = [
            name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
        ]
        for name in tables:
            if name not in ("position", "parked", "state"):
                connection.execute(f"DELETE FROM {name}")
