"""`photolog replay verify feeds` looks at all that is stored of a feed, whatever the cap is set to."""

import asyncio
import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from events.accounts import AccountSeen
from events.envelope import Envelope
from events.graph import Followed
from events.ids import EPOCH_MS, first_id_at
from events.posts import PostCreated
from projectors.catalogue import BY_NAME
from runtime.commands.replay import replay
from runtime.folder import Folder
from tests.unit.trials import happened, lived, quiet

Run = Callable[..., Result]
READER, AUTHOR = 51, 61
_SAID: Any = {"occurred_at": datetime(2026, 11, 21, tzinfo=UTC), "correlation_id": 1}


def _followed() -> list[Envelope]:
    return [
        AccountSeen(id=1, actor_id=READER, user_id=READER, **_SAID),
        Followed(id=2, actor_id=READER, follower_id=READER, followed_id=AUTHOR, **_SAID),
    ]


def _posted(count: int) -> list[Envelope]:
    """One every millisecond."""
    ids = [first_id_at(EPOCH_MS + 1_000 + number) for number in range(count)]
    return [
        PostCreated(id=id_, actor_id=AUTHOR, post_id=id_, author_id=AUTHOR, media_ids=(1,), **_SAID)
        for id_ in ids
    ]


@pytest.fixture(params=[800, 2_000])
def cap(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> int:
    found: int = request.param
    monkeypatch.setenv("PHOTOLOG_FEED_CAP", str(found))
    return found


@pytest.fixture
def run(cap: int, tmp_path: Path) -> Run:
    """A reader follows somebody who then posts as much as a feed may hold."""
    asyncio.run(_lived(tmp_path, _longest(cap)))
    return lambda *words: CliRunner().invoke(replay, [*words, "--data", str(tmp_path)])


async def _lived(data: Path, posts_count: int) -> None:
    await happened(data, _followed())
    system = await lived(data, *BY_NAME)
    await happened(data, _posted(posts_count))
    await system.build(await system.live("feeds"), quiet)
    await system.close()


def lose(data: Path, rank: int) -> int:
    """An entry of the reader's feed. The id of its post."""
    which = "SELECT post_id FROM entries WHERE reader_id = ? ORDER BY post_id DESC LIMIT 1 OFFSET ?"
    with closing(sqlite3.connect(Folder(data).view("feeds", 1))) as connection, connection:
        ((post_id,),) = connection.execute(which, (READER, rank - 1))
        connection.execute("DELETE FROM entries WHERE post_id = ?", (post_id,))
    return int(post_id)


@pytest.mark.parametrize("words", [(), ("--only-user", str(READER))])
def test_the_last_entry_that_is_stored_is_missed(
    run: Run, cap: int, tmp_path: Path, words: tuple[str, ...]
) -> None:
    command = ("feeds", *words) if words else ("verify", "feeds")
    assert run(*command).exit_code == 0
    post_id = lose(tmp_path, _longest(cap))
    found = run(*command)
    assert found.exit_code == 1, found.output
    assert f"user {READER}: lacks: missing {post_id}" in found.stdout


def test_an_old_entry_too_many_is_found(run: Run, cap: int, tmp_path: Path) -> None:
    post_id = first_id_at(EPOCH_MS + 1_000) + 1
    with closing(sqlite3.connect(Folder(tmp_path).view("feeds", 1))) as connection, connection:
        connection.execute("INSERT INTO entries VALUES (?, ?, ?)", (READER, post_id, AUTHOR + 1))
    found = run("verify", "feeds")
    assert found.exit_code == 1, found.output
    assert f"user {READER}: older: too many {post_id}" in found.stdout


def test_a_certificate_stands_whatever_the_cap_is_by_now(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = tmp_path / "certificate.json"
    assert run("verify", "feeds", "--certificate", str(kept)).exit_code == 0
    monkeypatch.setenv("PHOTOLOG_FEED_CAP", "3")
    checked = run("check", str(kept))
    assert checked.exit_code == 0, checked.output


def _longest(cap: int) -> int:
    """A feed is cut when it holds more than an eighth beyond its cap."""
    return cap + cap // 8
