"""What a few people have done, kept by who did it, and what must therefore be served: each answer by its definition.

One of them does something after the other, so that there is no doubt about what came first.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import TypeVar

from tests.e2e.world import Person

T = TypeVar("T")
_WORDS = ("harbour", "dusk", "gull", "tide")


@dataclass
class Posted:
    """Lists of people have the newest first, the list of comments the oldest."""

    id: str
    author: Person
    caption: str
    likers: list[Person] = field(default_factory=list)
    comments: list[str] = field(default_factory=list)


class Mirror:
    """Lists have the newest first."""

    def __init__(self, people: Sequence[Person], random: Random) -> None:
        self._people, self._random = people, random
        self._posts: list[Posted] = []
        self._following: dict[str, list[Person]] = {person.id: [] for person in people}
        self._followers: dict[str, list[Person]] = {person.id: [] for person in people}
        self._saved: dict[str, list[Posted]] = {person.id: [] for person in people}
        self._doings: Sequence[Callable[[], None]] = (
            *(self._like,) * 4, *(self._follow,) * 3, *(self._save,) * 2, self._comment, self._caption,
        )  # fmt: skip
        self._looks: Sequence[Callable[[Person], None]] = (
            self._see_feed, self._see_person, self._see_posts, self._see_post, self._see_saves, self._see_found,
        )  # fmt: skip
        for person in people:
            self._post(person)
            self._post(person)

    def do(self) -> None:
        self._random.choice(self._doings)()

    def look(self) -> None:
        """Raises AssertionError for an answer that is not what was done before."""
        self._random.choice(self._looks)(self._person())

    def look_without_search(self) -> None:
        self._random.choice([look for look in self._looks if look != self._see_found])(self._person())

    def look_at_feeds(self) -> None:
        """Everybody's."""
        for person in self._people:
            self._see_feed(person)

    def look_at_everything(self) -> None:
        """Every kind of answer, to everybody."""
        for person in self._people:
            for look in self._looks:
                look(person)

    def search(self) -> bool:
        """False: somebody was told to ask later. Whatever is found is what was done before."""
        me, word = self._person(), self._word()
        query = {"q": f"{word} {_mark(me)}", "limit": "100"}
        answer = me.request("GET", "/v1/search/posts", params=query)
        if answer.status_code == 503:
            assert answer.json()["code"] in ("unavailable", "not_caught_up"), answer.text
            assert "Retry-After" in answer.headers
            return False
        assert answer.status_code == 200, answer.text
        assert [post["id"] for post in answer.json()["items"]] == self._found(word)
        return True

    def post_or_delete(self) -> None:
        """As many posts as before, roughly."""
        if len(self._posts) <= len(self._people) or self._random.random() < 0.5:
            self._post(self._person())
        else:
            gone = self._posts.pop(self._random.randrange(len(self._posts)))
            gone.author.ok("DELETE", f"/v1/posts/{gone.id}", 204)
            for saved in self._saved.values():
                if gone in saved:
                    saved.remove(gone)

    def _post(self, author: Person) -> None:
        caption = self._new_caption(author)
        self._posts.insert(0, Posted(author.post(caption), author, caption))

    def _like(self) -> None:
        person, post = self._person(), self._any()
        _toggle(person, f"/v1/posts/{post.id}/like", post.likers, person)

    def _save(self) -> None:
        person, post = self._person(), self._any()
        _toggle(person, f"/v1/posts/{post.id}/save", self._saved[person.id], post)

    def _follow(self) -> None:
        follower, followed = self._random.sample(self._people, 2)
        _toggle(follower, f"/v1/users/{followed.id}/follow", self._following[follower.id], followed)
        _toggled(self._followers[followed.id], follower)

    def _comment(self) -> None:
        post = self._any()
        said = self._person().ok("POST", f"/v1/posts/{post.id}/comments", 201, json={"text": "lovely"})
        post.comments.append(said["id"])

    def _caption(self) -> None:
        post = self._any()
        post.caption = self._new_caption(post.author)
        post.author.ok("PATCH", f"/v1/posts/{post.id}", json={"caption": post.caption})

    def _see_feed(self, me: Person) -> None:
        followed = self._following[me.id]
        assert me.feed() == [post.id for post in self._posts if post.author in followed]

    def _see_person(self, me: Person) -> None:
        other = self._person()
        found = me.get(f"/v1/users/{other.id}")
        followers, following = self._followers[other.id], self._following[other.id]
        posts_count = sum(post.author is other for post in self._posts)
        assert found["counts"] == {
            "posts": posts_count, "followers": len(followers), "following": len(following),
        }  # fmt: skip
        standing = found["relationship"]
        assert (standing["following"], standing["followed_by"]) == (me in followers, me in following)
        for name, people in (("followers", followers), ("following", following)):
            assert _ids(me, f"/v1/users/{other.id}/{name}") == [person.id for person in people]

    def _see_posts(self, me: Person) -> None:
        author = self._person()
        mine = [post.id for post in self._posts if post.author is author]
        assert _ids(me, f"/v1/users/{author.id}/posts") == mine

    def _see_post(self, me: Person) -> None:
        post = self._any()
        found = me.get(f"/v1/posts/{post.id}")
        assert found["counts"] == {"likes": len(post.likers), "comments": len(post.comments)}
        assert (found["liked"], found["saved"]) == (
            me in post.likers,
            post in self._saved[me.id],
        )
        assert found["caption"] == post.caption
        assert _ids(me, f"/v1/posts/{post.id}/likes") == [person.id for person in post.likers]
        assert _ids(me, f"/v1/posts/{post.id}/comments") == post.comments

    def _see_saves(self, me: Person) -> None:
        assert _ids(me, "/v1/me/saves") == [post.id for post in self._saved[me.id]]

    def _see_found(self, me: Person) -> None:
        word = self._word()
        found = me.items("/v1/search/posts", q=f"{word} {_mark(me)}")
        assert [post["id"] for post in found] == self._found(word)

    def _found(self, word: str) -> list[str]:
        return [post.id for post in self._posts if word in post.caption]

    def _new_caption(self, author: Person) -> str:
        return f"{self._word()} {self._word()} {_mark(author)}"

    def _person(self) -> Person:
        return self._random.choice(self._people)

    def _any(self) -> Posted:
        return self._random.choice(self._posts)

    def _word(self) -> str:
        return self._random.choice(_WORDS)


def _mark(person: Person) -> str:
    """A word that nobody else says."""
    return f"mirrored{person.world.number}"


def _toggle(person: Person, path: str, kept: list[T], one: T) -> None:
    person.ok("DELETE" if one in kept else "PUT", path)
    _toggled(kept, one)


def _toggled(kept: list[T], one: T) -> None:
    if one in kept:
        kept.remove(one)
    else:
        kept.insert(0, one)


def _ids(person: Person, path: str) -> list[str]:
    return [item["id"] for item in person.items(path)]
