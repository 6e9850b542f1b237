"""Following: always appended, so that repeating one is safe whatever the views show."""

from events.graph import Followed, Unfollowed
from producers.command import Command
from producers.errors import ConflictError, InvalidError, NotFoundError
from producers.journal import Journal
from stores.ports.log import Positions
from stores.ports.views import Views

FOLLOWING_LIMIT = 7_500
"""As many people as anybody may follow. Views lag, so who follows many people at the same moment may end slightly above it."""


class FollowingLimitError(ConflictError):
    """You follow as many people as anybody may."""

    code = "following_limit"


async def follow_user(log: Journal, views: Views, me: Command, user_id: int) -> Positions:
    await _check_somebody_else(views, me, user_id)
    await _check_limit(views, me, user_id)
    return await log.append(Followed(**me.stamp(), follower_id=me.actor_id, followed_id=user_id))


async def unfollow_user(log: Journal, views: Views, me: Command, user_id: int) -> Positions:
    await _check_somebody_else(views, me, user_id)
    return await log.append(Unfollowed(**me.stamp(), follower_id=me.actor_id, followed_id=user_id))


async def _check_somebody_else(views: Views, me: Command, user_id: int) -> None:
    if user_id == me.actor_id:
        raise InvalidError("id", "oneself", "Nobody follows themselves.")
    if not await views.accounts.accounts((user_id,)):
        raise NotFoundError


async def _check_limit(views: Views, me: Command, user_id: int) -> None:
    """Following once more whom one follows already is no more people."""
    if await views.graph.following_count(me.actor_id) < FOLLOWING_LIMIT:
        return
    if not await views.graph.following_among(me.actor_id, (user_id,)):
        raise FollowingLimitError
