"""`photolog projections` on the data folder of an embedded system that nobody serves."""

import asyncio
from collections.abc import Sequence
from pathlib import Path

import orjson
from click.testing import CliRunner

from events.codec import encode
from events.topics import ENGAGEMENT
from projectors.likes import LIKES
from runtime.beside import Beside
from runtime.commands.projections import projections
from runtime.folder import Folder
from runtime.folder_place import FolderPlace
from runtime.settings import Settings
from stores.ports.log import Partition
from stores.sqlite.log import SqliteLog
from tests.unit.stepping import acts


async def _liked(data: Path, users: Sequence[int]) -> Partition:
    log = SqliteLog(Folder(data).log)
    stands = await log.append([encode(event, None) for event in acts(*(("like", n, 7) for n in users))])
    log.close()
    (partition,) = stands
    return partition


async def _projected(data: Path) -> None:
    system = Beside(FolderPlace(Settings(data=data)))
    await system.build(await system.registry.begin("likes", LIKES.version), lambda reached: None)
    await system.close()


def test_it_says_where_every_generation_stands(tmp_path: Path) -> None:
    Folder(tmp_path).make()
    topic, number = asyncio.run(_liked(tmp_path, [1, 2, 3]))
    asyncio.run(_projected(tmp_path))
    asyncio.run(_liked(tmp_path, [4, 5]))
    said = CliRunner().invoke(projections, ["--json", "--data", str(tmp_path)])
    assert said.exit_code == 0
    (found,) = orjson.loads(said.stdout)
    positions = found.pop("positions")
    assert found == {
        "projection": "likes", "generation": 1, "version": LIKES.version, "state": "live", "rebuild_due": False,
        "applied": 3, "behind": 2, "parked": 0, "unreadable": None,
        "counted": None,
    }  # fmt: skip
    assert {"topic": topic, "partition": number, "offset": 2, "end": 4} in positions
    assert {(each["topic"], each["offset"]) for each in positions} == {(ENGAGEMENT, 2), (ENGAGEMENT, -1)}
    table = CliRunner().invoke(projections, ["--data", str(tmp_path)]).stdout
    assert table.splitlines()[1].split() == ["likes", "1", "live", "3", "2", "0"]
