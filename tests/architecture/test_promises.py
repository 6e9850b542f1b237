"""What the code promises by its form: the way of a like, pure folds, crash points that are all tried."""

import ast
import importlib
import inspect
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import pytest

from api.hydrate import hydrate
from api.likes import put_like
from events.catalogue import EVENTS
from events.topics import OPERATIONS, TOPICS
from producers.likes import like_post
from projectors.catalogue import PROJECTIONS
from projectors.likes import LIKES, project
from projectors.projection import Projection
from projectors.step import Step
from stores.ports.crash import CrashPoint
from stores.sqlite.likes import SqliteLikes
from tests.property.subjects import SUBJECTS

ROOT = Path(__file__).parents[2]
TESTS = ROOT / "tests"
PURE = (
    "collections",
    "dataclasses",
    "enum",
    "events",
    "functools",
    "itertools",
    "projectors.projection",
    "stores.ports",
    "typing",
)
"""What a fold may import."""


def test_the_way_of_a_like_can_be_read() -> None:
    """Six functions and one shared step, with the same word in every folder."""
    assert list(inspect.signature(put_like).parameters) == ["app", "call"]
    assert inspect.iscoroutinefunction(like_post)
    assert LIKES.project is project
    assert inspect.iscoroutinefunction(Step.apply)
    assert inspect.iscoroutinefunction(SqliteLikes.apply)
    assert inspect.iscoroutinefunction(hydrate)
    for folder in ("events", "producers", "projectors", "stores/ports", "stores/sqlite", "api"):
        assert (ROOT / folder / "likes.py").exists()


@pytest.mark.parametrize("projection", PROJECTIONS, ids=lambda projection: projection.name)
def test_every_projection_is_a_slice_of_its_own(projection: Projection[object]) -> None:
    module = importlib.import_module(f"projectors.{projection.name}")
    assert getattr(module, projection.name.upper()) is projection
    assert (ROOT / f"stores/ports/{projection.name}.py").exists()
    assert set(projection.topics) <= set(TOPICS)


@pytest.mark.parametrize("projection", PROJECTIONS, ids=lambda projection: projection.name)
def test_a_fold_imports_nothing_that_is_not_pure_and_forgets_no_event(projection: Projection[object]) -> None:
    tree = ast.parse((ROOT / f"projectors/{projection.name}.py").read_text())
    imported = [name for name in _imported(tree) if not name.startswith(PURE)]
    assert imported == []
    folds = {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef)}
    assert "assert_never" in ast.unparse(folds["project"])


def _imported(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or ""


def test_every_projection_is_tested_against_the_oracle() -> None:
    assert {subject.projection for subject in SUBJECTS} == set(PROJECTIONS)


def test_every_event_is_read_by_a_projection() -> None:
    """But for what operators did, which changes nothing that a user sees."""
    read = {event for projection in PROJECTIONS for event in projection.events}
    assert read == {event for event in EVENTS if event.topic != OPERATIONS}


@pytest.mark.parametrize("point", get_args(CrashPoint))
def test_every_crash_point_is_passed_by_the_code_and_tried_by_a_test(point: str) -> None:
    passed = f'rash("{point}")'
    shipped = [
        path for folder in ("projectors", "replay", "stores") for path in (ROOT / folder).rglob("*.py")
    ]
    assert any(passed in path.read_text() for path in shipped)
    assert any(f'"{point}"' in path.read_text() for path in TESTS.rglob("*.py"))


def test_views_are_resolved_once_a_request() -> None:
    """So that no answer shows half of a switch."""
    for path in (ROOT / "api").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                assert _resolutions(node) <= 1, f"{path.name}: {node.name}"


def _resolutions(node: ast.AST) -> int:
    """But for a lambda, which is called after a wait because what was resolved before is old by then."""
    if isinstance(node, ast.Lambda):
        return 0
    here = isinstance(node, ast.Call) and ast.unparse(node.func) == "app.views"
    return here + sum(map(_resolutions, ast.iter_child_nodes(node)))
