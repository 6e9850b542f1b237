"""Whether a certificate stands: it was made by a verify on this log, nothing in it was changed, the log has still the events at its
positions, and the oracle says again what it said.

Says nothing about the generation as it is now: for that it is verified again. Whoever was erased since is told by the oracle with
less than then, so a certificate that is older stands no longer where they are concerned.
"""

from collections.abc import Iterator, Sequence
from contextlib import closing

from replay.again import said
from replay.certificate import Certificate, Digests
from replay.operations import seals
from replay.spool import BUCKETS
from replay.subjects.catalogue import Judged
from replay.telling import HeardLog, Telling, Unread
from replay.verify import Report, World, missing, quiet
from stores.ports.log import Partition


async def check(
    judged: Judged, world: World, certificate: Certificate, report: Report = quiet
) -> tuple[str, ...]:
    """Why the certificate does not stand; nothing when it does. Stops before the oracle is asked when the log is another."""
    reasons = [
        *_of_itself(certificate),
        *await _of_history(world, certificate),
        *await _of_positions(judged, world, certificate),
    ]
    return tuple(reasons or await _of_oracle(judged, world, certificate, report))


def _of_itself(certificate: Certificate) -> Iterator[str]:
    if not certificate.is_sealed():
        yield "it was changed after it was made: its seal is that of another document"
    mine, oracle = certificate.digests.get("generation"), certificate.digests.get("oracle")
    if certificate.equal != (mine == oracle and certificate.verdict == "equal"):
        yield "it says in one place that the generation is equal, and in another that it differs"
    count = sum(stood.offset + 1 for stood in certificate.positions)
    if certificate.events_count != count:
        yield f"it counts {certificate.events_count} events, up to its positions there are {count}"


async def _of_history(world: World, certificate: Certificate) -> list[str]:
    seal = (certificate.projection, certificate.generation, certificate.seal)
    if seal in seals(await world.history()):
        return []
    return ["no verify on this log made it: `photolog replay history` knows nothing of its seal"]


async def _of_positions(judged: Judged, world: World, certificate: Certificate) -> list[str]:
    ends = await world.log.ends(judged.projection.topics)
    stood = {(each.topic, each.partition): each for each in certificate.positions}
    if stood.keys() != ends.keys():
        return ["its partitions are not those that the projection reads on this log"]
    found = []
    for (topic, number), each in sorted(stood.items()):
        if each.offset > ends[topic, number]:
            found.append(f"the log does not reach {each.offset} of {topic} {number}")
            continue
        entries = await world.log.read((topic, number), each.offset, 1) if each.offset >= 0 else []
        id_ = str(entries[0].record.id) if entries and entries[0].offset == each.offset else None
        if id_ != each.event_id:
            found.append(f"at {each.offset} of {topic} {number} the log has not the event of its position")
    return found


async def _of_oracle(
    judged: Judged, world: World, certificate: Certificate, report: Report
) -> tuple[str, ...]:
    cut: dict[Partition, int] = {(s.topic, s.partition): s.offset for s in certificate.positions}
    with closing(HeardLog(judged, world.log, world.keys, world.folder)) as heard:
        done = 0

        def read(count: int) -> None:
            nonlocal done
            done += count
            report("reading", done, certificate.events_count)

        await heard.hear(cut, read)
        with closing(await heard.tell(cut)) as telling:
            told = _digests(telling, report)
            unread = telling.unread
    reasons = await _of_unread(world, certificate, unread)
    claimed = certificate.digests.get("oracle", {})
    others = sorted(int(n) for n in told.keys() | claimed.keys() if told.get(n) != claimed.get(n))
    if others:
        shown = ", ".join(map(str, others[:10]))
        reasons.append(f"the oracle says otherwise of {len(others)} of {len(BUCKETS)} buckets: {shown}")
    return tuple(reasons)


async def _of_unread(world: World, certificate: Certificate, unread: Sequence[Unread]) -> list[str]:
    """What was given up since, or what a later release can read, is missed no more."""
    missed = await missing(world, unread, certificate.projection, certificate.generation)
    if len(missed) <= certificate.unreadable_count:
        return []
    return [f"{len(missed)} events cannot be read by this release; it counts {certificate.unreadable_count}"]


def _digests(telling: Telling, report: Report) -> dict[str, str]:
    digests = Digests()
    for bucket in BUCKETS:
        for entity, known in telling.entities(bucket).items():
            value = said(telling.subject, entity, known.pieces)
            if value != said(telling.subject, entity, ()):
                digests.add(entity, value)
        report("comparing", bucket + 1, len(BUCKETS))
    return digests.by_bucket()
