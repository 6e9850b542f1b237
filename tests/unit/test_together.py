"""What is done at once or in turn, and work that is broken off when it turns out that it is refused."""

import asyncio

import pytest

from stores.ports.together import Together, at_once, in_turn

BOTH = pytest.mark.parametrize("together", [in_turn, at_once])


class RefusedError(Exception):
    pass


async def refused() -> None:
    raise RefusedError


async def allowed() -> None:
    await asyncio.sleep(0)


async def seven() -> int:
    return 7


async def broken() -> int:
    raise LookupError


@BOTH
async def test_results_come_in_their_order(together: Together) -> None:
    async def late() -> int:
        await asyncio.sleep(0)
        return 1

    assert await together(late(), seven()) == [1, 7]


@BOTH
async def test_work_that_is_allowed_says_how_it_went(together: Together) -> None:
    assert await together.guarded(allowed, seven) == 7
    with pytest.raises(LookupError):
        await together.guarded(allowed, broken)


@BOTH
async def test_a_refusal_goes_before_whatever_the_work_says(together: Together) -> None:
    async def refused_late() -> None:
        for _ in range(3):
            await asyncio.sleep(0)
        raise RefusedError

    for work in (seven, broken):
        with pytest.raises(RefusedError):
            await together.guarded(refused_late, work)


async def test_work_begins_beside_its_check_and_ends_with_a_refusal() -> None:
    begun, ended = asyncio.Event(), asyncio.Event()

    async def wait() -> None:
        begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    async def refused_then() -> None:
        await begun.wait()
        raise RefusedError

    with pytest.raises(RefusedError):
        await at_once.guarded(refused_then, wait)
    assert ended.is_set()


@pytest.mark.parametrize("is_checked", [False, True])
async def test_work_ends_with_its_caller(is_checked: bool) -> None:
    begun, ended, forever = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def check() -> None:
        if not is_checked:
            await forever.wait()

    async def work() -> None:
        begun.set()
        try:
            await forever.wait()
        finally:
            ended.set()

    calling = asyncio.ensure_future(at_once.guarded(check, work))
    await begun.wait()
    calling.cancel()
    with pytest.raises(asyncio.CancelledError):
        await calling
    assert ended.is_set()
