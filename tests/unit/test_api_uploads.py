"""The URLs of the media store where the API serves them: what each allows, and how it is answered."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import httpx2
import pytest

from api.uploads import ObjectRoute
from producers.media import complete_media
from stores.ports.objects import SIGNED_VALID_MS, UPLOAD_VALID_MS
from tests.unit.api_app import World
from tests.unit.media_world import CONTENT, MediaWorld

PNG = {"Content-Type": "image/png"}
PICTURE = b"RIFF a picture"


@pytest.fixture
def world(tmp_path: Path) -> Iterator[MediaWorld]:
    made = MediaWorld(tmp_path)
    yield made
    made.close()


@pytest.fixture
async def client(world: MediaWorld) -> AsyncIterator[httpx2.AsyncClient]:
    route = ObjectRoute(world.objects, lambda: world.views.media, world.clock).route()
    async with World(others=(route,)).client() as made:
        yield made


@pytest.fixture
async def keys(world: MediaWorld) -> tuple[str, str]:
    """A private and a public rendition."""
    file = world.folder / "picture"
    file.write_bytes(PICTURE)
    private, public = "private/7/one.webp", "public/7/two.webp"
    for key in (private, public):
        await world.objects.put(key, file, "image/webp")
    return private, public


async def upload_url(world: MediaWorld) -> str:
    media = await world.declared()
    target = await world.objects.upload_target(
        media.object_key, media.content_type, media.size_bytes, world.now_ms
    )
    return target.url


def code_of(response: httpx2.Response) -> str:
    assert response.headers["content-type"] == "application/problem+json"
    return str(response.json()["code"])


async def test_an_upload_may_be_repeated_until_it_is_complete(
    world: MediaWorld, client: httpx2.AsyncClient
) -> None:
    media = await world.declared()
    target = await world.objects.upload_target(media.object_key, "image/png", len(CONTENT), world.now_ms)
    for _ in range(2):
        response = await client.put(target.url, content=CONTENT, headers=dict(target.headers))
        assert (response.status_code, response.content) == (204, b"")
    stored = await world.objects.stored(media.object_key)
    assert stored is not None
    assert stored.size_bytes == len(CONTENT)
    await world.now(media)
    assert (await client.put(target.url, content=CONTENT, headers=PNG)).status_code == 204
    await complete_media(world.journal, world.objects, world.command(), media)
    await world.now(media)
    refused = await client.put(target.url, content=CONTENT, headers=PNG)
    assert (refused.status_code, code_of(refused)) == (409, "conflict")


@pytest.mark.parametrize(("content", "status"), [(CONTENT + b"!", 413), (CONTENT[:-1], 400), (b"", 400)])
async def test_the_size_is_exact(
    world: MediaWorld, client: httpx2.AsyncClient, content: bytes, status: int
) -> None:
    async def chunked() -> AsyncIterator[bytes]:
        yield content

    url = await upload_url(world)
    for body in (content, chunked()):
        response = await client.put(url, content=body, headers=PNG)
        assert response.status_code == status
        assert "connection" not in response.headers
    assert world.files() == []


async def test_far_too_much_is_not_read(world: MediaWorld, client: httpx2.AsyncClient) -> None:
    read = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal read
        while True:
            read += 1
            yield bytes(1 << 20)

    response = await client.put(await upload_url(world), content=endless(), headers=PNG)
    assert (response.status_code, response.headers["connection"]) == (413, "close")
    assert read < 12


async def test_the_type_is_the_declared_one(world: MediaWorld, client: httpx2.AsyncClient) -> None:
    url = await upload_url(world)
    for headers in ({"Content-Type": "image/gif"}, {"Content-Type": "text/html"}, {}):
        response = await client.put(url, content=CONTENT, headers=headers)
        assert (response.status_code, code_of(response)) == (415, "unsupported_media_type")
    ok = await client.put(url, content=CONTENT, headers={"Content-Type": "Image/PNG; x=y"})
    assert ok.status_code == 204


async def test_an_upload_url_runs_out_and_cannot_be_forged(
    world: MediaWorld, client: httpx2.AsyncClient
) -> None:
    url = await upload_url(world)
    for forged in (url.partition("?")[0], url + "x", url.replace("size=20", "size=21"), url + "&size=99"):
        response = await client.put(forged, content=CONTENT, headers=PNG)
        assert (response.status_code, code_of(response)) == (403, "forbidden")
    world.now_ms += UPLOAD_VALID_MS
    assert (await client.put(url, content=CONTENT, headers=PNG)).status_code == 403
    assert world.files() == []


async def test_originals_are_never_served(world: MediaWorld, client: httpx2.AsyncClient) -> None:
    media = await world.sent()
    urls = (
        await upload_url(world),
        f"/objects/{media.object_key}",
        world.objects.signed_url(media.object_key, world.now_ms),
        world.objects.signed_url(media.object_key, world.now_ms, "public"),
    )
    for url in urls:
        response = await client.get(url)
        assert (response.status_code, response.headers["allow"]) == (405, "PUT")


async def test_a_public_rendition(
    world: MediaWorld, client: httpx2.AsyncClient, keys: tuple[str, str]
) -> None:
    response = await client.get(world.objects.public_url(keys[1]))
    assert (response.status_code, response.content) == (200, PICTURE)
    expected = {
        "content-type": "image/webp",
        "content-length": str(len(PICTURE)),
        "cache-control": "public, max-age=86400, immutable",
        "x-content-type-options": "nosniff",
        "content-security-policy": "default-src 'none'; sandbox",
        "content-disposition": "inline",
        "etag": '"two.webp"',
    }
    assert {name: response.headers[name] for name in expected} == expected
    head = await client.head(world.objects.public_url(keys[1]))
    assert (head.status_code, head.content, head.headers["content-length"]) == (200, b"", str(len(PICTURE)))
    again = await client.get(world.objects.public_url(keys[1]), headers={"If-None-Match": '"two.webp"'})
    assert (again.status_code, again.content) == (304, b"")
    page = await client.get(world.objects.public_url(keys[1]), headers={"Origin": "https://x.example"})
    assert page.headers["access-control-allow-origin"] == "*"


async def test_a_private_rendition_needs_its_signature(
    world: MediaWorld, client: httpx2.AsyncClient, keys: tuple[str, str]
) -> None:
    private = keys[0]
    signed = world.objects.signed_url(private, world.now_ms)
    response = await client.get(signed)
    assert (response.status_code, response.content) == (200, PICTURE)
    assert response.headers["cache-control"].startswith("private")
    forged = (
        f"/objects/{private}",
        signed + "x",
        signed.replace("private/7/one", "private/7/other"),
        signed.replace("audience=private", "audience=public"),
    )
    for url in forged:
        refused = await client.get(url)
        assert (refused.status_code, code_of(refused)) == (403, "forbidden")
    world.now_ms += SIGNED_VALID_MS
    assert (await client.get(signed)).status_code == 403


async def test_a_new_public_post_shows_its_files_before_they_are_moved(
    world: MediaWorld, client: httpx2.AsyncClient, keys: tuple[str, str]
) -> None:
    response = await client.get(world.objects.signed_url(keys[0], world.now_ms, "public"))
    assert response.headers["cache-control"] == "public, max-age=86400, immutable"


async def test_what_is_not_there(world: MediaWorld, client: httpx2.AsyncClient) -> None:
    unknown = world.objects.signed_url("private/7/none.webp", world.now_ms)
    for url in ("/objects/public/7/none.webp", unknown, "/objects/public/7/none", "/objects/x", "/objects/"):
        response = await client.get(url)
        assert (response.status_code, code_of(response)) == (404, "not_found")
    for path in ("/objects/public/..%2f..%2fstate.db", "/objects/private/7/%2e%2e", "/objects/public/7/a%00"):
        assert (await client.get(path)).status_code == 404


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS"])
async def test_other_methods(client: httpx2.AsyncClient, keys: tuple[str, str], method: str) -> None:
    response = await client.request(method, f"/objects/{keys[1]}")
    assert (response.status_code, response.headers["allow"]) == (405, "GET, HEAD")
