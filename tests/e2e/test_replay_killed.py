"""A replay that is killed again and again goes on where it was, and what it builds is what the oracle says."""

import asyncio
import subprocess

import orjson
import pytest

from tests.e2e import dying
from tests.e2e.aftermath import one_held, opened
from tests.e2e.server import ServerProcess
from tests.e2e.test_replay import done
from tests.e2e.world import World, until

LIKES_COUNT = 60


def likes(server: ServerProcess) -> dict[int, tuple[str, int]]:
    """State and events applied of each generation."""
    found = orjson.loads(server.run("replay", "status", "likes", "--json").stdout)
    return {each["generation"]: (each["state"], each["applied"]) for each in found}


def die(server: ServerProcess, at: str) -> int | None:
    """How much was there when the replay began to build that was killed then; None: it built nothing."""
    killed = until(lambda: _killed(server, at))
    assert killed.returncode == -9, killed.stdout + killed.stderr
    began = [line for line in killed.stderr.splitlines() if line.startswith("began at ")]
    return int(began[0].rpartition(" ")[2]) if began else None


def _killed(server: ServerProcess, at: str) -> "subprocess.CompletedProcess[str] | None":
    """None while the lease of the one that was killed before has not run out."""
    ran = server.run("replay", "likes", "--json", command=dying.COMMAND, env={dying.DIES_AT: at})
    return None if "another command is replaying" in ran.stderr else ran


async def _is_right(server: ServerProcess) -> bool:
    async with opened(server.settings) as place:
        return await one_held(place, "likes")


@pytest.mark.timeout(300)
def test_it_goes_on_wherever_it_was_killed(world: World, server: ServerProcess) -> None:
    ada, bob = world.person("ada"), world.person("bob")
    post = ada.post()
    for number in range(LIKES_COUNT):
        bob.ok("DELETE" if number % 3 == 2 else "PUT", f"/v1/posts/{post}/like")
    (live,) = [number for number, (state, _) in likes(server).items() if state == "live"]
    stood = 0
    for percent in ("10", "30", "50", "70", "90"):
        assert die(server, percent) == stood
        ((fresh, (_, stood)),) = [found for found in likes(server).items() if found[1][0] == "building"]
        assert stood > 0
        bob.ok("PUT", f"/v1/posts/{post}/like")
    assert die(server, "rebuild.before_switch") == stood
    found = likes(server)
    assert (found[live][0], found[fresh][0]) == ("live", "ready")
    assert die(server, "rebuild.after_switch") is None
    found = likes(server)
    assert (found[live][0], found[fresh][0]) == ("replaced", "live")
    switched = [e for e in done(server, "history", "likes") if e["type"] == "generation.switched"]
    assert [
        (event["from_generation"], event["generation"]) for event in switched if event["generation"] == fresh
    ] == [(live, fresh)]
    assert until(lambda: asyncio.run(_is_right(server)))
    assert bob.get(f"/v1/posts/{post}")["counts"]["likes"] == 1
