"""A projection is rebuilt beside a running server: nobody notices, and what is served afterwards is the same."""

import orjson

from projectors.catalogue import BY_NAME
from tests.e2e.server import ServerProcess
from tests.e2e.world import World


def states(server: ServerProcess) -> dict[tuple[str, int], str]:
    found = orjson.loads(server.run("projections", "--json").stdout)
    return {(each["projection"], each["generation"]): each["state"] for each in found}


def test_rebuilt_projections_serve_the_same(world: World, server: ServerProcess) -> None:
    ada, bob = world.person("ada"), world.person("bob")
    bob.follow(ada)
    post = ada.post(f"a quiet harbour{world.number} #Harbour")
    bob.ok("PUT", f"/v1/posts/{post}/like")
    bob.ok("PUT", f"/v1/posts/{post}/save")
    bob.ok("POST", f"/v1/posts/{post}/comments", 201, json={"text": "lovely"})

    def served() -> list[object]:
        paths = (f"/v1/posts/{post}", "/v1/feed", "/v1/me", f"/v1/users/{ada.id}", f"/v1/posts/{post}/comments",
                 "/v1/me/saves", f"/v1/search/posts?q=harbour{world.number}", f"/v1/users/{ada.id}/followers")  # fmt: skip
        return [without_urls(bob.get(path)) for path in paths]

    before = served()
    replayed = server.run("replay", "all", "--json")
    assert replayed.returncode == 0, replayed.stderr
    found = states(server)
    for answer in map(orjson.loads, replayed.stdout.splitlines()):
        assert found[answer["projection"], answer["from"]] == "replaced"
        assert found[answer["projection"], answer["to"]] == "live"
    assert {projection for projection, _ in found} == set(BY_NAME)
    assert served() == before
    late = ada.post("after the switch")
    assert bob.feed()[0] == late


def without_urls(value: object) -> object:
    """Signed URLs change with time."""
    if isinstance(value, dict):
        return {name: without_urls(each) for name, each in value.items() if name != "url"}
    return [without_urls(each) for each in value] if isinstance(value, list) else value
