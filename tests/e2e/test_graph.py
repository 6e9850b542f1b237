"""Following over HTTP."""

from typing import Any

import pytest

from tests.e2e.world import Person, World


def relationship(following: bool, followed_by: bool) -> dict[str, bool]:
    others = {"requested": False, "blocking": False, "muting": False}
    return {"following": following, "followed_by": followed_by, **others}


def names(people: list[Any]) -> list[str]:
    return [person["username"] for person in people]


def counts(world: World, person: Person) -> tuple[int, int]:
    told = world.get(f"/v1/users/{person.id}")["counts"]
    return told["followers"], told["following"]


def test_a_follow_is_answered_seen_and_ended(world: World) -> None:
    ada, bob = world.person("ada"), world.person("bob")
    path = f"/v1/users/{ada.id}/follow"
    for _ in range(2):
        assert bob.ok("PUT", path) == relationship(following=True, followed_by=False)
    assert (counts(world, ada), counts(world, bob)) == ((1, 0), (0, 1))
    assert ada.ok("PUT", f"/v1/users/{bob.id}/follow") == relationship(following=True, followed_by=True)
    assert bob.get(f"/v1/users/{ada.id}")["relationship"] == relationship(following=True, followed_by=True)
    for _ in range(2):
        assert bob.ok("DELETE", path) == relationship(following=False, followed_by=True)
    assert (counts(world, ada), counts(world, bob)) == ((0, 1), (1, 0))


def test_the_lists_are_public_and_newest_first(world: World) -> None:
    ada = world.person("ada")
    fans = [world.person(name) for name in ("bob", "cy", "dee", "eve")]
    for fan in fans:
        fan.follow(ada)
        ada.follow(fan)
    fans[0].follow(ada)
    expected = [fan.username for fan in reversed(fans)]
    assert names(ada.items(f"/v1/users/{ada.id}/followers")) == expected
    assert names(fans[0].items(f"/v1/users/{ada.id}/following", limit=1)) == expected
    everybody = world.get(f"/v1/users/{ada.id}/followers")
    assert names(everybody["items"]) == expected
    assert everybody["items"][0]["relationship"] is None
    mine = ada.get(f"/v1/users/{ada.id}/followers")["items"][0]
    assert mine["relationship"] == relationship(following=True, followed_by=True)


@pytest.mark.parametrize("method", ["PUT", "DELETE"])
def test_whom_nobody_can_follow(world: World, method: str) -> None:
    ada = world.person("ada")
    problem = ada.refused(method, f"/v1/users/{ada.id}/follow", 422, "invalid")
    assert [(error["field"], error["code"]) for error in problem["errors"]] == [("id", "oneself")]
    ada.refused(method, "/v1/users/999/follow", 404, "not_found")


@pytest.mark.parametrize("which", ["followers", "following"])
def test_the_lists_of_nobody(world: World, which: str) -> None:
    world.person("ada").refused("GET", f"/v1/users/999/{which}", 404, "not_found")
