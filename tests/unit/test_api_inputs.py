"""Bodies and queries: whatever comes in is answered with 400, 413, 415 or 422, and says which field is wrong."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.bodies import MAX_BODY_BYTES
from api.inputs import parsed_body, read_parameters
from api.models import rfc3339
from api.problems import ProblemError
from tests.unit.api_app import ADA, NewThing, World, raw_request

JSON = ADA | {"Content-Type": "application/json"}
RAW = [(b"authorization", b"Bearer ada"), (b"content-type", b"application/json")]


async def posted(
    body: bytes | str, content_type: str | None = "application/json"
) -> tuple[int, dict[str, object]]:
    headers = ADA if content_type is None else ADA | {"Content-Type": content_type}
    async with World().client() as client:
        response = await client.post("/v1/things", content=body, headers=headers)
    found: dict[str, object] = response.json()
    if response.status_code >= 400:
        assert response.headers["content-type"] == "application/problem+json"
        assert found["status"] == response.status_code
    return response.status_code, found


def errors(found: dict[str, object]) -> list[tuple[str, str]]:
    listed = found["errors"]
    assert isinstance(listed, list)
    return [(error["field"], error["code"]) for error in listed]


async def test_a_body() -> None:
    status, found = await posted('{"name": "Zoe\u0308", "unknown": [1], "owner_id": "9223372036854775807"}')
    assert (status, found["name"]) == (201, "Zoë")


@pytest.mark.parametrize(
    ("content_type", "accepted"),
    [
        ("application/json", True), ("Application/JSON; charset=UTF-8", True), ('application/json;charset="utf-8"', True),
        ("application/json; charset=utf-16", False), ("text/plain", False), ("application/merge-patch+json", False),
        ("application/json-patch+json", False), ("multipart/form-data; boundary=x", False), ("", False), (None, False),
        ("application/jsonx", False), ("*/*", False),
    ],
)  # fmt: skip
async def test_media_types(content_type: str | None, accepted: bool) -> None:
    status, found = await posted('{"name": "a"}', content_type)
    assert (status, found.get("code")) == ((201, None) if accepted else (415, "unsupported_media_type"))


async def test_encoded_bodies_are_refused() -> None:
    async with World().client() as client:
        response = await client.post("/v1/things", content=b"x", headers=JSON | {"Content-Encoding": "gzip"})
        same = await client.post(
            "/v1/things", content=b'{"name":"a"}', headers=JSON | {"Content-Encoding": "identity"}
        )
    assert (response.status_code, same.status_code) == (415, 201)


@pytest.mark.parametrize(
    "body",
    [
        b"", b" ", b"{", b'{"name":"a"} x', b"{'name':'a'}", b'{"name":"a",}', b'{"name":"\xff"}', b'\xef\xbb\xbf{"name":"a"}',
        b'{"name":"\xed\xa0\x80"}', b'{"name":"a","size":NaN}', b'{"name":"a","x":NaN}', b'{"name":"a","x":Infinity}',
        b"[" * 100_000, b'{"a":' * 100_000, b'{"name":"a","x":' + b"[" * 900 + b"]" * 900 + b"}",
        b'{"name":"a","size":' + b"9" * 100_000 + b"}", b'{"name":"a\x00"}', b'{"name":"a\nb"}', b'"\\ud800',
        '{"name":"a"}'.encode("utf-16"), '{"name":"a"}'.encode("utf-32"), b'{"name":"\\uZZZZ"}', b"1e400",
        b'{"name":"a","weight":1e400}',
    ],
)  # fmt: skip
async def test_what_is_not_json_is_malformed(body: bytes) -> None:
    status, found = await posted(body)
    assert (status, found["code"]) == (400, "malformed")


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("{}", [("name", "missing")]),
        ("[]", [("", "wrong_type")]),
        ("null", [("", "wrong_type")]),
        ('"name"', [("", "wrong_type")]),
        ('{"name": 1}', [("name", "wrong_type")]),
        ('{"name": null}', [("name", "wrong_type")]),
        ('{"name": ""}', [("name", "too_short")]),
        ('{"name": "abcdefghijk"}', [("name", "too_long")]),
        ('{"name": "a\\u0000"}', [("name", "nul")]),
        ('{"name": "\\ud800"}', [("", "lone_surrogate")]),
        ('{"name": "a", "x": "\\udc00\\ud800"}', [("", "lone_surrogate")]),
        ('{"name": "a", "size": "5"}', [("size", "wrong_type")]),
        ('{"name": "a", "size": 1.5}', [("size", "wrong_type")]),
        ('{"name": "a", "size": true}', [("size", "wrong_type")]),
        ('{"name": "a", "owner_id": 5}', [("owner_id", "bad_id")]),
        ('{"name": "a", "owner_id": "0"}', [("owner_id", "bad_id")]),
        ('{"name": "a", "owner_id": "9223372036854775808"}', [("owner_id", "bad_id")]),
        ('{"name": "", "size": "x"}', [("name", "too_short"), ("size", "wrong_type")]),
    ],
)
async def test_what_is_not_valid_names_its_fields(body: str, expected: list[tuple[str, str]]) -> None:
    status, found = await posted(body)
    assert (status, found["code"], errors(found)) == (422, "invalid", expected)


async def test_the_last_of_two_members_counts() -> None:
    assert (await posted('{"name": "a", "name": "b"}'))[1]["name"] == "b"


async def test_no_problem_repeats_what_was_sent() -> None:
    for body in (
        '{"name": "secret-word-of-ada"}',
        '{"name": "a", "size": "secret-word-of-ada"}',
        "secret-word-of-ada",
    ):
        assert "secret" not in json.dumps((await posted(body))[1])


@given(st.binary(max_size=200))
def test_no_bytes_do_harm(body: bytes) -> None:
    with pytest.raises(ProblemError) as caught:
        parsed_body(NewThing, body)
    assert caught.value.kind.status in (400, 422)
    caught.value.body()


def padded(size: int) -> bytes:
    return b'{"name":"a"}' + b" " * (size - 12)


async def test_a_body_of_the_largest_size() -> None:
    assert (await posted(padded(MAX_BODY_BYTES)))[0] == 201


async def test_a_larger_body_is_read_to_its_end_and_refused() -> None:
    status, found = await posted(padded(MAX_BODY_BYTES + 1))
    assert (status, found["code"]) == (413, "body_too_large")
    chunks = [b" " * 65536] * 17
    response = await raw_request(World().app(), "POST", "/v1/things", headers=RAW, chunks=chunks)
    assert (response.status, response.received_count) == (413, 17)
    assert b"connection" not in response.headers


async def test_an_endless_body_is_cut_off() -> None:
    lying = [*RAW, (b"content-length", b"5")]
    for headers in (RAW, lying):
        chunks = (b" " * 65536 for _ in range(1000))
        response = await raw_request(World().app(), "POST", "/v1/things", headers=headers, chunks=chunks)
        assert (response.status, response.headers[b"connection"]) == (413, b"close")
        assert response.received_count == 129


async def test_a_body_that_says_it_is_huge_is_not_read() -> None:
    headers = [*RAW, (b"content-length", b"99999999999")]
    response = await raw_request(World().app(), "POST", "/v1/things", headers=headers)
    assert (response.status, response.received_count) == (413, 0)


@pytest.mark.parametrize("length", [b"-1", b"x", b"1" * 30, b"1, 1", "²".encode("latin-1")])
async def test_a_length_that_is_none(length: bytes) -> None:
    headers = [*RAW, (b"content-length", length)]
    response = await raw_request(World().app(), "POST", "/v1/things", headers=headers)
    assert response.status == 400


async def test_a_client_that_goes_away() -> None:
    world = World()
    response = await raw_request(world.app(), "POST", "/v1/things", headers=RAW, chunks=())
    assert response.status == 0
    assert world.observed == [("/v1/things", "POST", 499)]


async def test_a_merge_patch_tells_absent_from_null() -> None:
    async with World().client() as client:
        for body, name in (
            ('{"name": null}', "['name'] None"),
            ("{}", "[] None"),
            ('{"name":"b"}', "['name'] b"),
        ):
            response = await client.patch(
                "/v1/things/7", content=body, headers=ADA | {"Content-Type": "application/merge-patch+json"}
            )
            assert response.json()["name"] == name
        nothing = await client.patch("/v1/things/7", headers=ADA)
        assert nothing.json()["name"] == "[] None"


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("limit=0", "out_of_range"), ("limit=101", "out_of_range"), ("limit=-1", "wrong_type"), ("limit=", "wrong_type"),
        ("limit=1.0", "wrong_type"), ("limit=%2B1", "wrong_type"), ("limit=%C2%B2", "wrong_type"), ("limit=1_0", "wrong_type"),
        (f"limit={'9' * 5000}", "wrong_type"), ("limit=1&limit=1", "repeated"), ("order=sideways", "not_allowed"),
        ("order=oldest&order=oldest", "repeated"), ("word=", "too_short"), ("word=abcdef", "too_long"), ("word=%00", "nul"),
        ("ids=", "bad_id"), ("ids=1,x", "bad_id"), ("ids=1,,2", "bad_id"), ("ids=1&ids=0", "bad_id"),
        (f"ids={','.join(map(str, range(1, 52)))}", "too_long"),
    ],
)  # fmt: skip
async def test_queries_that_are_not_valid(query: str, code: str) -> None:
    async with World().client() as client:
        response = await client.get(f"/v1/things?{query}", headers=ADA)
    assert response.status_code == 422
    assert errors(response.json()) == [(query.partition("=")[0], code)]


@pytest.mark.parametrize(
    "query",
    ["limit=1", "limit=100", "nothing=1&nothing=2", "ids=1,2&ids=3", "word=%C3%A9", "&&", "=", "limit=007"],
)
async def test_queries_that_are(query: str) -> None:
    async with World().client() as client:
        assert (await client.get(f"/v1/things?{query}", headers=ADA)).status_code == 200


@pytest.mark.parametrize(
    "query", [b"word=%FF", b"word=\xff", b"a=%ED%A0%80", b"&".join([b"a=1"] * 101), b"a" * 9000]
)
async def test_queries_that_cannot_be_read(query: bytes) -> None:
    response = await raw_request(
        World().app(), "GET", "/v1/things", query=query, headers=[(b"authorization", b"Bearer ada")]
    )
    assert (response.status, json.loads(response.body)["code"]) == (400, "malformed")


@given(st.binary(max_size=100))
def test_no_query_does_harm(query: bytes) -> None:
    try:
        read_parameters(query)
    except ProblemError as error:
        assert error.kind.status == 400  # noqa: PT017


def test_times() -> None:
    assert rfc3339(1_795_251_600_000) == "2026-11-21T09:00:00.000Z"
    assert rfc3339(1_795_251_600_999) == "2026-11-21T09:00:00.999Z"
