"""Preparing a keyspace, and what `check` says of one that is not as it has to be."""

from collections import Counter
from collections.abc import Iterator

import pytest
from cassandra.cluster import Session

from stores.cassandra.replication import Replication
from stores.cassandra.schema import VERSION, NewerSchemaError, check, of_copies, prepare
from stores.cassandra.session import DEFINE_TIMEOUT_S, connect
from stores.ports.errors import UnavailableError
from tests.distributed.cassandra import KEYSPACE
from tests.services.addresses import Addresses
from tests.services.ports import HOST, free_block

NAME = f"{KEYSPACE}_schema"
ONE = "SimpleStrategy:1"
At = tuple[list[str], int]
"""Hosts and port."""


def define(session: Session, cql: str) -> None:
    session.execute(cql, timeout=DEFINE_TIMEOUT_S)


@pytest.fixture(scope="module")
def at(addresses: Addresses) -> At:
    host, _, port = addresses.cassandra.rpartition(":")
    return [host], int(port)


@pytest.fixture(scope="module")
def session(at: At) -> Iterator[Session]:
    session = connect(*at, None)
    define(session, f"DROP KEYSPACE IF EXISTS {NAME}")
    yield session
    define(session, f"DROP KEYSPACE IF EXISTS {NAME}")
    session.cluster.shutdown()


async def problems(at: At, wanted: str = ONE) -> list[str]:
    """But for how the node writes its log, which is not the keyspace's."""
    return [line for line in await check(*at, NAME, wanted) if "commitlog_sync" not in line]


@pytest.fixture
async def prepared(at: At, session: Session) -> Session:
    await prepare(*at, NAME, ONE)
    return session


async def test_a_prepared_keyspace_has_no_problem(at: At, prepared: Session) -> None:
    assert await problems(at) == []


async def test_preparing_again_changes_nothing_that_is_there(at: At, prepared: Session) -> None:
    prepared.execute(f"INSERT INTO {NAME}.secrets (name, secret) VALUES ('a', 0x01)")
    await prepare(*at, NAME, ONE)
    assert prepared.execute(f"SELECT secret FROM {NAME}.secrets WHERE name = 'a'").one() == (b"\x01",)


async def test_what_is_missing_is_said_and_made(at: At, prepared: Session) -> None:
    define(prepared, f"DROP TABLE {NAME}.sealing_keys")
    (line,) = await problems(at)
    assert line == f"Cassandra: keyspace {NAME} lacks sealing_keys; run `photolog migrate`"
    await prepare(*at, NAME, ONE)
    assert await problems(at) == []
    define(prepared, f"DROP KEYSPACE {NAME}")
    (line,) = await problems(at)
    assert line == f"Cassandra: keyspace {NAME} is missing; run `photolog migrate`"


async def test_an_older_program_leaves_a_newer_keyspace_alone(at: At, prepared: Session) -> None:
    record = f"INSERT INTO {NAME}.schema_version (one, version) VALUES (1, {VERSION + 1})"
    prepared.execute(record)
    define(prepared, f"DROP TABLE {NAME}.secrets")
    with pytest.raises(NewerSchemaError, match=f"version {VERSION + 1}, this program knows {VERSION}"):
        await prepare(*at, NAME, ONE)
    assert any("lacks secrets" in line for line in await problems(at))
    define(prepared, f"DROP KEYSPACE {NAME}")


async def test_the_version_is_recorded(at: At, prepared: Session) -> None:
    version = f"SELECT version FROM {NAME}.schema_version"
    assert prepared.execute(version).all() == [(VERSION,)]
    define(prepared, f"TRUNCATE {NAME}.schema_version")
    (line,) = await problems(at)
    assert "has version 0, this program needs" in line
    await prepare(*at, NAME, ONE)
    assert prepared.execute(version).all() == [(VERSION,)]


