"""Nothing acknowledged is lost: a server that is killed again and again while clients write forgets nothing, holds nothing half.

After every start, each acknowledged write is on the log exactly once, and every view holds what the oracle says about that log.
"""

import asyncio
import os
import signal
import subprocess
from collections import Counter
from pathlib import Path
from random import Random

import httpx2
import pytest

from events.accounts import AccountRegistered
from events.comments import CommentAdded
from events.envelope import Envelope
from events.graph import Followed, Unfollowed
from events.likes import PostLiked, PostUnliked
from events.media import MediaAttached, MediaUploadStarted
from events.posts import PostCreated
from events.saves import PostSaved, PostUnsaved
from tests.e2e.aftermath import Told, settled
from tests.e2e.ledger import Client, Edge, Ledger, Mingler, Publisher, Registrar, explained, hammer
from tests.e2e.server import COMMAND, ServerProcess
from tests.e2e.world import World
from tests.property.stories import CAPTIONS

ROUND_COUNT = 26
"""Each ends with a kill while clients write; after every fifth the next server is killed while it starts. Raise it to search."""
KILLED_AT_START_EVERY = 5
SEED = 20_261_121
_LONGEST_LIFE_S = 0.4


@pytest.mark.embedded
@pytest.mark.timeout(300)
def test_nothing_acknowledged_is_lost(tmp_path: Path) -> None:
    random, ledger = Random(SEED), Ledger()
    server = ServerProcess(tmp_path / "data")
    server.start()
    clients = _people(server, ledger, random)
    for number in range(1, ROUND_COUNT + 1):
        lives_s = random.random() * _LONGEST_LIFE_S
        asyncio.run(hammer(server.url, clients, lambda: os.kill(server.pid, signal.SIGKILL), lives_s))
        server.kill()
        if number % KILLED_AT_START_EVERY == 0:
            _die_while_starting(server, random)
        server.start()
        _check_ledger(ledger, settled(server.data))
    _check_newcomers(server, ledger)
    assert server.stop() == 0
    assert ledger.count() > ROUND_COUNT


def _people(server: ServerProcess, ledger: Ledger, random: Random) -> list[Client]:
    world = World(server.url)
    people = [world.person(name) for name in ("ada", "bob", "cleo")]
    posts = [person.post("dusk #harbor") for person in people]
    users = [{"id": person.id, "token": person.token} for person in people]
    world.close()
    ids = [person.id for person in people]
    minglers = [Mingler(ledger, user, Random(random.random()), posts, ids) for user in users]
    return [
        *minglers,
        Publisher(ledger, users[0], Random(random.random()), CAPTIONS),
        Registrar(ledger, random),
    ]


def _die_while_starting(server: ServerProcess, random: Random) -> None:
    arguments = [str(COMMAND), "serve", "--port", "0"]
    with subprocess.Popen(arguments, env=server.environment, stderr=subprocess.DEVNULL) as process:
        try:
            process.wait(0.2 + random.random())
        except subprocess.TimeoutExpired:
            process.kill()


def _check_ledger(ledger: Ledger, found: Told) -> None:
    assert len({record.id for record in found.records}) == len(found.records)
    assert len(found.events) == len(found.records)
    _check_edges(ledger, found)
    _check_keyed(ledger, found)
    _check_nothing_half(found)


def _check_edges(ledger: Ledger, found: Told) -> None:
    told: dict[Edge, list[bool]] = {}
    for event in found.events:
        match event:
            case PostLiked() | PostUnliked():
                edge, joins = ("like", str(event.actor_id), str(event.post_id)), isinstance(event, PostLiked)
            case PostSaved() | PostUnsaved():
                edge, joins = ("save", str(event.actor_id), str(event.post_id)), isinstance(event, PostSaved)
            case Followed() | Unfollowed():
                edge, joins = (
                    ("follow", str(event.follower_id), str(event.followed_id)),
                    isinstance(event, Followed),
                )
            case _:
                continue
        told.setdefault(edge, []).append(joins)
    assert set(told) <= set(ledger.edges)
    for edge, attempts in ledger.edges.items():
        assert explained(told.get(edge, []), attempts), (edge, told.get(edge), attempts)


def _check_keyed(ledger: Ledger, found: Told) -> None:
    """Whatever was sent, once or again under its key since no answer came, made one object with one event."""
    made = Counter(filter(None, map(_made, found.events)))
    assert {what: count for what, count in made.items() if count > 1} == {}
    for post in ledger.acknowledged():
        assert post.made_id is not None
        assert made[post.path.rsplit("/", 1)[-1], post.made_id] == 1, post
    comments = [(e.commenter_id, e.text) for e in found.events if isinstance(e, CommentAdded)]
    usernames = [e.username for e in found.events if isinstance(e, AccountRegistered)]
    posted = [media_id for e in found.events if isinstance(e, PostCreated) for media_id in e.media_ids]
    for wanted in (comments, usernames, posted):
        assert len(set(wanted)) == len(wanted)


def _made(event: Envelope) -> tuple[str, str] | None:
    match event:
        case AccountRegistered():
            return "accounts", str(event.user_id)
        case CommentAdded():
            return "comments", str(event.comment_id)
        case PostCreated():
            return "posts", str(event.post_id)
        case MediaUploadStarted():
            return "media", str(event.media_id)
        case _:
            return None


def _check_nothing_half(found: Told) -> None:
    """A post is there together with the claim on its media."""
    attached = {(e.media_id, e.attached_id) for e in found.events if isinstance(e, MediaAttached)}
    for event in found.events:
        if isinstance(event, PostCreated):
            assert {(media_id, event.post_id) for media_id in event.media_ids} <= attached


def _check_newcomers(server: ServerProcess, ledger: Ledger) -> None:
    """Who was registered is known, by name, to whoever asks."""
    names = [post.body["username"] for post in ledger.acknowledged() if post.path == "/v1/accounts"]
    assert names
    with httpx2.Client(base_url=server.url, timeout=30) as http:
        for name in names:
            assert http.get(f"/v1/users/by-username/{name}").status_code == 200
