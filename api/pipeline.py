"""The way of a request through a route: who asks, within limits, parsed, caught up, handled, presented.

One `Pipeline` serves all routes of the table. The order of its checks is part of the contract: 405, 401, 429,
404 for a path that names nothing, 400 for the position, then query, body, idempotency key, and the wait for
the position right before the handler. What it does not know: CORS, request ids, and errors that no route
raises (`api.edge`).
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from functools import partial

from pydantic import BaseModel
from starlette.types import Receive, Scope, Send

from api import scopes
from api.addresses import Addresses
from api.bodies import check_media_type, read_body
from api.calls import Answer, Call, Viewer
from api.cursors import Cursors, Keys, binding
from api.filling import FEEDS
from api.headers import Headers
from api.idempotency import HEADER as IDEMPOTENCY_HEADER
from api.idempotency import Idempotency, LogEnds
from api.inputs import parsed_body, parsed_limit, read_parameters
from api.matching import Match, PathTable, path_values
from api.outages import Outages
from api.plans import Plan
from api.positions import HEADER as POSITION_HEADER
from api.positions import PositionStrings
from api.problems import (
    METHOD_NOT_ALLOWED,
    NOT_CAUGHT_UP,
    NOT_FOUND,
    RATE_LIMITED,
    ProblemError,
    problem,
    rejected,
)
from api.rates import Limits, rate_headers, rate_key
from api.replies import Presenter, RawHeaderList, RawReply, problem_reply, send_reply
from api.routes import Endpoint
from api.tokens import bearer_token, unauthorized
from events.ids import Clock
from producers.errors import RejectedError
from stores.ports.errors import UnavailableError
from stores.ports.idempotency import IdempotencyKeys
from stores.ports.log import Partition
from stores.ports.progress import Progress
from stores.ports.rates import Rates
from stores.ports.together import Together

POSITION_WAIT_MS = 2000
_LOOK_MS = 100
"""After so long it is asked whether feeds that are not there yet are being filled, and then again."""
ANSWERED_WITHIN_S = 20.0
"""What has found no answer by then is broken off: requests do not queue up without end before a store that hangs. Proxies wait
longer.
"""
_POSITION = POSITION_HEADER.lower().encode()
_IDEMPOTENCY_KEY = IDEMPOTENCY_HEADER.lower().encode()

Authenticate = Callable[[str], Awaitable[Viewer | None]]
"""The viewer of an access token, None when the token or its session is not valid (any more)."""


@dataclass(frozen=True, slots=True)
class Gateway:
    """What the pipeline needs, given by the composition root. `secret` signs cursors and positions."""

    authenticate: Authenticate
    progress: Progress
    are_feeds_filled: Callable[[], Awaitable[bool]]
    rates: Rates
    limits: Limits
    idempotency_keys: IdempotencyKeys
    log_ends: LogEnds
    addresses: Addresses
    new_id: Callable[[], int]
    clock: Clock
    secret: bytes
    together: Together


class Pipeline:
    def __init__(self, endpoints: Iterable[Endpoint], gateway: Gateway, outages: Outages) -> None:
        self._gateway = gateway
        self._outages = outages
        self._cursors = Cursors(gateway.secret, gateway.clock)
        self._positions = PositionStrings(gateway.secret)
        self._presenter = Presenter(self._positions)
        self._idempotency = Idempotency(
            gateway.idempotency_keys, gateway.secret, gateway.clock, gateway.log_ends
        )
        self._table: PathTable[Plan] = PathTable()
        for endpoint in endpoints:
            self._table.add(endpoint.method, endpoint.path, Plan(endpoint, gateway.limits))

    def find(self, path: str) -> Match[Plan] | None:
        return self._table.find(path)

    async def serve(self, match: Match[Plan], scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request whose path is known."""
        limited: RawHeaderList = []
        patience = asyncio.timeout(ANSWERED_WITHIN_S)
        try:
            async with patience:
                reply = await self._reply(match, scope, receive, limited, patience)
        except ProblemError as error:
            reply = problem_reply(error)
        except UnavailableError as error:
            reply = problem_reply(self._outages.problem(scope, error))
        except TimeoutError:
            if not patience.expired():
                raise
            reply = problem_reply(self._outages.problem(scope, f"no answer in {ANSWERED_WITHIN_S} s"))
        reply.headers.extend(limited)
        await send_reply(reply, scope["method"], send)

    async def _reply(
        self,
        match: Match[Plan],
        scope: Scope,
        receive: Receive,
        limited: RawHeaderList,
        patience: asyncio.Timeout,
    ) -> RawReply:
        plan = match.by_method.get(scope["method"])
        if plan is None:
            raise problem(METHOD_NOT_ALLOWED, headers={"Allow": ", ".join(sorted(match.by_method))})
        scope[scopes.ROUTE] = plan.endpoint.path
        headers: Headers = scope[scopes.HEADERS]
        client = self._gateway.addresses.client(scope, headers)
        try:
            viewer = await self._viewer(plan, headers)
        except ProblemError:
            await self._count(plan, None, client, limited)  # guessing tokens is limited too
            raise
        count = partial(self._count, plan, viewer, client, limited)
        if plan.endpoint.method == "GET":
            # It changes nothing, so it may have begun when it turns out to be refused.
            read = partial(self._read, plan, match.values, viewer, client, scope)
            reply: RawReply = await self._gateway.together.guarded(count, read)
            return reply
        await count()
        call = self._call(plan, match.values, viewer, client, scope)
        self._read_query(plan, call, scope["query_string"])
        body = b""
        if plan.endpoint.body is not None:
            patience.reschedule(None)  # who sends slowly has a limit of their own
            body = await self._read_body(plan, call, headers, receive)
            patience.reschedule(asyncio.get_running_loop().time() + ANSWERED_WITHIN_S)
        return self._presenter.written(await self._answer(plan, call, headers, body), call)

    async def _read(
        self, plan: Plan, values: tuple[str, ...], viewer: Viewer | None, client: str, scope: Scope
    ) -> RawReply:
        call = self._call(plan, values, viewer, client, scope)
        self._read_query(plan, call, scope["query_string"])
        return self._presenter.read(await self._handled(plan, call), call)

    def _call(
        self, plan: Plan, values: tuple[str, ...], viewer: Viewer | None, client: str, scope: Scope
    ) -> Call:
        addresses, headers = self._gateway.addresses, scope[scopes.HEADERS]
        named = path_values(plan.names, values)
        if named is None:
            raise problem(NOT_FOUND)
        return Call(
            path=scope["path"],
            ids=named[0],
            texts=named[1],
            viewer=viewer,
            client=client,
            is_local=lambda: addresses.is_loopback(scope, headers),
            headers=headers,
            request_id=scope[scopes.REQUEST_ID],
            position=self._position(headers),
            new_id=self._gateway.new_id,
        )

    async def _viewer(self, plan: Plan, headers: Headers) -> Viewer | None:
        if plan.signed_in == "ignored":
            return None
        authorization = headers.get(b"authorization")
        if authorization is None:
            if plan.signed_in == "required":
                raise unauthorized()
            return None
        viewer = await self._gateway.authenticate(bearer_token(authorization))
        if viewer is None:
            raise unauthorized("invalid_token")
        return viewer

    async def _count(self, plan: Plan, viewer: Viewer | None, client: str, limited: RawHeaderList) -> None:
        if plan.allowance is None:
            return
        account_id = None if viewer is None else viewer.account_id
        key = rate_key(plan.rate_class, account_id, client)
        verdict = await self._gateway.rates.hit(key, plan.allowance)
        limited.extend(rate_headers(verdict))
        if not verdict.allowed:
            raise problem(RATE_LIMITED, headers={"Retry-After": str(verdict.reset_s)})

    def _position(self, headers: Headers) -> dict[Partition, int]:
        text = headers.get(_POSITION)
        return {} if text is None else self._positions.open(text)

    def _read_query(self, plan: Plan, call: Call, query_string: bytes) -> None:
        known = plan.query.known(read_parameters(query_string))
        if not plan.endpoint.paged:
            call.give_query(plan.query.model(known), known)
            return
        limit, cursor = parsed_limit(known.pop("limit", None)), known.pop("cursor", None)
        call.give_query(plan.query.model(known), known)
        bound_to = binding(f"{plan.endpoint.method} {call.path}", known, call.viewer_id)

        def seal(keys: Keys) -> str:
            return self._cursors.seal(keys, bound_to)

        call.give_page(limit, None if cursor is None else self._cursors.open(cursor, bound_to), seal)

    async def _read_body(self, plan: Plan, call: Call, headers: Headers, receive: Receive) -> bytes:
        if plan.default_body is None or b"content-type" in headers:
            check_media_type(plan.endpoint.method, headers)
        body = await read_body(receive, headers)
        call.give_body(self._model(plan, headers, body))
        return body

    def _model(self, plan: Plan, headers: Headers, body: bytes) -> BaseModel:
        if not body and plan.default_body is not None:
            return plan.default_body
        check_media_type(plan.endpoint.method, headers)
        assert plan.endpoint.body is not None
        return parsed_body(plan.endpoint.body, body)

    async def _answer(self, plan: Plan, call: Call, headers: Headers, body: bytes) -> Answer:
        rule = plan.idempotency
        key = None if rule is None else headers.get(_IDEMPOTENCY_KEY)
        if rule is None or key is None:
            return await self._handled(plan, call)
        run = partial(self._handled, plan, call)
        return await self._idempotency.once(plan.endpoint, rule, key, call, body, run)

    async def _handled(self, plan: Plan, call: Call) -> Answer:
        if call.position and plan.endpoint.reads:
            await self._caught_up(plan, call)
        try:
            return await plan.endpoint.handler(call)
        except RejectedError as error:
            raise rejected(error) from error

    async def _caught_up(self, plan: Plan, call: Call) -> None:
        """Feeds that are being filled from nothing are not waited for."""
        reads, reached = plan.endpoint.reads, self._gateway.progress.reached
        left_ms, look_ms = POSITION_WAIT_MS, _LOOK_MS if FEEDS in reads else POSITION_WAIT_MS
        while not await reached(reads, call.position, look_ms):
            left_ms -= look_ms
            if FEEDS in reads and not await self._gateway.are_feeds_filled():
                reads = tuple(name for name in reads if name != FEEDS)
                call.is_without_feeds = True
            elif left_ms <= 0:
                raise problem(NOT_CAUGHT_UP)