async def test_a_keyspace_of_a_version_before_gets_what_it_lacks(at: At, prepared: Session) -> None:
    define(prepared, f"ALTER TABLE {NAME}.generations DROP notes")
    define(prepared, f"ALTER TABLE {NAME}.parked DROP changed")
    await prepare(*at, NAME, ONE)
    prepared.execute(
        f"UPDATE {NAME}.parked SET changed = uuid() WHERE projection = 'x' AND generation = 1 IF changed = null"
    )
    prepared.execute(
        f"UPDATE {NAME}.generations SET notes[1] = 'a' WHERE one = 2 AND projection = 'x' AND number = 1"
    )
    (notes,) = prepared.execute(f"SELECT notes FROM {NAME}.generations WHERE one = 2").one()
    assert dict(notes) == {1: "a"}


async def test_other_copies_than_the_settings_say(at: At, prepared: Session) -> None:
    (line,) = await problems(at, "datacenter1:3")
    assert "is replicated as SimpleStrategy:1, the settings say datacenter1:3" in line
    await prepare(*at, NAME, "datacenter1:3")
    assert await problems(at) == []


async def test_more_copies_than_nodes(at: At, prepared: Session) -> None:
    """Then there is no quorum, so nothing else can be looked at."""
    define(prepared, f"ALTER KEYSPACE {NAME} WITH replication = {Replication.parse('datacenter1:3').cql()}")
    copies, away = await problems(at, "datacenter1:3")
    assert copies == "Cassandra: datacenter1: 3 copies of each row, but 1 nodes for them"
    assert away.startswith("Cassandra: NoHostAvailable")
    define(prepared, f"ALTER KEYSPACE {NAME} WITH replication = {Replication.parse(ONE).cql()}")


async def test_acknowledged_writes_that_do_not_last(at: At, prepared: Session) -> None:
    define(prepared, f"ALTER KEYSPACE {NAME} WITH durable_writes = false")
    (line,) = await problems(at)
    assert "durable_writes = false" in line
    define(prepared, f"ALTER KEYSPACE {NAME} WITH durable_writes = true")


async def test_how_the_node_writes_its_log(at: At, prepared: Session) -> None:
    query = "SELECT value FROM system_views.settings WHERE name = 'commitlog_sync'"
    (sync,) = prepared.execute(query).one()
    said = [line for line in await check(*at, NAME, ONE) if "commitlog_sync" in line]
    assert len(said) == (sync not in ("batch", "group"))


@pytest.mark.parametrize(
    ("replication", "nodes", "sync", "said"),
    [
        ("SimpleStrategy:1", {"a": 1}, "batch", []),
        ("SimpleStrategy:1", {"a": 1}, "group", []),
        ("SimpleStrategy:1", {"a": 1}, "periodic", ["commitlog_sync is periodic"]),
        ("SimpleStrategy:1", {"a": 2, "b": 1}, "batch", ["SimpleStrategy: 1 copies of each row; a node"]),
        ("a:2", {"a": 3}, "periodic", ["a: 2 copies of each row; a node"]),
        ("a:3", {"a": 2}, "periodic", ["a: 3 copies of each row, but 2 nodes"]),
        ("a:3,b:3", {"a": 5}, "periodic", ["b: 3 copies of each row, but 0 nodes"]),
        ("a:3,b:3", {"a": 3, "b": 4}, "periodic", []),
    ],
)
def test_copies_and_nodes(replication: str, nodes: dict[str, int], sync: str, said: list[str]) -> None:
    found = list(of_copies(Replication.parse(replication), Counter(nodes), sync))
    assert len(found) == len(said)
    assert all(line.startswith(beginning) for line, beginning in zip(found, said, strict=True))


async def test_nobody_there_is_one_line(at: At) -> None:
    port = free_block(1)
    (line,) = await check([HOST], port, NAME, ONE)
    assert line.startswith("Cassandra: ")
    assert str(port) in line
    with pytest.raises(UnavailableError):
        await prepare([HOST], port, NAME, ONE)
