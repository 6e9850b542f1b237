"""Positions of reactors in Cassandra. Each write is stamped with its offset, so the greatest one stands, whoever writes when."""

from stores.cassandra.session import Cassandra
from stores.cassandra.view import value_stamp
from stores.ports.log import Partition, Positions

TABLES = (
    """CREATE TABLE IF NOT EXISTS reactor_positions (
      reactor text, topic text, partition int, offset bigint, PRIMARY KEY (reactor, topic, partition))""",
)

_GET = "SELECT topic, partition, offset FROM reactor_positions WHERE reactor = ?"
_ADVANCE = """INSERT INTO reactor_positions (reactor, topic, partition, offset) VALUES (?, ?, ?, ?)
              USING TIMESTAMP ?"""


class CassandraReactorPositions:
    def __init__(self, cassandra: Cassandra) -> None:
        self._cassandra = cassandra

    async def get(self, reactor: str) -> Positions:
        rows = await self._cassandra.rows(_GET, reactor)
        return {(topic, number): offset for topic, number, offset in rows}

    async def advance(self, reactor: str, partition: Partition, offset: int) -> None:
        await self._cassandra.rows(_ADVANCE, reactor, *partition, offset, value_stamp(offset))
