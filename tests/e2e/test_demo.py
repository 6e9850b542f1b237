"""`photolog demo` against a real server, as somebody runs it who has just installed Photolog."""

import re
import signal
import subprocess
from typing import Any

import orjson

from runtime.demo.people import people
from tests.e2e.server import COMMAND, ServerProcess
from tests.e2e.world import World, until

_TIMEOUT_S = 90


def _demo(server: ServerProcess, *options: str) -> "subprocess.CompletedProcess[str]":
    command = [str(COMMAND), "demo", "--url", server.url, *options]
    return subprocess.run(command, capture_output=True, text=True, timeout=_TIMEOUT_S)


def _summary(server: ServerProcess, *options: str) -> Any:
    done = _demo(server, "--json", *options)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    return orjson.loads(done.stdout)


def _has_caught_up(server: ServerProcess) -> bool:
    told = orjson.loads(server.run("projections", "--json").stdout)
    return all(each["behind"] == 0 for each in told if each["state"] == "live")


def test_it_fills_a_server_and_can_be_run_again(server: ServerProcess, world: World) -> None:
    first = _summary(server, "--people", "3", "--posts", "4", "--seed", "11")
    assert len(first["people"]) == 3
    assert len(set(first["posts"])) == 4
    until(lambda: _has_caught_up(server))  # who reads here has no position of what was written there
    posts = [world.get(f"/v1/posts/{post_id}") for post_id in first["posts"]]
    assert all(media["status"] == "ready" and media["alt_text"] for post in posts for media in post["media"])
    assert {post["author"]["id"] for post in posts} == {person["id"] for person in first["people"]}
    assert all(post["author"]["avatar"] is not None for post in posts)
    assert sum(post["counts"]["likes"] for post in posts) > 0
    assert sum(post["counts"]["comments"] for post in posts) > 0

    assert _summary(server, "--people", "3", "--posts", "4", "--seed", "11") == first
    assert [world.get(f"/v1/posts/{post_id}") for post_id in first["posts"]] == posts
    people = [world.get(f"/v1/users/{person['id']}") for person in first["people"]]
    assert sum(person["counts"]["posts"] for person in people) == 4


def test_it_ends_with_a_feed_that_a_person_understands_and_commands_that_work(server: ServerProcess) -> None:
    done = _demo(server, "--people", "3", "--posts", "4", "--seed", "11")
    assert done.returncode == 0, done.stderr
    assert re.search(r"'s home feed {2}\(GET /v1/feed\)", done.stdout)
    assert re.search(r"\w+ \w+ @[\w.]+ · \d\d \w+ \d{4} \d\d:\d\d", done.stdout)
    assert re.search(r"♥ \d+ likes?( \(one of them is yours\))? · \d comments? · \d photos?", done.stdout)
    assert "▀" not in done.stdout, "no photos where nobody sees colours"
    assert "photos and posts" in done.stderr
    commands = re.findall(r"^  (curl .*)$", done.stdout, re.MULTILINE)
    tokens, user, found = (
        orjson.loads(subprocess.run(["bash", "-c", command], capture_output=True, timeout=_TIMEOUT_S).stdout)
        for command in commands
    )
    assert tokens["access_token"]
    assert user["username"] in done.stdout
    assert found["items"]


def test_somebody_else_who_has_the_name_is_left_alone(server: ServerProcess, world: World) -> None:
    taken = people(2, 12)[0]
    body = {"username": taken.username, "email": "taken@example.org", "password": "not the demo's"}
    assert world.request("POST", "/v1/accounts", json=body).status_code == 201
    done = _demo(server, "--people", "2", "--posts", "1", "--seed", "12")
    assert done.returncode == 2
    assert (
        f"{taken.username} is somebody else on this server. Take other people with another --seed."
        in done.stderr
    )


def test_ctrl_c_stops_it_cleanly(server: ServerProcess, world: World) -> None:
    command = [str(COMMAND), "demo", "--url", server.url, "--people", "4", "--posts", "200", "--seed", "13"]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.PIPE)
    first = people(4, 13)[0].username
    until(lambda: world.request("GET", f"/v1/users/by-username/{first}").status_code == 200)
    process.send_signal(signal.SIGINT)
    _, rest = process.communicate(timeout=_TIMEOUT_S)
    assert process.returncode == 130
    assert b"Stopped. What was made stays; the same command goes on from there." in rest
    assert b"Traceback" not in rest
