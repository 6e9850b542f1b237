"""Posts, comments, saves and tag pages as clients meet them."""

import uuid
from typing import Any

from api.comments import Comment
from api.post_json import Post
from tests.e2e.world import Person, World

PLACE = {"name": "Wien", "latitude": 48.2, "longitude": 16.4}
CAPTION_LIMIT = 2200


def ids(items: list[Any]) -> list[str]:
    return [item["id"] for item in items]


def body(media_ids: list[str], **more: Any) -> dict[str, Any]:
    return {"media_ids": media_ids, **more}


def test_a_post_from_making_to_deletion(world: World) -> None:
    ada, bob = world.person("ada"), world.person("bob")
    photos = [ada.photo(), ada.photo()]
    response = ada.request("POST", "/v1/posts", json=body(photos, caption="at #Sea", place=PLACE))
    made = response.json()
    assert response.status_code == 201
    assert response.headers["Location"] == f"/v1/posts/{made['id']}"
    assert Post.model_validate_json(response.content).author.username == ada.username
    assert ids(made["media"]) == photos
    assert (made["counts"], made["liked"], made["saved"]) == ({"likes": 0, "comments": 0}, False, False)
    assert (made["tags"], made["place"], made["edited_at"]) == (["sea"], PLACE, None)
    path = f"/v1/posts/{made['id']}"
    assert world.get(path)["caption"] == "at #Sea"
    patched = ada.ok("PATCH", path, json={"caption": None, "place": {"name": "Graz"}})
    assert (patched["caption"], patched["place"]) == ("", PLACE | {"name": "Graz"})
    assert patched["edited_at"] is not None
    assert ada.get(path)["edited_at"] == patched["edited_at"]
    bob.refused("PATCH", path, 403, "forbidden", json={"caption": "mine"})
    bob.refused("DELETE", path, 403, "forbidden")
    ada.ok("DELETE", path, 204)
    ada.refused("DELETE", path, 404, "not_found")
    ada.refused("GET", path, 404, "not_found")
    ada.refused("GET", f"/v1/media/{photos[0]}", 404, "not_found")


def test_null_is_as_good_as_absent_in_what_is_new(world: World) -> None:
    nameless: dict[str, Any] = {"display_name": None, "location": None}
    ada = world.person("ada", **nameless)
    assert (ada.get("/v1/me")["display_name"], ada.get("/v1/me")["location"]) == ("", "")
    nothing = {"alt_text": None, "filter": None, "focal_point": None}
    photo = ada.photo(**nothing)
    media = ada.get(f"/v1/media/{photo}")
    assert (media["alt_text"], media["filter"], media["focal_point"]) == ("", "none", None)
    post = ada.ok("POST", "/v1/posts", 201, json=body([photo], caption=None, place=None, visibility=None))
    assert (post["caption"], post["place"], post["visibility"]) == ("", None, "public")


def test_who_sees_a_post_for_followers(world: World) -> None:
    ada, bob, cy = world.person("ada"), world.person("bob"), world.person("cy")
    shown, hidden = ada.post("for all"), ada.post("for some", visibility="followers")
    bob.follow(ada)
    listed = f"/v1/users/{ada.id}/posts"
    for person in (ada, bob):
        assert ids(person.items(listed)) == [hidden, shown]
        assert person.get(f"/v1/posts/{hidden}")["visibility"] == "followers"
    assert ids(cy.items(listed)) == [shown]
    assert ids(world.get(listed)["items"]) == [shown]
    asked = {"ids": f"{hidden},{shown},{shown},999"}
    assert ids(world.get("/v1/posts", params=asked)["items"]) == [shown]
    assert ids(bob.get("/v1/posts", params=asked)["items"]) == [hidden, shown]
    for method, path in (
        ("GET", ""), ("PATCH", ""), ("DELETE", ""), ("PUT", "/like"), ("DELETE", "/like"), ("GET", "/likes"),
        ("PUT", "/save"), ("DELETE", "/save"), ("GET", "/comments"), ("POST", "/comments"),
    ):  # fmt: skip
        content = {"json": {"text": "so?"}} if method in ("POST", "PATCH") else {}
        cy.refused(method, f"/v1/posts/{hidden}{path}", 404, "not_found", **content)


