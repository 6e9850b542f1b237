"""The registry of generations in Cassandra: one partition for all, so that reading it sees no half of a switch, and a switch is one
conditional batch. Only ever written by lightweight transactions; rows are never deleted.
"""

from collections.abc import Sequence
from typing import get_args

from stores.cassandra.session import Cassandra
from stores.ports.errors import UnavailableError
from stores.ports.registry import Generation, NotReadyError, State

TABLES = (
    """CREATE TABLE IF NOT EXISTS generations (
      one int, projection text, number int, version int, state text, PRIMARY KEY (one, projection, number))""",
)
_TRIES = 10
_NOT_LIVE = tuple(state for state in get_args(State) if state != "live")

_ALL = "SELECT projection, number, version, state FROM generations WHERE one = 1"
_BEGIN = """INSERT INTO generations (one, projection, number, version, state) VALUES (1, ?, ?, ?, ?) IF NOT EXISTS"""
_WHICH = "WHERE one = 1 AND projection = ? AND number = ?"
_SWITCH = f"""BEGIN BATCH
              UPDATE generations SET state = 'ready' {_WHICH} IF state = 'live';
              UPDATE generations SET state = 'live' {_WHICH} IF state = 'ready';
              APPLY BATCH"""
_MARK = f"UPDATE generations SET state = ? {_WHICH} IF state IN ?"


class CassandraRegistry:
    """A switch that raises UnavailableError may have happened: asked again, it then says False, and the registry shows it."""

    def __init__(self, cassandra: Cassandra) -> None:
        self._cassandra = cassandra

    async def generations(self) -> Sequence[Generation]:
        return [Generation(*row) for row in await self._cassandra.rows(_ALL)]

    async def begin(self, projection: str, version: int) -> Generation:
        for _ in range(_TRIES):
            known = [g for g in await self.generations() if g.projection == projection]
            number = max((g.number for g in known), default=0) + 1
            state: State = "building" if any(g.state == "live" for g in known) else "live"
            if await self._cassandra.applied(_BEGIN, projection, number, version, state):
                return Generation(projection, number, version, state)
        raise UnavailableError("Cassandra: too many generations were begun at once")

    async def switch(self, projection: str, from_number: int, to_number: int) -> bool:
        answer = await self._cassandra.rows(_SWITCH, projection, from_number, projection, to_number)
        if answer[0][0]:
            return True
        stood = {row[3]: row[4] for row in answer if len(row) > 1}  # one row without columns where none stood
        if stood.get(from_number) == "live":
            raise NotReadyError(f"{projection} has no generation {to_number} that is ready")
        return False

    async def mark(self, projection: str, number: int, state: State) -> None:
        if state == "live":
            raise ValueError("only a switch makes a generation live")
        await self._cassandra.applied(_MARK, state, projection, number, _NOT_LIVE)
