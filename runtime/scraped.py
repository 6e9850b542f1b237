"""What running processes say they have done, read from where they serve their metrics.

A supervisor says which workers it runs; they answer at the ports that follow its own. What several processes have done for one
generation is added up. Workers that do not answer, which are being started again, have said nothing.
"""

import math
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from http.client import HTTPException
from urllib.parse import urlsplit, urlunsplit
from urllib.request import ProxyHandler, build_opener

from prometheus_client import Metric
from prometheus_client.parser import text_string_to_metric_families

from projectors.engines.progress import GenerationKey
from runtime.errors import CommandError

_TIMEOUT_S = 5
_MOST_BYTES = 16 * 1024 * 1024
_NEEDED_SHARE = 0.99
_OPENER = build_opener(ProxyHandler({}))
"""Whatever proxy the environment names is for the internet."""


@dataclass(slots=True)
class Done:
    """Of one generation, by all of its processes since they began."""

    gap_events_count: int = 0
    store_waits_count: int = 0
    batches_s: float = 0.0
    """In all, until the view's store had taken them."""
    within_s: Counter[float] = field(default_factory=Counter)
    """How many batches took at most so long."""

    @property
    def batches_count(self) -> int:
        return self.within_s[math.inf]

    @property
    def mean_ms(self) -> float | None:
        return 1_000 * self.batches_s / self.batches_count if self.batches_count else None

    @property
    def p99_ms(self) -> float | None:
        """99 of 100 batches took at most this; infinite when that was longer than is counted."""
        needed = _NEEDED_SHARE * self.batches_count
        return 1_000 * min(s for s, n in self.within_s.items() if n >= needed) if self.batches_count else None


@dataclass(frozen=True, slots=True)
class Scraped:
    done: defaultdict[GenerationKey, Done]
    restarts: Counter[str]
    """By the name of the worker, which is that of the projection."""


def scraped(urls: Sequence[str]) -> Scraped:
    """What is said at these addresses, which all have to answer, and by the workers of the supervisors among them."""
    found = Scraped(defaultdict(Done), Counter())
    for url in urls:
        families = _read(url)
        _count(families, found)
        for worker in _following(url, families):
            with suppress(CommandError):
                _count(_read(worker), found)
    return found


def _read(url: str) -> Sequence[Metric]:
    try:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https"):
            raise ValueError("an address begins with http:// or https://")
        whole = urlunsplit(parts._replace(path=parts.path.rstrip("/") or "/metrics"))
        with _OPENER.open(whole, timeout=_TIMEOUT_S) as answer:
            text: str = answer.read(_MOST_BYTES).decode()
        return list(text_string_to_metric_families(text))
    except (OSError, ValueError, HTTPException) as error:
        raise CommandError(
            f"{url} tells no metrics: {error}; workers do at their --metrics-port, an embedded server at its own"
        ) from error


def _following(url: str, families: Sequence[Metric]) -> Iterator[str]:
    parts = urlsplit(url)
    workers = [family for family in families if family.name == "photolog_worker_restarts"]
    names = {sample.labels["worker"] for family in workers for sample in family.samples}
    for number in range(1, len(names) + 1):
        yield urlunsplit(parts._replace(netloc=f"{_host(url)}:{(parts.port or 80) + number}"))


def _host(url: str) -> str:
    host = urlsplit(url).hostname or ""
    return f"[{host}]" if ":" in host else host


def _count(families: Sequence[Metric], found: Scraped) -> None:
    for sample in (sample for family in families for sample in family.samples):
        labels, value = sample.labels, sample.value
        match sample.name:
            case "photolog_worker_restarts_total":
                found.restarts[labels["worker"]] += int(value)
            case "photolog_gap_events_filled_total":
                _done(found, labels).gap_events_count += int(value)
            case "photolog_store_waits_total":
                _done(found, labels).store_waits_count += int(value)
            case "photolog_apply_seconds_sum":
                _done(found, labels).batches_s += value
            case "photolog_apply_seconds_bucket":
                _done(found, labels).within_s[float(labels["le"])] += int(value)


def _done(found: Scraped, labels: dict[str, str]) -> Done:
    return found.done[labels["projection"], int(labels["generation"])]
