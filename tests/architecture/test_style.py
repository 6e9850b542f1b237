"""Sizes and habits that a reader relies on."""

import ast
import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
SHIPPED = ("api", "events", "producers", "projectors", "replay", "runtime", "stores")
FILE_LINES_LIMIT = 300
FUNCTION_LINES_LIMIT = 60


def _files(*packages: str) -> list[Path]:
    return [path for name in packages for path in sorted((ROOT / name).rglob("*.py"))]


def _functions(path: Path) -> list[ast.FunctionDef | ast.AsyncFunctionDef]:
    tree = ast.parse(path.read_text())
    return [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]


def test_files_and_functions_are_small() -> None:
    files = {str(p.relative_to(ROOT)): len(p.read_text().splitlines()) for p in _files(*SHIPPED)}
    assert {name: count for name, count in files.items() if count > FILE_LINES_LIMIT} == {}
    functions = {
        f"{path.relative_to(ROOT)}:{node.name}": (node.end_lineno or 0) - node.lineno + 1
        for path in _files(*SHIPPED)
        for node in _functions(path)
    }
    assert {name: count for name, count in functions.items() if count > FUNCTION_LINES_LIMIT} == {}


def test_every_module_says_what_it_owns() -> None:
    silent = [
        p
        for p in _files(*SHIPPED)
        if p.name != "__init__.py" and not ast.get_docstring(ast.parse(p.read_text()))
    ]
    assert silent == []


def test_every_method_of_a_port_has_its_contract() -> None:
    for path in _files("stores/ports"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ClassDef) and any("Protocol" in ast.unparse(base) for base in node.bases):
                methods = [m for m in node.body if isinstance(m, ast.FunctionDef | ast.AsyncFunctionDef)]
                assert [m.name for m in methods if not ast.get_docstring(m)] == [], f"{path.name}:{node.name}"


def test_packages_re_export_nothing() -> None:
    assert [p for p in _files(*SHIPPED) if p.name == "__init__.py" and p.read_text().strip()] == []


def test_tests_do_not_sleep() -> None:
    sleeping = re.compile(r"(?<!def )\bsleep\((?!0\))")
    found = [p for p in _files("tests") if p != Path(__file__) and sleeping.search(p.read_text())]
    assert [str(p.relative_to(ROOT)) for p in found] == []


def test_the_way_of_a_like() -> None:
    """The functions that the README names are there, and short."""
    way = {
        "api/likes.py": "put_like",
        "producers/likes.py": "like_post",
        "projectors/likes.py": "project",
        "projectors/step.py": "catch_up",
        "stores/sqlite/likes.py": "_write",
        "api/hydrate.py": "hydrate",
    }
    for name, function in way.items():
        found = {node.name: node for node in _functions(ROOT / name)}
        assert function in found, f"{name}: {function}"
        assert (found[function].end_lineno or 0) - found[function].lineno < 35
