"""Keeping keys out of everything that people and logs are shown."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterable, Mapping
from urllib.parse import quote, unquote, urlsplit

HIDDEN = "***"
SHORTEST = 8
"""Characters of a secret. What is shorter, such as the `none` that local servers are given, hides only words."""
_RECENT_TOKENS = 4
_SECRET_NAME = re.compile(r"auth|cookie|credential|key|password|secret|token", re.IGNORECASE)


class Redactor:
    """Replaces secrets in texts by `***`, also where they are written as in a URL, in JSON or in HTML.

    Args:
        secrets: What nobody is to see.
    """

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        self._secrets = [secret for secret in secrets if len(secret) >= SHORTEST]
        self._tokens: list[str] = []
        self._pattern = _compile(self._secrets)

    def hide(self, text: str) -> str:
        """The text without a secret."""
        return text if self._pattern is None else self._pattern.sub(HIDDEN, text)

    def add_token(self, token: str) -> None:
        """Hide a short-lived secret from now on, until some others have come after it."""
        if len(token) >= SHORTEST and token not in self._tokens:
            self._tokens = [*self._tokens[1 - _RECENT_TOKENS :], token]
            self._pattern = _compile([*self._secrets, *self._tokens])


def secrets_of_headers(headers: Mapping[str, str]) -> Iterable[str]:
    """The values of headers whose names sound secret; of `Bearer KEY` the key alone too."""
    for name, value in headers.items():
        if _SECRET_NAME.search(name):
            yield value
            yield value.rpartition(" ")[2]


def secrets_of_url(url: str | None) -> Iterable[str]:
    """The password of a URL, if it has one."""
    if url is not None and (password := urlsplit(url).password):
        yield password
        yield unquote(password)


def _compile(secrets: Iterable[str]) -> re.Pattern[str] | None:
    written = {spelling for secret in secrets for spelling in spellings(secret)}
    if not written:
        return None
    longest_first = sorted(written, key=len, reverse=True)
    return re.compile("|".join(map(re.escape, longest_first)))


def spellings(secret: str) -> Iterable[str]:
    """A secret as it is written in texts, URLs, HTML, JSON and reprs."""
    yield secret
    yield quote(secret)
    yield quote(secret, safe="")
    yield html.escape(secret)
    yield json.dumps(secret)[1:-1]
    yield repr(secret)[1:-1]
