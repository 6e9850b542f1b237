"""Search as clients meet it."""

from typing import Any

from api.pages import PageOf
from api.people import UserSummary
from api.post_json import Post
from api.search import TagFound
from tests.e2e.world import Person, World

POSTS = "/v1/search/posts"
USERS = "/v1/search/users"
TAGS = "/v1/search/tags"


def found(person: Person, query: str, limit: int = 2, **more: str) -> list[str]:
    """The ids of all posts that are found, page by page."""
    ids: list[str] = []
    cursor: str | None = None
    while True:
        asked = {"q": query, "limit": str(limit), **more} | ({"cursor": cursor} if cursor else {})
        page = person.get(POSTS, params=asked)
        ids += [post["id"] for post in page["items"]]
        cursor = page["next_cursor"]
        if cursor is None:
            return ids


def people(person: Person, query: str) -> list[str]:
    return [user["id"] for user in person.get(USERS, params={"q": query})["items"]]


def test_posts_are_found_by_words_pairs_tags_and_places(world: World) -> None:
    ada, word = world.person("ada"), f"quokka{world.number}"
    place = {"name": f"Lake {word}", "latitude": 1.0, "longitude": 2.0}
    hour = ada.post(f"The golden hour, {word}")
    other = ada.post(f"An hour of golden light #{word}")
    lake = ada.post("Nothing here", place=place)
    assert found(ada, word) == [lake, other, hour]
    assert found(ada, f"{word.upper()} HOURS") == [other, hour]
    assert found(ada, f'"golden hour" {word}') == [hour]
    assert found(ada, f"#{word}") == [other]
    assert found(ada, f"lakes {word}") == [lake]
    assert found(ada, f"mountain {word}") == found(ada, "?!") == []
    response = world.request("GET", POSTS, params={"q": word})
    assert [post.id for post in PageOf[Post].model_validate_json(response.content).items] == [
        int(lake), int(other), int(hour),
    ]  # fmt: skip


def test_what_is_edited_or_deleted_is_found_no_more(world: World) -> None:
    ada, word = world.person("ada"), f"numbat{world.number}"
    edited, deleted = ada.post(f"{word} asleep"), ada.post(f"{word} asleep")
    ada.ok("PATCH", f"/v1/posts/{edited}", json={"caption": f"{word} awake"})
    ada.ok("DELETE", f"/v1/posts/{deleted}", 204)
    for sort in ("date", "likes"):
        assert found(ada, f"{word} awake", sort=sort) == [edited]
        assert found(ada, f"{word} asleep", sort=sort) == []


def test_by_likes_exact_counts_decide_over_all_pages(world: World) -> None:
    fans = [world.person(name) for name in ("ada", "bob", "cy")]
    word = f"bilby{world.number}"
    three, two, one, none = (fans[0].post(word) for _ in range(4))
    for post, count in ((three, 3), (two, 2), (one, 1)):
        for fan in fans[:count]:
            fan.ok("PUT", f"/v1/posts/{post}/like")
    for limit in (1, 3, 100):
        assert found(fans[0], word, limit, sort="likes") == [three, two, one, none]
        assert found(fans[0], word, limit, sort="date") == [none, one, two, three]
    for fan in fans[1:]:
        fan.ok("DELETE", f"/v1/posts/{three}/like")
    assert found(fans[0], word, sort="likes") == [two, one, three, none]


def test_posts_for_followers_are_found_by_these_alone(world: World) -> None:
    ada, bob, eve = (world.person(name) for name in ("ada", "bob", "eve"))
    word = f"dunnart{world.number}"
    bob.follow(ada)
    shown = [ada.post(word) for _ in range(2)]
    hidden = [ada.post(f"{word} #{word}", visibility="followers") for _ in range(3)]
    for sort in ("date", "likes"):
        assert set(found(bob, word, sort=sort)) == {*shown, *hidden}
        assert found(eve, word, sort=sort) == shown[::-1]
        assert found(eve, word, 1, sort=sort) == shown[::-1]
    assert world.get(TAGS, params={"q": word})["items"] == []


def test_users_are_found_by_the_beginnings_of_their_names(world: World) -> None:
    name = f"Potoroo{world.number}x"
    ada = world.person("ada", display_name=f"Ada {name}")
    bob = world.person(f"{name.lower()}.b")
    eve = world.person("eve", display_name=f"{name}s")
    assert people(ada, name[:-1]) == [ada.id, bob.id, eve.id]
    assert people(ada, f"{name} ad") == [ada.id]
    assert people(ada, bob.username) == people(ada, bob.username[:-1]) == [bob.id]
    eve.ok("PATCH", "/v1/me", json={"display_name": "Someone"})
    assert people(ada, name) == [ada.id, bob.id]
    response = world.request("GET", USERS, params={"q": name, "limit": "1"})
    page = PageOf[UserSummary].model_validate_json(response.content)
    assert [user.id for user in page.items] == [int(ada.id)]
    rest = world.get(USERS, params={"q": name, "cursor": page.next_cursor})
    assert [user["id"] for user in rest["items"]] == [bob.id]
    assert people(ada, "%") == []


def test_tags_are_found_by_prefix_with_their_public_posts(world: World) -> None:
    ada, word = world.person("ada"), f"kowari{world.number}x"
    ada.post(f"#{word} #{word}set")
    ada.post(f"#{word.upper()} #{word}")
    response = world.request("GET", TAGS, params={"q": f"#{word}", "limit": "1"})
    page = PageOf[TagFound].model_validate_json(response.content)
    assert [(found.tag, found.counts.posts) for found in page.items] == [(word, 2)]
    rest = world.get(TAGS, params={"q": f"#{word}", "limit": "1", "cursor": page.next_cursor})
    assert rest["items"] == [{"tag": f"{word}set", "counts": {"posts": 1}}]
    assert world.get(TAGS, params={"q": "no tag"})["items"] == []


def test_queries_have_bounds(world: World) -> None:
    ada = world.person("ada")
    for path in (POSTS, USERS, TAGS):
        for query, code in (({}, "missing"), ({"q": ""}, "too_short"), ({"q": "é" * 201}, "too_long")):
            problem: Any = ada.refused("GET", path, 422, "invalid", params=query)
            assert [(error["field"], error["code"]) for error in problem["errors"]] == [("q", code)]
        assert ada.get(path, params={"q": "é" * 200}) == {"items": [], "next_cursor": None}
        assert ada.get(path, params={"q": " ' \" \\ % _ * ( ) -- \U0001f305"})["next_cursor"] is None
    ada.refused("GET", POSTS, 422, "invalid", params={"q": "a", "sort": "size"})
