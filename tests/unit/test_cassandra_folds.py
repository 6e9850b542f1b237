"""What views on Cassandra write for events that have had their effect: what was read, again, stamped as the last event known."""

from dataclasses import replace

from stores.cassandra import comments, likes
from stores.cassandra.edges import Edge
from stores.cassandra.view import delete_stamp, value_stamp
from stores.ports.comments import Comment, CommentGone, CommentTextSet
from stores.ports.likes import LikeSet

KNOWN = Comment(21, 1, 11, "second", 1000, 2000)


def test_an_edit_that_comes_again_does_not_undo_a_later_one() -> None:
    part = comments._Part(1, 0, {21: KNOWN}, count=1, fence=5)
    kept, counted = part.fold([(3, CommentTextSet(21, 1, "first", 1500))])
    assert part.comments == {21: KNOWN}
    assert (kept[1][3], kept[1][-1]) == ("second", value_stamp(5))
    assert tuple(counted[1]) == (1, 0, 0, 1, 5, value_stamp(5))


def test_what_was_written_is_deleted_before_a_comment_is_buried() -> None:
    part = comments._Part(1, 0, {21: replace(KNOWN)}, count=1, fence=5)
    cleared, buried, counted = part.fold([(6, CommentGone(21, 1))])
    assert cleared == (comments._CLEAR, (delete_stamp(6), 1, 0, 21))
    assert buried == (comments._BURY, (1, 0, 21, value_stamp(6)))
    assert tuple(counted[1]) == (1, 0, 0, 0, 6, value_stamp(6))


def test_a_like_that_comes_again_is_not_counted() -> None:
    part = likes._Part(1, 0, {}, count=0, fence=5)
    unset, counted = part.fold([(3, LikeSet(1, 11, liked=True, at_id=7))])
    assert unset == (likes._UNSET, (delete_stamp(5), 1, 0, 11))
    assert tuple(counted[1]) == (1, 0, 0, 0, 5, value_stamp(5))


def test_an_edge_that_has_ended_is_unlisted_again() -> None:
    edge = Edge(at_id=7, holds=False, offset=5)
    edge.fold([(3, True, 9)])
    assert edge.listed() == []
    assert edge.unlisted() == [(delete_stamp(5), 7)]
