"""The events that decide whether a post is in a home feed: what became of the post, and of its author being followed by the reader.

Reads the topics of posts and of the graph from the start, and opens nothing that is sealed.
"""

from events.topics import GRAPH, POSTS
from replay.past import through
from replay.subjects.subject import mentions
from stores.ports.log import Entry, LogReader

RULE = (
    "A home feed is, by definition, the posts of everybody whom its reader follows now, the newest first, without those that were "
    "deleted and those that the reader may not see."
)


async def deciding(log: LogReader, reader_id: int, post_id: int) -> list[Entry]:
    """Those of the post first, each kind in the order of the log. Without any of the post nobody knows whom to follow for it."""
    of_post = await _naming(log, POSTS, post_id)
    if not of_post:
        return []
    author_id = int(of_post[0].record.key)
    of_author = await _naming(log, GRAPH, author_id)
    return of_post + [entry for entry in of_author if entry.record.key == str(reader_id)]


async def _naming(log: LogReader, topic: str, id_: int) -> list[Entry]:
    return [
        entry
        for partition, end in sorted((await log.ends((topic,))).items())
        async for entry in through(log, partition, end)
        if mentions(entry.record, str(id_))
    ]
