"""The ASGI application from a table of endpoints. Only the composition root calls this."""

from collections.abc import Collection, Sequence

from starlette.routing import BaseRoute, Router
from starlette.types import ASGIApp, Receive, Scope, Send

from api.cors import Cors
from api.docs_page import documentation
from api.edge import Edge, Observe
from api.outages import Outages
from api.pipeline import Gateway, Pipeline
from api.problems import NOT_FOUND, problem
from api.routes import Endpoint


def build_app(
    endpoints: Sequence[Endpoint],
    gateway: Gateway,
    *,
    observe: Observe,
    cors_origins: Collection[str] = ("*",),
    others: Sequence[BaseRoute] = (),
) -> ASGIApp:
    """`others` are plain Starlette routes for what is no JSON API, such as files; the table goes first.

    The documentation routes are added here, so that they describe exactly what is served.
    """
    outages = Outages()
    pipeline = Pipeline((*endpoints, *documentation(endpoints)), gateway, outages)
    router = Router(others, redirect_slashes=False, default=_not_found)
    return Edge(_table_before(router, pipeline), Cors(cors_origins), gateway.new_id, outages, observe)


def _table_before(router: Router, pipeline: Pipeline) -> ASGIApp:
    """The table finds a path in one walk, however many routes there are; what it does not know is the router's."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        found = pipeline.find(scope["path"]) if scope["type"] == "http" else None
        if found is None:
            await router(scope, receive, send)
        else:
            await pipeline.serve(found, scope, receive, send)

    return app


async def _not_found(scope: Scope, receive: Receive, send: Send) -> None:
    if scope["type"] == "websocket":
        await send({"type": "websocket.close", "code": 1000})
        return
    raise problem(NOT_FOUND)
