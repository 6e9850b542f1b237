"""Idempotency keys: the same request makes the same object and gets the same answer."""

import asyncio

import httpx2
import pytest

from api.calls import Answer, Call
from tests.unit.api_app import ADA, BOB, NOW_MS, World, conflict, limited, unavailable


async def post(
    client: httpx2.AsyncClient, key: str | None, name: str = "a", who: dict[str, str] = ADA
) -> httpx2.Response:
    headers = who if key is None else who | {"Idempotency-Key": key}
    return await client.post("/v1/things", json={"name": name}, headers=headers)


async def test_a_retry_gets_the_first_answer() -> None:
    world = World()
    async with world.client() as client:
        first, again = await post(client, "k"), await post(client, "k")
    assert len(world.made) == 1
    assert (again.status_code, again.content) == (201, first.content)
    assert again.headers["location"] == first.headers["location"]
    assert again.headers["photolog-position"] == first.headers["photolog-position"]
    assert again.headers["content-type"] == "application/json"


async def test_a_retry_merges_the_position_it_carries() -> None:
    world = World()
    async with world.client() as client:
        await post(client, "k")
        like = (await client.put("/v1/things/7/like", headers=ADA)).headers["photolog-position"]
        again = await post(client, "k", who=ADA | {"Photolog-Position": like})
        await client.get(
            "/v1/things", headers=ADA | {"Photolog-Position": again.headers["photolog-position"]}
        )
    assert world.waited[-1][1] == {("photolog.engagement", 1): 7, ("photolog.posts", 3): 42}


async def test_without_a_key_every_request_makes_an_object() -> None:
    world = World()
    async with world.client() as client:
        await post(client, None)
        await post(client, None)
    assert len({made[0] for made in world.made}) == 2


async def test_another_body_is_a_mismatch() -> None:
    world = World()
    async with world.client() as client:
        await post(client, "k")
        other = await post(client, "k", name="b")
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_mismatch")
    assert other.json()["errors"] == []
    assert len(world.made) == 1


async def test_keys_belong_to_an_account() -> None:
    world = World()
    async with world.client() as client:
        assert (await post(client, "k")).json()["id"] != (await post(client, "k", who=BOB)).json()["id"]


@pytest.mark.parametrize("failure", [unavailable(), limited(), RuntimeError("broken")])
async def test_what_is_not_kept_runs_again_with_the_same_id(failure: Exception) -> None:
    world = World(fails=failure)
    async with world.client() as client:
        failed = await post(client, "k")
        mismatch = await post(client, "k", name="b")
        world.fails = None
        done = await post(client, "k")
    assert failed.status_code in (429, 500, 503)
    assert mismatch.status_code == 422
    assert done.status_code == 201
    assert [made[0] for made in world.made] == [world.made[0][0]] * 2
    assert done.json()["id"] == str(world.made[0][0])


async def test_a_retry_sees_what_the_first_attempt_may_have_done() -> None:
    world = World(fails=unavailable())
    async with world.client() as client:
        await post(client, "k")
        assert world.waited == []
        world.fails = None
        await post(client, "k")
    ((_, positions, _),) = world.waited
    assert positions == await world.log_ends()


async def test_the_answer_to_a_retry_has_the_same_position_again() -> None:
    """The second attempt may append nothing, since the first had, and its answer may be lost as well."""
    world = World(fails=unavailable())
    async with world.client() as client:
        await post(client, "k")
        world.fails = None
        second, third = await post(client, "k"), await post(client, "k")
        await client.get(
            "/v1/things", headers=ADA | {"Photolog-Position": third.headers["photolog-position"]}
        )
    assert third.headers["photolog-position"] == second.headers["photolog-position"]
    (_, ends, _), (_, carried, _) = world.waited
    assert ends.items() <= carried.items()


