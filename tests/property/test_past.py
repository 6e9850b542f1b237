"""Whatever happened, in whichever partitions: a moment that is kept shows every feed as it had to be then."""

import tempfile
from collections.abc import Sequence
from contextlib import ExitStack, closing
from dataclasses import replace
from pathlib import Path
from random import Random
from types import SimpleNamespace
from typing import Any, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from api.shown import shown_feed
from events.codec import encode
from events.topics import ENGAGEMENT
from replay.oracle.feeds import feeds
from replay.past import LogCutError, PastLog, cut_at, through
from runtime.scratch import Scratch
from runtime.settings import Settings
from runtime.trying import Trials
from stores.ports.views import Views
from stores.sqlite.log import SqliteLog
from tests.property.readings import people
from tests.property.stories import Choice, Story
from tests.property.test_convergence import HISTORIES
from tests.property.worlds import running
from tests.unit.stepping import acts
from tests.unit.trials import happened, lived, quiet

_ACTIONS = ("post", "post", "follow", "follow", "unfollow", "be_seen", "register", "delete_post", "edit_post")
_MANY = 1_000
_DENSE_COUNT = 300


@settings(max_examples=25)
@given(choices=HISTORIES, at=st.integers(0, 200), partition_count=st.integers(1, 3), cap=st.integers(1, 800))
def test_feeds_are_as_they_were(choices: list[Choice], at: int, partition_count: int, cap: int) -> None:
    events = Story().tell(_ACTIONS, choices)
    until_ms = events[at % len(events)].occurred_at_ms if events else 0
    before = [event for event in events if event.occurred_at_ms <= until_ms]
    with tempfile.TemporaryDirectory() as folder, running() as runner:
        runner.run(happened(Path(folder), events, partition_count))
        found = runner.run(_kept(Path(folder), people(events), until_ms, cap))
    assert found == feeds(before, people(events))


@pytest.mark.parametrize("at", range(0, _DENSE_COUNT, 37))
async def test_feeds_are_as_they_were_where_much_happens_to_few(at: int, tmp_path: Path) -> None:
    """Posts that are deleted are entries of feeds still."""
    told = Random(3)
    choices = [
        (told.randrange(16), told.randrange(4), told.randrange(12), 1 + told.randrange(3))
        for _ in range(_DENSE_COUNT)
    ]
    events = Story().tell(_ACTIONS, choices)
    until_ms = events[at % len(events)].occurred_at_ms
    before = [event for event in events if event.occurred_at_ms <= until_ms]
    await happened(tmp_path, events)
    assert await _kept(tmp_path, people(events), until_ms, cap=20) == feeds(before, people(events))


async def _kept(data: Path, readers: Sequence[int], until_ms: int, cap: int) -> dict[int, list[int]]:
    system = await lived(data)
    made_so = Settings(data=data, feed_cap=cap, celebrity_threshold=2)
    await Trials(system, made_so).as_of("feeds", until_ms, quiet)
    with ExitStack() as opened:
        kept = cast(dict[str, Any], Scratch(system, made_so).views("feeds", opened))
        views = cast(Views, SimpleNamespace(**kept))
        found = {reader: [p.post_id for p in await shown_feed(views, reader, _MANY)] for reader in readers}
    await system.close()
    return found


async def test_a_partition_is_cut_before_the_first_that_occurred_later(tmp_path: Path) -> None:
    """What comes behind it is not there, whatever its time; what occurred at that time is."""
    records = [encode(event, None) for event in acts(*(("like", user, 7) for user in range(1, 6)))]
    times = (100, 200, 300, 150, 200)
    with closing(SqliteLog(tmp_path / "log.db", 1)) as log:
        await log.append([replace(r, occurred_at_ms=at) for r, at in zip(records, times, strict=True)])
        partition = (ENGAGEMENT, 0)
        found = [(await cut_at(log, [ENGAGEMENT], at))[partition] for at in (99, 100, 200, 299, 300)]
        assert found == [-1, 0, 1, 1, 4]


async def test_a_log_of_the_past_ends_at_its_cut(tmp_path: Path) -> None:
    records = [encode(event, None) for event in acts(*(("like", user, 7) for user in range(1, 6)))]
    with closing(SqliteLog(tmp_path / "log.db", 1)) as log:
        await log.append(records)
        for cut, count in ((-1, 0), (2, 3), (9, 5)):
            past = PastLog(log, {(ENGAGEMENT, 0): cut})
            assert await past.ends([ENGAGEMENT]) == {(ENGAGEMENT, 0): count - 1}
            for first in range(count + 2):
                read = await past.read((ENGAGEMENT, 0), first, 3)
                assert [entry.offset for entry in read] == [*range(first, min(first + 3, count))]


async def test_a_log_that_shows_less_than_it_went_to_is_not_taken_for_all_of_it(tmp_path: Path) -> None:
    with closing(SqliteLog(tmp_path / "log.db", partition_count=1)) as log:
        await log.append([encode(event, None) for event in acts(("like", 1, 11), ("like", 2, 11))])
        at = (ENGAGEMENT, 0)
        assert [entry.offset async for entry in through(log, at, 1)] == [0, 1]
        with pytest.raises(LogCutError, match="ends after 1, it went to 2"):
            [entry async for entry in through(log, at, 2)]
