"""What the layers of the application tell each other in the ASGI scope."""

HEADERS = "photolog.headers"
"""The request's headers, read once."""

REQUEST_ID = "photolog.request_id"

ROUTE = "photolog.route"
"""The template of the route that serves; absent while none does."""
