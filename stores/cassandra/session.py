"""A session with a Cassandra cluster, as coroutines.

The driver answers in a thread of its own; what it answers is handed to the event loop that asked. Only so many requests are under
way at a time, since beyond its own limit the driver would make the loop itself wait. Statements are prepared once, by their text.
What is asked, and of which tables, is not known here.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Iterable, Sequence
from typing import Any, TypeVar

from cassandra import (
    AuthenticationFailed,
    DriverException,
    OperationTimedOut,
    RequestExecutionException,
    UnsupportedOperation,
)
from cassandra.cluster import (
    EXEC_PROFILE_DEFAULT,
    Cluster,
    ExecutionProfile,
    NoHostAvailable,
    ResultSet,
    Session,
)
from cassandra.connection import ConnectionException, DefaultEndPoint
from cassandra.policies import (
    ConstantReconnectionPolicy,
    DCAwareRoundRobinPolicy,
    RetryPolicy,
    TokenAwarePolicy,
)
from cassandra.protocol import ErrorMessage, IsBootstrappingErrorMessage, OverloadedErrorMessage, ServerError
from cassandra.query import ConsistencyLevel, PreparedStatement, tuple_factory

from stores.cassandra.writes import Writes
from stores.ports.errors import StoreError, UnavailableError

IN_FLIGHT_COUNT = 128
REQUEST_TIMEOUT_S = 5.0
DEFINE_TIMEOUT_S = 60.0
"""A change of the schema has to be agreed on by all nodes, and waits for disks; nobody waits for it who is being served."""
_RECONNECT_S = 1.0
_HEARTBEAT_S = 5.0
_HEARTBEAT_TIMEOUT_S = 10.0
"""A node that vanished without a word is given up after a quarter of a minute, not after the driver's minute, in which every
request waits in vain. It has twice as long as a request: one that is only slow, as with a change of the schema, is not left.
"""
_PROTOCOL_VERSION = 5
_AWAY = (
    NoHostAvailable,
    OperationTimedOut,
    RequestExecutionException,
    ConnectionException,
    OverloadedErrorMessage,
    IsBootstrappingErrorMessage,
    ServerError,
)
"""What may pass by itself. A write that ended so may have happened."""
_CAS_WRITE_UNKNOWN = 0x1700
"""What the driver knows no class for: too few replicas told in time whether they took a conditional write."""

T = TypeVar("T")
Row = tuple[Any, ...]
Statement = tuple[str, Sequence[object]]
"""CQL text with marks, and the values for them."""


class _RetryRepeatable(RetryPolicy):  # type: ignore[misc]  # the driver has no types
    """A conditional write that was sent twice would be told that it lost, to itself."""

    def on_request_error(self, query: Any, *rest: Any, **named: Any) -> tuple[int, int | None]:
        if not query.is_idempotent:
            return self.RETHROW, None
        decision: tuple[int, int | None] = super().on_request_error(query, *rest, **named)
        return decision


def connect(hosts: Sequence[str], port: int, keyspace: str | None) -> Session:
    """Opens connections and waits for them, so not to be called in an event loop. Raises UnavailableError.

    A name is looked up again with each connection to the node that it stands for: given as text, the driver would look it up once,
    and a node that comes back under another address, as from a container that was made anew, would stay away.
    """
    profile = ExecutionProfile(
        load_balancing_policy=TokenAwarePolicy(DCAwareRoundRobinPolicy()),
        consistency_level=ConsistencyLevel.LOCAL_QUORUM,
        serial_consistency_level=ConsistencyLevel.LOCAL_SERIAL,
        request_timeout=REQUEST_TIMEOUT_S,
        row_factory=tuple_factory,
        retry_policy=_RetryRepeatable(),
    )
    cluster = Cluster(
        [DefaultEndPoint(host, port) for host in hosts],
        port=port,
        execution_profiles={EXEC_PROFILE_DEFAULT: profile},
        reconnection_policy=ConstantReconnectionPolicy(_RECONNECT_S, max_attempts=None),
        protocol_version=_PROTOCOL_VERSION,
        connect_timeout=REQUEST_TIMEOUT_S,
        idle_heartbeat_interval=_HEARTBEAT_S,
        idle_heartbeat_timeout=_HEARTBEAT_TIMEOUT_S,
        compression=False,
    )
    try:
        return cluster.connect(keyspace)
    except (*_AWAY, AuthenticationFailed, ErrorMessage, DriverException) as error:
        cluster.shutdown()
        raise translated(error) from error


class Cassandra:
    """Used in one event loop."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._prepared: dict[str, PreparedStatement] = {}
        self._preparing = asyncio.Lock()
        self._places = asyncio.Semaphore(IN_FLIGHT_COUNT)
        self._writes = Writes(self._sent)
        self._landings = _Landings()

    async def rows(self, cql: str, *values: object) -> list[Row]:
        """Everything the query gives, over all its pages. Of a conditional write: whether it was applied, then what stood there."""
        return await self._sent((await self._statement(cql)).bind(values))

    async def pages(self, cql: str) -> AsyncIterator[list[Row]]:
        """The same page by page, as the driver gets them, so that a whole table can be gone through."""
        statement = (await self._statement(cql)).bind(())
        state: bytes | None = None
        while True:
            rows, state = await self._page(statement, state)
            yield rows
            if state is None:
                return

    async def applied(self, cql: str, *values: object) -> bool:
        """A conditional write: whether its condition held. The driver sends it once; where this raises, it may have happened."""
        return bool((await self.rows(cql, *values))[0][0])

    async def batch(self, statements: Sequence[Statement]) -> None:
        """Writes to one partition, all of them or none."""
        await self.batches([statements])

    async def batches(self, batches: Iterable[Sequence[Statement]]) -> None:
        """Each of one partition, in no order. Returns when all of them are written, or the first has failed."""
        bound = [[(await self._statement(cql)).bind(values) for cql, values in some] for some in batches]
        await asyncio.gather(*map(self._writes.write, bound))

    async def many(self, cql: str, rows: Iterable[Sequence[object]]) -> None:
        """The statement with each of these values, in no order. Returns when all of them are written, or the first has failed."""
        await self.batches([((cql, values),) for values in rows])

    async def define(self, cql: str) -> None:
        """A change of the schema."""
        try:
            await asyncio.to_thread(self._session.execute, cql, timeout=DEFINE_TIMEOUT_S)
        except (*_AWAY, ErrorMessage, DriverException) as error:
            raise translated(error) from error

    async def close(self) -> None:
        await asyncio.to_thread(self._session.cluster.shutdown)

    async def _statement(self, cql: str) -> PreparedStatement:
        known = self._prepared.get(cql)
        if known is not None:
            return known
        async with self._preparing:
            if cql not in self._prepared:
                self._prepared[cql] = await asyncio.to_thread(self._prepare, cql)
            return self._prepared[cql]

    def _prepare(self, cql: str) -> PreparedStatement:
        """What is written without a condition bears its own stamp or says the same again, so the driver may send it twice."""
        try:
            prepared = self._session.prepare(cql)
        except (*_AWAY, ErrorMessage, DriverException) as error:
            raise translated(error) from error
        prepared.is_idempotent = "IF" not in cql.split()
        return prepared

    async def _page(self, statement: Any, state: bytes | None) -> tuple[list[Row], bytes | None]:
        async with self._places:
            loop, tell = asyncio.get_running_loop(), self._landings.tell
            answered: asyncio.Future[tuple[list[Row], bytes | None]] = loop.create_future()

            def landed(page: list[Row] | None) -> None:
                found = page or []
                tell(answered, (found, ResultSet(response, found).paging_state))

            response = self._session.execute_async(statement, paging_state=state)
            response.add_callbacks(landed, lambda error: tell(answered, error))
            return await _answer(answered)

    async def _sent(self, statement: Any) -> list[Row]:
        async with self._places:
            loop, tell = asyncio.get_running_loop(), self._landings.tell
            answered: asyncio.Future[list[Row]] = loop.create_future()
            found: list[Row] = []

            def landed(page: list[Row] | None) -> None:
                found.extend(page or ())
                if response.has_more_pages:
                    response.start_fetching_next_page()
                else:
                    tell(answered, found)

            response = self._session.execute_async(statement)
            response.add_callbacks(landed, lambda error: tell(answered, error))
            return await _answer(answered)


