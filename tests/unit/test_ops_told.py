"""What the operators' page tells of verifications: what the log tells, and the files that the log knows."""

from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import orjson
import pytest

from events.codec import decode
from events.ids import Ids
from events.operations import GenerationVerified
from replay.certificate import Certificate
from replay.operations import Recorder, Seals, append_noted, history, seals
from runtime import ops_told
from runtime.ops import Watch, Watched
from stores.ports.log import Positions
from stores.ports.registry import Generation
from stores.sqlite.database import MEMORY
from stores.sqlite.log import SqliteLog
from stores.sqlite.registry import SqliteRegistry
from stores.sqlite.state import open_state
from tests.unit.api_app import NOW_MS

RECORDER = Recorder(Ids(1), "release 12", lambda: NOW_MS)
GENERATION = Generation("likes", 2, 1, "live")


@pytest.fixture
def log(tmp_path: Path) -> Iterator[SqliteLog]:
    with closing(SqliteLog(tmp_path / "log.db")) as made:
        yield made


@pytest.fixture
async def registry() -> AsyncIterator[SqliteRegistry]:
    with closing(open_state(MEMORY)) as state:
        yield SqliteRegistry(state)


def certificate(at_ms: int, *, equal: bool = True, differences_count: int = 0) -> Certificate:
    return Certificate(
        projection="likes", generation=2, live=None, fold_version=1, code="c", made_at_ms=at_ms, positions=(),
        behind_count=0, events_count=1, entities_count=1, digests={}, faults=(), parked=(), parked_count=0,
        differences=(), differences_count=differences_count, live_differences_count=0, equal=equal,
    ).sealed()  # fmt: skip


def kept(folder: Path, at_ms: int, content: bytes) -> None:
    (folder / f"likes.2.{at_ms}.json").write_bytes(content)


async def test_certificates_of_the_folder_and_verified_ones_of_the_log(
    registry: SqliteRegistry, log: SqliteLog, tmp_path: Path
) -> None:
    folder = tmp_path / "certificates"
    folder.mkdir()
    good, bad = certificate(NOW_MS - 1_000), certificate(NOW_MS - 2_000, equal=False, differences_count=3)
    kept(folder, good.made_at_ms, good.json_text())
    kept(folder, bad.made_at_ms, bad.json_text())
    kept(folder, NOW_MS - 3_000, orjson.dumps(orjson.loads(bad.json_text()) | {"equal": True}))
    kept(folder, NOW_MS - 4_000, b"{")
    (folder / "notes.json").write_bytes(b"{}")
    elsewhere = certificate(NOW_MS, equal=False, differences_count=5)
    await log.append([RECORDER.verified(GENERATION, each) for each in (good, bad, elsewhere)])
    events = await history(registry, log)
    known = await Seals(registry, log).known()
    found = ops_told.verified(events, known, folder)
    assert [(it.verdict, it.differences_count, it.file and it.file[8:]) for it in found] == [
        ("different", 5, None),
        ("equal", 0, f"{NOW_MS - 1_000}.json"),
        ("different", 3, f"{NOW_MS - 2_000}.json"),
        ("changed", 3, f"{NOW_MS - 3_000}.json"),
        ("unreadable", 0, f"{NOW_MS - 4_000}.json"),
    ]
    kept(folder, NOW_MS - 4_000, good.json_text() + b"\n")
    by_file = {it.file: it.verdict for it in ops_told.verified(events, known, folder)}
    assert by_file[f"likes.2.{NOW_MS - 4_000}.json"] == "equal"


def test_a_file_of_which_the_log_knows_nothing_is_not_believed(tmp_path: Path) -> None:
    """Nor does it stand for what the log tells."""
    found, forged = certificate(NOW_MS - 2, equal=False, differences_count=1), certificate(NOW_MS - 1)
    kept(tmp_path, forged.made_at_ms, forged.json_text())
    event = verified_event(found)
    told = ops_told.verified([event], seals([event]), tmp_path)
    assert {(it.verdict, it.file) for it in told} == {
        ("different", None),
        ("unlisted", f"likes.2.{forged.made_at_ms}.json"),
    }


