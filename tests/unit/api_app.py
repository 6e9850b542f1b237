"""A small API on the real pipeline, for the tests of what all routes have in common."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Literal

import httpx2
from prometheus_client import CollectorRegistry
from starlette.routing import BaseRoute
from starlette.types import ASGIApp, Message

from api.addresses import Addresses
from api.app import build_app
from api.calls import Answer, Call, Viewer
from api.health import Readiness, health_endpoints
from api.metrics import Metrics, SystemState, metrics_endpoint
from api.models import Id, Ids, Input, Output, QueryInput
from api.pages import PageOf, page
from api.pipeline import Gateway
from api.problems import CONFLICT, MEDIA_IN_USE, RATE_LIMITED, problem
from api.rates import Limits, LocalRates
from api.routes import Endpoint, Keyed, Reply
from events.text import Text
from stores.ports.errors import UnavailableError
from stores.ports.log import Positions
from stores.ports.rates import Allowance
from stores.ports.together import Together, in_turn
from stores.sqlite.database import MEMORY
from stores.sqlite.idempotency import SqliteIdempotencyKeys

NOW_MS = 1_800_000_000_000
SECRET = b"a secret of the tests"
TOKENS = {"ada": Viewer(1, 11), "bob": Viewer(2, 12)}
ADA = {"Authorization": "Bearer ada"}
BOB = {"Authorization": "Bearer bob"}


class NewThing(Input):
    name: Annotated[str, Text(1, 10)]
    size: int | None = None
    owner_id: Id | None = None
    weight: float | None = None


class EditThing(Input):
    name: Annotated[str, Text(1, 10)] | None = None


class NewToken(Input):
    username: Annotated[str, Text(3, 30)]


class ThingsQuery(QueryInput):
    order: Literal["oldest", "newest"] = "newest"
    ids: Ids = ()
    word: Annotated[str, Text(1, 5)] | None = None


class Thing(Output):
    id: Id
    name: str


_MANY = Allowance(6_000, 60)
_WIDE = Limits(read=_MANY, write=_MANY, registration=_MANY, login=_MANY)


@dataclass
class World:
    """What the routes do and what is behind them, for tests to look at and to change."""

    now_ms: int = NOW_MS
    last_id: int = 1000
    reached: bool = True
    are_feeds_filled: bool = True
    waited: list[tuple[Collection[str], Positions, int]] = field(default_factory=list)
    observed: list[tuple[str, str, int]] = field(default_factory=list)
    made: list[tuple[int, str]] = field(default_factory=list)
    fails: Exception | None = None
    log_is_away: bool = False
    readiness: Readiness = field(default_factory=Readiness)
    state: SystemState = field(default_factory=SystemState)
    limits: Limits = _WIDE
    trusted: Sequence[str] = ()
    cors_origins: Collection[str] = ("*",)
    metrics_token: str | None = None
    others: Sequence[BaseRoute] = ()
    together: Together = in_turn

    def __post_init__(self) -> None:
        self.keys = SqliteIdempotencyKeys(MEMORY)
        self.metrics = Metrics(CollectorRegistry(), self.look)

    def new_id(self) -> int:
        self.last_id += 1
        return self.last_id

    def clock(self) -> int:
        return self.now_ms

    async def authenticate(self, token: str) -> Viewer | None:
        return TOKENS.get(token)

    async def reached_(self, projections: Collection[str], positions: Positions, within_ms: int) -> bool:
        self.waited.append((projections, positions, within_ms))
        return self.reached

    async def look_at_feeds(self) -> bool:
        return self.are_feeds_filled

    def observe(self, route: str, method: str, status: int, seconds: float) -> None:
        assert seconds >= 0
        self.observed.append((route, method, status))
        self.metrics.observe(route, method, status, seconds)

    async def log_ends(self) -> Positions:
        if self.log_is_away:
            raise UnavailableError("the log is away")
        return {("things", 0): self.last_id}

    async def look(self) -> SystemState:
        return self.state

    async def ready(self) -> Readiness:
        return self.readiness

    def app(self) -> ASGIApp:
        gateway = Gateway(
            authenticate=self.authenticate,
            progress=_Progress(self),
            are_feeds_filled=self.look_at_feeds,
            rates=LocalRates(self.clock),
            limits=self.limits,
            idempotency_keys=self.keys,
            log_ends=self.log_ends,
            addresses=Addresses(self.trusted),
            new_id=self.new_id,
            clock=self.clock,
            together=self.together,
            secret=SECRET,
        )
        return build_app(
            self.endpoints(),
            gateway,
            observe=self.observe,
            cors_origins=self.cors_origins,
            others=self.others,
        )

    def client(self, peer: str = "127.0.0.1") -> httpx2.AsyncClient:
        transport = httpx2.ASGITransport(self.app(), client=(peer, 5000))
        return httpx2.AsyncClient(transport=transport, base_url="http://test")

    async def get_thing(self, call: Call) -> Answer:
        return Answer(body={"id": str(call.id), "name": str(call.viewer_id)})

    async def get_named(self, call: Call) -> Answer:
        return Answer(body={"id": "1", "name": call.path_text("name")})

    async def get_things(self, call: Call) -> Answer:
        first = call.after_int() or 0
        query = call.query(ThingsQuery)
        things = [{"id": str(n), "name": query.order} for n in range(first + 1, first + 1 + call.limit)]
        return page(call, things, (first + call.limit,) if first + call.limit < 50 else None)

    async def post_thing(self, call: Call) -> Answer:
        self.made.append((call.new_id, call.body(NewThing).name))
        if self.fails is not None:
            raise self.fails
        body = {"id": str(call.new_id), "name": call.body(NewThing).name}
        return Answer(201, body, {"Location": f"/v1/things/{call.new_id}"}, {("photolog.posts", 3): 42})

    async def patch_thing(self, call: Call) -> Answer:
        edit = call.body(EditThing)
        return Answer(body={"id": str(call.id), "name": f"{sorted(edit.model_fields_set)} {edit.name}"})

    async def put_like(self, call: Call) -> Answer:
        return Answer(body={"liked": True}, position={("photolog.engagement", 1): 7})

    async def delete_thing(self, call: Call) -> Answer:
        return Answer(204, position={})

    async def post_token(self, call: Call) -> Answer:
        self.made.append((call.new_id, call.body(NewToken).username))
        return Answer(201, {"id": str(call.new_id), "name": f"token {len(self.made)}"})

    async def get_failing(self, call: Call) -> Answer:
        assert self.fails is not None
        raise self.fails

    def endpoints(self) -> tuple[Endpoint, ...]:
        thing = {200: Reply("The thing", Thing)}
        return (
            Endpoint("GET", "/v1/things/{id}", self.get_thing, "Get a thing", "things", thing, public=True),
            Endpoint("GET", "/v1/things/by-name/{name}", self.get_named, "By name", "things", thing, public=True),
            Endpoint(
                "GET", "/v1/things", self.get_things, "List things", "things", {200: Reply("Things", PageOf[Thing])},
                query=ThingsQuery, paged=True, reads=("things",),
            ),
            Endpoint(
                "POST", "/v1/things", self.post_thing, "Make a thing", "things",
                {201: Reply("Made", Thing, ("Location",))},
                body=NewThing, problems=(CONFLICT, MEDIA_IN_USE), reads=("things",),
            ),
            Endpoint("PATCH", "/v1/things/{id}", self.patch_thing, "Edit", "things", thing, body=EditThing),
            Endpoint("DELETE", "/v1/things/{id}", self.delete_thing, "Delete", "things", {204: Reply("Gone")}),
            Endpoint("PUT", "/v1/things/{id}/like", self.put_like, "Like", "things", thing, reads=("likes", "things")),
            Endpoint(
                "POST", "/v1/tokens", self.post_token, "Get a token", "tokens", {201: Reply("Made", Thing)},
                public=True, body=NewToken, rate="login",
                keyed=Keyed(lambda call: call.body(NewToken).username, "repeated"),
            ),
            Endpoint("GET", "/v1/failing", self.get_failing, "Fail", "things", thing, public=True),
            metrics_endpoint(self.metrics, self.metrics_token),
            *health_endpoints(self.ready),
        )  # fmt: skip


class _Progress:
    def __init__(self, world: World) -> None:
        self._world = world

    async def reached(self, projections: Collection[str], positions: Positions, within_ms: int) -> bool:
        return await self._world.reached_(projections, positions, within_ms)


def unavailable() -> Exception:
    return UnavailableError("away")


def conflict() -> Exception:
    return problem(MEDIA_IN_USE)


def limited() -> Exception:
    return problem(RATE_LIMITED, headers={"Retry-After": "9"})


@dataclass
class RawResponse:
    status: int
    headers: dict[bytes, bytes]
    body: bytes
    received_count: int


async def raw_request(
    app: ASGIApp,
    method: str,
    path: str,
    *,
    query: bytes = b"",
    headers: Sequence[tuple[bytes, bytes]] = (),
    chunks: Iterable[bytes] = (b"",),
) -> RawResponse:
    """What no HTTP client would send. The body comes in chunks, one message each, with whatever length the
    headers claim.
    """
    waiting = [{"type": "http.request", "body": chunk, "more_body": True} for chunk in chunks]
    if waiting:
        waiting[-1]["more_body"] = False
    sent: list[Message] = []
    count = len(waiting)

    async def receive() -> Message:
        return waiting.pop(0) if waiting else {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        sent.append(message)

    scope = {
        "type": "http", "method": method, "path": path, "query_string": query, "headers": list(headers),
        "client": ("127.0.0.1", 5000),
    }  # fmt: skip
    await app(scope, receive, send)
    body = b"".join(message.get("body", b"") for message in sent)
    start: Message = sent[0] if sent else {"status": 0, "headers": []}
    return RawResponse(start["status"], dict(start["headers"]), body, count - len(waiting))
