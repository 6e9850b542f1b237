"""Photolog-Position: what a client has already seen of the log, in one signed string that it sends back.

Opaque to clients and worth nothing but waiting: it grants no access. Partition numbers and offsets are in it,
names of people are not.
"""

import zlib

import orjson

from api.problems import BAD_POSITION, problem
from api.signing import Sealer
from stores.ports.log import Partition, Positions

HEADER = "Photolog-Position"
POSITION_MAX_CHARS = 8 * 1024
"""As many as proxies let through in one header. Every partition that clients write to fits in it, with as many of each topic as
there may be (`PHOTOLOG_KAFKA_PARTITIONS`).
"""


class PositionStrings:
    def __init__(self, secret: bytes) -> None:
        self._sealer = Sealer(secret, "position", POSITION_MAX_CHARS)

    def seal(self, positions: Positions) -> str:
        return self._sealer.seal(zlib.compress(packed(positions)))

    def open(self, text: str) -> dict[Partition, int]:
        """Raises `bad_position` for anything that `seal` did not make."""
        payload = self._sealer.open(text)
        if payload is None:
            raise problem(BAD_POSITION)
        return unpacked(zlib.decompress(payload))


def packed(positions: Positions) -> bytes:
    """JSON of the shape `{topic: [partition, offset, partition, offset, ...]}`, in a fixed order."""
    by_topic: dict[str, list[int]] = {}
    for (topic, partition), offset in sorted(positions.items()):
        by_topic.setdefault(topic, []).extend((partition, offset))
    return orjson.dumps(by_topic)


def unpacked(payload: bytes) -> dict[Partition, int]:
    by_topic: dict[str, list[int]] = orjson.loads(payload)
    return {
        (topic, partition): offset
        for topic, flat in by_topic.items()
        for partition, offset in zip(flat[::2], flat[1::2], strict=True)
    }
