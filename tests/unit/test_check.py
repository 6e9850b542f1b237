"""What `photolog replay verify` leaves behind: a file and its seal on the log, and what `photolog replay check` makes of both."""

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest
from click.testing import CliRunner, Result

from replay.certificate import Certificate, parsed
from runtime.beside import Beside
from runtime.commands.replay import replay
from tests.unit.stepping import OTHER, acts
from tests.unit.trials import damage, happened, lived

Run = Callable[..., Result]


@pytest.fixture
def data(tmp_path: Path) -> Path:
    asyncio.run(happened(tmp_path, acts(("like", 1, OTHER), ("like", 2, OTHER))))
    return tmp_path


@pytest.fixture
def system(data: Path) -> Iterator[Beside]:
    made = asyncio.run(lived(data, "likes"))
    yield made
    asyncio.run(made.close())


@pytest.fixture
def run(system: Beside, data: Path) -> Run:
    return lambda *words: CliRunner().invoke(replay, [*words, "--data", str(data)])


def _verified(run: Run) -> tuple[Path, Certificate]:
    file = Path(orjson.loads(run("verify", "likes", "--json").stdout)["file"])
    return file, parsed(file.read_bytes())


def _beyond(certificate: Certificate) -> Certificate:
    """Resealed, with a position that nothing on the log contradicts, because it ends before."""
    first, *others = certificate.positions
    moved = first.model_copy(update={"offset": 2**40, "event_id": None})
    count = certificate.events_count + moved.offset - first.offset
    return certificate.model_copy(update={"positions": (moved, *others), "events_count": count}).sealed()


def test_the_file_is_named(run: Run) -> None:
    told: dict[str, Any] = orjson.loads(run("verify", "likes", "--json").stdout)
    file = Path(told.pop("file"))
    assert orjson.loads(file.read_bytes()) == told


def test_each_of_several_is_checked_whatever_is_wrong_with_others(run: Run, tmp_path: Path) -> None:
    file, certificate = _verified(run)
    beyond, forged, broken = (tmp_path / f"{name}.json" for name in ("beyond", "forged", "broken"))
    beyond.write_bytes(_beyond(certificate).json_text())
    forged.write_bytes(certificate.model_copy(update={"entities_count": 9}).sealed().json_text())
    broken.write_bytes(b"{}")
    done = run("check", str(beyond), str(forged), str(broken), str(file), "--json")
    assert done.exit_code == 1, done.output
    found = [orjson.loads(line) for line in done.stdout.splitlines()]
    assert [each["stands"] for each in found] == [False, False, False, True]
    unknown, lost = found[0]["reasons"]
    assert unknown == "no verify on this log made it: `photolog replay history` knows nothing of its seal"
    assert lost.startswith(f"the log does not reach {2**40} of photolog.engagement")
    assert found[1]["reasons"] == [unknown]


def test_what_is_noted_and_not_yet_on_the_log_counts(run: Run, system: Beside) -> None:
    with system.unfed():  # who holds the folder appends
        file, certificate = _verified(run)
        assert len(asyncio.run(system.registry.notes())) == 1
        assert run("check", str(file)).exit_code == 0
    assert certificate.equal


def test_a_fault_is_told_without_its_certificate(run: Run, data: Path) -> None:
    damage(data, "likes", 1)
    file, certificate = _verified(run)
    assert (certificate.equal, certificate.differences_count) == (False, 0)
    file.unlink()
    assert "generation verified, has faults, certificate" in run("history").stdout
    assert orjson.loads(run("history", "--json").stdout)["verdict"] == "faulty"
