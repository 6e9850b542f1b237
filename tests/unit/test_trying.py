"""`photolog replay PROJECTION --dry-run`, `--with`, `--as-of`, `--only-user` and `--only-shard`, and `photolog feed`, on a data
folder that nobody serves.
"""

import asyncio
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any

import orjson
import pytest
from click.testing import CliRunner, Result

from events.envelope import Envelope
from events.graph import Followed, FollowEvent
from events.likes import PostLiked
from events.posts import PostCreated
from projectors.catalogue import BY_NAME
from projectors.likes import LIKES
from replay.oracle.feeds import feeds
from runtime.beside import Beside
from runtime.commands.feed import feed
from runtime.commands.replay import replay
from runtime.folder import Folder
from runtime.scratch import Scratch, ScratchInUseError
from runtime.settings import Settings
from runtime.trying import Trials
from stores.ports.likes import LikeSet
from tests.property.stories import Story
from tests.unit.stepping import acts
from tests.unit.trials import damage, happened, lived, quiet

Run = Callable[..., Result]
_NAMES = ("accounts", "graph", "timelines", "feeds", "likes")
_ACTIONS = ("post", "post", "follow", "follow", "follow", "unfollow", "be_seen", "register", "like", "like")


def story() -> Sequence[Envelope]:
    """Dense: much happens to few. The same for ever."""
    told = Random(5)
    choices = [(told.randrange(16), told.randrange(4), told.randrange(12), 1) for _ in range(160)]
    return Story().tell(_ACTIONS, choices)


EVENTS = story()
LIKE = next(event for event in EVENTS if isinstance(event, PostLiked))
READER = max(feeds(EVENTS, range(200)).items(), key=lambda item: len(item[1]))[0]


@pytest.fixture
def data(tmp_path: Path) -> Path:
    asyncio.run(happened(tmp_path, EVENTS))
    return tmp_path


@pytest.fixture
def system(data: Path) -> Iterator[Beside]:
    made = asyncio.run(lived(data, *BY_NAME))
    yield made
    asyncio.run(made.close())


@pytest.fixture
def run(system: Beside, data: Path) -> Run:
    return lambda *words: CliRunner().invoke(replay, [*words, "--data", str(data)])


@pytest.fixture
def look(system: Beside, data: Path) -> Run:
    return lambda *words: CliRunner().invoke(feed, [*words, "--data", str(data)])


def told(result: Result, status: int = 0) -> list[dict[str, Any]]:
    """The JSON lines of a command that ended so."""
    assert result.exit_code == status, result.output
    return [orjson.loads(line) for line in result.stdout.splitlines()]


def plant(data: Path, projection: str, statement: str, *values: object) -> None:
    with closing(sqlite3.connect(Folder(data).view(projection, 1))) as connection, connection:
        assert connection.execute(statement, values).rowcount > 0


def registered(system: Beside) -> list[tuple[str, int, str]]:
    return [(g.projection, g.number, g.state) for g in asyncio.run(system.registry.generations())]


def left(data: Path) -> list[str]:
    """What is left of trials."""
    return [path.name for path in (data / "scratch").iterdir() if not path.name.endswith(".lock")]


def test_nothing_would_change(run: Run, system: Beside, data: Path) -> None:
    before = registered(system)
    for found in told(run("all", "--dry-run", "--json")):
        assert (found["would_change"], found["examples"], found["rebuilt_wrong"]) == (0, [], [])
        assert found["costs"] is None
    assert registered(system) == before
    assert asyncio.run(system.registry.notes()) == []
    assert left(data) == []
    assert "likes: a replay would change nothing" in run("likes", "--dry-run").stdout


def test_what_would_change_is_told_with_examples_and_stays(run: Run, system: Beside, data: Path) -> None:
    before = registered(system)
    row = (LIKE.post_id, LIKE.actor_id)
    plant(data, "likes", "DELETE FROM likes WHERE post_id = ? AND user_id = ?", *row)
    plant(data, "likes", "INSERT INTO likes VALUES (777777, 888888, 5)")
    for _ in range(2):
        (found,) = told(run("likes", "--dry-run", "--json"), 1)
        assert found["would_change"] == 4
        assert {(each["kind"], each["key"]) for each in found["examples"]} == {
            ("post", str(row[0])),
            ("user", str(row[1])),
            ("post", "777777"),
            ("user", "888888"),
        }
    words = run("likes", "--dry-run").stdout
    assert "a replay would change 4 of" in words
    assert f"post {row[0]}: likers: {row[1]} would come" in words
    assert f"post.liked {LIKE.id}" in words
    assert "user 888888: likes: 777777 would go" in words
    assert registered(system) == before


