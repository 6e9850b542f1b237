"""The outermost layer: request ids, CORS, headers on everything, metrics, and failures that nobody else
answers.
"""

import pytest
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Mount, Route
from starlette.types import Receive, Scope, Send
from structlog.testing import capture_logs

from tests.unit.api_app import ADA, World, raw_request, unavailable

EXPOSED = "Link, Location, ETag, Retry-After, RateLimit-Limit, RateLimit-Remaining, RateLimit-Reset, Photolog-Position"
PAGE = {"Origin": "https://photos.example"}


async def test_a_failure_is_logged_and_says_nothing() -> None:
    world = World(fails=RuntimeError("password=hunter2"))
    with capture_logs() as logs:
        async with world.client() as client:
            response = await client.get("/v1/failing", headers=ADA | PAGE)
    assert response.status_code == 500
    assert response.json()["code"] == "internal"
    assert "hunter2" not in response.text
    assert "Traceback" not in response.text
    assert response.headers["access-control-allow-origin"] == "*"
    assert response.headers["x-content-type-options"] == "nosniff"
    assert [(log["event"], log["route"], log["log_level"]) for log in logs] == [
        ("request failed", "/v1/failing", "error")
    ]
    assert world.observed == [("/v1/failing", "GET", 500)]


async def raising(request: Request) -> PlainTextResponse:
    raise unavailable()


async def breaking(scope: Scope, receive: Receive, send: Send) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": []})
    raise RuntimeError("in the middle")


async def fine(request: Request) -> PlainTextResponse:
    return PlainTextResponse("ok")


OTHERS = (Route("/files/raise", raising), Route("/files/ok", fine), Mount("/broken", breaking))


async def test_other_routes_have_the_same_edge() -> None:
    async with World(others=OTHERS).client() as client:
        fine = await client.get("/files/ok")
        store = await client.get("/files/raise")
        other = await client.get("/files/nothing")
    assert (fine.text, fine.headers["x-content-type-options"]) == ("ok", "nosniff")
    assert (store.status_code, store.json()["code"]) == (503, "unavailable")
    assert (other.status_code, other.json()["code"]) == (404, "not_found")


async def test_half_an_answer_is_cut_off() -> None:
    world = World(others=OTHERS)
    with capture_logs(), pytest.raises(Exception, match="internal"):
        await raw_request(world.app(), "GET", "/broken/file")
    assert world.observed == [("unknown", "GET", 200)]


async def test_every_request_has_an_id() -> None:
    async with World().client() as client:
        first, second = (
            await client.get("/healthz"),
            await client.get("/nothing", headers={"X-Request-Id": "mine"}),
        )
    assert first.headers["x-request-id"] != second.headers["x-request-id"]
    assert second.headers["x-request-id"].isdigit()


async def test_cors() -> None:
    async with World().client() as client:
        for path in ("/v1/things/7", "/v1/things/x", "/v1/things", "/nothing", "/docs"):
            response = await client.get(path, headers=PAGE)
            assert response.headers["access-control-allow-origin"] == "*"
            assert response.headers["access-control-expose-headers"] == EXPOSED
            assert "access-control-allow-credentials" not in response.headers
        assert "access-control-allow-origin" not in (await client.get("/v1/things/7")).headers


async def test_cors_for_chosen_origins() -> None:
    async with World(cors_origins=["https://photos.example"]).client() as client:
        allowed = await client.get("/v1/things/7", headers=PAGE)
        assert allowed.headers["access-control-allow-origin"] == "https://photos.example"
        for origin in (
            "https://evil.example",
            "null",
            "https://photos.example.evil",
            "HTTPS://PHOTOS.EXAMPLE",
            "*",
        ):
            refused = await client.get("/v1/things/7", headers={"Origin": origin})
            assert "access-control-allow-origin" not in refused.headers
            assert "Origin" in refused.headers["vary"]
        assert (await client.get("/healthz")).headers.get_list("vary") == ["Authorization, Origin", "Origin"]


async def test_preflight() -> None:
    async with World().client() as client:
        headers = PAGE | {
            "Access-Control-Request-Method": "PUT",
            "Access-Control-Request-Headers": "authorization",
        }
        response = await client.options("/v1/things/7/like", headers=headers)
        no_preflight = await client.options("/v1/things/7/like", headers=PAGE)
    assert response.status_code == 204
    assert response.headers["access-control-allow-origin"] == "*"
    assert "PUT" in response.headers["access-control-allow-methods"]
    for name in ("Authorization", "Content-Type", "Idempotency-Key", "If-None-Match", "Photolog-Position"):
        assert name in response.headers["access-control-allow-headers"]
    assert response.headers["access-control-max-age"] == "7200"
    assert no_preflight.status_code == 405


async def test_preflight_from_another_origin() -> None:
    async with World(cors_origins=["https://photos.example"]).client() as client:
        headers = {"Origin": "https://evil.example", "Access-Control-Request-Method": "PUT"}
        response = await client.options("/v1/things/7/like", headers=headers)
    assert "access-control-allow-origin" not in response.headers


async def test_what_is_observed_is_bounded() -> None:
    world = World()
    async with world.client() as client:
        await client.get("/v1/things/7")
        await client.get("/v1/things/8")
        await client.get("/some/path")
        await client.request("BREW", "/v1/things/7")
        await client.get("/v1/things")
    assert world.observed == [
        ("/v1/things/{id}", "GET", 200), ("/v1/things/{id}", "GET", 200), ("unknown", "GET", 404),
        ("unknown", "other", 405), ("/v1/things", "GET", 401),
    ]  # fmt: skip


async def test_websockets_are_closed() -> None:
    sent = []

    async def receive() -> dict[str, object]:
        return {"type": "websocket.connect"}

    async def send(message: object) -> None:
        sent.append(message)

    await World().app()({"type": "websocket", "path": "/v1/things", "headers": []}, receive, send)
    assert sent == [{"type": "websocket.close", "code": 1000}]
