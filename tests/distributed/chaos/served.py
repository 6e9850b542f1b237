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
    said = _Said(events, [int(person.id) for person in people])
    for person in people:
        _check_person(person, said)
    for post_id in said.posts:
        _check_post(people[0], post_id, said)


class _Said:
    """What the log says, which takes long to find out."""

    def __init__(self, events: Sequence[Envelope], reader_ids: Sequence[int]) -> None:
        self.posts, self.graph, self.feeds = posts(events), graph(events), feeds(events, reader_ids)
        self.likes, self.comments, self.saves = likes(events), comments(events), saves(events)


def _check_person(person: Person, said: _Said) -> None:
    me = int(person.id)
    mine = sorted((id_ for id_, post in said.posts.items() if post["author_id"] == me), reverse=True)
    assert _ids(person, "/v1/feed") == said.feeds[me]
    assert _ids(person, "/v1/me/saves") == said.saves.get(me, [])
    assert _ids(person, f"/v1/users/{me}/posts") == mine
    followers, following = said.graph.followers.get(me, []), said.graph.following.get(me, [])
    assert _ids(person, f"/v1/users/{me}/followers") == followers
    assert _ids(person, f"/v1/users/{me}/following") == following
    counts = {"posts": len(mine), "followers": len(followers), "following": len(following)}
    assert person.get(f"/v1/users/{me}")["counts"] == counts


def _check_post(reader: Person, post_id: int, said: _Said) -> None:
    likers, comments_ = said.likes.get(post_id, []), said.comments.get(post_id, [])
    assert _ids(reader, f"/v1/posts/{post_id}/likes") == likers
    assert _ids(reader, f"/v1/posts/{post_id}/comments") == [comment.comment_id for comment in comments_]
    counts = {"likes": len(likers), "comments": len(comments_)}
    assert reader.get(f"/v1/posts/{post_id}")["counts"] == counts


def _ids(person: Person, path: str) -> list[int]:
    return [int(_id(item)) for item in person.items(path, _PAGE_COUNT)]


def _id(item: dict[str, str]) -> str:
    return item["id"]


def check_newcomers(reader: Person, usernames: Collection[str]) -> None:
    """Who was registered is known, by name, to whoever asks."""
    for username in usernames:
        reader.get(f"/v1/users/by-username/{username}")