def test_a_fold_that_is_wrong_is_seen_before_it_is_used(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(BY_NAME, "likes", replace(LIKES, project=lambda event: []))
    (found,) = told(run("likes", "--dry-run", "--json"), 1)
    assert found["would_change"] > 0
    assert found["examples"] == []
    assert found["rebuilt_wrong"]
    assert "so a replay would not be right either" in run("likes", "--dry-run").stdout


def test_what_is_wrong_in_both_in_the_same_way_would_not_change_and_not_be_switched_to(
    system: Beside, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The fold does not know of likes of one post, and did not when the live generation was made."""

    def forgetful(event: Any) -> Sequence[Any]:
        return [] if event.post_id == LIKE.post_id else LIKES.project(event)

    for table in ("likes", "counts"):
        plant(data, "likes", f"DELETE FROM {table} WHERE post_id = ?", LIKE.post_id)
    monkeypatch.setitem(BY_NAME, "likes", replace(LIKES, project=forgetful))
    words = ["likes", "--dry-run", "--json", "--data", str(data)]
    (found,) = told(CliRunner().invoke(replay, words), 1)
    assert (found["would_change"], found["would_switch"]) == (0, False)
    words.remove("--json")
    assert "a replay would not switch to what it builds" in CliRunner().invoke(replay, words).stdout


def test_what_the_live_generation_lacks_would_be_brought(
    data: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody feeds it."""
    monkeypatch.setattr("replay.verify._IDLE_POLLS_COUNT", 0)
    asyncio.run(happened(data, acts(("like", 51, 62))))
    (found,) = told(run("likes", "--dry-run", "--json"), 1)
    assert (found["would_change"], found["would_bring"], found["would_switch"]) == (0, 1, True)
    shown = run("likes", "--dry-run").stdout
    assert "would bring what generation 1 lacks" in shown
    assert "1 events at the log's end are not in it, and nobody feeds it" in shown


def test_what_cannot_be_read_is_not_said_to_stay(data: Path, run: Run) -> None:
    damage(data, "likes", 1)
    shown = run("likes", "--dry-run")
    assert shown.exit_code == 1
    assert "what a replay would change cannot be told" in shown.stdout


def test_what_goes_on_meanwhile_is_no_change(
    system: Beside, data: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody likes after the scratch generation was built; the live one has it, and so has the scratch one in a moment."""
    compared = Trials._compared

    async def later(self: Trials, *arguments: Any) -> Any:
        await happened(data, acts(("like", 4242, 4343)))
        await system.build(await system.live("likes"), quiet)
        return await compared(self, *arguments)

    monkeypatch.setattr(Trials, "_compared", later)
    (found,) = told(run("likes", "--dry-run", "--json"))
    assert (found["would_change"], found["events"]) == (0, 1 + sum(e.topic == LIKE.topic for e in EVENTS))


def test_a_trial_leaves_nothing_whatever_ends_it(
    run: Run, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for ending, status in ((KeyboardInterrupt, 130), (ZeroDivisionError, 1)):

        async def ends(self: Trials, *arguments: Any, ending: type[BaseException] = ending) -> Any:
            assert left(data) == ["likes.trial"]
            raise ending

        with monkeypatch.context() as broken:
            broken.setattr(Trials, "_compared", ends)
            assert run("likes", "--dry-run").exit_code == status
        assert left(data) == []


def test_what_a_killed_trial_left_is_removed_by_the_next(run: Run, data: Path) -> None:
    (data / "scratch" / "likes.trial").mkdir(parents=True)
    (data / "scratch" / "likes.trial" / "likes.db").write_bytes(b"half of a page")
    told(run("likes", "--dry-run", "--json"))
    assert left(data) == []


def test_two_trials_of_a_projection_are_not_made_at_once(run: Run, system: Beside, data: Path) -> None:
    with Scratch(system, Settings(data=data)).trial("likes"):
        for words in (("likes", "--dry-run"), ("likes", "--as-of", "2026-01-01T00:00:00Z")):
            refused = run(*words)
            assert isinstance(refused.exception, ScratchInUseError)
            assert "another command tries something out with likes" in str(refused.exception)
        told(run("graph", "--dry-run", "--json"))


def test_another_setting_serves_the_same_at_other_costs(run: Run) -> None:
    words = ("feeds", "--with", "celebrity_threshold=1", "--with", "feed_cap=2")
    (found,) = told(run(*words, "--json"))
    assert found["with"] == {"celebrity_threshold": 1, "feed_cap": 2}
    assert found["would_change"] == 0
    present, changed = found["costs"]["present"], found["costs"]["changed"]
    assert changed["entries_count"] < present["entries_count"]
    assert changed["page_posts_merged_count"] > present["page_posts_merged_count"]
    assert changed["merged_authors_count"] >= present["merged_authors_count"] > 0
    shown = [
        costs["page_posts_pushed_count"] + costs["page_posts_merged_count"] for costs in (present, changed)
    ]
    assert shown[0] == shown[1] > 0
    assert changed["feeds_count"] == present["feeds_count"] > 0
    words_of_it = run(*words).stdout
    assert "What is served is the same by definition" in words_of_it
    assert f"{present['entries_count']:,}" in words_of_it


def test_a_moment_is_kept_and_its_feeds_are_shown(run: Run, look: Run, data: Path, system: Beside) -> None:
    before, served = registered(system), feeds(EVENTS, [READER])[READER]
    at = EVENTS[len(EVENTS) // 2].occurred_at
    then = feeds([event for event in EVENTS if event.occurred_at <= at], [READER])[READER]
    assert then not in ([], served)
    assert look("show", str(READER), "--generation", "0").exit_code == 2
    (found,) = told(run("feeds", "--as-of", at.isoformat(), "--json"))
    assert (found["generation"], found["folder"]) == (0, str(data / "scratch" / "feeds"))
    for words, expected in ((("--generation", "0"), then), (("--generation", "1"), served), ((), served)):
        (posts,) = told(look("show", str(READER), *words, "--limit", "5", "--json"))
        assert [post["id"] for post in posts] == [str(post_id) for post_id in expected[:5]]  # type: ignore[index]
    assert registered(system) == before
    told(run("feeds", "--as-of", "2020-01-01T00:00:00Z", "--json"))
    assert look("show", str(READER), "--generation", "0").stdout == ""
    assert told(run("drop", "feeds", "--generation", "0", "--json")) == [
        {"projection": "feeds", "generation": 0}
    ]
    assert left(data) == []
    assert run("drop", "feeds", "--generation", "0").exit_code == 2
    assert asyncio.run(system.registry.notes()) == []


def test_a_moment_is_named_by_positions(run: Run, system: Beside) -> None:
    ends = asyncio.run(system.log.ends(["photolog.engagement"]))
    at = max(ends, key=lambda partition: ends[partition])
    name = f"{at[0]}/{at[1]}"
    (found,) = told(run("likes", "--as-of", f"{name}:0", "--json"))
    others = sum(end + 1 for partition, end in ends.items() if partition != at)
    assert found["events"] == 1 + others
    (found,) = told(run("likes", "--as-of", f"{name}:-1", "--json"))
    assert found["events"] == others
    refused = run("likes", "--as-of", f"{name}:{ends[at] + 1}")
    assert f"{name} has offsets from 0 to {ends[at]}" in refused.output
    assert "likes reads no photolog.posts/0" in run("likes", "--as-of", "photolog.posts/0:1").output


def test_a_moment_that_was_broken_off_leaves_the_one_before(
    run: Run, look: Run, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told(run("feeds", "--as-of", "2090-01-01T00:00:00Z", "--json"))
    shown = look("show", str(READER), "--generation", "0").stdout
    assert shown == look("show", str(READER)).stdout != ""

    async def ends(*arguments: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as broken:
        broken.setattr(Scratch, "build", ends)
        assert run("feeds", "--as-of", "2020-01-01T00:00:00Z").exit_code == 130
    assert left(data) == ["feeds"]
    assert look("show", str(READER), "--generation", "0").stdout == shown


def test_what_concerns_a_user_is_compared(run: Run, data: Path) -> None:
    (equal,) = told(run("likes", "--only-user", str(LIKE.actor_id), "--json"))
    assert (equal["equal"], equal["differences"]) == (True, [])
    assert equal["entities_count"] > 0
    plant(data, "likes", "INSERT INTO likes VALUES (777777, 888888, 5)")
    told(run("likes", "--only-user", str(LIKE.actor_id), "--json"))
    (surplus,) = told(run("likes", "--only-user", "888888", "--json"), 1)
    assert [(each["kind"], each["key"]) for each in surplus["differences"]] == [("user", "888888")]
    plant(data, "likes", "DELETE FROM likes WHERE post_id = ? AND user_id = ?", LIKE.post_id, LIKE.actor_id)
    done = run("likes", "--only-user", str(LIKE.actor_id))
    assert done.exit_code == 1
    assert f"user {LIKE.actor_id}: likes: missing {LIKE.post_id}" in done.stdout
    assert f"post {LIKE.post_id}: likers: missing {LIKE.actor_id}" in done.stdout
    assert "`photolog replay likes` builds it anew" in done.stdout


def test_whom_the_log_does_not_know_is_not_said_to_be_right(run: Run, data: Path) -> None:
    """A mistyped id would look like proof. Who has just saved nothing is somebody."""
    for words in (("likes",), ("likes", "--repair"), ("all",)):
        unknown = run(*words, "--only-user", "888888")
        assert unknown.exit_code == 2, unknown.output
        assert "nobody with the id 888888 is on the log" in " ".join(unknown.output.split())
        assert "as the log says" not in unknown.output
    (saves,) = told(run("saves", "--only-user", str(READER), "--json"))
    assert (saves["equal"], saves["entities_count"]) == (True, 0)
    plant(data, "likes", "INSERT INTO likes VALUES (777777, 888888, 5)")
    (found,) = told(run("all", "--only-user", "888888", "--json"), 1)
    assert (found["projection"], found["differences_count"]) == ("likes", 1)
    assert told(run("likes", "--only-user", "888888", "--repair", "--json"))[0]["equal"]


def test_every_projection_can_be_compared_for_a_user_and_for_a_partition(run: Run, system: Beside) -> None:
    assert all(each["equal"] for each in told(run("all", "--only-user", str(READER), "--json")))
    for name in BY_NAME:
        for topic, number in asyncio.run(system.log.ends(BY_NAME[name].topics)):
            assert all(
                each["equal"] for each in told(run(name, "--only-shard", f"{topic}/{number}", "--json"))
            )


def test_what_a_partition_decides_is_compared(run: Run, data: Path, system: Beside) -> None:
    plant(data, "likes", "DELETE FROM likes WHERE post_id = ? AND user_id = ?", LIKE.post_id, LIKE.actor_id)
    wrong = {}
    for topic, number in asyncio.run(system.log.ends(LIKES.topics)):
        done = run("likes", "--only-shard", f"{topic}/{number}", "--json")
        (found,) = [orjson.loads(line) for line in done.stdout.splitlines()]
        wrong[number] = {(each["kind"], each["key"]) for each in found["differences"]}
        assert done.exit_code == bool(wrong[number])
    post, user = ("post", str(LIKE.post_id)), ("user", str(LIKE.actor_id))
    assert [found for found in wrong.values() if post in found] == [{post, user}]
    assert "likes reads no photolog.posts/0" in run("likes", "--only-shard", "photolog.posts/0").output


def test_feeds_that_a_partition_of_posts_decides_are_compared(run: Run, data: Path, system: Beside) -> None:
    """A feed is made of follows, which say nothing of that partition, and of posts, here of another user."""
    said: dict[str, Any] = {"occurred_at": EVENTS[-1].occurred_at, "correlation_id": 1}
    follow = Followed(id=1, actor_id=51, follower_id=51, followed_id=61, **said)
    post = PostCreated(id=2, actor_id=61, post_id=62, author_id=61, media_ids=(1,), **said)
    asyncio.run(happened(data, [follow, post]))
    asyncio.run(system.build(asyncio.run(system.live("feeds")), quiet))
    plant(data, "feeds", "DELETE FROM following WHERE reader_id = 51")
    wrong = [
        [(each["kind"], each["key"]) for each in found["differences"]]
        for topic, number in asyncio.run(system.log.ends(["photolog.posts"]))
        for found in [orjson.loads(run("feeds", "--only-shard", f"{topic}/{number}", "--json").stdout)]
    ]
    assert sorted(wrong) == [[], [], [], [("user", "51")]]


def test_a_repair_builds_anew_what_differs_and_nothing_else(run: Run, data: Path, system: Beside) -> None:
    repair = ("likes", "--only-user", str(LIKE.actor_id), "--repair", "--by", "ticket 7", "--json")
    (found,) = told(run(*repair))
    assert (found["equal"], found["generation"]) == (True, 1)
    plant(data, "likes", "DELETE FROM likes WHERE post_id = ? AND user_id = ?", LIKE.post_id, LIKE.actor_id)
    (found,) = told(run(*repair))
    assert (found["equal"], found["generation"]) == (True, 2)
    assert not told(run("likes", "--only-user", str(LIKE.actor_id), "--json"))[0]["differences"]
    history = CliRunner().invoke(replay, ["history", "likes", "--json", "--data", str(data)])
    assert [(each["type"], each["by"]) for each in told(history)][-1] == ("generation.switched", "ticket 7")


def test_a_repair_builds_nothing_anew_while_events_are_parked(
    run: Run, data: Path, system: Beside, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Built anew, they would be parked again."""
    asyncio.run(happened(data, acts(("like", 4242, LIKE.post_id))))
    with monkeypatch.context() as broken:
        broken.setitem(BY_NAME, "likes", replace(LIKES, project=_broken))
        asyncio.run(system.build(asyncio.run(system.live("likes")), quiet))
    repaired = run("likes", "--only-user", "4242", "--repair", "--json")
    (found,) = told(repaired, 1)
    assert (found["parked_count"], found["generation"]) == (1, 1)
    (notice,) = [orjson.loads(line)["note"] for line in repaired.stderr.splitlines()]
    assert "see `photolog parked list`" in notice


def _broken(event: Envelope) -> Sequence[LikeSet]:
    raise ZeroDivisionError


def test_a_repair_does_not_build_anew_what_is_merely_behind(run: Run, data: Path, system: Beside) -> None:
    asyncio.run(happened(data, acts(("like", LIKE.actor_id, LIKE.post_id + 1))))
    (found,) = told(run("likes", "--only-user", str(LIKE.actor_id), "--repair", "--json"), 1)
    assert (found["differences"], found["behind_count"], found["generation"]) == ([], 1, 1)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("likes", "--dry-run", "--only-user", "1"), "--dry-run and --only-user are different things"),
        (("likes", "--as-of", "2026-01-01T00:00:00Z", "--dry-run"), "--dry-run and --as-of are different"),
        (("feeds", "--with", "feed_cap=3", "--only-shard", "photolog.posts/0"), "are different things"),
        (("likes", "--dry-run", "--by", "me"), "--by means nothing with --dry-run"),
        (("likes", "--only-user", "1", "--rate", "9"), "--rate means nothing with --only-user"),
        (("likes", "--with", "feed_cap=3"), "what can be tried is feeds: celebrity_threshold, feed_cap"),
        (("all", "--with", "feed_cap=3"), "--with feed_cap changes nothing of names"),
        (("feeds", "--with", "secret=3"), "what can be tried is feeds: celebrity_threshold, feed_cap"),
        (("feeds", "--with", "feed_cap"), "--with feed_cap:"),
        (("feeds", "--with", "feed_cap=0"), "greater than or equal to 1"),
        (("feeds", "--as-of", "yesterday"), "neither a time with its zone"),
        (("feeds", "--as-of", "2026-01-01T00:00:00"), "neither a time with its zone"),
        (("feeds", "--as-of", "photolog.posts/0"), "is no position"),
        (("feeds", "--as-of", "photolog.posts/x:1"), "is no partition"),
        (("feeds", "--only-shard", "photolog.posts"), "is no partition"),
        (("feeds", "--repair"), "--repair needs --only-user or --only-shard"),
        (("feeds", "--dry-run", "--repair"), "--repair means nothing with --dry-run"),
        (("feeds", "--only-user", "nobody at all"), "nobody is called nobody at all"),
        (("likes", "--only-user", ""), "nobody is called"),
        (("likes", "--only-shard", ""), "is no partition"),
        (("likes", "--as-of", ""), "neither a time with its zone"),
    ],
)
def test_what_means_nothing_is_refused(run: Run, data: Path, words: tuple[str, ...], said: str) -> None:
    refused = run(*words)
    assert refused.exit_code in (1, 2)
    assert said in " ".join(refused.output.split())
    assert not (data / "scratch").exists()


