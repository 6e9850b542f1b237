"""The ASGI application from a table of endpoints. Only the composition root calls this."""

from collections.abc import Callable, Collection, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any

from starlette.routing import BaseRoute, Match, Router
from starlette.types import ASGIApp, Receive, Scope, Send

from api import scopes
from api.cors import Cors
from api.docs_page import documentation
from api.edge import Edge, Observe
from api.pipeline import Gateway, Pipeline
from api.problems import NOT_FOUND, problem
from api.routes import Endpoint

Lifespan = Callable[[Any], AbstractAsyncContextManager[None]]


def build_app(
    endpoints: Sequence[Endpoint],
    gateway: Gateway,
    *,
    observe: Observe,
    cors_origins: Collection[str] = ("*",),
    others: Sequence[BaseRoute] = (),
    lifespan: Lifespan | None = None,
) -> ASGIApp:
    """`others` are plain Starlette routes for what is no JSON API, such as files; the table goes first.

    The documentation routes are added here, so that they describe exactly what is served.
    """
    pipeline = Pipeline((*endpoints, *documentation(endpoints)), gateway)
    router = Router(
        [TableRoute(pipeline), *others], redirect_slashes=False, default=_not_found, lifespan=lifespan
    )
    return Edge(router, Cors(cors_origins), gateway.new_id, observe)


class TableRoute(BaseRoute):
    """All endpoints as one Starlette route, so that finding one does not depend on how many there are."""

    def __init__(self, pipeline: Pipeline) -> None:
        self._pipeline = pipeline

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        if scope["type"] != "http":
            return Match.NONE, {}
        found = self._pipeline.find(scope["path"])
        return (Match.NONE, {}) if found is None else (Match.FULL, {scopes.MATCH: found})

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._pipeline.serve(scope[scopes.MATCH], scope, receive, send)


async def _not_found(scope: Scope, receive: Receive, send: Send) -> None:
    if scope["type"] == "websocket":
        await send({"type": "websocket.close", "code": 1000})
        return
    raise problem(NOT_FOUND)
