"""The registry of generations in Cassandra: one partition for all, so that reading it sees no half of a switch, and a switch is one
conditional batch. Only ever written by lightweight transactions; rows are never deleted, so no number is used again. What is noted
of a generation is in its row, since one conditional write concerns one table.
"""

from collections.abc import Sequence
from typing import get_args

from events.codec import Record
from stores.cassandra.session import Cassandra
from stores.ports.errors import UnavailableError
from stores.ports.registry import Generation, Note, NotReadyError, State, as_text, from_text, marked_from

TABLES = (
    """CREATE TABLE IF NOT EXISTS generations (
      one int, projection text, number int, version int, state text, notes map<bigint, text>,
      PRIMARY KEY (one, projection, number))""",
)
CHANGES = ("ALTER TABLE generations ADD IF NOT EXISTS notes map<bigint, text>",)
"""What version 1 of the schema lacks."""
_TRIES = 10

_ALL = "SELECT projection, number, version, state FROM generations WHERE one = 1"
_NOTES = "SELECT projection, number, notes FROM generations WHERE one = 1"
_BEGIN = """INSERT INTO generations (one, projection, number, version, state) VALUES (1, ?, ?, ?, ?) IF NOT EXISTS"""
_WHICH = "WHERE one = 1 AND projection = ? AND number = ?"
_SWITCH = f"""BEGIN BATCH
              UPDATE generations SET state = 'replaced' {_WHICH} IF state = 'live';
              UPDATE generations SET state = 'live', notes[?] = ? {_WHICH} IF state IN ('ready', 'replaced');
              APPLY BATCH"""
_MARK = f"UPDATE generations SET state = ? {_WHICH} IF state IN ?"
_MARK_NOTED = f"UPDATE generations SET state = ?, notes[?] = ? {_WHICH} IF state IN ?"
_DROP = f"UPDATE generations SET state = 'dropped', notes[?] = ? {_WHICH} IF state IN ('retired', 'broken')"
_NOTE = f"UPDATE generations SET notes[?] = ? {_WHICH} IF EXISTS"
_FORGET = f"DELETE notes[?] FROM generations {_WHICH} IF EXISTS"


class CassandraRegistry:
    """A switch that raises UnavailableError may have happened: asked again, it then says False, and the registry shows it."""

    def __init__(self, cassandra: Cassandra) -> None:
        self._cassandra = cassandra

    async def generations(self) -> Sequence[Generation]:
        return [generation for generation in await self._ever() if generation.state in get_args(State)]

    async def begin(self, projection: str, version: int) -> Generation:
        for _ in range(_TRIES):
            known = [g for g in await self._ever() if g.projection == projection]
            number = max((g.number for g in known), default=0) + 1
            state: State = "building" if any(g.state == "live" for g in known) else "live"
            if await self._cassandra.applied(_BEGIN, projection, number, version, state):
                return Generation(projection, number, version, state)
        raise UnavailableError("Cassandra: too many generations were begun at once")

    async def switch(self, projection: str, from_number: int, to_number: int, note: Record) -> bool:
        values = (projection, from_number, note.id, as_text(note), projection, to_number)
        answer = await self._cassandra.rows(_SWITCH, *values)
        if answer[0][0]:
            return True
        stood = {row[3]: row[4] for row in answer if len(row) > 1}  # one row without columns where none stood
        if stood.get(from_number) == "live":
            raise NotReadyError(f"{projection} has no generation {to_number} that is ready")
        return False

    async def mark(self, projection: str, number: int, state: State, note: Record | None = None) -> bool:
        if state == "live":
            raise ValueError("only a switch makes a generation live")
        if note is None:
            return await self._cassandra.applied(_MARK, state, projection, number, marked_from(state))
        values = (state, note.id, as_text(note), projection, number, marked_from(state))
        return await self._cassandra.applied(_MARK_NOTED, *values)

    async def drop(self, projection: str, number: int, note: Record) -> bool:
        return await self._cassandra.applied(_DROP, note.id, as_text(note), projection, number)

    async def note(self, projection: str, number: int, note: Record) -> None:
        await self._cassandra.applied(_NOTE, note.id, as_text(note), projection, number)

    async def notes(self) -> Sequence[Note]:
        found = [
            Note(projection, number, from_text(text))
            for projection, number, notes in await self._cassandra.rows(_NOTES)
            for text in (notes or {}).values()
        ]
        return sorted(found, key=lambda note: note.record.id)

    async def forget(self, note: Note) -> None:
        await self._cassandra.applied(_FORGET, note.record.id, note.projection, note.number)

    async def _ever(self) -> Sequence[Generation]:
        """Also those that were dropped."""
        return [Generation(*row) for row in await self._cassandra.rows(_ALL)]
