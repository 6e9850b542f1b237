"""A repair part by part: what an earlier one left is ended in any case, and nothing more is emptied where that is of no use."""

import asyncio
from collections.abc import Collection, Iterator
from pathlib import Path

import orjson
import pytest

from replay.certificate import Certificate
from runtime.beside import Beside
from runtime.notices import in_json
from runtime.operating import Operator
from runtime.repairing import Repairs
from tests.unit.stepping import acts
from tests.unit.test_verdict import EQUAL
from tests.unit.trials import happened, lived

DIFFERS = EQUAL.model_copy(update={"equal": False, "differences_count": 1})


class Parts:
    """A view of four parts, filled as soon as they are emptied."""

    parts_count = 4

    def __init__(self, *half_emptied: int) -> None:
        self._half_emptied = half_emptied
        self.emptied: list[int] = []

    def part_of(self, user_id: int) -> int:
        return user_id % self.parts_count

    async def half_emptied(self) -> Collection[int]:
        return self._half_emptied

    async def empty(self, part: int) -> None:
        self.emptied.append(part)

    async def is_filled(self) -> bool:
        return True


@pytest.fixture
def system(tmp_path: Path) -> Iterator[Beside]:
    asyncio.run(happened(tmp_path, acts(("like", 1, 2))))
    made = asyncio.run(lived(tmp_path, "likes"))
    yield made
    asyncio.run(made.close())


def repaired(system: Beside, view: Parts, *found: Certificate) -> Certificate:
    """When one comparison after the other finds this."""
    certificates = iter(found)

    async def compare() -> Certificate:
        return next(certificates)

    live = asyncio.run(system.live("likes"))
    repairs = Repairs(system, live, view, Operator(system), in_json)
    return asyncio.run(repairs.until_equal(compare, 2))


def test_the_part_where_it_lives_goes_first_and_the_rest_is_left_once_it_is_right(system: Beside) -> None:
    view = Parts()
    assert repaired(system, view, DIFFERS, DIFFERS, EQUAL).equal
    assert view.emptied == [2, 0]


@pytest.mark.parametrize("otherwise", [EQUAL.model_copy(update={"equal": False}), DIFFERS])
def test_nothing_is_emptied_while_events_are_parked(
    system: Beside, capsys: pytest.CaptureFixture[str], otherwise: Certificate
) -> None:
    """What is filled again meets them again; searches would be answered with 503 meanwhile, to no effect."""
    view = Parts(3)
    assert not repaired(system, view, otherwise.model_copy(update={"parked_count": 1})).equal
    assert view.emptied == [3]
    half, refused = (orjson.loads(line)["note"] for line in capsys.readouterr().err.splitlines())
    assert half == "likes: part 3 of generation 1 is empty and is filled again"
    assert "likes: a repair would meet the parked events again; see `photolog parked list`" in refused
