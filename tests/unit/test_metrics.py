"""What projectors and supervisors count, as it is scraped."""

import socket
import urllib.request
from contextlib import closing
from typing import Any, cast

import pytest
from prometheus_client import CollectorRegistry, generate_latest

from projectors.likes import LIKES
from projectors.step import Step
from runtime.metrics import Listen, NoPortError, RestartsCollector, StepsCollector, shown

_NOTHING = cast(Any, None)
"""A step that is only looked at works with nothing."""


@pytest.fixture
def step() -> Step[Any]:
    made = Step[Any](LIKES, _NOTHING, _NOTHING, _NOTHING)
    made.ends, made.positions = {("t", 0): 9, ("t", 1): -1, ("t", 2): 4}, {("t", 0): 6, ("t", 2): 5}
    made.tally.events_count, made.tally.gap_events_count, made.tally.waits_count = 7, 2, 1
    for seconds in (0.0005, 0.001, 0.3, 60.0):
        made.tally.writes.observe(seconds)
    return made


def _said(collector: Any) -> list[str]:
    registry = CollectorRegistry()
    registry.register(collector)
    return [line for line in generate_latest(registry).decode().splitlines() if not line.startswith("#")]


def test_steps_are_shown_by_projection_and_generation(step: Step[Any]) -> None:
    said = _said(StepsCollector(lambda: {("likes", 3): step}))
    of_likes = 'projection="likes"'
    for name, value in {
        "events_applied_total": 7, "events_parked_total": 0, "gap_events_filled_total": 2, "store_waits_total": 1,
        "step_partitions": 3, "step_lag_events": 3, "step_parked_keys": 0, "apply_seconds_count": 4,
    }.items():  # fmt: skip
        assert f'photolog_{name}{{generation="3",{of_likes}}} {value:.1f}' in said, name


def test_positions_are_shown_by_partition(step: Step[Any]) -> None:
    said = _said(StepsCollector(lambda: {("likes", 3): step}))
    assert {line.partition("topic=")[2] for line in said if line.startswith("photolog_step_position")} == {
        '"t"} 6.0', '"t"} -1.0', '"t"} 5.0',
    }  # fmt: skip
    assert 'photolog_step_position{generation="3",partition="1",projection="likes",topic="t"} -1.0' in said


def test_timings_are_a_histogram(step: Step[Any]) -> None:
    said = [line for line in _said(StepsCollector(lambda: {("likes", 3): step})) if "_bucket" in line]
    counts = {line.partition('le="')[2].partition('"')[0]: line.rpartition(" ")[2] for line in said}
    assert (counts["0.001"], counts["0.25"], counts["0.5"], counts["10.0"], counts["+Inf"]) == (
        "2.0", "2.0", "3.0", "3.0", "4.0",
    )  # fmt: skip


def test_restarts_are_shown_by_worker() -> None:
    assert _said(RestartsCollector({"feeds": 2})) == ['photolog_worker_restarts_total{worker="feeds"} 2.0']


@pytest.fixture
def listening(socket_enabled: None) -> Listen:
    """A free port."""
    with closing(socket.create_server(("127.0.0.1", 0))) as found:
        port = found.getsockname()[1]
    return Listen("127.0.0.1", port)


def test_they_are_served_meanwhile(listening: Listen) -> None:
    url = f"http://127.0.0.1:{listening.port}/metrics"
    with shown(listening, RestartsCollector({"feeds": 0})), urllib.request.urlopen(url, timeout=5) as answer:
        assert b'photolog_worker_restarts_total{worker="feeds"} 0.0' in answer.read()
    with shown(listening):
        pass  # the port was given back


def test_a_port_that_is_taken_is_said(listening: Listen) -> None:
    with shown(listening), pytest.raises(NoPortError, match=f"127.0.0.1:{listening.port}"), shown(listening):
        pass


def test_without_an_address_nothing_is_served() -> None:
    with shown(None):
        pass
