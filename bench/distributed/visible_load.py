"""The load generator whose turn is two requests: a like, and then the post, read with the position that the like was answered with.
The turn succeeds when the reader sees their own like; its latency is that of both.
"""

import re

from bench.load import Connection, Load, main

_POSITION = re.compile(rb"(?i)\r\nphotolog-position: ([^\r]+)")


class Visible(Load):
    async def _one(self, connection: Connection, due: float) -> None:
        put, get = self._taken(), self._taken()
        await connection.send(put)
        position = _POSITION.search(connection.answer)
        if position is not None:
            await connection.send(get[:-2] + b"Photolog-Position: " + position[1] + b"\r\n\r\n")
        self._note(due, b'"liked":true' in connection.answer and b'"caption"' in connection.answer)


if __name__ == "__main__":
    main(Visible)
