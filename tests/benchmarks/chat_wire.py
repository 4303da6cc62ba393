"""A minimal `ChatModel` over the Chat-Completions wire, which makes of httpx what can be made of it.

Prepared headers, `client.send(..., stream=True)`, bodies through `pydantic_core`, events split on bytes. One httpx pool
looks through all its connections for every request, so there are many small ones (DESIGN section 8).

Source: OpenAI API reference, "Chat Completions".
"""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import Any

import httpx
from anyassistant.errors import ProviderError
from anyassistant.protocols import (
    AssistantMessage,
    Capabilities,
    ChatModel,
    ModelDelta,
    ModelMessage,
    ModelRequest,
    NamedTool,
    ToolCallDelta,
    ToolMessage,
    Usage,
    UserMessage,
)
from pydantic_core import from_json, to_json
from sse_bytes import EventSplitter

MAX_POOLS = 20
CONNECTIONS = 10
"""Connections of one pool."""
TIMEOUT = httpx.Timeout(60.0).as_dict()


class ChatWire(ChatModel):
    """A model behind a Chat-Completions service.

    Args:
        base_url: Such as `http://127.0.0.1:8000/v1`.
        context_tokens: What fits in one call, or None for no bound.
    """

    def __init__(self, base_url: str, *, context_tokens: int | None = None) -> None:
        self.capabilities = Capabilities(
            tools=True, parallel_tool_calls=True, streaming=True, usage=True, context_tokens=context_tokens
        )
        self._url = httpx.URL(f"{base_url}/chat/completions")
        self._headers = httpx.Headers(
            {
                "Accept": "text/event-stream",
                "Accept-Encoding": "identity",
                "Authorization": "Bearer none",
                "Content-Type": "application/json",
                "Host": self._url.netloc.decode(),
            }
        )
        self._pools = _Pools()

    async def respond(self, request: ModelRequest, /) -> AsyncGenerator[ModelDelta, None]:
        pool = self._pools.enter()
        try:
            sent = httpx.Request(
                "POST",
                self._url,
                headers=self._headers,
                content=to_json(request_body(request)),
                extensions={"timeout": TIMEOUT},
            )
            response = await pool.client.send(sent, stream=True)
            try:
                if response.status_code != 200:
                    raise ProviderError((await response.aread()).decode(), code=str(response.status_code))
                split = EventSplitter().feed
                stream = response.stream
                assert isinstance(stream, httpx.AsyncByteStream)  # an AsyncClient's response
                async for chunk in stream:  # `aiter_raw` is one more generator around it
                    for data in split(chunk):
                        if data == b"[DONE]":
                            continue
                        said = read_event(from_json(data))
                        if isinstance(said, str):
                            yield ModelDelta(said)
                        else:
                            for delta in said:
                                yield delta
            finally:
                await response.aclose()
        except httpx.HTTPError as error:
            raise ProviderError(f"The service failed: {error!r}", code="connection_error") from error
        finally:
            self._pools.leave(pool)

    async def aclose(self) -> None:
        await self._pools.aclose()


def read_event(event: dict[str, Any]) -> str | list[ModelDelta]:
    """What one event of the stream says; a text alone, as nearly all of them are, is not wrapped into a list."""
    choices = event["choices"]
    if not choices:
        usage = event.get("usage")
        return [ModelDelta(usage=Usage(usage["prompt_tokens"], usage["completion_tokens"]))] if usage else []
    choice = choices[0]
    delta, reason = choice["delta"], choice["finish_reason"]
    text, calls = delta.get("content"), delta.get("tool_calls")
    if text and not calls and reason is None:
        return text  # type: ignore[no-any-return]  # as the wire has it
    found = [ModelDelta(text)] if text else []
    for call in calls or ():
        function = call["function"]
        piece = ToolCallDelta(function.get("name"), function.get("arguments") or "", call["index"], call.get("id"))
        found.append(ModelDelta(tool_call=piece))
    if reason is not None:
        found.append(ModelDelta(finish_reason=reason))
    return found


def request_body(request: ModelRequest) -> dict[str, object]:
    """The body of a call."""
    messages = [message_to_wire(message) for message in request.messages]
    if request.instructions:
        messages.insert(0, {"role": "system", "content": request.instructions})
    body: dict[str, object] = {
        "model": request.model,
        "stream": True,
        "stream_options": {"include_usage": True},
        "messages": messages,
    }
    if request.tools:
        body["tools"] = [
            {
                "type": "function",
                "function": {"name": tool.name, "description": tool.description, "parameters": tool.parameters},
            }
            for tool in request.tools
        ]
        choice = request.tool_choice
        if isinstance(choice, NamedTool):
            body["tool_choice"] = {"type": "function", "function": {"name": choice.name}}
        elif choice != "auto":
            body["tool_choice"] = choice
    if request.temperature is not None:
        body["temperature"] = request.temperature
    if request.max_completion_tokens is not None:
        body["max_completion_tokens"] = request.max_completion_tokens
    return body


def message_to_wire(message: ModelMessage) -> dict[str, object]:
    """A message as the wire has it."""
    match message:
        case UserMessage():
            return {"role": "user", "content": message.text}
        case ToolMessage():
            return {"role": "tool", "tool_call_id": message.call_id, "content": message.text}
        case AssistantMessage():
            spoken: dict[str, object] = {"role": "assistant", "content": message.text}
            if message.tool_calls:
                spoken["tool_calls"] = [
                    {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": call.arguments}}
                    for call in message.tool_calls
                ]
            return spoken


class _Pool:
    """An httpx client, and how many of its connections are in use."""

    def __init__(self, ssl_context: Any) -> None:
        limits = httpx.Limits(max_connections=CONNECTIONS, max_keepalive_connections=CONNECTIONS)
        self.client = httpx.AsyncClient(limits=limits, verify=ssl_context, timeout=None)
        self.in_use = 0


class _Pools:
    """Small pools, made as they are needed: the first that has a connection left is taken, so that few are opened."""

    def __init__(self) -> None:
        self._pools: list[_Pool] = []
        self._ssl_context: Any = None

    def enter(self) -> _Pool:
        pool = next((one for one in self._pools if one.in_use < CONNECTIONS), None)
        if pool is None and len(self._pools) < MAX_POOLS:
            self._ssl_context = self._ssl_context or httpx.create_ssl_context()  # 20 ms
            pool = _Pool(self._ssl_context)
            self._pools.append(pool)
        if pool is None:
            pool = min(self._pools, key=lambda one: one.in_use)
        pool.in_use += 1
        return pool

    def leave(self, pool: _Pool) -> None:
        pool.in_use -= 1

    async def aclose(self) -> None:
        pools, self._pools = self._pools, []
        for pool in pools:
            await pool.client.aclose()
