"""Bodies that are too large, barely JSON, or called something else."""

import gzip
import zlib
from collections.abc import Iterator

import httpx2
import pytest

from tests.e2e.cast import Cast
from tests.e2e.world import World

MIB = 1 << 20


def login(world: World, body: bytes, **headers: str) -> httpx2.Response:
    return world.request(
        "POST", "/v1/sessions", content=body, headers={"Content-Type": "application/json", **headers}
    )


def code_of(response: httpx2.Response) -> tuple[int, str]:
    return response.status_code, response.json()["code"]


def test_a_body_of_a_mebibyte_and_one_byte_more(world: World) -> None:
    body = b'{"login":"nobody","password":"wrong password"}'
    assert code_of(login(world, body.ljust(MIB))) == (401, "bad_credentials")
    assert code_of(login(world, body.ljust(MIB + 1))) == (413, "body_too_large")
    assert code_of(login(world, body.ljust(9 * MIB))) == (413, "body_too_large")


def test_chunks_are_counted_too(world: World) -> None:
    body = b'{"login":"nobody","password":"wrong password"}'

    def chunks(size: int) -> Iterator[bytes]:
        yield body
        for _ in range((size - len(body)) // 4096):
            yield b" " * 4096
        yield b" " * ((size - len(body)) % 4096)

    headers = {"Content-Type": "application/json"}
    for size, status in ((MIB, 401), (MIB + 1, 413), (2 * MIB, 413)):
        response = world.http.post("/v1/sessions", content=chunks(size), headers=headers)
        assert response.status_code == status


NO_JSON = {
    "nothing": b"",
    "white space": b" \n",
    "a word": b"login",
    "half": b'{"login":"x"',
    "more behind": b'{"login":"x","password":"y"}{}',
    "a comma too many": b'{"login":"x","password":"y",}',
    "single quotes": b"{'login':'x','password':'y'}",
    "a comment": b'{"login":"x","password":"y"}//',
    "a byte order mark": b'\xef\xbb\xbf{"login":"x","password":"y"}',
    "UTF-16": '{"login":"x","password":"y"}'.encode("utf-16"),
    "UTF-32": '{"login":"x","password":"y"}'.encode("utf-32-le"),
    "Latin-1": '{"login":"é","password":"y"}'.encode("latin-1"),
    "overlong": b'{"login":"\xc0\xaf","password":"y"}',
    "a surrogate in bytes": b'{"login":"\xed\xa0\x80","password":"y"}',
    "NaN": b'{"login":"x","password":"y","z":NaN}',
    "infinity": b'{"login":"x","password":"y","z":-Infinity}',
    "an integer beyond all": b'{"login":"x","password":"y","z":' + b"9" * 5_000 + b"}",
    "a number beyond all": b'{"login":"x","password":"y","z":1e999}',
    "leading zeros": b'{"login":"x","password":"y","z":007}',
    "a control character": b'{"login":"x\ny","password":"y"}',
    "a bad escape": b'{"login":"\\x41","password":"y"}',
    "half an escape": b'{"login":"\\u12","password":"y"}',
    "deep lists": b"[" * 100_000 + b"]" * 100_000,
    "deep objects": b'{"a":' * 100_000 + b"1" + b"}" * 100_000,
    "deep inside": b'{"login":"x","password":"y","z":' + b"[" * 5_000 + b"]" * 5_000 + b"}",
    "unclosed and deep": b"[" * 500_000,
    "zeros": bytes(1000),
    "compressed": gzip.compress(b'{"login":"x","password":"y"}'),
}


@pytest.mark.parametrize("name", NO_JSON)
def test_what_is_no_json_is_malformed(world: World, name: str) -> None:
    assert code_of(login(world, NO_JSON[name])) == (400, "malformed")


NO_LOGIN = {
    "null": b"null",
    "a list": b"[]",
    "a text": b'"x"',
    "a number": b"1",
    "true": b"true",
    "an empty object": b"{}",
    "null values": b'{"login":null,"password":null}',
    "numbers": b'{"login":1,"password":2}',
    "lists": b'{"login":["x"],"password":["y"]}',
    "objects": b'{"login":{"$ne":""},"password":{"$gt":""}}',
    "NUL": b'{"login":"x\\u0000","password":"y"}',
    "a lone surrogate": b'{"login":"\\ud800","password":"y"}',
    "a surrogate in a name": b'{"\\udfff":1,"login":"x","password":"y"}',
    "names in capitals": b'{"LOGIN":"x","Password":"y"}',
    "a huge number": b'{"login":' + b"9" * 300 + b',"password":"y"}',
}


@pytest.mark.parametrize("name", NO_LOGIN)
def test_what_is_json_but_no_log_in_is_invalid(world: World, name: str) -> None:
    response = login(world, NO_LOGIN[name])
    assert code_of(response) == (422, "invalid")
    assert response.json()["errors"]


@pytest.mark.parametrize(
    "body",
    [
        b'{"login":"a","password":"x","login":"nobody","password":"wrong password"}',
        b'\t\r\n {"login":"nobody","password":"wrong password"} \n',
        b'{"login":"\\u006eobody","password":"wrong password","more":[{"a":[1.5e3,-0,true,null]}]}',
        b'{"login":"nobody","password":"wrong password","big":%s}' % (b"9" * 300),
        b'{"login":"nobody","password":"\\ud83d\\ude00 is a pair"}',
        b'{"login":"nobody","password":"x","z":' + b"[" * 100 + b"]" * 100 + b"}",
    ],
)
def test_what_is_unusual_json_is_read(world: World, body: bytes) -> None:
    assert code_of(login(world, body)) == (401, "bad_credentials")


@pytest.mark.parametrize(
    "content_type",
    ["application/json", "APPLICATION/JSON", "application/json; charset=utf-8", 'application/json;charset="UTF-8"',
     "application/json ; profile=x"],
)  # fmt: skip
def test_json_under_its_names(world: World, content_type: str) -> None:
    body = b'{"login":"nobody","password":"wrong password"}'
    assert login(world, body, **{"Content-Type": content_type}).status_code == 401


@pytest.mark.parametrize(
    "content_type",
    ["", "text/plain", "text/json", "application/jsonx", "application/x-www-form-urlencoded", "multipart/form-data",
     "application/json, text/plain", "application/json; charset=latin-1", "application/json; charset=utf-16",
     "application/merge-patch+json", "application/ld+json", "*/*", "application/*", "json", "application/json/x"],
)  # fmt: skip
def test_other_types_are_not_read(world: World, content_type: str) -> None:
    body = b'{"login":"nobody","password":"wrong password"}'
    response = login(world, body, **{"Content-Type": content_type})
    assert code_of(response) == (415, "unsupported_media_type")
    assert response.headers["Accept"] == "application/json"


def test_a_merge_patch_has_a_name_of_its_own(cast: Cast) -> None:
    for content_type in ("application/merge-patch+json", "application/json"):
        headers = {"Content-Type": content_type}
        assert cast.eve.request("PATCH", "/v1/me", content=b"{}", headers=headers).status_code == 200
    headers = {"Content-Type": "application/json-patch+json"}
    assert cast.eve.request("PATCH", "/v1/me", content=b"[]", headers=headers).status_code == 415


BOMB = zlib.compress(b" " * (50 * MIB))


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "br", "gzip, identity", "x", "aes128gcm"])
def test_encoded_bodies_are_not_unpacked(world: World, encoding: str) -> None:
    response = login(world, BOMB, **{"Content-Encoding": encoding})
    assert code_of(response) == (415, "unsupported_media_type")


def test_a_body_where_none_is_expected_is_not_read(cast: Cast) -> None:
    path = f"/v1/posts/{cast.posts[0]}/like"
    for body in (b"{", b"x" * (3 * MIB), bytes(1000)):
        headers = {"Content-Type": "text/plain"}
        assert cast.bob.request("PUT", path, content=body, headers=headers).status_code == 200


def test_what_comes_back_cannot_become_a_page(world: World) -> None:
    """Nothing that a client sends is repeated in a problem, and no answer is anything that a browser would run."""
    marker = "<script>alert(1)</script>"
    for response in (
        world.request("GET", "/v1/users/by-username/" + marker),
        world.request("GET", f"/v1/search/posts?q={'x' * 201}{marker}"),
        world.request("GET", f"/{marker}"),
        login(world, b'{"login":"<script>"}'),
        world.request("GET", f"/v1/feed?cursor={marker}"),
    ):
        assert response.status_code >= 400
        assert "<script>" not in response.text
        assert response.headers["content-type"] == "application/problem+json"
        assert "default-src 'none'" in response.headers["content-security-policy"]
