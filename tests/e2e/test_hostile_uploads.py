"""Uploads that go where they should not, and files that are not what they seem. The server outlives all of them."""

import hashlib
import io
import struct
import time
import zlib
from typing import Any

import httpx2
import psutil
import pytest
from PIL import Image

from stores.ports.objects import UploadGrant
from tests.e2e.forging import Secrets
from tests.e2e.server import ServerProcess
from tests.e2e.world import Person, World, picture, until
from tests.made_pictures import encoded, png, png_chunk, scene

MIB = 1 << 20
LIMIT_BYTES = 8 * MIB
GROWTH_BYTES = 96 * MIB
"""What the server's own process may take more after all of these files: it never decodes one."""


def declared(person: Person, content: bytes, content_type: str = "image/jpeg", **more: Any) -> Any:
    return person.declare(content, content_type, **more)


def put(
    world: World, url: str, content: bytes, content_type: str = "image/jpeg", **headers: str
) -> httpx2.Response:
    response = world.http.put(url, content=content, headers={"Content-Type": content_type, **headers})
    assert response.headers["x-content-type-options"] == "nosniff"
    return response


def tampered(url: str) -> dict[str, str]:
    path, _, query = url.partition("?")
    parameters = dict(part.split("=", 1) for part in query.split("&"))

    def having(**changes: str) -> str:
        return f"{path}?" + "&".join(f"{name}={value}" for name, value in (parameters | changes).items())

    def without(name: str) -> str:
        return f"{path}?" + "&".join(f"{key}={value}" for key, value in parameters.items() if key != name)

    media_id = path.split("/")[3]
    signature = parameters["signature"]
    return {
        "another's key": url.replace(media_id, str(int(media_id) + 1)),
        "larger": having(size=str(int(parameters["size"]) + 1)),
        "size spelt otherwise": having(size="0" + parameters["size"]),
        "another type": having(type="image/png"),
        "for longer": having(expires=str(int(parameters["expires"]) + 1)),
        "expires spelt otherwise": having(expires="0" + parameters["expires"]),
        "for ever": having(expires="9" * 12),
        "beyond time": having(expires="9" * 30),
        "no time": having(expires="x"),
        "cut": having(signature=signature[:-1]),
        "longer": having(signature=signature + "A"),
        "another first letter": having(signature=("B" if signature[0] == "A" else "A") + signature[1:]),
        "another last letter": having(signature=signature[:-1] + ("B" if signature[-1] == "A" else "A")),
        "in other letters": having(signature="%C3%A9" * 10),
        "empty": having(signature=""),
        **{f"no {name}": without(name) for name in parameters},
        "nothing": path,
        "moved": having(type=parameters["type"] + "%0A" + parameters["size"], size=""),
    }


@pytest.mark.embedded
def test_an_upload_url_is_good_for_what_it_says(world: World) -> None:
    ada = world.person("ada")
    content = picture()
    made = declared(ada, content)
    url = made["upload"]["url"]
    for name, wrong in tampered(url).items():
        assert put(world, wrong, content).status_code == 403, name
    ada.refused("POST", f"/v1/media/{made['media']['id']}/complete", 409, "upload_incomplete")
    assert put(world, url + "&more=1", content).status_code == 204


@pytest.mark.embedded
def test_an_upload_url_ends(world: World, secrets: Secrets) -> None:
    ada = world.person("ada")
    content = picture()
    media = declared(ada, content)["media"]
    key = f"originals/{media['id']}/original"
    now_ms = int(time.time() * 1000)
    for ago_ms, status in ((14 * 60_000, 204), (16 * 60_000, 403), (24 * 3_600_000, 403)):
        query, _ = secrets.signatures.upload(UploadGrant(key, "image/jpeg", len(content)), now_ms - ago_ms)
        assert put(world, f"/objects/{key}?{query}", content).status_code == status


