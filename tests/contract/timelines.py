"""The contract of the timelines view."""

from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from functools import partial
from typing import Literal, Protocol, assert_never

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from events.posts import Place, Visibility
from stores.ports.timelines import (
    CaptionSet,
    PlaceSet,
    Post,
    PostGone,
    PostPut,
    TimelinesChange,
    TimelinesReader,
    VisibilitySet,
)
from stores.ports.view import View
from tests.contract.applying import apply
from tests.contract.paging import all_items
from tests.contract.parking import ParkingContract

POSTS = (21, 22, 23, 24, 25)
AUTHORS = (11, 12)
TAGS = ("sea", "sky", "été")
PLACE = Place(name="Wien", latitude=48.2, longitude=16.4)

Model = dict[int, Post | Literal["gone"]]


class TimelinesView(View[TimelinesChange], TimelinesReader, Protocol):
    pass


def author_of(post_id: int) -> int:
    """Whichever event speaks of a post, it speaks of the same author."""
    return AUTHORS[post_id % 2]


def put(
    post_id: int,
    tags: tuple[str, ...] = (),
    author_id: int | None = None,
    place: Place | None = None,
    visibility: Visibility = "public",
) -> PostPut:
    author_id = author_of(post_id) if author_id is None else author_id
    return PostPut(post_id, author_id, (31, 32), visibility, " ".join(tags), tags, place, 1000)


def caption_set(post_id: int, tags: tuple[str, ...]) -> CaptionSet:
    return CaptionSet(post_id, author_of(post_id), " ".join(tags), tags, 2000)


def place_set(post_id: int, place: Place | None) -> PlaceSet:
    return PlaceSet(post_id, author_of(post_id), place, 3000)


def visibility_set(post_id: int, visibility: Visibility) -> VisibilitySet:
    return VisibilitySet(post_id, author_of(post_id), visibility, 4000)


def gone(post_id: int) -> PostGone:
    return PostGone(post_id, author_of(post_id))


ids = st.sampled_from(POSTS)
tag_tuples = st.lists(st.sampled_from(TAGS), max_size=3, unique=True).map(tuple)
visibilities = st.sampled_from(("public", "followers"))
places = st.sampled_from((None, PLACE))
change = st.one_of(
    st.builds(put, ids, tag_tuples, st.none(), places, visibilities),
    st.builds(caption_set, ids, tag_tuples),
    st.builds(place_set, ids, places),
    st.builds(visibility_set, ids, visibilities),
    st.builds(gone, ids),
)


def applied(model: Model, change: TimelinesChange) -> None:
    """What a change means, said as simply as it can be."""
    known = model.get(change.post_id)
    if isinstance(change, PostPut):
        if known is None:
            model[change.post_id] = Post(
                change.post_id,
                change.author_id,
                change.media_ids,
                change.visibility,
                change.caption,
                change.tags,
                change.place,
                change.created_at_ms,
                None,
            )
    elif isinstance(change, PostGone):
        model[change.post_id] = "gone"
    elif isinstance(known, Post):
        model[change.post_id] = edited(known, change)


def edited(post: Post, change: CaptionSet | PlaceSet | VisibilitySet) -> Post:
    match change:
        case CaptionSet():
            return replace(post, caption=change.caption, tags=change.tags, edited_at_ms=change.edited_at_ms)
        case PlaceSet():
            return replace(post, place=change.place, edited_at_ms=change.edited_at_ms)
        case VisibilitySet():
            return replace(post, visibility=change.visibility, edited_at_ms=change.edited_at_ms)
        case _:
            assert_never(change)


async def shown(view: TimelinesView, post_id: int) -> dict[str, object] | None:
    """Posts are compared by identity; this compares what they say."""
    post = (await view.posts([post_id])).get(post_id)
    return None if post is None else asdict(post)


