"""Projections are rebuilt, switched, rolled back, retired and dropped beside a running server: nobody notices, and what is served
is the same all the while.
"""

import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import closing, contextmanager
from random import Random
from typing import Any

import orjson
import pytest

from events.topics import OPERATIONS
from projectors.catalogue import BY_NAME
from tests.e2e.mirror import Mirror
from tests.e2e.server import ServerProcess
from tests.e2e.test_verify import going_on
from tests.e2e.world import World, until

_DOINGS_COUNT = 10
_PAUSE_S = 0.2
"""Between two looks, so that commands get on beside them."""


def states(server: ServerProcess) -> dict[tuple[str, int], str]:
    found = orjson.loads(server.run("replay", "status", "--json").stdout)
    return {(each["projection"], each["generation"]): each["state"] for each in found}


def done(server: ServerProcess, *words: str) -> list[Any]:
    """The JSON lines of a command that went well."""
    ran = server.run("replay", *words, "--json")
    assert ran.returncode == 0, ran.stderr
    return [orjson.loads(line) for line in ran.stdout.splitlines()]


def scene(world: World) -> Callable[[], Sequence[object]]:
    """Asks for everything there is to see of a few people and their doings."""
    ada, bob = world.person("ada"), world.person("bob")
    bob.follow(ada)
    post = ada.post(f"a quiet harbour{world.number} #Harbour")
    bob.ok("PUT", f"/v1/posts/{post}/like")
    bob.ok("PUT", f"/v1/posts/{post}/save")
    bob.ok("POST", f"/v1/posts/{post}/comments", 201, json={"text": "lovely"})
    paths = (f"/v1/posts/{post}", "/v1/feed", "/v1/me", f"/v1/users/{ada.id}", f"/v1/posts/{post}/comments",
             f"/v1/posts/{post}/likes", "/v1/me/saves", f"/v1/search/posts?q=harbour{world.number}",
             f"/v1/users/{ada.id}/followers")  # fmt: skip
    return lambda: [without_urls(bob.get(path)) for path in paths]


@contextmanager
def watched(served: Callable[[], Sequence[object]]) -> Iterator[None]:
    """While it lasts, somebody looks again and again, and sees the same."""
    before, wrong, looks = served(), [], []
    stopping = threading.Event()

    def look() -> None:
        while not stopping.wait(_PAUSE_S):
            looks.append(1)
            try:
                if (found := served()) != before:
                    wrong.append(found)
            except AssertionError as error:
                wrong.append([error])

    thread = threading.Thread(target=look)
    thread.start()
    try:
        yield
    finally:
        stopping.set()
        thread.join()
    assert wrong == []
    assert looks


AGAIN = ("feeds", "timelines", "likes")
"""Projections that are also led back and forth, one of each kind of store where there are several."""


@pytest.mark.timeout(600)
def test_every_answer_is_right_while_everything_is_rebuilt(world: World, server: ServerProcess) -> None:
    """Somebody writes all the while, and every answer is what was written before. Somebody else writes beside them."""
    mirror = Mirror([world.person(name) for name in ("ada", "bob", "cleo", "dan")], Random(5))
    with crowd(server), ThreadPoolExecutor(1) as beside:
        operator = beside.submit(_rebuild_and_switch, server)
        while not operator.done():
            _live(mirror, [operator])
        operator.result()
    _live(mirror)


@contextmanager
def crowd(server: ServerProcess) -> Iterator[None]:
    """Somebody who is not watched, with a post of their own."""
    with closing(World(server.url)) as elsewhere:
        eve = elsewhere.person("eve")
        with going_on(eve, eve.post()):
            yield


def _live(mirror: Mirror, beside: "Sequence[Future[None]]" = ()) -> None:
    """With a pause after each look, while that goes on."""
    mirror.post_or_delete()
    for _ in range(_DOINGS_COUNT):
        mirror.do()
        mirror.look()
        wait(beside, _PAUSE_S)


def _rebuild_and_switch(server: ServerProcess) -> None:
    switches = {switch["projection"]: switch for switch in done(server, "all")}
    found = states(server)
    assert {projection for projection, _ in found} == set(BY_NAME) == set(switches)
    for projection, switch in switches.items():
        assert found[projection, switch["from"]] == "replaced"
        assert found[projection, switch["to"]] == "live"
    for projection in AGAIN:
        done(server, "rollback", projection)
        done(server, "rollback", projection)
        done(server, "retire", projection)
        done(server, "drop", projection, "--yes")


@pytest.mark.timeout(300)
def test_every_verb_beside_who_reads(world: World, server: ServerProcess) -> None:
    """Of a view that has its facts in one store and what it serves in another, where there are two."""
    served = scene(world)
    with watched(served):
        (switch,) = done(server, "likes", "--by", "a test")
        old, new = switch["from"], switch["to"]
        assert done(server, "rollback", "likes") == [{"projection": "likes", "from": new, "to": old}]
        assert done(server, "rollback", "likes") == [{"projection": "likes", "from": old, "to": new}]
        assert done(server, "retire", "likes") == [{"projection": "likes", "generation": old}]
        assert states(server)["likes", old] == "retired"
        assert {"projection": "likes", "generation": old} in done(server, "drop", "likes", "--yes")
        assert server.run("replay", "rollback", "likes").returncode == 2
    assert ("likes", old) not in states(server)
    told = done(server, "history", "likes")
    (first,) = [
        event for event in told if (event["type"], event["generation"]) == ("generation.switched", new)
    ]
    assert (first["by"], first["from_generation"]) == ("a test", old)
    then = told[told.index(first) + 1 :]
    assert [(e["type"], e["generation"]) for e in then if e["generation"] in (old, new)] == [
        ("generation.rolled_back", old),
        ("generation.rolled_back", new),
        ("generation.retired", old),
        ("generation.dropped", old),
    ]
    assert until(lambda: {event["id"] for event in told} <= on_the_log(server))


def on_the_log(server: ServerProcess) -> set[str]:
    """Ids of what operators did; a server or the reactors bring it there."""
    tail = server.run("events", "tail", "--topic", OPERATIONS, "--last", "1000", "--no-follow", "--json")
    return {orjson.loads(line)["id"] for line in tail.stdout.splitlines()}


def without_urls(value: object) -> object:
    """Signed URLs change with time."""
    if isinstance(value, dict):
        return {name: without_urls(each) for name, each in value.items() if name != "url"}
    return [without_urls(each) for each in value] if isinstance(value, list) else value
