"""Every projection reaches what the oracle says, whatever happens on the way, and so does its replay."""

import tempfile
from contextlib import ExitStack
from pathlib import Path
from unittest.mock import patch

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.property.stories import Choice, Story
from tests.property.subjects import SUBJECTS, Subject
from tests.property.worlds import World, live_through, running

EXAMPLE_COUNT = 25
"""Per projection. The laws are tested with one dense history each; here the ways differ."""
_SMALL = st.integers(0, 7)
HISTORIES = st.lists(st.tuples(st.integers(0, 15), _SMALL, _SMALL, _SMALL), max_size=40)
PLANS = st.lists(st.tuples(st.integers(0, 7), _SMALL, _SMALL, _SMALL), max_size=20)


@pytest.mark.parametrize("subject", SUBJECTS, ids=lambda subject: subject.projection.name)
@settings(max_examples=EXAMPLE_COUNT)
@given(choices=HISTORIES, plan=PLANS, partition_count=st.integers(1, 3))
def test_every_way_leads_to_what_the_oracle_says(
    subject: Subject, choices: list[Choice], plan: list[Choice], partition_count: int
) -> None:
    events = Story().tell(subject.actions, choices)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        run = stack.enter_context(running()).run
        for module, name, limit in subject.small:
            stack.enter_context(patch.object(module, name, limit))
        world = World(folder, subject.projection, subject.open_view, partition_count)
        stack.callback(world.close)
        world.look = lambda: subject.read(world.view, events, world.log)
        run(live_through(world, events, plan))
        assert run(world.view.parked_keys()) == set()
        live = run(subject.read(world.view, events, world.log))
        assert live == subject.oracle(events)
        rebuilt = run(world.replay())
        assert run(subject.read(rebuilt, events, world.log)) == live
