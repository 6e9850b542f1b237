"""Photos as clients meet them: declared, sent, looked at, and fetched by those who may."""

import io

from PIL import Image

from api.media import DeclaredMedia, Upload, UploadState
from api.media_json import Media
from tests.e2e.world import Person, World, picture, until

LIMIT_BYTES = 8 * 1024 * 1024
FOREVER = "public, max-age=86400, immutable"


def fetched(person: Person, post_id: str) -> list[tuple[str, str]]:
    """URL and cache rule of each rendition of a post; all of them are pictures that anybody with the URL gets."""
    (media,) = person.get(f"/v1/posts/{post_id}")["media"]
    found = []
    for rendition in media["renditions"].values():
        response = person.world.http.get(rendition["url"])
        assert response.status_code == 200
        assert response.headers["content-type"] == rendition["content_type"] == "image/webp"
        assert len(response.content) == rendition["size_bytes"]
        assert Image.open(io.BytesIO(response.content)).size == (rendition["width"], rendition["height"])
        found.append((rendition["url"], response.headers["cache-control"]))
    return found


def test_a_photo_from_declaration_to_deletion(world: World) -> None:
    ada = world.person("ada")
    content = picture(2000, 1000)
    declared = ada.declare(content, alt_text="A cat", filter="sepia", focal_point={"x": 0.5, "y": -1})
    DeclaredMedia.model_validate(declared)
    upload, path = declared["upload"], f"/v1/media/{declared['media']['id']}"
    assert declared["media"]["status"] == "pending"
    assert (upload["kind"], upload["expires_in"] > 60) == ("single", True)
    ada.refused("POST", f"{path}/complete", 409, "upload_incomplete")
    assert ada.get(f"{path}/upload") == {"state": "pending", "received": []}
    again = ada.ok("POST", f"{path}/upload")
    Upload.model_validate(again)
    assert ada.send(again, content).status_code == 204
    state = ada.get(f"{path}/upload")
    UploadState.model_validate(state)
    assert state["received"] == [{"number": 1, "size_bytes": len(content)}]
    completed = ada.request("POST", f"{path}/complete")
    assert (completed.status_code, completed.json()["status"]) == (200, "uploaded")
    assert completed.headers["Retry-After"] == "1"
    media = until(lambda: (m := ada.get(path))["status"] == "ready" and m)
    Media.model_validate(media)
    assert (media["width"], media["height"], media["filter"], media["alt_text"]) == (
        2000,
        1000,
        "sepia",
        "A cat",
    )
    sizes = {name: (r["width"], r["height"]) for name, r in media["renditions"].items()}
    assert sizes == {"thumb": (150, 75), "small": (320, 160), "medium": (640, 320), "large": (1080, 540)}
    assert ada.ok("POST", f"{path}/complete")["status"] == "ready"
    ada.refused("POST", f"{path}/upload", 409, "conflict")
    assert ada.send(again, content).status_code in (204, 409)  # a store elsewhere does not know
    patched = ada.ok("PATCH", path, json={"alt_text": None, "focal_point": {"x": 0}})
    assert (patched["alt_text"], patched["focal_point"]) == ("", {"x": 0.0, "y": -1.0})
    assert ada.get(path)["focal_point"] == {"x": 0.0, "y": -1.0}
    url = media["renditions"]["large"]["url"]
    assert world.http.get(url).headers["cache-control"].startswith("private")
    ada.ok("DELETE", path, 204)
    ada.refused("GET", path, 404, "not_found")
    until(lambda: world.http.get(url).status_code == 404)


def test_a_photo_is_its_owners_alone(world: World) -> None:
    ada, bob = world.person("ada"), world.person("bob")
    path = f"/v1/media/{ada.photo()}"
    for method, rest in (
        ("GET", ""),
        ("DELETE", ""),
        ("POST", "/complete"),
        ("GET", "/upload"),
        ("POST", "/upload"),
    ):
        bob.refused(method, path + rest, 404, "not_found")
        assert world.request(method, path + rest).status_code == 401
    bob.refused("PATCH", path, 404, "not_found", json={"alt_text": "mine"})


