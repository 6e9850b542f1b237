"""What the API counts, and `/metrics` in Prometheus' text format, with how the system stands that the API serves. Knows the
Prometheus library, and nothing of how the state is found out.
"""

import hmac
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass, field

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from api.calls import Answer, Call
from api.problems import FORBIDDEN, problem
from api.routes import Endpoint, Reply

_BUCKETS_S = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


@dataclass(frozen=True, slots=True)
class SystemState:
    """How the system stands at one moment. What could not be found out is absent; counts are of the live views."""

    answer_s: Mapping[str, float | None] = field(default_factory=dict)
    """By service: how long it took to answer, None when it did not."""
    log_count: Mapping[str, int] = field(default_factory=dict)
    """Events by topic."""
    lag_count: Mapping[str, int] = field(default_factory=dict)
    """Events still to be applied, by projection."""
    parked_keys_count: Mapping[str, int] = field(default_factory=dict)
    """Keys with parked events, by projection."""
    reactor_lag_count: Mapping[str, int] = field(default_factory=dict)
    """Events still to be reacted to, or not due yet, by reactor."""


Look = Callable[[], Awaitable[SystemState]]
"""Returns within seconds, whatever is away, and raises nothing because of it."""


class Metrics:
    """Requests by route template, method and status; never by anything a client can choose freely. The state is looked up for
    whoever asks.
    """

    def __init__(self, registry: CollectorRegistry, look: Look) -> None:
        self._registry, self._look = registry, look
        self._requests = Counter(
            "photolog_requests", "Requests answered.", ("route", "method", "status"), registry=registry
        )
        self._seconds = Histogram(
            "photolog_request_seconds", "Time to the end of the answer.", ("route",), buckets=_BUCKETS_S,
            registry=registry,
        )  # fmt: skip
        self._counters: dict[tuple[str, str, int], Counter] = {}
        self._histograms: dict[str, Histogram] = {}

    def observe(self, route: str, method: str, status: int, seconds: float) -> None:
        counter = self._counters.get((route, method, status))
        if counter is None:
            counter = self._counters[route, method, status] = self._requests.labels(
                route, method, str(status)
            )
        counter.inc()
        histogram = self._histograms.get(route)
        if histogram is None:
            histogram = self._histograms[route] = self._seconds.labels(route)
        histogram.observe(seconds)

    async def text(self) -> bytes:
        return generate_latest(self._registry) + generate_latest(_StateCollector(await self._look()))


class _StateCollector(Collector):
    def __init__(self, state: SystemState) -> None:
        self._state = state

    def collect(self) -> Iterator[Metric]:
        state = self._state
        is_up = {service: took_s is not None for service, took_s in state.answer_s.items()}
        answers = {service: took_s for service, took_s in state.answer_s.items() if took_s is not None}
        yield _gauge("up", "Whether the service answers.", "service", is_up)
        yield _gauge("answer_seconds", "Time the service took to answer.", "service", answers)
        yield _gauge("log_events", "Events on the log.", "topic", state.log_count)
        yield _gauge("lag_events", "Events the live view has still to apply.", "projection", state.lag_count)
        yield _gauge(
            "parked_keys", "Keys with parked events in the live view.", "projection", state.parked_keys_count
        )
        yield _gauge(
            "reactor_lag_events",
            "Events the reactor has still to look at, those among them that are not due yet.",
            "reactor",
            state.reactor_lag_count,
        )


def _gauge(name: str, meaning: str, label: str, values: Mapping[str, float]) -> Metric:
    family = GaugeMetricFamily(f"photolog_{name}", meaning, labels=(label,))
    for labelled, value in values.items():
        family.add_metric((labelled,), value)
    return family


def metrics_endpoint(metrics: Metrics, token: str | None) -> Endpoint:
    """`token`, where there is one, lets others than this machine in."""

    async def get_metrics(call: Call) -> Answer:
        if not (call.is_local or _has_token(call, token)):
            raise problem(FORBIDDEN, "Metrics are for this machine, or for who has their token.")
        return Answer(body=await metrics.text(), headers={"Content-Type": CONTENT_TYPE_LATEST})

    return Endpoint(
        "GET", "/metrics", get_metrics, "Metrics in Prometheus' text format", "service",
        {200: Reply("Metrics", media_type="text/plain")},
        problems=(FORBIDDEN,), public=True, viewer="ignored", rate="unlimited",
    )  # fmt: skip


def _has_token(call: Call, token: str | None) -> bool:
    given = call.headers.get(b"authorization", "")
    return token is not None and hmac.compare_digest(given.encode(), f"Bearer {token}".encode())
