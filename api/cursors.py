"""Cursors: where the next page of a list begins, in a string that is of no use anywhere else.

A cursor is bound to the route, to its parameters except `limit`, and to the viewer, and is valid for at least
24 hours. What its values mean belongs to the list alone.
"""

from collections.abc import Mapping, Sequence

import orjson

from api.problems import BAD_CURSOR, CURSOR_EXPIRED, problem
from api.signing import Sealer
from events.ids import MAX_ID, Clock

CURSOR_MAX_CHARS = 1024
VALID_S = 24 * 3600
_STAMP_S = 600
"""Cursors are dated to the end of the ten minutes in which they are made: a page that stays the same keeps its entity tag."""

Keys = tuple[int | str, ...]
"""What a list needs to go on from: ids, counts, milliseconds, words. No number is negative, or beyond an id."""


def binding(route: str, parameters: Mapping[str, object], viewer_id: int | None) -> bytes:
    """What a cursor is bound to: the route's template, its parameters as text, and who asks."""
    named = sorted((name, str(value)) for name, value in parameters.items())
    return orjson.dumps([route, named, viewer_id])


class Cursors:
    def __init__(self, secret: bytes, clock: Clock) -> None:
        self._sealer = Sealer(secret, "cursor", CURSOR_MAX_CHARS)
        self._clock = clock

    def seal(self, keys: Sequence[int | str], bound_to: bytes) -> str:
        made_s = -(-self._clock() // (_STAMP_S * 1000)) * _STAMP_S
        cursor = self._sealer.seal(orjson.dumps([made_s, *keys]), bound_to)
        if len(cursor) > CURSOR_MAX_CHARS:
            raise ValueError("the keys are too long for a cursor")
        return cursor

    def open(self, cursor: str, bound_to: bytes) -> Keys:
        """Raises `bad_cursor` for a forged, cut or foreign one and `cursor_expired` for an old one."""
        payload = self._sealer.open(cursor, bound_to)
        if payload is None:
            raise problem(BAD_CURSOR)
        made_s, *keys = orjson.loads(payload)
        if self._clock() // 1000 - made_s > VALID_S:
            raise problem(CURSOR_EXPIRED, "Start again from the first page.")
        if any(isinstance(key, int) and not 0 <= key <= MAX_ID for key in keys):
            raise problem(BAD_CURSOR)
        return tuple(keys)
