"""How a server begins."""

import gc
import socket
from pathlib import Path

import pytest

from runtime import serve
from runtime.settings import Settings
from tests.services.ports import HOST


class EndedError(Exception):
    pass


class Reader:
    """Reads the log, connects as soon as it is told where, and has seen enough."""

    def info(self, event: str, **told: str) -> None:
        assert event == "serving"
        port = int(told["url"].rpartition(":")[2])
        with socket.create_connection((HOST, port), timeout=5):
            raise EndedError


async def test_whoever_is_told_that_it_serves_can_connect(
    tmp_path: Path, socket_enabled: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(serve, "_logger", Reader())
    monkeypatch.setattr(gc, "freeze", lambda: None)  # the tests go on
    with pytest.raises(EndedError):
        await serve.serve_api(Settings(data=tmp_path), HOST, 0, "all")
