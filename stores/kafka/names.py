"""What topics are called on the cluster. Everything else in Photolog says the names of `events.topics`."""

_PREFIX = "photolog"


def physical(namespace: str, topic: str) -> str:
    """`photolog.posts` in the namespace `staging` is `staging.posts`: several systems share a cluster."""
    return namespace + topic.removeprefix(_PREFIX)


def logical(namespace: str, topic: str) -> str:
    return _PREFIX + topic.removeprefix(namespace)
