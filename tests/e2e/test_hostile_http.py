"""Bytes that are barely HTTP: each has an answer, and the server goes on."""

import socket
from collections.abc import Iterator

import httpx2
import orjson
import psutil
import pytest

from tests.e2e.cast import Cast
from tests.e2e.server import ServerProcess
from tests.e2e.world import World

MIB = 1 << 20
ANSWER_S = 10
HOST = b"Host: x\r\n"
JSON = b"Content-Type: application/json\r\n"
REFUSED = b"HTTP/1.1 400 "


@pytest.fixture
def line(server: ServerProcess) -> Iterator[socket.socket]:
    """A connection."""
    address = httpx2.URL(server.url)
    assert address.port is not None
    with socket.create_connection((address.host, address.port), ANSWER_S) as connection:
        yield connection


def answer(line: socket.socket) -> tuple[bytes, bytes]:
    """Status line and body of the next answer."""
    received = b""
    while b"\r\n\r\n" not in received:
        more = line.recv(65536)
        assert more, received
        received += more
    head, _, body = received.partition(b"\r\n\r\n")
    lengths = [one for one in head.lower().split(b"\r\n") if one.startswith(b"content-length:")]
    length = int(lengths[0].partition(b":")[2]) if lengths else 0
    while len(body) < length:
        more = line.recv(65536)
        assert more, received
        body += more
    return head.partition(b"\r\n")[0], body


def closed(line: socket.socket) -> bool:
    try:
        return line.recv(65536) == b""
    except ConnectionResetError:
        return True


def get(path: bytes = b"/healthz", *headers: bytes) -> bytes:
    return b"GET " + path + b" HTTP/1.1\r\n" + HOST + b"".join(headers) + b"\r\n"


def post(body: bytes, *headers: bytes) -> bytes:
    return b"POST /v1/sessions HTTP/1.1\r\n" + HOST + b"".join(headers) + b"\r\n" + body


