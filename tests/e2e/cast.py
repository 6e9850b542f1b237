"""A small society that many tests look at and none changes: there are at least two of everything that is listed."""

from dataclasses import dataclass
from typing import Any

from tests.e2e.operations import Things
from tests.e2e.world import PASSWORD, Person, World, until

CORPUS = "quagga"
"""A word of every public caption."""
FAMILY = "Okapi"
"""The family name of Bob and Cy."""
SECRET = "zorilla"
"""A word that only those may read who follow Ada."""


@dataclass(frozen=True)
class Cast:
    """Ada, Bob and Cy follow each other; Eve follows nobody."""

    world: World
    ada: Person
    bob: Person
    cy: Person
    eve: Person
    posts: tuple[str, ...]
    """Public ones of Ada's, liked and saved by Bob and Cy, with comments."""
    comment: str
    hidden: str
    """Ada's post for followers, with a comment of Bob's."""
    hidden_comment: str
    media: str
    """Ada's, ready, of no post."""
    session: str
    """Another session of Ada's."""

    def all_of(self, post: str, comment: str) -> Things:
        """Everything of Ada's, with this post of hers."""
        return Things(
            user=self.ada.id,
            post=post,
            comment=comment,
            media=self.media,
            session=self.session,
            username=self.ada.username,
            tag=CORPUS,
            word=CORPUS,
        )

    @property
    def shown_things(self) -> Things:
        return self.all_of(self.posts[0], self.comment)

    @property
    def hidden_things(self) -> Things:
        return self.all_of(self.hidden, self.hidden_comment)


def assemble(world: World) -> Cast:
    ada, eve = world.person("ada"), world.person("eve")
    bob, cy = (world.person(name, display_name=f"{name.title()} {FAMILY}") for name in ("bob", "cy"))
    posts = tuple(ada.post(f"#{CORPUS} {CORPUS} number {number} #{CORPUS}_{number}") for number in range(3))
    until(
        lambda: all("?" not in url for post in posts for url in _urls(world, post))
    )  # from now on they stay the same
    hidden = _secret_post(ada)
    for follower, other in ((bob, cy), (cy, bob)):
        follower.follow(ada)
        ada.follow(follower)
        follower.follow(other)
        for post in (*posts, hidden):
            follower.ok("PUT", f"/v1/posts/{post}/like")
            follower.ok("PUT", f"/v1/posts/{post}/save")
    comment, *_ = [_comment(cy, posts[0], f"number {number}") for number in range(3)]
    media = ada.photo()
    ada.ok("POST", "/v1/sessions", 201, json={"login": ada.username, "password": PASSWORD})
    session = next(one["id"] for one in ada.get("/v1/sessions")["items"] if not one["current"])
    hidden_comment = _comment(bob, hidden, f"{SECRET} indeed")
    return Cast(world, ada, bob, cy, eve, posts, comment, hidden, hidden_comment, media, session)


def _urls(world: World, post: str) -> list[str]:
    return [one["url"] for one in world.get(f"/v1/posts/{post}")["media"][0]["renditions"].values()]


def _secret_post(ada: Person) -> str:
    more: dict[str, Any] = {
        "caption": f"#{SECRET} {SECRET} {CORPUS} #{CORPUS} #{CORPUS}_{SECRET}",
        "place": {"name": f"{SECRET} house", "latitude": 1.5, "longitude": 2.5},
        "visibility": "followers",
    }
    photo = ada.photo(alt_text=f"a {SECRET}")
    return str(ada.ok("POST", "/v1/posts", 201, json={"media_ids": [photo], **more})["id"])


def _comment(person: Person, post: str, text: str) -> str:
    return str(person.ok("POST", f"/v1/posts/{post}/comments", 201, json={"text": text})["id"])
