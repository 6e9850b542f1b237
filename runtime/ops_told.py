"""What the operators' page tells of the past: what operators did, as the log has it, and what came out of verifying, as the log and
the certificates in a folder have it.
"""

import re
from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime
from functools import lru_cache
from pathlib import Path

from api.ops_state import Done, Verified
from events.operations import GenerationRolledBack, GenerationSwitched, GenerationVerified, OperationEvent
from replay.certificate import Certificate, CertificateError, parsed
from replay.operations import Seal, outcome

SHOWN_COUNT = 20
_LARGEST_BYTES = 8 << 20
_NAME = re.compile(r"([a-z_]{1,64})\.(\d{1,18})\.(\d{1,15})\.json")


def done(events: Sequence[OperationEvent]) -> list[Done]:
    """The newest first."""
    newest = sorted(events, key=lambda event: event.id, reverse=True)[:SHOWN_COUNT]
    return [Done(_ms(e.occurred_at), e.projection, e.generation, _what(e), e.by) for e in newest]


def verified(
    events: Sequence[OperationEvent], seals: Collection[Seal], folder: Path | None
) -> list[Verified]:
    """The newest first. Whose certificate lies in the folder is told by it, and not again by the log, which knows these seals."""
    kept = [] if folder is None else [_listed(each, seals) for each in _kept(folder)]
    trusted = {each.seal for each in kept if each.verdict not in ("changed", "unlisted", "unreadable")}
    verifications = [event for event in events if isinstance(event, GenerationVerified)]
    told = [_of_event(event) for event in verifications if event.certificate not in trusted]
    return sorted([*kept, *told], key=lambda each: each.at_ms, reverse=True)[:SHOWN_COUNT]


def _what(event: OperationEvent) -> str:
    what = event.type.replace(".", " ").replace("_", " ")
    match event:
        case GenerationSwitched() | GenerationRolledBack():
            return f"{what} from {event.from_generation}"
        case GenerationVerified():
            return f"{what}, {outcome(event)}"
        case _:
            return what


def _of_event(event: GenerationVerified) -> Verified:
    count = event.differences_count
    verdict = event.verdict or ("different" if count else "unknown")
    at_ms = _ms(event.occurred_at)
    return Verified(at_ms, event.projection, event.generation, verdict, count, event.certificate, None)


def _listed(it: Verified, seals: Collection[Seal]) -> Verified:
    """Whoever can write files can write a certificate that says anything."""
    is_listed = (it.projection, it.generation, it.seal) in seals
    return it if is_listed or it.verdict in ("changed", "unreadable") else replace(it, verdict="unlisted")


def _kept(folder: Path) -> list[Verified]:
    """Of the newest certificates, by their names: one that was made is not written again."""
    named = [(name, path) for path in folder.glob("*.json") if (name := _NAME.fullmatch(path.name))]
    newest = sorted(named, key=lambda each: int(each[0][3]), reverse=True)[:SHOWN_COUNT]
    return [_of_file(path, *_size_and_time(path)) for _, path in newest]


def _size_and_time(path: Path) -> tuple[int, int]:
    """Of a file that is removed in this moment: nothing."""
    try:
        found = path.stat()
    except OSError:
        return 0, 0
    return found.st_size, found.st_mtime_ns


@lru_cache(maxsize=4 * SHOWN_COUNT)
def _of_file(path: Path, size_bytes: int, mtime_ns: int) -> Verified:
    """`mtime_ns` tells a file from what it was before."""
    named = _NAME.fullmatch(path.name)
    assert named is not None
    name, number, at_ms = named[1], int(named[2]), int(named[3])
    try:
        if size_bytes > _LARGEST_BYTES:
            raise CertificateError("too large")
        certificate = parsed(path.read_bytes())
    except (OSError, CertificateError):
        return Verified(at_ms, name, number, "unreadable", 0, "", path.name)
    return _of_certificate(certificate, path.name)


def _of_certificate(certificate: Certificate, file: str) -> Verified:
    return Verified(
        certificate.made_at_ms,
        certificate.projection,
        certificate.generation,
        certificate.verdict if certificate.is_sealed() else "changed",
        certificate.differences_count,
        certificate.seal,
        file,
    )


def _ms(at: datetime) -> int:
    return round(at.timestamp() * 1000)