class TimelinesContract(ParkingContract):
    """`fresh` makes empty views."""

    @pytest.fixture
    def view(self, fresh: Callable[[], TimelinesView]) -> TimelinesView:
        return fresh()

    async def test_a_post_is_read_as_it_was_made(self, view: TimelinesView) -> None:
        await apply(view, put(21, ("sea",), place=PLACE, visibility="followers"))
        author_id = author_of(21)
        expected = Post(21, author_id, (31, 32), "followers", "sea", ("sea",), PLACE, 1000, None)
        assert await shown(view, 21) == asdict(expected)

    async def test_the_same_object_is_handed_out_until_the_post_changes_at_most(
        self, view: TimelinesView
    ) -> None:
        await apply(view, put(21, ("sea",)), put(22))
        before = (await view.posts([21]))[21]
        await apply(view, caption_set(21, ("sky",)))
        after = (await view.posts([21]))[21]
        assert after is not before
        assert (before.caption, after.caption) == ("sea", "sky")

    async def test_a_repeated_creation_changes_nothing(self, view: TimelinesView) -> None:
        await apply(view, put(21, ("sea",)), caption_set(21, ("sky",)), put(21, ("sea",)))
        assert (await view.posts([21]))[21].caption == "sky"
        assert (await view.with_tag("sea", None, 10)).items == ()
        assert (await view.post_counts([author_of(21)]))[author_of(21)] == 1

    async def test_an_edit_of_the_caption_replaces_the_tags(self, view: TimelinesView) -> None:
        await apply(view, put(21, ("sea", "sky")))
        await apply(view, caption_set(21, ("sky", "été")))
        assert (await view.with_tag("sea", None, 10)).items == ()
        assert (await view.with_tag("sky", None, 10)).items == (21,)
        assert (await view.with_tag("été", None, 10)).items == (21,)

    async def test_a_deleted_post_stays_deleted(self, view: TimelinesView) -> None:
        await apply(view, put(21, ("sea",)), gone(21), put(21, ("sea",)), caption_set(21, ("sky",)), gone(21))
        assert await shown(view, 21) is None
        assert (await view.of_author(author_of(21), None, 10)).items == ()
        assert await view.of_authors([author_of(21)], None, 10) == []
        assert (await view.with_tag("sea", None, 10)).items == ()
        assert (await view.with_tag("sky", None, 10)).items == ()
        assert (await view.post_counts([author_of(21)])).get(author_of(21), 0) == 0

    async def test_a_deletion_may_come_before_the_post(self, view: TimelinesView) -> None:
        await apply(view, gone(21))
        await apply(view, put(21, ("sea",)))
        assert await shown(view, 21) is None
        assert (await view.with_tag("sea", None, 10)).items == ()

    async def test_an_edit_of_what_is_not_there_changes_nothing(self, view: TimelinesView) -> None:
        await apply(view, caption_set(21, ("sea",)), place_set(21, PLACE), visibility_set(21, "followers"))
        assert await shown(view, 21) is None
        assert (await view.with_tag("sea", None, 10)).items == ()

    async def test_of_authors_merges_far_beyond_what_anybody_keeps(self, view: TimelinesView) -> None:
        """One prolific author, one with a few posts among theirs, one with none."""
        mine = dict.fromkeys(range(1, 201), 11) | dict.fromkeys((40, 150, 190), 12)
        await apply(view, *(put(post_id, author_id=author_id) for post_id, author_id in mine.items()))
        expected = sorted(mine.items(), reverse=True)
        for before in (None, 201, 190, 151, 41, 40, 2, 1):
            below = [item for item in expected if before is None or item[0] < before]
            for limit in (1, 20, 50, 100):
                assert list(await view.of_authors([11, 12, 13], before, limit)) == below[:limit]

    async def test_of_authors_sees_what_came_and_went_after_it_was_read(self, view: TimelinesView) -> None:
        await apply(view, put(21), put(23))
        assert list(await view.of_authors(AUTHORS, None, 10)) == [(23, 12), (21, 12)]
        await apply(view, put(22), gone(23))
        assert list(await view.of_authors(AUTHORS, None, 10)) == [(22, 11), (21, 12)]

    async def test_the_last_page_has_no_next_key(self, view: TimelinesView) -> None:
        await apply(view, put(21, ("sea",)), put(23, ("sea",)))
        assert (await view.of_author(author_of(21), None, 2)).next_key is None
        assert (await view.with_tag("sea", None, 2)).next_key is None

    async def test_newer_posts_do_not_shift_pages(self, view: TimelinesView) -> None:
        await apply(view, put(21), put(23))
        first = await view.of_author(author_of(21), None, 1)
        await apply(view, put(25))
        second = await view.of_author(author_of(21), first.next_key, 1)
        assert (*first.items, *second.items) == (23, 21)

    @given(batches=st.lists(st.lists(change, max_size=8), max_size=4))
    @settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    async def test_it_is_what_the_changes_mean(
        self, fresh: Callable[[], TimelinesView], batches: Sequence[Sequence[TimelinesChange]]
    ) -> None:
        view, model = fresh(), Model()
        for batch in batches:
            await apply(view, *batch)
            for change in batch:
                applied(model, change)
            await self._check(view, [post for post in model.values() if isinstance(post, Post)])

    async def _check(self, view: TimelinesView, there: list[Post]) -> None:
        there.sort(key=lambda post: -post.post_id)
        found = await view.posts(POSTS)
        assert {post_id: asdict(post) for post_id, post in found.items()} == {
            post.post_id: asdict(post) for post in there
        }
        pairs = [(post.post_id, post.author_id) for post in there]
        assert list(await view.of_authors(AUTHORS, None, 10)) == pairs
        assert list(await view.of_authors(AUTHORS, 23, 2)) == [pair for pair in pairs if pair[0] < 23][:2]
        counts = await view.post_counts(AUTHORS)
        for author_id in AUTHORS:
            theirs = [post.post_id for post in there if post.author_id == author_id]
            assert await all_items(partial(view.of_author, author_id), limit=2) == theirs
            assert counts.get(author_id, 0) == len(theirs)
        for tag in TAGS:
            tagged = [post.post_id for post in there if tag in post.tags]
            assert await all_items(partial(view.with_tag, tag), limit=2) == tagged
