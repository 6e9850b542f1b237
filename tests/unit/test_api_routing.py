"""Paths, methods, tokens and positions: what is decided before a handler runs."""

import asyncio

import pytest
from structlog.testing import capture_logs

from api import pipeline
from api.calls import Answer, Call
from producers.errors import (
    ConflictError,
    ForbiddenError,
    InvalidError,
    NotCaughtUpError,
    NotFoundError,
    RejectedError,
)
from stores.ports.log import Positions
from stores.ports.together import Together, at_once, in_turn
from tests.unit.api_app import ADA, World, conflict, raw_request, unavailable


async def test_an_answer() -> None:
    async with World().client() as client:
        response = await client.get("/v1/things/7")
    assert response.status_code == 200
    assert response.json() == {"id": "7", "name": "None"}
    assert response.headers["content-type"] == "application/json"
    assert response.headers["cache-control"] == "private, no-cache"
    assert response.headers["vary"] == "Authorization, Origin"
    assert response.headers["x-content-type-options"] == "nosniff"


async def test_a_public_read_knows_its_viewer() -> None:
    async with World().client() as client:
        assert (await client.get("/v1/things/7", headers=ADA)).json()["name"] == "1"


async def test_a_literal_segment_wins() -> None:
    async with World().client() as client:
        assert (await client.get("/v1/things/by-name/Zoë%20😀")).json()["name"] == "Zoë 😀"
        assert (await client.get("/v1/things/by-name")).status_code == 404


@pytest.mark.parametrize(
    "path",
    [
        "/", "/v1", "/v1/", "/v1/nothing", "/v1/things/", "/v1/things/7/", "//v1/things/7", "/v1/things/7/nothing",
        "/v1/things/by-name/" + "x" * 257, "/v1/things/by-name/a%00b", "/v1/things/by-name/a%0Ab", "/v1/things/by-name/%FF%0D",
        "/docs/", "/v1/things/..%2f7",
    ],
)  # fmt: skip
async def test_unknown_paths_are_problems(path: str) -> None:
    async with World().client() as client:
        response = await client.get(path, headers=ADA)
    assert response.status_code == 404
    assert response.headers["content-type"] == "application/problem+json"
    assert response.json() == {
        "type": "/docs#not_found", "title": "Not found", "status": 404, "detail": "Not found.", "code": "not_found",
    }  # fmt: skip


@pytest.mark.parametrize(
    "text",
    [
        "0",
        "-1",
        "+1",
        "01",
        "1.0",
        "1e3",
        "x",
        "9223372036854775808",
        "1" * 30,
        "1" * 5000,
        "%D9%A3",
        "²",
        " 1",
        "0x1",
    ],
)
async def test_what_is_no_id_is_not_there(text: str) -> None:
    async with World().client() as client:
        assert (await client.get(f"/v1/things/{text}")).status_code == 404
        assert (await client.get("/v1/things/9223372036854775807")).status_code == 200


@pytest.mark.parametrize(
    ("method", "path", "allow"),
    [
        ("POST", "/v1/things/7", "DELETE, GET, HEAD, PATCH"),
        ("OPTIONS", "/v1/things/7", "DELETE, GET, HEAD, PATCH"),
        ("GET", "/v1/tokens", "POST"),
        ("HEAD", "/v1/tokens", "POST"),
        ("DELETE", "/v1/things", "GET, HEAD, POST"),
        ("BREW", "/v1/things", "GET, HEAD, POST"),
        ("POST", "/healthz", "GET, HEAD"),
    ],
)
async def test_other_methods_are_not_allowed(method: str, path: str, allow: str) -> None:
    async with World().client() as client:
        response = await client.request(method, path)
    assert (response.status_code, response.headers["allow"]) == (405, allow)
    if method != "HEAD":
        assert response.json()["code"] == "method_not_allowed"


async def test_head_is_get_without_the_body() -> None:
    async with World().client() as client:
        get, head = await client.get("/v1/things/7"), await client.head("/v1/things/7")
        missing = await client.head("/v1/things/x")
    assert head.status_code == 200
    assert head.content == b""
    same = {"content-length", "etag", "content-type", "cache-control"}
    assert {name: head.headers[name] for name in same} == {name: get.headers[name] for name in same}
    assert (missing.status_code, missing.content) == (404, b"")


