"""A service that answers as `echo` does, in whichever wire: what stands behind `RespxScenarios`."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence
from contextlib import aclosing
from dataclasses import replace
from itertools import count
from typing import TypeAlias

import anyio
import httpx
from anyio.lowlevel import checkpoint

from ..echo import Echo, Script, read_script
from ..errors import ProviderError
from ..protocols import AssistantMessage, ModelDelta, ModelMessage, ModelRequest, ToolMessage, Usage

REFUSE = "REFUSE"
GIVE_STATE = "STATE"
WITH_STATE = f"ECHO: {GIVE_STATE}"
"""What is said where a state is given."""
RETRY_AFTER = "RETRY-AFTER "
REQUEST_ID = "REQUEST-ID "

INVALID_REQUEST = "invalid_request"
STATUSES = {
    INVALID_REQUEST: 400,
    "context_length_exceeded": 400,
    "authentication_error": 401,
    "permission_denied": 403,
    "not_found": 404,
    "rate_limit_exceeded": 429,
}
"""Of a failure, by its code; 500 for all others."""

ReadRequest: TypeAlias = Callable[[httpx.Request], ModelRequest]
WriteAnswer: TypeAlias = Callable[[AsyncIterator[ModelDelta]], AsyncGenerator[bytes, None]]
WriteFailure: TypeAlias = Callable[[ProviderError], httpx.Response]


class WireDouble:
    """Answers the requests of one wire. What it is asked to do, and in which words, is `echo`'s contract.

    It is as strict as services are: a request that cannot be read, and an output that belongs to no call, is refused.

    Args:
        read_request: What a request asks of the model.
        write_answer: An answer, frame by frame.
        write_failure: A failure.
        media_type: Of answers.
        calls_in_pieces: Whether a call's arguments come in several deltas.
        state: The `provider_state` of a turn, where one is asked for.

    Attributes:
        received: The requests that could be read.
        is_answering: Whether not all of the last answer has been sent.
    """

    def __init__(
        self,
        read_request: ReadRequest,
        write_answer: WriteAnswer,
        write_failure: WriteFailure,
        *,
        media_type: str,
        calls_in_pieces: bool,
        state: object,
    ) -> None:
        self._read_request = read_request
        self._write_answer = write_answer
        self._write_failure = write_failure
        self._media_type = media_type
        self._calls_in_pieces = calls_in_pieces
        self._state = state
        self._numbers = count(1)
        self.received: list[ModelRequest] = []
        self._last: Pieces | None = None

    @property
    def is_answering(self) -> bool:
        return self._last is not None and not self._last.is_sent

    async def __call__(self, request: httpx.Request) -> httpx.Response:
        """The answer to a request."""
        try:
            asked = self._read_request(request)
        except (LookupError, TypeError, ValueError, AttributeError) as error:
            return self._refuse(f"The request is none that is known: {type(error).__name__}: {error}.")
        self.received.append(asked)
        problem = problem_with(asked.messages) or self._problem_with_states(asked.messages)
        if problem is not None:
            return self._refuse(problem)
        script = read_script(asked)
        if script.failure is not None and not script.next_calls(asked):
            await anyio.sleep(script.sleep)
            return self._write_failure(_failure_of(script, *script.failure))
        pieces = Pieces(self._numbered(self._deltas(script, asked)), self._write_answer)
        self._last = pieces
        return httpx.Response(200, headers={"content-type": self._media_type}, stream=pieces)

    def _refuse(self, message: str) -> httpx.Response:
        return self._write_failure(ProviderError(message, code=INVALID_REQUEST, status_code=STATUSES[INVALID_REQUEST]))

    def _problem_with_states(self, messages: Sequence[ModelMessage]) -> str | None:
        """Turns that had a state when they were given, and come back without it, or with another."""
        turns = [one for one in messages if isinstance(one, AssistantMessage) and one.text == WITH_STATE]
        wrong = [one.provider_state for one in turns if self._state is not None and one.provider_state != self._state]
        return f"A turn was given with the state {self._state!r} and came with {wrong[0]!r}." if wrong else None

    async def _deltas(self, script: Script, asked: ModelRequest) -> AsyncGenerator[ModelDelta, None]:
        if script.text == REFUSE:
            for piece in ("I will ", "not."):
                yield ModelDelta(refusal=piece)
            yield ModelDelta(usage=Usage(1, 2), finish_reason="refusal")
            return
        if script.text == GIVE_STATE:
            yield ModelDelta(provider_state=self._state)
        async with aclosing(Echo().respond(asked)) as deltas:
            async for delta in deltas:
                yield delta

    async def _numbered(self, deltas: AsyncGenerator[ModelDelta, None]) -> AsyncGenerator[ModelDelta, None]:
        """The deltas, with the ids and the places that services give to calls."""
        index = 0
        try:
            async for delta in deltas:
                if (call := delta.tool_call) is None:
                    yield delta
                    continue
                call = replace(call, index=index, id=f"call_{next(self._numbers):06}")
                index += 1
                if not self._calls_in_pieces:
                    yield replace(delta, tool_call=call)
                    continue
                half = len(call.arguments) // 2
                yield replace(delta, tool_call=replace(call, arguments=""))
                for part in (call.arguments[:half], call.arguments[half:]):
                    yield ModelDelta(tool_call=replace(call, name=None, id=None, arguments=part))
        finally:
            await deltas.aclose()


class Pieces(httpx.AsyncByteStream):
    """The body of an answer, as it comes over a network: cut anywhere, with waits where the model takes its time.

    Attributes:
        is_sent: Whether all of it has been taken.
    """

    def __init__(self, deltas: AsyncGenerator[ModelDelta, None], write: WriteAnswer) -> None:
        self._deltas = deltas
        self._frames = write(deltas)
        self._rest = b""
        self._is_closed = False
        self.is_sent = False

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self

    async def __anext__(self) -> bytes:
        if self._is_closed:
            raise StopAsyncIteration
        await checkpoint()
        if self._rest:
            piece, self._rest = self._rest, b""
            return piece
        try:
            frame = await anext(self._frames)
        except StopAsyncIteration:
            self.is_sent = True
            raise
        half = len(frame) // 2
        piece, self._rest = (frame[:half], frame[half:]) if half else (frame, b"")
        return piece

    async def aclose(self) -> None:
        self._is_closed = True
        await self._frames.aclose()
        await self._deltas.aclose()


def problem_with(messages: Sequence[ModelMessage]) -> str | None:
    """What services refuse in a history: calls and outputs that do not belong together. None where there is nothing.

    Calls of a wire that has no ids for them are not looked at.
    """
    open_calls: list[str] = []
    for message in messages:
        if isinstance(message, ToolMessage):
            if message.call_id in open_calls:
                open_calls.remove(message.call_id)
            elif message.call_id:
                return f"There is an output of {message.call_id!r}, which is no call of the turn before it."
            continue
        if open_calls:
            return f"The calls {open_calls} have no output in the messages behind them."
        if isinstance(message, AssistantMessage):
            open_calls = [call.id for call in message.tool_calls if call.id]
    return f"The calls {open_calls} have no output in the messages behind them." if open_calls else None


def _failure_of(script: Script, code: str, message: str) -> ProviderError:
    wait = _line_with(RETRY_AFTER, script)
    return ProviderError(
        message,
        code=code,
        status_code=STATUSES.get(code, 500),
        retry_after=None if wait is None else float(wait),
        request_id=_line_with(REQUEST_ID, script),
    )


def _line_with(word: str, script: Script) -> str | None:
    return next((line.removeprefix(word) for line in script.text.splitlines() if line.startswith(word)), None)
