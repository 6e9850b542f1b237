"""Texts at the edges of their limits and hard to count: code points after NFC, no NUL, no half characters."""

import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import httpx2
import orjson
import pytest

from tests.e2e.server import ServerProcess
from tests.e2e.stage import Stage, error_of
from tests.e2e.world import PASSWORD

MAX_MARKS = 30


@dataclass(frozen=True)
class Field:
    """A text that a request has: how to send one, and where it comes back, if it does."""

    minimum: int
    maximum: int
    send: Callable[[Stage, bytes], httpx2.Response]
    path: tuple[str, ...]


def sending(
    method: str, path: Callable[[Stage], str], template: str
) -> Callable[[Stage, bytes], httpx2.Response]:
    """`template` is the body with `@` for the text."""

    def send(stage: Stage, text: bytes) -> httpx2.Response:
        content = template.encode().replace(b"@", b'"' + text + b'"')
        return stage.person.request(
            method, path(stage), content=content, headers={"Content-Type": "application/json"}
        )

    return send


def to_me(name: str) -> Callable[[Stage, bytes], httpx2.Response]:
    return sending("PATCH", lambda stage: "/v1/me", f'{{"{name}":@}}')


FIELDS = {
    "display name": Field(0, 64, to_me("display_name"), ("display_name",)),
    "bio": Field(0, 150, to_me("bio"), ("bio",)),
    "location": Field(0, 128, to_me("location"), ("location",)),
    "caption": Field(0, 2200, sending("PATCH", lambda stage: stage.post, '{"caption":@}'), ("caption",)),
    "place": Field(
        1,
        128,
        sending("PATCH", lambda stage: stage.post, '{"place":{"name":@,"latitude":1,"longitude":2}}'),
        ("place", "name"),
    ),
    "comment": Field(
        1,
        2200,
        sending("POST", lambda stage: f"{stage.post}/comments", '{"text":@}'),
        ("text",),
    ),
    "changed comment": Field(1, 2200, sending("PATCH", lambda stage: stage.comment, '{"text":@}'), ("text",)),
    "alt text": Field(
        0, 1000, sending("PATCH", lambda stage: f"/v1/media/{stage.media}", '{"alt_text":@}'), ("alt_text",)
    ),
    "alt text of a new file": Field(
        0,
        1000,
        sending(
            "POST",
            lambda stage: "/v1/media",
            f'{{"type":"photo","content_type":"image/png","size_bytes":1,"sha256":"{"0" * 64}","alt_text":@}}',
        ),
        ("media", "alt_text"),
    ),
}


def told(response: httpx2.Response, path: tuple[str, ...]) -> Any:
    assert response.status_code in (200, 201), response.text
    found = response.json()
    for name in path:
        found = found[name]
    return found


@pytest.mark.parametrize("name", FIELDS)
@pytest.mark.parametrize("character", ["a", "\u00e9", "\u4e2d", "\U0001f600", "\u200d"])
def test_a_text_at_its_edges(stage: Stage, name: str, character: str) -> None:
    field = FIELDS[name]
    for count in (field.minimum, field.maximum):
        text = character * count
        assert told(field.send(stage, text.encode()), field.path) == text
    assert error_of(field.send(stage, (character * (field.maximum + 1)).encode())) == "too_long"
    assert error_of(field.send(stage, (character * (4 * field.maximum + 1)).encode())) == "too_long"
    if field.minimum:
        assert error_of(field.send(stage, b"")) == "too_short"


@pytest.mark.parametrize("name", FIELDS)
def test_code_points_are_counted_after_composing(stage: Stage, name: str) -> None:
    field = FIELDS[name]
    two_for_one = "e\u0301" * field.maximum
    assert told(field.send(stage, two_for_one.encode()), field.path) == "\u00e9" * field.maximum
    assert error_of(field.send(stage, (two_for_one + "e\u0301").encode())) == "too_long"
    one_for_two = "\u0958" * (field.maximum // 2)  # composed characters that NFC takes apart
    assert told(field.send(stage, one_for_two.encode()), field.path) == unicodedata.normalize(
        "NFC", one_for_two
    )
    assert error_of(field.send(stage, (one_for_two + "\u0958").encode())) == "too_long"


@pytest.mark.parametrize("name", FIELDS)
def test_what_cannot_be_kept_is_refused(stage: Stage, name: str) -> None:
    field = FIELDS[name]
    for text in (rb"\u0000", b"a\\u0000b"):
        assert error_of(field.send(stage, text)) == "nul"
    for text in (rb"\ud800", rb"\udfff", rb"\ude00\ud83d", rb"a\udc00b"):
        assert error_of(field.send(stage, text)) == "lone_surrogate"
    assert told(field.send(stage, rb"\ud83d\ude00"), field.path) == "\U0001f600"
    marks = "a" + "\u0301\u0323" * (MAX_MARKS // 2)
    assert told(field.send(stage, marks.encode()), field.path) == unicodedata.normalize("NFC", marks)
    assert error_of(field.send(stage, (marks + "\u0323").encode())) == "too_many_marks"
    for wrong in (b'":1,"x":"', b'":null,"x":"'):
        field.send(stage, wrong)  # whatever it says, it says it with 2xx or 4xx


ODD_TEXTS = (
    "\u202egnp.exe", "\u200b", "\ufeff", "\u2028\u2029", "a\r\nX-Injected: yes", "\x1b[2J\x1b[31m", "\x7f\x08\x01",
    "\ufffd\uffff\U0010ffff",
    "<script>alert(1)</script>", "'; DROP TABLE posts; --", "{{7*7}}${7*7}#{7*7}", "../../../etc/passwd", "%s%n%x",
    "\\u0000", "\\",
    "\U0001f469\u200d\U0001f469\u200d\U0001f466", "\u1e9b\u0323", "\u05e9\u05dc\u05d5\u05dd", "\ud55c\u1112\u1161\u11ab",
    "NULL", "=1+1",
)  # fmt: skip


def test_odd_texts_come_back_as_they_are(stage: Stage) -> None:
    ada = stage.person
    for text in ODD_TEXTS:
        wanted = unicodedata.normalize("NFC", text)
        for name in ("caption", "comment", "bio", "alt text"):
            field = FIELDS[name]
            assert told(field.send(stage, orjson.dumps(text)[1:-1]), field.path) == wanted, text
        assert ada.get(stage.post)["caption"] == wanted
        assert ada.get("/v1/me")["bio"] == wanted
        assert ada.get(f"{stage.post}/comments?order=newest&limit=1")["items"][0]["text"] == wanted


def test_the_log_has_a_line_for_each_record_and_nobodys_secrets(stage: Stage, server: ServerProcess) -> None:
    ada = stage.person
    for text in ODD_TEXTS:
        ada.request("GET", "/v1/search/posts", params={"q": f"{text} lemming"})
        ada.request("POST", "/v1/sessions", json={"login": f"{text}lemming", "password": "x" + PASSWORD})
    lines = server.log_path.read_bytes().splitlines()
    assert all(orjson.loads(line)["event"] for line in lines)
    logged = b"\n".join(lines).replace(server.url.encode(), b"")
    for secret in (
        PASSWORD,
        ada.token,
        ada.refresh_token,
        ada.username,
        "lemming",
        "X-Injected",
        "127.0.0.1:",
    ):
        assert secret.encode() not in logged
