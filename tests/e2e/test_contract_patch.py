"""`PATCH` is a JSON Merge Patch: absent keeps, null clears; what would not be whole afterwards is refused."""

from typing import Any

from tests.e2e.world import Person, World, until

PLACE = {"name": "Wien", "latitude": 48.2, "longitude": 16.4}


def post_of(person: Person, path: str) -> Any:
    """Once its pictures have the URLs that they keep."""

    def lasting() -> Any:
        post = person.get(path)
        urls = [one["url"] for media in post["media"] for one in media["renditions"].values()]
        return post if all("?" not in url for url in urls) else None

    return until(lasting)


def fields_in_error(person: Person, path: str, body: Any) -> set[str]:
    problem = person.refused("PATCH", path, 422, "invalid", json=body)
    return {error["field"] for error in problem["errors"]}


def test_a_profile(world: World) -> None:
    ada = world.person("ada", display_name="Ada", location="London")
    assert ada.ok("PATCH", "/v1/me", json={}) == ada.get("/v1/me")
    photo = ada.photo()
    whole = ada.ok("PATCH", "/v1/me", json={"bio": "x", "avatar_media_id": photo})
    assert (whole["display_name"], whole["bio"], whole["location"]) == ("Ada", "x", "London")
    assert whole["avatar"] is not None
    kept = ada.ok("PATCH", "/v1/me", json={"bio": ""})
    assert (kept["display_name"], kept["bio"], kept["avatar"] is None) == ("Ada", "", False)
    cleared = {"display_name": None, "bio": None, "location": None, "avatar_media_id": None}
    bare = ada.ok("PATCH", "/v1/me", json=cleared)
    assert (bare["display_name"], bare["bio"], bare["location"], bare["avatar"]) == ("", "", "", None)
    assert ada.get("/v1/me") == bare
    assert fields_in_error(ada, "/v1/me", {"private": True}) == {"private"}
    assert ada.ok("PATCH", "/v1/me", json={"private": False}) == bare
    assert fields_in_error(ada, "/v1/me", {"bio": 1, "location": ["x"]}) == {"bio", "location"}
    assert fields_in_error(ada, "/v1/me", {"avatar_media_id": int(photo)}) == {"avatar_media_id"}
    ada.refused("PATCH", "/v1/me", 404, "not_found", json={"avatar_media_id": "1"})
    ada.refused(
        "PATCH", "/v1/me", 409, "media_not_ready", json={"avatar_media_id": ada.declare(b"x")["media"]["id"]}
    )
    used = ada.get(f"/v1/posts/{ada.post()}")["media"][0]["id"]
    ada.refused("PATCH", "/v1/me", 409, "media_in_use", json={"bio": "not written", "avatar_media_id": used})
    assert ada.get("/v1/me")["bio"] == ""


def test_a_post(world: World) -> None:
    ada = world.person("ada")
    path = f"/v1/posts/{ada.post('#one', place=PLACE)}"
    before = post_of(ada, path)
    assert ada.ok("PATCH", path, json={}) == before
    assert before["edited_at"] is None
    moved = ada.ok("PATCH", path, json={"place": {"latitude": -1}})
    assert (moved["place"], moved["caption"]) == (PLACE | {"latitude": -1}, "#one")
    assert moved["edited_at"] is not None
    assert ada.get(path) == moved
    wrong: Any
    for wrong in ({"name": None}, {"latitude": None}, {"longitude": "x"}, []):
        assert fields_in_error(ada, path, {"place": wrong})
    bare = ada.ok("PATCH", path, json={"place": None, "caption": None})
    assert (bare["place"], bare["caption"], bare["tags"]) == (None, "", [])
    assert fields_in_error(ada, path, {"place": {"name": "x"}}) == {"place.latitude", "place.longitude"}
    assert fields_in_error(ada, path, {"place": {}}) == {"place.name", "place.latitude", "place.longitude"}
    for wrong_visibility in (None, "private", "PUBLIC", 1):
        assert fields_in_error(ada, path, {"visibility": wrong_visibility}) == {"visibility"}
    unchanged = ("media_ids", "media", "id", "author", "created_at", "liked", "counts", "tags")
    after = ada.ok("PATCH", path, json=dict.fromkeys(unchanged, "x"))
    assert after == ada.get(path) == bare


def test_a_media(world: World) -> None:
    ada = world.person("ada")
    path = (
        f"/v1/media/{ada.declare(b'x', alt_text='A cat', focal_point={'x': 0.5, 'y': 0.25})['media']['id']}"
    )
    assert ada.ok("PATCH", path, json={}) == ada.get(path)
    turned = ada.ok("PATCH", path, json={"focal_point": {"y": -1}})
    assert (turned["focal_point"], turned["alt_text"]) == ({"x": 0.5, "y": -1}, "A cat")
    assert fields_in_error(ada, path, {"focal_point": {"x": None}}) == {"focal_point.x"}
    bare = ada.ok("PATCH", path, json={"alt_text": None, "focal_point": None})
    assert (bare["alt_text"], bare["focal_point"]) == ("", None)
    assert fields_in_error(ada, path, {"focal_point": {"x": 0}}) == {"focal_point.y"}
    fixed = {"filter": "noir", "status": "ready", "content_type": "x", "size_bytes": 2}
    assert ada.ok("PATCH", path, json=fixed) == ada.get(path) == bare


def test_a_comment(world: World) -> None:
    ada = world.person("ada")
    comments = f"/v1/posts/{ada.post()}/comments"
    made = ada.ok("POST", comments, 201, json={"text": "x"})
    path = f"{comments}/{made['id']}"
    for wrong in ({"text": None}, {"text": ""}):
        assert fields_in_error(ada, path, wrong) == {"text"}
    assert ada.ok("PATCH", path, json={}) == made
    assert ada.get(path) == made
    changed = ada.ok("PATCH", path, json={"text": "y"})
    assert changed["edited_at"] is not None
    assert {**changed, "text": "x", "edited_at": None} == made
    assert ada.get(path) == changed


def test_what_is_no_object(world: World) -> None:
    ada = world.person("ada")
    for path in ("/v1/me", f"/v1/posts/{ada.post()}", f"/v1/media/{ada.declare(b'x')['media']['id']}"):
        headers = {"Content-Type": "application/merge-patch+json"}
        for body in (b"[]", b'"x"', b"1", b"null", b"true", b'[{"bio":"x"}]'):
            ada.refused("PATCH", path, 422, "invalid", content=body, headers=headers)
        assert ada.request("PATCH", path, content=b"{", headers=headers).status_code == 400
        assert ada.request("PATCH", path, content=b"", headers=headers).status_code in (200, 400)
