"""Differences planted in the file of a SQLite view, and what verifying must say of each."""

from dataclasses import dataclass

from replay.differences import How


@dataclass(frozen=True)
class Planted:
    """`sql` changes one thing. Found must be: this kind of entity, this way of saying its value, and how it differs."""

    name: str
    projection: str
    sql: str
    kind: str
    way: str
    how: How
    is_made_by_events: bool = True
    """False for what the log knows nothing of, such as 777777."""

    def __str__(self) -> str:
        return f"{self.projection}:{self.name.replace(' ', '_')}"


def _first(table: str, key: str, order: str, where: str = "1") -> str:
    return f"({key}) = (SELECT {key} FROM {table} WHERE {where} ORDER BY {order} LIMIT 1)"


_LIKE = _first("likes", "post_id, user_id", "at_id DESC")
_LIKED_BY_TWO = "post_id IN (SELECT post_id FROM likes GROUP BY post_id HAVING count(*) > 1)"
_SAVE = _first("saves", "user_id, post_id", "at_id DESC")
_SAVED_TWO = "user_id IN (SELECT user_id FROM saves GROUP BY user_id HAVING count(*) > 1)"
_FOLLOW = _first("follows", "follower_id, followed_id", "at_id DESC")
_FOLLOWS_TWO = "follower_id IN (SELECT follower_id FROM follows GROUP BY follower_id HAVING count(*) > 1)"
_THERE = _first("posts", "post_id", "post_id", "NOT gone")
_ENTRY = _first("entries", "reader_id, post_id", "post_id DESC")
_NAME = _first("names", "digest", "digest")
_ACCOUNT = _first("accounts", "user_id", "user_id")
_READY = _first("media", "media_id", "media_id", "status = 'ready'")
_MEDIA = _first("media", "media_id", "media_id", "status <> 'gone'")
_ATTACHED = _first("media", "media_id", "media_id", "attached_kind = 'post'")
_TERM = _first("terms", "term, post_id", "term DESC, post_id")

