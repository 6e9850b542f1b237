"""Which way imports point, where libraries are known, and that importing opens nothing."""

import ast
import subprocess
import sys
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
from importlinter.cli import lint_imports

ROOT = Path(__file__).parents[2]
PACKAGES = (
    "api",
    "bench",
    "events",
    "producers",
    "projectors",
    "replay",
    "runtime",
    "schemas",
    "stores",
    "tests",
)

LIBRARIES = {
    "PIL": "stores/pillow",
    "aiokafka": "stores/kafka",
    "argon2": "stores/argon2",
    "blurhash": "stores/pillow",
    "cassandra": "stores/cassandra",
    "cryptography": "events/sealing.py",
    "faust": "projectors/engines/faust.py",
    "httptools": "nowhere",
    "httpx2": "runtime/demo",
    "joserfc": "api/tokens.py",
    "minio": "stores/s3",
    "mode": "projectors/engines/faust.py",
    "prometheus_client": ("api/metrics.py", "runtime/metrics.py", "runtime/scraped.py"),
    "pydantic_settings": "runtime/settings.py",
    "redis": "stores/redis",
    "rich": ("runtime/commands", "runtime/demo"),
    "snowballstemmer": "stores/ports/terms.py",
    "sqlite3": "stores/sqlite",
    "urllib3": "stores/s3",
    "uvicorn": ("runtime/connections.py", "runtime/serve.py"),
    "uvloop": "runtime/commands/serve.py",
}
"""Where each library may be imported."""


def _sources() -> list[Path]:
    shipped = [name for name in PACKAGES if name not in ("tests", "bench")]
    return [path for name in shipped for path in sorted((ROOT / name).rglob("*.py"))]


def _imported(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module is not None:
            found.add(node.module.partition(".")[0])
    return found


def test_the_import_contracts_hold() -> None:
    assert lint_imports(config_filename=str(ROOT / "pyproject.toml"), cache_dir=None) == 0


@pytest.mark.parametrize(("library", "places"), LIBRARIES.items())
def test_a_library_is_known_in_one_place(library: str, places: str | tuple[str, ...]) -> None:
    allowed = (places,) if isinstance(places, str) else places
    users = [str(path.relative_to(ROOT)) for path in _sources() if library in _imported(path)]
    assert [user for user in users if not user.startswith(allowed)] == []


def test_the_oracle_takes_values_and_the_stemmer_of_the_ports() -> None:
    """And cuts texts itself."""
    taken = {
        (node.module, alias.name)
        for path in (ROOT / "replay/oracle").glob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("stores")
        for alias in node.names
    }
    assert taken == {("stores.ports.comments", "Comment"), ("stores.ports.terms", "stem")}
    assert not any(
        "events.tags" in path.read_text() or "events.text" in path.read_text()
        for path in (ROOT / "replay/oracle").glob("*.py")
    )


def test_only_the_settings_read_the_environment() -> None:
    """And the pictures' adapter, which hands its child the one variable without which no library is found."""
    readers = [
        path for path in _sources() if "os.environ" in path.read_text() or "getenv" in path.read_text()
    ]
    assert [str(path.relative_to(ROOT)) for path in readers] == [
        "runtime/settings.py",
        "stores/pillow/pictures.py",
    ]


def test_no_installed_distribution_shadows_our_packages() -> None:
    distributions = packages_distributions()
    for package in PACKAGES:
        assert set(distributions.get(package, ["photolog"])) == {"photolog"}, package


_IMPORT_GUARDED = """
import importlib, sys

module = sys.argv[1]
importlib.import_module(module.partition(".")[0])

def refuse(event, arguments):
    if event in ("socket.__new__", "socket.connect", "socket.bind", "sqlite3.connect", "subprocess.Popen", "os.mkdir"):
        raise RuntimeError(f"importing {module} did {event}")
    if event == "open" and isinstance(arguments[1], str) and set(arguments[1]) & set("wax+"):
        raise RuntimeError(f"importing {module} wrote {arguments[0]}")

sys.dont_write_bytecode = True
sys.addaudithook(refuse)
for name in sys.argv[1:]:
    importlib.import_module(name)
"""


@pytest.mark.parametrize("direction", [1, -1])
def test_importing_any_module_opens_nothing_in_whichever_order(direction: int) -> None:
    names = [
        ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
        for path in _sources()
        if path.name != "__main__.py"
    ]
    command = [sys.executable, "-c", _IMPORT_GUARDED, *names[::direction]]
    done = subprocess.run(command, cwd="/", capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
