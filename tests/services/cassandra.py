"""Cassandra, one node. A write is on disk before it is acknowledged."""

import json
import socket
from dataclasses import dataclass
from pathlib import Path

from tests.services.downloads import Artifact, maven_jars
from tests.services.java import class_path, java
from tests.services.ports import HOST
from tests.services.processes import Launch
from tests.services.server import ANSWER_TIMEOUT_S, read_exactly

VERSION = "5.0.9"
_HEAP = ("-Xms256m", "-Xmx1g", "-Xss512k", "-XX:+UseSerialGC", "-XX:+ExitOnOutOfMemoryError")
_EXPORTED = (
    "java.base/java.lang.ref",
    "java.base/jdk.internal.misc",
    "java.management.rmi/com.sun.jmx.remote.internal.rmi",
    "java.rmi/sun.rmi.registry",
    "java.rmi/sun.rmi.server",
    "java.sql/java.sql",
    "jdk.attach/sun.tools.attach",
    "jdk.compiler/com.sun.tools.javac.file",
    "jdk.unsupported/sun.misc",
)
_OPENED = (
    "java.base/java.io",
    "java.base/java.lang",
    "java.base/java.lang.module",
    "java.base/java.lang.reflect",
    "java.base/java.nio",
    "java.base/java.util",
    "java.base/jdk.internal.loader",
    "java.base/jdk.internal.math",
    "java.base/jdk.internal.module",
    "java.base/jdk.internal.ref",
    "java.base/jdk.internal.reflect",
    "java.base/jdk.internal.util.jar",
    "java.base/sun.nio.ch",
    "jdk.compiler/com.sun.tools.javac",
    "jdk.management/com.sun.management.internal",
)
_LOGBACK = """<configuration>
  <appender name="OUT" class="ch.qos.logback.core.ConsoleAppender">
    <encoder><pattern>%date{ISO8601} %-5level [%thread] %logger{0} - %msg%n</pattern></encoder>
  </appender>
  <root level="INFO"><appender-ref ref="OUT"/></root>
</configuration>
"""
_OPTIONS, _SUPPORTED = b"\x04\0\0\0\x05\0\0\0\0", 6
"""The first frame that any client may send, and the kind of its answer."""


@dataclass(frozen=True, slots=True)
class Cassandra:
    port: int
    grace_s: float = 20

    @property
    def ports(self) -> range:
        """For clients, for other nodes, and for other nodes over TLS."""
        return range(self.port, self.port + 3)

    def fetch(self) -> None:
        java()
        _jars()

    def launch(self, folder: Path) -> Launch:
        (folder / "triggers").mkdir(exist_ok=True)
        (folder / "logback.xml").write_text(_LOGBACK)
        settings = folder / "cassandra.yaml"
        settings.write_text(json.dumps(self._settings(folder / "data"), indent=2))  # which is YAML as well
        jars = _jars()
        return Launch(
            (
                java(),
                *_HEAP,
                *(f"--add-exports={name}=ALL-UNNAMED" for name in _EXPORTED),
                *(f"--add-opens={name}=ALL-UNNAMED" for name in _OPENED),
                f"-javaagent:{next(jars.glob('jamm-*.jar'))}",
                "-Djava.net.preferIPv4Stack=true",
                "-Djdk.attach.allowAttachSelf=true",
                "-Dio.netty.tryReflectionSetAccessible=true",
                "-Dlogback.configurationFile=logback.xml",
                f"-Dcassandra.config=file://{settings}",
                f"-Dcassandra.storagedir={folder / 'data'}",
                f"-Dcassandra.triggers_dir={folder / 'triggers'}",
                "-Dcassandra-foreground=yes",
                # There is nobody to wait for.
                "-Dcassandra.skip_wait_for_gossip_to_settle=0",
                "-Dcassandra.ring_delay_ms=0",
                "-Dcassandra.superuser_setup_delay_ms=0",
                "-cp",
                class_path(folder, jars),
                "org.apache.cassandra.service.CassandraDaemon",
            )
        )

    def _settings(self, data: Path) -> dict[str, object]:
        return {
            "cluster_name": "photolog",
            "partitioner": "org.apache.cassandra.dht.Murmur3Partitioner",
            "endpoint_snitch": "SimpleSnitch",
            "num_tokens": 1,
            "initial_token": "0",
            "auto_bootstrap": False,
            "auto_snapshot": False,
            "hinted_handoff_enabled": False,
            "storage_compatibility_mode": "NONE",
            "data_file_directories": [str(data / "tables")],
            "commitlog_directory": str(data / "commitlog"),
            "saved_caches_directory": str(data / "saved_caches"),
            "hints_directory": str(data / "hints"),
            "cdc_raw_directory": str(data / "cdc_raw"),
            "commitlog_sync": "batch",
            "listen_address": HOST,
            "rpc_address": HOST,
            "native_transport_port": self.port,
            "storage_port": self.port + 1,
            "ssl_storage_port": self.port + 2,
            "seed_provider": [
                {
                    "class_name": "org.apache.cassandra.locator.SimpleSeedProvider",
                    "parameters": [{"seeds": f"{HOST}:{self.port + 1}"}],
                }
            ],
            **_SMALL,
            **_PATIENT,
        }

    def answers(self) -> bool:
        with socket.create_connection((HOST, self.port), timeout=ANSWER_TIMEOUT_S) as connection:
            connection.sendall(_OPTIONS)
            return read_exactly(connection, 9)[4] == _SUPPORTED


_SMALL = {
    "commitlog_segment_size": "16MiB",
    "commitlog_total_space": "256MiB",
    "memtable_heap_space": "128MiB",
    "memtable_offheap_space": "64MiB",
    "file_cache_size": "32MiB",
    "networking_cache_size": "32MiB",
    "key_cache_size": "0MiB",
    "counter_cache_size": "0MiB",
    "concurrent_reads": 8,
    "concurrent_writes": 32,
    "concurrent_counter_writes": 4,
    "concurrent_compactors": 1,
    "disk_access_mode": "mmap_index_only",
}
_PATIENT = {
    f"{kind}_timeout": "20000ms"
    for kind in (
        "request",
        "read_request",
        "range_request",
        "write_request",
        "cas_contention",
        "truncate_request",
    )
}
"""The machine also runs the tests."""


def _jars() -> Path:
    return maven_jars(f"cassandra-{VERSION}", (Artifact("org.apache.cassandra", "cassandra-all", VERSION),))
