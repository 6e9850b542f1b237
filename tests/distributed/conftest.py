"""Real servers for these tests. One that is missing is a failure, never a skip."""

import pytest

from tests.services.addresses import Addresses
from tests.services.fixtures import stack

__all__ = ["addresses", "stack"]


@pytest.fixture(scope="session")
def addresses() -> Addresses:
    return Addresses(
        kafka="127.0.0.1:19092",
        cassandra="127.0.0.1:19042",
        redis="redis://127.0.0.1:16379/0",
        s3="http://127.0.0.1:18333",
        s3_access_key="stackadmin",
        s3_secret_key="stacksecret",
    )
