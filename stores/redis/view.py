"""What every view in Redis is made of: buckets, each in one slot, each a whole small view with fences and parked events of its own.

A batch becomes one script call per bucket (`view.lua`, its own part, `apply.lua`), atomic there: it refuses a gap, skips what
was applied, and moves the fences with the data. The view stands at the least of its buckets, so one that was emptied or put back
to an older state is noticed and filled from the log, while the others skip what they have. Events that concern no bucket do not
travel, but the fences pass them.

Parked events are kept in every bucket. An event that one bucket has passed and does not hold, while another one holds it, was
released there: the release was interrupted, or the other bucket went back. It is shown as asked for again, so that the projector
completes the release; each bucket applies only what it holds itself.

Subclasses say which buckets a change concerns and how the script reads it.
"""

from collections.abc import AsyncIterator, Callable, Collection, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from struct import Struct
from typing import Any, ClassVar, Generic, TypeVar
from zlib import crc32

from redis.asyncio import Redis
from redis.asyncio.client import Pipeline

from stores.ports.crash import Crash, survive
from stores.ports.errors import EmptiedError
from stores.ports.inspected import Held
from stores.ports.log import Partition
from stores.ports.view import Folded, GapError, ParkedEvent, Position, offsets_of
from stores.redis import inspected
from stores.redis.batches import (
    changes,
    fences_of,
    parking,
    partition_name,
    ranges,
    refuse_gaps,
    runs,
    unparking,
)
from stores.redis.client import Script, answering, replies
from stores.redis.parked import ASKED, key_name, key_of, parked_here, together

C = TypeVar("C")

WORK_COUNT = 5_000
"""Entries written, or as much work, after which a script ends, so that Redis answers others meanwhile."""

STATE = (b"filling", b"buckets")
"""Fields of a bucket's state which tell whether it is believed: it was filled, and is divided as this view is."""

_EMPTYING, _DROPPED = b"emptying", b"dropped"
_DROPPED_FOR_S = 86_400
"""So long it is remembered that a generation is dropped: longer than any projector of it stands still and wakes up again."""
_UNLINKED_AT_ONCE = 1_000
_ID = Struct(">Q")
_MISSING = -1

_FILLED = Script("filled.lua")
_ASK_RETRY = Script("ask_retry.lua")
_REFUSE_RETRY = Script("refuse_retry.lua")


