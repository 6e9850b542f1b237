"""Nothing acknowledged is lost: a server that is killed again and again while clients write forgets nothing, holds nothing half.

After every start, each acknowledged write is on the log exactly once, and every view holds what the oracle says about that log.
"""

import asyncio
import os
import signal
import subprocess
from pathlib import Path
from random import Random

import httpx2
import pytest

from api.positions import PositionStrings
from runtime.folder import Folder
from tests.e2e.clients import Client, Mingler, Publisher, Registrar, hammer
from tests.e2e.ledger import Ledger
from tests.e2e.outside import settled
from tests.e2e.positions import check_positions
from tests.e2e.reckoning import check_ledger
from tests.e2e.server import COMMAND, ServerProcess
from tests.e2e.world import World
from tests.property.stories import CAPTIONS

ROUND_COUNT = 26
"""Each ends with a kill while clients write; after every fifth the next server is killed while it starts. Raise it to search."""
KILLED_AT_START_EVERY = 5
SEED = 20_261_121
_LONGEST_LIFE_S = 0.4


@pytest.mark.embedded
@pytest.mark.timeout(300)
def test_nothing_acknowledged_is_lost(tmp_path: Path) -> None:
    random, ledger = Random(SEED), Ledger()
    server = ServerProcess(tmp_path / "data")
    server.start()
    clients = _people(server, ledger, random)
    for number in range(1, ROUND_COUNT + 1):
        lives_s = random.random() * _LONGEST_LIFE_S
        asyncio.run(hammer(server.url, clients, lambda: os.kill(server.pid, signal.SIGKILL), lives_s))
        server.kill()
        if number % KILLED_AT_START_EVERY == 0:
            _die_while_starting(server, random)
        server.start()
        found = settled(server.data)
        assert found.unreadable == []
        check_ledger(ledger, found)
        check_positions(ledger, found, PositionStrings(Folder(server.data).secret("secret")).open)
    _check_newcomers(server, ledger)
    assert server.stop() == 0
    assert ledger.count() > ROUND_COUNT


def _people(server: ServerProcess, ledger: Ledger, random: Random) -> list[Client]:
    world = World(server.url)
    people = [world.person(name) for name in ("ada", "bob", "cleo")]
    posts = {person.post("dusk #harbor"): "" for person in people}
    users = [{"id": person.id, "token": person.token} for person in people]
    world.close()
    ids = [person.id for person in people]
    minglers = [Mingler(ledger, user, Random(random.random()), posts, ids) for user in users]
    return [
        *minglers,
        Publisher(ledger, users[0], Random(random.random()), CAPTIONS, posts),
        Registrar(ledger, random, ids[-1]),
    ]


def _die_while_starting(server: ServerProcess, random: Random) -> None:
    arguments = [str(COMMAND), "serve", "--port", "0"]
    with subprocess.Popen(arguments, env=server.environment, stderr=subprocess.DEVNULL) as process:
        try:
            process.wait(0.2 + random.random())
        except subprocess.TimeoutExpired:
            process.kill()


def _check_newcomers(server: ServerProcess, ledger: Ledger) -> None:
    """Who was registered is known, by name, to whoever asks."""
    names = [post.body["username"] for post in ledger.acknowledged() if post.path == "/v1/accounts"]
    assert names
    with httpx2.Client(base_url=server.url, timeout=30) as http:
        for name in names:
            assert http.get(f"/v1/users/by-username/{name}").status_code == 200
