"""What projectors and supervisors count, in Prometheus' text format, and a port of their own for processes that serve nothing else.
Read when somebody scrapes, in a thread beside whoever counts.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import accumulate
from typing import Any

from prometheus_client import CollectorRegistry, ProcessCollector, start_http_server
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

from projectors.engines.progress import GenerationKey
from projectors.step import Step
from projectors.tally import BOUNDS_S, Timings
from runtime.errors import OperatorError

Steps = Callable[[], Mapping[GenerationKey, Step[Any]]]
_LABELS = ("projection", "generation")


@dataclass(frozen=True, slots=True)
class Listen:
    host: str
    port: int


class NoPortError(OperatorError):
    """The port for metrics cannot be had."""


@contextmanager
def shown(at: Listen | None, *collectors: Collector) -> Iterator[None]:
    """Meanwhile whoever asks at this address is told what is collected; without an address nobody is."""
    if at is None:
        yield
        return
    try:
        server, thread = start_http_server(at.port, at.host, registry_of(*collectors))
    except OSError as error:
        raise NoPortError(f"metrics cannot be served at {at.host}:{at.port}: {error.strerror}") from error
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def registry_of(*collectors: Collector) -> CollectorRegistry:
    """These, and what the operating system says of the process."""
    registry = CollectorRegistry()
    ProcessCollector(registry=registry)
    for collector in collectors:
        registry.register(collector)
    return registry


class StepsCollector(Collector):
    """What the steps of this process have done, by projection and generation."""

    def __init__(self, steps: Steps) -> None:
        self._steps = steps

    def collect(self) -> Iterator[Metric]:
        steps = self._steps()
        yield _counter("events_applied", "Events applied or parked.", steps, lambda s: s.tally.events_count)
        yield _counter("events_parked", "Events parked.", steps, lambda s: s.tally.parked_count)
        yield _counter(
            "gap_events_filled",
            "Events that were not delivered and were read from the log.",
            steps,
            lambda s: s.tally.gap_events_count,
        )
        yield _counter(
            "store_waits", "Times a store was away and was waited for.", steps, lambda s: s.tally.waits_count
        )
        yield _gauge("step_partitions", "Partitions fed by this process.", steps, lambda s: len(s.ends))
        yield _gauge(
            "step_lag_events", "Events to be applied, of the partitions fed by this process.", steps, _lag
        )
        yield _gauge("step_parked_keys", "Keys with parked events.", steps, lambda s: s.parked_keys_count)
        yield _positions(steps)
        yield _timings(steps)


class RestartsCollector(Collector):
    """How often each worker was started again."""

    def __init__(self, restarts: Mapping[str, int]) -> None:
        self._restarts = restarts

    def collect(self) -> Iterator[Metric]:
        family = CounterMetricFamily(
            "photolog_worker_restarts", "Times a worker ended and was started again.", labels=("worker",)
        )
        for name, count in self._restarts.items():
            family.add_metric((name,), count)
        yield family


def _lag(step: Step[Any]) -> int:
    return sum(max(0, end - step.positions.get(at, -1)) for at, end in step.ends.items())


def _counter(
    name: str, meaning: str, steps: Mapping[GenerationKey, Step[Any]], count: Callable[[Step[Any]], int]
) -> Metric:
    family = CounterMetricFamily(f"photolog_{name}", meaning, labels=_LABELS)
    for generation, step in steps.items():
        family.add_metric(_labels(generation), count(step))
    return family


def _gauge(
    name: str, meaning: str, steps: Mapping[GenerationKey, Step[Any]], count: Callable[[Step[Any]], int]
) -> Metric:
    family = GaugeMetricFamily(f"photolog_{name}", meaning, labels=_LABELS)
    for generation, step in steps.items():
        family.add_metric(_labels(generation), count(step))
    return family


def _positions(steps: Mapping[GenerationKey, Step[Any]]) -> Metric:
    family = GaugeMetricFamily(
        "photolog_step_position",
        "Offset of the last event applied, of each partition fed by this process.",
        labels=(*_LABELS, "topic", "partition"),
    )
    for generation, step in steps.items():
        for topic, number in step.ends:
            stands = step.positions.get((topic, number), -1)
            family.add_metric((*_labels(generation), topic, str(number)), stands)
    return family


def _timings(steps: Mapping[GenerationKey, Step[Any]]) -> Metric:
    family = HistogramMetricFamily(
        "photolog_apply_seconds", "Time the view's store took to take a batch.", labels=_LABELS
    )
    for generation, step in steps.items():
        writes: Timings = step.tally.writes
        bounds = (*map(str, BOUNDS_S), "+Inf")
        counts = zip(bounds, accumulate(writes.counts), strict=True)
        family.add_metric(_labels(generation), list(counts), writes.sum_s)
    return family


def _labels(generation: GenerationKey) -> tuple[str, str]:
    projection, number = generation
    return projection, str(number)
