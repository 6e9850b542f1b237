"""Why a command is rejected. The API knows what to answer to each; the class docstring is the default detail."""


class RejectedError(Exception):
    """The command was rejected."""

    code: str = "rejected"

    def __str__(self) -> str:
        return super().__str__() or (self.__doc__ or "").strip()


class NotFoundError(RejectedError):
    """There is no such thing, or you may not see it."""

    code = "not_found"


class ForbiddenError(RejectedError):
    """You may not do this."""

    code = "forbidden"


class ConflictError(RejectedError):
    """The state of things does not allow it."""

    code = "conflict"


class InvalidError(RejectedError):
    """A value is not acceptable."""

    code = "invalid"

    def __init__(self, field: str, code: str, detail: str) -> None:
        super().__init__(detail)
        self.field = field
        self.code = code


class NotCaughtUpError(RejectedError):
    """It is not known yet what became of it; the same request is safe with the same idempotency key."""

    code = "not_caught_up"
