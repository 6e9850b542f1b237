"""What an operator does to generations beside running servers, each with its record: it is noted in the same write, and brought to
the log afterwards.

Whether it should be done is decided by the commands; what must not be is refused by the registry.
"""

from collections.abc import Iterator, Sequence
from itertools import islice

from events.codec import Record
from replay.certificate import Certificate
from replay.operations import Recorder
from replay.rebuild import switch
from runtime.beside import Beside
from stores.ports.registry import FED, Generation
from stores.ports.view import InParts

_NOTED_AT_ONCE_COUNT = 10_000
"""Ids of parked events in one record: it has to fit into a message of the log."""


class Operator:
    """`by` is what the operator chose to leave behind: a role or a ticket, kept for ever."""

    def __init__(self, system: Beside, by: str | None = None) -> None:
        self._system, self._by = system, by

    async def switch(self, live: Generation, fresh: Generation, certificate: str | None = None) -> bool:
        """`certificate` is the SHA-256 of what was verified before. False: somebody else was first."""
        stands = await self._system.positions(fresh)
        note = (await self._recorder()).switched(live, fresh, stands, certificate)
        is_switched = await switch(self._system.registry, live, fresh, note)
        await self._system.append_noted()
        return is_switched

    async def roll_back(self, live: Generation, earlier: Generation) -> bool:
        """False: somebody else has switched."""
        stands = await self._system.positions(earlier)
        note = (await self._recorder()).rolled_back(live, earlier, stands)
        is_back = await self._system.registry.switch(live.projection, live.number, earlier.number, note)
        await self._system.append_noted()
        return is_back

    async def retire_others(self, live: Generation, fresh: Generation) -> None:
        """Once the fresh one has taken the live one's place, what else is fed is fed no more: there is one to go back to."""
        for known in await self._system.generations(live.projection):
            if known.state in FED and known.number not in (live.number, fresh.number):
                await self.retire(known)

    async def retire(self, generation: Generation) -> bool:
        """False: it is live."""
        note = (await self._recorder()).retired(generation)
        registry = self._system.registry
        is_retired = await registry.mark(generation.projection, generation.number, "retired", note)
        await self._system.append_noted()
        return is_retired

    async def drop(self, generation: Generation) -> bool:
        """Its data first: what breaks off in between is listed until it is dropped again. False: it is live or fed.

        One that was being built is given up before, so that nobody goes on with what is left of it.
        """
        registry = self._system.registry
        if generation.state == "building":
            await registry.mark(generation.projection, generation.number, "retired")
        elif generation.state in FED:
            return False
        await self._system.remove(generation)
        note = (await self._recorder()).dropped(generation)
        is_dropped = await registry.drop(generation.projection, generation.number, note)
        await self._system.append_noted()
        return is_dropped

    async def verified(self, generation: Generation, certificate: Certificate) -> None:
        """To be called before the certificate is kept: one whose seal nobody has noted does not stand."""
        await self._note(generation, (await self._recorder()).verified(generation, certificate))
        await self._system.append_noted()

    async def repair(self, generation: Generation, view: InParts, part: int) -> None:
        """Empty the part. Noted before: what was noted and not done is done when the command is given again."""
        note = (await self._recorder()).repaired(generation, part)
        await self._note(generation, note)
        await view.empty(part)
        await self._system.append_noted()

    async def retry(self, generation: Generation, topic: str, key: str, event_ids: Sequence[int]) -> None:
        """To be called before: what was noted and not done is done when the command is given again."""
        recorder = await self._recorder()
        for ids in _parts(event_ids):
            await self._note(generation, recorder.retried(generation, topic, key, ids))

    async def discard(self, generation: Generation, topic: str, key: str, event_ids: Sequence[int]) -> None:
        """To be called before, as `retry`."""
        recorder = await self._recorder()
        for ids in _parts(event_ids):
            await self._note(generation, recorder.discarded(generation, topic, key, ids))

    async def _note(self, generation: Generation, note: Record) -> None:
        await self._system.registry.note(generation.projection, generation.number, note)

    async def _recorder(self) -> Recorder:
        return Recorder(await self._system.ids(), self._by)


def _parts(event_ids: Sequence[int]) -> Iterator[Sequence[int]]:
    left = iter(event_ids)
    while part := tuple(islice(left, _NOTED_AT_ONCE_COUNT)):
        yield part
