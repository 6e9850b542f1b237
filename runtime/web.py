"""The embedded system's HTTP application: all routes on the pipeline, with their limits and their metrics."""

from collections.abc import Awaitable, Callable
from functools import partial

from prometheus_client import CollectorRegistry
from starlette.types import ASGIApp

from api.addresses import Addresses
from api.app import build_app
from api.authenticate import authenticate
from api.health import Readiness, health_endpoints
from api.idempotency import LogEnds
from api.metrics import RequestMetrics, metrics_endpoint
from api.pipeline import Gateway
from api.rates import Allowance, Limits, LocalRates
from api.services import Services
from api.table import endpoints
from api.uploads import ObjectRoute
from runtime.settings import Settings
from stores.ports.idempotency import IdempotencyKeys
from stores.ports.objects import SelfServed


def make_app(
    settings: Settings,
    services: Services,
    idempotency_keys: IdempotencyKeys,
    log_ends: LogEnds,
    store: SelfServed,
    secret: bytes,
    readiness: Callable[[], Awaitable[Readiness]],
) -> ASGIApp:
    metrics = RequestMetrics(CollectorRegistry())
    token = settings.metrics_token
    table = (
        *endpoints(services),
        *health_endpoints(readiness),
        metrics_endpoint(metrics, None if token is None else token.get_secret_value()),
    )
    gateway = Gateway(
        authenticate=partial(authenticate, services),
        progress=services.progress,
        rates=LocalRates(services.clock),
        limits=_limits(settings),
        idempotency_keys=idempotency_keys,
        log_ends=log_ends,
        addresses=Addresses([str(network) for network in settings.trusted_proxies]),
        new_id=services.ids.next,
        clock=services.clock,
        secret=secret,
    )
    objects = ObjectRoute(store, lambda: services.views().media, services.clock)
    return build_app(
        table, gateway, observe=metrics.observe, cors_origins=settings.cors_origins, others=[objects.route()]
    )


def _limits(settings: Settings) -> Limits:
    return Limits(
        read=Allowance(settings.reads_per_minute, 60),
        write=Allowance(settings.writes_per_minute, 60),
        registration=Allowance(settings.registrations_per_hour, 3600),
        login=Allowance(settings.logins_per_minute, 60),
    )
