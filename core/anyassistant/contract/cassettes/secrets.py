"""Keeping secrets out of cassettes: those that are known, and those that requests and answers show to be some."""

from __future__ import annotations

import re
from base64 import b64decode, b64encode, urlsafe_b64encode
from collections.abc import Iterable, Iterator, Mapping, Sequence
from urllib.parse import parse_qsl, unquote, unquote_plus, urlsplit, urlunsplit

from pydantic_core import from_json

from ...http.redaction import HIDDEN, SHORTEST, secrets_of_headers, spellings
from .pieces import replace_in_pieces

_FIELDS = (
    "(?:access|refresh|id|session)[_-]?token|client[_-]?secret|client[_-]?assertion|(?:secret[_-]?)?access[_-]?key|"
    "api[_-]?key|private[_-]?key|password|authorization"
)
"""Of bodies. Words such as `token` and `key` alone are names of much that is no secret."""
_PARAMETER_NAMES = (
    "(?!page|next|max)(?:[a-z]+[_-])*?(?:(?:api|access|auth|client|security)[_-]?)?"
    "(?:key|token|secret|signature|credential|password|sig)="
)
_PARAMETER = re.compile(_PARAMETER_NAMES, re.IGNORECASE)
_IN_JSON = re.compile(rf'"(?:{_FIELDS})"\s*:\s*"((?:[^"\\]|\\.)+)"'.encode(), re.IGNORECASE)
_IN_FORM = re.compile(rf"(?:^|&)(?:{_FIELDS})=([^&\s]+)".encode(), re.IGNORECASE)
_IN_URL = re.compile(rf"(?:[?&]|&amp;|\\u0026){_PARAMETER_NAMES}([^&#\s\"'<>\\]+)".encode(), re.IGNORECASE)
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
            patterns = sorted({_any_spelling(one) for one in _with_base64(self._values)}, key=len, reverse=True)
            # None at all is what a lookahead of nothing finds.
            self._pattern = re.compile("|".join(patterns).encode() or b"(?!)")
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
        yield from (_read_json(match[1].decode("utf-8", "replace")) for match in _IN_JSON.finditer(body))
        for pattern in (_IN_FORM, _IN_URL):
            yield from (unquote_plus(match[1].decode("utf-8", "replace")) for match in pattern.finditer(body))


def _of_basic(value: str) -> Iterator[str]:
    """The user and password of basic authorisation."""
    scheme, _, encoded = value.partition(" ")
    if scheme.lower() == "basic":
        try:
            decoded = b64decode(encoded, validate=True).decode()
        except ValueError:
            return
        yield decoded
        yield decoded.partition(":")[2]


def _read_json(text: str) -> str:
    """What stands between the quotes of a JSON string."""
    try:
        return str(from_json(f'"{text}"'))
    except ValueError:
        return text


def _with_base64(values: Iterable[str]) -> Iterator[str]:
    """Values, and what remains the same of their base64 whatever stands before and behind them."""
    for value in values:
        yield value
        content = value.encode()
        for before, changed in ((0, 0), (1, 2), (2, 3)):
            for encode in (b64encode, urlsafe_b64encode):
                yield encode(bytes(before) + content)[changed : (before + len(content)) * 8 // 6].decode()


def _any_spelling(value: str) -> str:
    """A pattern of a value whose every character may be written as in a URL, in HTML, in JSON, or in JSON in JSON."""
    return "".join(char if char.isascii() and char.isalnum() else _any_spelling_of(char) for char in value)


def _any_spelling_of(char: str) -> str:
    units = char.encode("utf-16-be").hex()
    in_json = "".join(rf"\u{units[at : at + 4]}" for at in range(0, len(units), 4))
    written = {*spellings(char), *(spellings("+") if char == " " else ()), in_json, f"\\{char}"}
    longest_first = sorted(map(re.escape, written), key=len, reverse=True)
    # In each JSON around another, a backslash is doubled; of each URL in another, so is a percent sign.
    return f"(?i:{'|'.join(longest_first)})".replace(r"\\", r"\\{1,15}").replace("%", "%(?:25)*")