def test_a_generation_that_is_not_there_is_not_shown(look: Run) -> None:
    assert "feeds has no generation 7" in look("show", str(READER), "--generation", "7").output


def test_a_feed_is_explained_by_its_events(look: Run, system: Beside) -> None:
    post_id = feeds(EVENTS, [READER])[READER][0]
    (found,) = told(look("explain", str(READER), str(post_id), "--json"))
    assert found["in_feed"]
    assert found["read_from"] == [
        {"projection": name, "generation": 1} for name in ("feeds", "timelines", "graph")
    ]
    assert found["events"][0]["type"] == "post.created"
    assert found["events"][-1]["type"] == "user.followed"
    (author_id,) = {e.author_id for e in EVENTS if isinstance(e, PostCreated) and e.post_id == post_id}
    pair = (READER, author_id)
    about = [e for e in EVENTS if isinstance(e, FollowEvent) and (e.follower_id, e.followed_id) == pair]
    told_of = [e["id"] for e in found["events"] if e["topic"] == "photolog.graph"]
    assert told_of == [str(event.id) for event in about]
    assert all(event["applied"] for event in found["events"])
    words = look("explain", str(READER), str(post_id)).stdout
    assert "A home feed is, by definition," in words
    assert "What feeds are read from has come to all of them: feeds 1, timelines 1, graph 1." in words


