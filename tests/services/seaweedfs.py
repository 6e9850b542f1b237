"""SeaweedFS with its S3 interface: master, volume server, filer and gateway in one process.

What one process stores is in its page cache when it is acknowledged: killing it loses nothing, a power cut may.
"""

import json
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from pathlib import Path

from tests.services.downloads import python_packages
from tests.services.ports import HOST
from tests.services.processes import Launch
from tests.services.server import ANSWER_TIMEOUT_S

ACCESS_KEY = "photolog"
SECRET_KEY = "photolog-secret-of-tests"
_IDENTITIES = {
    "identities": [
        {
            "name": ACCESS_KEY,
            "credentials": [{"accessKey": ACCESS_KEY, "secretKey": SECRET_KEY}],
            "actions": ["Admin", "Read", "Write", "List", "Tagging"],
        }
    ]
}


@dataclass(frozen=True, slots=True)
class Seaweedfs:
    port: int
    grace_s: float = 1
    """Asked to end, it waits 15 s for connections that nobody has; killed, it loses nothing."""

    @property
    def ports(self) -> range:
        """S3, master, volume server and filer, then the same in gRPC."""
        return range(self.port, self.port + 8)

    def fetch(self) -> None:
        python_packages()

    def launch(self, folder: Path) -> Launch:
        (folder / "s3.json").write_text(json.dumps(_IDENTITIES, indent=2))
        options = {name: value for part in (self._addresses(), _SETTINGS) for name, value in part.items()}
        paths = {
            "dir": folder / "data",
            "s3.config": folder / "s3.json",
            "s3.localSocket": folder / "s3.sock",
            "filer.localSocket": folder / "filer.sock",
        }
        return Launch(
            (
                str(python_packages() / "bin/weed"),
                "server",
                "-filer",
                "-s3",
                *(f"-{name}={value}" for name, value in (options | paths).items()),
            ),
            {"WEED_MASTER_VOLUME_GROWTH_COPY_1": "1"},  # a new bucket makes one volume, not seven
        )

    def _addresses(self) -> dict[str, object]:
        ports = iter(self.ports)
        roles = ("s3.port", "master.port", "volume.port", "filer.port")
        names = (*roles, *(f"{role}.grpc" for role in roles))
        return {"ip": HOST, "ip.bind": HOST, **{name: next(ports) for name in names}}

    def answers(self) -> bool:
        """Only when a volume server has registered with the master: nothing can be stored before."""
        if _get(self.port, "/")[0] not in (200, 403):
            return False
        status = json.loads(_get(self.port + 1, "/dir/status")[1])
        return bool(status.get("Topology", {}).get("Max", 0) > 0)


_SETTINGS: dict[str, object] = {
    "master.telemetry": "false",
    "master.electionTimeout": "300ms",  # by default every start on existing data waits for 10 s
    "master.volumeSizeLimitMB": 256,
    "volume.max": 0,  # as many as fit
    "volume.preStopSeconds": 0,
    "s3.autoCreateBucket": "false",
    "s3.iam": "false",  # nobody makes accounts
    "s3.port.iceberg": 0,
    "s3.port.lance": 0,
}


def _get(port: int, path: str) -> tuple[int, bytes]:
    connection = HTTPConnection(HOST, port, timeout=ANSWER_TIMEOUT_S)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        return answer.status, answer.read()
    except HTTPException as error:
        raise ConnectionError("no answer in HTTP") from error
    finally:
        connection.close()
