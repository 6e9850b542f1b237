"""`photolog replay verify` and `check` beside a system that goes on."""

import sqlite3
import subprocess
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import orjson
import pytest

from projectors.catalogue import BY_NAME
from tests.e2e.conftest import MakeServer
from tests.e2e.server import COMMAND, COMMAND_TIMEOUT_S, GENEROUS, ServerProcess
from tests.e2e.world import Person, World

_PAUSE_S = 0.05
"""Between two rounds of writes, so that commands get on beside them."""


@contextmanager
def going_on(person: Person, post: str) -> Iterator[None]:
    """Somebody likes, comments and follows all the while."""
    ended = threading.Event()
    failed: list[BaseException] = []

    def write() -> None:
        try:
            while not ended.wait(_PAUSE_S):
                person.ok("PUT", f"/v1/posts/{post}/like")
                person.ok("POST", f"/v1/posts/{post}/comments", 201, json={"text": "more"})
                person.ok("DELETE", f"/v1/posts/{post}/like")
        except AssertionError as error:
            failed.append(error)

    thread = threading.Thread(target=write)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()
    assert not failed


def run_in(folder: Path, server: ServerProcess, *arguments: str) -> "subprocess.CompletedProcess[str]":
    """Where there is no data folder, certificates are kept in the folder in which the command is run."""
    command = [str(COMMAND), *arguments]
    return subprocess.run(
        command, cwd=folder, capture_output=True, text=True, timeout=COMMAND_TIMEOUT_S, env=server.environment
    )


def lived_in(world: World) -> tuple[Person, Person, str]:
    ada, bob = world.person("ada"), world.person("bob")
    bob.follow(ada)
    post = ada.post(f"verified harbour{world.number} #Verified")
    bob.ok("PUT", f"/v1/posts/{post}/like")
    bob.ok("PUT", f"/v1/posts/{post}/save")
    bob.ok("POST", f"/v1/posts/{post}/comments", 201, json={"text": "lovely"})
    gone = ada.post("soon gone")
    ada.ok("DELETE", f"/v1/posts/{gone}", 204)
    return ada, bob, post


@pytest.mark.timeout(300)
def test_everything_is_verified_under_writes_and_its_certificates_stand(
    world: World, server: ServerProcess, tmp_path: Path
) -> None:
    _, bob, post = lived_in(world)
    with going_on(bob, post):
        done = run_in(tmp_path, server, "replay", "verify", "all", "--json")
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr
    found = [orjson.loads(line) for line in done.stdout.splitlines()]
    assert [each["projection"] for each in found] == list(BY_NAME)
    files = [str(tmp_path / each.pop("file")) for each in found]
    for file, each in zip(files, found, strict=True):
        assert (each["equal"], each["differences"], each["faults"]) == (True, [], [])
        assert orjson.loads(Path(file).read_bytes()) == each
    checked = server.run("replay", "check", *files, "--json")
    assert checked.returncode == 0, checked.stdout + checked.stderr
    assert [orjson.loads(line)["stands"] for line in checked.stdout.splitlines()] == [True] * len(BY_NAME)
    assert {each["seal"]: 0 for each in found}.items() <= verified(server, *BY_NAME).items()


def verified(server: ServerProcess, *projections: str) -> dict[str, int]:
    """How many differences were found, by the seals of certificates, as history tells it."""
    told = [orjson.loads(line) for line in server.run("replay", "history", "--json").stdout.splitlines()]
    return {
        each["certificate"]: each["differences_count"]
        for each in told
        if each["type"] == "generation.verified" and each["projection"] in projections
    }


def test_a_generation_is_verified_beside_the_live_one(
    world: World, server: ServerProcess, tmp_path: Path
) -> None:
    lived_in(world)
    assert server.run("replay", "likes", "--json").returncode == 0
    known = orjson.loads(server.run("projections", "--json").stdout)
    numbers = {g["generation"]: g["state"] for g in known if g["projection"] == "likes"}
    replaced = max(number for number, state in numbers.items() if state == "replaced")
    file = tmp_path / "likes.json"
    done = server.run("replay", "verify", "likes", "--generation", str(replaced), "--certificate", str(file))
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"likes: generation {replaced} is equal to what the log says" in done.stdout
    told = orjson.loads(file.read_bytes())
    assert told["live"] == max(numbers)
    assert told["digests"]["live"] == told["digests"]["oracle"] == told["digests"]["generation"]


def test_a_certificate_that_was_changed_does_not_stand(
    world: World, server: ServerProcess, tmp_path: Path
) -> None:
    lived_in(world)
    file = tmp_path / "saves.json"
    assert server.run("replay", "verify", "saves", "--certificate", str(file)).returncode == 0
    changed = tmp_path / "changed.json"
    changed.write_bytes(file.read_bytes().replace(b'"saves"', b'"likes"'))
    done = server.run("replay", "check", str(changed), str(file))
    assert done.returncode == 1, done.stdout
    assert f"{changed} does not stand" in done.stdout
    assert f"{file} stands" in done.stdout
    file.write_bytes(b"{}")
    done = server.run("replay", "check", str(file))
    assert (done.returncode, "not a certificate" in done.stdout) == (1, True)


@pytest.mark.embedded
def test_a_difference_is_found_and_told_beside_the_server(make_server: MakeServer) -> None:
    """And what people wrote is in no certificate."""
    server = make_server("verified", GENEROUS)
    server.start()
    world = World(server.url)
    _, bob, post = lived_in(world)
    world.close()
    with closing(sqlite3.connect(server.data / "views" / "likes.1.db")) as connection, connection:
        assert connection.execute("DELETE FROM likes").rowcount == 1
    done = server.run("replay", "verify", "likes")
    assert done.returncode == 1
    assert f"generation 1, post {post}: likers: missing {bob.id}" in done.stdout
    assert "post.liked" in done.stdout
    (file,) = (server.data / "certificates").iterdir()
    told: dict[str, Any] = orjson.loads(file.read_bytes())
    assert not told["equal"]
    assert verified(server, "likes") == {told["seal"]: told["differences_count"]}
    assert server.run("replay", "check", str(file)).returncode == 0
    assert server.run("replay", "verify", "all").returncode == 1
    for each in (server.data / "certificates").iterdir():
        assert not any(word in each.read_text() for word in (bob.username, "harbour", "lovely", "Verified"))
    assert server.stop() == 0
    done = server.run("replay", "verify", "saves", "--json")
    assert done.returncode == 0, done.stdout + done.stderr
