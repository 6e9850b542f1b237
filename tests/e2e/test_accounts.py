"""Registering, profiles, avatars."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.e2e.world import PASSWORD, Person, World, picture

STRANGER = {
    "following": False,
    "followed_by": False,
    "requested": False,
    "blocking": False,
    "muting": False,
}


def new_account(world: World, name: str, **more: Any) -> dict[str, Any]:
    username = f"{name}{world.number}"
    return {"username": username, "email": f"{username}@example.org", "password": PASSWORD, **more}


def test_a_new_account(world: World) -> None:
    body = new_account(world, "Ada", display_name="Ada L.", location="London")
    response = world.request("POST", "/v1/accounts", json=body)
    assert response.status_code == 201
    answer = response.json()
    user = answer["user"]
    assert set(answer) == {"user", "access_token", "refresh_token", "expires_in"}
    assert answer["expires_in"] == 900
    assert response.headers["location"] == f"/v1/users/{user['id']}"
    assert response.headers["cache-control"] == "no-store"
    assert user == {
        "id": user["id"],
        "username": body["username"].lower(),
        "display_name": "Ada L.",
        "avatar": None,
        "private": False,
        "relationship": STRANGER,
        "bio": "",
        "location": "London",
        "counts": {"posts": 0, "followers": 0, "following": 0},
        "created_at": user["created_at"],
    }
    me = world.get("/v1/me", token=answer["access_token"])
    assert me == {**user, "email": body["email"]}


def test_names_are_taken_once(world: World) -> None:
    ada = world.person("ada")
    same_name = new_account(world, "eve", username=ada.username.upper())
    same_mail = new_account(world, "eve", email=f"{ada.username}@EXAMPLE.org")
    for body, code in ((same_name, "username_taken"), (same_mail, "email_taken")):
        response = world.request("POST", "/v1/accounts", json=body)
        assert (response.status_code, response.json()["code"]) == (409, code)
    assert world.request("POST", "/v1/accounts", json=new_account(world, "eve")).status_code == 201


@pytest.mark.parametrize(
    ("field", "value", "code"),
    [
        ("username", "ab", "too_short"),
        ("username", "a" * 31, "too_long"),
        ("username", "a b", "bad_format"),
        ("username", "ädä", "bad_format"),
        ("email", "nobody", "bad_format"),
        ("email", "a b@example.org", "bad_format"),
        ("email", "@b", "too_short"),
        ("password", "1234567", "too_short"),
        ("password", "x" * 129, "too_long"),
        ("display_name", "x" * 65, "too_long"),
        ("display_name", "x\0", "nul"),
        ("username", None, "wrong_type"),
    ],
)
def test_what_cannot_be_registered(world: World, field: str, value: object, code: str) -> None:
    response = world.request("POST", "/v1/accounts", json=new_account(world, "ada", **{field: value}))
    assert response.status_code == 422
    assert [(error["field"], error["code"]) for error in response.json()["errors"]] == [(field, code)]


def test_a_registration_is_repeated_with_its_key(world: World) -> None:
    body, key = new_account(world, "ada"), {"Idempotency-Key": f"register {world.number}"}
    first = world.request("POST", "/v1/accounts", json=body, headers=key)
    again = world.request("POST", "/v1/accounts", json=body, headers=key)
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.json()["user"] == first.json()["user"]
    assert again.json()["access_token"] != first.json()["access_token"]
    other = world.request("POST", "/v1/accounts", json={**body, "location": "Paris"}, headers=key)
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_mismatch")


def test_a_profile_is_changed_and_cleared(world: World) -> None:
    ada = world.person("ada", display_name="Ada")
    changed = ada.ok("PATCH", "/v1/me", json={"bio": "I count", "location": "London", "private": False})
    assert (changed["bio"], changed["location"], changed["display_name"]) == ("I count", "London", "Ada")
    assert changed["private"] is False
    assert ada.get("/v1/me") == changed
    cleared = ada.ok("PATCH", "/v1/me", json={"bio": None})
    assert (cleared["bio"], cleared["location"]) == ("", "London")
    assert ada.ok("PATCH", "/v1/me", json={}) == cleared
    ada.refused("PATCH", "/v1/me", 422, "invalid", json={"bio": "x" * 151})
    assert world.request("PATCH", "/v1/me", json={}).status_code == 401


def test_an_avatar_is_seen_by_everybody(world: World) -> None:
    ada, bob = world.person("ada"), world.person("bob")
    photo = ada.photo()
    me = ada.ok("PATCH", "/v1/me", json={"avatar_media_id": photo})
    assert set(me["avatar"]) == {"url", "width", "height"}
    seen = world.get(f"/v1/users/{ada.id}")["avatar"]
    fetched = world.http.get(seen["url"])
    assert (fetched.status_code, fetched.headers["content-type"]) == (200, "image/webp")
    bob.refused("PATCH", "/v1/me", 404, "not_found", json={"avatar_media_id": photo})
    ada.refused("POST", "/v1/posts", 409, "media_in_use", json={"media_ids": [photo]})
    pending = ada.declare(picture())["media"]["id"]
    ada.refused("PATCH", "/v1/me", 409, "media_not_ready", json={"avatar_media_id": pending})
    assert ada.ok("PATCH", "/v1/me", json={"avatar_media_id": None})["avatar"] is None


def test_profiles(world: World) -> None:
    ada, bob = world.person("ada"), world.person("bob")
    bob.follow(ada)
    ada.post("one")
    seen = bob.get(f"/v1/users/{ada.id}")
    assert seen["counts"] == {"posts": 1, "followers": 1, "following": 0}
    assert seen["relationship"] == {**STRANGER, "following": True}
    assert ada.get(f"/v1/users/{bob.id}")["relationship"] == {**STRANGER, "followed_by": True}
    assert bob.get(f"/v1/users/by-username/{ada.username.upper()}") == seen
    assert world.get(f"/v1/users/{ada.id}") == {**seen, "relationship": None}
    assert "email" not in seen
    found = bob.get("/v1/users", params={"ids": f"{bob.id},1,{ada.id},{bob.id}"})["items"]
    assert [user["id"] for user in found] == [bob.id, ada.id]


def test_profiles_that_are_not_there(world: World) -> None:
    ada = world.person("ada")
    for path in ("/v1/users/1", "/v1/users/by-username/nobody.at.all", "/v1/users/0", "/v1/users/me"):
        ada.refused("GET", path, 404, "not_found")
    ada.refused("GET", "/v1/users", 422, "invalid")
    ada.refused("GET", "/v1/users", 422, "invalid", params={"ids": ",".join(["1"] * 51)})
    assert world.request("GET", "/v1/users", params={"ids": "1"}).status_code == 401
    assert world.request("GET", "/v1/me").status_code == 401


def test_many_want_the_same_name(world: World) -> None:
    """Whoever wins, exactly one of them does."""
    wanted = f"dream{world.number}"

    def register(number: int) -> int:
        body = {"username": wanted, "email": f"{number}.{wanted}@example.org", "password": PASSWORD}
        return world.http.post("/v1/accounts", json=body).status_code

    with ThreadPoolExecutor(6) as pool:
        answers = sorted(pool.map(register, range(6)))
    assert answers == [201] + [409] * 5


def other_session(person: Person) -> str:
    """The access token of another session of the same person."""
    body = {"login": person.username, "password": PASSWORD}
    answer = person.world.request("POST", "/v1/sessions", json=body)
    assert answer.status_code == 201, answer.text
    token: str = answer.json()["access_token"]
    return token


def test_a_new_password_ends_the_other_sessions(world: World) -> None:
    ada = world.person("ada")
    other = other_session(ada)
    wrong = {"current": "not the password", "new": "another password"}
    ada.refused("PUT", "/v1/me/password", 401, "bad_credentials", json=wrong)
    ada.refused("PUT", "/v1/me/password", 422, "invalid", json={"current": PASSWORD, "new": "short"})
    changed = ada.ok("PUT", "/v1/me/password", json={"current": PASSWORD, "new": "another password"})
    assert changed == ada.get("/v1/me")
    assert world.request("GET", "/v1/me", token=other).status_code == 401
    for password, status in ((PASSWORD, 401), ("another password", 201)):
        body = {"login": ada.username, "password": password}
        assert world.request("POST", "/v1/sessions", json=body).status_code == status
