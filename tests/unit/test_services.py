"""What starts and stops servers for other tests, as far as it needs no server."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.services import downloads
from tests.services.downloads import maven_jars
from tests.services.errors import ServicesError
from tests.services.java import java
from tests.services.processes import Launch, Process, launch, load, save
from tests.services.stack import PORTS, Stack, servers

WAITING = Launch((sys.executable, "-c", "print('ready', flush=True); import signal; signal.pause()"))


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The only folder in which programs are found; empty."""
    found = tmp_path / "bin"
    found.mkdir()
    monkeypatch.setenv("PATH", str(found))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    java.cache_clear()
    return found


def test_a_process_is_found_again_until_it_ends(tmp_path: Path) -> None:
    process, child = launch(WAITING, tmp_path, tmp_path / "log")
    save(process, tmp_path / "process")
    assert load(tmp_path / "process") == process
    process.end(grace_s=10)
    assert child.wait() == -15
    assert load(tmp_path / "process") is None


def test_a_process_that_was_given_a_used_pid_is_left_alone(tmp_path: Path) -> None:
    process, child = launch(WAITING, tmp_path, tmp_path / "log")
    other = Process(process.pid, process.born_ticks - 1)
    assert not other.is_alive()
    other.end(grace_s=0)
    assert process.is_alive()
    process.end(grace_s=0)
    assert child.wait() == -9


def test_one_that_ignores_the_request_is_killed(tmp_path: Path) -> None:
    stubborn = (
        "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); print(flush=True); signal.pause()"
    )
    process, child = launch(Launch((sys.executable, "-c", stubborn)), tmp_path, tmp_path / "log")
    while not (tmp_path / "log").read_text():
        assert not process.ends_within(0.01)
    process.end(grace_s=0.1)
    assert child.wait() == -9


def test_servers_share_no_port() -> None:
    opened = [port for server in servers(PORTS).values() for port in server.ports]
    assert len(set(opened)) == len(opened)


@pytest.mark.parametrize("name", ["kafka", "cassandra"])
def test_a_missing_java_is_told(path: Path, tmp_path: Path, name: str) -> None:
    with pytest.raises(ServicesError, match="need Java 17 or newer, and there is no java"):
        servers(PORTS)[name].fetch()


def test_an_old_java_is_told(path: Path) -> None:
    _program(path / "java", "echo 'openjdk version \"11.0.2\" 2019-01-15' >&2")
    with pytest.raises(ServicesError, match=r"17 or newer; .* says: openjdk version .11\.0\.2"):
        java()


def test_a_missing_maven_is_told(path: Path) -> None:
    with pytest.raises(ServicesError, match="mvn is needed"):
        maven_jars("none", ())


def test_a_download_that_fails_leaves_nothing(path: Path, tmp_path: Path) -> None:
    half = 'for word; do case $word in -DoutputDirectory=*) echo >"${word#*=}/half.jar";; esac; done'
    _program(path / "mvn", f"{half}; echo no such artifact; exit 1")
    with pytest.raises(ServicesError, match="no such artifact"):
        maven_jars("none", ())
    assert list((tmp_path / "cache/photolog-services").iterdir()) == []


def test_a_download_is_made_once(path: Path) -> None:
    _program(path / "mvn", "exit 0")
    place = maven_jars("none", ())
    (path / "mvn").unlink()
    assert maven_jars("none", ()) == place


@pytest.mark.parametrize(
    "arguments",
    [["start", "mysql"], ["start", "--port", "mysql=1"], ["status"], ["start", "--port", "kafka"]],
)
def test_the_command_refuses_what_it_cannot_do(tmp_path: Path, arguments: list[str]) -> None:
    command = [sys.executable, "-m", "tests.services", *arguments, "--data", str(tmp_path)]
    done = subprocess.run(command, cwd=Path(downloads.__file__).parents[2], capture_output=True, check=False)
    assert done.returncode != 0
    assert b"Traceback" not in done.stderr


def test_a_server_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ServicesError, match="no such server: mysql; there are: kafka"):
        Stack(tmp_path, {}).kill("mysql")


def _program(path: Path, script: str) -> None:
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
