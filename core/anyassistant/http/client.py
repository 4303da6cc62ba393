"""The client: JSON in, JSON or a stream of it out."""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from functools import lru_cache, partial
from importlib.metadata import version
from pathlib import Path
from typing import Any, TypeAlias, TypedDict, TypeVar

import httpx
from pydantic_core import PydanticSerializationError, to_json
from typing_extensions import Unpack

from ..errors import InvalidRequest
from .body import Body
from .config import WireConfig
from .envelope import ReadError
from .form import File, size_of
from .items import EventDataReader, EventReader, ItemReader, LineReader
from .pools import LoopPools
from .redaction import Redactor, secrets_of_headers, secrets_of_url
from .response import WireResponse
from .sse import ServerSentEvent
from .stream import WireStream
from .transport import Call, Token, Transport, authorization
from .transports import TransportFactory, proxy_of_environment

T = TypeVar("T")

Query: TypeAlias = Mapping[str, str | int | float | bool | Sequence[str] | None]
"""Parameters in the URL; None leaves one out, a sequence repeats it."""

_JSON = "application/json"
_SSE = ("text/event-stream",)
_JSON_LINES = ("application/x-ndjson", "application/ndjson", "application/jsonl", "application/x-jsonlines", _JSON)
_URLS = 64
"""Of a client, which are kept as httpx has parsed them."""
_UNSAFE_PATH = re.compile(r"(^|/)\.{1,2}(/|$)|[?#\\\s]")


class RequestOptions(TypedDict, total=False):
    """What any request may have.

    Attributes:
        query: Parameters in the URL. Keys of services do not belong there: URLs are logged.
        headers: Beside those of the client.
        idempotency_key: Sent as `Idempotency-Key`: the service does a request with one key once, so that even one
            that creates something can be made again.
    """

    query: Query
    headers: Mapping[str, str]
    idempotency_key: str


