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

    @property
    def settings(self) -> dict[str, str]:
        """Of a `photolog` that uses them."""
        return {
            "PHOTOLOG_PROFILE": "distributed",
            "PHOTOLOG_KAFKA": self.kafka,
            "PHOTOLOG_CASSANDRA": self.cassandra,
            "PHOTOLOG_REDIS": self.redis,
            "PHOTOLOG_S3": self.s3,
            "PHOTOLOG_S3_ACCESS_KEY": self.s3_access_key,
            "PHOTOLOG_S3_SECRET_KEY": self.s3_secret_key,
        }
