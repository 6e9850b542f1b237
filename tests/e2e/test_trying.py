"""Trying out before a replay, beside a system that goes on; and looking into feeds."""

import signal
import subprocess
from pathlib import Path
from typing import Any

import orjson
import pytest

from tests.e2e.server import COMMAND, ServerProcess
from tests.e2e.spoiling import forget_follows, forget_like, is_distributed, live
from tests.e2e.test_replay import states
from tests.e2e.test_verify import going_on, lived_in
from tests.e2e.world import World, until


def found(server: ServerProcess, *words: str, status: int = 0) -> Any:
    """The one JSON document of a command that ended so."""
    ran = server.run(*words, "--json")
    assert ran.returncode == status, ran.stdout[-3000:] + ran.stderr
    return orjson.loads(ran.stdout)


def scratch(server: ServerProcess, projection: str) -> Path:
    """Where commands keep scratch generations: in the data folder, or where they are run."""
    here = server.log_path.parent if is_distributed(server) else server.data
    return here / "scratch" / projection


@pytest.mark.timeout(300)
def test_a_replay_is_tried_out_under_writes(world: World, server: ServerProcess) -> None:
    _, bob, post = lived_in(world)
    before = states(server)
    with going_on(bob, post):
        ran = server.run("replay", "all", "--dry-run", "--json")
    assert ran.returncode == 0, ran.stdout[-3000:] + ran.stderr
    for line in ran.stdout.splitlines():
        told = orjson.loads(line)
        assert (told["would_change"], told["faults"], told["rebuilt_wrong"]) == (0, [], [])
        assert not scratch(server, f"{told['projection']}.trial").exists()
    assert states(server) == before


def test_another_setting_is_tried_out(world: World, server: ServerProcess) -> None:
    ada, bob = world.person("ada"), world.person("bob")
    bob.follow(ada)
    ada.post("pushed, or merged")
    told = found(server, "replay", "feeds", "--with", "celebrity_threshold=1", "--with", "feed_cap=1")
    assert told["would_change"] == 0
    costs = told["costs"]
    assert costs["changed"]["entries_count"] < costs["present"]["entries_count"]
    assert costs["changed"]["merged_authors_count"] >= costs["present"]["merged_authors_count"]


@pytest.mark.timeout(300)
def test_a_feed_is_shown_as_it_was(world: World, server: ServerProcess) -> None:
    ada, bob = world.person("ada"), world.person("bob")
    bob.follow(ada)
    first = ada.post("first")
    then = bob.get("/v1/feed")["items"][0]["created_at"]
    ada.post("second")
    ada.ok("DELETE", f"/v1/posts/{first}", 204)
    served = bob.feed()
    assert first not in served
    kept = found(server, "replay", "feeds", "--as-of", then)
    assert kept["generation"] == 0
    shown = found(server, "feed", "show", bob.username, "--generation", "0")
    assert [post["id"] for post in shown] == [first]
    for words in ((), ("--generation", str(live(server, "feeds")))):
        shown = found(server, "feed", "show", bob.username, *words)
        assert [post["id"] for post in shown] == served
    assert found(server, "replay", "drop", "feeds", "--generation", "0")["generation"] == 0
    assert not scratch(server, "feeds").exists()


@pytest.mark.timeout(300)
def test_what_concerns_one_person_is_compared_under_writes(world: World, server: ServerProcess) -> None:
    _, bob, post = lived_in(world)
    with going_on(bob, post):
        ran = server.run("replay", "all", "--only-user", bob.username, "--json")
    assert ran.returncode == 0, ran.stdout[-3000:] + ran.stderr
    told = {each["projection"]: each for each in map(orjson.loads, ran.stdout.splitlines())}
    assert all(each["equal"] and not each["faults"] for each in told.values())
    assert told["likes"]["entities_count"] >= 2
    ran = server.run("replay", "likes", "--only-shard", "photolog.engagement/0", "--json")
    assert ran.returncode == 0, ran.stdout[-3000:] + ran.stderr


@pytest.mark.timeout(300)
@pytest.mark.parametrize("projection", ["feeds", "likes"])
def test_what_differs_is_made_anew(world: World, server: ServerProcess, projection: str) -> None:
    """Beside who writes and reads. Nothing is done where nothing differs."""
    ada, bob, post = lived_in(world)
    liked = ada.post("liked for good")
    bob.ok("PUT", f"/v1/posts/{liked}/like")
    served = bob.feed()
    repair = ("replay", projection, "--only-user", bob.username, "--repair", "--by", f"ticket {world.number}")
    assert found(server, *repair)["equal"]
    assert records(server, projection, world) == []
    if projection == "feeds":
        forget_follows(server, int(bob.id))
    else:
        forget_like(server, int(bob.id), int(liked))
    assert not found(server, "replay", projection, "--only-user", bob.username, status=1)["equal"]
    with going_on(bob, post):
        assert found(server, *repair)["equal"]
    assert bob.feed() == served
    until(lambda: bob.get(f"/v1/posts/{liked}")["liked"])  # a server takes notice of a switch every second
    assert bob.get(f"/v1/posts/{liked}")["counts"]["likes"] == 1
    in_parts = is_distributed(server) and projection == "feeds"
    assert ("generation.repaired" if in_parts else "generation.switched") in records(
        server, projection, world
    )


def records(server: ServerProcess, projection: str, world: World) -> list[str]:
    lines = server.run("replay", "history", projection, "--json").stdout.splitlines()
    told = [orjson.loads(line) for line in lines]
    return [each["type"] for each in told if each["by"] == f"ticket {world.number}"]


def test_a_feed_is_explained_by_events(world: World, server: ServerProcess) -> None:
    ada, bob, cy = world.person("ada"), world.person("bob"), world.person("cy")
    bob.follow(ada)
    post = ada.post("why?")
    assert bob.feed() == [post]
    told = found(server, "feed", "explain", bob.username, post)
    assert [event["type"] for event in told["events"]] == ["post.created", "user.followed"]
    assert all(event["applied"] for event in told["events"])
    told = found(server, "feed", "explain", cy.username, post, status=1)
    assert [event["type"] for event in told["events"]] == ["post.created"]
    bob.ok("DELETE", f"/v1/users/{ada.id}/follow")
    assert bob.feed() == []
    told = found(server, "feed", "explain", bob.username, post, status=1)
    assert [event["type"] for event in told["events"]] == ["post.created", "user.followed", "user.unfollowed"]


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL])
def test_a_trial_that_is_broken_off_leaves_nothing_to_serve(
    world: World, server: ServerProcess, how: signal.Signals
) -> None:
    """Ctrl-C leaves nothing; what a killed one leaves is removed by the next."""
    lived_in(world)
    before, folder = states(server), scratch(server, "likes.trial")
    words = [str(COMMAND), "replay", "likes", "--dry-run", "--rate", "0.1", "--json"]
    trial = subprocess.Popen(
        words, env=server.environment, cwd=server.log_path.parent, stderr=subprocess.DEVNULL
    )
    until(lambda: (folder / "likes.db").exists())
    trial.send_signal(how)
    status = trial.wait(60)
    assert (status, folder.exists()) == ((130, False) if how is signal.SIGINT else (-9, True))
    assert found(server, "replay", "likes", "--dry-run")["would_change"] == 0
    assert not folder.exists()
    assert states(server) == before
