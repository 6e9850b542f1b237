"""Why a post is or is not in a home feed, in sentences for an operator, to whom it tells also what privacy hides: no route may.

`explain_feed` asks the views what they know; `explained` makes sentences of it and knows no view.
"""

from dataclasses import dataclass

from api.models import rfc3339
from events.ids import made_at_ms
from producers.visibility import visible
from stores.ports.feeds import FeedFacts
from stores.ports.timelines import Post
from stores.ports.views import Views


@dataclass(frozen=True, slots=True)
class Explanation:
    """`in_feed` is what the reader gets; each of the reasons is a sentence."""

    in_feed: bool
    reasons: tuple[str, ...]


async def explain_feed(views: Views, reader_id: int, post_id: int) -> Explanation:
    post = (await views.timelines.posts((post_id,))).get(post_id)
    if post is None:
        return Explanation(False, ("There is no such post, or it was deleted.",))
    facts = await views.feeds.facts(reader_id, post_id, post.author_id)
    if post.author_id == reader_id:
        return Explanation(
            False, ("It is the reader's own: a feed has the posts of those who are followed.",)
        )
    if not await visible(views, reader_id, (post,)):
        return Explanation(False, (_FOR_FOLLOWERS, _NOT_FOLLOWED if facts.since_ms is None else _DISAGREED))
    if await views.feeds.believed():
        found = explained(post, facts)
    else:
        found = while_filling(bool(await views.graph.following_among(reader_id, (post.author_id,))))
    left_out = await _left_out(views, post) if found.in_feed else ()
    return Explanation(found.in_feed, (*found.reasons, *left_out))


async def _left_out(views: Views, post: Post) -> list[str]:
    """What hydration finds missing: the post is about to go itself."""
    gone = []
    if post.author_id not in await views.accounts.accounts((post.author_id,)):
        gone.append("Clients are not shown it all the same: its author has no account.")
    if not await views.media.media(post.media_ids):
        gone.append("Clients are not shown it all the same: none of its files is there.")
    return gone


def while_filling(is_followed: bool) -> Explanation:
    filling = "The feeds are being filled: until then they are read from the graph and from timelines."
    return Explanation(is_followed, (filling, _FOLLOWED if is_followed else _NOT_FOLLOWED))


def explained(post: Post, facts: FeedFacts) -> Explanation:
    """For a post that the reader may see, while the feeds are believed."""
    if facts.since_ms is None:
        return Explanation(False, (_NOT_FOLLOWED,))
    ways = _ways(made_at_ms(post.post_id), facts)
    if not ways:
        return Explanation(False, (_FOLLOWED, "It should have been pushed and is not there yet."))
    return Explanation(True, (_FOLLOWED, *ways))


_NOT_FOLLOWED = "The reader does not follow its author."
_FOLLOWED = "The reader follows its author."
_FOR_FOLLOWERS = "Its author shows it to followers alone."
_DISAGREED = (
    "The feeds know that the reader follows them, the graph, which decides, does not: one of them is behind, or events of the "
    "reader are parked in the graph, which then hides rather than shows; see `photolog parked list`."
)


def _ways(made_ms: int, facts: FeedFacts) -> list[str]:
    """Every way on which the post comes into the feed."""
    if facts.floor_ms is None:
        return [
            "The reader was not seen for long and has no stored feed: all of it is merged from timelines."
        ]
    if made_ms <= facts.floor_ms:
        floor = rfc3339(facts.floor_ms)
        return [f"It is not above the stored feed's floor, {floor}: there all timelines are merged."]
    ways = []
    if facts.pushed:
        ways.append("It was pushed to the reader's feed when it was made.")
    if facts.author_ever_unpushed:
        ways.append(_celebrity(facts))
    if facts.since_ms is not None and made_ms <= facts.since_ms:
        since = rfc3339(facts.since_ms)
        ways.append(f"It is not above the newest post when they were followed, {since}: it is merged.")
    return ways


def _celebrity(facts: FeedFacts) -> str:
    if facts.author_unpushed:
        return (
            "So many follow its author that posts are not pushed: they are merged from the author's timeline."
        )
    return (
        "So many have followed its author that some posts were not pushed: the author's timeline is merged."
    )
