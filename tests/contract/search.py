"""The contract of search, for every adapter. Fixtures: `view`, empty; and, in a second run, one whose pages end after few rows."""

import itertools
from collections.abc import Sequence
from typing import Any

from events.posts import Visibility
from stores.ports.search import (
    CaptionTermsSet,
    DisplayNameSet,
    FoundTag,
    PlaceTermsSet,
    PostVisibilitySet,
    SearchLikeSet,
    SearchPostGone,
    SearchPostPut,
    SearchSort,
    SearchUserPut,
)
from stores.ports.terms import name_words, query_terms, text_terms, username_words
from tests.contract.applying import apply, apply_each

AUTHOR = 7
SORTS: tuple[SearchSort, ...] = ("date", "likes")


def put(
    post_id: int,
    caption: str = "",
    *tags: str,
    place: str = "",
    visibility: Visibility = "public",
) -> SearchPostPut:
    return SearchPostPut(post_id, AUTHOR, visibility, text_terms(caption), tags, text_terms(place))


def caption(post_id: int, text: str, *tags: str) -> CaptionTermsSet:
    return CaptionTermsSet(post_id, AUTHOR, text_terms(text), tags)


def liked(post_id: int, count: int) -> list[SearchLikeSet]:
    return [SearchLikeSet(post_id, user_id, liked=True) for user_id in range(1, count + 1)]


def user(user_id: int, username: str, display_name: str = "") -> SearchUserPut:
    return SearchUserPut(user_id, username_words(username), name_words(display_name))


async def posts(view: Any, query: str, sort: SearchSort = "date", limit: int = 2) -> list[int]:
    """All pages of a list; each is as short as it likes, but never longer than asked for."""
    found: list[int] = []
    key = None
    for _ in range(1_000):
        page = await view.posts(query_terms(query), sort, key, limit)
        assert len(page.post_ids) <= limit
        found += page.post_ids
        key = page.next_key
        if key is None:
            return found
    raise AssertionError("the list has no end")


async def users(view: Any, *prefixes: str, limit: int = 2) -> list[int]:
    found: list[int] = []
    key = None
    for _ in range(1_000):
        page = await view.users(prefixes, key, limit)
        assert len(page.user_ids) <= limit
        found += page.user_ids
        key = page.next_key
        if key is None:
            return found
    raise AssertionError("the list has no end")


async def tags(view: Any, prefix: str = "") -> dict[str, int]:
    found: list[FoundTag] = []
    while page := await view.tags(prefix, found[-1].tag if found else "", 2):
        found += page
    assert [one.tag for one in found] == sorted(one.tag for one in found)
    return {one.tag: one.post_count for one in found}