def test_a_photo_belongs_to_one_post(world: World) -> None:
    ada, bob = world.person("ada"), world.person("bob")
    photo = ada.photo()
    bob.refused("POST", "/v1/posts", 404, "not_found", json=body([photo]))
    ada.ok("POST", "/v1/posts", 201, json=body([photo]))
    ada.refused("POST", "/v1/posts", 409, "media_in_use", json=body([photo]))
    pending = ada.declare(b"not sent yet")["media"]["id"]
    ada.refused("POST", "/v1/posts", 409, "media_not_ready", json=body([pending]))


def test_the_same_key_makes_the_same_post(world: World) -> None:
    ada = world.person("ada")
    asked = {"json": body([ada.photo()]), "headers": {"Idempotency-Key": str(uuid.uuid4())}}
    made = [ada.ok("POST", "/v1/posts", 201, **asked) for _ in range(2)]
    assert made[0] == made[1]
    assert len(ada.items(f"/v1/users/{ada.id}/posts")) == 1


WRONG: list[tuple[dict[str, Any], str, str]] = [
    ({"media_ids": []}, "media_ids", "too_short"),
    ({"media_ids": ["1"] * 11}, "media_ids", "too_long"),
    ({"media_ids": ["1", "1"]}, "media_ids", "repeated"),
    ({"media_ids": [1]}, "media_ids.0", "bad_id"),
    ({"caption": "a" * (CAPTION_LIMIT + 1)}, "caption", "too_long"),
    ({"caption": " ".join(f"#t{n}" for n in range(31))}, "caption", "too_many_tags"),
    ({"place": PLACE | {"latitude": 90.1}}, "place.latitude", "out_of_range"),
    ({"place": PLACE | {"name": ""}}, "place.name", "too_short"),
    ({"place": {"name": "Wien"}}, "place.latitude", "missing"),
    ({"visibility": "nobody"}, "visibility", "not_allowed"),
]


def test_what_a_post_cannot_be(world: World) -> None:
    ada = world.person("ada")
    for wrong, field, code in WRONG:
        problem = ada.refused("POST", "/v1/posts", 422, "invalid", json=body(["1"]) | wrong)
        assert (field, code) in [(error["field"], error["code"]) for error in problem["errors"]]


def test_a_post_at_its_limits(world: World) -> None:
    ada = world.person("ada")
    caption = " ".join(f"#t{n}" for n in range(30))
    place = {"name": "n" * 128, "latitude": -90, "longitude": 180}
    caption += "a" * (CAPTION_LIMIT - len(caption))
    made = ada.ok("POST", "/v1/posts", 201, json=body([ada.photo()], caption=caption, place=place))
    assert len(ada.get(f"/v1/posts/{made['id']}")["tags"]) == 29  # the last one grew beyond 64 characters
    ada.refused("PATCH", f"/v1/posts/{made['id']}", 422, "invalid", json={"visibility": None})
    ada.refused("PATCH", f"/v1/posts/{made['id']}", 422, "invalid", json={"place": {"name": None}})


def commented(person: Person, post: str, text: str) -> str:
    made = person.ok("POST", f"/v1/posts/{post}/comments", 201, json={"text": text})
    assert Comment.model_validate(made).author.username == person.username
    comment_id: str = made["id"]
    return comment_id


