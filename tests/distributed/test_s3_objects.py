"""The media store's contract on real S3, and what its URLs do when they are fetched."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import httpx2
import pytest

from api.media import Upload, upload_json
from runtime.demo.client import Client
from stores.ports.errors import StoreError, UnavailableError
from stores.ports.objects import SIGNED_VALID_MS, UPLOAD_VALID_MS, Objects, UploadTarget, original_key
from stores.s3.connection import CONNECTIONS_COUNT, REQUEST_LIMIT_S, S3Address
from stores.s3.objects import S3Objects
from tests.contract.objects import KEY, MEDIA, MOVED, OTHER, WEBP, ObjectsContract, content
from tests.distributed.forwarder import Forwarder, forwarded
from tests.distributed.s3 import PAGES, address_of, bucket_of, elsewhere, empty
from tests.e2e.world import as_told
from tests.services.addresses import Addresses

ORIGINAL = original_key(MEDIA)
PICTURE = b"0123456789"
LARGEST = 8 << 20
FOREVER = "public, max-age=86400, immutable"
MINUTE_MS = 60 * 1000
SLACK_S = 4


def now_ms() -> int:
    return time.time_ns() // 1_000_000


@pytest.fixture(scope="module")
def address(addresses: Addresses) -> Iterator[S3Address]:
    with bucket_of(addresses) as found:
        yield found


@pytest.fixture
def objects(address: S3Address) -> Iterator[S3Objects]:
    made = S3Objects(address)
    yield made
    made.close()
    empty(address)


@pytest.fixture
async def http() -> AsyncIterator[httpx2.AsyncClient]:
    async with httpx2.AsyncClient(timeout=30) as client:
        yield client


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    path = tmp_path / "picture"
    path.write_bytes(PICTURE)
    return path


class TestS3Objects(ObjectsContract):
    async def test_large_files_come_back_as_they_were(self, objects: S3Objects, tmp_path: Path) -> None:
        """More than one part for the client library."""
        source = tmp_path / "large"
        source.write_bytes(bytes(range(256)) * (LARGEST // 256))
        await objects.put(ORIGINAL, source, "image/png")
        assert await content(objects, ORIGINAL) == source.read_bytes()

    async def test_the_local_file_is_gone_afterwards(self, objects: S3Objects, picture: Path) -> None:
        await objects.put(KEY, picture, WEBP)
        async with objects.local(KEY) as path:
            assert path.is_file()
        assert not path.parent.exists()

    async def test_more_keys_than_one_request_deletes(self, objects: S3Objects, picture: Path) -> None:
        keys = [f"private/{MEDIA}/{number}.webp" for number in range(3)]
        for key in keys:
            await objects.put(key, picture, WEBP)
        await objects.delete([*(f"private/{OTHER}/{number}.webp" for number in range(2000)), *keys])
        assert await objects.list("private", MEDIA) == []

    async def test_a_list_is_not_of_media_whose_ids_begin_alike(
        self, objects: S3Objects, picture: Path
    ) -> None:
        longer = f"private/{MEDIA}0/first.webp"
        for key in (KEY, longer):
            await objects.put(key, picture, WEBP)
        assert [found.key for found in await objects.list("private", MEDIA)] == [KEY]

    async def test_a_name_says_what_is_in_it(self, objects: S3Objects, picture: Path) -> None:
        with pytest.raises(ValueError):
            await objects.put(KEY, picture, "image/png")

    async def test_a_missing_bucket_is_no_missing_object(self, addresses: Addresses) -> None:
        """Or everything would be believed lost."""
        objects = S3Objects(address_of(addresses))
        for attempt in (objects.stored(KEY), objects.copy(KEY, MOVED), content(objects, KEY)):
            with pytest.raises(StoreError) as raised:
                await attempt
            assert type(raised.value) is StoreError
        objects.close()


Forge = Callable[[dict[str, str]], dict[str, str]]


class TestUploads:
    async def test_a_file_is_sent_as_told(self, objects: S3Objects, http: httpx2.AsyncClient) -> None:
        target = await self.target(objects)
        assert target.expires_at_ms - now_ms() > UPLOAD_VALID_MS - MINUTE_MS
        assert (await self.send(http, target, PICTURE)).status_code == 204
        assert await content(objects, ORIGINAL) == PICTURE
        stored = await objects.stored(ORIGINAL)
        assert stored is not None
        assert stored.size_bytes == len(PICTURE)
        assert (await self.send(http, target, PICTURE[::-1])).status_code == 204
        assert await content(objects, ORIGINAL) == PICTURE[::-1]

    async def test_the_largest_photo(self, objects: S3Objects, http: httpx2.AsyncClient) -> None:
        target = await objects.upload_target(ORIGINAL, "image/png", LARGEST, now_ms())
        assert (await self.send(http, target, b"x" * LARGEST)).status_code == 204
        stored = await objects.stored(ORIGINAL)
        assert stored is not None
        assert stored.size_bytes == LARGEST

    @pytest.mark.parametrize("sent", [PICTURE + b"!", PICTURE[:-1], b"", b"x" * (LARGEST + 1)])
    async def test_another_size_is_refused(
        self, objects: S3Objects, http: httpx2.AsyncClient, sent: bytes
    ) -> None:
        assert (await self.send(http, await self.target(objects), sent)).status_code == 400
        assert await objects.stored(ORIGINAL) is None

    @pytest.mark.parametrize(
        "forge",
        [
            lambda fields: fields | {"Content-Type": "text/html"},
            lambda fields: {name: value for name, value in fields.items() if name != "Content-Type"},
            lambda fields: fields | {"key": original_key(OTHER)},
            lambda fields: fields | {"key": MOVED},
            lambda fields: fields | {"x-amz-signature": "0" * 64},
            lambda fields: fields | {"policy": fields["policy"][:-4] + "AAAA"},
            lambda fields: fields | {"x-amz-date": "20300101T000000Z"},
            lambda fields: fields | {"x-amz-meta-more": "1"},
            lambda fields: {"key": fields["key"], "Content-Type": fields["Content-Type"]},
        ],
        ids=["type", "no type", "key", "area", "signature", "policy", "date", "more", "nothing"],
    )
    async def test_what_was_not_signed_is_refused(
        self, objects: S3Objects, http: httpx2.AsyncClient, forge: Forge
    ) -> None:
        target = await self.target(objects)
        fields = forge(dict(target.fields or {}))
        answer = await http.post(target.url, data=fields, files={"file": ("file", PICTURE)})
        assert answer.status_code in (400, 403)
        assert await objects.list("originals", MEDIA) == []
        assert await objects.list("originals", OTHER) == []
        assert await objects.list("public", MEDIA) == []

    async def test_the_api_says_how(self, objects: S3Objects) -> None:
        at_ms = now_ms()
        target = await self.target(objects, at_ms)
        upload = Upload.model_validate(upload_json(target, at_ms)).model_dump()
        assert (upload["method"], upload["headers"], upload["url"]) == ("POST", {}, target.url)
        assert upload["fields"]["key"] == ORIGINAL
        assert 14 * 60 < upload["expires_in"] <= 15 * 60

    async def test_it_runs_out(self, objects: S3Objects, http: httpx2.AsyncClient) -> None:
        late = await self.target(objects, now_ms() - UPLOAD_VALID_MS - 1000)
        assert (await self.send(http, late, PICTURE)).status_code == 403
        assert await objects.stored(ORIGINAL) is None
        just = await self.target(objects, now_ms() - UPLOAD_VALID_MS + MINUTE_MS)
        assert (await self.send(http, just, PICTURE)).status_code == 204

    async def target(self, objects: Objects, at_ms: int | None = None) -> UploadTarget:
        return await objects.upload_target(ORIGINAL, "image/png", len(PICTURE), at_ms or now_ms())

    async def send(self, http: httpx2.AsyncClient, target: UploadTarget, sent: bytes) -> httpx2.Response:
        return await http.request(**as_told(upload_json(target, now_ms()), sent))

    async def test_the_demo_sends_and_fetches_it(self, objects: S3Objects) -> None:
        client = Client("http://127.0.0.1:1")
        target = await self.target(objects)
        await client.upload(upload_json(target, now_ms()), PICTURE)
        await objects.copy(ORIGINAL, KEY)
        assert await client.download(objects.signed_url(KEY, now_ms()), len(PICTURE)) == PICTURE
        await client.close()


class TestSignedUrls:
    async def test_a_rendition_is_fetched(
        self, objects: S3Objects, http: httpx2.AsyncClient, picture: Path
    ) -> None:
        await objects.put(KEY, picture, WEBP)
        answer = await http.get(objects.signed_url(KEY, now_ms()))
        assert (answer.status_code, answer.content) == (200, PICTURE)
        assert answer.headers["content-type"] == WEBP
        assert answer.headers["cache-control"].startswith("private")
        shared = await http.get(objects.signed_url(KEY, now_ms(), "public"))
        assert (shared.status_code, shared.headers["cache-control"]) == (200, FOREVER)
        known = await http.get(
            objects.signed_url(KEY, now_ms()), headers={"If-None-Match": answer.headers["etag"]}
        )
        assert known.status_code == 304

    async def test_it_works_for_some_minutes(
        self, objects: S3Objects, http: httpx2.AsyncClient, picture: Path
    ) -> None:
        await objects.put(KEY, picture, WEBP)
        for age_ms, status in ((SIGNED_VALID_MS // 2 - 5000, 200), (SIGNED_VALID_MS, 403)):
            assert (await http.get(objects.signed_url(KEY, now_ms() - age_ms))).status_code == status

    async def test_it_is_bound_to_key_method_and_audience(
        self, objects: S3Objects, http: httpx2.AsyncClient, picture: Path
    ) -> None:
        other = f"private/{OTHER}/other.webp"
        for key in (KEY, other, ORIGINAL):
            await objects.put(key, picture, WEBP)
        url = objects.signed_url(KEY, now_ms())
        for forged in (
            url.replace(KEY, other),
            url.replace(KEY, ORIGINAL),
            url.replace("X-Amz-Expires=600", "X-Amz-Expires=601"),
            url.replace("private%2C%20max-age%3D300", "public"),
            url[:-1] + ("0" if url[-1] != "0" else "1"),
            url + "&response-content-type=text%2Fhtml",
            url.partition("&X-Amz-Signature")[0],
            url.partition("?")[0],
        ):
            assert (await http.get(forged)).status_code in (400, 403), forged
        assert (await http.put(url, content=b"mine")).status_code == 403
        assert (await http.delete(url)).status_code == 403
        assert await content(objects, KEY) == PICTURE

    async def test_what_was_deleted_is_not_found(self, objects: S3Objects, http: httpx2.AsyncClient) -> None:
        assert (await http.get(objects.signed_url(KEY, now_ms()))).status_code == 404


class TestAnonymousReaders:
    async def test_a_public_rendition_is_for_everybody(
        self, objects: S3Objects, http: httpx2.AsyncClient, picture: Path
    ) -> None:
        await objects.put(KEY, picture, WEBP)
        await objects.copy(KEY, MOVED)
        answer = await http.get(objects.public_url(MOVED))
        assert (answer.status_code, answer.content) == (200, PICTURE)
        assert (answer.headers["cache-control"], answer.headers["content-type"]) == (FOREVER, WEBP)
        await objects.delete([MOVED])
        assert (await http.get(objects.public_url(MOVED))).status_code == 404

    async def test_moved_back_it_is_private_again(
        self, objects: S3Objects, http: httpx2.AsyncClient, picture: Path
    ) -> None:
        await objects.put(MOVED, picture, WEBP)
        await objects.copy(MOVED, KEY)
        assert (await http.get(objects.public_url(KEY))).status_code == 403
        answer = await http.get(objects.signed_url(KEY, now_ms()))
        assert answer.headers["cache-control"].startswith("private")

    async def test_nothing_else_is(
        self, address: S3Address, objects: S3Objects, http: httpx2.AsyncClient, picture: Path
    ) -> None:
        for key in (KEY, MOVED, ORIGINAL):
            await objects.put(key, picture, WEBP)
        bucket = f"{address.public_endpoint}/{address.bucket}"
        for path in (
            f"/{KEY}", f"/{ORIGINAL}", "", "/", "?list-type=2", "?prefix=public/", "/?uploads", "?policy",
            f"/{MOVED}?acl", f"//{KEY}", f"/public/%2e%2e/{KEY}", f"/public/..%2f{KEY}",
        ):  # fmt: skip
            answer = await http.get(f"{bucket}{path}")
            assert answer.status_code in (400, 403), path
            assert PICTURE not in answer.content
        for method, key in (
            ("PUT", MOVED),
            ("DELETE", MOVED),
            ("POST", MOVED),
            ("PUT", f"public/{MEDIA}/new.webp"),
        ):
            assert (await http.request(method, f"{bucket}/{key}", content=b"")).status_code in (400, 403, 405)
        copying = {"x-amz-copy-source": f"/{address.bucket}/{KEY}"}
        assert (await http.put(f"{bucket}/{MOVED}", headers=copying)).status_code == 403
        assert await content(objects, MOVED) == PICTURE

    async def test_pages_of_the_origins_allowed(
        self, address: S3Address, objects: S3Objects, http: httpx2.AsyncClient, picture: Path
    ) -> None:
        await objects.put(MOVED, picture, WEBP)
        target = await objects.upload_target(ORIGINAL, "image/png", len(PICTURE), now_ms())
        form = {"data": dict(target.fields or {}), "files": {"file": ("file", PICTURE)}}
        for origin, allowed in ((PAGES, PAGES), ("https://other.example", None)):
            headers = {"Origin": origin}
            fetched = await http.get(objects.public_url(MOVED), headers=headers)
            assert fetched.headers.get("access-control-allow-origin") == allowed
            sent = await http.post(target.url, headers=headers, **form)  # type: ignore[arg-type]
            assert (sent.status_code, sent.headers.get("access-control-allow-origin")) == (204, allowed)
            asked = await http.options(
                objects.public_url(MOVED), headers=headers | {"Access-Control-Request-Method": "GET"}
            )
            assert asked.headers.get("access-control-allow-origin") == allowed


class TestOutages:
    @pytest.fixture
    async def forwarder(self, addresses: Addresses) -> AsyncIterator[Forwarder]:
        async with forwarded(urlsplit(addresses.s3).port or 80) as found:
            yield found

    @pytest.fixture
    def reached(self, address: S3Address, objects: S3Objects, forwarder: Forwarder) -> Iterator[S3Objects]:
        """The store as seen through the forwarder."""
        made = S3Objects(elsewhere(address, forwarder.port))
        yield made
        made.close()

    async def test_a_store_that_is_away_comes_back(
        self, reached: S3Objects, forwarder: Forwarder, picture: Path
    ) -> None:
        await reached.put(KEY, picture, WEBP)
        await forwarder.shut()
        await self.nothing_works(reached, picture)
        await forwarder.open()
        assert await content(reached, KEY) == PICTURE

    @pytest.mark.parametrize("how", ["ended", "reset"])
    async def test_connections_that_broke_while_nobody_used_them_fail_nobody(
        self, reached: S3Objects, forwarder: Forwarder, picture: Path, how: str
    ) -> None:
        await reached.put(KEY, picture, WEBP)
        await asyncio.gather(*(reached.stored(KEY) for _ in range(CONNECTIONS_COUNT)))
        if how == "reset":
            await forwarder.reset()
        else:
            await forwarder.shut()
            await forwarder.open()
        found = await asyncio.gather(*(reached.stored(KEY) for _ in range(CONNECTIONS_COUNT)))
        assert all(found)
        await forwarder.reset()
        await reached.delete([KEY])

    async def test_a_store_that_hangs_is_not_waited_for(
        self, reached: S3Objects, forwarder: Forwarder, picture: Path
    ) -> None:
        forwarder.frozen = True
        began_s = time.monotonic()
        waiting = [reached.stored(KEY) for _ in range(3 * CONNECTIONS_COUNT)]
        raised = await asyncio.gather(*waiting, return_exceptions=True)
        assert {type(error) for error in raised} == {UnavailableError}
        assert time.monotonic() - began_s < REQUEST_LIMIT_S + SLACK_S
        forwarder.frozen = False  # for new connections; the threads have to give up the others
        assert await reached.stored(KEY) is None
        await reached.put(KEY, picture, WEBP)
        assert await content(reached, KEY) == PICTURE

    async def nothing_works(self, objects: S3Objects, picture: Path) -> None:
        for attempt in (
            objects.stored(KEY),
            objects.put(KEY, picture, WEBP),
            objects.copy(KEY, MOVED),
            objects.list("private", MEDIA),
            objects.delete([KEY]),
            content(objects, KEY),
        ):
            began_s = time.monotonic()
            with pytest.raises(UnavailableError):
                await attempt
            assert time.monotonic() - began_s < SLACK_S
        assert objects.signed_url(KEY, now_ms())
        assert await objects.upload_target(ORIGINAL, "image/png", 5, now_ms())