@pytest.mark.embedded
def test_a_finished_upload_is_not_written_again(world: World) -> None:
    ada = world.person("ada")
    first, second = picture(colour=(1, 2, 3)), picture(colour=(9, 8, 7))
    assert len(first) == len(second)
    made = declared(ada, second)
    url, path = made["upload"]["url"], f"/v1/media/{made['media']['id']}"
    assert put(world, url, first).status_code == 204
    assert put(world, url, second).status_code == 204  # as often as needed, until it is complete
    ada.ok("POST", f"{path}/complete")
    until(lambda: ada.get(path)["status"] == "ready")
    assert put(world, url, first).status_code == 409
    ada.ok("POST", f"{path}/complete")
    ada.refused("POST", f"{path}/upload", 409, "conflict")
    assert ada.get(path)["status"] == "ready"
    ada.ok("DELETE", path, 204)
    until(lambda: put(world, url, first).status_code != 409)
    ada.refused("GET", path, 404, "not_found")


@pytest.mark.embedded
def test_a_body_of_another_size_is_not_taken(world: World) -> None:
    ada = world.person("ada")
    content = picture()
    made = declared(ada, content)
    url = made["upload"]["url"]
    sizes = {len(content) + 1: 413, 9 * MIB: 413, len(content) - 1: 400, 0: 400}
    for size, status in sizes.items():
        wrong = content[:size].ljust(size)
        assert put(world, url, wrong).status_code == status

        def pieces(body: bytes = wrong) -> Any:
            yield from (body[at : at + 65536] for at in range(0, len(body), 65536))

        chunked = world.http.put(url, content=pieces(), headers={"Content-Type": "image/jpeg"})
        assert chunked.status_code == status
    for wrong_type in ("image/png", "", "text/html", "multipart/form-data"):
        assert put(world, url, content, wrong_type).status_code == 415
    ada.refused("POST", f"/v1/media/{made['media']['id']}/complete", 409, "upload_incomplete")
    assert ada.get(f"/v1/media/{made['media']['id']}/upload") == {"state": "pending", "received": []}


@pytest.mark.embedded
def test_originals_are_for_nobody(world: World) -> None:
    ada = world.person("ada")
    content = picture()
    url = declared(ada, content)["upload"]["url"]
    put(world, url, content)
    for address in (url, url.partition("?")[0]):
        for method in ("GET", "HEAD", "POST", "DELETE", "PATCH"):
            response = world.http.request(method, address)
            assert (response.status_code, response.headers["Allow"]) == (405, "PUT")


@pytest.mark.parametrize(
    "path",
    ["../secrets.json", "public/../secrets.json", "public/1/../../../secrets.json", "public/1/..%2f..%2fsecrets.json",
     "public/1/%2e%2e/%2e%2e/secrets.json", "public//etc/passwd", "public/1/a.webp%00", "public/01/a.webp", "public/-1/a.webp",
     "public/1/a.webp/", "public/1/" + "a" * 65 + ".webp", "public/1/a.exe.webp", "secret/1/a.webp", "incoming/1/a", "",
     "public/1/a%0a.webp", "public/1/%E2%80%AE.webp", "public/1/a.WEBP"],
)  # fmt: skip
def test_a_path_that_is_no_key_names_nothing(world: World, path: str) -> None:
    for method in ("GET", "PUT"):
        response = world.http.request(
            method, httpx2.URL(f"{world.http.base_url}").copy_with(raw_path=b"/objects/" + path.encode())
        )
        assert response.status_code in (404, 400), path


@pytest.mark.embedded
def test_a_signed_picture_url_is_good_for_what_it_says(world: World, secrets: Secrets) -> None:
    ada = world.person("ada")
    media = ada.get(f"/v1/media/{ada.photo()}")
    url = media["renditions"]["thumb"]["url"]
    other = media["renditions"]["large"]["url"]
    path, _, _ = url.partition("?")
    key = path.removeprefix("/objects/")
    now_ms = int(time.time() * 1000)
    assert world.http.get(url).status_code == 200
    wrong = (
        path,
        f"{path}?{other.partition('?')[2]}",
        url.replace("audience=private", "audience=public"),
        url.replace("expires=1", "expires=2"),
        url[:-1],
        f"{path}?{secrets.signatures.fetch(key, 'private', now_ms - 11 * 60_000)}",
        f"{path}?{secrets.signatures.upload(UploadGrant(key, 'image/webp', 1), now_ms)[0]}",
    )
    for address in wrong:
        assert world.http.get(address).status_code == 403, address
    assert world.http.put(url, content=b"x").status_code == 405


