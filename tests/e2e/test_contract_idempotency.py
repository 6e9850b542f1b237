"""`Idempotency-Key`: the same request again makes the same object and gets the same answer."""

import uuid
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx2
import pytest

from tests.e2e.world import PASSWORD, Person, World

PARALLEL_COUNT = 8


def keyed(key: str) -> dict[str, str]:
    return {"Idempotency-Key": key}


def new_key() -> str:
    return str(uuid.uuid4())


def comment(person: Person, post: str, key: str, text: str = "hello") -> httpx2.Response:
    return person.request("POST", f"/v1/posts/{post}/comments", json={"text": text}, headers=keyed(key))


def code_of(response: httpx2.Response) -> tuple[int, str]:
    return response.status_code, response.json()["code"]


def test_the_first_answer_is_given_again(world: World) -> None:
    ada = world.person("ada")
    post, key = ada.post(), new_key()
    first, again = comment(ada, post, key), comment(ada, post, key)
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.content == again.content
    for name in ("Location", "Content-Type", "Cache-Control"):
        assert first.headers[name] == again.headers[name]
    assert len(ada.items(f"/v1/posts/{post}/comments")) == 1


def test_a_repeated_answer_has_a_position_too(world: World) -> None:
    ada = world.person("ada")
    post, key = ada.post(), new_key()
    comment(ada, post, key)
    token = {"Authorization": f"Bearer {ada.token}"}
    path, body = f"/v1/posts/{post}/comments", {"text": "hello"}
    again = world.http.post(path, json=body, headers=token | keyed(key))
    seen = world.http.get(path, headers=token | {"Photolog-Position": again.headers["Photolog-Position"]})
    assert [one["id"] for one in seen.json()["items"]] == [again.json()["id"]]


def test_another_body_is_a_mistake(world: World) -> None:
    ada = world.person("ada")
    post, key = ada.post(), new_key()
    assert comment(ada, post, key).status_code == 201
    assert code_of(comment(ada, post, key, "other")) == (422, "idempotency_mismatch")
    spelt_otherwise = ada.request(
        "POST",
        f"/v1/posts/{post}/comments",
        content=b'{"text":  "hello"}',
        headers=keyed(key) | {"Content-Type": "application/json"},
    )
    assert code_of(spelt_otherwise) == (422, "idempotency_mismatch")
    assert comment(ada, post, key).status_code == 201
    assert len(ada.items(f"/v1/posts/{post}/comments")) == 1


def test_a_key_is_of_one_account_and_path(world: World) -> None:
    ada, bob = world.person("ada"), world.person("bob")
    posts, key = (ada.post(), ada.post()), new_key()
    made = [comment(person, post, key).json()["id"] for person in (ada, bob) for post in posts]
    assert len(set(made)) == 4
    media = ada.request("POST", "/v1/media", json=declaration(), headers=keyed(key))
    assert media.status_code == 201


def declaration() -> dict[str, Any]:
    return {"type": "photo", "content_type": "image/png", "size_bytes": 10, "sha256": "0" * 64}


def test_without_a_key_each_request_counts(world: World) -> None:
    ada = world.person("ada")
    path = f"/v1/posts/{ada.post()}/comments"
    made = [ada.ok("POST", path, 201, json={"text": "hello"})["id"] for _ in range(2)]
    assert made[0] != made[1]


def test_a_declared_file_stays_the_same(world: World) -> None:
    ada = world.person("ada")
    headers = keyed(new_key())
    answers = [ada.ok("POST", "/v1/media", 201, json=declaration(), headers=headers) for _ in range(2)]
    assert answers[0] == answers[1]


def test_of_many_at_once_one_is_made(world: World) -> None:
    ada = world.person("ada")
    post, key = ada.post(), new_key()
    with ThreadPoolExecutor(PARALLEL_COUNT) as pool:
        answers = list(pool.map(lambda _: comment(ada, post, key), range(4 * PARALLEL_COUNT)))
    made = {answer.json()["id"] for answer in answers if answer.status_code == 201}
    waiting = [answer for answer in answers if answer.status_code != 201]
    assert len(made) == 1
    for answer in waiting:
        assert code_of(answer) == (409, "idempotency_in_progress")
        assert answer.headers["Retry-After"] == "1"
    assert comment(ada, post, key).json()["id"] == made.pop()
    assert len(ada.items(f"/v1/posts/{post}/comments")) == 1


