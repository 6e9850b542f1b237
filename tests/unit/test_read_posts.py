"""The read pipeline of posts: rules, presentation, what is remembered, and filling pages."""

from collections.abc import AsyncIterator
from dataclasses import replace
from functools import partial
from typing import Any

import orjson
import pytest

from api.comments import Comment, comment_json
from api.hydrate import MAX_ROUNDS, Candidates, page_of_posts, present_posts, present_written
from api.post_json import SIGNED_KEPT_MS, Post
from api.posts import PlacePatch, PostPatch, changes_of
from api.problems import ProblemError
from events.media import MediaDeleted
from producers.comments import add_comment
from producers.likes import like_post
from producers.posts import PostChanges, edit_post, own_post
from producers.saves import save_post
from producers.visibility import visible
from tests.unit.folding import ADA, BOB, CY, NOW_MS, PLACE, World, paged_call


@pytest.fixture
async def world() -> AsyncIterator[World]:
    found = World()
    await found.register(ADA, BOB, CY)
    yield found
    found.close()


async def shown(world: World, me: int | None, *post_ids: int) -> list[dict[str, Any]]:
    presented = await present_posts(world.app, world.views, me, post_ids)
    for post in presented:
        Post.model_validate_json(post)
    return [orjson.loads(post) for post in presented]


async def shown_ids(world: World, me: int | None, *post_ids: int) -> list[int]:
    return [int(post["id"]) for post in await shown(world, me, *post_ids)]


def of_ada(world: World) -> Candidates:
    return partial(world.timelines.of_author, ADA)


def ids_and_cursor(body: object) -> tuple[list[int], str | None]:
    assert isinstance(body, bytes)
    page = orjson.loads(body)
    return [int(post["id"]) for post in page["items"]], page["next_cursor"]


async def test_a_post_says_everything(world: World) -> None:
    await world.post(21, caption="at #Sea")
    await like_post(world.log, world.views, world.command(BOB), 21)
    await save_post(world.log, world.views, world.command(BOB), 21)
    await add_comment(world.log, world.views, world.command(CY), 21, 31, "yes")
    (post,) = await shown(world, BOB, 21)
    assert post["author"]["username"] == f"user{ADA}"
    assert post["author"]["relationship"]["following"] is False
    assert post["media"][0]["renditions"]["small"]["url"] == "https://cdn/public/1021/small.webp"
    del post["author"], post["media"]
    assert post == {
        "id": "21",
        "caption": "at #Sea",
        "tags": ["sea"],
        "place": {"name": "Wien", "latitude": 48.2, "longitude": 16.4},
        "visibility": "public",
        "counts": {"likes": 1, "comments": 1},
        "liked": True,
        "saved": True,
        "created_at": "2027-01-15T08:00:00.123Z",
        "edited_at": None,
    }


async def test_likes_and_saves_are_the_viewers_own(world: World) -> None:
    await world.post(21)
    await like_post(world.log, world.views, world.command(BOB), 21)
    for viewer in (None, CY):
        (post,) = await shown(world, viewer, 21)
        assert (post["counts"]["likes"], post["liked"], post["saved"]) == (1, False, False)


async def test_a_post_for_followers_is_seen_by_them_and_its_author(world: World) -> None:
    await world.post(21)
    await world.post(22, visibility="followers")
    await world.follow(BOB, ADA)
    await world.follow(ADA, CY)
    for viewer, expected in ((ADA, [21, 22]), (BOB, [21, 22]), (CY, [21]), (None, [21])):
        assert await shown_ids(world, viewer, 21, 22) == expected
    await world.unfollow(BOB, ADA)
    assert await shown_ids(world, BOB, 21, 22) == [21]


async def test_the_public_posts_of_an_author_stay_visible_beside_hidden_ones(world: World) -> None:
    await world.post(21)
    await world.post(22, visibility="followers")
    await world.post(23, author_id=BOB, visibility="followers")
    posts = (await world.timelines.posts([21, 22, 23])).values()
    assert [post.post_id for post in await visible(world.views, BOB, posts)] == [21, 23]
    assert [post.post_id for post in await visible(world.views, None, posts)] == [21]


async def test_posts_come_in_the_order_of_the_ids_and_absent_ones_are_left_out(world: World) -> None:
    await world.post(21)
    await world.post(22)
    assert await shown_ids(world, None, 22, 99, 21) == [22, 21]
    assert await shown_ids(world, None) == []


async def test_a_post_whose_author_or_files_are_gone_is_left_out(world: World) -> None:
    await world.post(21)
    await world.post(22, author_id=99)
    await world.append(MediaDeleted(**world.command(ADA).stamp(), media_id=1021, owner_id=ADA))
    assert await shown_ids(world, None, 21, 22) == []


async def test_what_is_remembered_follows_every_change(world: World) -> None:
    await world.post(21, caption="before")
    await shown(world, None, 21)
    me = world.command(ADA)
    post = await own_post(world.views, me, 21)
    await edit_post(world.log, me, post, PostChanges(("caption",), caption="after"))
    await world.process(1021, area="private")
    (post_json,) = await shown(world, None, 21)
    assert (post_json["caption"], post_json["edited_at"]) == ("after", "2027-01-15T08:00:00.123Z")
    assert post_json["media"][0]["renditions"]["small"]["url"].startswith("https://store/private/")


