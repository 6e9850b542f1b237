"""Posts over HTTP: made, read, changed and deleted; and the posts of one author."""

from functools import partial
from typing import Annotated

from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError

from api.calls import Answer, Call
from api.hydrate import POST_READS, own_summary, page_of_posts, present_posts, present_written
from api.inputs import merged_part
from api.models import MAY_BE_ABSENT, Id, Ids, Input, QueryInput
from api.pages import ItemsOf, PageOf, whole
from api.post_json import Post
from api.problems import (
    FORBIDDEN,
    MEDIA_IN_USE,
    MEDIA_NOT_READY,
    NOT_CAUGHT_UP,
    NOT_FOUND,
    problem,
)
from api.routes import Endpoint, Reply
from api.services import Services
from events.posts import Place, PostField, Visibility
from events.text import Text
from producers.posts import Draft, PostChanges, create_post, delete_post, edit_post, own_post
from stores.ports.timelines import Post as StoredPost

MAX_MEDIA = 10


def _some_distinct(ids: tuple[int, ...]) -> tuple[int, ...]:
    """Not a bound of the field: that would also complain about a list whose only id is none."""
    if not ids:
        raise PydanticCustomError("too_short", "must name at least one file")
    if len(set(ids)) < len(ids):
        raise PydanticCustomError("repeated", "must not name a file twice")
    return ids


MediaIds = Annotated[
    tuple[Id, ...],
    Field(max_length=MAX_MEDIA, json_schema_extra={"minItems": 1, "uniqueItems": True}),
    AfterValidator(_some_distinct),
]
Caption = Annotated[str, Text(0, 2200)]
PlaceName = Annotated[str, Text(1, 128)]
Latitude = Annotated[float, Field(ge=-90, le=90)]
Longitude = Annotated[float, Field(ge=-180, le=180)]


class PlaceInput(Input):
    name: PlaceName
    latitude: Latitude
    longitude: Longitude


class NewPost(Input):
    """Null is as good as absent. Posts are public if nothing else is said."""

    media_ids: MediaIds
    caption: Caption | None = None
    place: PlaceInput | None = None
    visibility: Visibility | None = None


class PlacePatch(Input):
    """Members that are absent keep their values; the result has to have all three."""

    name: Annotated[PlaceName, MAY_BE_ABSENT] = ""
    latitude: Annotated[Latitude, MAY_BE_ABSENT] = 0.0
    longitude: Annotated[Longitude, MAY_BE_ABSENT] = 0.0


class PostPatch(Input):
    """Null clears a caption or a place. A visibility cannot be cleared."""

    caption: Caption | None = None
    place: PlacePatch | None = None
    visibility: Annotated[Visibility, MAY_BE_ABSENT] = "public"


class PostsQuery(QueryInput):
    ids: Ids


async def post_post(app: Services, call: Call) -> Answer:
    views, body = app.views(), call.body(NewPost)
    await own_summary(app, views, call.me)
    place = None if body.place is None else Place(**body.place.model_dump())
    draft = Draft(body.media_ids, body.caption or "", place, body.visibility or "public")
    written = await create_post(app.log, app.views, app.progress, app.command(call), call.new_id, draft)
    return Answer(
        201,
        await present_written(app, views, call.me, written.value),
        headers={"Location": f"/v1/posts/{call.new_id}"},
        position=written.positions,
    )


async def get_post(app: Services, call: Call) -> Answer:
    presented = await present_posts(app, app.views(), call.viewer_id, (call.id,))
    if not presented:
        raise problem(NOT_FOUND)
    return Answer(body=presented[0])


async def get_posts(app: Services, call: Call) -> Answer:
    post_ids = dict.fromkeys(call.query(PostsQuery).ids)
    return whole(await present_posts(app, app.views(), call.viewer_id, post_ids))


async def get_posts_of_user(app: Services, call: Call) -> Answer:
    views = app.views()
    if not await views.accounts.accounts((call.id,)):
        raise problem(NOT_FOUND)
    return await page_of_posts(app, views, call, partial(views.timelines.of_author, call.id))


async def patch_post(app: Services, call: Call) -> Answer:
    views, me = app.views(), app.command(call)
    await own_summary(app, views, call.me)
    post = await own_post(views, me, call.id)
    written = await edit_post(app.log, me, post, changes_of(call.body(PostPatch), post))
    body = await present_written(app, views, call.me, written.value)
    return Answer(body=body, position=written.positions)


def changes_of(patch: PostPatch, post: StoredPost) -> PostChanges:
    """What a merge patch means for the post as it is."""
    fields: tuple[PostField, ...] = ("caption", "place", "visibility")
    return PostChanges(
        changed=tuple(name for name in fields if name in patch.model_fields_set),
        caption=patch.caption or "",
        place=None if patch.place is None else merged_part(patch.place, post.place, Place, "place"),
        visibility=patch.visibility,
    )


async def delete_one_post(app: Services, call: Call) -> Answer:
    position = await delete_post(app.log, app.views(), app.command(call), call.id)
    return Answer(204, position=position)


def routes(app: Services) -> list[Endpoint]:
    return [
        Endpoint(
            "POST", "/v1/posts", partial(post_post, app), summary="Make a post", tag="posts",
            replies={201: Reply("The post", Post, headers=("Location",))}, body=NewPost, reads=POST_READS,
            problems=(NOT_FOUND, MEDIA_NOT_READY, MEDIA_IN_USE, NOT_CAUGHT_UP),
        ),
        Endpoint(
            "GET", "/v1/posts", partial(get_posts, app), summary="Several posts by their ids", tag="posts",
            replies={200: Reply("Those that you may see", ItemsOf[Post])}, query=PostsQuery, public=True,
            reads=POST_READS,
        ),
        Endpoint(
            "GET", "/v1/posts/{id}", partial(get_post, app), summary="A post", tag="posts",
            replies={200: Reply("The post", Post)}, public=True, reads=POST_READS,
        ),
        Endpoint(
            "PATCH", "/v1/posts/{id}", partial(patch_post, app), summary="Change a post", tag="posts",
            replies={200: Reply("The post as it is now", Post)}, body=PostPatch, reads=POST_READS,
            problems=(FORBIDDEN, NOT_CAUGHT_UP),
        ),
        Endpoint(
            "DELETE", "/v1/posts/{id}", partial(delete_one_post, app), summary="Delete a post", tag="posts",
            replies={204: Reply("It is gone")}, reads=("timelines", "graph"), problems=(FORBIDDEN,),
        ),
        Endpoint(
            "GET", "/v1/users/{id}/posts", partial(get_posts_of_user, app),
            summary="The posts of a user, newest first", tag="posts",
            replies={200: Reply("Those that you may see", PageOf[Post])}, public=True, paged=True,
            reads=POST_READS,
        ),
    ]  # fmt: skip
