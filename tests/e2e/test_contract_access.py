"""Other people's things: every operation of the OpenAPI document, tried on what is another's or not to be seen.

A route that is new has to be put into one of the classes below, or it fails here.
"""

from collections.abc import Iterator
from typing import Any

import httpx2

from tests.e2e.cast import CORPUS, SECRET, Cast
from tests.e2e.conformance import Conformance
from tests.e2e.operations import Operation, Things, content, operations
from tests.e2e.world import Person, World, until

OWNERS_ALONE = {
    "GET /v1/media/{id}",
    "PATCH /v1/media/{id}",
    "DELETE /v1/media/{id}",
    "POST /v1/media/{id}/complete",
    "GET /v1/media/{id}/upload",
    "POST /v1/media/{id}/upload",
    "DELETE /v1/sessions/{id}",
}
"""To others the thing is not there."""

OWNERS_TO_CHANGE = {
    "PATCH /v1/posts/{id}",
    "DELETE /v1/posts/{id}",
    "PATCH /v1/posts/{id}/comments/{comment_id}",
    "DELETE /v1/posts/{id}/comments/{comment_id}",
}
"""Others who see the thing are told that they may not."""

FOR_WHO_SEES_THE_POST = {
    "GET /v1/posts/{id}",
    "PUT /v1/posts/{id}/like",
    "DELETE /v1/posts/{id}/like",
    "GET /v1/posts/{id}/likes",
    "POST /v1/posts/{id}/comments",
    "GET /v1/posts/{id}/comments",
    "GET /v1/posts/{id}/comments/{comment_id}",
    "PUT /v1/posts/{id}/save",
    "DELETE /v1/posts/{id}/save",
}
FOR_ALL = {
    "GET /v1/users/{id}",
    "GET /v1/users/by-username/{username}",
    "PUT /v1/users/{id}/follow",
    "DELETE /v1/users/{id}/follow",
    "GET /v1/users/{id}/followers",
    "GET /v1/users/{id}/following",
    "GET /v1/users/{id}/posts",
    "GET /v1/tags/{tag}/posts",
}


def named(conformance: Conformance) -> list[Operation]:
    """Operations on a thing that the path names."""
    return [operation for operation in operations(conformance.document) if operation.names_something]


def asked(person: Person | None, world: World, operation: Operation, things: Things) -> httpx2.Response:
    token = None if person is None else person.token
    return world.request(operation.method, operation.path(things), token=token, **content(operation))


def without_urls(post: Any) -> Any:
    """Those of signed URLs change with time."""
    return post | {"media": [{**one, "renditions": {}} for one in post["media"]]}


def everything(cast: Cast) -> list[Any]:
    """What there is of Ada's, as she sees it."""
    ada = cast.ada
    posts = [without_urls(ada.get(f"/v1/posts/{post}")) for post in (*cast.posts, cast.hidden)]
    comments = [ada.items(f"/v1/posts/{post}/comments") for post in (*cast.posts, cast.hidden)]
    media = without_urls({"media": [ada.get(f"/v1/media/{cast.media}")]})
    return [posts, comments, media, ada.get("/v1/sessions"), ada.get("/v1/me")]


def test_every_route_on_a_thing_is_of_a_known_class(conformance: Conformance) -> None:
    known = OWNERS_ALONE | OWNERS_TO_CHANGE | FOR_WHO_SEES_THE_POST | FOR_ALL
    assert {str(operation) for operation in named(conformance)} == known


def test_to_a_stranger_what_is_hidden_is_not_there(cast: Cast, conformance: Conformance) -> None:
    before = everything(cast)
    for operation in named(conformance):
        if str(operation) in FOR_ALL:
            continue
        response = asked(cast.eve, cast.world, operation, cast.hidden_things)
        assert (response.status_code, response.json()["code"]) == (404, "not_found"), operation
        bare = asked(None, cast.world, operation, cast.hidden_things)
        assert bare.status_code == (404 if operation.is_public else 401), operation
    assert everything(cast) == before


def test_who_may_look_may_not_change(cast: Cast, conformance: Conformance) -> None:
    before = everything(cast)
    for things in (cast.shown_things, cast.hidden_things):
        for operation in named(conformance):
            if str(operation) in OWNERS_ALONE:
                assert asked(cast.bob, cast.world, operation, things).status_code == 404, operation
            # Bob wrote the comment under the hidden post; the other is Cy's.
            elif str(operation) in OWNERS_TO_CHANGE and (
                "comment" not in operation.template or things == cast.shown_things
            ):
                response = asked(cast.bob, cast.world, operation, things)
                assert (response.status_code, response.json()["code"]) == (403, "forbidden"), operation
    assert everything(cast) == before


def test_a_followed_author_may_not_be_spoken_for(cast: Cast) -> None:
    """Ada may remove a comment under her post, but not put words into its writer's mouth."""
    path = f"/v1/posts/{cast.posts[0]}/comments/{cast.comment}"
    cast.ada.refused("PATCH", path, 403, "forbidden", json={"text": "I love Ada"})
    elsewhere = f"/v1/posts/{cast.posts[1]}/comments/{cast.comment}"
    for method in ("GET", "PATCH", "DELETE"):
        cast.cy.refused(method, elsewhere, 404, "not_found", json={"text": "moved"})


def test_media_of_others_cannot_be_used(cast: Cast) -> None:
    cast.eve.refused("POST", "/v1/posts", 404, "not_found", json={"media_ids": [cast.media]})
    cast.eve.refused("PATCH", "/v1/me", 404, "not_found", json={"avatar_media_id": cast.media})