def test_files_that_are_not_what_was_declared(world: World) -> None:
    ada = world.person("ada")
    content = picture()
    assert ada.uploaded(content, "image/png")["reason"] == "type_mismatch"
    assert ada.uploaded(content, sha256="00" * 32)["reason"] == "hash_mismatch"
    assert ada.uploaded(b"no picture at all")["reason"] == "unsupported"
    assert ada.uploaded(content[: len(content) // 2])["reason"] == "corrupt"
    declared = ada.declare(content)
    for other in (content + b"!", content[:-1]):
        assert ada.send(declared["upload"], other).status_code in (400, 413)
    ada.refused("POST", f"/v1/media/{declared['media']['id']}/complete", 409, "upload_incomplete")


def test_what_is_refused_at_once(world: World) -> None:
    ada = world.person("ada")
    good = {"type": "photo", "content_type": "image/jpeg", "size_bytes": LIMIT_BYTES, "sha256": "AB" * 32}
    assert ada.ok("POST", "/v1/media", 201, json=good)["media"]["size_bytes"] == LIMIT_BYTES
    too_large = ada.refused(
        "POST", "/v1/media", 422, "too_large", json=good | {"size_bytes": LIMIT_BYTES + 1}
    )
    assert too_large["errors"][0]["field"] == "size_bytes"
    for wrong in (
        {"type": "video"}, {"content_type": "image/svg+xml"}, {"size_bytes": 0}, {"size_bytes": 1 << 70}, {"size_bytes": 1.5},
        {"sha256": "ab" * 31}, {"sha256": "zz" * 32}, {"filter": "blur"}, {"focal_point": {"x": 1.01, "y": 0}},
        {"focal_point": {"x": 1}}, {"alt_text": "x" * 1001}, {"alt_text": "\0"},
    ):  # fmt: skip
        refused = ada.refused("POST", "/v1/media", 422, "invalid", json=good | wrong)
        assert refused["errors"][0]["field"].startswith(next(iter(wrong)))


def test_renditions_of_a_public_post(world: World) -> None:
    ada = world.person("ada")
    post_id = ada.post("for all")
    assert {rule for _, rule in fetched(ada, post_id)} == {FOREVER}
    lasting = until(lambda: (f := fetched(ada, post_id)) and all("?" not in url for url, _ in f) and f)
    assert {rule for _, rule in lasting} == {FOREVER}
    assert fetched(ada, post_id) == lasting


def test_a_post_that_stops_being_public(world: World) -> None:
    ada = world.person("ada")
    post_id = ada.post("for all")
    public = until(lambda: (f := fetched(ada, post_id)) and all("?" not in url for url, _ in f) and f)
    ada.ok("PATCH", f"/v1/posts/{post_id}", json={"visibility": "followers"})
    until(lambda: all(world.http.get(url).status_code == 404 for url, _ in public))
    for url, rule in fetched(ada, post_id):
        assert "signature=" in url.lower()
        assert rule.startswith("private")
        assert world.http.get(url.partition("?")[0]).status_code == 403
    media_id = ada.get(f"/v1/posts/{post_id}")["media"][0]["id"]
    ada.refused("DELETE", f"/v1/media/{media_id}", 409, "media_in_use")
    urls = [url for url, _ in fetched(ada, post_id)]
    ada.ok("DELETE", f"/v1/posts/{post_id}", 204)
    until(lambda: all(world.http.get(url).status_code == 404 for url in urls))
    ada.refused("GET", f"/v1/media/{media_id}", 404, "not_found")


def test_urls_from_a_posts_first_moments_end_when_it_stops_being_public(world: World) -> None:
    ada = world.person("ada")
    post_id = ada.post("for all")
    early = fetched(ada, post_id)
    ada.ok("PATCH", f"/v1/posts/{post_id}", json={"visibility": "followers"})
    until(lambda: all(world.http.get(url).status_code in (403, 404) for url, _ in early))
    assert fetched(ada, post_id)


def test_an_avatar_is_for_everybody(world: World) -> None:
    ada = world.person("ada")
    ada.ok("PATCH", "/v1/me", json={"avatar_media_id": ada.photo()})
    for _ in range(2):
        url = world.get(f"/v1/users/{ada.id}")["avatar"]["url"]
        assert world.http.get(url).headers["cache-control"] == FOREVER
        until(lambda: "?" not in world.get(f"/v1/users/{ada.id}")["avatar"]["url"])