class RedisView(Generic[C]):
    """One generation, divided into `bucket_count` buckets for as long as it lives: another count is refused with StoreError.

    `name` is the generation's; the keys of each bucket begin with its name among `buckets`.
    """

    APPLY: ClassVar[Script]
    RELEASE: ClassVar[Script]
    """`view.lua`, the view's own file, and `apply.lua` or `release.lua`."""
    HELD_BY_KEY: ClassVar[Mapping[bytes, inspected.Named]]
    """What is held of whom there is a key of this kind."""
    HELD_BY_INDEX: ClassVar[Mapping[bytes, inspected.Named]]
    """The same of the members of a bucket's sorted set of this kind."""

    def __init__(self, redis: Redis, name: str, bucket_count: int, crash: Crash = survive) -> None:
        self._redis = redis
        self._name = name.encode()
        self.buckets = [b"{%s.%d}" % (self._name, number) for number in range(bucket_count)]
        self._bucket_count = b"%d" % bucket_count
        self._crash = crash
        self._reached: dict[Partition, int] = {}
        self._was_believed, self._is_sure = False, False

    def _encode(self, change: C) -> tuple[Iterable[int], bytes]:
        """Numbers of the buckets which the change concerns, and the change as the script reads it; its first byte is not 0."""
        raise NotImplementedError

    def _settings(self) -> bytes:
        """What the script finds as SETTINGS."""
        return b""

    def _bucket_of(self, id_: int) -> bytes:
        return self.buckets[self._number_of(id_)]

    def _number_of(self, id_: int) -> int:
        """Of the bucket in which what has this id lives."""
        return crc32(_ID.pack(id_)) % len(self.buckets)

    async def _of_each(self, ask: Callable[[Pipeline, bytes], object]) -> list[list[Any]]:
        """For each bucket the replies to what is asked of it; one round trip."""
        pipeline = self._redis.pipeline(transaction=False)
        for bucket in self.buckets:
            ask(pipeline, bucket)
        found = await replies(pipeline)
        count = len(found) // len(self.buckets)
        return [found[at : at + count] for at in range(0, len(found), count)]

    async def positions(self) -> dict[Partition, Position]:
        found = await self._of_each(lambda pipeline, bucket: pipeline.hgetall(bucket + b":fence"))
        fences = [fences_of(stored) for (stored,) in found]
        everywhere = [partition for partition in fences[0] if all(partition in fence for fence in fences)]
        least = {
            partition: min((fence[partition] for fence in fences), key=lambda position: position.offset)
            for partition in everywhere
        }
        self._reached = offsets_of(least)
        return least

    async def apply(self, events: Sequence[Folded[C]]) -> None:
        if not events:
            return
        refuse_gaps(events)
        batch = runs(events)
        told = changes(events, batch, self._encode, parking, len(self.buckets))
        self._crash("view.before_position")
        await self._run(self.APPLY, ranges(batch), dict(zip(self.buckets, told, strict=True)))
        self._reached |= {partition: run.last.offset for partition, run in batch.items()}
        self._crash("view.after_commit")

    async def _run(self, script: Script, partitions: Sequence[bytes], left: dict[bytes, list[bytes]]) -> None:
        """Calls the script until each bucket has done everything. Buckets to which nothing is missing go ahead of the others."""
        header = [self._bucket_count, WORK_COUNT, self._settings(), len(partitions) // 2, *partitions]
        while left:
            self._crash("view.before_commit")
            done = await script.run_each(self._redis, [(b, [*header, b"".join(left[b])]) for b in left])
            if _MISSING in done:
                raise GapError(f"{done.count(_MISSING)} buckets lack events before those given")
            rests = {bucket: told[count:] for (bucket, told), count in zip(left.items(), done, strict=True)}
            left = {bucket: rest for bucket, rest in rests.items() if rest}

    async def filled(self) -> None:
        """Buckets that stand before what this view has seen or applied were emptied since, and are left to be filled again."""
        reached = [a for p, offset in self._reached.items() for a in (partition_name(p), offset)]
        await _FILLED.run_each(self._redis, [(b, [self._bucket_count, *reached]) for b in self.buckets])

    async def is_filled(self) -> bool:
        states = await self._of_each(lambda pipeline, bucket: pipeline.hmget(bucket + b":state", STATE))
        return all(self._is_believed(state) for (state,) in states)

    async def believed(self) -> bool:
        """False while some bucket is filled from nothing. Once it is believed, Redis is not asked again until a read raises
        EmptiedError.
        """
        if not self._is_sure:
            self._is_sure = await self.is_filled()
            self._was_believed |= self._is_sure
        return self._is_sure

    def _is_believed(self, state: Sequence[bytes | None]) -> bool:
        return list(state) == [b"0", self._bucket_count]

    def _check(self, state: Sequence[bytes | None]) -> None:
        """For whoever reads a bucket: raises EmptiedError when `believed` has ever said so and the bucket was emptied since."""
        if self._was_believed and not self._is_believed(state):
            self._is_sure = False
            raise EmptiedError("a bucket that was believed is being filled again")

    async def parked_keys(self) -> Collection[tuple[str, str]]:
        found = await self._of_each(lambda pipeline, bucket: pipeline.hkeys(bucket + b":parked_keys"))
        return {key_of(name) for (names,) in found for name in names}

    async def parked(self) -> Sequence[ParkedEvent]:
        """The fences are read first: an event parked after that is not taken for one that was released."""

        def ask(pipeline: Pipeline, bucket: bytes) -> None:
            for name in (b":fence", b":parked", b":retries"):
                pipeline.hgetall(bucket + name)

        return together([parked_here(*found) for found in await self._of_each(ask)])

    async def asked(self) -> Collection[tuple[str, str]]:
        """Where buckets hold different numbers of a key's events, one may have released some: then all are looked at."""

        def ask(pipeline: Pipeline, bucket: bytes) -> None:
            pipeline.hgetall(bucket + b":parked_keys")
            pipeline.hvals(bucket + b":retries")

        found = await self._of_each(ask)
        if all(counts == found[0][0] and ASKED not in retries for counts, retries in found):
            return ()
        return {(event.partition[0], event.key) for event in await self.parked() if event.retry}

    async def ask_retry(self, topic: str, key: str) -> None:
        await _ASK_RETRY.run_each(self._redis, [(b, [key_name(topic, key)]) for b in self.buckets])

    async def refuse_retry(self, topic: str, key: str, reason: str) -> None:
        arguments = [key_name(topic, key), reason]
        await _REFUSE_RETRY.run_each(self._redis, [(bucket, arguments) for bucket in self.buckets])

    async def release(self, topic: str, key: str, events: Sequence[Folded[C]]) -> None:
        """One bucket after the other; in each, an event and its being parked end in one write, the last one with the key."""
        if not events:
            return
        batch = runs(events)
        told = changes(events, batch, self._encode, unparking(key), len(self.buckets))
        for bucket, mine in zip(self.buckets, told, strict=True):
            self._crash("release.before_commit")
            await self._run(self.RELEASE, ranges(batch), {bucket: mine})

    async def held(self) -> AsyncIterator[Sequence[Held]]:
        async for some in inspected.of_keys(self._redis, self._name, self.HELD_BY_KEY):
            yield some
        for kind, named in self.HELD_BY_INDEX.items():
            for bucket in self.buckets:
                async for some in inspected.of_index(self._redis, bucket + b":" + kind, named):
                    yield some

    def answering(self) -> AbstractContextManager[None]:
        """They do so by themselves."""
        return nullcontext()

    async def damage(self) -> Sequence[str]:
        """Redis refuses to load what is broken."""
        return ()

    async def drop(self) -> None:
        """Marked first, so that a projector that stood still meanwhile writes nothing to it when it wakes up; the marks expire.

        Goes through all keys there are; may be repeated.
        """
        states = [bucket + b":state" for bucket in self.buckets]
        marking = self._redis.pipeline(transaction=False)
        for state in states:
            marking.hset(state, _DROPPED, b"1")
            marking.expire(state, _DROPPED_FOR_S)
        await replies(marking)
        await self._unlink(b"{%s.*" % self._name, but=states)

    @property
    def parts_count(self) -> int:
        return len(self.buckets)

    def part_of(self, id_: int) -> int:
        return self._number_of(id_)

    async def half_emptied(self) -> Collection[int]:
        flags = await self._of_each(lambda pipeline, bucket: pipeline.hexists(bucket + b":state", _EMPTYING))
        return [number for number, (is_being_emptied,) in enumerate(flags) if is_being_emptied]

    async def empty(self, part: int) -> None:
        """The mark holds projectors off until the last key, which bears it, is gone. Goes through all keys there are."""
        bucket = self.buckets[part]
        state = bucket + b":state"
        with answering():
            await self._redis.hset(state, mapping={_EMPTYING: 1, STATE[0]: 1})
        self._crash("part.half_emptied")
        await self._unlink(bucket + b":*", but=[state])
        with answering():
            await self._redis.unlink(state)

    async def _unlink(self, pattern: bytes, but: Collection[bytes]) -> None:
        cursor = 0
        while True:
            with answering():
                cursor, found = await self._redis.scan(cursor, pattern, _UNLINKED_AT_ONCE)
                if keys := [key for key in found if key not in but]:
                    await self._redis.unlink(*keys)
            if cursor == 0:
                return
