"""Keeping secrets out of cassettes: those that are known, and those that requests and answers show to be some."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from urllib.parse import parse_qsl, unquote, urlsplit, urlunsplit

from ...http.redaction import HIDDEN, SHORTEST, secrets_of_headers, spellings
from .pieces import replace_in_pieces

_FIELDS = (
    "access_token|refresh_token|id_token|session_token|client_secret|client_assertion|api_?key|password|authorization"
)
"""Of bodies. Words such as `token` and `key` alone are names of much that is no secret."""
_IN_JSON = re.compile(rf'"(?:{_FIELDS})"\s*:\s*"((?:[^"\\]|\\.)+)"'.encode(), re.IGNORECASE)
_IN_FORM = re.compile(rf"(?:^|&)(?:{_FIELDS})=([^&\s]+)".encode(), re.IGNORECASE)
_PARAMETER = re.compile(
    r"(?!page|next|max)(?:[a-z]+[_-])*?(?:(?:api|access|auth|client|security)[_-]?)?(?:key|token|secret|signature|credential|password|sig)=",
    re.IGNORECASE,
)
_NO_SECRET = ("idempotency-key",)


class Secrets:
    """What must not be written down. What is shorter than eight characters hides only words, and is none.

    Args:
        known: Values.
    """

    def __init__(self, known: Iterable[str] = ()) -> None:
        self._values = {value for value in known if len(value) >= SHORTEST}
        self._pattern: re.Pattern[bytes] | None = None

    def learn_from(self, headers: Mapping[str, str], url: str, *bodies: bytes) -> None:
        """Find those of a request, or of an answer, by the names of what they are in."""
        found = {value for value in _secrets_in(headers, url, bodies) if len(value) >= SHORTEST}
        if not found <= self._values:
            self._values |= found
            self._pattern = None

    def hide(self, content: bytes) -> bytes:
        """A content without them."""
        return b"".join(self.hide_in_pieces([content]))

    def hide_in_pieces(self, pieces: Sequence[bytes]) -> list[bytes]:
        """A body without them, also where the pieces cut one in two."""
        if self._pattern is None:
            written = {spelling.encode() for value in self._values for spelling in spellings(value)}
            # None at all is what a lookahead of nothing finds.
            self._pattern = re.compile(b"|".join(map(re.escape, sorted(written, key=len, reverse=True))) or b"(?!)")
        return replace_in_pieces(pieces, self._pattern, lambda _: HIDDEN.encode())

    def hide_in_url(self, url: str) -> str:
        """A URL without them, without a user, and without the values of parameters that are called like secrets."""
        parts = urlsplit(self.hide(url.encode()).decode())
        query = "&".join(
            f"{one.partition('=')[0]}={HIDDEN}" if _PARAMETER.match(one) else one for one in parts.query.split("&")
        )
        return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2], query=query, fragment=""))


def _secrets_in(headers: Mapping[str, str], url: str, bodies: Iterable[bytes]) -> Iterator[str]:
    for value in secrets_of_headers({name: value for name, value in headers.items() if name not in _NO_SECRET}):
        yield value
        yield from _of_basic(value)
        for cookie in value.split(";"):
            yield cookie.partition("=")[2]
    parts = urlsplit(url)
    yield unquote(parts.password or "")
    yield from (value for name, value in parse_qsl(parts.query) if _PARAMETER.match(f"{name}="))
    for body in bodies:
        for pattern in (_IN_JSON, _IN_FORM):
            yield from (match[1].decode("utf-8", "replace") for match in pattern.finditer(body))


def _of_basic(value: str) -> Iterator[str]:
    """The user and password of basic authorisation."""
    scheme, _, encoded = value.partition(" ")
    if scheme.lower() == "basic":
        try:
            decoded = base64.b64decode(encoded, validate=True).decode()
        except ValueError:
            return
        yield decoded
        yield decoded.partition(":")[2]
