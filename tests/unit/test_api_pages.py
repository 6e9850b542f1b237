"""Lists: pages that follow each other by cursor or by Link, and cursors that are of no use anywhere else."""

from urllib.parse import urljoin

import httpx2
import pytest

from api.headers import raw_header
from tests.unit.api_app import ADA, BOB, NOW_MS, World

DAY_MS = 24 * 3600 * 1000


async def ids_by_link(client: httpx2.AsyncClient, url: str) -> list[int]:
    found: list[int] = []
    while url:
        response = await client.get(url, headers=ADA)
        assert response.status_code == 200
        found += [int(item["id"]) for item in response.json()["items"]]
        assert ("next" in response.links) == (response.json()["next_cursor"] is not None)
        following = response.links.get("next", {}).get("url")
        url = "" if following is None else urljoin(str(response.url), following)
    return found


@pytest.mark.parametrize("query", ["", "?limit=7", "?limit=100&order=oldest&word=%C3%A9%26%3D&unknown=1"])
async def test_following_the_links_gives_everything_once(query: str) -> None:
    async with World().client() as client:
        found = await ids_by_link(client, f"/v1/things{query}")
    assert found == list(range(1, len(found) + 1))
    assert len(found) >= 50


async def test_a_page() -> None:
    async with World().client() as client:
        response = await client.get("/v1/things?limit=2&order=oldest", headers=ADA)
    page = response.json()
    assert page["items"] == [{"id": "1", "name": "oldest"}, {"id": "2", "name": "oldest"}]
    link = response.headers["link"]
    assert link == f'</v1/things?order=oldest&limit=2&cursor={page["next_cursor"]}>; rel="next"'


async def test_the_limit_may_change_between_pages() -> None:
    async with World().client() as client:
        cursor = (await client.get("/v1/things?limit=2", headers=ADA)).json()["next_cursor"]
        response = await client.get(f"/v1/things?limit=3&cursor={cursor}", headers=ADA)
    assert [item["id"] for item in response.json()["items"]] == ["3", "4", "5"]


async def test_foreign_and_forged_cursors() -> None:
    async with World().client() as client:
        cursor = (await client.get("/v1/things?limit=2", headers=ADA)).json()["next_cursor"]
        for query, headers in (
            (f"cursor={cursor}", BOB),
            (f"cursor={cursor}&order=oldest", ADA),
            (f"cursor={cursor[:-1]}", ADA),
            (f"cursor={cursor}A", ADA),
            (f"cursor={cursor}%0A", ADA),
            ("cursor=", ADA),
            (f"cursor={'A' * 5000}", ADA),
            ("cursor=%F0%9F%98%80", ADA),
        ):
            response = await client.get(f"/v1/things?{query}", headers=headers)
            assert (response.status_code, response.json()["code"]) == (400, "bad_cursor"), query


async def test_a_page_that_stays_the_same_keeps_its_tag_for_minutes() -> None:
    world = World()
    world.now_ms = NOW_MS + 1000
    async with world.client() as client:
        first = await client.get("/v1/things?limit=2", headers=ADA)
        for later_s, status in ((2, 304), (600, 304), (601, 200)):
            world.now_ms = NOW_MS + later_s * 1000
            known = ADA | {"If-None-Match": first.headers["etag"]}
            assert (await client.get("/v1/things?limit=2", headers=known)).status_code == status


async def test_an_old_cursor() -> None:
    world = World()
    async with world.client() as client:
        cursor = (await client.get("/v1/things?limit=2", headers=ADA)).json()["next_cursor"]
        world.now_ms = NOW_MS + DAY_MS
        assert (await client.get(f"/v1/things?cursor={cursor}", headers=ADA)).status_code == 200
        world.now_ms = NOW_MS + DAY_MS + 1000
        response = await client.get(f"/v1/things?cursor={cursor}", headers=ADA)
    assert (response.status_code, response.json()["code"]) == (400, "cursor_expired")


async def test_a_host_that_the_client_made_up_is_in_no_link() -> None:
    async with World().client() as client:
        response = await client.get(
            "/v1/things", headers=ADA | {"Host": "evil.example", "X-Forwarded-Host": "evil"}
        )
    assert "evil" not in response.headers["link"]


def test_a_header_of_ours_has_one_line() -> None:
    assert raw_header("Location", "/v1/things/7") == (b"location", b"/v1/things/7")
    for value in ("a\r\nSet-Cookie: b", "a\nb", "a\0"):
        with pytest.raises(ValueError, match="not printable"):
            raw_header("Location", value)
