"""A job beside requests that ends is noticed, however it ends."""

import asyncio

import pytest

from runtime.background import Background


@pytest.mark.parametrize("error", [RuntimeError("broken"), asyncio.CancelledError()])
async def test_a_job_that_ends_by_itself_is_told(error: BaseException) -> None:
    told: asyncio.Future[BaseException] = asyncio.get_running_loop().create_future()
    background = Background(told.set_result)

    async def job() -> None:
        raise error

    background.start((), [(job, 60.0)])
    async with asyncio.timeout(5):
        assert type(await told) is type(error)
    await background.stop()


async def test_a_job_that_is_stopped_has_not_failed() -> None:
    told: list[BaseException] = []
    background = Background(told.append)
    begun = asyncio.Event()

    async def job() -> None:
        begun.set()
        await asyncio.Event().wait()

    background.start((), [(job, 60.0)])
    await begun.wait()
    await background.stop()
    assert told == []
