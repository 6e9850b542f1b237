"""What is said of a certificate, in words."""

import pytest

from replay.certificate import Certificate
from runtime.commands.replaying.verify import verdict

EQUAL = Certificate(
    projection="likes", generation=2, live=None, fold_version=1, code="c", made_at_ms=1, positions=(),
    behind_count=0, events_count=1, entities_count=1, digests={}, faults=(), parked=(), parked_count=0,
    differences=(), differences_count=0, live_differences_count=0, equal=True,
)  # fmt: skip


@pytest.mark.parametrize(
    ("found", "words"),
    [
        ({}, "is equal to what the log says"),
        ({"equal": False, "behind_count": 3}, "is equal to what the log says as far as it has come"),
        ({"equal": False, "parked_count": 1, "behind_count": 3}, "lacks events that could not be applied"),
        ({"equal": False, "unreadable_count": 1}, "lacks events that could not be applied"),
        ({"equal": False, "faults": ("generation 2: a page is lost",), "parked_count": 3}, "has faults"),
        (
            {"equal": False, "differences_count": 1_234, "behind_count": 3},
            "differs from what the log says in 1,234 entities",
        ),
    ],
)
def test_it_says_what_is_wrong(found: dict[str, object], words: str) -> None:
    assert verdict(EQUAL.model_copy(update=found)) == words