def test_an_event_that_the_feeds_have_not_come_to_is_named(look: Run, data: Path) -> None:
    post_id = feeds(EVENTS, [READER])[READER][0]
    (found,) = told(look("explain", str(READER), str(post_id), "--json"))
    event = found["events"][0]
    at = (event["topic"], event["partition"])
    plant(data, "feeds", "UPDATE position SET offset = 0 WHERE topic = ? AND partition = ?", *at)
    words = look("explain", str(READER), str(post_id)).stdout
    assert "feeds 1 stands at 0 and has not come to it" in words
    assert "has come to all of them" not in words


def test_an_event_that_is_not_in_the_timelines_is_named_too(look: Run, data: Path) -> None:
    """They say that a post was deleted, whatever the feeds hold."""
    post_id = feeds(EVENTS, [READER])[READER][0]
    (found,) = told(look("explain", str(READER), str(post_id), "--json"))
    event = found["events"][0]
    row = (event["topic"], event["partition"], event["offset"], int(event["id"]), "7", "broken")
    insert = "INSERT INTO parked (topic, partition, offset, event_id, key, reason) VALUES (?,?,?,?,?,?)"
    plant(data, "timelines", insert, *row)
    (found,) = told(look("explain", str(READER), str(post_id), "--json"))
    assert not found["events"][0]["applied"]
    assert found["events"][0]["lacking"] == ["it is parked in timelines 1; see `photolog parked list`"]
    assert "has come to all of them" not in look("explain", str(READER), str(post_id)).stdout


@pytest.mark.parametrize("user", ["", "9" * 25, "\udcff", "a b"])
def test_who_cannot_be_anybody_is_nobody(look: Run, user: str) -> None:
    for words in (("show", user), ("explain", user, "5")):
        done = look(*words)
        assert done.exit_code == 2
        assert "nobody is called" in done.output


def test_a_post_that_nobody_made_is_explained(look: Run) -> None:
    done = look("explain", str(READER), "99")
    assert done.exit_code == 1
    assert "No event on the log speaks of this post." in done.stdout