def test_of_many_posts_at_once_one_is_made(world: World) -> None:
    """Slow enough that some of them meet one that is still running."""
    ada = world.person("ada")
    body, key = {"media_ids": [ada.photo()]}, new_key()

    def attempt(_: int) -> httpx2.Response:
        return ada.request("POST", "/v1/posts", json=body, headers=keyed(key))

    with ThreadPoolExecutor(PARALLEL_COUNT) as pool:
        answers = list(pool.map(attempt, range(PARALLEL_COUNT)))
    assert {answer.status_code for answer in answers} <= {201, 409}
    refused = [answer for answer in answers if answer.status_code == 409]
    assert {answer.json()["code"] for answer in refused} <= {"idempotency_in_progress"}
    retried = attempt(0)
    assert retried.status_code == 201
    assert {answer.json()["id"] for answer in answers if answer.status_code == 201} <= {retried.json()["id"]}
    assert len(ada.items(f"/v1/users/{ada.id}/posts")) == 1


def test_a_refusal_is_kept_as_well(world: World) -> None:
    ada = world.person("ada")
    key = new_key()
    first, again = comment(ada, "999", key), comment(ada, "999", key)
    assert code_of(first) == code_of(again) == (404, "not_found")
    changing = {"date", "x-request-id", "ratelimit-remaining", "ratelimit-reset"}
    assert {k: v for k, v in first.headers.items() if k not in changing} == {
        k: v for k, v in again.headers.items() if k not in changing
    }
    assert code_of(comment(ada, "999", key, "other")) == (422, "idempotency_mismatch")


def test_what_could_not_be_read_leaves_the_key_free(world: World) -> None:
    ada = world.person("ada")
    post, key = ada.post(), new_key()
    assert code_of(comment(ada, post, key, "x" * 2201)) == (422, "invalid")
    assert comment(ada, post, key).status_code == 201


def test_registering_again_gives_the_same_account_and_new_tokens(world: World) -> None:
    username = f"ida{world.number}"
    body = {"username": username, "email": f"{username}@example.org", "password": PASSWORD}
    key = new_key()

    def register(**other: str) -> httpx2.Response:
        return world.request("POST", "/v1/accounts", json=body | other, headers=keyed(key))

    first, again = register(), register()
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json()["user"]["id"] == again.json()["user"]["id"]
    for answer in (first, again):
        assert world.get("/v1/me", token=answer.json()["access_token"])["username"] == username
    assert first.json()["refresh_token"] != again.json()["refresh_token"]
    assert code_of(register(password="another password")) == (422, "idempotency_mismatch")
    assert register(username=f"other{username}", email="x" + body["email"]).status_code == 201
    unkeyed = world.request("POST", "/v1/accounts", json=body)
    assert code_of(unkeyed) == (409, "username_taken")
    assert code_of(world.request("POST", "/v1/accounts", json=body, headers=keyed(new_key()))) == (
        409,
        "username_taken",
    )


def test_registering_many_times_at_once_makes_one_account(world: World) -> None:
    username = f"iris{world.number}"
    body = {"username": username, "email": f"{username}@example.org", "password": PASSWORD}
    headers = keyed(new_key())

    def register(_: int) -> httpx2.Response:
        return world.request("POST", "/v1/accounts", json=body, headers=headers)

    with ThreadPoolExecutor(PARALLEL_COUNT) as pool:
        answers = list(pool.map(register, range(PARALLEL_COUNT)))
    assert {answer.status_code for answer in answers} <= {201, 409}
    made = {answer.json()["user"]["id"] for answer in answers if answer.status_code == 201}
    assert len(made) == 1
    assert register(0).json()["user"]["id"] == made.pop()


@pytest.mark.parametrize("key", ["a", "~", "x" * 255, "a b", '"quoted"', "a,b", "'; DROP TABLE x; --"])
def test_what_can_be_a_key(world: World, key: str) -> None:
    ada = world.person("ada")
    made = [ada.ok("POST", "/v1/media", 201, json=declaration(), headers=keyed(key)) for _ in range(2)]
    assert made[0] == made[1]


@pytest.mark.parametrize("key", ["", "x" * 256, "x" * 5000, "a\tb", b"\xc3\xa9", b"\xff"])
def test_what_cannot_be_a_key(world: World, key: Any) -> None:
    ada = world.person("ada")
    response = ada.request("POST", "/v1/media", json=declaration(), headers=keyed(key))
    assert code_of(response) == (400, "bad_idempotency_key")


def test_other_methods_need_no_key(world: World) -> None:
    ada, bob = world.person("ada"), world.person("bob")
    path = f"/v1/posts/{ada.post()}/like"
    headers = keyed("x" * 300)
    assert bob.ok("PUT", path, headers=headers) == bob.ok("PUT", path, headers=headers)
    assert bob.ok("DELETE", path, headers=headers) == {"liked": False}
    bob.ok("PUT", path, headers=keyed("k"))
    bob.ok("DELETE", path, headers=keyed("k"))
    bob.ok("PUT", path, headers=keyed("k"))
    assert ada.get(path.removesuffix("/like"))["counts"]["likes"] == 1
