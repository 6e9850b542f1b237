"""How a demo ends that cannot go on. Loads nothing, for the command line's sake."""


class DemoError(Exception):
    """The demo cannot go on; the message says what to do about it."""
