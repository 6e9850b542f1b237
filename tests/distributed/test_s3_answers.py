"""Answers of an S3 store, or of what stands before it, that say nothing: the store is away, whatever the library makes of them."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from stores.ports.errors import UnavailableError
from stores.s3.connection import CONNECTIONS_COUNT, S3Address
from stores.s3.objects import S3Objects
from tests.contract.objects import KEY, MEDIA, MOVED, WEBP, content
from tests.services.ports import HOST

XML = "application/xml"
FAILED = b"<Error><Code>InternalError</Code><Message>try again</Message></Error>"
"""S3 answers so with status 200 when it has begun to answer before it knew."""
LONGER_THAN_ANYBODY_WAITS_S = 30
PART_BYTES = 5 << 20

Answer = tuple[int, dict[str, str], bytes]
STORED: Answer = (
    200,
    {
        "Content-Length": "7",
        "ETag": '"e"',
        "Last-Modified": "Mon, 30 Nov 2026 12:00:00 GMT",
        "Content-Type": WEBP,
    },
    b"",
)


class Store(ThreadingHTTPServer):
    """Answers with what it was told by the method and the beginning of the query, else that an object is there."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__((HOST, 0), _Handler)
        self.answers: dict[str, Answer] = {}


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Store

    def do_HEAD(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"] or 0))
        asked = f"{self.command} {self.path.partition('?')[2]}"
        found = (answer for beginning, answer in self.server.answers.items() if asked.startswith(beginning))
        status, headers, body = next(found, STORED)
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    do_DELETE = do_GET = do_POST = do_PUT = do_HEAD  # noqa: N815  # the server looks for these names

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def store() -> Iterator[Store]:
    with Store() as found:
        thread = Thread(target=found.serve_forever)
        thread.start()
        yield found
        found.shutdown()
        thread.join()


@pytest.fixture
def objects(store: Store) -> Iterator[S3Objects]:
    endpoint = f"http://{HOST}:{store.server_port}"
    made = S3Objects(S3Address(endpoint, endpoint, "key", "secret"))
    yield made
    made.close()


@contextmanager
def unreadable() -> Iterator[None]:
    with pytest.raises(UnavailableError, match="an answer that cannot be read"):
        yield


async def test_a_store_that_says_when_to_come_back_holds_nobody_up(store: Store, objects: S3Objects) -> None:
    later = {"Retry-After": str(LONGER_THAN_ANYBODY_WAITS_S)}
    store.answers["HEAD"] = (503, later, b"")
    asked = await asyncio.gather(
        *(objects.stored(KEY) for _ in range(CONNECTIONS_COUNT)), return_exceptions=True
    )
    assert {type(answer) for answer in asked} == {UnavailableError}
    del store.answers["HEAD"]
    assert await objects.stored(KEY)


async def test_a_copy_that_failed_after_it_was_answered(store: Store, objects: S3Objects) -> None:
    store.answers["PUT"] = (200, {"Content-Type": XML}, FAILED)
    with unreadable():
        await objects.copy(KEY, MOVED)


@pytest.mark.parametrize("kind", ["text/html; charset=latin-1", XML])
async def test_a_page_of_a_proxy(store: Store, objects: S3Objects, kind: str) -> None:
    store.answers["GET"] = (502, {"Content-Type": kind}, "geht gerade nicht, schöne Grüße".encode("latin-1"))
    with unreadable():
        await content(objects, KEY)
    with unreadable():
        await objects.list("private", MEDIA)


async def test_what_is_not_even_xml(store: Store, objects: S3Objects) -> None:
    store.answers["GET"] = (502, {"Content-Type": XML}, b"bad gateway")
    with unreadable():
        await content(objects, KEY)


async def test_a_file_in_parts_of_which_nothing_was_made(
    store: Store, objects: S3Objects, tmp_path: Path
) -> None:
    begun = b"<InitiateMultipartUploadResult><UploadId>u</UploadId></InitiateMultipartUploadResult>"
    store.answers["POST uploads"] = (200, {"Content-Type": XML}, begun)
    store.answers["POST uploadId"] = (200, {"Content-Type": XML}, FAILED)
    store.answers["PUT"] = (200, {"ETag": '"part"'}, b"")
    (tmp_path / "long").write_bytes(bytes(PART_BYTES + 1))
    with unreadable():
        await objects.put(KEY, tmp_path / "long", WEBP)
