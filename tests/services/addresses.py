"""Where the servers of a distributed set-up answer."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Addresses:
    """`kafka` and `cassandra` are host:port, `redis` and `s3` are URLs."""

    kafka: str
    cassandra: str
    redis: str
    s3: str
    s3_access_key: str
    s3_secret_key: str
