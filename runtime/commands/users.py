"""How commands of operators name people."""

import click

from stores.ports.views import Views


async def user_id(views: Views, user: str) -> int:
    """Of a user name or an id; a name that somebody has comes before an id."""
    account = await views.accounts.by_username(user.lower())
    if account is not None:
        return account.user_id
    if not user.isdecimal():
        raise click.ClickException(f"nobody is called {user}")
    return int(user)
