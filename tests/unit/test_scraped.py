"""What running processes have done, read from where they serve it, added up and shown beside where generations stand."""

import math
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace
from io import StringIO
from typing import Any, cast

import pytest
from rich.console import Console

from projectors.likes import LIKES
from projectors.step import Step
from runtime.beside import Standing
from runtime.commands import standings
from runtime.errors import CommandError
from runtime.metrics import Listen, RestartsCollector, StepsCollector, shown
from runtime.scraped import scraped
from stores.ports.registry import Generation
from tests.services.ports import HOST, free_block

_NOTHING = cast(Any, None)
STANDING = Standing(Generation("likes", 3, 1, "live"), {}, {}, 7, 0, 0, None)


def steps(gap_events_count: int, *batches_s: float) -> Callable[[], Any]:
    made = Step[Any](LIKES, _NOTHING, _NOTHING, _NOTHING)
    made.tally.gap_events_count, made.tally.waits_count = gap_events_count, 1
    for seconds in batches_s:
        made.tally.writes.observe(seconds)
    return lambda: {("likes", 3): made}


@pytest.fixture
def port(socket_enabled: None) -> int:
    return free_block(3)


def test_a_supervisor_leads_to_its_workers_and_one_that_does_not_answer_is_left_out(port: int) -> None:
    with ExitStack() as serving:
        supervisor = RestartsCollector({"saves": 0, "likes": 2})
        serving.enter_context(shown(Listen(HOST, port), supervisor))
        serving.enter_context(shown(Listen(HOST, port + 2), StepsCollector(steps(5, 0.001))))
        found = scraped([f"http://{HOST}:{port}"])
    assert found.restarts == {"saves": 0, "likes": 2}
    assert found.done.keys() == {("likes", 3)}
    assert found.done["likes", 3].gap_events_count == 5


def test_what_several_processes_have_done_is_added_up(port: int) -> None:
    with ExitStack() as serving:
        slow, fast = steps(2, 0.004, 30.0), steps(3, *[0.002] * 198)
        serving.enter_context(shown(Listen(HOST, port), StepsCollector(slow)))
        serving.enter_context(shown(Listen(HOST, port + 1), StepsCollector(fast)))
        found = scraped([f"http://{HOST}:{port}/metrics", f"http://{HOST}:{port + 1}/"])
    told = standings.counted(STANDING, found)
    assert told == {
        "restarts": None, "gap_events": 5, "store_waits": 2, "batches": 200,
        "batch_ms_mean": pytest.approx(152, abs=0.01), "batch_ms_p99_at_most": 2.5,
    }  # fmt: skip


def test_the_table_says_what_was_counted_and_what_nobody_has_told(port: int) -> None:
    other = replace(STANDING, generation=Generation("saves", 1, 1, "live"))
    with shown(Listen(HOST, port), StepsCollector(steps(5_000, 0.004))):
        found = scraped([f"http://{HOST}:{port}"])
    said = StringIO()
    Console(file=said, width=200).print(standings.counted_table([STANDING, other], found))
    titles, likes, saves = (line.split() for line in said.getvalue().splitlines())
    assert " ".join(titles) == "projection generation restarts filled in waits batches mean ms p99 ms"
    assert likes == ["likes", "3", "-", "5,000", "1", "1", "4.0", "5.0"]
    assert saves == ["saves", "1", *["-"] * 6]


def test_a_worker_that_feeds_no_view_has_a_line_of_its_own(port: int) -> None:
    with shown(Listen(HOST, port), RestartsCollector({"likes": 0, "reactors": 4})):
        found = scraped([f"http://{HOST}:{port}"])
    said = StringIO()
    Console(file=said, width=200).print(standings.counted_table([STANDING], found))
    assert said.getvalue().splitlines()[-1].split() == ["reactors", "4"]


def test_a_time_that_is_longer_than_is_counted(port: int) -> None:
    with shown(Listen(HOST, port), StepsCollector(steps(0, 30.0))):
        found = scraped([f"http://{HOST}:{port}"])
    said = StringIO()
    Console(file=said, width=200).print(standings.counted_table([STANDING], found))
    assert said.getvalue().split()[-1] == ">10,000.0"
    assert standings.counted(STANDING, found)["batch_ms_p99_at_most"] == math.inf


def test_whatever_proxy_there_is_for_the_internet_is_not_asked(
    port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", f"http://{HOST}:1")
    with shown(Listen(HOST, port), RestartsCollector({"likes": 2})):
        assert scraped([f"http://{HOST}:{port}"]).restarts == {"likes": 2}


@pytest.mark.parametrize(
    "url", ["ftp://{}", "file:///etc/hostname?{}", "http://{}", "{}", "http://[", "http://a:b"]
)
def test_an_address_that_tells_nothing_is_said(port: int, url: str) -> None:
    with pytest.raises(CommandError, match=r"tells no metrics: .+; workers do at their --metrics-port"):
        scraped([url.format(f"{HOST}:{port}")])
