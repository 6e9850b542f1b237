"""A made-up past of any length: few people have most followers, few posts most likes, and what is posted is edited and deleted now
and then.
"""

import random
from collections import deque
from collections.abc import Callable, Iterator
from itertools import accumulate, chain, islice

from bench.graph import power_law
from bench.seed import WORDS, Story
from events.accounts import AccountRegistered
from events.envelope import Envelope
from events.graph import Followed
from events.likes import PostLiked, PostUnliked
from events.posts import PostDeleted, PostEdited

_EVENTS_PER_PERSON = 100
_LEAST_PEOPLE_COUNT = 50
_LINKS_EACH = 10
_ZIPF = 1.1
_POSTS_LIMIT = 100_000
"""Posts that are liked by their rank; beyond that many, they have their likes by turns."""
_AT_ONCE_COUNT = 1_000
_RECENT_COUNT = 1_000


class Past(Story):
    """So many events. Of a hundred one registers somebody, 20 are follows, 20 make posts (of five events each), and the others are
    likes but for two unlikes, two edits and a deletion.
    """

    def __init__(self, events_count: int, rnd: random.Random) -> None:
        people_count = max(events_count // _EVENTS_PER_PERSON, _LEAST_PEOPLE_COUNT)
        super().__init__(people_count, power_law(people_count, _LINKS_EACH, rnd), rnd, posts_each=0)
        self._events_count = events_count
        self._edges = iter(self._follows)
        self._likes: deque[PostLiked] = deque(maxlen=_RECENT_COUNT)
        self._ranks: Iterator[int] = iter(())
        self._shares = list(accumulate(1 / (rank + 1) ** _ZIPF for rank in range(_POSTS_LIMIT)))
        self.deleted: set[int] = set()

    def events(self) -> Iterator[Envelope]:
        """As they are asked for, each with a higher id than the one before."""
        return islice(chain(self._registrations(), self._first_posts(), self._acts()), self._events_count)

    def readable(self) -> list[tuple[int, int]]:
        """(post, author) of those that were not deleted."""
        return [(post_id, author_id) for post_id, author_id in self.posts if post_id not in self.deleted]

    def _registrations(self) -> Iterator[Envelope]:
        for number, user_id in enumerate(self.people):
            yield AccountRegistered(
                **self._me(user_id).stamp(),
                user_id=user_id,
                username=f"user{number}",
                email=f"user{number}@example.org",
            )

    def _first_posts(self) -> Iterator[Envelope]:
        """So that there is something to be liked."""
        for author_id in self.people[:_LINKS_EACH]:
            yield from self._post(author_id)

    def _acts(self) -> Iterator[Envelope]:
        weights: dict[Callable[[], Iterator[Envelope]], int] = {
            self._like: 54,
            self._follow: 20,
            self._somebody_posts: 4,
            self._unlike: 2,
            self._edit: 2,
            self._delete: 1,
        }
        while True:
            for act in self._rnd.choices(list(weights), list(weights.values()), k=_AT_ONCE_COUNT):
                yield from act()

    def _like(self) -> Iterator[Envelope]:
        """The older a post, the more."""
        rank = next(self._ranks, None)
        if rank is None:
            ranks = self._rnd.choices(range(_POSTS_LIMIT), cum_weights=self._shares, k=_AT_ONCE_COUNT)
            rank, *rest = ranks
            self._ranks = iter(rest)
        post_id, author_id = self.posts[rank % len(self.posts)]
        stamp = self._me(self._rnd.choice(self.people)).stamp()
        like = PostLiked(**stamp, post_id=post_id, author_id=author_id)
        self._likes.append(like)
        yield like

    def _unlike(self) -> Iterator[Envelope]:
        """A like of late is taken back."""
        if self._likes:
            like = self._rnd.choice(self._likes)
            stamp = self._me(like.actor_id).stamp()
            yield PostUnliked(**stamp, post_id=like.post_id, author_id=like.author_id)

    def _follow(self) -> Iterator[Envelope]:
        edge = next(self._edges, None)
        if edge is not None:
            follower_id, followed_id = (self.people[number] for number in edge)
            stamp = self._me(follower_id).stamp()
            yield Followed(**stamp, follower_id=follower_id, followed_id=followed_id)

    def _somebody_posts(self) -> Iterator[Envelope]:
        return self._post(self._rnd.choice(self.people))

    def _edit(self) -> Iterator[Envelope]:
        post_id, author_id = self._rnd.choice(self.posts)
        if post_id not in self.deleted:
            caption = " ".join(self._rnd.choices(WORDS, k=8))
            stamp = self._me(author_id).stamp()
            yield PostEdited(
                **stamp, post_id=post_id, author_id=author_id, changed=("caption",), caption=caption
            )

    def _delete(self) -> Iterator[Envelope]:
        post_id, author_id = self._rnd.choice(self.posts)
        if post_id not in self.deleted:
            self.deleted.add(post_id)
            yield PostDeleted(**self._me(author_id).stamp(), post_id=post_id, author_id=author_id)
