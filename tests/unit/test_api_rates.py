"""Rate limits: per account, without one per address, believed only from trusted proxies, and shown on every
limited answer.
"""

import asyncio

import pytest
from starlette.types import Scope

from api import rates as module
from api.addresses import Addresses, limited_as, read_address
from api.rates import Limits, LocalRates, SharedRates
from stores.ports.errors import StoreError, UnavailableError
from stores.ports.rates import Allowance, Verdict
from stores.ports.together import Together, at_once, in_turn
from tests.unit.api_app import ADA, BOB, NOW_MS, World

FEW = Limits(
    read=Allowance(2, 60), write=Allowance(1, 60), registration=Allowance(1, 3600), login=Allowance(1, 60)
)


@pytest.mark.parametrize("together", [in_turn, at_once])
async def test_what_is_left_is_on_every_answer(together: Together) -> None:
    world = World(limits=FEW, together=together)
    async with world.client() as client:
        first = await client.get("/v1/things/7", headers=ADA)
        world.now_ms += 1500
        missing = await client.get("/v1/things/x", headers=ADA)
        refused = await client.get("/v1/things/7", headers=ADA)
    assert [first.status_code, missing.status_code, refused.status_code] == [200, 404, 429]
    shown = [
        [response.headers[f"ratelimit-{name}"] for name in ("limit", "remaining", "reset")]
        for response in (first, missing, refused)
    ]
    assert shown == [["2", "1", "60"], ["2", "0", "59"], ["2", "0", "59"]]
    assert refused.headers["retry-after"] == "59"
    assert refused.json()["code"] == "rate_limited"


async def test_the_next_window_begins_anew() -> None:
    world = World(limits=FEW)
    async with world.client() as client:
        for _ in range(5):
            await client.get("/v1/things/7", headers=ADA)
        world.now_ms += 59_999
        assert (await client.get("/v1/things/7", headers=ADA)).status_code == 429
        world.now_ms += 1
        assert (await client.get("/v1/things/7", headers=ADA)).status_code == 200


async def test_accounts_addresses_and_classes_count_for_themselves() -> None:
    async with World(limits=FEW).client() as client:
        for _ in range(2):
            assert (await client.get("/v1/things/7", headers=ADA)).status_code == 200
        assert (await client.get("/v1/things/7", headers=BOB)).status_code == 200
        assert (await client.get("/v1/things/7")).status_code == 200
        assert (await client.put("/v1/things/7/like", headers=ADA)).status_code == 200
        assert (await client.put("/v1/things/7/like", headers=ADA)).status_code == 429
        assert (await client.post("/v1/tokens", json={"username": "ada"})).status_code == 201
        assert (await client.post("/v1/tokens", json={"username": "bob"}, headers=BOB)).status_code == 429


async def test_guessing_tokens_is_limited_by_address() -> None:
    async with World(limits=FEW).client() as client:
        statuses = [
            (await client.get("/v1/things", headers={"Authorization": f"Bearer guess{n}"})).status_code
            for n in range(4)
        ]
        assert statuses == [401, 401, 429, 429]
        assert (await client.get("/v1/things", headers=ADA)).status_code == 200


async def test_a_refused_request_does_nothing() -> None:
    world = World(limits=FEW)
    async with world.client() as client:
        for key in "abc":
            await client.post("/v1/things", json={"name": "a"}, headers=ADA | {"Idempotency-Key": key})
    assert len(world.made) == 1


async def test_service_routes_are_not_limited() -> None:
    async with World(limits=FEW).client() as client:
        for _ in range(5):
            response = await client.get("/healthz")
            assert response.status_code == 200
            assert "ratelimit-limit" not in response.headers


async def test_memory_follows_the_clients_of_one_window() -> None:
    now_ms = [NOW_MS]
    rates = LocalRates(lambda: now_ms[0])
    rates.SWEEP_EVERY = 100
    for n in range(1000):
        now_ms[0] += 1000
        await rates.hit(f"read@{n}", Allowance(5, 10))
    assert len(rates._open) <= 110


class _Shared:
    """What all processes share: it has room for everybody."""

    def __init__(self) -> None:
        self.fails: Exception | None = None
        self.hangs = False
        self.asked_count = 0

    async def hit(self, key: str, allowance: Allowance) -> Verdict:
        self.asked_count += 1
        if self.hangs:
            await asyncio.Event().wait()
        if self.fails is not None:
            raise self.fails
        return Verdict(True, allowance.count, 99, 1)


ONCE = Allowance(1, 60)


@pytest.fixture
def shared() -> _Shared:
    return _Shared()


