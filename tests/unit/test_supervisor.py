"""Workers that end are started again, after waits that grow while they end again and again. Time is only told: nothing waits."""

import asyncio
import selectors
import signal
from collections.abc import Iterator, Sequence
from itertools import pairwise

import pytest

from runtime.supervisor import GRACE_S, supervise

FOR_EVER = None


class _Selector(selectors.DefaultSelector):
    """Whoever waits for a time finds that it has come."""

    now_s = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        assert timeout is not None, "everybody waits for ever"
        self.now_s += timeout
        return super().select(0)


class _Loop(asyncio.SelectorEventLoop):
    def __init__(self) -> None:
        self._told = _Selector()
        super().__init__(self._told)

    def time(self) -> float:
        return self._told.now_s


class Process:
    """It ends by itself after a time, or when it is told to; a deaf one has to be killed."""

    def __init__(self, lasts_s: float | None, is_deaf: bool) -> None:
        loop = asyncio.get_running_loop()
        self._over: asyncio.Future[int] = loop.create_future()
        self._is_deaf = is_deaf
        self.told: list[tuple[signal.Signals, float]] = []
        if lasts_s is not None:
            loop.call_later(lasts_s, self._end, 1)

    @property
    def has_ended(self) -> bool:
        return self._over.done()

    async def wait(self) -> int:
        return await asyncio.shield(self._over)

    def send_signal(self, number: signal.Signals) -> None:
        if self.has_ended:
            raise ProcessLookupError
        self.told.append((number, asyncio.get_running_loop().time()))
        if not self._is_deaf or number == signal.SIGKILL:
            self._end(-number)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)

    def _end(self, status: int) -> None:
        if not self.has_ended:
            self._over.set_result(status)


class Machine:
    """Starts processes that last as long as the lives of their worker say, one after the other, and the last one for ever."""

    def __init__(self, deaf: Sequence[str] = (), **lives_s: Sequence[float]) -> None:
        self._deaf = deaf
        self._lives_s: dict[str, Iterator[float]] = {name: iter(lives) for name, lives in lives_s.items()}
        self._lasting: set[str] = set()
        self.begun: dict[str, list[float]] = {name: [] for name in lives_s}
        self.processes: dict[str, Process] = {}
        """The latest of each worker."""
        self.all_last = asyncio.Event()

    async def start(self, *command: str, start_new_session: bool) -> Process:
        name = command[command.index("worker") + 1]
        self.begun[name].append(asyncio.get_running_loop().time())
        lasts_s = next(self._lives_s[name], FOR_EVER)
        self.processes[name] = Process(lasts_s, name in self._deaf)
        if lasts_s is FOR_EVER:
            self._lasting.add(name)
        if self._lasting == set(self._lives_s):
            self.all_last.set()
        return self.processes[name]

    def waits(self, name: str, lives_s: Sequence[float]) -> list[float]:
        """From each end to the next start."""
        starts = pairwise(self.begun[name])
        return [after - before - life for (before, after), life in zip(starts, lives_s, strict=True)]


def _supervised(
    monkeypatch: pytest.MonkeyPatch, deaf: Sequence[str] = (), **lives_s: Sequence[float]
) -> Machine:
    """Until the last process of each has begun; then it is ended."""

    async def run() -> Machine:
        machine = Machine(deaf, **lives_s)
        monkeypatch.setattr("asyncio.create_subprocess_exec", machine.start)
        supervising = asyncio.create_task(supervise(list(lives_s)))
        await machine.all_last.wait()
        supervising.cancel()
        await asyncio.wait([supervising])
        assert supervising.cancelled()
        return machine

    with asyncio.Runner(loop_factory=_Loop) as runner:
        return runner.run(run())


def test_one_that_ends_again_and_again_is_started_after_waits_that_grow(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    lives_s = [1.0] * 9
    machine = _supervised(monkeypatch, likes=lives_s)
    assert machine.begun["likes"][0] == 0
    assert machine.waits("likes", lives_s) == pytest.approx([0.5, 1, 2, 4, 8, 16, 30, 30, 30])


def test_after_a_long_life_it_is_started_at_once_and_waits_begin_anew(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    lives_s = [1.0, 1.0, 59.0, 60.0, 1.0, 1.0, 3600.0]
    machine = _supervised(monkeypatch, likes=lives_s)
    assert machine.waits("likes", lives_s) == pytest.approx([0.5, 1, 2, 0, 0.5, 1, 0])


def test_nobody_waits_for_another(monkeypatch: pytest.MonkeyPatch) -> None:
    lives_s = [0.0] * 5
    machine = _supervised(monkeypatch, likes=lives_s, feeds=[], saves=[1.0])
    assert machine.waits("likes", lives_s) == pytest.approx([0.5, 1, 2, 4, 8])
    assert machine.begun["feeds"] == [0]
    assert machine.begun["saves"] == pytest.approx([0, 1.5])


def test_all_are_told_to_end_and_one_that_does_not_hear_is_killed(monkeypatch: pytest.MonkeyPatch) -> None:
    machine = _supervised(monkeypatch, deaf=["feeds"], likes=[1.0], feeds=[], saves=[])
    (end_s,) = {process.told[0][1] for process in machine.processes.values()}
    asked = (signal.SIGTERM, end_s)
    killed = (signal.SIGKILL, pytest.approx(end_s + GRACE_S))
    assert {name: process.told for name, process in machine.processes.items()} == {
        "likes": [asked],
        "saves": [asked],
        "feeds": [asked, killed],
    }
    assert all(process.has_ended for process in machine.processes.values())


def test_one_that_waits_is_not_started_any_more_when_all_are_to_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """It has ended 0.2 s before, and would be started again after 0.5 s."""

    async def run() -> Machine:
        machine = Machine(likes=[1.0], feeds=[])
        monkeypatch.setattr("asyncio.create_subprocess_exec", machine.start)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(1.2):
                await supervise(["likes", "feeds"])
        return machine

    with asyncio.Runner(loop_factory=_Loop) as runner:
        machine = runner.run(run())
    assert machine.begun == {"likes": [0], "feeds": [0]}
    assert machine.processes["feeds"].has_ended