class SearchContract:
    async def test_an_empty_view_finds_nothing(self, view: Any) -> None:
        assert await posts(view, "beach") == []
        assert await posts(view, "beach", "likes") == []
        assert await users(view, "ada") == []
        assert await tags(view) == {}

    async def test_without_terms_nothing_is_found(self, view: Any) -> None:
        await apply(view, put(1, "beach"), user(1, "ada"))
        assert await posts(view, "?!") == []
        assert await users(view) == []

    async def test_posts_by_one_word_are_found_newest_first(self, view: Any) -> None:
        await apply(view, *[put(post_id, "a beach") for post_id in (3, 5, 1, 4)], put(2, "a mountain"))
        assert await posts(view, "beach") == [5, 4, 3, 1]
        assert await posts(view, "beaches") == [5, 4, 3, 1]

    async def test_several_words_intersect(self, view: Any) -> None:
        await apply(view, put(1, "red beach"), put(2, "red sky"), put(3, "red sky, old beach"))
        assert await posts(view, "beach red") == [3, 1]
        assert await posts(view, "sky beach red") == [3]
        assert await posts(view, "sky beach red moon") == []

    async def test_a_phrase_needs_its_words_side_by_side(self, view: Any) -> None:
        await apply(view, put(1, "golden hour"), put(2, "an hour of golden light"), put(3, "hour, golden"))
        assert await posts(view, "golden hour") == [3, 2, 1]
        assert await posts(view, '"golden hour"') == [1]
        assert await posts(view, '"golden hour"', "likes") == [1]

    async def test_a_phrase_does_not_reach_from_the_caption_into_the_place(self, view: Any) -> None:
        await apply(view, put(1, "golden", place="Hour Lake"))
        assert await posts(view, '"golden hour"') == []
        assert await posts(view, "golden hour") == [1]

    async def test_places_and_tags_are_found(self, view: Any) -> None:
        await apply(view, put(1, "beach #sun", "sun", place="Old Harbor"), put(2, "beach sun"))
        assert await posts(view, "beach harbor") == [1]
        assert await posts(view, "#sun") == [1]
        assert await posts(view, "sun") == [2, 1]

    async def test_by_likes_the_higher_level_comes_first_then_the_newer(self, view: Any) -> None:
        await apply(view, *[put(post_id, "beach") for post_id in range(1, 7)])
        await apply(view, *liked(2, 4), *liked(5, 5), *liked(3, 9), *liked(1, 1))
        assert await posts(view, "beach", "likes") == [3, 5, 2, 1, 6, 4]

    async def test_several_words_intersect_by_likes_too(self, view: Any) -> None:
        await apply(
            view, *[put(post_id, "red beach") for post_id in (1, 2, 3)], put(4, "red"), put(5, "beach")
        )
        await apply(view, *liked(2, 2), *liked(4, 9))
        assert await posts(view, "red beach", "likes") == [2, 3, 1]
        assert await posts(view, '"red beach"', "likes") == [2, 3, 1]

    async def test_a_like_given_twice_counts_once_and_one_taken_back_does_not(self, view: Any) -> None:
        await apply(view, put(1, "beach"), put(2, "beach"))
        await apply_each(view, *liked(1, 1), *liked(1, 1), *liked(1, 1))
        assert await posts(view, "beach", "likes") == [1, 2]
        await apply_each(view, *liked(2, 2))
        assert await posts(view, "beach", "likes") == [2, 1]
        unlike = SearchLikeSet(1, 1, liked=False)
        await apply(view, unlike, unlike, SearchLikeSet(2, 3, liked=False))
        assert await posts(view, "beach", "likes") == [2, 1]
        await apply(view, SearchLikeSet(2, 1, liked=False), SearchLikeSet(2, 2, liked=False))
        assert await posts(view, "beach", "likes") == [2, 1]
        await apply(view, *liked(1, 1))
        assert await posts(view, "beach", "likes") == [1, 2]

    async def test_a_like_may_come_before_its_post(self, view: Any) -> None:
        await apply(view, *liked(1, 3))
        assert await posts(view, "beach", "likes") == []
        await apply(view, put(2, "beach"), put(1, "beach"))
        assert await posts(view, "beach", "likes") == [1, 2]

    async def test_an_edited_post_is_found_by_its_new_terms_alone(self, view: Any) -> None:
        await apply(view, put(1, "red beach", "sun", place="Old Harbor"), *liked(1, 3))
        await apply(view, caption(1, "red sky", "moon"))
        for sort in SORTS:
            assert await posts(view, "red", sort) == [1]
            assert await posts(view, "sky", sort) == [1]
            assert await posts(view, "harbor", sort) == [1]
            assert await posts(view, "#moon", sort) == [1]
            for stale in ("beach", '"red beach"', "#sun"):
                assert await posts(view, stale, sort) == []
        assert await tags(view) == {"moon": 1}
        await apply(view, PlaceTermsSet(1, AUTHOR, ()))
        for sort in SORTS:
            assert await posts(view, "harbor", sort) == []

    async def test_a_term_of_caption_and_place_stays_until_it_is_in_neither(self, view: Any) -> None:
        await apply(view, put(1, "harbor", place="harbor"))
        await apply(view, caption(1, ""))
        assert await posts(view, "harbor") == await posts(view, "harbor", "likes") == [1]
        await apply(view, PlaceTermsSet(1, AUTHOR, ()))
        assert await posts(view, "harbor") == await posts(view, "harbor", "likes") == []

    async def test_edits_and_levels_of_one_write_meet(self, view: Any) -> None:
        await apply(view, put(1, "beach"), put(2, "beach"))
        await apply(view, caption(1, "sky"), *liked(1, 2), caption(1, "beach sky"), *liked(2, 1))
        assert await posts(view, "beach", "likes") == [1, 2]
        assert await posts(view, "sky", "likes") == [1]

    async def test_a_second_put_changes_nothing(self, view: Any) -> None:
        await apply(view, put(1, "beach", "sun"))
        await apply(view, caption(1, "sky", "moon"))
        await apply(view, put(1, "beach", "sun"))
        assert await posts(view, "sky") == [1]
        assert await posts(view, "beach") == []
        assert await tags(view) == {"moon": 1}

    async def test_a_deleted_post_stays_deleted(self, view: Any) -> None:
        await apply(view, put(1, "beach", "sun"), *liked(1, 2))
        late = [put(1, "beach", "sun"), caption(1, "beach", "sun"), *liked(1, 9)]
        await apply(view, SearchPostGone(1, AUTHOR))
        await apply(view, *late, PostVisibilitySet(1, AUTHOR, "public"), PlaceTermsSet(1, AUTHOR, ("beach",)))
        assert await posts(view, "beach") == await posts(view, "beach", "likes") == []
        assert await tags(view) == {}

    async def test_edits_of_a_post_that_is_not_there_change_nothing(self, view: Any) -> None:
        await apply(view, caption(1, "beach", "sun"), PlaceTermsSet(1, AUTHOR, ("beach",)))
        await apply(view, PostVisibilitySet(1, AUTHOR, "public"))
        assert await posts(view, "beach") == []
        assert await tags(view) == {}

    async def test_every_post_is_found_and_public_ones_are_counted(self, view: Any) -> None:
        hidden = put(2, "beach", "sun", "sea", visibility="followers")
        await apply(view, put(1, "beach", "sun"), hidden)
        assert await posts(view, "#sun") == [2, 1]
        assert await tags(view) == {"sun": 1}
        await apply(view, PostVisibilitySet(2, AUTHOR, "public"), PostVisibilitySet(1, AUTHOR, "followers"))
        assert await tags(view) == {"sea": 1, "sun": 1}
        await apply(view, PostVisibilitySet(2, AUTHOR, "public"))
        assert await tags(view) == {"sea": 1, "sun": 1}

    async def test_tags_are_found_by_prefix_and_never_by_pattern(self, view: Any) -> None:
        names = ("sun", "sunset", "sun_set", "sea", "été", "ét", "日本")
        await apply(view, *[put(number, "x", name) for number, name in enumerate(names, 1)])
        assert list(await tags(view, "sun")) == ["sun", "sun_set", "sunset"]
        assert list(await tags(view, "ét")) == ["ét", "été"]
        assert list(await tags(view, "日")) == ["日本"]
        for pattern in ("%", "s%", "_", "s_n", "*", "s*"):
            assert await tags(view, pattern) == {}

    async def test_users_are_found_by_the_beginnings_of_their_words(self, view: Any) -> None:
        await apply(view, user(1, "ann.lee_3", "Zoë Wong"), user(2, "lee", "Anna Bell"), user(3, "bo"))
        assert await users(view, "ann") == [1, 2]
        assert await users(view, "lee") == [1, 2]
        assert await users(view, "zoe") == await users(view, "ann.le") == await users(view, "3") == [1]
        assert await users(view, "le", "an") == [1, 2]
        assert await users(view, "bell", "lee") == [2]
        assert await users(view, "nn") == await users(view, "%") == await users(view, "_") == []

    async def test_a_user_is_listed_once_by_the_first_of_the_matching_words(self, view: Any) -> None:
        await apply(view, user(1, "zann.ann", "Anne Annette"), user(2, "anna"), user(3, "anb"))
        assert await users(view, "an", limit=1) == [3, 1, 2]
        assert await users(view, "ann", "anne") == [1]

    async def test_another_display_name_replaces_the_words_of_the_last(self, view: Any) -> None:
        await apply(view, user(1, "ada", "Ada Bell"))
        await apply(view, DisplayNameSet(1, ("cleo",)))
        assert await users(view, "bell") == []
        assert await users(view, "cleo") == await users(view, "ada") == [1]
        await apply(view, user(1, "ada", "Ada Bell"))
        assert await users(view, "bell") == []

    async def test_a_name_without_a_user_changes_nothing(self, view: Any) -> None:
        await apply(view, DisplayNameSet(1, ("cleo",)))
        assert await users(view, "cleo") == []

    async def test_changes_may_come_in_any_order_of_their_topics(self, view: Any) -> None:
        of_posts = [put(1, "red beach", "sun"), caption(1, "red sky", "sun")]
        of_likes = [*liked(1, 2), SearchLikeSet(1, 2, liked=False), *liked(2, 1)]
        orders = set(itertools.permutations([0] * len(of_posts) + [1] * len(of_likes)))
        for number, order in enumerate(sorted(orders)):
            left: list[list[Any]] = [list(of_posts), list(of_likes)]
            moved = [_moved(left[which].pop(0), number * 10) for which in order]
            await apply_each(view, *moved)
            await apply(view, _moved(put(2, "red sky"), number * 10))
        firsts = [number * 10 + 2 for number in reversed(range(len(orders)))]
        seconds = [number * 10 + 1 for number in reversed(range(len(orders)))]
        found = await posts(view, "sky", "likes", limit=50)
        assert found == sorted(firsts + seconds, reverse=True)
        assert await tags(view) == {"sun": len(orders)}


def _moved(change: Any, by: int) -> Any:
    fields: Sequence[str] = change.__dataclass_fields__
    values = {name: getattr(change, name) for name in fields}
    return type(change)(**{**values, "post_id": change.post_id + by})
