"""The scenarios of a provider whose service is reached over HTTP: without network, model or key."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import AsyncGenerator, AsyncIterator, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import TYPE_CHECKING

from ..errors import ConfigError, ProviderError
from ..protocols import ModelDelta, ModelRequest
from .echo_scenarios import EchoScenarios
from .scenarios import Scene

if TYPE_CHECKING:
    import httpx

    from .wire_double import WireDouble

_OF_SOME_WIRES = ("reasoning_effort", "response_schema")


class RespxScenarios(EchoScenarios, ABC):
    """A double of a service, which answers in the service's wire as `anyassistant.echo` does.

    Say where the service is, how a request is read and how an answer is written: respx answers whatever is sent there
    with httpx, and refuses whatever is sent elsewhere. Needs the extra `anyassistant[contract]`.

    Attributes:
        url: How the URLs of its POSTs begin.
        media_type: Of its answers.
        calls_in_pieces: Whether the arguments of a tool call come in several deltas.
        refuses: Whether `write_answer` knows `ModelDelta.refusal`.
        state: A `provider_state`, where `write_answer` writes it and `read_request` reads it; None for a wire without.
    """

    url: str
    media_type: str = "text/event-stream"
    calls_in_pieces: bool = False
    refuses: bool = False
    state: object = None
    _double: WireDouble | None = None

    @abstractmethod
    def read_request(self, request: httpx.Request, /) -> ModelRequest:
        """What a request asks of the model: the inverse of what the provider makes of a `ModelRequest`.

        Its `run_id` is of no account, nor is a field that the wire does not have. A `LookupError`, `TypeError`,
        `ValueError` or `AttributeError` refuses the request.
        """

    @abstractmethod
    def write_answer(self, deltas: AsyncIterator[ModelDelta], /) -> AsyncGenerator[bytes, None]:
        """An answer, frame by frame: what the provider then has to read.

        A delta has a state, or a piece of the text, of a refusal or of a tool call, whose `index` counts the calls and
        whose `id` comes with the first piece; or, as the last one, `usage` and the `finish_reason`. `sse` writes an
        event.
        """

    def write_failure(self, failure: ProviderError, /) -> httpx.Response:
        """A failure: by default in OpenAI's envelope, with the usual headers, and not to be tried again.

        `failure` always has a `status_code`.
        """
        import httpx

        headers = {"x-should-retry": "false"}
        if failure.retry_after is not None:
            headers["retry-after"] = f"{failure.retry_after:g}"
        if failure.request_id is not None:
            headers["x-request-id"] = failure.request_id
        error = {"message": str(failure), "type": failure.code, "code": failure.code}
        return httpx.Response(failure.status_code or 500, json={"error": error}, headers=headers)

    def staged(self, check: str, *, secrets: Sequence[str] = ()) -> AbstractContextManager[None]:
        return self._routes()

    def refuse(self) -> Scene:
        from .wire_double import REFUSE

        return Scene(REFUSE) if self.refuses else super().refuse()

    def give_state(self) -> Scene:
        from .wire_double import GIVE_STATE, WITH_STATE

        return super().give_state() if self.state is None else Scene(GIVE_STATE, WITH_STATE)

    def fail(
        self, code: str, message: str, *, retry_after: float | None = None, request_id: str | None = None
    ) -> Scene:
        from .wire_double import REQUEST_ID, RETRY_AFTER

        lines = [f"FAIL {code} {message}"]
        lines += [] if retry_after is None else [f"{RETRY_AFTER}{retry_after}"]
        lines += [] if request_id is None else [f"{REQUEST_ID}{request_id}"]
        return Scene("\n".join(lines))

    def read_report(self, answer: str) -> Mapping[str, object]:
        """Without fields that not every wire has: not read is not the same as not sent."""
        report = super().read_report(answer)
        return {name: value for name, value in report.items() if value is not None or name not in _OF_SOME_WIRES}

    def received(self) -> Sequence[ModelRequest]:
        return [] if self._double is None else self._double.received

    def is_answering(self) -> bool:
        return self._double is not None and self._double.is_answering

    @contextmanager
    def _routes(self) -> Iterator[None]:
        try:
            import respx
        except ModuleNotFoundError as error:
            raise ConfigError("RespxScenarios need respx: pip install 'anyassistant[contract]'") from error
        from .wire_double import WireDouble

        double = WireDouble(
            self.read_request,
            self.write_answer,
            self.write_failure,
            media_type=self.media_type,
            calls_in_pieces=self.calls_in_pieces,
            state=self.state,
        )
        with respx.MockRouter(assert_all_called=False) as router:
            router.post(url__startswith=self.url).mock(side_effect=double)
            self._double = double
            yield


def sse(data: object, *, event: str | None = None) -> bytes:
    """A server-sent event, its data as JSON; a text goes out as it stands, such as `[DONE]`."""
    text = data if isinstance(data, str) else json.dumps(data, ensure_ascii=False)
    lines = [] if event is None else [f"event: {event}"]
    return "\n".join([*lines, f"data: {text}", "", ""]).encode()
