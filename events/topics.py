"""The topics of the log. Events of one key of one topic keep their order; nothing else does."""

NAMES = "photolog.names"
ACCOUNTS = "photolog.accounts"
GRAPH = "photolog.graph"
POSTS = "photolog.posts"
MEDIA = "photolog.media"
ENGAGEMENT = "photolog.engagement"
OPERATIONS = "photolog.operations"

TOPICS = (NAMES, ACCOUNTS, GRAPH, POSTS, MEDIA, ENGAGEMENT, OPERATIONS)
USER_TOPICS = (NAMES, ACCOUNTS, GRAPH, POSTS, MEDIA, ENGAGEMENT)
"""Those that tell what users do."""
