"""What every search must find, told from the plain list of events.

Shares no code with the folds, the stores or the cutting of text: it knows the few words of the histories and their stems by heart.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from events.envelope import Envelope
from tests.oracle.accounts import accounts
from tests.oracle.likes import likes
from tests.oracle.posts import posts

STEMS = {"harbor": "harbor", "dusk": "dusk", "old": "old", "lights": "light", "ete": "ete", "bridge": "bridg"}
"""By word, for every word of captions and places that is no stop word."""

_STOP_WORDS = frozenset({"at"})


def search(events: Sequence[Envelope]) -> dict[str, Any]:
    """`date` and `likes`: by term, the posts in that order. `users`: by prefix. `tags`: how many public posts each has."""
    there = posts(events)
    of_posts = {post_id: terms_of(post) for post_id, post in there.items()}
    by_date = {
        term: sorted((id_ for id_, terms in of_posts.items() if term in terms), reverse=True)
        for term in set().union(*of_posts.values())
    }
    levels = {post_id: len(users).bit_length() for post_id, users in likes(events).items()}
    return {
        "date": by_date,
        "likes": {term: sorted(ids, key=lambda id_: -levels.get(id_, 0)) for term, ids in by_date.items()},
        "tags": dict(
            Counter(t for post in there.values() if post["visibility"] == "public" for t in post["tags"])
        ),
        "users": _users(accounts(events)),
    }


def terms_of(post: dict[str, Any]) -> set[str]:
    """Stems, neighbours of one text, and tags."""
    texts = [_stems(post["caption"]), _stems(post["place"].name if post["place"] else "")]
    stems = {stem for text in texts for stem in text}
    pairs = {f"{one} {other}" for text in texts for one, other in pairwise(text)}
    return stems | pairs | {f"#{tag}" for tag in post["tags"]}


def _stems(text: str) -> list[str]:
    plain = unicodedata.normalize("NFD", text.lower()).encode("ascii", "ignore").decode()
    return [STEMS[word] for word in re.findall(r"[a-z]+", plain) if word not in _STOP_WORDS]


def _users(people: dict[int, dict[str, Any]]) -> dict[str, list[int]]:
    """By every prefix of a word: the users by the first of their words that begins with it, then by id."""
    words = {
        user_id: {person["username"], *person["display_name"].lower().split()}
        for user_id, person in people.items()
    }
    prefixes = {
        word[:length] for mine in words.values() for word in mine for length in range(1, len(word) + 1)
    }
    return {prefix: _beginning_with(words, prefix) for prefix in prefixes}


def _beginning_with(words: dict[int, set[str]], prefix: str) -> list[int]:
    first = {user: min((w for w in mine if w.startswith(prefix)), default="") for user, mine in words.items()}
    return [user for _, user in sorted((word, user) for user, word in first.items() if word)]