@pytest.fixture
def rates(shared: _Shared) -> SharedRates:
    return SharedRates(shared, LocalRates(lambda: NOW_MS))


async def test_all_processes_count_together(shared: _Shared, rates: SharedRates) -> None:
    assert (await rates.hit("login@a", ONCE)).remaining == 99
    shared.fails = StoreError("broken")
    with pytest.raises(StoreError):
        await rates.hit("login@a", ONCE)


async def test_in_an_outage_each_counts_for_itself(shared: _Shared, rates: SharedRates) -> None:
    """Nobody is refused for it, and nobody is unlimited."""
    shared.fails = UnavailableError("away")
    assert [(await rates.hit("login@a", ONCE)).allowed for _ in range(3)] == [True, False, False]
    assert (await rates.hit("login@b", ONCE)).allowed
    assert shared.asked_count == 1


async def test_when_the_outage_is_over_they_count_together_again(
    shared: _Shared, rates: SharedRates, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_PAUSE_S", 0)
    shared.fails = UnavailableError("away")
    await rates.hit("login@a", ONCE)
    shared.fails = None
    assert (await rates.hit("login@a", ONCE)).remaining == 99


async def test_nobody_waits_for_a_store_that_hangs(
    shared: _Shared, rates: SharedRates, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_PATIENCE_S", 0.01)
    shared.hangs = True
    assert [(await rates.hit("login@a", ONCE)).allowed for _ in range(2)] == [True, False]
    assert shared.asked_count == 1


def scope(peer: str | None) -> Scope:
    return {"type": "http", "client": None if peer is None else (peer, 1)}


@pytest.mark.parametrize(
    ("peer", "forwarded", "client"),
    [
        ("203.0.113.9", "198.51.100.1", "203.0.113.9"),  # not a proxy of ours
        ("10.0.0.1", "198.51.100.1", "198.51.100.1"),
        ("10.0.0.1", "6.6.6.6, 198.51.100.1", "198.51.100.1"),  # the left one is the client's invention
        ("10.0.0.1", "198.51.100.1, 10.0.0.2", "198.51.100.1"),
        ("10.0.0.1", "10.0.0.3, 10.0.0.2", "10.0.0.3"),
        ("10.0.0.1", "198.51.100.1:4711", "198.51.100.1"),
        ("10.0.0.1", "[2001:db8::1]:4711", "2001:db8::1"),
        ("10.0.0.1", "2001:db8::1", "2001:db8::1"),
        ("fd00::1", "::ffff:198.51.100.1", "198.51.100.1"),
        ("::ffff:10.0.0.1", "198.51.100.1", "198.51.100.1"),
        ("10.0.0.1", "nonsense", "10.0.0.1"),
        ("10.0.0.1", "198.51.100.1, nonsense", "10.0.0.1"),
        ("10.0.0.1", "", "10.0.0.1"),
        ("10.0.0.1", "," * 100_000, "10.0.0.1"),
        ("10.0.0.1", "x" * 100_000, "10.0.0.1"),
        ("10.0.0.1", "6.6.6.6, " + "10.0.0.2, " * 30 + "10.0.0.2", "10.0.0.2"),
        (None, "198.51.100.1", "unknown"),
        ("testclient", "198.51.100.1", "unknown"),
    ],
)
def test_forwarded_addresses(peer: str | None, forwarded: str, client: str) -> None:
    addresses = Addresses(["10.0.0.0/8", "fd00::/8"])
    assert addresses.client(scope(peer), {b"x-forwarded-for": forwarded}) == client


def test_without_proxies_nothing_is_believed() -> None:
    assert Addresses().client(scope("127.0.0.1"), {b"x-forwarded-for": "198.51.100.1"}) == "127.0.0.1"


@pytest.mark.parametrize(
    ("peer", "headers", "local"),
    [
        ("127.0.0.1", {}, True),
        ("::1", {}, True),
        ("::ffff:127.0.0.1", {}, True),
        ("127.0.0.1", {b"x-forwarded-for": "127.0.0.1"}, False),
        ("127.0.0.1", {b"forwarded": "for=127.0.0.1"}, False),
        ("10.0.0.1", {}, False),
        (None, {}, False),
    ],
)
def test_who_is_local(peer: str | None, headers: dict[bytes, str], local: bool) -> None:
    assert Addresses(["10.0.0.0/8"]).is_loopback(scope(peer), headers) is local


def test_an_ipv6_client_is_its_network() -> None:
    assert limited_as("2001:db8::1") == limited_as("2001:db8::ffff:1") == "2001:db8::/64"
    assert limited_as("198.51.100.1") == "198.51.100.1"
    assert limited_as("unknown") == "unknown"
    assert read_address("1.2.3.4.5") is None