async def test_who_must_say_who_they_are() -> None:
    async with World().client() as client:
        without = await client.get("/v1/things")
        unknown = await client.get("/v1/things", headers={"Authorization": "Bearer eve"})
        on_public = await client.get("/v1/things/7", headers={"Authorization": "Bearer eve"})
        malformed = await client.get("/v1/things/7", headers={"Authorization": "Basic YWRh"})
        renewing = await client.post(
            "/v1/tokens", json={"username": "ada"}, headers={"Authorization": "Bearer expired"}
        )
    assert (without.status_code, without.headers["www-authenticate"]) == (401, "Bearer")
    for response in (unknown, on_public):
        assert response.status_code == 401
        assert response.headers["www-authenticate"] == 'Bearer error="invalid_token"'
    assert malformed.headers["www-authenticate"] == 'Bearer error="invalid_request"'
    assert renewing.status_code == 201


async def test_two_tokens_are_none() -> None:
    both = [(b"authorization", b"Bearer eve"), (b"authorization", b"Bearer ada")]
    assert (await raw_request(World().app(), "GET", "/v1/things", headers=both)).status == 401


@pytest.mark.parametrize("name", ["access_token", "refresh_token"])
async def test_tokens_in_urls_are_refused(name: str) -> None:
    async with World().client() as client:
        response = await client.get(f"/v1/things?{name}=ada", headers=ADA)
    assert (response.status_code, response.json()["code"]) == (400, "token_in_url")
    assert "ada" not in response.text


async def test_a_position_comes_back_merged_and_is_waited_for() -> None:
    world = World()
    async with world.client() as client:
        first = await client.put("/v1/things/7/like", headers=ADA)
        position = {"Photolog-Position": first.headers["photolog-position"]}
        second = await client.post("/v1/things", json={"name": "a"}, headers=ADA | position)
        position = {"Photolog-Position": second.headers["photolog-position"]}
        third = await client.delete("/v1/things/7", headers=ADA | position)
        read = await client.get("/v1/things", headers=ADA | position)
        unrelated = await client.get("/v1/things/7", headers=position)
    assert third.headers["photolog-position"] == second.headers["photolog-position"]
    assert third.status_code == 204
    assert "photolog-position" not in read.headers
    assert (read.status_code, unrelated.status_code) == (200, 200)
    like: Positions = {("photolog.engagement", 1): 7}
    both: Positions = {**like, ("photolog.posts", 3): 42}
    assert world.waited == [(("things",), like, 2000), (("things",), both, 2000)]


async def test_a_position_that_is_not_reached() -> None:
    world = World(reached=False)
    async with world.client() as client:
        position = (await client.put("/v1/things/7/like", headers=ADA)).headers["photolog-position"]
        response = await client.get("/v1/things", headers=ADA | {"Photolog-Position": position})
    assert (response.status_code, response.json()["code"]) == (503, "not_caught_up")
    assert response.headers["retry-after"] == "1"


@pytest.mark.parametrize("text", ["", "x", "AAAA", "A" * 9000, "A" * 100_000])
async def test_a_forged_position(text: str) -> None:
    async with World().client() as client:
        response = await client.get("/v1/things/7", headers={"Photolog-Position": text})
    assert (response.status_code, response.json()["code"]) == (400, "bad_position")


async def test_a_store_that_is_away() -> None:
    world = World(fails=unavailable())
    async with world.client() as client:
        response = await client.get("/v1/failing")
    assert (response.status_code, response.json()["code"]) == (503, "unavailable")
    assert response.headers["retry-after"] == "1"
    assert response.headers["ratelimit-limit"] == "6000"


async def test_the_log_says_which_store_is_away_and_not_with_every_request() -> None:
    world = World(fails=unavailable())
    with capture_logs() as logs:
        async with world.client() as client:
            answers = [await client.get("/v1/failing"), await client.get("/v1/failing")]
    assert [answer.status_code for answer in answers] == [503, 503]
    told = {"event": "answered that a store is away", "route": "/v1/failing", "error": "away"}
    assert logs == [told | {"log_level": "warning"}]


