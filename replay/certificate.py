"""The certificate: a JSON document that says what a generation was compared with, where both stood, and how they differ.

Digests are of the entities of a bucket, in no order, so that two of them are equal when all entities of the bucket are. It holds
nothing that people wrote.
"""

import ast
import sys
from collections.abc import Mapping, Sequence
from hashlib import sha256
from importlib.metadata import version
from inspect import getsource
from typing import Annotated, Any, Literal

import orjson
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from events.operations import Verdict
from projectors.projection import Projection
from replay.differences import Difference, Event
from replay.spool import bucket_of
from replay.subjects.subject import Entity, Value

_DIGEST_BYTES = 16
_MODULUS = 1 << 8 * _DIGEST_BYTES
_OF_FOLDS = ("events.", "projectors.", "stores.ports.")
"""Folders from which a fold may import, see `tests.architecture.test_promises`."""


_MOST = 2**63 - 1
Count = Annotated[int, Field(ge=0, le=_MOST)]
Offset = Annotated[int, Field(ge=-1, le=_MOST)]
Name = Annotated[str, Field(pattern="^[a-z_]{1,64}$")]
Number = Annotated[str, Field(pattern="^[0-9]{1,19}$")]


class CertificateError(Exception):
    """The file is no certificate. Name one that `photolog replay verify` has written."""


class Stood(BaseModel):
    """The event at which a partition was cut; an empty one stands at -1."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    topic: str
    partition: Count
    offset: Offset
    event_id: Number | None


class Certificate(BaseModel):
    """`digests` by whose they are (oracle, generation, live) and by bucket. `unreadable` are events that the oracle could not read
    and that nobody gave up in this generation. `equal` is what it all comes to: the generation is what the oracle says, lacks no
    event, and was not left behind by those who should feed it. How the live one differs or was left behind is told, and counts for
    nothing.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    format: Literal[1] = 1
    projection: Name
    generation: Count
    live: Count | None
    fold_version: Count
    code: str
    made_at_ms: Count
    positions: tuple[Stood, ...]
    behind_count: Count
    events_count: Count
    entities_count: Count
    digests: dict[Name, dict[Number, str]]
    faults: tuple[str, ...]
    parked: tuple[Event, ...]
    parked_count: Count
    unreadable: tuple[Event, ...] = ()
    unreadable_count: Count = 0
    differences: tuple[Difference, ...]
    differences_count: Count
    live_differences_count: Count
    live_behind_count: Count = 0
    equal: bool
    seal: str = ""

    @property
    def verdict(self) -> Verdict:
        """What the numbers come to, whatever `equal` says."""
        if self.differences_count:
            return "different"
        if any(fault.startswith(f"generation {self.generation}:") for fault in self.faults):
            return "faulty"
        if self.parked_count or self.unreadable_count:
            return "incomplete"
        return "behind" if self.behind_count else "equal"

    @property
    def is_merely_behind(self) -> bool:
        """What there is of the generation is right, and nobody has brought it to where the log ended."""
        return self.verdict == "behind"

    @property
    def is_wrong(self) -> bool:
        """What is in the generation is not right, so that it may be once it is built anew."""
        return self.verdict in ("different", "faulty")

    def sealed(self) -> "Certificate":
        return self.model_copy(update={"seal": self._sum()})

    def is_sealed(self) -> bool:
        """Whether nothing was changed in it since it was made."""
        return self.seal == self._sum()

    def json_text(self) -> bytes:
        return orjson.dumps(self.model_dump(mode="json"), option=orjson.OPT_INDENT_2)

    def _sum(self) -> str:
        return sha256(canonical(self.model_dump(mode="json", exclude={"seal"}))).hexdigest()


def parsed(text: bytes) -> Certificate:
    """Raises CertificateError."""
    try:
        return Certificate.model_validate_json(text)
    except ValidationError as error:
        raise CertificateError(f"not a certificate: {error.error_count()} fields are wrong") from error


class Digests:
    """Of one side, by bucket. What says nothing adds nothing: an entity that is not there is like one that nobody knows."""

    def __init__(self) -> None:
        self._sums: dict[int, int] = {}

    def add(self, entity: Entity, value: Value) -> None:
        name = f"{entity[0]}/{entity[1]}"
        found = sha256(name.encode() + b"\n" + canonical(value)).digest()[:_DIGEST_BYTES]
        bucket = bucket_of(name)
        self._sums[bucket] = (self._sums.get(bucket, 0) + int.from_bytes(found)) % _MODULUS

    def by_bucket(self) -> dict[str, str]:
        return {str(bucket): f"{total:0{2 * _DIGEST_BYTES}x}" for bucket, total in sorted(self._sums.items())}


def canonical(value: Mapping[str, Any] | Sequence[Any]) -> bytes:
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)


def code_of(projection: Projection[Any]) -> str:
    """Which code folds: the release, and a digest of the fold's module and of everything of ours that it imports. Libraries are not
    in it.
    """
    needed: set[str] = set()
    _gather(projection.project.__module__, needed)
    found = sha256()
    for name in sorted(needed):
        found.update(getsource(sys.modules[name]).encode())
    return f"photolog {version('photolog')}, fold {found.hexdigest()[:16]}"


def _gather(module: str, needed: set[str]) -> None:
    """The module, and what it imports from the folders that a fold may import from."""
    if module in needed:
        return
    needed.add(module)
    for node in ast.walk(ast.parse(getsource(sys.modules[module]))):
        if isinstance(node, ast.ImportFrom):
            named = (str(node.module), *(f"{node.module}.{alias.name}" for alias in node.names))
            for name in named:
                if name.startswith(_OF_FOLDS) and name in sys.modules:
                    _gather(name, needed)
