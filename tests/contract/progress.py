"""The contract of `stores.ports.progress`, for every adapter.

An adapter's test file gives `progress`, to which likes (reading engagement) and feeds (reading posts and graph) are known, and
`reach`, which says that the live view of a projection stands somewhere.
"""

import asyncio
from collections.abc import Callable

from events.topics import ENGAGEMENT, GRAPH, POSTS
from stores.ports.log import Positions
from stores.ports.progress import Progress

Reach = Callable[[str, Positions], None]

TOPICS = {"likes": (ENGAGEMENT,), "feeds": (POSTS, GRAPH)}
LONG_MS = 60_000
"""Nothing here waits so long unless it is broken."""


class ProgressContract:
    async def test_nothing_to_wait_for_is_reached(self, progress: Progress) -> None:
        assert await progress.reached([], {(ENGAGEMENT, 0): 5}, 0)
        assert await progress.reached(["likes"], {}, 0)

    async def test_what_a_view_has_passed_is_reached(self, progress: Progress, reach: Reach) -> None:
        reach("likes", {(ENGAGEMENT, 0): 5})
        assert await progress.reached(["likes"], {(ENGAGEMENT, 0): 5}, 0)
        assert await progress.reached(["likes"], {(ENGAGEMENT, 0): 4}, 0)

    async def test_what_a_view_has_not_passed_is_not(self, progress: Progress, reach: Reach) -> None:
        assert not await progress.reached(["likes"], {(ENGAGEMENT, 0): 0}, 1)
        reach("likes", {(ENGAGEMENT, 0): 5})
        assert not await progress.reached(["likes"], {(ENGAGEMENT, 0): 6}, 1)
        assert not await progress.reached(["likes"], {(ENGAGEMENT, 0): 5, (ENGAGEMENT, 1): 0}, 1)

    async def test_topics_that_a_projection_does_not_read_are_not_waited_for(
        self, progress: Progress, reach: Reach
    ) -> None:
        reach("likes", {(ENGAGEMENT, 0): 5})
        assert await progress.reached(["likes"], {(ENGAGEMENT, 0): 5, (POSTS, 0): 9}, 0)

    async def test_every_projection_has_to_be_there(self, progress: Progress, reach: Reach) -> None:
        wanted = {(ENGAGEMENT, 0): 5, (POSTS, 1): 2}
        reach("likes", {(ENGAGEMENT, 0): 5})
        assert not await progress.reached(["likes", "feeds"], wanted, 1)
        reach("feeds", {(POSTS, 1): 2})
        assert await progress.reached(["likes", "feeds"], wanted, 0)

    async def test_who_waits_is_woken(self, progress: Progress, reach: Reach) -> None:
        waiting = asyncio.create_task(progress.reached(["likes"], {(ENGAGEMENT, 0): 5}, LONG_MS))
        await asyncio.sleep(0)
        reach("likes", {(ENGAGEMENT, 0): 4})
        await asyncio.sleep(0)
        assert not waiting.done()
        reach("likes", {(ENGAGEMENT, 0): 5})
        assert await waiting

    async def test_many_wait_and_each_is_woken_for_its_own(self, progress: Progress, reach: Reach) -> None:
        waiting = [
            asyncio.create_task(progress.reached(["likes"], {(ENGAGEMENT, 0): offset}, LONG_MS))
            for offset in range(20)
        ]
        for offset in range(20):
            await asyncio.to_thread(reach, "likes", {(ENGAGEMENT, 0): offset})
            assert await waiting[offset]
