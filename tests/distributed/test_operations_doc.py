"""Every command in the documents about the distributed set-up is run on real services, in order, and says what is printed there."""

import asyncio
import os
import re
from collections.abc import Mapping
from pathlib import Path
from secrets import token_hex

import pytest

from tests.console import examples, is_answer, outputs, set_up
from tests.distributed.redis import OPERATED, emptied
from tests.e2e.cluster import Cluster
from tests.e2e.server import COMMAND
from tests.services.addresses import Addresses
from tests.services.ports import free_block

ROOT = Path(__file__).parents[2]
DOCUMENTS = [
    str(path.relative_to(ROOT))
    for path in (ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md")))
    if set_up(path.read_text()) == "distributed"
]
_TIMEOUT_S = 400
_PORTS = re.compile(r"\b(8000|91\d\d)\b")


@pytest.mark.timeout(_TIMEOUT_S + 20)
@pytest.mark.parametrize("document", DOCUMENTS)
def test_commands_say_what_is_printed(document: str, addresses: Addresses, tmp_path: Path) -> None:
    printed = examples((ROOT / document).read_text())
    assert printed
    first_port = free_block(30)
    commands = [_at(first_port, example.command) for example in printed]
    asyncio.run(_empty(addresses))
    said = outputs(commands, tmp_path, _environment(addresses, tmp_path), _TIMEOUT_S)
    for example, answer in zip(printed, said, strict=True):
        assert is_answer(example.answer, answer), (
            f"$ {example.command}\nsaid:\n{answer}\nnot:\n{example.answer}"
        )


def _at(first_port: int, command: str) -> str:
    """The command with ports that are free: 9100 and what follows are in their order, 8000 is the last."""
    command = command.replace("photolog demo", "photolog demo --url http://127.0.0.1:8000")
    return _PORTS.sub(lambda port: str(first_port + (29 if port[0] == "8000" else int(port[0][2:]))), command)


def _environment(addresses: Addresses, folder: Path) -> Mapping[str, str]:
    """The services are named, and the set-up is not: that is the document's first command."""
    cluster = Cluster(addresses, f"operated{token_hex(4)}", OPERATED, folder)
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("PHOTOLOG_")}
    path = f"{COMMAND.parent}{os.pathsep}{inherited['PATH']}"
    settings = {name: value for name, value in cluster.settings.items() if name != "PHOTOLOG_PROFILE"}
    return {**inherited, **settings, "PATH": path}


async def _empty(addresses: Addresses) -> None:
    async with emptied(addresses, OPERATED):
        pass