PLANTED = (
    Planted("a like is missing", "likes", f"DELETE FROM likes WHERE {_LIKE}", "post", "likers", "missing"),
    Planted("so the user likes it not", "likes", f"DELETE FROM likes WHERE {_LIKE}", "user", "likes", "missing"),
    Planted(
        "a like too many", "likes",
        "INSERT INTO likes SELECT post_id, 777777, 5 FROM likes LIMIT 1", "post", "likers", "too many", False,
    ),
    Planted(
        "a like of an unknown post", "likes",
        "INSERT INTO likes VALUES (777777, 888888, 5)", "post", "likers", "too many", False,
    ),
    Planted(
        "likes in a wrong order", "likes",
        f"UPDATE likes SET at_id = 1 WHERE {_first('likes', 'post_id, user_id', 'at_id DESC', _LIKED_BY_TWO)}",
        "post", "likers", "wrong order",
    ),
    Planted(
        "a count of likes that is stale", "likes",
        "UPDATE counts SET count = count + 1 WHERE post_id = (SELECT max(post_id) FROM counts)",
        "post", "count", "stale count",
    ),
    Planted(
        "a count of an unknown post", "likes",
        "INSERT INTO counts VALUES (777777, 3)", "post", "count", "stale count", False,
    ),
    Planted("a save is missing", "saves", f"DELETE FROM saves WHERE {_SAVE}", "user", "saves", "missing"),
    Planted(
        "a save too many", "saves",
        "INSERT INTO saves SELECT user_id, 777777, 5 FROM saves LIMIT 1", "user", "saved", "too many", False,
    ),
    Planted(
        "a save of an unknown user", "saves",
        "INSERT INTO saves VALUES (777777, 5, 5)", "user", "saves", "too many", False,
    ),
    Planted(
        "saves in a wrong order", "saves",
        f"UPDATE saves SET at_id = 1 WHERE {_first('saves', 'user_id, post_id', 'at_id DESC', _SAVED_TWO)}",
        "user", "saves", "wrong order",
    ),
    Planted(
        "a comment is missing", "comments",
        f"DELETE FROM comments WHERE {_first('comments', 'comment_id', 'comment_id', 'NOT gone')}",
        "post", "comments", "missing",
    ),
    Planted(
        "a comment that was deleted is back", "comments",
        "UPDATE comments SET gone = 0, commenter_id = 11, text = 'x', created_at_ms = 1 WHERE gone",
        "post", "comments", "too many",
    ),
    Planted(
        "a comment of an unknown post", "comments",
        "INSERT INTO comments VALUES (777777, 5, 11, 'x', 1, NULL, 0)", "post", "comments", "too many", False,
    ),
    Planted(
        "a comment with another text", "comments",
        f"UPDATE comments SET text = 'x' WHERE {_first('comments', 'comment_id', 'comment_id', 'NOT gone')}",
        "post", "comments.text", "other value",
    ),
    Planted(
        "a count of comments that is stale", "comments",
        "UPDATE counts SET count = count - 1 WHERE post_id = (SELECT max(post_id) FROM counts)",
        "post", "count", "stale count",
    ),
    Planted("a follow is missing", "graph", f"DELETE FROM follows WHERE {_FOLLOW}", "user", "following", "missing"),
    Planted("so a follower is missing", "graph", f"DELETE FROM follows WHERE {_FOLLOW}", "user", "followers", "missing"),
    Planted(
        "a follow too many", "graph",
        "INSERT INTO follows SELECT follower_id, 777777, 5 FROM follows LIMIT 1", "user", "following", "too many", False,
    ),
    Planted(
        "a follow of unknown users", "graph",
        "INSERT INTO follows VALUES (777777, 888888, 5)", "user", "followers", "too many", False,
    ),
    Planted(
        "follows in a wrong order", "graph",
        f"UPDATE follows SET at_id = 1 WHERE {_first('follows', 'follower_id, followed_id', 'at_id DESC', _FOLLOWS_TWO)}",
        "user", "following", "wrong order",
    ),
    Planted(
        "a count of follows that is stale", "graph",
        "UPDATE counts SET followers = followers + 1 WHERE user_id = (SELECT max(user_id) FROM counts)",
        "user", "counts", "stale count",
    ),
    Planted("a name is missing", "names", f"DELETE FROM names WHERE {_NAME}", "name", "holder", "missing"),
    Planted("so the user lacks it", "names", f"DELETE FROM names WHERE {_NAME}", "user", "names", "missing"),
    Planted(
        "a name too many", "names",
        f"INSERT INTO names VALUES ('{'0' * 64}', 'email', 777777, 5, 5, NULL, NULL, NULL)",
        "name", "holder", "too many", False,
    ),
    Planted(
        "a name held since another time", "names",
        f"UPDATE names SET since_ms = 5 WHERE {_NAME}",
        "name", "holder.since_ms", "other value",
    ),
    Planted(
        "a name kept elsewhere", "names",
        f"UPDATE names SET offset = offset + 1 WHERE {_first('names', 'digest', 'digest', 'topic IS NOT NULL')}",
        "name", "holder.kept_at", "other value",
    ),
    Planted(
        "an account is missing", "accounts",
        f"DELETE FROM accounts WHERE {_ACCOUNT}", "user", "profile", "missing",
    ),
    Planted(
        "so nobody is found by the name", "accounts",
        f"DELETE FROM accounts WHERE {_ACCOUNT}", "username", "user_id", "other value",
    ),
    Planted(
        "an account too many", "accounts",
        "INSERT INTO accounts SELECT 777777, 'zed', email, display_name, bio, location, NULL, 1, 1 FROM accounts LIMIT 1",
        "user", "profile", "too many", False,
    ),
    Planted(
        "a user name too many", "accounts",
        "INSERT INTO accounts SELECT 777777, 'zed', email, display_name, bio, location, NULL, 1, 1 FROM accounts LIMIT 1",
        "username", "user_id", "other value", False,
    ),
    Planted(
        "another bio", "accounts",
        f"UPDATE accounts SET bio = 'x' WHERE {_ACCOUNT}",
        "user", "profile.bio", "other value",
    ),
    Planted(
        "seen at another time", "accounts",
        f"UPDATE accounts SET seen_at_ms = 1 WHERE {_ACCOUNT}",
        "user", "profile.seen_at_ms", "other value",
    ),
    Planted("a post is missing", "timelines", f"DELETE FROM posts WHERE {_THERE}", "author", "posts", "missing"),
    Planted(
        "a deleted post is back", "timelines",
        "UPDATE posts SET gone = 0, media_ids = '[1]', visibility = 'public', caption = '', tags = '[]', created_at_ms = 1 "
        f"WHERE {_first('posts', 'post_id', 'post_id', 'gone')}",
        "author", "posts", "too many",
    ),
    Planted(
        "a post of an unknown author", "timelines",
        "INSERT INTO posts VALUES (777777, 888888, '[1]', 'public', '', '[]', NULL, 1, NULL, 0)",
        "author", "posts", "too many", False,
    ),
    Planted(
        "another caption", "timelines", f"UPDATE posts SET caption = 'x' WHERE {_THERE}",
        "author", "posts.caption", "other value",
    ),
    Planted(
        "a tag is missing", "timelines", f"DELETE FROM tags WHERE {_first('tags', 'tag, post_id', 'post_id')}",
        "tag", "posts", "missing",
    ),
    Planted(
        "a tag too many", "timelines", "INSERT INTO tags SELECT 'harbor', 777777", "tag", "posts", "too many", False,
    ),
    Planted("an unknown tag", "timelines", "INSERT INTO tags VALUES ('unheard', 5)", "tag", "posts", "too many", False),
    Planted(
        "a count of posts that is stale", "timelines",
        "UPDATE counts SET count = count + 1 WHERE author_id = (SELECT max(author_id) FROM counts)",
        "author", "count", "stale count",
    ),
    Planted(
        "a media is missing", "media",
        f"DELETE FROM media WHERE {_MEDIA}",
        "media", "media", "missing",
    ),
    Planted(
        "a media too many", "media",
        "INSERT INTO media SELECT 777777, owner_id, object_key, content_type, size_bytes, sha256, filter, focal_x, focal_y, "
        "alt_text, status, reason, width, height, blurhash, renditions, attached_kind, attached_id, attached_at_ms, "
        "declared_at_ms FROM media WHERE status <> 'gone' LIMIT 1",
        "media", "media", "too many", False,
    ),
    Planted(
        "a media that is ready too soon", "media",
        f"UPDATE media SET status = 'uploaded' WHERE {_READY}",
        "media", "media.status", "other value",
    ),
    Planted(
        "a media that is not attached", "media",
        f"UPDATE media SET attached_kind = NULL, attached_id = NULL WHERE "
        f"{_ATTACHED}",
        "post", "attached", "missing",
    ),
    Planted("a feed lacks a post", "feeds", f"DELETE FROM entries WHERE {_ENTRY}", "user", "served", "missing"),
    Planted(
        "a feed has a post of somebody else", "feeds",
        "INSERT INTO entries SELECT f.reader_id, e.post_id, e.author_id FROM entries e JOIN readers f WHERE NOT EXISTS "
        "(SELECT 1 FROM following WHERE reader_id = f.reader_id AND author_id = e.author_id) LIMIT 1",
        "user", "served", "too many",
    ),
    Planted(
        "a feed has a post that nobody made", "feeds",
        "INSERT INTO entries SELECT reader_id, 777777, 888888 FROM readers", "user", "served", "too many",
    ),
    Planted(
        "an edge too many", "feeds",
        "INSERT INTO following SELECT reader_id, 777777, 1 FROM readers LIMIT 1", "user", "following", "too many",
    ),
    Planted(
        "an edge of unknown users", "feeds",
        "INSERT INTO following VALUES (777777, 888888, 1)", "user", "following", "too many", False,
    ),
    Planted(
        "a count of followers that is stale", "feeds",
        "UPDATE people SET followers = followers + 1 WHERE user_id = (SELECT max(user_id) FROM people)",
        "user", "counts", "stale count",
    ),
    Planted("a term lacks a post", "search", f"DELETE FROM terms WHERE {_TERM}", "term", "date", "missing"),
    Planted(
        "a term has a post too many", "search",
        "INSERT INTO terms SELECT term, 777777 FROM terms LIMIT 1", "term", "date", "too many", False,
    ),
    Planted("an unknown term", "search", "INSERT INTO terms VALUES ('unheard', 5)", "term", "date", "too many", False),
    Planted(
        "posts of a term in a wrong order", "search",
        "UPDATE like_counts SET count = 1000 WHERE post_id = (SELECT min(post_id) FROM terms WHERE term = "
        "(SELECT term FROM terms JOIN like_counts USING (post_id) GROUP BY term ORDER BY count(*) DESC LIMIT 1))",
        "term", "likes", "wrong order",
    ),
    Planted(
        "a count of a tag that is stale", "search",
        "UPDATE tags SET post_count = post_count + 1 WHERE tag = (SELECT max(tag) FROM tags)",
        "tag", "count", "stale count",
    ),
    Planted("an unknown tag is counted", "search", "INSERT INTO tags VALUES ('unheard', 5)", "tag", "count", "stale count", False),
    Planted(
        "a word of a user is missing", "search",
        f"DELETE FROM user_words WHERE {_first('user_words', 'word, user_id', 'word')}", "word", "users", "missing",
    ),
    Planted(
        "a word of a user too many", "search",
        "INSERT INTO user_words SELECT word, 777777 FROM user_words LIMIT 1", "word", "users", "too many", False,
    ),
    Planted(
        "an unknown word", "search", "INSERT INTO user_words VALUES ('unheard', 5)", "word", "users", "too many", False,
    ),
)  # fmt: skip