async def _answer(answered: "asyncio.Future[T]") -> T:
    try:
        return await answered
    except (*_AWAY, ErrorMessage, DriverException) as error:
        raise translated(error) from error


class _Landings:
    """Answers on their way from the driver's thread to the event loop, which is woken once for all that have come meanwhile."""

    def __init__(self) -> None:
        self._landed: deque[tuple[asyncio.Future[Any], Any]] = deque()
        self._is_woken = False

    def tell(self, answered: "asyncio.Future[Any]", result: Any) -> None:
        """In the driver's thread. The flag is looked at after the answer is there, and lowered before answers are taken."""
        self._landed.append((answered, result))
        loop = answered.get_loop()
        if not self._is_woken and not loop.is_closed():
            self._is_woken = True
            loop.call_soon_threadsafe(self._settle)

    def _settle(self) -> None:
        self._is_woken = False
        while self._landed:
            answered, result = self._landed.popleft()
            if answered.done():  # its caller has gone away
                continue
            if isinstance(result, Exception):
                answered.set_exception(result)
            else:
                answered.set_result(result)


def translated(error: Exception) -> StoreError:
    """What may pass by itself is UnavailableError."""
    is_unknown = isinstance(error, ErrorMessage) and error.code == _CAS_WRITE_UNKNOWN
    if is_unknown or (isinstance(error, _AWAY) and not isinstance(error, UnsupportedOperation)):
        return UnavailableError(f"Cassandra: {type(error).__name__}")
    return StoreError(f"Cassandra: {type(error).__name__}: {error}")
