"""How commands of operators name people."""

from events.ids import MAX_ID
from producers.naming import username_form
from runtime.errors import CommandError
from stores.ports.views import Views


async def user_id(views: Views, user: str) -> int:
    """Of a user name or an id; a name that somebody has comes before an id."""
    username = username_form(user)
    account = None if username is None else await views.accounts.by_username(username)
    if account is not None:
        return account.user_id
    if not (user.isascii() and user.isdecimal() and int(user) <= MAX_ID):
        raise CommandError(f"nobody is called {user}")
    return int(user)
