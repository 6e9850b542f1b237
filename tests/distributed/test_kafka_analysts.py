"""The example in `docs/events.md`, as it is printed there, reads what Photolog appended."""

import ast
import asyncio
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from events.codec import encode
from events.envelope import Envelope
from events.likes import PostLiked, PostUnliked
from stores.kafka.envelope import message_of
from stores.kafka.log import KafkaLog
from tests.distributed.chaos.poison import Headers, Shape
from tests.distributed.kafka import fresh_topics, put
from tests.golden.examples import examples
from tests.services.addresses import Addresses

_DOCUMENT = Path(__file__).parents[2] / "docs/events.md"
(_EXAMPLE,) = re.findall(r"^```python\n(.*?)^```$", _DOCUMENT.read_text(), re.MULTILINE | re.DOTALL)

_NO_VALUES = (None, b"", b"\xff", b"null", b"[100]", b"{}", b'{"post_id":["100"]}', b"[" * 100_000)


def _by(kind: type[PostLiked | PostUnliked], user_id: int, post_id: int) -> Envelope:
    return examples()[kind][0].model_copy(update={"actor_id": user_id, "post_id": post_id})


def _no_events() -> Iterator[Shape]:
    """Messages under the key of a post that would be counted as liked by somebody else, if anybody counted them."""
    real = message_of(encode(_by(PostLiked, 9, 100), None), "photolog")
    headers: Headers = [*real.headers]
    yield real.key, b"\xff", [("ce_type", None)]
    for value in _NO_VALUES:
        yield real.key, value, headers
    for name in ("ce_type", "ce_version", "ce_actorid"):
        others = [header for header in headers if header[0] != name]
        yield real.key, real.value, others
        yield real.key, real.value, [*others, (name, None)]


def test_the_example_imports_nothing_of_ours() -> None:
    imported = {
        name
        for node in ast.walk(ast.parse(_EXAMPLE))
        for name in (
            [alias.name for alias in node.names]
            if isinstance(node, ast.Import)
            else [node.module]
            if isinstance(node, ast.ImportFrom)
            else []
        )
    }
    assert imported == {"asyncio", "json", "collections", "aiokafka"}


async def test_the_example_counts_likes(addresses: Addresses, tmp_path: Path) -> None:
    async with fresh_topics(addresses.kafka) as namespace:
        log = KafkaLog(addresses.kafka, namespace)
        events = [
            _by(PostLiked, 1, 100),
            _by(PostLiked, 2, 100),
            _by(PostLiked, 2, 100),
            _by(PostLiked, 3, 100),
            _by(PostUnliked, 3, 100),
            *(_by(PostLiked, user_id, 200) for user_id in range(1, 6)),
            *(
                event
                for kind, pair in examples().items()
                if kind not in (PostLiked, PostUnliked)
                for event in pair
            ),
        ]
        for event in events:
            await log.append([encode(event, bytes(32))])
        for key, value, headers in _no_events():
            await put(addresses.kafka, f"{namespace}.engagement", key, value, headers)
        await log.close()
        program = _EXAMPLE.replace("127.0.0.1:9092", addresses.kafka).replace("photolog.", f"{namespace}.")
        assert program.count(namespace) == program.count(addresses.kafka) == 1
        command = [sys.executable, "-W", "error", "-c", program]
        done = await asyncio.to_thread(
            subprocess.run, command, cwd=tmp_path, capture_output=True, text=True, timeout=60
        )
        assert (done.returncode, done.stderr, done.stdout) == (0, "", "100 2\n200 5\n")
