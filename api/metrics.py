"""What the API counts, and `/metrics` in Prometheus' text format. The only module that knows the Prometheus
library.
"""

import hmac

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Histogram, generate_latest

from api.calls import Answer, Call
from api.problems import FORBIDDEN, problem
from api.routes import Endpoint, Reply

_BUCKETS_S = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


class RequestMetrics:
    """Requests by route template, method and status; never by anything a client can choose freely."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._registry = registry
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

    def text(self) -> bytes:
        return generate_latest(self._registry)


def metrics_endpoint(metrics: RequestMetrics, token: str | None) -> Endpoint:
    """`token`, where there is one, lets others than this machine in."""

    async def get_metrics(call: Call) -> Answer:
        if not (call.is_local or _has_token(call, token)):
            raise problem(FORBIDDEN, "Metrics are for this machine, or for who has their token.")
        return Answer(body=metrics.text(), headers={"Content-Type": CONTENT_TYPE_LATEST})

    return Endpoint(
        "GET", "/metrics", get_metrics, "Metrics in Prometheus' text format", "service",
        {200: Reply("Metrics", media_type="text/plain")},
        problems=(FORBIDDEN,), public=True, viewer="ignored", rate="unlimited",
    )  # fmt: skip


def _has_token(call: Call, token: str | None) -> bool:
    given = call.headers.get(b"authorization", "")
    return token is not None and hmac.compare_digest(given.encode(), f"Bearer {token}".encode())
