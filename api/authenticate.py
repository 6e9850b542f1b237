"""From an access token to who asks: the token must be ours and its session must live."""

from api.calls import Viewer
from api.services import Services


async def authenticate(app: Services, token: str) -> Viewer | None:
    """None for a token that is forged or expired, and for one whose session has ended."""
    claims = app.tokens.verify(token)
    if claims is None or await app.sessions.owner(claims.session_id) != claims.account_id:
        return None
    app.seen.here(claims.account_id)
    return Viewer(claims.account_id, claims.session_id)
