"""What can go wrong in any store."""


class StoreError(Exception):
    """A store failed."""


class UnavailableError(StoreError):
    """The store is away or too slow; the same request may succeed later, and a write may have happened."""


class EmptiedError(UnavailableError):
    """The store has lost what a view held, which is being filled again: it has to be asked anew whether it is believed."""
