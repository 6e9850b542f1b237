"""`/healthz`: the process answers. `/readyz`: it can serve, or why not; how that is found out is given."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

from api.calls import Answer, Call
from api.models import Output
from api.routes import Endpoint, Reply


class Health(Output):
    status: str


class Ready(Output):
    ready: bool
    reasons: list[str]
    lag: dict[str, int] | None
    """Events each projection has still to apply; only for clients on this machine."""
    rebuild_due: list[str] | None
    """Projections that another release has built and this one does not feed; only for clients on this machine."""


@dataclass(frozen=True, slots=True)
class Readiness:
    """`reasons` say in words why the service cannot serve; empty when it can. `lag` counts events by
    projection. Where a rebuild is due the service serves what it has.
    """

    reasons: tuple[str, ...] = ()
    lag: Mapping[str, int] = field(default_factory=dict)
    rebuild_due: tuple[str, ...] = ()


def health_endpoints(readiness: Callable[[], Awaitable[Readiness]]) -> tuple[Endpoint, ...]:
    async def get_health(call: Call) -> Answer:
        return Answer(body={"status": "ok"})

    async def get_ready(call: Call) -> Answer:
        found = await readiness()
        body = {
            "ready": not found.reasons,
            "reasons": list(found.reasons),
            "lag": dict(found.lag) if call.is_local else None,
            "rebuild_due": list(found.rebuild_due) if call.is_local else None,
        }
        if found.reasons:
            return Answer(503, body, {"Retry-After": "1"})
        return Answer(body=body)

    return (
        Endpoint(
            "GET", "/healthz", get_health, "Whether the process answers", "service",
            {200: Reply("It does", Health)}, public=True, viewer="ignored", rate="unlimited",
        ),
        Endpoint(
            "GET", "/readyz", get_ready, "Whether the service can serve, and why not", "service",
            {200: Reply("Ready", Ready), 503: Reply("Not ready", Ready, ("Retry-After",))},
            public=True, viewer="ignored", rate="unlimited",
        ),
    )  # fmt: skip
