"""How much hypothesis tries in the suite, and which set-up the end-to-end tests run against. A failure of hypothesis prints what
reproduces it."""

import os

import pytest
from hypothesis import HealthCheck, settings

from tests.services.fixtures import addresses, stack

__all__ = ["addresses", "stack"]

settings.register_profile(
    "suite",
    max_examples=60,
    deadline=None,  # nothing here is timed
    print_blob=True,
    derandomize=False,
    database=None,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("suite")


def pytest_configure() -> None:
    """Servers of tests do not live so long that it pays to compile them well, which takes them a third of the processors."""
    os.environ.setdefault("JDK_JAVA_OPTIONS", "-XX:TieredStopAtLevel=1")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--set-up",
        choices=("embedded", "distributed"),
        default="embedded",
        help="What the end-to-end tests run against.",
    )
    parser.addoption(
        "--services",
        help="Folder of servers that `make services` has started; without it the tests start their own.",
    )
