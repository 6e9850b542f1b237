"""What a route declares. The table of these is the only place that knows which routes there are: the server
and the OpenAPI document are both made from it.

A slice builds its routes from what it needs and hands them over:

    async def put_like(app: Services, call: Call) -> Answer:
        position = await like_post(app.log, app.views(), app.command(call), call.id)
        return Answer(body={"liked": True}, position=position)

    def routes(app: Services) -> list[Endpoint]:
        return [
            Endpoint(
                "PUT", "/v1/posts/{id}/like", partial(put_like, app), summary="Like a post", tag="likes",
                replies={200: Reply("You like it", Liked)}, problems=(NOT_FOUND,), reads=("timelines", "graph"),
            ),
        ]

Before the handler runs the pipeline has answered 401, 404 for path ids that are none, 405, 413, 415, 400 and
422 for cursor, position, body and query, 429, and 503 for a position that is not reached within two seconds.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Literal

from pydantic import BaseModel

from api.calls import Answer, Call
from api.models import Input, QueryInput
from api.problems import Kind

Method = Literal["GET", "POST", "PUT", "PATCH", "DELETE"]
RateClass = Literal["read", "write", "registration", "login", "unlimited"]
Handler = Callable[[Call], Awaitable[Answer]]


@dataclass(frozen=True, slots=True)
class Reply:
    """One successful answer. `headers` names what it carries besides the usual, such as `Location` or
    `Retry-After`.
    """

    description: str
    model: type[BaseModel] | None = None
    headers: tuple[str, ...] = ()
    media_type: str = "application/json"


Scope = Callable[[Call], str]


def by_account(call: Call) -> str:
    return str(call.me)


@dataclass(frozen=True, slots=True)
class Keyed:
    """The route honours `Idempotency-Key`.

    `scope` says whose key it is. `kept` answers are given again to a retry; answers that hold tokens must be
    `repeated`: the handler runs again, with the same `call.new_id`.
    """

    scope: Scope = by_account
    answers: Literal["kept", "repeated"] = "kept"


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One method of one path.

    In `path`, `{id}` and names that end in `_id` are ids (anything else there is 404), other names are text.
    A GET serves HEAD too. `public` GETs know their viewer when a token is sent; other public routes ignore
    tokens, so that a client can renew an expired one. `reads` names the projections that must have reached
    the position of the request. `rate` is by default `read` for GET and `write` for the rest. A POST that is
    not public is keyed by account unless `keyed` says otherwise. `paged` adds `limit` and `cursor`.
    `problems` are those the handler itself raises.
    """

    method: Method
    path: str
    handler: Handler
    summary: str
    tag: str
    replies: Mapping[int, Reply]
    problems: tuple[Kind, ...] = ()
    public: bool = False
    body: type[Input] | None = None
    query: type[QueryInput] | None = None
    paged: bool = False
    reads: tuple[str, ...] = ()
    rate: RateClass | None = None
    keyed: Keyed | Literal["default", "never"] = "default"
    viewer: Literal["by_method", "ignored"] = "by_method"
    description: str = ""

    @property
    def rate_class(self) -> RateClass:
        if self.rate is not None:
            return self.rate
        return "read" if self.method == "GET" else "write"

    @property
    def idempotency(self) -> Keyed | None:
        if isinstance(self.keyed, Keyed):
            return self.keyed
        return Keyed() if self.keyed == "default" and self.method == "POST" and not self.public else None

    @property
    def signed_in(self) -> Literal["required", "optional", "ignored"]:
        if not self.public:
            return "required"
        return "optional" if self.method == "GET" and self.viewer == "by_method" else "ignored"
