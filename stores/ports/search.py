"""Search: posts by words, users by name, tags by prefix.

Terms are made by `stores.ports.terms`, for posts and for queries alike. Results are candidates: what a viewer may not see is
taken out later. Private text is never returned from here, only ids, tags and words of users' public names.

Work is bounded: a page that would have to look at too many rows ends early, so it may be short or empty and still have a next
key. The list ends where there is none.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from events.posts import Visibility

SearchSort = Literal["date", "likes"]


@dataclass(frozen=True, slots=True)
class SearchPostPut:
    """There is a post, found by the terms of its caption and of its place's name, and by its tags; each once. A second one for
    the same post changes nothing."""

    post_id: int
    author_id: int
    visibility: Visibility
    caption_terms: tuple[str, ...]
    tags: tuple[str, ...]
    place_terms: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CaptionTermsSet:
    """The post is found by these terms and tags instead of those of its last caption."""

    post_id: int
    author_id: int
    terms: tuple[str, ...]
    tags: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PlaceTermsSet:
    """The post is found by these terms instead of those of its last place."""

    post_id: int
    author_id: int
    terms: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PostVisibilitySet:
    """Only public posts are counted for their tags; found are all."""

    post_id: int
    author_id: int
    visibility: Visibility


@dataclass(frozen=True, slots=True)
class SearchPostGone:
    """The post is deleted, and stays so whatever comes."""

    post_id: int
    author_id: int


@dataclass(frozen=True, slots=True)
class SearchLikeSet:
    """The user likes the post, or no longer does. Counts whether or not the post is there, now or later."""

    post_id: int
    user_id: int
    liked: bool


@dataclass(frozen=True, slots=True)
class SearchUserPut:
    """There is a user, found by the beginnings of these words of the user name and of the display name. A second one for the
    same user changes nothing."""

    user_id: int
    username_words: tuple[str, ...]
    display_words: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class DisplayNameSet:
    """The user is found by these words instead of those of the last display name."""

    user_id: int
    words: tuple[str, ...]


PostSearchChange = (
    SearchPostPut | CaptionTermsSet | PlaceTermsSet | PostVisibilitySet | SearchPostGone | SearchLikeSet
)
UserSearchChange = SearchUserPut | DisplayNameSet
SearchChange = PostSearchChange | UserSearchChange
"""The edits (`...Set`, but for likes) change nothing where there is no post or user, or no longer."""


@dataclass(frozen=True, slots=True)
class SearchKey:
    """Where a page of posts begins: below (level, post id); level is 0 when sorted by date."""

    level: int
    post_id: int


@dataclass(frozen=True, slots=True)
class UserKey:
    """Where a page of users begins: above (word, user id)."""

    word: str
    user_id: int


@dataclass(frozen=True, slots=True)
class FoundPosts:
    post_ids: tuple[int, ...]
    next_key: SearchKey | None


@dataclass(frozen=True, slots=True)
class FoundUsers:
    user_ids: tuple[int, ...]
    next_key: UserKey | None


@dataclass(frozen=True, slots=True)
class FoundTag:
    tag: str
    post_count: int


def like_level(like_count: int) -> int:
    """Grows by one with every power of two, so that a post is rarely moved in the order by likes."""
    return like_count.bit_length()


class SearchReader(Protocol):
    async def posts(
        self, terms: Sequence[str], sort: SearchSort, after: SearchKey | None, limit: int
    ) -> FoundPosts:
        """Posts that have all the terms; without terms none. `date`: by falling id. `likes`: by falling like level, then by
        falling id; exact counts are known to the likes view alone. `after` is the `next_key` of a page of the same list."""

    async def users(self, prefixes: Sequence[str], after: UserKey | None, limit: int) -> FoundUsers:
        """Users that have for each prefix a word beginning with it; without prefixes none. By the first of their words that
        begins with the longest prefix, then by rising id: each once."""

    async def tags(self, prefix: str, after: str, limit: int) -> Sequence[FoundTag]:
        """Tags that begin with the prefix and have public posts, alphabetically (by code points) above `after`, with the number
        of these posts."""
