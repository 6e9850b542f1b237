"""Whatever a view went through, it is verified as equal; and so is what was built anew beside it."""

import tempfile
from contextlib import ExitStack
from pathlib import Path
from unittest.mock import patch

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.property.stories import Choice, Story
from tests.property.subjects import SUBJECTS, Subject
from tests.property.test_convergence import HISTORIES, PLANS
from tests.property.verifying import verified
from tests.property.worlds import World, live_through, running


@pytest.mark.parametrize("subject", SUBJECTS, ids=lambda subject: subject.projection.name)
@settings(max_examples=12)
@given(choices=HISTORIES, plan=PLANS, partition_count=st.integers(1, 3))
def test_every_way_leads_to_a_view_that_is_equal(
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
        run(live_through(world, events, plan))
        found = run(verified(world, subject, folder))
        assert found.equal, found.json_text().decode()
        assert found.digests["generation"] == found.digests["oracle"]
        assert found.faults == ()
