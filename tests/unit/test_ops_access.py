"""Who sees the operators' page: whoever knows the password, some times a minute."""

import hashlib
import re
from base64 import b64decode, b64encode
from collections.abc import AsyncIterator

import httpx2
import pytest

from api.addresses import Addresses
from api.ops import ALLOWANCE, OpsRoute
from api.ops_state import OpsState
from api.rates import LocalRates
from tests.unit.api_app import NOW_MS, World
from tests.unit.test_ops_page import EMPTY

PASSWORD = "tell me: éverything"


class Site:
    def __init__(self) -> None:
        self.world = World()
        self.looks_count = 0
        rates = LocalRates(self.world.clock)
        route = OpsRoute(self.look_up, PASSWORD, rates, Addresses(["127.0.0.1/32"])).route()
        self.world.others = (route,)

    async def look_up(self) -> OpsState:
        self.looks_count += 1
        return EMPTY


def basic(password: str, name: str = "ada") -> dict[str, str]:
    return {"Authorization": f"Basic {b64encode(f'{name}:{password}'.encode()).decode()}"}


@pytest.fixture
def site() -> Site:
    return Site()


@pytest.fixture
async def client(site: Site) -> AsyncIterator[httpx2.AsyncClient]:
    async with site.world.client() as made:
        yield made


@pytest.mark.parametrize("name", ["", "ada"])
async def test_whoever_knows_the_password_sees_it(client: httpx2.AsyncClient, name: str) -> None:
    response = await client.get("/ops", headers=basic(PASSWORD, name))
    assert response.status_code == 200
    assert response.headers["content-type"] == "text/html; charset=utf-8"
    assert "Photolog operations" in response.text


@pytest.mark.parametrize(
    "headers",
    [
        {},
        basic(""),
        basic(PASSWORD + "!"),
        basic(PASSWORD[:-1]),
        {"Authorization": f"Bearer {PASSWORD}"},
        {"Authorization": basic(PASSWORD)["Authorization"].replace("Basic", "Bearer")},
        {"Authorization": "Basic"},
        {"Authorization": "Basic !!!"},
        {"Authorization": "Basic \xe9\xe9"},
        {"Authorization": f"Basic {b64encode(PASSWORD.encode()).decode()[:6]}"},
        {"Authorization": f"{basic(PASSWORD)['Authorization']}, {basic(PASSWORD)['Authorization']}"},
    ],
)
async def test_nobody_else_does(site: Site, client: httpx2.AsyncClient, headers: dict[str, str]) -> None:
    raw = [(name.encode(), value.encode("latin-1")) for name, value in headers.items()]
    response = await client.get("/ops", headers=raw)
    assert (response.status_code, response.json()["code"]) == (401, "unauthorized")
    assert response.headers["www-authenticate"] == 'Basic realm="Photolog operators", charset="UTF-8"'
    assert response.headers["cache-control"] == "no-store"
    assert site.looks_count == 0


async def test_guesses_are_limited_and_the_right_one_is_not_told_afterwards(
    site: Site, client: httpx2.AsyncClient
) -> None:
    for _ in range(ALLOWANCE.count):
        assert (await client.get("/ops", headers=basic("a guess"))).status_code == 401
    refused = await client.get("/ops", headers=basic(PASSWORD))
    assert (refused.status_code, refused.headers["retry-after"]) == (429, "60")
    elsewhere = {**basic(PASSWORD), "X-Forwarded-For": "203.0.113.7"}
    assert (await client.get("/ops", headers=elsewhere)).status_code == 200
    site.world.now_ms = NOW_MS + 60_000
    assert (await client.get("/ops", headers=basic(PASSWORD))).status_code == 200


async def test_no_cache_keeps_it_and_no_other_page_shows_it(client: httpx2.AsyncClient) -> None:
    response = await client.get("/ops", headers=basic(PASSWORD))
    headers = response.headers
    assert headers["cache-control"] == "no-store"
    assert "frame-ancestors 'none'" in headers["content-security-policy"]
    assert headers["cross-origin-resource-policy"] == "same-origin"
    assert "etag" not in headers
    assert "access-control-allow-credentials" not in headers


async def test_the_policy_allows_the_style_of_the_page_and_no_script(client: httpx2.AsyncClient) -> None:
    response = await client.get("/ops", headers=basic(PASSWORD))
    policy = response.headers["content-security-policy"]
    [style] = re.findall("<style>(.*?)</style>", response.text, re.DOTALL)
    [allowed] = re.findall("style-src 'sha256-([^']+)'", policy)
    assert b64decode(allowed) == hashlib.sha256(style.encode()).digest()
    assert "default-src 'none'" in policy
    assert "script-src" not in policy


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
async def test_there_is_nothing_to_be_done(client: httpx2.AsyncClient, method: str) -> None:
    response = await client.request(method, "/ops", headers=basic(PASSWORD))
    assert (response.status_code, response.headers["allow"]) == (405, "GET, HEAD")


async def test_head_and_the_query(client: httpx2.AsyncClient) -> None:
    head = await client.head("/ops", headers=basic(PASSWORD))
    assert (head.status_code, head.content) == (200, b"")
    assert int(head.headers["content-length"]) > 1_000
    still = await client.get("/ops?refresh=no", headers=basic(PASSWORD))
    assert "http-equiv" not in still.text
    assert "http-equiv" in (await client.get("/ops?refresh=yes", headers=basic(PASSWORD))).text


async def test_it_is_no_part_of_the_api_and_counted_by_its_path(
    site: Site, client: httpx2.AsyncClient
) -> None:
    assert "/ops" not in (await client.get("/openapi.json")).json()["paths"]
    await client.get("/ops", headers=basic(PASSWORD))
    assert site.world.observed[-1] == ("/ops", "GET", 200)