def test_comments_from_writing_to_deletion(world: World) -> None:
    ada, bob, cy = world.person("ada"), world.person("bob"), world.person("cy")
    post = ada.post()
    written = [commented(person, post, f"number {n}") for n, person in enumerate((bob, cy, bob, ada))]
    path = f"/v1/posts/{post}/comments"
    assert ids(ada.items(path)) == written
    assert ids(ada.items(f"{path}?order=oldest")) == written
    newest = ada.get(path, params={"order": "newest", "limit": "3"})
    rest = ada.get(path, params={"order": "newest", "limit": "3", "cursor": newest["next_cursor"]})
    assert ids(newest["items"] + rest["items"]) == written[::-1]
    assert ada.get(f"/v1/posts/{post}")["counts"]["comments"] == 4
    edited = bob.ok("PATCH", f"{path}/{written[0]}", json={"text": "better"})
    assert (edited["text"], edited["author"]["id"]) == ("better", bob.id)
    assert cy.get(f"{path}/{written[0]}") == edited
    for person in (ada, cy):
        person.refused("PATCH", f"{path}/{written[0]}", 403, "forbidden", json={"text": "worse"})
    cy.refused("DELETE", f"{path}/{written[0]}", 403, "forbidden")
    bob.ok("DELETE", f"{path}/{written[0]}", 204)
    ada.ok("DELETE", f"{path}/{written[1]}", 204)
    bob.refused("DELETE", f"{path}/{written[0]}", 404, "not_found")
    bob.refused("GET", f"{path}/{written[0]}", 404, "not_found")
    assert ids(ada.items(path)) == written[2:]
    assert ada.get(f"/v1/posts/{post}")["counts"]["comments"] == 2
    bob.refused("GET", f"/v1/posts/{ada.post()}/comments/{written[2]}", 404, "not_found")
    for text in ("", "a" * 2201):
        bob.refused("POST", path, 422, "invalid", json={"text": text})


def test_saves_are_ones_own(world: World) -> None:
    ada, bob = world.person("ada"), world.person("bob")
    posts = [ada.post(f"number {n}", visibility="followers") for n in range(4)]
    bob.follow(ada)
    for post in (posts[2], posts[0], posts[3], posts[0]):
        assert bob.ok("PUT", f"/v1/posts/{post}/save") == {"saved": True}
    assert ids(bob.items("/v1/me/saves", limit=2)) == [posts[3], posts[0], posts[2]]
    assert (bob.get(f"/v1/posts/{posts[0]}")["saved"], ada.get(f"/v1/posts/{posts[0]}")["saved"]) == (
        True,
        False,
    )
    assert ada.items("/v1/me/saves") == []
    assert bob.ok("DELETE", f"/v1/posts/{posts[3]}/save") == {"saved": False}
    ada.ok("DELETE", f"/v1/posts/{posts[2]}", 204)
    assert ids(bob.items("/v1/me/saves")) == [posts[0]]
    bob.ok("DELETE", f"/v1/users/{ada.id}/follow")
    assert bob.items("/v1/me/saves") == []
    assert bob.ok("DELETE", f"/v1/posts/{posts[0]}/save") == {"saved": False}


def test_tag_pages_follow_captions(world: World) -> None:
    ada = world.person("ada")
    tag = f"Été_{ada.username}"
    first, second = ada.post(f"#{tag} one"), ada.post(f"two #{tag.upper()}")
    hidden = ada.post(f"three #{tag}", visibility="followers")
    assert ids(world.get(f"/v1/tags/{tag}/posts")["items"]) == [second, first]
    assert ids(ada.items(f"/v1/tags/{tag.upper()}/posts")) == [hidden, second, first]
    ada.ok("PATCH", f"/v1/posts/{second}", json={"caption": "no tag any more"})
    assert ids(world.get(f"/v1/tags/{tag}/posts")["items"]) == [first]
    assert world.get("/v1/tags/nobody_used_this/posts")["items"] == []
    assert world.request("GET", "/v1/tags/a%20b/posts").status_code == 404


def test_a_user_who_is_not_there_has_no_posts(world: World) -> None:
    assert world.request("GET", "/v1/users/999/posts").status_code == 404
