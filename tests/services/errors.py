"""What goes wrong with servers, told to whoever wanted them."""


class ServicesError(Exception):
    """The servers cannot be had as asked; the message says why and what to do."""
