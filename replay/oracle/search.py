"""What every search must find, told from the plain list of events.

Shares no code with the folds, the stores or the cutting of text. `events` is in the order of the log for events of one post, and
of one user.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from events.envelope import Envelope
from replay.oracle.accounts import Profile, accounts
from replay.oracle.likes import likes
from replay.oracle.posts import Post, posts
from replay.oracle.texts import terms_in, words_in


def search(events: Sequence[Envelope]) -> dict[str, Any]:
    """`date` and `likes`: by term, the posts in that order. `users`: by prefix. `tags`: how many public posts each has."""
    there, liked = posts(events), levels(events)
    ranked: dict[str, list[tuple[int, int]]] = {}
    for post_id, post in there.items():
        for term in terms_of(post):
            ranked.setdefault(term, []).append((liked.get(post_id, 0), post_id))
    return {
        "date": {term: by_date(ranks) for term, ranks in ranked.items()},
        "likes": {term: by_likes(ranks) for term, ranks in ranked.items()},
        "tags": dict(Counter(tag for post in there.values() for tag in counted_tags(post))),
        "users": _users(accounts(events)),
    }


def levels(events: Sequence[Envelope]) -> dict[int, int]:
    """By post, the power of two that its likes have passed, from 1 on."""
    return {post_id: len(users).bit_length() for post_id, users in likes(events).items()}


def by_date(ranks: Iterable[tuple[int, int]]) -> list[int]:
    """Of (level, post)."""
    return sorted((post_id for _, post_id in ranks), reverse=True)


def by_likes(ranks: Iterable[tuple[int, int]]) -> list[int]:
    """Of (level, post)."""
    return [post_id for _, post_id in sorted(ranks, reverse=True)]


def terms_of(post: Post) -> set[str]:
    """Stems, neighbours of one text, and tags."""
    texts = (post["caption"], post["place"].name if post["place"] else "")
    return {term for text in texts for term in terms_in(text)} | {f"#{tag}" for tag in post["tags"]}


def counted_tags(post: Post) -> tuple[str, ...]:
    tags: tuple[str, ...] = post["tags"] if post["visibility"] == "public" else ()
    return tags


def words_of(person: Profile) -> set[str]:
    """What the user is found by. Somebody whose name was erased is found by the rest."""
    username: str = person["username"]
    return {*((username, *words_in(username)) if username else ()), *words_in(person["display_name"])}


def _users(people: Mapping[int, Profile]) -> dict[str, list[int]]:
    """By every prefix of a word: the users by the first of their words that begins with it, then by id."""
    first: dict[str, dict[int, str]] = {}
    for user_id, person in people.items():
        for word in sorted(words_of(person), reverse=True):
            for length in range(1, len(word) + 1):
                first.setdefault(word[:length], {})[user_id] = word
    return {
        prefix: [user for _, user in sorted((word, user) for user, word in found.items())]
        for prefix, found in first.items()
    }
