"""The home feed over HTTP. On this server an author with more than three followers is a celebrity."""

from tests.e2e.world import World


def test_a_feed_is_the_posts_of_everybody_followed(world: World) -> None:
    ada, bob, cy = world.person("ada"), world.person("bob"), world.person("cy")
    cy.follow(ada)
    first = ada.post("pushed")
    early = bob.post("before the follow")
    cy.follow(bob)
    second, third = bob.post("after the follow"), ada.post("and another")
    cy.post("one's own is not in one's feed")
    assert cy.feed() == [third, second, early, first]
    assert [post["author"]["username"] for post in cy.get("/v1/feed")["items"][:2]] == [
        ada.username,
        bob.username,
    ]
    cy.ok("DELETE", f"/v1/users/{ada.id}/follow")
    assert cy.feed() == [second, early]
    cy.follow(ada)
    assert cy.feed() == [third, second, early, first]


def test_a_celebrity_is_merged(world: World) -> None:
    ada = world.person("ada")
    fans = [world.person(name) for name in ("bob", "cy", "dee", "eve")]
    posts = []
    for fan in fans:
        fan.follow(ada)
        posts.append(ada.post(f"after {fan.username}"))
    for fan in fans:
        assert fan.feed() == posts[::-1]
    for fan in fans[1:]:
        fan.ok("DELETE", f"/v1/users/{ada.id}/follow")
    posts.append(ada.post("pushed again"))
    assert fans[0].feed() == posts[::-1]


def test_deleted_posts_leave_the_feed_and_pages_are_filled_up(world: World) -> None:
    ada, bob = world.person("ada"), world.person("bob")
    bob.follow(ada)
    posts = [ada.post(str(n)) for n in range(4)]
    for post in posts[1:3]:
        ada.ok("DELETE", f"/v1/posts/{post}", 204)
    page = bob.get("/v1/feed", params={"limit": "2"})
    assert [post["id"] for post in page["items"]] == [posts[3], posts[0]]
    assert bob.feed() == [posts[3], posts[0]]


def test_a_page_neither_repeats_nor_skips_while_others_post(world: World) -> None:
    ada, bob = world.person("ada"), world.person("bob")
    bob.follow(ada)
    posts = [ada.post(str(n)) for n in range(3)]
    page = bob.get("/v1/feed", params={"limit": "1"})
    ada.post("meanwhile")
    rest = bob.get("/v1/feed", params={"limit": "9", "cursor": page["next_cursor"]})
    assert [post["id"] for post in page["items"] + rest["items"]] == posts[::-1]
    assert rest["next_cursor"] is None


def test_the_order_of_a_feed(world: World) -> None:
    ada = world.person("ada")
    assert ada.get("/v1/feed", params={"order": "recent"}) == {"items": [], "next_cursor": None}
    ada.refused("GET", "/v1/feed", 422, "invalid", params={"order": "loudest"})
    assert world.request("GET", "/v1/feed").status_code == 401
