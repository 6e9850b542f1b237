"""Kafka in KRaft mode: each node is broker and controller. One node by default; several find each other by their ports."""

import socket
import struct
import subprocess
from dataclasses import dataclass
from pathlib import Path

from tests.services.downloads import Artifact, maven_jars
from tests.services.errors import ServicesError
from tests.services.java import class_path, java
from tests.services.ports import HOST
from tests.services.processes import Launch
from tests.services.server import ANSWER_TIMEOUT_S, read_exactly

VERSION = "4.3.1"
_ARTIFACTS = (
    Artifact("org.apache.kafka", "kafka_2.13", VERSION),
    Artifact("org.apache.kafka", "kafka-tools", VERSION, is_alone=True),
    Artifact("org.slf4j", "slf4j-simple", "1.7.36"),  # without it the broker logs nothing
)
_CLUSTER_ID = "cGhvdG9sb2ctcGhvdG9sbw"
_METADATA_V1 = struct.pack(">hhih", 3, 1, 1, -1) + struct.pack(">i", 0)
"""Asks for the brokers, and for no topic."""


@dataclass(frozen=True, slots=True)
class Kafka:
    """Node `node_id`, counted from 1, of brokers at these ports; the controller of each is one port higher."""

    brokers: tuple[int, ...]
    node_id: int = 1
    grace_s: float = 15

    @property
    def port(self) -> int:
        return self.brokers[self.node_id - 1]

    @property
    def ports(self) -> range:
        return range(self.port, self.port + 2)

    def fetch(self) -> None:
        java()
        _jars()

    def launch(self, folder: Path) -> Launch:
        properties = folder / "server.properties"
        properties.write_text("".join(f"{name}={value}\n" for name, value in self._settings(folder).items()))
        if not (folder / "data/meta.properties").exists():
            _format(properties)
        heap = ("-Xms128m", "-Xmx512m", "-XX:+UseG1GC", "-XX:+ExitOnOutOfMemoryError")
        log = "-Dorg.slf4j.simpleLogger."
        return Launch(
            (
                java(),
                *heap,
                f"{log}showDateTime=true",
                "-cp",
                class_path(_jars()),
                "kafka.Kafka",
                str(properties),
            )
        )

    def _settings(self, folder: Path) -> dict[str, str | int]:
        copies = min(3, len(self.brokers))
        voters = (f"{number}@{HOST}:{port + 1}" for number, port in enumerate(self.brokers, start=1))
        return {
            "process.roles": "broker,controller",
            "node.id": self.node_id,
            "controller.quorum.voters": ",".join(voters),
            "listeners": f"PLAINTEXT://{HOST}:{self.port},CONTROLLER://{HOST}:{self.port + 1}",
            "advertised.listeners": f"PLAINTEXT://{HOST}:{self.port}",
            "controller.listener.names": "CONTROLLER",
            "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
            "log.dirs": str(folder / "data"),
            "auto.create.topics.enable": "false",
            "default.replication.factor": copies,
            "min.insync.replicas": (copies + 1) // 2,
            "offsets.topic.num.partitions": 4,
            "offsets.topic.replication.factor": copies,
            "transaction.state.log.num.partitions": 4,
            "transaction.state.log.replication.factor": copies,
            "transaction.state.log.min.isr": (copies + 1) // 2,
            "share.coordinator.state.topic.replication.factor": copies,
            "share.coordinator.state.topic.min.isr": (copies + 1) // 2,
            "group.initial.rebalance.delay.ms": 0,
            # A killed broker comes back only when its session has ended: 9 s by default.
            "broker.session.timeout.ms": 3000,
            "broker.heartbeat.interval.ms": 500,
        }

    def answers(self) -> bool:
        with socket.create_connection((HOST, self.port), timeout=ANSWER_TIMEOUT_S) as connection:
            connection.sendall(struct.pack(">i", len(_METADATA_V1)) + _METADATA_V1)
            size_bytes, _, brokers_count = struct.unpack(">iii", read_exactly(connection, 12))
            read_exactly(connection, size_bytes - 8)
            return int(brokers_count) == len(self.brokers)


def _jars() -> Path:
    return maven_jars(f"kafka-{VERSION}", _ARTIFACTS)


def _format(properties: Path) -> None:
    options = ("-Xmx128m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-cp", class_path(_jars()))
    tool = ("kafka.tools.StorageTool", "format", "-t", _CLUSTER_ID, "-c", str(properties))
    done = subprocess.run((java(), *options, *tool), capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise ServicesError(f"Kafka's storage could not be formatted:\n{done.stdout}{done.stderr}")
