"""What a handler is given (`Call`) and what it gives back (`Answer`).

A handler sees a request that is already authenticated, within its limits, parsed and validated, and whose
views have reached the position it carried. It knows nothing of ASGI.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from pydantic import BaseModel

from api.cursors import Keys
from api.headers import Headers
from api.problems import BAD_CURSOR, problem
from stores.ports.log import Partition, Positions

M = TypeVar("M", bound=BaseModel)

Json = Mapping[str, object] | list[object]
"""What orjson can write; ids are strings already."""


@dataclass(frozen=True, slots=True)
class Viewer:
    """Who asks: an account through one of its sessions."""

    account_id: int
    session_id: int


@dataclass(frozen=True, slots=True)
class Answer:
    """A success. Errors are raised (`api.problems`), never returned.

    `body`: bytes are JSON already and go out untouched; dicts and lists are written by orjson; None is no
    body. `position`: what this write appended, merged into `Photolog-Position`; None on reads. `etag`: given
    where something cheaper than a hash of the body says the same, without quotes.
    """

    status: int = 200
    body: bytes | Json | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    position: Positions | None = None
    etag: str | None = None


class Call:
    """One request to one route."""

    __slots__ = (
        "_body", "_fresh_id", "_ids", "_is_local", "_new_id", "_query", "_seal_cursor", "_texts",
        "after", "client", "headers", "is_without_feeds", "limit", "parameters", "path", "position", "request_id", "slot", "viewer",
    )  # fmt: skip

    def __init__(
        self,
        *,
        path: str,
        ids: Mapping[str, int],
        texts: Mapping[str, str],
        viewer: Viewer | None,
        client: str,
        is_local: Callable[[], bool],
        headers: Headers,
        request_id: int,
        position: Mapping[Partition, int],
        new_id: Callable[[], int],
    ) -> None:
        self.path = path
        self.viewer = viewer
        self.client = client
        """The client's network address as text, for limits and session lists; never logged."""
        self.headers = headers
        """As they came, for the few routes with rules of their own."""
        self.request_id = request_id
        """Correlates everything this request causes."""
        self.position = position
        """What the client says it has seen; already waited for."""
        self.is_without_feeds = False
        """The feeds view is being filled and was not waited for (`api.filling`)."""
        self.limit = 0
        """How many items a page may have; 0 on routes that are not paged."""
        self.after: Keys | None = None
        """The keys that this list put into the cursor, None on the first page."""
        self.parameters: Mapping[str, str] = {}
        """The query as it came, known parameters only, without `limit` and `cursor`."""
        self._ids = ids
        self._texts = texts
        self._is_local = is_local
        self._body: BaseModel | None = None
        self._query: BaseModel | None = None
        self._new_id: int | None = None
        self.slot: str | None = None
        """Stands for the idempotency key and whose it is; says nothing of either."""
        self._fresh_id = new_id
        self._seal_cursor: Callable[[Keys], str] | None = None

    @property
    def me(self) -> int:
        """The account that asks; only for routes that are not public."""
        if self.viewer is None:
            raise LookupError("this route is public: use viewer_id")
        return self.viewer.account_id

    @property
    def viewer_id(self) -> int | None:
        """The account that asks, None when nobody is signed in."""
        return None if self.viewer is None else self.viewer.account_id

    @property
    def is_local(self) -> bool:
        """The client is on this machine, and not behind a proxy that is."""
        return self._is_local()

    @property
    def id(self) -> int:
        """The path's `{id}`."""
        return self._ids["id"]

    def path_id(self, name: str) -> int:
        """Another id of the path, such as `{comment_id}`."""
        return self._ids[name]

    def path_text(self, name: str) -> str:
        """A path parameter that is no id, such as `{username}`: decoded, 1 to 256 printable characters,
        otherwise unchecked.
        """
        return self._texts[name]

    def body(self, model: type[M]) -> M:
        """The validated body, by the model that the route declares."""
        return _expected(self._body, model)

    def query(self, model: type[M]) -> M:
        """The validated query, by the model that the route declares."""
        return _expected(self._query, model)

    @property
    def new_id(self) -> int:
        """The id of the object this request makes, the same at every reading.

        With an idempotency key it is the one the key has reserved, so that a retry makes the same object.
        """
        if self._new_id is None:
            self._new_id = self._fresh_id()
        return self._new_id

    def after_int(self) -> int | None:
        """The cursor's only key, for lists that go on from one number; None on the first page."""
        if self.after is None:
            return None
        match self.after:
            case (int(key),):
                return key
            case _:
                raise problem(BAD_CURSOR)

    def cursor(self, keys: Keys) -> str:
        """The cursor of the page that begins after these keys."""
        if self._seal_cursor is None:
            raise LookupError("this route is not paged")
        return self._seal_cursor(keys)

    # The pipeline fills these in as it learns them.

    def give_query(self, query: BaseModel | None, parameters: Mapping[str, str]) -> None:
        self._query, self.parameters = query, parameters

    def give_body(self, body: BaseModel) -> None:
        self._body = body

    def give_page(self, limit: int, after: Keys | None, seal_cursor: Callable[[Keys], str]) -> None:
        self.limit, self.after, self._seal_cursor = limit, after, seal_cursor

    def give_reserved(self, new_id: int, slot: str) -> None:
        self._new_id, self.slot = new_id, slot


def _expected(value: BaseModel | None, model: type[M]) -> M:
    if not isinstance(value, model):
        raise TypeError(f"the route does not declare {model.__name__}")
    return value
