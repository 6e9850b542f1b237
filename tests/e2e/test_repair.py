"""What is live is not what the log says: a trial says so, and a repair puts it right beside the running server."""

from collections.abc import Iterator

import orjson
import pytest

from tests.e2e.server import ServerProcess
from tests.e2e.spoiling import forget_like, forget_word
from tests.e2e.test_replay import states
from tests.e2e.test_trying import found
from tests.e2e.world import Person, World, until

pytestmark = pytest.mark.timeout(300)


def liked(world: World) -> tuple[Person, str]:
    """Somebody, and the only post that they like."""
    ada, bob = world.person("ada"), world.person("bob")
    post = ada.post("liked for good")
    bob.ok("PUT", f"/v1/posts/{post}/like")
    return bob, post


def check_liked(bob: Person, post: str) -> None:
    until(lambda: bob.get(f"/v1/posts/{post}")["liked"])  # a server takes notice of a switch every second
    assert bob.get(f"/v1/posts/{post}")["counts"]["likes"] == 1
    assert [user["id"] for user in bob.items(f"/v1/posts/{post}/likes")] == [bob.id]


def test_a_trial_names_what_a_replay_would_change(world: World, server: ServerProcess) -> None:
    bob, post = liked(world)
    before = states(server)
    forget_like(server, int(bob.id), int(post))
    trial = found(server, "replay", "likes", "--dry-run", status=1)
    assert (trial["would_switch"], trial["rebuilt_wrong"], trial["faults"]) == (True, [], [])
    assert len(trial["examples"]) == trial["would_change"] > 0
    (example,) = [each for each in trial["examples"] if (each["kind"], each["key"]) == ("user", bob.id)]
    assert example["ways"] == [
        {
            "way": "likes",
            "how": "missing",
            "members": [post],
            "members_count": 1,
            "expected": None,
            "actual": None,
        }
    ]
    assert [event["type"] for event in example["events"]] == ["post.liked"]
    assert states(server) == before

    found(server, "replay", "likes")
    assert found(server, "replay", "likes", "--dry-run")["examples"] == []
    check_liked(bob, post)


def test_what_a_person_is_found_by_is_made_anew(world: World, server: ServerProcess) -> None:
    ada, word = world.person("ada"), f"lighthouse{world.number}"
    first, second = ada.post(f"a {word}"), ada.post(f"another {word}")
    assert posts_with(ada, word) == [second, first]
    compare = ("replay", "search", "--only-user", ada.username)
    forget_word(server, word, int(first))
    assert posts_with(ada, word) == [second]
    (difference,) = found(server, *compare, status=1)["differences"]
    assert difference["kind"] == "term"
    assert word not in orjson.dumps(difference).decode()
    assert found(server, *compare, "--repair")["equal"]
    assert until(lambda: posts_with(ada, word) == [second, first])
    assert found(server, *compare)["equal"]


def posts_with(ada: Person, word: str) -> list[str]:
    return [post["id"] for post in ada.items("/v1/search/posts", q=word)]


def test_what_a_partition_decides_is_made_anew(world: World, server: ServerProcess) -> None:
    """It is the only one whose comparison finds a difference."""
    bob, post = liked(world)
    forget_like(server, int(bob.id), int(post))
    told = {at: compared(server, at) for at in partitions(server)}
    (wrong,) = [at for at, (status, _) in told.items() if status == 1]
    assert all(status == 0 for at, (status, _) in told.items() if at != wrong)
    assert ("user", bob.id) in told[wrong][1]
    assert found(server, "replay", "likes", "--only-shard", wrong, "--repair")["equal"]
    check_liked(bob, post)
    assert compared(server, wrong) == (0, set())


def partitions(server: ServerProcess) -> Iterator[str]:
    """Those of the topic that tells of likes."""
    each, *_ = orjson.loads(server.run("replay", "status", "likes", "--json").stdout)
    places = {(at["topic"], at["partition"]) for at in each["positions"]}
    return (f"{topic}/{number}" for topic, number in sorted(places))


def compared(server: ServerProcess, partition: str) -> tuple[int, set[tuple[str, str]]]:
    """The exit status, and what differs."""
    ran = server.run("replay", "likes", "--only-shard", partition, "--json")
    differences = orjson.loads(ran.stdout)["differences"]
    return ran.returncode, {(each["kind"], each["key"]) for each in differences}
