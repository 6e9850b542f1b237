"""What the API serves, held against what the log says by the oracle: counts are the sizes of the sets that they count, and every
feed is its definition.
"""

from collections.abc import Collection, Sequence

from events.envelope import Envelope
from replay.oracle.comments import comments
from replay.oracle.feeds import feeds
from replay.oracle.graph import graph
from replay.oracle.likes import likes
from replay.oracle.posts import posts
from replay.oracle.saves import saves
from tests.e2e.world import Person

_PAGE_COUNT = 25


def check_served(people: Sequence[Person], events: Sequence[Envelope]) -> None:
    for person in people:
        _check_person(person, events)
    for post_id in posts(events):
        _check_post(people[0], post_id, events)


def _check_person(person: Person, events: Sequence[Envelope]) -> None:
    me, edges = int(person.id), graph(events)
    mine = sorted((id_ for id_, post in posts(events).items() if post["author_id"] == me), reverse=True)
    assert _ids(person, "/v1/feed") == feeds(events, [me])[me]
    assert _ids(person, "/v1/me/saves") == saves(events).get(me, [])
    assert _ids(person, f"/v1/users/{me}/posts") == mine
    followers, following = edges.followers.get(me, []), edges.following.get(me, [])
    assert _ids(person, f"/v1/users/{me}/followers") == followers
    assert _ids(person, f"/v1/users/{me}/following") == following
    counts = {"posts": len(mine), "followers": len(followers), "following": len(following)}
    assert person.get(f"/v1/users/{me}")["counts"] == counts


def _check_post(reader: Person, post_id: int, events: Sequence[Envelope]) -> None:
    likers, said = likes(events).get(post_id, []), comments(events).get(post_id, [])
    assert _ids(reader, f"/v1/posts/{post_id}/likes") == likers
    assert _ids(reader, f"/v1/posts/{post_id}/comments") == [comment.comment_id for comment in said]
    counts = {"likes": len(likers), "comments": len(said)}
    assert reader.get(f"/v1/posts/{post_id}")["counts"] == counts


def _ids(person: Person, path: str) -> list[int]:
    return [int(_id(item)) for item in person.items(path, _PAGE_COUNT)]


def _id(item: dict[str, str]) -> str:
    return item["id"]


def check_newcomers(reader: Person, usernames: Collection[str]) -> None:
    """Who was registered is known, by name, to whoever asks."""
    for username in usernames:
        reader.get(f"/v1/users/by-username/{username}")
