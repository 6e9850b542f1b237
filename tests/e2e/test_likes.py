"""The way of a like, from request to screen."""

from tests.e2e.world import World


def test_a_like_is_counted_and_seen(world: World) -> None:
    ada, bob = world.person("ada"), world.person("bob")
    post = ada.post("hello #World")
    assert bob.ok("PUT", f"/v1/posts/{post}/like") == {"liked": True}
    assert bob.ok("PUT", f"/v1/posts/{post}/like") == {"liked": True}
    seen = bob.get(f"/v1/posts/{post}")
    assert seen["counts"] == {"likes": 1, "comments": 0}
    assert seen["liked"] is True
    assert seen["tags"] == ["world"]
    assert ada.get(f"/v1/posts/{post}")["liked"] is False
    assert [user["username"] for user in ada.items(f"/v1/posts/{post}/likes")] == [bob.username]
    assert bob.ok("DELETE", f"/v1/posts/{post}/like") == {"liked": False}
    assert bob.get(f"/v1/posts/{post}")["counts"]["likes"] == 0


def test_a_followed_post_is_in_the_feed(world: World) -> None:
    ada, bob = world.person("ada"), world.person("bob")
    early = ada.post("before the follow")
    bob.follow(ada)
    late = ada.post("after the follow")
    assert bob.feed() == [late, early]
    bob.ok("DELETE", f"/v1/users/{ada.id}/follow")
    assert bob.feed() == []