NO_HTTP = {
    "nonsense": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(range(256)),
    "another protocol": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "another version": b"GET /healthz HTTP/9.9\r\n" + HOST + b"\r\n",
    "a method of no protocol": b"BREW /coffee HTTP/1.1\r\n" + HOST + b"\r\n",
    "a method in lower case": b"get /healthz HTTP/1.1\r\n" + HOST + b"\r\n",
    "a tunnel": b"CONNECT x:443 HTTP/1.1\r\n" + HOST + b"\r\n",
    "bytes in the path": get(b"/v1/tags/\xff\xfe/posts"),
    "a space in the path": get(b"/v1/tags/a b/posts"),
    "a header without a colon": get(b"/healthz", b"Foo\r\n"),
    "a space before the colon": get(b"/healthz", b"Foo : x\r\n"),
    "a folded header": get(b"/healthz", b"Foo: x\r\n y\r\n"),
    "NUL in a header": get(b"/healthz", b"Foo: a\0b\r\n"),
    "a bare CR in a header": get(b"/healthz", b"Foo: a\rX: b\r\n"),
    "only CR": b"GET /healthz HTTP/1.1\rHost: x\r\r",
    "only LF": b"GET /healthz HTTP/1.1\nHost: x\n\n",
    "a path of 100,000": get(b"/v1/tags/" + b"a" * 100_000 + b"/posts"),
    "a query of 100,000": get(b"/healthz?" + b"a" * 100_000),
    "a header of 100,000": get(b"/healthz", b"X: " + b"a" * 100_000 + b"\r\n"),
    "10,000 headers": get(b"/healthz", *(b"X%d: a\r\n" % number for number in range(10_000))),
    "101 headers": get(b"/healthz", *(b"X%d: a\r\n" % number for number in range(100))),
    "one header 40,000 times": get(b"/healthz", b"X: a\r\n" * 40_000),
    "two lengths": post(b"{}xxxx", JSON, b"Content-Length: 2\r\nContent-Length: 6\r\n"),
    "two equal lengths": post(b"{}", JSON, b"Content-Length: 2\r\nContent-Length: 2\r\n"),
    "a list of lengths": post(b"{}", JSON, b"Content-Length: 2, 2\r\n"),
    "a length and chunks": post(b"0\r\n\r\n", JSON, b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n"),
    "chunks, spelt oddly": post(b"0\r\n\r\n", JSON, b"Transfer-Encoding: xchunked\r\n"),
    "chunks before something else": post(b"0\r\n\r\n", JSON, b"Transfer-Encoding: chunked, identity\r\n"),
    "a negative length": post(b"", JSON, b"Content-Length: -1\r\n"),
    "a length with a sign": post(b"{}", JSON, b"Content-Length: +2\r\n"),
    "a length in hex": post(b"{}", JSON, b"Content-Length: 0x2\r\n"),
    "a length beyond numbers": post(b"{}", JSON, b"Content-Length: " + b"9" * 30 + b"\r\n"),
    "a broken chunk": post(b"ZZ\r\n{}\r\n0\r\n\r\n", JSON, b"Transfer-Encoding: chunked\r\n"),
    "a negative chunk": post(b"-2\r\n{}\r\n0\r\n\r\n", JSON, b"Transfer-Encoding: chunked\r\n"),
    "a chunk beyond numbers": post(b"f" * 20 + b"\r\n{}", JSON, b"Transfer-Encoding: chunked\r\n"),
    "a chunk with more than it says": post(b"1\r\n{}\r\n0\r\n\r\n", JSON, b"Transfer-Encoding: chunked\r\n"),
}


@pytest.mark.parametrize("name", NO_HTTP)
def test_what_is_no_http_is_refused_and_the_connection_closed(line: socket.socket, name: str) -> None:
    line.sendall(NO_HTTP[name])
    status, body = answer(line)
    assert status.startswith(REFUSED), status
    assert orjson.loads(body)["code"] == "malformed"
    assert closed(line)


ODD_BUT_FINE = {
    "no host": b"GET /healthz HTTP/1.1\r\n\r\n",
    "an absolute address": get(b"http://evil.example/healthz"),
    "empty lines before": b"\r\n\r\n" + get(),
    "a body": get(b"/healthz", b"Content-Length: 5\r\n") + b"hello",
    "an upgrade": get(b"/healthz", b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n"),
    "a web socket": get(
        b"/healthz", b"Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: x\r\n"
    ),
    "a host like an attack": b"GET /healthz HTTP/1.1\r\nHost: '><script>\r\n\r\n",
    "100 headers": get(b"/healthz", *(b"X%d: a\r\n" % number for number in range(99))),
    "a header of 30,000": get(b"/healthz", b"X: " + b"a" * 30_000 + b"\r\n"),
    "long chunk extensions": post(
        b"2;" + b"a" * 300 + b"\r\n{}\r\n0\r\n\r\n", JSON, b"Transfer-Encoding: chunked\r\n"
    ),
    "trailers": post(b"2\r\n{}\r\n0\r\nX: y\r\n\r\n", JSON, b"Transfer-Encoding: chunked\r\n"),
    "an expectation": post(b"", JSON, b"Content-Length: 2\r\nExpect: 200-ok\r\n") + b"{}",
}


@pytest.mark.parametrize("name", ODD_BUT_FINE)
def test_what_is_odd_is_answered_and_the_connection_kept(line: socket.socket, name: str) -> None:
    for _ in range(2):
        line.sendall(ODD_BUT_FINE[name])
        assert answer(line)[0] in (b"HTTP/1.1 200 OK", b"HTTP/1.1 422 Unprocessable Content",
                                   b"HTTP/1.1 422 Unprocessable Entity")  # fmt: skip


def test_a_client_that_waits_for_continue_is_asked_for_its_body(line: socket.socket) -> None:
    line.sendall(post(b"", JSON, b"Content-Length: 2\r\nExpect: 100-continue\r\n"))
    assert answer(line)[0] == b"HTTP/1.1 100 Continue"
    line.sendall(b"{}")
    assert b" 422 " in answer(line)[0]


def test_requests_in_a_row_are_answered_in_a_row(line: socket.socket) -> None:
    line.sendall(get() * 3 + get(b"/nothing") + get() + b"\0garbage\r\n\r\n")
    received = b""
    while more := line.recv(65536):
        received += more
    statuses = [part[:3] for part in received.split(b"HTTP/1.1 ")[1:]]
    # What was in flight when the garbage came may go without an answer, but nothing is answered twice or mixed up.
    assert statuses[-1] == b"400"
    assert statuses[:-1] == [b"200", b"200", b"200", b"404", b"200"][: len(statuses) - 1]


def test_a_body_that_trickles_holds_up_nobody(line: socket.socket, world: World) -> None:
    body = b'{"login":"nobody","password":"wrong password"}'
    line.sendall(post(b"", JSON, b"Content-Length: %d\r\n" % len(body)))
    for at in range(len(body)):
        line.sendall(body[at : at + 1])
        if at % 10 == 0:
            assert world.get("/healthz") == {"status": "ok"}
    assert b" 401 " in answer(line)[0]


def test_many_unfinished_requests_hold_up_nobody(server: ServerProcess, world: World) -> None:
    address = httpx2.URL(server.url)
    beginnings = (b"", b"GET", get()[:-2], post(b'{"login', JSON, b"Content-Length: 100\r\n"))
    lines = []
    for number in range(200):
        connection = socket.create_connection((address.host, address.port or 0), ANSWER_S)
        connection.sendall(beginnings[number % len(beginnings)])
        lines.append(connection)
    for _ in range(20):
        assert world.get("/readyz")["ready"] is True
    for connection in lines:
        connection.close()
    assert world.get("/healthz") == {"status": "ok"}


def test_a_client_that_goes_away_leaves_nothing(server: ServerProcess, cast: Cast) -> None:
    address = httpx2.URL(server.url)
    path = f"/v1/posts/{cast.posts[0]}/comments".encode()
    before = cast.bob.get(path.decode())
    head = (
        b"POST " + path + b" HTTP/1.1\r\n" + HOST + JSON + b"Authorization: Bearer " + cast.bob.token.encode()
    )
    for body in (b"", b'{"text":"half', b'{"text":"all of it"}'):
        with socket.create_connection((address.host, address.port or 0), ANSWER_S) as connection:
            connection.sendall(head + b"\r\nContent-Length: 21\r\n\r\n" + body)
    assert cast.bob.get(path.decode()) == before


def test_endless_heads_and_bodies_take_no_memory(server: ServerProcess, world: World) -> None:
    process = psutil.Process(server.pid)
    address = httpx2.URL(server.url)
    world.get("/healthz")
    before = process.memory_info().rss
    beginnings = (
        b"GET /",
        b"GET /healthz HTTP/1.1\r\nX: ",
        post(b"", JSON, b"Transfer-Encoding: chunked\r\n") + b"2;",
        post(b"2\r\n{}\r\n0\r\nX: ", JSON, b"Transfer-Encoding: chunked\r\n"),
    )
    for beginning in beginnings:
        with socket.create_connection((address.host, address.port or 0), ANSWER_S) as connection:
            sent = 0
            try:
                connection.sendall(beginning)
                while sent < 50 * MIB:
                    connection.sendall(b"a" * 65536)
                    sent += 65536
            except (ConnectionResetError, BrokenPipeError):
                pass
            assert sent < 50 * MIB
    assert process.memory_info().rss - before < 20 * MIB


def test_a_length_that_promises_too_much_is_refused_at_once(line: socket.socket) -> None:
    line.sendall(post(b"{", JSON, b"Content-Length: 999999999999999999\r\n"))
    status, body = answer(line)
    assert b" 413 " in status
    assert orjson.loads(body)["code"] == "body_too_large"
    assert closed(line)