# Files.


def many_frames() -> bytes:
    first = encoded(Image.new("P", (2, 2), 0), "GIF")
    frame = b"\x2c" + struct.pack("<HHHHB", 0, 0, 60_000, 60_000, 0) + b"\x02\x00"
    return first[:-1] + frame * 9_999 + b"\x3b"


def in_exif(payload: bytes) -> bytes:
    exif = Image.Exif()
    exif[0x010E] = payload.decode("latin-1")
    return encoded(scene(80, 60), "JPEG", exif=exif)


BOMB = zlib.compress(bytes(40 * MIB), 9)
PIXEL = png_chunk(b"IDAT", zlib.compress(bytes(2)))
JPEG, PNG = encoded(scene(), "JPEG"), encoded(scene(), "PNG")

FILES: dict[str, tuple[bytes, str, str | None]] = {
    "a JPEG cut in the middle": (JPEG[: len(JPEG) // 2], "image/jpeg", "corrupt"),
    "a JPEG of its first bytes": (JPEG[:30], "image/jpeg", "corrupt"),
    "a PNG cut in the middle": (PNG[: len(PNG) // 2], "image/png", "corrupt"),
    "100 megapixels": (encoded(Image.new("1", (10_000, 10_000)), "PNG"), "image/png", "too_many_pixels"),
    "pixels only in the header": (png(50_000, 50_000), "image/png", "too_many_pixels"),
    "2^62 pixels": (png(2**31 - 1, 2**31 - 1), "image/png", "too_many_pixels"),
    "a bomb in zTXt": (png(1, 1, png_chunk(b"zTXt", b"c\0\0" + BOMB), PIXEL), "image/png", "corrupt"),
    "a bomb in iTXt": (png(1, 1, png_chunk(b"iTXt", b"c\0\1\0\0\0" + BOMB), PIXEL), "image/png", "corrupt"),
    "a bomb in iCCP": (png(1, 1, png_chunk(b"iCCP", b"p\0\0" + BOMB), PIXEL), "image/png", "corrupt"),
    "10,000 frames": (many_frames(), "image/gif", None),
    "a PNG that is called a JPEG": (PNG, "image/jpeg", "type_mismatch"),
    "a JPEG that is called a WebP": (JPEG, "image/webp", "type_mismatch"),
    "a page": (b"<html><script>alert(1)</script></html>", "image/png", "unsupported"),
    "a drawing with a script": (b"<svg onload='alert(1)'/>", "image/png", "unsupported"),
    "an archive": (b"PK\x03\x04" + bytes(100), "image/jpeg", "unsupported"),
    "a program": (b"\x7fELF" + bytes(100), "image/gif", "unsupported"),
    "PostScript": (b"%!PS-Adobe-3.0 EPSF-3.0\n", "image/jpeg", "unsupported"),
    "a video that is called a photo": (b"\0\0\0\x18ftypisom\0\0\0\0isomavc1", "image/jpeg", "type_mismatch"),
    "one byte": (b"\xff", "image/jpeg", "unsupported"),
    "HEIC without a picture": (b"\0\0\0\x18ftypheic" + bytes(64), "image/heic", "unsupported"),
    "a script behind the picture": (JPEG + b"<script>alert(1)</script>" * 99, "image/jpeg", None),
    "a script in its description": (in_exif(b"<script>alert(1)</script>"), "image/jpeg", None),
    "pixels behind the picture": (png(1, 1, png_chunk(b"IDAT", BOMB)), "image/png", None),
}
"""Bytes, what they are declared as, and why they are rejected; None for what is fine after all."""


def sent(person: Person, content: bytes, content_type: str, **more: Any) -> str:
    """The path of a media whose upload is complete."""
    made = declared(person, content, content_type, **more)
    path = f"/v1/media/{made['media']['id']}"
    assert person.send(made["upload"], content).status_code == 204
    person.ok("POST", f"{path}/complete")
    return path


def judged(person: Person, path: str) -> Any:
    return until(lambda: (m := person.get(path))["status"] in ("ready", "rejected") and m)


def test_files_that_lie_are_rejected_and_the_server_is_unharmed(server: ServerProcess, world: World) -> None:
    ada = world.person("ada")
    process = psutil.Process(server.pid)
    ada.photo()
    before = process.memory_info().rss
    paths = {name: sent(ada, content, kind) for name, (content, kind, _) in FILES.items()}
    paths["another hash"] = sent(ada, JPEG, "image/jpeg", sha256=hashlib.sha256(b"x").hexdigest())
    reasons = {name: reason for name, (_, _, reason) in FILES.items()} | {"another hash": "hash_mismatch"}
    for name, path in paths.items():
        media = judged(ada, path)
        assert media["reason"] == reasons[name], name
        assert (media["status"] == "rejected") == (reasons[name] is not None), name
        if media["status"] == "rejected":
            assert (media["renditions"], media["width"], media["blurhash"]) == ({}, None, None)
            body = {"media_ids": [media["id"]]}
            ada.refused("POST", "/v1/posts", 409, "media_not_ready", json=body)
        else:
            assert_harmless(world, media)
    assert world.get("/readyz")["ready"] is True
    assert process.memory_info().rss - before < GROWTH_BYTES
    until(lambda: not process.children())
    assert ada.photo()  # and an honest one still goes through


def assert_harmless(world: World, media: Any) -> None:
    for rendition in media["renditions"].values():
        response = world.http.get(rendition["url"])
        assert response.headers["content-type"] == "image/webp"
        if rendition["url"].startswith("/"):  # else it comes from another origin
            assert "sandbox" in response.headers["content-security-policy"]
        assert b"script" not in response.content
        assert Image.open(io.BytesIO(response.content)).format == "WEBP"


@pytest.mark.parametrize(
    ("change", "field"),
    [({"type": "video"}, "type"), ({"content_type": "image/svg+xml"}, "content_type"),
     ({"content_type": "IMAGE/PNG"}, "content_type"),
     ({"content_type": "image/png; charset=x"}, "content_type"), ({"content_type": "video/mp4"}, "content_type"),
     ({"size_bytes": 0}, "size_bytes"), ({"size_bytes": -1}, "size_bytes"), ({"size_bytes": LIMIT_BYTES + 1}, "size_bytes"),
     ({"size_bytes": 1 << 63}, "size_bytes"), ({"size_bytes": 1 << 64}, "size_bytes"), ({"size_bytes": "1"}, "size_bytes"),
     ({"size_bytes": 1.5}, "size_bytes"), ({"size_bytes": True}, "size_bytes"), ({"sha256": "0" * 63}, "sha256"),
     ({"sha256": "0" * 65}, "sha256"), ({"sha256": "g" * 64}, "sha256"), ({"sha256": "0" * 64 + "\n"}, "sha256"),
     ({"sha256": "\u0660" * 64}, "sha256"), ({"filter": "None"}, "filter"), ({"filter": 0}, "filter")],
)  # fmt: skip
def test_what_cannot_be_declared(world: World, change: dict[str, Any], field: str) -> None:
    ada = world.person("ada")
    good = {"type": "photo", "content_type": "image/png", "size_bytes": LIMIT_BYTES, "sha256": "aB" * 32}
    ada.ok("POST", "/v1/media", 201, json=good)
    code = "too_large" if change == {"size_bytes": LIMIT_BYTES + 1} else "invalid"
    problem = ada.refused("POST", "/v1/media", 422, code, json=good | change)
    assert [error["field"] for error in problem["errors"]] == [field]