async def test_only_what_everybody_may_see_has_lasting_urls(world: World) -> None:
    await world.post(21, visibility="followers")
    (post,) = await shown(world, ADA, 21)
    url = post["media"][0]["renditions"]["small"]["url"]
    assert url == f"https://store/public/1021/small.webp?private&{NOW_MS}"


async def test_signed_urls_are_made_anew_before_they_end(world: World) -> None:
    await world.post(21, visibility="followers")
    urls = []
    for later_ms in (0, SIGNED_KEPT_MS - 1, SIGNED_KEPT_MS):
        world.now_ms = NOW_MS + later_ms
        (post,) = await shown(world, ADA, 21)
        urls.append(post["media"][0]["renditions"]["small"]["url"])
    assert urls[0] == urls[1]
    assert urls[2].endswith(str(NOW_MS + SIGNED_KEPT_MS))


async def test_a_written_post_is_shown_without_its_view(world: World) -> None:
    await world.post(21, caption="before")
    me = world.command(ADA)
    written = await edit_post(
        world.log, me, await own_post(world.views, me, 21), PostChanges(("caption",), caption="after")
    )
    post = Post.model_validate_json(await present_written(world.app, world.views, ADA, written.value))
    assert post.caption == "after"


async def test_a_list_shows_what_has_changed_in_it(world: World) -> None:
    for post_id in (21, 22, 23):
        await world.post(post_id)
    assert await shown_ids(world, BOB, 23, 22, 21) == [23, 22, 21]
    await like_post(world.log, world.views, world.command(CY), 22)
    assert [post["counts"]["likes"] for post in await shown(world, BOB, 23, 22, 21)] == [0, 1, 0]
    await like_post(world.log, world.views, world.command(BOB), 23)
    assert [post["liked"] for post in await shown(world, BOB, 23, 22, 21)] == [True, False, False]
    await world.follow(BOB, ADA)
    assert all(post["author"]["relationship"]["following"] for post in await shown(world, BOB, 23, 22, 21))
    own = await own_post(world.views, world.command(ADA), 22)
    await edit_post(world.log, world.command(ADA), own, PostChanges(("visibility",), visibility="followers"))
    assert await shown_ids(world, BOB, 23, 22, 21) == [23, 22, 21]
    await world.unfollow(BOB, ADA)
    assert await shown_ids(world, BOB, 23, 22, 21) == [23, 21]


async def test_a_page_is_filled_up_with_what_may_be_seen(world: World) -> None:
    for post_id in range(21, 31):
        await world.post(post_id, visibility="followers" if post_id % 2 else "public")
    answer = await page_of_posts(world.app, world.views, paged_call(None, limit=3), of_ada(world))
    assert ids_and_cursor(answer.body) == ([30, 28, 26], "26")


async def test_pages_never_repeat_or_skip(world: World) -> None:
    for post_id in range(21, 45):
        await world.post(post_id, visibility="public" if post_id % 5 == 0 else "followers")
    found: list[int] = []
    after: int | None = None
    while True:
        answer = await page_of_posts(world.app, world.views, paged_call(None, 2, after), of_ada(world))
        ids, cursor = ids_and_cursor(answer.body)
        found += ids
        if cursor is None:
            break
        after = int(cursor)
    assert found == [40, 35, 30, 25]


async def test_a_page_may_be_empty_and_go_on(world: World) -> None:
    for post_id in range(21, 21 + MAX_ROUNDS + 1):
        await world.post(post_id, visibility="followers")
    answer = await page_of_posts(world.app, world.views, paged_call(None, limit=1), of_ada(world))
    assert ids_and_cursor(answer.body) == ([], "22")


@pytest.mark.parametrize(
    ("patch", "changes"),
    [
        ("{}", PostChanges(())),
        ('{"caption": "new"}', PostChanges(("caption",), caption="new")),
        ('{"caption": null}', PostChanges(("caption",), caption="")),
        ('{"place": null}', PostChanges(("place",), place=None)),
        (
            '{"place": {"name": "Graz"}, "visibility": "followers"}',
            PostChanges(
                ("place", "visibility"),
                place=PLACE.model_copy(update={"name": "Graz"}),
                visibility="followers",
            ),
        ),
    ],
)
async def test_a_merge_patch_keeps_what_is_absent_and_clears_what_is_null(
    world: World, patch: str, changes: PostChanges
) -> None:
    await world.post(21)
    post = (await world.timelines.posts([21]))[21]
    assert changes_of(PostPatch.model_validate_json(patch), post) == changes


async def test_a_place_has_to_be_whole_after_a_patch(world: World) -> None:
    await world.post(21)
    post = (await world.timelines.posts([21]))[21]
    with pytest.raises(ProblemError) as refused:
        changes_of(PostPatch(place=PlacePatch(name="Wien", longitude=1.0)), replace(post, place=None))
    assert [(error.field, error.code) for error in refused.value.errors] == [("place.latitude", "missing")]


async def test_a_comment_is_as_its_model_says(world: World) -> None:
    await world.post(21)
    written = await add_comment(world.log, world.views, world.command(BOB), 21, 31, "so \U0001f60a")
    author = (await world.app.people.summaries(world.views, BOB, (BOB,)))[BOB]
    comment = Comment.model_validate_json(comment_json(written.value, author))
    assert (comment.id, comment.post_id, comment.text, comment.author.id) == (31, 21, "so \U0001f60a", BOB)
