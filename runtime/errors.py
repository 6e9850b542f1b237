"""What stands between an operator and a running system; the message says what to do next."""


class OperatorError(Exception):
    """Something has to be put right by the operator."""
