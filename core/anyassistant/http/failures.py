"""Everything that can go wrong with a request, as errors of ours: no message of them has a key in it.

| what happened | error | code |
|---|---|---|
| no connection, or it broke, or the answer ended too early | `ProviderError` | `connection_error` |
| it took too long | `ProviderError` | `timeout` |
| the answer is not what was asked for, or cannot be read | `ProviderError` | `invalid_response` |
| 400, 422 | `InvalidRequest` | the service's, else `invalid_request` |
| 404 with the service's own error | `NotFound` | `not_found` |
| any other status, an error in a stream | `ProviderError` | the service's, else by status, see `CODES` |
"""

from __future__ import annotations

import logging
import ssl
from collections.abc import Iterator, Mapping
from http import HTTPStatus
from typing import Any

import httpx

from ..errors import AnyAssistantError, InvalidRequest, NotFound, ProviderError
from .envelope import Envelope, ReadError, decode_body, describe_body, read_envelope
from .redaction import Redactor
from .retry_after import read_retry_after

logger = logging.getLogger("anyassistant.http")

CODES: Mapping[int, str] = {
    400: "invalid_request",
    401: "authentication_error",
    403: "permission_denied",
    404: "not_found",
    408: "timeout",
    409: "conflict",
    413: "request_too_large",
    422: "invalid_request",
    429: "rate_limit_exceeded",
}
"""The code of a failed answer that has none of its own; `server_error` for 5xx, `invalid_response` for all others."""
REQUEST_ID_HEADERS = ("x-request-id", "request-id", "x-ms-request-id", "apim-request-id")
_SHOWN = 1_000
"""Characters of what a service said that a message repeats."""


