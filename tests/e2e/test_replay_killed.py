"""A replay that is killed again and again goes on where it was, and what it builds is what one builds that nobody killed."""

import asyncio
import subprocess
from typing import Any

import orjson
import pytest

from tests.e2e import dying
from tests.e2e.aftermath import one_held, opened
from tests.e2e.server import ServerProcess
from tests.e2e.test_replay import done
from tests.e2e.world import World, until

CHANGES_COUNT = 60
KILLS = ("10", "30 view.before_commit", "50", "70 view.before_position", "90 view.after_commit")


def generations(server: ServerProcess, projection: str) -> dict[int, tuple[str, int]]:
    """State and events applied of each."""
    found = orjson.loads(server.run("replay", "status", projection, "--json").stdout)
    return {each["generation"]: (each["state"], each["applied"]) for each in found}


def die(server: ServerProcess, projection: str, at: str) -> list[int]:
    """How many events were there when the replay began to build that was killed then, and whenever it said so. None when it built
    nothing.
    """
    killed = until(lambda: _killed(server, projection, at))
    assert killed.returncode == -9, killed.stdout + killed.stderr
    lines = killed.stderr.splitlines()
    return [int(line.rpartition(" ")[2]) for line in lines if line.startswith(("began at ", "stood at "))]


def _killed(server: ServerProcess, projection: str, at: str) -> "subprocess.CompletedProcess[str] | None":
    """None while the lease of the one that was killed before has not run out."""
    ran = server.run("replay", projection, "--json", command=dying.COMMAND, env={dying.DIES_AT: at})
    return None if "another command is replaying" in ran.stderr else ran


async def _is_right(server: ServerProcess, projection: str) -> bool:
    async with opened(server.settings) as place:
        return await one_held(place, projection)


def verified(server: ServerProcess, projection: str) -> Any:
    (certificate,) = done(server, "verify", projection)
    assert certificate["equal"]
    return certificate


@pytest.mark.timeout(300)
@pytest.mark.parametrize("projection", ["likes", "feeds"])
def test_it_goes_on_wherever_it_was_killed(world: World, server: ServerProcess, projection: str) -> None:
    ada, bob = world.person("ada"), world.person("bob")
    post = ada.post()
    path = {"likes": f"/v1/posts/{post}/like", "feeds": f"/v1/users/{ada.id}/follow"}[projection]
    for number in range(CHANGES_COUNT):
        bob.ok("DELETE" if number % 3 == 2 else "PUT", path)
    (live,) = [n for n, (state, _) in generations(server, projection).items() if state == "live"]
    stood = 0
    for at in KILLS:
        began, *_, last = die(server, projection, at)
        assert began == stood
        ((fresh, (_, stood)),) = [
            found for found in generations(server, projection).items() if found[1][0] == "building"
        ]
        assert last <= stood <= last + dying.BATCH_COUNT
        bob.ok("PUT", path)
    assert die(server, projection, "rebuild.before_switch")[0] == stood
    found = generations(server, projection)
    assert (found[live][0], found[fresh][0]) == ("live", "ready")
    assert die(server, projection, "rebuild.after_switch") == []
    found = generations(server, projection)
    assert (found[live][0], found[fresh][0]) == ("replaced", "live")
    switched = [e for e in done(server, "history", projection) if e["type"] == "generation.switched"]
    assert [
        (event["from_generation"], event["generation"]) for event in switched if event["generation"] == fresh
    ] == [(live, fresh)]
    assert until(lambda: asyncio.run(_is_right(server, projection)))
    killed = verified(server, projection)
    done(server, projection)
    whole = verified(server, projection)
    assert (killed["generation"], whole["generation"]) == (fresh, fresh + 1)
    assert all(killed[name] == whole[name] for name in ("positions", "events_count", "digests"))
