"""What can go wrong in any store."""


class StoreError(Exception):
    """A store failed."""


class UnavailableError(StoreError):
    """The store is away or too slow; the same request may succeed later, and a write may have happened."""
