"""The HTTP application: routes on the pipeline, with their limits and their metrics."""

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Literal, assert_never

from starlette.types import ASGIApp

from api.addresses import Addresses
from api.app import build_app
from api.authenticate import authenticate
from api.health import Readiness, health_endpoints
from api.idempotency import LogEnds
from api.metrics import Metrics, metrics_endpoint
from api.ops import OpsRoute
from api.pipeline import Gateway
from api.rates import Limits
from api.routes import Endpoint
from api.services import Services
from api.table import endpoints
from api.uploads import ObjectRoute
from runtime.ops import Watch
from runtime.settings import Settings
from stores.ports.idempotency import IdempotencyKeys
from stores.ports.objects import SelfServed
from stores.ports.rates import Allowance, Rates

Routes = Literal["all", "read", "write"]


def make_app(
    settings: Settings,
    services: Services,
    idempotency_keys: IdempotencyKeys,
    rates: Rates,
    log_ends: LogEnds,
    store: SelfServed | None,
    secret: bytes,
    readiness: Callable[[], Awaitable[Readiness]],
    metrics: Metrics,
    watch: Watch | None,
    routes: Routes = "all",
) -> ASGIApp:
    """`store` is a media store whose URLs are answered here. Reads and writes may be served by processes apart. `watch` is what
    operators may look at, where this process shows it.
    """
    token = settings.metrics_token
    table = (
        *(endpoint for endpoint in endpoints(services) if _is_served(endpoint, routes)),
        *health_endpoints(readiness),
        metrics_endpoint(metrics, None if token is None else token.get_secret_value()),
    )
    addresses = Addresses([str(network) for network in settings.trusted_proxies])
    gateway = Gateway(
        authenticate=partial(authenticate, services),
        progress=services.progress,
        are_feeds_filled=lambda: services.views().feeds.is_filled(),
        rates=rates,
        limits=_limits(settings),
        idempotency_keys=idempotency_keys,
        log_ends=log_ends,
        addresses=addresses,
        new_id=services.ids.next,
        clock=services.clock,
        secret=secret,
        together=services.together,
    )
    others = []
    if store is not None:
        others.append(ObjectRoute(store, lambda: services.views().media, services.clock).route())
    if watch is not None and settings.operator_password is not None:
        password = settings.operator_password.get_secret_value()
        others.append(OpsRoute(watch.state, password, rates, addresses).route())
    return build_app(
        table, gateway, observe=metrics.observe, cors_origins=settings.cors_origins, others=others
    )


def _is_served(endpoint: Endpoint, routes: Routes) -> bool:
    match routes:
        case "all":
            return True
        case "read":
            return endpoint.method == "GET"
        case "write":
            return endpoint.method != "GET"
        case _:
            assert_never(routes)


def _limits(settings: Settings) -> Limits:
    return Limits(
        read=Allowance(settings.reads_per_minute, 60),
        write=Allowance(settings.writes_per_minute, 60),
        registration=Allowance(settings.registrations_per_hour, 3600),
        login=Allowance(settings.logins_per_minute, 60),
    )
