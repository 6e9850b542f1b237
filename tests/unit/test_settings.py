"""Settings as they are read from the environment."""

import pytest

from runtime.reference import settings_reference
from runtime.settings import read_settings


@pytest.mark.parametrize("name", ["METRICS_TOKEN", "OPERATOR_PASSWORD"])
def test_what_is_set_to_nothing_is_not_set(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Else whoever sends an empty token would be let in."""
    monkeypatch.setenv(f"PHOTOLOG_{name}", "")
    assert getattr(read_settings(), name.lower()) is None


def test_the_reference_says_what_is_secret_and_hides_no_default() -> None:
    rows = {line.split("`")[1]: line for line in settings_reference().splitlines() if line.startswith("| `")}
    secret = {name for name, row in rows.items() if "Secret: masked" in row}
    assert secret == {
        f"PHOTOLOG_{name}"
        for name in (
            "SECRET",
            "METRICS_TOKEN",
            "OPERATOR_PASSWORD",
            "REDIS",
            "S3_ACCESS_KEY",
            "S3_SECRET_KEY",
        )
    }
    assert not any("**" in row or "``" in row for row in rows.values())
