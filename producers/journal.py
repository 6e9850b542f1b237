"""Where producers append: seals the personal fields and hands the bytes to the log. It decides nothing."""

from events import codec
from events.envelope import Envelope
from events.sealing import Destroyed
from stores.ports.keys import Keys
from stores.ports.log import Log, Positions


class Journal:
    def __init__(self, log: Log, keys: Keys) -> None:
        self._log = log
        self._keys = keys

    async def append(self, *events: Envelope) -> Positions:
        """Append in this order; returns once acknowledged. Raises UnavailableError for "unknown", see `stores.ports.log`."""
        subjects = {event.subject_id for event in events if event.personal}
        keys = await self._keys.get(subjects) if subjects else {}
        return await self._log.append(
            [codec.encode(event, _usable(keys.get(event.subject_id))) for event in events]
        )


def _usable(key: bytes | Destroyed | None) -> bytes | None:
    return key if isinstance(key, bytes) else None