def test_nobody_is_made_somebody_else_by_members_that_are_not_theirs_to_set(world: World) -> None:
    ada, eve = world.person("ada"), world.person("eve")
    stolen = {"id": ada.id, "user_id": ada.id, "author_id": ada.id, "actor_id": ada.id}
    me = eve.ok("PATCH", "/v1/me", json={"bio": "x", "username": "root", "email": "a@b", **stolen})
    assert (me["id"], me["username"], me["private"]) == (eve.id, eve.username, False)
    counts = {"likes": 1000, "comments": 1000}
    eve.refused("PATCH", "/v1/me", 422, "invalid", json={"private": True})
    body = {"media_ids": [eve.photo()], "author": {"id": ada.id}, "counts": counts, "liked": True, **stolen}
    post = eve.ok("POST", "/v1/posts", 201, json=body)
    assert (post["author"]["id"], post["counts"], post["liked"]) == (
        eve.id,
        {"likes": 0, "comments": 0},
        False,
    )
    assert post["id"] != ada.id
    path = f"/v1/posts/{post['id']}/comments"
    comment = eve.ok("POST", path, 201, json={"text": "x", "author": {"id": ada.id}, **stolen})
    assert comment["author"]["id"] == eve.id


def lists(conformance: Conformance, cast: Cast) -> Iterator[str]:
    """Every address at which something of Ada's could show, in all orders and by all words."""
    for operation in operations(conformance.document):
        if operation.method == "GET" and operation.template.startswith("/v1/"):
            yield operation.path(cast.hidden_things)
    everything = f"{cast.hidden},{','.join(cast.posts)}"
    yield f"/v1/posts?ids={everything}"
    yield f"/v1/posts/{cast.hidden}/comments?order=newest"
    for word in (SECRET, f"%23{SECRET}", f"{SECRET}%20house", f'"{SECRET}%20{CORPUS}"', CORPUS):
        for sort in ("date", "likes"):
            yield f"/v1/search/posts?q={word}&sort={sort}&limit=100"
    for word in (SECRET, f"{CORPUS}_", f"%23{SECRET}"):
        yield f"/v1/search/tags?q={word}&limit=100"
    for tag in (SECRET, CORPUS, f"{CORPUS}_{SECRET}"):
        yield f"/v1/tags/{tag}/posts?limit=100"
    yield f"/v1/users/{cast.ada.id}/posts?limit=100"


def traces(cast: Cast) -> tuple[str, ...]:
    """What would give the hidden post away."""
    (media,) = cast.ada.get(f"/v1/posts/{cast.hidden}")["media"]
    urls = [rendition["url"].partition("?")[0] for rendition in media["renditions"].values()]
    return (SECRET, f'"{cast.hidden}"', cast.hidden_comment, media["id"], *urls)


def test_a_post_for_followers_leaves_no_trace_elsewhere(cast: Cast, conformance: Conformance) -> None:
    addresses = list(lists(conformance, cast))
    assert len(addresses) >= 40
    for person in (cast.eve, None):
        for address in addresses:
            token = None if person is None else person.token
            response = cast.world.request("GET", address, token=token)
            found = [trace for trace in traces(cast) if trace in response.text]
            assert found == [], address
    shown = [a for a in addresses if SECRET in cast.bob.request("GET", a).text]
    assert len(shown) >= 15  # the same questions do find it for who may see it


def test_counts_do_not_depend_on_who_looks(cast: Cast) -> None:
    path = f"/v1/users/{cast.ada.id}"
    counts = [cast.world.get(path, token=token)["counts"] for token in (cast.bob.token, cast.eve.token, None)]
    assert counts[0] == counts[1] == counts[2]
    tags = cast.world.get(f"/v1/search/tags?q={CORPUS}&limit=100")["items"]
    assert {one["tag"]: one["counts"]["posts"] for one in tags}[CORPUS] == len(cast.posts)


def test_an_unfollow_closes_the_post_again(world: World, conformance: Conformance) -> None:
    ada, bob = world.person("ada"), world.person("bob")
    post = ada.post("for some", visibility="followers")
    things = Things(user=ada.id, post=post)
    seen = [
        op for op in named(conformance) if str(op) in FOR_WHO_SEES_THE_POST and "comment_" not in op.template
    ]
    for follows in (True, False, True):
        bob.ok("PUT" if follows else "DELETE", f"/v1/users/{ada.id}/follow")
        for operation in seen:
            status = asked(bob, world, operation, things).status_code
            assert (status < 300) if follows else (status == 404), operation


def test_pictures_of_a_post_for_followers_are_not_lying_open(world: World) -> None:
    ada = world.person("ada")
    path = f"/v1/posts/{ada.post('for some', visibility='followers')}"

    def urls() -> list[str]:
        return [one["url"] for one in ada.get(path)["media"][0]["renditions"].values()]

    def status(url: str) -> int:
        return world.http.get(url).status_code

    signed = urls()
    assert [status(url) for url in signed] == [200] * 4
    bare = [url.partition("?")[0] for url in signed]
    elsewhere = [url.replace("/private/", "/public/") for url in (*signed, *bare)]
    assert all(status(url) in (403, 404) for url in (*bare, *elsewhere))
    ada.ok("PATCH", path, json={"visibility": "public"})
    lasting = until(lambda: (found := urls()) and all("?" not in url for url in found) and found)
    assert [status(url) for url in lasting] == [200] * 4
    assert all(status(url) != 200 for url in bare)
