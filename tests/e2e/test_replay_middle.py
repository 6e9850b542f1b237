"""What may happen in the middle of a replay: an operator ends it with Ctrl-C, or somebody else gives another command."""

import re
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.e2e.server import ServerProcess
from tests.e2e.slowly import Begun, slow
from tests.e2e.test_replay import states
from tests.e2e.world import Person, World

pytestmark = pytest.mark.timeout(300)

LIKES_COUNT = 60


@pytest.fixture
def begin(server: ServerProcess, tmp_path: Path) -> Iterator[Callable[[list[str]], Begun]]:
    """Begins a command. What a failed test has left running ends here."""
    begun: list[Begun] = []

    def begin(words: list[str]) -> Begun:
        begun.append(Begun(server, words, tmp_path / str(len(begun))))
        return begun[-1]

    yield begin
    for each in begun:
        each.process.kill()
        each.end()


@pytest.fixture
def seen(world: World) -> Callable[[], int]:
    """Somebody has liked and liked no more; how many likes are served."""
    ada, bob = world.person("ada"), world.person("bob")
    post = ada.post()
    for number in range(LIKES_COUNT):
        bob.ok("DELETE" if number % 3 == 2 else "PUT", f"/v1/posts/{post}/like")
    bob.ok("PUT", f"/v1/posts/{post}/like")
    return lambda: _likes_count(bob, post)


def _likes_count(bob: Person, post: str) -> int:
    count: int = bob.get(f"/v1/posts/{post}")["counts"]["likes"]
    return count


def test_after_ctrl_c_the_same_command_goes_on(
    server: ServerProcess, begin: Callable[[list[str]], Begun], seen: Callable[[], int]
) -> None:
    words = slow(server, 12)
    broken_off = begin(words)
    last = broken_off.until_reported(2)[-1]
    broken_off.process.send_signal(signal.SIGINT)
    assert broken_off.end() == 130
    (told,) = [line for line in broken_off.told.splitlines() if line.startswith("broken off")]
    number = last["generation"]
    said = re.fullmatch(
        rf"broken off: likes {number} has ([\d,]+) of ([\d,]+) events and is not live; "
        "`photolog replay likes` goes on from there",
        told,
    )
    assert said, told
    applied, goal = (int(count.replace(",", "")) for count in said.groups())
    assert 0 < last["applied"] <= applied < goal
    assert states(server)["likes", number] == "building"
    assert seen() == 1

    again = begin(words)
    first = again.until_reported(1)[0]
    assert first["generation"] == number
    assert first["applied"] >= applied
    assert again.answer()["to"] == number
    assert states(server)["likes", number] == "live"
    assert seen() == 1


def test_of_two_at_once_the_second_ends_and_says_so(
    server: ServerProcess, begin: Callable[[list[str]], Begun], seen: Callable[[], int]
) -> None:
    """And the first one does not notice: it goes on, until it is ended, and again without being held back."""
    first = begin(slow(server, 200))
    number = first.until_reported(1)[0]["generation"]
    before = states(server)
    others = [
        begin(["replay", *more])
        for more in (["likes"], ["rollback", "likes"], ["retire", "likes"], ["drop", "likes", "--yes"])
    ]
    for other in others:
        assert other.end() == 2
        assert other.told == (
            "photolog: another command is replaying likes; see `photolog replay status likes`\n"
        )
    assert states(server) == before
    first.until_reported(len(first.reports()) + 1)
    first.process.send_signal(signal.SIGINT)
    assert first.end() == 130
    assert begin(["replay", "likes", "--json"]).answer()["to"] == number
    assert states(server)["likes", number] == "live"
    assert seen() == 1
