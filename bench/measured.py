"""What a benchmark gives back."""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Measured:
    """`ours` and `limit` have the same unit, one value a round; `limit` is empty where there is nothing to compare with."""

    what: str
    unit: str
    ours: Sequence[float]
    against: str = ""
    limit: Sequence[float] = ()
    aim: str = ""

    @property
    def ratio(self) -> float | None:
        """The median of the rounds' ratios."""
        if not self.limit:
            return None
        return statistics.median(ours / limit for ours, limit in zip(self.ours, self.limit, strict=True))

    def as_json(self) -> dict[str, object]:
        return {
            "what": self.what,
            "unit": self.unit,
            "median": statistics.median(self.ours),
            "least": min(self.ours),
            "most": max(self.ours),
            "against": self.against,
            "limit_median": statistics.median(self.limit) if self.limit else None,
            "ratio": self.ratio,
            "aim": self.aim,
        }


def shown_ratio(ratio: float | None) -> str:
    """Empty where there is none."""
    if ratio is None:
        return ""
    return f"{ratio:.0%}" if ratio < 3 else f"{ratio:.0f} times"