@pytest.mark.parametrize(
    ("wrong", "verdict", "words"),
    [
        ({}, "equal", "equal"),
        ({"differences_count": 1_234}, "different", "1,234 differences"),
        ({"behind_count": 3}, "behind", "is behind"),
        ({"parked_count": 1}, "incomplete", "lacks events"),
        ({"unreadable_count": 1}, "incomplete", "lacks events"),
        ({"faults": ("generation 2: a page is lost",)}, "faulty", "has faults"),
        ({"faults": ("generation 1: a page is lost",)}, "equal", "equal"),
    ],
)
def test_what_was_verified_is_told_without_its_certificate(
    wrong: dict[str, Any], verdict: str, words: str
) -> None:
    event = verified_event(certificate(NOW_MS).model_copy(update=wrong))
    (told,) = ops_told.verified([event], (), None)
    assert told.verdict == verdict
    (done,) = ops_told.done([event])
    assert done.what == f"generation verified, {words}"


@pytest.mark.parametrize(("count", "verdict"), [(0, "unknown"), (2, "different")])
def test_of_what_was_verified_without_a_verdict_no_more_is_told(count: int, verdict: str) -> None:
    said = {"verdict": None, "differences_count": count}
    event = verified_event(certificate(NOW_MS)).model_copy(update=said)
    (told,) = ops_told.verified([event], (), None)
    assert told.verdict == verdict
    (done,) = ops_told.done([event])
    assert done.what == f"generation verified, {count} differences, nothing known of faults"


async def test_seals_are_read_on(registry: SqliteRegistry, log: SqliteLog) -> None:
    known = Seals(registry, log)
    assert await known.known() == set()
    one, other = certificate(1), certificate(2)
    await registry.note("likes", 2, RECORDER.verified(GENERATION, one))
    assert await known.known() == {("likes", 2, one.seal)}
    await append_noted(registry, log)
    await log.append([RECORDER.verified(GENERATION, other)])
    assert await known.known() == {("likes", 2, one.seal), ("likes", 2, other.seal)}


async def test_what_is_appended_while_it_is_looked_for_is_found(
    registry: SqliteRegistry, log: SqliteLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Noted before the log was looked at, and on the log afterwards."""
    made, ends = certificate(1), log.ends
    await registry.note("likes", 2, RECORDER.verified(GENERATION, made))

    async def appended_meanwhile(topics: Sequence[str]) -> Positions:
        found = await ends(topics)
        await append_noted(registry, log)
        return found

    monkeypatch.setattr(log, "ends", appended_meanwhile)
    assert await Seals(registry, log).known() == {("likes", 2, made.seal)}


def verified_event(found: Certificate) -> GenerationVerified:
    event = decode(RECORDER.verified(GENERATION, found.sealed()), {})
    assert isinstance(event, GenerationVerified)
    return event


def test_only_the_newest_certificates_are_read(tmp_path: Path) -> None:
    for number in range(100):
        kept(tmp_path, NOW_MS + number, b"{")
    found = ops_told.verified((), (), tmp_path)
    assert [it.at_ms for it in found] == [NOW_MS + 99 - number for number in range(ops_told.SHOWN_COUNT)]
    assert ops_told.verified((), (), tmp_path / "none") == []


async def _by_nobody(projection: str) -> bool:
    return False


async def test_the_page_is_told_which_files_the_log_knows(
    registry: SqliteRegistry, log: SqliteLog, tmp_path: Path
) -> None:
    """However much was done since."""
    good, forged = certificate(NOW_MS - 2), certificate(NOW_MS - 1)
    for each in (good, forged):
        kept(tmp_path, each.made_at_ms, each.json_text())
    later = [RECORDER.retired(GENERATION) for _ in range(2 * ops_told.SHOWN_COUNT)]
    await log.append([RECORDER.verified(GENERATION, good), *later])
    watched = Watched(registry, log, lambda *_: None, lambda _: None, _by_nobody, tmp_path)
    state = await Watch(watched, lambda: NOW_MS).state()
    assert [it.verdict for it in state.verified or ()] == ["unlisted", "equal"]
