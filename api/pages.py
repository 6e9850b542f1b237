"""Lists in pages: the body with `items` and `next_cursor`, and the `Link` to the next page."""

from collections.abc import Iterable
from functools import lru_cache
from typing import Generic, TypeVar
from urllib.parse import quote, urlencode

import orjson

from api.calls import Answer, Call, Json
from api.cursors import Keys
from api.models import Output

T = TypeVar("T")


class PageOf(Output, Generic[T]):
    """The model of a paged answer: `PageOf[UserSummary]`."""

    items: list[T]
    next_cursor: str | None


class ItemsOf(Output, Generic[T]):
    """The model of a list that is answered whole: `ItemsOf[Session]`."""

    items: list[T]


def page(call: Call, items: Iterable[bytes | Json], next_keys: Keys | None) -> Answer:
    """A page of a paged route. `next_keys` is what `call.after` shall be on the next one, None at the end.

    Items that are bytes are JSON already. A page may be short or empty while there are next keys.
    """
    cursor = None if next_keys is None else call.cursor(next_keys)
    headers = {} if cursor is None else {"Link": next_link(call, cursor)}
    return Answer(body=_joined(items, b',"next_cursor":' + orjson.dumps(cursor)), headers=headers)


def whole(items: Iterable[bytes | Json]) -> Answer:
    """A list without pages."""
    return Answer(body=_joined(items, b""))


def next_link(call: Call, cursor: str) -> str:
    """An absolute path, so that no host or scheme a client made up comes back in a header."""
    parameters = f"{urlencode(call.parameters)}&" if call.parameters else ""
    return f'<{_quoted(call.path)}?{parameters}limit={call.limit}&cursor={cursor}>; rel="next"'


@lru_cache(maxsize=1024)
def _quoted(path: str) -> str:
    return quote(path, safe="/")


def _joined(items: Iterable[bytes | Json], rest: bytes) -> bytes:
    pieces = [item if isinstance(item, bytes) else orjson.dumps(item) for item in items]
    return b"".join((b'{"items":[', b",".join(pieces), b"]", rest, b"}"))
