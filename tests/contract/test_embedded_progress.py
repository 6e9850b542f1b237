"""The contract of progress on the embedded engine's, and what only this one promises."""

import pytest

from events.topics import ENGAGEMENT
from projectors.engines.progress import EmbeddedProgress
from tests.contract.progress import TOPICS, ProgressContract, Reach


@pytest.fixture
def progress() -> EmbeddedProgress:
    made = EmbeddedProgress(TOPICS)
    made.go_live({"likes": 1, "feeds": 1})
    return made


@pytest.fixture
def reach(progress: EmbeddedProgress) -> Reach:
    return lambda projection, positions: progress.publish((projection, 1), positions)


class TestEmbeddedProgress(ProgressContract):
    async def test_only_the_live_generation_counts(self, progress: EmbeddedProgress) -> None:
        progress.publish(("likes", 2), {(ENGAGEMENT, 0): 9})
        assert not await progress.reached(["likes"], {(ENGAGEMENT, 0): 9}, 1)
        progress.go_live({"likes": 2})
        assert await progress.reached(["likes"], {(ENGAGEMENT, 0): 9}, 0)
