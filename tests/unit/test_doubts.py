"""What is in doubt is settled when each answer was right for some moment while it was given, and by nothing else."""

from replay.side import Doubt
from replay.subjects.subject import Value
from replay.telling import Pieces


def doubt(actual: Value) -> Doubt:
    return Doubt(Pieces(), {}, {}, actual)


def test_answers_that_were_given_one_after_the_other_are_right_each_for_its_moment() -> None:
    asked = doubt({"likers": [1, 2], "count": 3})
    assert not asked.hold_against({"likers": [1], "count": 1})
    assert not asked.hold_against({"likers": [1, 2], "count": 2})
    assert asked.hold_against({"likers": [1, 2, 3], "count": 3})


def test_an_answer_that_was_right_at_no_moment_stays_in_doubt() -> None:
    asked = doubt({"likers": [1, 2], "count": 5})
    for upto in range(4):
        assert not asked.hold_against({"likers": [*range(1, upto + 1)], "count": upto})


def test_only_the_answers_that_were_right_at_no_moment_are_differences() -> None:
    asked = doubt({"likers": [1, 2], "count": 5})
    for likers in ([1], [1, 2], [1, 2, 3]):
        asked.hold_against({"likers": likers, "count": len(likers)})
    (way,) = asked.differing()
    assert (way.way, way.how, way.expected, way.actual) == ("count", "stale count", "3", "5")


def test_what_is_read_again_has_to_be_right_as_a_whole() -> None:
    asked = doubt({"likers": [1], "count": 7})
    assert not asked.hold_against({"likers": [1], "count": 1})
    asked.read_again({"likers": [9], "count": 1})
    assert not asked.hold_against({"likers": [1], "count": 1})


def test_what_cannot_be_read_is_right_at_no_moment() -> None:
    asked = doubt({"unreadable": "a page is lost"})
    assert not asked.hold_against({})
    assert not asked.hold_against({"likers": []})
