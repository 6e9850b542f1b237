"""`Photolog-Position`: what a client has done, it sees; and what is no position is refused."""

import itertools
from concurrent.futures import ThreadPoolExecutor

import httpx2

from api.positions import PositionStrings
from events.topics import POSTS
from stores.ports.log import Positions
from tests.e2e.cast import Cast
from tests.e2e.conformance import Conformance
from tests.e2e.forging import Secrets
from tests.e2e.mutating import JUNK, mutants
from tests.e2e.operations import content, operations
from tests.e2e.world import PASSWORD, Person, World

HEADER = "Photolog-Position"


def bare(
    person: Person, method: str, path: str, position: str | None = None, **more: object
) -> httpx2.Response:
    """A request that carries this position, or none."""
    headers = {"Authorization": f"Bearer {person.token}"} | ({HEADER: position} if position else {})
    return person.world.http.request(method, path, headers=headers, **more)  # type: ignore[arg-type]


def meaning(secrets: Secrets, position: str) -> Positions:
    return PositionStrings(secrets.secret).open(position)


def test_every_write_that_succeeds_answers_a_position(world: World) -> None:
    ada, bob = world.person("ada"), world.person("bob")
    photo, spare = ada.photo(), ada.photo()
    pending = ada.declare(b"x")["media"]["id"]
    post = f"/v1/posts/{ada.post()}"
    comment = f"{post}/comments/{bob.ok('POST', f'{post}/comments', 201, json={'text': 'x'})['id']}"
    login = {"login": ada.username, "password": PASSWORD}
    session = ada.ok("POST", "/v1/sessions", 201, json=login)
    listed = ada.get("/v1/sessions")["items"]
    other = next(one["id"] for one in listed if not one["current"])
    writes: list[tuple[Person, str, str, object]] = [
        (ada, "POST", "/v1/sessions", login),
        (ada, "POST", "/v1/sessions/refresh", {"refresh_token": session["refresh_token"]}),
        (ada, "DELETE", f"/v1/sessions/{other}", None),
        (ada, "PATCH", "/v1/me", {"bio": "x"}),
        (ada, "PATCH", "/v1/me", {}),
        (ada, "PUT", "/v1/me/password", {"current": PASSWORD, "new": PASSWORD}),
        (
            ada,
            "POST",
            "/v1/media",
            {"type": "photo", "content_type": "image/gif", "size_bytes": 1, "sha256": "0" * 64},
        ),
        (ada, "POST", f"/v1/media/{pending}/upload", None),
        (ada, "POST", f"/v1/media/{spare}/complete", None),
        (ada, "PATCH", f"/v1/media/{spare}", {"alt_text": "x"}),
        (ada, "DELETE", f"/v1/media/{spare}", None),
        (ada, "POST", "/v1/posts", {"media_ids": [photo]}),
        (ada, "PATCH", post, {"caption": "x"}),
        (ada, "PATCH", post, {}),
        (bob, "PUT", f"{post}/like", None),
        (bob, "PUT", f"{post}/like", None),
        (bob, "DELETE", f"{post}/like", None),
        (bob, "PUT", f"{post}/save", None),
        (bob, "DELETE", f"{post}/save", None),
        (bob, "POST", f"{post}/comments", {"text": "x"}),
        (bob, "PATCH", comment, {"text": "y"}),
        (bob, "DELETE", comment, None),
        (bob, "PUT", f"/v1/users/{ada.id}/follow", None),
        (bob, "DELETE", f"/v1/users/{ada.id}/follow", None),
        (ada, "DELETE", post, None),
        (bob, "DELETE", "/v1/sessions/current", None),
    ]
    for person, method, path, body in writes:
        more = {} if body is None else {"json": body}
        response = person.request(method, path, **more)
        assert response.status_code < 300, (method, path, response.text)
        assert response.headers[HEADER], (method, path)


def test_a_client_keeps_one_string(cast: Cast, secrets: Secrets) -> None:
    path = f"/v1/posts/{cast.posts[0]}/like"
    first = bare(cast.bob, "PUT", path).headers[HEADER]
    follow = f"/v1/users/{cast.ada.id}/follow"
    second = bare(cast.bob, "PUT", follow, first).headers[HEADER]
    alone = bare(cast.bob, "PUT", follow).headers[HEADER]
    before, after = meaning(secrets, first), meaning(secrets, second)
    assert set(after) > set(before)
    assert all(after[partition] >= offset for partition, offset in before.items())
    assert not set(before) & set(meaning(secrets, alone))
    kept = bare(cast.bob, "PATCH", "/v1/me", second, json={}).headers[HEADER]
    assert meaning(secrets, kept) == after


def test_what_was_written_is_seen_at_once(world: World) -> None:
    ada, bob = world.person("ada"), world.person("bob")
    post, position = f"/v1/posts/{ada.post()}", world.position
    for number in range(1, 11):
        position = bare(bob, "POST", f"{post}/comments", position, json={"text": "x"}).headers[HEADER]
        seen = bare(ada, "GET", post, position).json()["counts"]["comments"]
        assert seen == number
    for method in itertools.islice(itertools.cycle(("PUT", "DELETE")), 10):
        position = bare(bob, method, f"{post}/like").headers[HEADER]
        counts = bare(ada, "GET", post, position).json()["counts"]["likes"]
        assert counts == (method == "PUT")
        assert bare(bob, "GET", post, position).json()["liked"] is (method == "PUT")


def test_what_is_no_position_is_refused_by_every_route(cast: Cast, conformance: Conformance) -> None:
    for operation in operations(conformance.document):
        path = operation.path(cast.shown_things)
        headers = {HEADER: "AAAA", "Authorization": f"Bearer {cast.ada.token}"}
        response = cast.world.http.request(operation.method, path, headers=headers, **content(operation))
        assert (response.status_code, response.json()["code"]) == (400, "bad_position"), operation


def test_a_forged_position_is_refused(cast: Cast, secrets: Secrets) -> None:
    good = bare(cast.bob, "PUT", f"/v1/posts/{cast.posts[0]}/like").headers[HEADER]
    cursor = cast.bob.get("/v1/feed?limit=1")["next_cursor"]
    forged = [
        one for one in (*mutants(good), *JUNK) if one.isascii() and one.strip() == one and "\n" not in one
    ]
    assert len(forged) > 50
    for position in (*forged, cursor, cast.bob.token, f"{good}, {good}", "A" * 8193):
        response = bare(cast.bob, "GET", "/v1/feed", position)
        assert (response.status_code, response.json()["code"]) == (400, "bad_position"), position
    assert bare(cast.bob, "GET", "/v1/feed", good).status_code == 200


def test_a_position_that_is_not_reached_is_an_answer(cast: Cast, secrets: Secrets) -> None:
    """As after the log was restored from an old backup. Reads and writes wait alike, and not for each other."""
    post = f"/v1/posts/{cast.posts[0]}"
    ahead = secrets.position({(POSTS, 0): 10**12})
    with ThreadPoolExecutor(2) as pool:
        asked = [
            pool.submit(bare, cast.bob, *what, ahead) for what in (("GET", post), ("PUT", f"{post}/like"))
        ]
    for response in (one.result() for one in asked):
        assert (response.status_code, response.json()["code"]) == (503, "not_caught_up")
        assert int(response.headers["Retry-After"]) >= 1
