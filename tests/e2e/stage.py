"""Somebody with one of everything that has text, for tests that change it again and again."""

from dataclasses import dataclass

import httpx2

from tests.e2e.world import Person, World


@dataclass(frozen=True)
class Stage:
    """`post` and `comment` are paths, `media` is an id."""

    person: Person
    post: str
    comment: str
    media: str


def set_up(world: World) -> Stage:
    ada = world.person("ada")
    post = ada.post()
    path = f"/v1/posts/{post}/comments"
    comment = ada.ok("POST", path, 201, json={"text": "x"})["id"]
    return Stage(ada, f"/v1/posts/{post}", f"{path}/{comment}", ada.declare(b"x")["media"]["id"])


def error_of(response: httpx2.Response) -> str:
    """The code of the only field that is wrong."""
    assert (response.status_code, response.json()["code"]) == (422, "invalid"), response.text
    (error,) = response.json()["errors"]
    return str(error["code"])
