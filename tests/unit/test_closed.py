"""A connection that ends while somebody writes to it is told of as its client tells of it, whichever loop it is."""

import asyncio
import socket

import pytest
import uvloop

from stores.ports.closed import closed_as


def test_what_the_quick_loop_says_of_a_closed_connection() -> None:
    async def main() -> None:
        ours, theirs = socket.socketpair(socket.AF_UNIX)
        _, writer = await asyncio.open_unix_connection(sock=ours)
        writer.transport.abort()
        await asyncio.sleep(0)
        with pytest.raises(ConnectionResetError), closed_as(ConnectionResetError):
            writer.write(b"late")
        theirs.close()

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(main())


def test_another_error_is_nothing_of_the_kind() -> None:
    with pytest.raises(RuntimeError, match="no running event loop"), closed_as(ConnectionResetError):
        asyncio.get_running_loop()