class Failures:
    """Makes the errors of one request.

    Args:
        request: How messages name it: `POST https://api.example.com/v1/threads`.
        redactor: Hides the keys.
        read_error: Reads the service's own form of errors; asked before the usual ones are looked for.
    """

    def __init__(self, request: str, redactor: Redactor, read_error: ReadError | None = None) -> None:
        self._request = request
        self._redactor = redactor
        self._read_error = read_error

    def of_answer(self, status: int, headers: Mapping[str, str], body: bytes) -> AnyAssistantError:
        """The error of an answer whose status is no success."""
        envelope = self.find_error(decode_body(body))
        said = (envelope.message if envelope is not None else "") or describe_body(body)
        if 300 <= status < 400:
            said = f"redirects are not followed. Is base_url right? {said}".strip()
        elif status == 404 and envelope is None:
            said = f"is base_url right? {said}".strip()
        message = self._show(f"{self._request} was answered {status}: {said or _phrase(status)}")
        request_id = self._show_id(envelope, headers)
        code = self._show((envelope.code if envelope else None) or _code_of(status))
        param = self._show((envelope.param if envelope else None) or "request")
        details = self._show_details(envelope)
        if status == 404 and envelope is not None:
            code = "not_found"
            return NotFound(message, param=param, code=code, status_code=status, request_id=request_id, details=details)
        if status in (400, 422):
            return InvalidRequest(
                message, param=param, code=code, status_code=status, request_id=request_id, details=details
            )
        return ProviderError(
            message,
            code=code,
            status_code=status,
            request_id=request_id,
            retry_after=read_retry_after(headers),
            details=details,
        )

    def of_event(self, value: Any, headers: Mapping[str, str]) -> ProviderError:
        """The error that a service tells in a stream."""
        envelope = self.find_error(value) or Envelope("")
        return ProviderError(
            self._show(f"{self._request} failed in the middle of its answer: {envelope.message or value}"),
            code=self._show(envelope.code or envelope.type or "server_error"),
            request_id=self._show_id(envelope, headers),
            details=self._show_details(envelope),
        )

    def find_error(self, value: Any) -> Envelope | None:
        """The error that a value has, in the service's own form or a usual one."""
        return self.find_own_error(value) or read_envelope(value)

    def find_own_error(self, value: Any) -> Envelope | None:
        """The error that a value is in the service's own form."""
        if self._read_error is None:
            return None
        try:
            found = self._read_error(value)
            return None if found is None else _as_texts(found)
        except Exception as error:  # noqa: BLE001 - the author's mistake must not take the place of the service's failure
            logger.debug("%s: read_error raised %s", self._request, self._redactor.hide(repr(error)))
            return None

    def of_transport(self, error: httpx.HTTPError | httpx.StreamError, *, when: str) -> ProviderError:
        """The error of a connection that could not be made, or broke.

        Args:
            when: How far the request had come: `before the answer`, `in the middle of the answer`.
        """
        if isinstance(error, httpx.ConnectTimeout):
            return self.too_slow("no connection in time (connect_seconds)")
        if isinstance(error, httpx.WriteTimeout):
            return self.too_slow("the request could not be sent in time (idle_seconds)")
        if isinstance(error, httpx.ConnectError | httpx.ProxyError | httpx.UnsupportedProtocol):
            said = f"{self._request}: cannot connect: {_said(error)}"
            return ProviderError(self._show(said), code="connection_error")
        said = f"{self._request}: the connection broke {when}: {_said(error)}"
        return ProviderError(self._show(said), code="connection_error")

    def cut(self) -> ProviderError:
        """The error of a stream that ends inside an event."""
        return ProviderError(
            f"{self._request}: the answer ended in the middle of an event; what came before it is complete.",
            code="connection_error",
        )

    def too_slow(self, what: str) -> ProviderError:
        """The error of a wait that was too long; `what` says for what, and how long."""
        return ProviderError(f"{self._request}: {what}.", code="timeout")

    def unreadable(self, what: str, body: bytes = b"", *, headers: Mapping[str, str]) -> ProviderError:
        """The error of an answer that is not what was asked for."""
        said = describe_body(body)
        return ProviderError(
            self._show(f"{self._request}: {what}{': ' if said else ''}{said}"),
            code="invalid_response",
            request_id=self._show_id(None, headers),
        )

    def _show(self, text: str) -> str:
        text = self._redactor.hide(text)
        return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"

    def _show_details(self, envelope: Envelope | None) -> Mapping[str, str]:
        details = envelope.details if envelope is not None else {}
        return {self._show(name): self._show(value) for name, value in details.items()}

    def _show_id(self, envelope: Envelope | None, headers: Mapping[str, str]) -> str | None:
        found = next((headers[name] for name in REQUEST_ID_HEADERS if name in headers), None)
        found = found or (envelope.request_id if envelope else None)
        return self._show(found) if found else None


def is_lasting(error: BaseException) -> bool:
    """Whether no other attempt can help: the service's certificate is not trusted."""
    return any(isinstance(one, ssl.SSLCertVerificationError) for one in _chain(error))


def _as_texts(envelope: Envelope) -> Envelope:
    """With texts only: a service's code may be a number."""
    message, code, kind, param, request_id = (
        None if one is None else str(one)
        for one in (envelope.message, envelope.code, envelope.type, envelope.param, envelope.request_id)
    )
    details = {str(name): str(value) for name, value in envelope.details.items()}
    return Envelope(message or "", code, kind, param, request_id, details)


def _said(error: BaseException) -> str:
    """What an error says, or else what caused it, or else its name."""
    return next(filter(None, map(str, _chain(error))), type(error).__name__)


def _chain(error: BaseException) -> Iterator[BaseException]:
    """An error, and what caused it; httpcore hides some causes, which remain as contexts."""
    cause: BaseException | None = error
    while cause is not None:
        yield cause
        cause = cause.__cause__ or cause.__context__


def _code_of(status: int) -> str:
    return CODES.get(status) or ("server_error" if status >= 500 else "invalid_response")


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "nothing more"
