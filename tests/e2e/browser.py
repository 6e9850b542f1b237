"""A real browser without a window: headless Chromium, spoken to in its own protocol through two pipes.

It knows one page at a time, of which it keeps everything that a person would find in the console.
"""

import itertools
import os
import subprocess
import sys
from base64 import b64decode
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import orjson

from tests.services.downloads import chromium

_STOP_S = 10
_FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run", "--disable-quic",
    "--disable-background-networking", "--disable-component-update", "--disable-default-apps", "--disable-extensions",
    "--disable-sync", "--disable-domain-reliability", "--metrics-recording-only", "--no-pings", "--no-proxy-server",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1", "--remote-debugging-pipe", "--window-size=1000,900",
)  # fmt: skip
"""It has nobody to talk to but this machine."""
_LAUNCH = """
import fcntl, os, sys
reads, writes = (fcntl.fcntl(int(number), fcntl.F_DUPFD, 10) for number in sys.argv[1:3])
os.dup2(reads, 3)
os.dup2(writes, 4)
os.execv(sys.argv[3], sys.argv[3:])
"""
"""Chromium reads from 3 and writes to 4, whatever numbers the pipes have here."""


class RefusedError(Exception):
    """The browser would not do it, such as run something in a page that it has just left."""


class Browser:
    """Made by `browser`."""

    def __init__(self, sent: IO[bytes], received: IO[bytes]) -> None:
        self._sent, self._received = sent, received
        self._numbers = itertools.count(1)
        self._rest = b""
        self._loaded_count = 0
        self.complaints: list[Any] = []
        """What the browser has put into the console of the page, and what was wrong with it."""
        self.asked: list[str] = []
        """Every URL that it has asked for."""
        target = self._call("Target.createTarget", {"url": "about:blank"}, None)["targetId"]
        attached = self._call("Target.attachToTarget", {"targetId": target, "flatten": True}, None)
        self._session: str = attached["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(f"{domain}.enable")

    def open(self, url: str) -> None:
        """Returns when the page is loaded."""
        loaded_count = self._loaded_count
        found = self.call("Page.navigate", {"url": url})
        assert "errorText" not in found, found
        while self._loaded_count == loaded_count:
            self._hear(self._next())

    def run(self, script: str) -> Any:
        """The value of an expression in the page that is there now, None while there is none."""
        try:
            found = self.call("Runtime.evaluate", {"expression": script, "returnByValue": True})
        except RefusedError:
            return None
        assert "exceptionDetails" not in found, found
        return found["result"].get("value")

    def picture(self) -> bytes:
        """A PNG of what a person would see."""
        return b64decode(self.call("Page.captureScreenshot", {"captureBeyondViewport": True})["data"])

    def call(self, method: str, parameters: Mapping[str, Any] | None = None) -> Any:
        """Of Chromium's own protocol, for the page."""
        return self._call(method, parameters or {}, self._session)

    def _call(self, method: str, parameters: Mapping[str, Any], session: str | None) -> Any:
        number = next(self._numbers)
        message = {"id": number, "method": method, "params": parameters}
        self._sent.write(orjson.dumps(message | ({"sessionId": session} if session else {})) + b"\0")
        self._sent.flush()
        while (answer := self._next()).get("id") != number:
            self._hear(answer)
        if "error" in answer:
            raise RefusedError(method, answer["error"])
        return answer["result"]

    def _next(self) -> Any:
        while b"\0" not in self._rest:
            more = os.read(self._received.fileno(), 1 << 16)
            if not more:
                raise RuntimeError("the browser has ended")
            self._rest += more
        text, _, self._rest = self._rest.partition(b"\0")
        return orjson.loads(text)

    def _hear(self, event: Any) -> None:
        match event["method"]:
            case "Runtime.exceptionThrown" | "Runtime.consoleAPICalled" | "Log.entryAdded":
                self.complaints.append(event["params"])
            case "Page.loadEventFired":
                self._loaded_count += 1
            case "Network.requestWillBeSent":
                self.asked.append(event["params"]["request"]["url"])
            case _:
                pass


@contextmanager
def browser(folder: Path) -> Iterator[Browser]:
    """`folder` is an empty one, for what it keeps of itself."""
    program = chromium()
    its_input, ours = os.pipe()
    our_input, its = os.pipe()
    pipes = (str(its_input), str(its))
    arguments = (str(program), *_FLAGS, f"--user-data-dir={folder}", "about:blank")
    with (folder / "chromium.log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-SEc", _LAUNCH, *pipes, *arguments],
            env=_environment(program.parent, folder),
            pass_fds=(its_input, its),
            stdout=log,
            stderr=log,
        )
    os.close(its_input)
    os.close(its)
    try:
        with os.fdopen(ours, "wb") as sent, os.fdopen(our_input, "rb") as received:
            yield Browser(sent, received)
    finally:
        process.terminate()
        process.wait(_STOP_S)


def _environment(programs: Path, folder: Path) -> dict[str, str]:
    """Its libraries and fonts are those that came with it, whatever the machine has."""
    fonts = folder / "fonts.conf"
    fonts.write_text(
        f"<fontconfig><dir>{programs}/fonts</dir><cachedir>{folder}/fonts</cachedir></fontconfig>"
    )
    return {
        "PATH": os.environ["PATH"],
        "LD_LIBRARY_PATH": str(programs / "lib"),
        "FONTCONFIG_FILE": str(fonts),
        "HOME": str(folder),
        "XDG_CACHE_HOME": str(folder),
    }