class WireClient:
    """Speaks to one service, from any number of tasks, threads and event loops at once, on asyncio and trio.

    Connections are opened when they are needed. They are closed by `aclose`, and at the latest with their event loop.

    A failed attempt to open an answer is made again for `retry_seconds`, where another one makes sense: after 408, 409,
    429, 5xx and faults of the connection. What creates something is made again only if the service has refused it
    (408, 409, 429), cannot have got it, or can recognise it by its `idempotency_key`.

    Args:
        config: Where the service is, and how long it is waited for.
        name: The provider's name and version for the user agent, such as `anyassistant-ollama/0.1`.
        key_header: Where the key goes: in `Authorization` as a bearer token, in any other as it is.
        headers: Of every request, such as `{"OpenAI-Beta": "assistants=v2"}`.
        token: For services whose keys are short-lived: what it gives takes the place of the configured key.
        read_error: For services with an error form of their own: takes the JSON value (or the text) of a failed
            answer, of an `error` event or of an item of `sse` and `ndjson`, and returns the `Envelope` that it is;
            None where it is none.

    Raises:
        ConfigError: The configured key is not there.
    """

    def __init__(
        self,
        config: WireConfig,
        /,
        *,
        name: str = "",
        key_header: str = "Authorization",
        headers: Mapping[str, str] | None = None,
        token: Token | None = None,
        read_error: ReadError | None = None,
    ) -> None:
        key = config.read_key() if token is None else None
        prepared = httpx.Headers(headers)
        prepared["User-Agent"] = f"anyassistant/{version('anyassistant')} {name}".strip()
        if key is not None:
            prepared.update(authorization(key_header, key))
        prepared.update(config.headers)
        redactor = Redactor(
            [
                key or "",
                *secrets_of_headers(prepared),
                *secrets_of_url(config.proxy or proxy_of_environment(config.base_url)),
            ]
        )
        self._config = config
        self._prepare_headers = lru_cache(partial(_prepare_headers, prepared))
        self._parse_url = lru_cache(maxsize=_URLS)(_parse_url)
        self._pools = LoopPools(TransportFactory(config))
        self._transport = Transport(
            config, self._pools, redactor, key_header=key_header, token=token, read_error=read_error
        )

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._config.base_url!r})"

    async def get(self, path: str, /, **options: Unpack[RequestOptions]) -> WireResponse:
        """Ask for something.

        Args:
            path: Behind the base URL, such as `/threads/thread_1`.

        Raises:
            NotFound: There is no such object.
            InvalidRequest: The service does not take the request.
            ProviderError: The service failed, or could not be reached.
        """
        return await self._transport.fetch(self._call("GET", path, options))

    async def post(
        self, path: str, body: object = None, /, *, creates: bool = True, **options: Unpack[RequestOptions]
    ) -> WireResponse:
        """Send something.

        Args:
            path: Behind the base URL.
            body: What becomes the JSON of the request; None for no body.
            creates: Whether doing it twice would be wrong.

        Raises:
            AnyAssistantError: As for `get`.
        """
        return await self._transport.fetch(self._call("POST", path, options, body, creates=creates))

    async def delete(self, path: str, /, **options: Unpack[RequestOptions]) -> WireResponse:
        """Delete something.

        Raises:
            AnyAssistantError: As for `get`.
        """
        return await self._transport.fetch(self._call("DELETE", path, options))

    async def upload(
        self,
        path: str,
        content: bytes | Path,
        /,
        *,
        filename: str,
        media_type: str = "application/octet-stream",
        field: str = "file",
        fields: Mapping[str, str] | None = None,
        creates: bool = True,
        **options: Unpack[RequestOptions],
    ) -> WireResponse:
        """Send a file in a form.

        Args:
            path: Behind the base URL.
            content: Of the file: its bytes, or where it is; then it is read as it is sent.
            filename: Its name.
            media_type: Of its content.
            field: The field of the form that has the file.
            fields: The others.
            creates: Whether doing it twice would be wrong.

        Raises:
            AnyAssistantError: As for `get`.
            InvalidRequest: The file cannot be read, or not to its end any more.
        """
        size = await size_of(content) if isinstance(content, Path) else len(content)
        file = File(filename, content, media_type, field, fields or {}, size)
        return await self._transport.fetch(self._call("POST", path, options, file=file, creates=creates))

    def sse(
        self, path: str, body: object = None, /, *, creates: bool = False, **options: Unpack[RequestOptions]
    ) -> AbstractAsyncContextManager[WireStream[Any]]:
        """The values of the JSON in a stream of server-sent events, up to `[DONE]` or the end.

        An event called `error`, and a value with an `error` in it, is raised.

        Args:
            path: Behind the base URL.
            body: What becomes the JSON of a POST; None for a GET.
            creates: Whether opening it twice would be wrong. A model's answer stays nowhere; a run does.

        Raises:
            AnyAssistantError: As for `get`, at opening.
            ProviderError: While it is read: the connection broke or the stream was cut (`connection_error`), nothing
                came for too long (`timeout`), what came cannot be read (`invalid_response`), or is an error.
        """
        call = self._stream_call(path, options, body, creates=creates, media_types=_SSE)
        return self._stream(call, lambda answer: EventDataReader(answer, max_event_bytes=self._config.max_event_bytes))

    def sse_events(
        self, path: str, body: object = None, /, *, creates: bool = False, **options: Unpack[RequestOptions]
    ) -> AbstractAsyncContextManager[WireStream[ServerSentEvent]]:
        """The same, as events with their names and ids, their data not read. An event called `error` is raised.

        Raises:
            AnyAssistantError: As for `sse`.
        """
        call = self._stream_call(path, options, body, creates=creates, media_types=_SSE)
        return self._stream(call, lambda answer: EventReader(answer, max_event_bytes=self._config.max_event_bytes))

    def ndjson(
        self, path: str, body: object = None, /, *, creates: bool = False, **options: Unpack[RequestOptions]
    ) -> AbstractAsyncContextManager[WireStream[Any]]:
        """The values of a stream of JSON lines. A value with an `error` in it is raised.

        Raises:
            AnyAssistantError: As for `sse`.
        """
        call = self._stream_call(path, options, body, creates=creates, media_types=_JSON_LINES)
        return self._stream(call, lambda answer: LineReader(answer, max_line_bytes=self._config.max_event_bytes))

    async def aclose(self) -> None:
        """Close the connections of this event loop. A client that is used again opens new ones."""
        await self._pools.aclose()

    @asynccontextmanager
    async def _stream(
        self, call: Call, make_reader: Callable[[Body], ItemReader[Any, T]]
    ) -> AsyncGenerator[WireStream[T], None]:
        body = await self._transport.open(call)
        stream = WireStream(body, make_reader(body))
        try:
            yield stream
        finally:
            await stream.aclose()

    def _stream_call(
        self, path: str, options: RequestOptions, body: object, *, creates: bool, media_types: Sequence[str]
    ) -> Call:
        method = "GET" if body is None else "POST"
        return self._call(method, path, options, body, creates=creates, media_types=media_types)

    def _call(
        self,
        method: str,
        path: str,
        options: RequestOptions,
        body: object = None,
        *,
        file: File | None = None,
        creates: bool = False,
        media_types: Sequence[str] = (),
    ) -> Call:
        if _UNSAFE_PATH.search(path):  # an id of the caller's must not lead to another place
            raise InvalidRequest(f"{path!r} is no path of a request.", param="path", code="invalid_value")
        address = f"{self._config.base_url}/{path.lstrip('/')}"
        url = self._parse_url(address)
        if query := options.get("query"):
            url = url.copy_merge_params({name: value for name, value in query.items() if value is not None})
        headers = self._prepare_headers(url.netloc, media_types[0] if media_types else None, body is not None)
        own, key = options.get("headers"), options.get("idempotency_key")
        if own is not None or key is not None:
            headers = headers.copy()
            headers.update(own)
        if key is not None:
            headers["Idempotency-Key"] = key
        return Call(
            f"{method} {address}",
            method,
            url,
            headers,
            None if body is None else _write_json(body),
            file,
            is_repeatable=not creates or key is not None,
            media_types=media_types,
        )


def _prepare_headers(common: httpx.Headers, host: bytes, accept: str | None, has_json: bool) -> httpx.Headers:
    headers = httpx.Headers({"Host": host.decode("ascii")})
    headers.update(common)
    if accept is not None:
        headers["Accept"] = accept
        headers["Accept-Encoding"] = "identity"  # else pieces wait for each other in the compressor
    if has_json:
        headers["Content-Type"] = _JSON
    return headers


def _parse_url(address: str) -> httpx.URL:
    try:
        return httpx.URL(address)
    except httpx.InvalidURL as error:
        raise InvalidRequest(f"{address!r} is no URL: {error}.", param="path", code="invalid_value") from error


def _write_json(body: object) -> bytes:
    try:
        return to_json(body, inf_nan_mode="null")
    except (PydanticSerializationError, ValueError) as error:
        message = f"The request's body cannot be written as JSON: {error}."
        raise InvalidRequest(message, param="body", code="invalid_value") from error
