"""The outermost layer: request ids, headers that every response has, CORS, metrics, and errors that nobody
else answers.

It knows no route. Its log lines carry the request's id and the route's template, and nothing of who asked or
what.
"""

import time
from collections.abc import Callable

import structlog
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api import scopes
from api.cors import Cors
from api.headers import Headers, read_headers
from api.outages import UNKNOWN_ROUTE, Outages
from api.problems import INTERNAL, ProblemError, problem
from api.replies import problem_reply, send_reply
from stores.ports.errors import UnavailableError

CLIENT_GONE = 499

Observe = Callable[[str, str, int, float], None]
"""(route template, method, status, seconds); called once per request."""

_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_ALWAYS = ((b"x-content-type-options", b"nosniff"), (b"referrer-policy", b"no-referrer"))

log = structlog.get_logger()


class Edge:
    def __init__(
        self, app: ASGIApp, cors: Cors, new_id: Callable[[], int], outages: Outages, observe: Observe
    ) -> None:
        self._app = app
        self._cors = cors
        self._outages = outages
        self._new_id = new_id
        self._observe = observe

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = time.perf_counter()
        request_id = self._new_id()
        headers = read_headers(scope["headers"])
        scope[scopes.HEADERS], scope[scopes.REQUEST_ID] = headers, request_id
        structlog.contextvars.bind_contextvars(request_id=str(request_id))
        response = _Response(send, (*_ALWAYS, *self._cors.headers(headers), _request_id_header(request_id)))
        try:
            await self._respond(scope, receive, response, headers)
        finally:
            method = scope["method"] if scope["method"] in _METHODS else "other"
            route = scope.get(scopes.ROUTE, UNKNOWN_ROUTE)
            self._observe(route, method, response.status, time.perf_counter() - started)

    async def _respond(self, scope: Scope, receive: Receive, response: "_Response", headers: Headers) -> None:
        preflight = self._cors.preflight(scope["method"], headers)
        if preflight is not None:
            await response.send({"type": "http.response.start", "status": 204, "headers": list(preflight)})
            await response.send({"type": "http.response.body", "body": b""})
            return
        try:
            await self._app(scope, receive, response.send)
        except ClientDisconnect:
            response.status = CLIENT_GONE
        except ProblemError as error:
            await self._fail(scope, response, error)
        except UnavailableError as error:
            await self._fail(scope, response, self._outages.problem(scope, error))
        except Exception:
            log.exception("request failed", route=scope.get(scopes.ROUTE, UNKNOWN_ROUTE))
            await self._fail(scope, response, problem(INTERNAL))

    async def _fail(self, scope: Scope, response: "_Response", error: ProblemError) -> None:
        if response.has_started:  # half an answer must not look like a whole one: the server cuts it off
            raise error
        await send_reply(problem_reply(error), scope["method"], response.send)


def _request_id_header(request_id: int) -> tuple[bytes, bytes]:
    return (b"x-request-id", b"%d" % request_id)


class _Response:
    """Passes a response on, adds headers, and remembers its status."""

    def __init__(self, send: Send, added: tuple[tuple[bytes, bytes], ...]) -> None:
        self._send = send
        self._added = added
        self.status = CLIENT_GONE

    @property
    def has_started(self) -> bool:
        return self.status != CLIENT_GONE

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            message["headers"] = [*message.get("headers", ()), *self._added]
        await self._send(message)
