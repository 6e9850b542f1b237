"""What a home feed must show, told from the plain list of events: its definition and nothing else.

Shares no code with the folds or the stores. `events` is in the order of the log for events of one follower and of one author.
"""

from collections.abc import Sequence

from events.envelope import Envelope
from tests.oracle.graph import graph
from tests.oracle.posts import posts


def feed(events: Sequence[Envelope], reader_id: int) -> list[int]:
    """The posts of everybody the reader follows now, the newest first."""
    followed = graph(events).following.get(reader_id, [])
    mine = [post_id for post_id, post in posts(events).items() if post["author_id"] in followed]
    return sorted(mine, reverse=True)
