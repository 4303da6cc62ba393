"""The wire: requests out, its objects in."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import TypeVar
from urllib.parse import quote

from anyassistant.errors import InvalidRequest, NotFound, ProviderError
from anyassistant.http import Query, Token, WireClient, WireResponse
from anyassistant.types import Image, Page
from pydantic import BaseModel, ValidationError

from .config import Config
from .stream import RunStream
from .wire import WireList, WireObject, problems_of

M = TypeVar("M", bound=BaseModel)

POLL_AFTER = "openai-poll-after-ms"


class AssistantsClient:
    """Speaks the Assistants wire to one service.

    Attributes:
        streams: Whether streams are asked for: they are until the service refuses one.
    """

    def __init__(self, config: Config) -> None:
        headers = {"OpenAI-Beta": "assistants=v2"}
        if config.organization is not None:
            headers["OpenAI-Organization"] = config.organization
        if config.project is not None:
            headers["OpenAI-Project"] = config.project
        self.streams = config.stream
        self._parameters: Query = {} if config.api_version is None else {"api-version": config.api_version}
        self._http = WireClient(
            config,
            name=f"anyassistant-openai/{version('anyassistant-openai')}",
            key_header=config.key_header,
            headers=headers,
            token=None if config.token is None else _with_typed_errors(config.token),
        )

    async def get(self, path: str, model: type[M], /, query: Query | None = None) -> M:
        """An object of the service's.

        Raises:
            NotFound: There is none.
            ProviderError: The service failed, or gave something else.
        """
        return _read(await self._http.get(path, query=self._with(query)), model)

    async def get_polled(self, path: str, model: type[M], /) -> tuple[M, float | None]:
        """An object, and seconds after which the service wants to be asked for it again.

        Raises:
            NotFound: There is none.
            ProviderError: The service failed, or gave something else.
        """
        answer = await self._http.get(path, query=self._with(None))
        return _read(answer, model), _read_poll_after(answer.headers.get(POLL_AFTER, ""))

    async def list(self, path: str, model: type[M], /, query: Query) -> Page[M]:
        """A page of objects.

        Raises:
            ProviderError: The service failed, or gave something else.
        """
        answer = await self._http.get(path, query=self._with(query))
        page = _read(answer, WireList)
        return Page([_check(one, model, answer) for one in page.data], page.has_more)

    async def post(self, path: str, body: object, model: type[M], /, *, creates: bool = False) -> M:
        """Make or change something.

        Args:
            creates: Whether doing it twice would be wrong.

        Raises:
            InvalidRequest: The service does not take it.
            ProviderError: The service failed, or gave something else.
        """
        return _read(await self._http.post(path, body, creates=creates, query=self._with(None)), model)

    async def delete(self, path: str, /) -> None:
        await self._http.delete(path, query=self._with(None))

    async def stream(self, path: str, body: Mapping[str, object], /, *, creates: bool) -> RunStream | None:
        """Make something, and be told what becomes of it; None where the service does not stream: nothing was made.

        Raises:
            AnyAssistantError: As for `post`.
        """
        if not self.streams:
            return None
        opening = self._http.sse_events(path, {**body, "stream": True}, creates=creates, query=self._with(None))
        try:
            return await RunStream.open(opening)
        except InvalidRequest as error:
            if error.param != "stream":
                raise
            self.streams = False
            return None

    async def upload_image(self, image: Image) -> Image:
        """An image that the wire can name: it takes no bytes in a message."""
        if image.data is None:
            return image
        kind = image.media_type or "image/png"
        name = f"image.{kind.partition('/')[2].partition('+')[0]}"
        made = await self.upload(image.data, WireObject, filename=name, media_type=kind, purpose="vision")
        return Image(file_id=made.id, detail=image.detail)

    async def download(self, path: str, /) -> bytes:
        """Bytes that the service keeps.

        Raises:
            NotFound: There are none.
            InvalidRequest: The service does not give them.
        """
        return (await self._http.get(path, query=self._with(None))).content

    async def upload(
        self, content: bytes | Path, model: type[M], /, *, filename: str, media_type: str, purpose: str
    ) -> M:
        """Put a file there; not again where it may have arrived.

        Raises:
            InvalidRequest: The service does not take it, or it cannot be read to its end.
            ProviderError: The service failed, or the connection broke.
        """
        answer = await self._http.upload(
            "/files",
            content,
            filename=filename,
            media_type=media_type,
            fields={"purpose": purpose},
            query=self._with(None),
        )
        return _read(answer, model)

    async def aclose(self) -> None:
        await self._http.aclose()

    def _with(self, query: Query | None) -> Query:
        return self._parameters if query is None else {**query, **self._parameters}


def _with_typed_errors(token: Token) -> Token:
    """A token whose failures are errors of ours, by which no run is given up."""

    async def get_token() -> str:
        try:
            return await token()
        except Exception as error:
            said = f"`token` gave none: {type(error).__name__}."  # what it says may have a secret in it
            raise ProviderError(said, code="authentication_error") from error

    return get_token


def path_of(*parts: str) -> str:
    """The path of an object: names of collections and ids in turn.

    Raises:
        NotFound: An id is empty, which would name the collection.
    """
    if not all(parts):
        raise NotFound("An id is empty.", param="id", code="not_found")
    return "/" + "/".join(quote(part, safe="") for part in parts)


def _read_poll_after(said: str) -> float | None:
    """Seconds; None where nothing is said, or no time at all, by which the service would be asked without a break."""
    seconds = float(said) / 1000 if said.isdecimal() else 0.0
    return seconds if seconds > 0 else None


def _read(answer: WireResponse, model: type[M]) -> M:
    return _check(answer.json(), model, answer)


def _check(value: object, model: type[M], answer: WireResponse) -> M:
    try:
        return model.model_validate(value)
    except ValidationError as error:
        raise ProviderError(
            f"The service's answer is not as the Assistants wire has it: {problems_of(error)}.",
            code="invalid_response",
            request_id=answer.headers.get("x-request-id"),
        ) from error
