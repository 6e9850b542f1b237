"""Everything that can be set, from `PHOTOLOG_*` variables. The only module that reads the environment.

An unknown `PHOTOLOG_*` name is fatal: a misspelt setting must not be silently ignored. Secrets are masked wherever settings are
shown.
"""

import os
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from runtime.errors import OperatorError

PREFIX = "PHOTOLOG_"
PARTITIONS_LIMIT = 128
"""Of a topic. A position of all partitions that a client may have written to has to fit in one header."""


class UnknownSettingError(OperatorError):
    """The environment holds PHOTOLOG_ names that are no settings."""


class Settings(BaseSettings):
    """Field descriptions are the reference that `docs/settings.md` prints."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, frozen=True, extra="forbid")

    profile: Literal["embedded", "distributed"] = Field(
        default="embedded",
        description="Embedded: SQLite and files on one machine, no other service. Distributed: Kafka, Cassandra, Redis and S3.",
    )
    data: Path = Field(
        default=Path("data"), description="The folder of an embedded server; it belongs to one server."
    )
    namespace: str = Field(
        default="photolog",
        pattern=r"^[a-z][a-z0-9]{0,31}$",
        description="Begins the names of topics and groups, and is the name of keyspace and bucket: systems can share a cluster.",
    )
    kafka: str = Field(
        default="127.0.0.1:9092", description="Brokers to begin with: host:port, separated by commas."
    )
    kafka_partitions: int = Field(
        default=8,
        ge=1,
        le=PARTITIONS_LIMIT,
        description="Partitions of each topic when it is made. Never changes later.",
    )
    kafka_replication: int = Field(
        default=1, ge=1, le=5, description="Copies of each partition; from 3 on, writes need two of them."
    )
    cassandra: str = Field(
        default="127.0.0.1:9042",
        description="Nodes to begin with: host:port, separated by commas; the port is the same for all.",
    )
    cassandra_replication: str = Field(
        default="SimpleStrategy:1",
        description="Copies of each row: `SimpleStrategy:1`, or `DATACENTER:3`, several separated by commas.",
    )
    redis: SecretStr = Field(
        default=SecretStr("redis://127.0.0.1:6379/0"),
        description="URL of Redis or Valkey, password included.",
    )
    s3: str = Field(default="http://127.0.0.1:8333", description="The S3 API as this process reaches it.")
    s3_public: str = Field(
        default="",
        description="The S3 API as clients reach it; signed into URLs. As PHOTOLOG_S3 when not set.",
    )
    s3_access_key: SecretStr = Field(default=SecretStr(""), description="Access key of the S3 account.")
    s3_secret_key: SecretStr = Field(default=SecretStr(""), description="Secret key of the S3 account.")
    feed_buckets: int = Field(
        default=8,
        ge=1,
        le=4_096,
        description="Slots that the feeds of a new generation are spread over: few on one Redis, many on a cluster.",
    )
    search_shards: int = Field(
        default=8,
        ge=1,
        le=4_096,
        description="Slots that the search index of a new generation is spread over.",
    )
    secret: SecretStr | None = Field(
        default=None,
        min_length=32,
        description="Signs tokens, cursors and URLs. Made once when not set, and kept in the data folder or in Cassandra.",
    )
    cors_origins: Annotated[tuple[str, ...], NoDecode] = Field(
        default=("*",), description="Origins whose pages may call the API, separated by commas."
    )
    trusted_proxies: Annotated[tuple[IPv4Network | IPv6Network, ...], NoDecode] = Field(
        default=(), description="Networks whose X-Forwarded-For is believed, separated by commas."
    )
    media_base_url: str = Field(
        default="", description="Put before the path of public renditions, such as https://cdn.example.org."
    )
    metrics_token: SecretStr | None = Field(
        default=None, description="Bearer token for /metrics from elsewhere than the loopback."
    )
    operator_password: SecretStr | None = Field(
        default=None,
        min_length=12,
        description="Opens /ops, the operators' page, to whoever knows it. Without it there is no such page.",
    )
    celebrity_threshold: int = Field(
        default=100_000,
        ge=1,
        description="Authors with more followers are merged at read time instead of fanned out.",
    )
    feed_cap: int = Field(
        default=800, ge=1, le=10_000, description="Entries kept in a home feed; older ones are merged."
    )
    idle_days: int = Field(
        default=30, ge=1, description="Readers not seen for so long have no feed until they come back."
    )
    password_memory_kib: int = Field(
        default=65_536,
        ge=32,
        description="Memory that hashing a password takes (argon2id). Less makes guessing cheaper: lower it only on tiny machines.",
    )
    reads_per_minute: int = Field(
        default=6_000, ge=1, description="Reads per account, or per address without one."
    )
    writes_per_minute: int = Field(
        default=600, ge=1, description="Writes per account, or per address without one."
    )
    registrations_per_hour: int = Field(
        default=1_000, ge=1, description="New accounts per address, behind which there may be many people."
    )
    logins_per_minute: int = Field(default=120, ge=1, description="Log-ins per address.")

    @field_validator("cors_origins", "trusted_proxies", mode="before")
    @classmethod
    def _words(cls, value: object) -> object:
        if isinstance(value, str):
            return tuple(word.strip() for word in value.split(",") if word.strip())
        return value

    @field_validator("operator_password", "metrics_token", mode="before")
    @classmethod
    def _none_is_none(cls, value: object) -> object:
        """Compose sets what is not set to nothing."""
        return None if value == "" else value


def read_settings() -> Settings:
    """Raises UnknownSettingError, or pydantic's ValidationError for a value that is none."""
    known = {PREFIX + name.upper() for name in Settings.model_fields}
    unknown = sorted(
        name for name in os.environ if name.upper().startswith(PREFIX) and name.upper() not in known
    )
    if unknown:
        raise UnknownSettingError(
            f"no such setting: {', '.join(unknown)}; known are: {', '.join(sorted(known))}"
        )
    return Settings()