class Hanging(World):
    """Before a store that does not answer and does not refuse."""

    async def get_thing(self, call: Call) -> Answer:
        await asyncio.Event().wait()
        raise AssertionError

    async def post_thing(self, call: Call) -> Answer:
        return await self.get_thing(call)


@pytest.mark.parametrize("together", [in_turn, at_once])
@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_what_hangs_is_broken_off(
    monkeypatch: pytest.MonkeyPatch, method: str, together: Together
) -> None:
    monkeypatch.setattr(pipeline, "ANSWERED_WITHIN_S", 0.05)
    async with Hanging(together=together).client() as client:
        if method == "GET":
            response = await client.get("/v1/things/7", headers=ADA)
        else:
            response = await client.post("/v1/things", json={"name": "a"}, headers=ADA)
    assert (response.status_code, response.json()["code"]) == (503, "unavailable")
    assert (response.headers["retry-after"], response.headers["ratelimit-limit"]) == ("1", "6000")


async def test_a_problem_of_the_handler() -> None:
    async with World(fails=conflict()).client() as client:
        response = await client.get("/v1/failing")
    assert (response.status_code, response.json()["code"]) == (409, "media_in_use")
    assert response.headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    ("error", "status", "code", "errors"),
    [
        (NotFoundError(), 404, "not_found", None),
        (ForbiddenError("No."), 403, "forbidden", None),
        (NotCaughtUpError(), 503, "not_caught_up", None),
        (InvalidError("id", "self", "You cannot follow yourself."), 422, "invalid", [("id", "self")]),
        (
            InvalidError("size_bytes", "too_large", "Too large."),
            422,
            "too_large",
            [("size_bytes", "too_large")],
        ),
        (InvalidError("id", "not_found", "Odd."), 422, "invalid", [("id", "not_found")]),
    ],
)
async def test_a_rejected_command(
    error: RejectedError, status: int, code: str, errors: list[tuple[str, str]] | None
) -> None:
    async with World(fails=error).client() as client:
        response = await client.get("/v1/failing")
    found = response.json()
    assert (response.status_code, found["code"], found["detail"] != "") == (status, code, True)
    assert [(e["field"], e["code"]) for e in found.get("errors", [])] == (errors or [])
    assert response.headers.get("retry-after") == ("1" if status == 503 else None)


async def test_a_rejection_is_kept_for_a_retry() -> None:
    world = World(fails=ConflictError())
    async with world.client() as client:
        for _ in range(2):
            response = await client.post(
                "/v1/things", json={"name": "a"}, headers=ADA | {"Idempotency-Key": "k"}
            )
            assert response.status_code == 409
    assert len(world.made) == 1


async def test_entity_tags() -> None:
    async with World().client() as client:
        etag = (await client.get("/v1/things/7")).headers["etag"]
        assert etag.startswith('W/"')
        for known in (etag, etag.removeprefix("W/"), f'"x", {etag}', "*"):
            response = await client.get("/v1/things/7", headers={"If-None-Match": known})
            assert (response.status_code, response.content) == (304, b"")
            assert response.headers["etag"] == etag
            assert "content-type" not in response.headers
            assert "content-length" not in response.headers
        for other in ('"x"', 'W/"x"', "x", "", etag[:-1], "," * 5000):
            response = await client.get("/v1/things/7", headers={"If-None-Match": other})
            assert response.status_code == 200
        assert (await client.get("/v1/things/8")).headers["etag"] != etag
        patched = await client.patch("/v1/things/7", json={}, headers=ADA | {"If-None-Match": "*"})
        assert (patched.status_code, patched.headers.get("etag")) == (200, None)


async def test_long_headers_are_harmless() -> None:
    names = (
        b"authorization",
        b"photolog-position",
        b"if-none-match",
        b"idempotency-key",
        b"origin",
        b"x-forwarded-for",
    )
    world = World(trusted=("127.0.0.1/32",))
    for name in names:
        for value in (b"A" * 100_000, b"\xff" * 1000, b"," * 100_000, b"\x00", b"a\r\nb: c"):
            response = await raw_request(world.app(), "GET", "/v1/things/7", headers=[(name, value)])
            assert response.status in (200, 400, 401), (name, value[:9])
            assert b"\n" not in b"".join(response.headers.values())