async def test_a_retry_while_the_log_is_away_leaves_the_key_free() -> None:
    world = World(fails=unavailable())
    async with world.client() as client:
        await post(client, "k")
        world.log_is_away = True
        assert (await post(client, "k")).status_code == 503
        world.fails, world.log_is_away = None, False
        assert (await post(client, "k")).status_code == 201


async def test_a_refusal_is_kept() -> None:
    world = World(fails=conflict())
    async with world.client() as client:
        first = await post(client, "k")
        world.fails = None
        again = await post(client, "k")
    assert (again.status_code, again.content) == (409, first.content)
    assert again.headers["content-type"] == "application/problem+json"
    assert len(world.made) == 1


async def test_what_never_reached_the_handler_is_not_kept() -> None:
    world = World()
    async with world.client() as client:
        assert (await post(client, "k", name="")).status_code == 422
        assert (await post(client, "k", name="a")).status_code == 201


async def test_a_position_not_reached_leaves_the_key_free() -> None:
    world = World(reached=False)
    async with world.client() as client:
        position = (await client.put("/v1/things/7/like", headers=ADA)).headers["photolog-position"]
        headers = ADA | {"Photolog-Position": position}
        assert (await post(client, "k", who=headers)).status_code == 503
        world.reached = True
        assert (await post(client, "k", who=headers)).status_code == 201


class SlowWorld(World):
    def __post_init__(self) -> None:
        super().__post_init__()
        self.started, self.go = asyncio.Event(), asyncio.Event()

    async def post_thing(self, call: Call) -> Answer:
        self.started.set()
        await self.go.wait()
        return await super().post_thing(call)


async def test_while_the_first_runs_a_retry_is_told_so() -> None:
    world = SlowWorld()
    async with world.client() as client:
        first = asyncio.create_task(post(client, "k"))
        await world.started.wait()
        meanwhile, other_body = await post(client, "k"), await post(client, "k", name="b")
        world.go.set()
        assert (await first).status_code == 201
        assert (await post(client, "k")).status_code == 201
    assert (meanwhile.status_code, meanwhile.json()["code"]) == (409, "idempotency_in_progress")
    assert meanwhile.headers["retry-after"] == "1"
    assert other_body.json()["code"] == "idempotency_mismatch"
    assert len(world.made) == 1


async def test_a_client_that_goes_away_leaves_the_key_free() -> None:
    world = SlowWorld()
    async with world.client() as client:
        first = asyncio.create_task(post(client, "k"))
        await world.started.wait()
        first.cancel()
        with pytest.raises(asyncio.CancelledError):
            await first
        world.go.set()
        assert (await post(client, "k")).status_code == 201


async def test_tokens_are_never_kept() -> None:
    world = World()
    async with world.client() as client:
        for username in ("ada", "ada", "bob"):
            body = {"username": username}
            response = await client.post("/v1/tokens", json=body, headers={"Idempotency-Key": "k"})
            assert response.status_code == 201
    assert [made[1] for made in world.made] == ["ada", "ada", "bob"]
    assert world.made[0][0] == world.made[1][0] != world.made[2][0]


async def test_a_key_is_kept_for_a_day() -> None:
    world = World()
    async with world.client() as client:
        await post(client, "k")
        world.now_ms = NOW_MS + 24 * 3600 * 1000
        await post(client, "k", name="b")
    assert len(world.made) == 2


@pytest.mark.parametrize("key", ["k", " k k ", "~" * 255, "{}"])
async def test_keys(key: str) -> None:
    async with World().client() as client:
        assert (await post(client, key)).status_code == 201


@pytest.mark.parametrize("key", ["", "k" * 256, "k\tk", "ü", "k" * 100_000])
async def test_other_keys_are_refused(key: str) -> None:
    async with World().client() as client:
        response = await client.post(
            "/v1/things",
            json={"name": "a"},
            headers=[(b"Authorization", b"Bearer ada"), (b"Idempotency-Key", key.encode())],
        )
    assert (response.status_code, response.json()["code"]) == (400, "bad_idempotency_key")
