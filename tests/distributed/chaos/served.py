"""What the API serves, held against what the log says by the oracle: counts are the sizes of the sets that they count, every feed
is its definition, what is gone is nowhere, and a tag finds what has it.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from events.posts import PostEvent
from replay.oracle.texts import tags_in
from tests.e2e.aftermath import Told
from tests.e2e.ledger import Keyed
from tests.e2e.world import Person, World

_PAGE_COUNT = 7
"""So that most lists take several pages."""
_ASKED_COUNT = 50
"""Posts that are asked for at once."""


def check_served(people: Sequence[Person], found: Told) -> None:
    said = _Said(found)
    for person in people:
        _check_person(person, said)
    for post_id in said.posts:
        _check_post(people[0], post_id, said)
    _check_posts(people[0], sorted({e.post_id for e in found.events if isinstance(e, PostEvent)}), said)
    for tag in {tag for event in found.events for tag in tags_in(getattr(event, "caption", ""))}:
        assert _ids(people[0], "/v1/search/posts", q=f"#{tag}") == said.by_term.get(f"#{tag}", []), tag


class _Said:
    """What the log says, which takes long to find out: as it was found out for the views."""

    def __init__(self, found: Told) -> None:
        said = found.said
        self.posts, self.graph, self.feeds = said["timelines"], said["graph"], said["feeds"]["served"]
        self.likes, self.comments, self.saves = said["likes"], said["comments"], said["saves"]
        self.accounts, self.by_term = said["accounts"], said["search"]["date"]


def _check_person(person: Person, said: _Said) -> None:
    me = int(person.id)
    mine = sorted((id_ for id_, post in said.posts.items() if post["author_id"] == me), reverse=True)
    assert _ids(person, "/v1/feed") == said.feeds[me]
    assert _ids(person, "/v1/me/saves") == [id_ for id_ in said.saves.get(me, []) if id_ in said.posts]
    assert _ids(person, f"/v1/users/{me}/posts") == mine
    followers, following = said.graph.followers.get(me, []), said.graph.following.get(me, [])
    assert _ids(person, f"/v1/users/{me}/followers") == followers
    assert _ids(person, f"/v1/users/{me}/following") == following
    counts = {"posts": len(mine), "followers": len(followers), "following": len(following)}
    profile = person.get(f"/v1/users/{me}")
    assert profile["counts"] == counts
    assert profile["bio"] == said.accounts[me]["bio"]


def _check_post(reader: Person, post_id: int, said: _Said) -> None:
    assert _ids(reader, f"/v1/posts/{post_id}/likes") == said.likes.get(post_id, [])
    comments_ = [(str(comment.comment_id), comment.text) for comment in said.comments.get(post_id, [])]
    served = reader.items(f"/v1/posts/{post_id}/comments", _PAGE_COUNT)
    assert [(comment["id"], comment["text"]) for comment in served] == comments_


def _check_posts(reader: Person, post_ids: Sequence[int], said: _Said) -> None:
    """Those that are gone are left out."""
    for first in range(0, len(post_ids), _ASKED_COUNT):
        asked = post_ids[first : first + _ASKED_COUNT]
        served = reader.get("/v1/posts", params={"ids": ",".join(map(str, asked))})["items"]
        wanted = [(str(id_), _shown(id_, said)) for id_ in asked if id_ in said.posts]
        assert [(post["id"], _says(post)) for post in served] == wanted


def _shown(post_id: int, said: _Said) -> Any:
    counts = {"likes": len(said.likes.get(post_id, [])), "comments": len(said.comments.get(post_id, []))}
    return said.posts[post_id]["caption"], list(said.posts[post_id]["tags"]), counts


def _says(post: Mapping[str, Any]) -> Any:
    return post["caption"], post["tags"], post["counts"]


def _ids(person: Person, path: str, **named: str) -> list[int]:
    return [int(_id(item)) for item in person.items(path, _PAGE_COUNT, **named)]


def _id(item: dict[str, str]) -> str:
    return item["id"]


def check_known(world: World, registered: Collection[Keyed]) -> None:
    """Who was registered is known, by name, to whoever asks."""
    for post in registered:
        assert world.get(f"/v1/users/by-username/{post.body['username']}")["id"] == post.made_id, post


def check_newcomers(world: World, registered: Collection[Keyed], found: Told) -> None:
    """Who was registered can sign in, and is served like everybody else."""
    said = _Said(found)
    for post in registered:
        _check_person(_signed_in(world, post), said)


def _signed_in(world: World, post: Keyed) -> Person:
    login = {"login": post.body["username"], "password": post.body["password"]}
    answer = world.request("POST", "/v1/sessions", json=login)
    assert answer.status_code == 201, answer.text
    tokens = answer.json()
    assert post.made_id is not None
    return Person(world, post.made_id, login["login"], tokens["access_token"], tokens["refresh_token"])
