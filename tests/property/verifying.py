"""Verifies a world's view as the command line verifies a generation."""

from collections.abc import Callable
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

from api.feeds import skeleton
from replay.certificate import Certificate
from replay.side import Kept
from replay.subjects.catalogue import judged
from replay.verify import History, nothing_done, verify
from replay.verify import World as Around
from tests.property.subjects import Subject
from tests.property.worlds import Fuse, World


async def at_once(seconds: float) -> None:
    """Nobody else does anything meanwhile."""


def around(world: World, history: History = nothing_done) -> Around:
    return Around(world.log, world.keys, sleep=at_once, history=history)


async def verified(
    world: World, subject: Subject, path: Path, name: str = "view.db", history: History = nothing_done
) -> Certificate:
    """`path` is the world's folder; the view is opened anew, as beside a server."""
    with ExitStack() as stack:
        kept = Kept(2, 1, opener(stack, subject, path / name))
        found = judged(subject.projection.name, skeleton)
        return await verify(found, around(world, history), kept, None, made_at_ms=0)


def opener(stack: ExitStack, subject: Subject, path: Path) -> Callable[[], Any]:
    return lambda: stack.enter_context(closing(subject.open_view(path, Fuse())))
