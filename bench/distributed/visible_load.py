"""The load generator whose turn is two requests: a like, and then the post, read with the position that the like was answered with.
The turn succeeds when the reader sees their own like; its latency is that of both. A reading that was refused because the view did
not come so far in time is tried again.
"""

import re

from bench.load import Connection, Load, main

_POSITION = re.compile(rb"(?i)\r\nphotolog-position: ([^\r]+)")

_NOT_CAUGHT_UP = 503
_TRIES_COUNT = 10


class Visible(Load):
    async def _one(self, connection: Connection, due: float) -> None:
        put, get = self._taken(), self._taken()
        await connection.send(put)
        position = _POSITION.search(connection.answer)
        if position is None:
            self._note(due, False)
            return
        request = get[:-2] + b"Photolog-Position: " + position[1] + b"\r\n\r\n"
        for _ in range(_TRIES_COUNT):
            if await connection.send(request) != _NOT_CAUGHT_UP:
                break
        self._note(due, b'"caption"' in connection.answer and b'"liked":true' in connection.answer)


if __name__ == "__main__":
    main(Visible)
