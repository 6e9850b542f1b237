"""Old versions of events, lifted one version at a time. Pure; works on the value before anything is opened."""

from collections.abc import Callable

Value = dict[str, object]


def _verified_without_verdict(value: Value) -> Value:
    """That nothing differed does not say that nothing was wrong."""
    return value | {"verdict": None}


UPCASTS: dict[tuple[str, int], Callable[[Value], Value]] = {
    ("generation.verified", 1): _verified_without_verdict,
}
"""(type, version) to the function that makes version + 1 of it."""
