"""The access token of a recording: what to say where there is none, or none that could be sent."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from typing import Any, Final

from pytest_hubfiles.errors import HubfilesError

TOKEN: Final = "HUBSPOT_ACCESS_TOKEN"
"""The environment variable with the access token."""
_SCHEME_ALONE: Final = re.compile(r"\s*(bearer)?\s*(none|null|undefined)?\s*", re.IGNORECASE)
"""A credential that is none: what code puts together from a token that is not there ends in a word for that."""


class TokenMissingError(HubfilesError):
    """A request was to go to the network and there is no token for it; ``asked`` is the request."""

    def __init__(self, asked: str) -> None:
        self.asked = asked
        super().__init__(
            f"{asked} was not sent: it has no HubSpot access token, and {token_state()}.\n"
            f"Set {TOKEN} to one of your account (to any value for hubfiles sandbox), or override the fixture "
            "hubfiles_token. Replaying needs none."
        )


class TokenUnusableError(HubfilesError):
    """A token that no client could send as it is."""

    def __init__(self) -> None:
        super().__init__(
            f"Recording needs a HubSpot access token, and the one that the fixture hubfiles_token gives has white space"
            f" or a line break in it, or is nothing else ({token_state()}).\n"
            f'Set it without, such as by {TOKEN}="$(cat token.txt)". Replaying needs none.'
        )


def token_state(environment: Mapping[str, str] = os.environ) -> str:
    """Return in a few words what HUBSPOT_ACCESS_TOKEN is, never its value."""
    token = environment.get(TOKEN)
    if token is None:
        return f"{TOKEN} is not set"
    if not token:
        return f"{TOKEN} is empty"
    if not token.strip():
        return f"{TOKEN} is nothing but white space"
    return f"{TOKEN} has white space in it" if token.split() != [token] else f"{TOKEN} is set"


def check_token(token: str | None) -> None:
    """Refuse a *token* that clients would refuse as part of a header, each in words of its own.

    Raises:
        TokenUnusableError: if there is white space in it.
    """
    if token is not None and token.split() != [token]:
        raise TokenUnusableError


def lacks_token(headers: Mapping[Any, Any]) -> bool:
    """Return whether *headers* name a scheme of authorization and no credential, which most clients refuse to send."""
    from pytest_hubfiles.record.wire import text_of

    values = [text_of(value) for name, value in headers.items() if text_of(name).lower() == "authorization"]
    return any(_SCHEME_ALONE.fullmatch(value) for value in values)
