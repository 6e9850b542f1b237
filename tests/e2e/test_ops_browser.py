"""The operators' page in a real browser: an operator opens it, and watches a replay that somebody runs beside the server."""

import json
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote, urlsplit

import pytest

from tests.e2e.browser import Browser, browser
from tests.e2e.conftest import MakeServer
from tests.e2e.server import COMMAND, GENEROUS, ServerProcess
from tests.e2e.world import World, until

_TAKES_S = 12
"""How long the build of the replay takes: the page refreshes itself every five seconds."""
_PAUSE_S = 1.0
"""Between two times that an impatient operator loads the page anew."""
_BAR = "document.querySelector('progress')?.value ?? null"
_ROWS = """[...document.querySelectorAll('#projections tbody tr')]
           .map(row => [...row.children].map(cell => cell.textContent))"""

pytestmark = pytest.mark.timeout(300)  # the browser may have to be fetched


@pytest.fixture
def server(make_server: MakeServer) -> Iterator[ServerProcess]:
    """One of its own: it has few events."""
    process = make_server("ops", GENEROUS)
    process.start()
    yield process
    assert process.stop() == 0


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Browser]:
    with browser(tmp_path) as found:
        yield found


def address(server: ServerProcess) -> str:
    """With the name and the password that a person would be asked for."""
    return (
        f"http://operator:{quote(GENEROUS['PHOTOLOG_OPERATOR_PASSWORD'])}@{urlsplit(server.url).netloc}/ops"
    )


def likes_count(server: ServerProcess) -> int:
    """Events that a replay of likes reads."""
    found = json.loads(server.run("projections", "--json").stdout)
    count: int = max(each["applied"] for each in found if each["projection"] == "likes")
    return count


def generations(opened: Browser, state: str) -> set[int]:
    """Of likes, in that state, as the page says."""
    rows = opened.run(_ROWS) or []
    return {int(number) for name, number, shown, *_ in rows if (name, shown) == ("likes", state)}


def begun(server: ServerProcess, *words: str) -> "subprocess.Popen[bytes]":
    here = server.log_path.parent
    return subprocess.Popen(
        [str(COMMAND), *words], env=server.environment, stderr=subprocess.DEVNULL, cwd=here
    )


def looks(opened: Browser, server: ServerProcess, replay: "subprocess.Popen[bytes]") -> list[float]:
    """How far the bar was, while the replay ran."""
    found, pause = [opened.run(_BAR)], threading.Event()
    while replay.poll() is None:
        pause.wait(_PAUSE_S)
        opened.open(address(server))
        found.append(opened.run(_BAR))
    return [value for value in found if value is not None]


def test_an_operator_watches_a_replay(server: ServerProcess, opened: Browser) -> None:
    world = World(server.url)
    ada, bob = world.person("ada"), world.person("bob")
    post = ada.post("a lighthouse")
    for method in ("PUT", "DELETE") * 40:
        bob.ok(method, f"/v1/posts/{post}/like")
    world.close()

    opened.open(address(server))
    [live] = until(lambda: generations(opened, "live"))
    assert opened.run("document.title") == "Photolog operations"
    assert opened.run("document.querySelectorAll('#lag svg polyline').length") > 0
    assert opened.run("document.querySelectorAll('script').length") == 0
    assert opened.run("getComputedStyle(document.querySelector('caption')).textAlign") == "left"

    replay = begun(server, "replay", "likes", "--rate", str(likes_count(server) / _TAKES_S))
    until(lambda: opened.run(_BAR) is not None)
    assert len(opened.asked) > 1  # by itself
    seen = looks(opened, server, replay)
    assert replay.returncode == 0
    assert len(set(seen)) > 1
    assert seen == sorted(seen)

    until(lambda: generations(opened, "replaced") == {live})
    assert generations(opened, "live") == {live + 1}
    assert opened.run(_BAR) is None
    assert "generation switched" in opened.run("document.querySelector('#operations').textContent")
    assert "equal" in opened.run("document.querySelector('#certificates').textContent")
    assert opened.complaints == []
    assert {urlsplit(url).path for url in opened.asked} == {"/ops"}


def test_on_a_phone_nothing_is_wider_than_the_window(server: ServerProcess, opened: Browser) -> None:
    phone = {"width": 390, "height": 844, "deviceScaleFactor": 1, "mobile": True}
    opened.call("Emulation.setDeviceMetricsOverride", phone)
    opened.call(
        "Emulation.setEmulatedMedia", {"features": [{"name": "prefers-color-scheme", "value": "dark"}]}
    )
    opened.open(address(server))
    until(lambda: generations(opened, "live"))
    assert opened.run("document.documentElement.scrollWidth") <= 390
    assert opened.run("getComputedStyle(document.body).backgroundColor") == "rgb(22, 22, 22)"
    assert opened.complaints == []
