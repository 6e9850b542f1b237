"""Signing in, staying signed in, signing out."""

from typing import Any

import httpx2
import pytest

from tests.e2e.world import PASSWORD, Person, World


def sign_in(world: World, login: str, password: str = PASSWORD) -> httpx2.Response:
    return world.request("POST", "/v1/sessions", json={"login": login, "password": password})


def refresh(world: World, token: str) -> httpx2.Response:
    return world.request("POST", "/v1/sessions/refresh", json={"refresh_token": token})


def status_of(person: Person, token: str) -> int:
    return person.world.request("GET", "/v1/me", token=token).status_code


@pytest.mark.parametrize("login", ["{}", "{}@example.org", "{}@EXAMPLE.ORG"])
def test_by_name_and_by_address(world: World, login: str) -> None:
    ada = world.person("ada")
    answer = sign_in(world, login.format(ada.username))
    assert answer.status_code == 201
    assert answer.headers["cache-control"] == "no-store"
    tokens = answer.json()
    assert set(tokens) == {"access_token", "refresh_token", "expires_in"}
    assert world.get("/v1/me", token=tokens["access_token"])["id"] == ada.id


def test_nobody_learns_who_has_an_account(world: World) -> None:
    ada = world.person("ada")
    wrong, unknown = sign_in(world, ada.username, "wrong password"), sign_in(world, "nobody.there")
    assert (wrong.status_code, unknown.status_code) == (401, 401)
    assert wrong.json() == unknown.json()
    assert wrong.json()["code"] == "bad_credentials"


def test_a_refresh_token_is_replaced_and_a_late_reuse_ends_the_session(world: World) -> None:
    ada = world.person("ada")
    first = refresh(world, ada.refresh_token).json()
    assert status_of(ada, first["access_token"]) == 200
    lost_answer = refresh(world, ada.refresh_token)
    assert lost_answer.status_code == 200
    reused = refresh(world, ada.refresh_token)
    assert (reused.status_code, reused.json()["code"]) == (401, "bad_refresh_token")
    assert status_of(ada, first["access_token"]) == 401
    assert refresh(world, lost_answer.json()["refresh_token"]).status_code == 401


@pytest.mark.parametrize("token", ["x", "A" * 43, "A" * 2048, "é"])
def test_what_is_no_refresh_token(world: World, token: str) -> None:
    assert refresh(world, token).json()["code"] == "bad_refresh_token"


def test_sessions_are_listed_and_ended(world: World) -> None:
    ada, bob = world.person("ada"), world.person("bob")
    other = sign_in(world, ada.username).json()["access_token"]
    listed: list[dict[str, Any]] = ada.get("/v1/sessions")["items"]
    assert [session["current"] for session in listed] == [False, True]
    assert set(listed[0]) == {"id", "client", "created_at", "refreshed_at", "current"}
    assert listed[0]["client"] == "127.0.0.1"
    bob.refused("DELETE", f"/v1/sessions/{listed[0]['id']}", 404, "not_found")
    assert status_of(ada, other) == 200
    ada.ok("DELETE", f"/v1/sessions/{listed[0]['id']}", 204)
    assert status_of(ada, other) == 401
    ada.refused("DELETE", f"/v1/sessions/{listed[0]['id']}", 404, "not_found")
    ada.ok("DELETE", "/v1/sessions/current", 204)
    assert status_of(ada, ada.token) == 401
    assert refresh(world, ada.refresh_token).status_code == 401
