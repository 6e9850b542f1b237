"""Replication: how many nodes of which datacenter hold each row."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

_ONE = re.compile(r"\s*([A-Za-z0-9_.-]+)\s*:\s*([1-9]\d?)\s*")
_ANYWHERE = "SimpleStrategy"


@dataclass(frozen=True, slots=True)
class Replication:
    """`copies_count` by datacenter. For SimpleStrategy, which knows no datacenters, its own name stands in the place of one."""

    copies_count: Mapping[str, int]

    @classmethod
    def parse(cls, text: str) -> "Replication":
        """From `SimpleStrategy:1`, or `DATACENTER:3`, several separated by commas. Raises ValueError."""
        found = [_ONE.fullmatch(part) for part in text.split(",")]
        copies = {match[1]: int(match[2]) for match in found if match}
        if len(copies) != len(found) or (_ANYWHERE in copies and len(copies) > 1):
            raise ValueError(f"{text!r} is neither SimpleStrategy:1 nor like DATACENTER:3,OTHER:3")
        return cls(copies)

    @classmethod
    def described(cls, options: Mapping[str, str]) -> "Replication":
        """From what Cassandra says of a keyspace."""
        if options["class"].endswith(_ANYWHERE):
            return cls({_ANYWHERE: int(options["replication_factor"])})
        return cls({name: int(count) for name, count in options.items() if name != "class"})

    def cql(self) -> str:
        if _ANYWHERE in self.copies_count:
            options = {"class": _ANYWHERE, "replication_factor": self.copies_count[_ANYWHERE]}
        else:
            options = {"class": "NetworkTopologyStrategy", **self.copies_count}
        return "{" + ", ".join(f"'{name}': '{value}'" for name, value in options.items()) + "}"

    def nodes_count(self, datacenters: Mapping[str, int]) -> Mapping[str, int]:
        """Of how many nodes the copies of each entry can be, given how many nodes each datacenter has."""
        return {
            name: sum(datacenters.values()) if name == _ANYWHERE else datacenters.get(name, 0)
            for name in self.copies_count
        }

    def __str__(self) -> str:
        return ",".join(f"{name}:{count}" for name, count in sorted(self.copies_count.items()))
