"""One loaded model, one slot wide: what can be asked of it, from every thread and event loop of the process."""

import secrets
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, aclosing
from dataclasses import dataclass
from pathlib import Path

from anyassistant.protocols import ModelDelta

from .json_values import as_array, as_object
from .llama import LlamaOptions
from .loading import ModelKeeper
from .mapping import read_chunk
from .turnstile import Turnstile


@dataclass(frozen=True, slots=True)
class ModelProperties:
    """What a loaded model says of itself.

    Attributes:
        calls_tools: Whether its chat template knows tools and tool calls.
        calls_tools_in_parallel: Whether the template knows several calls in one turn.
    """

    calls_tools: bool
    calls_tools_in_parallel: bool


class Engine:
    """A model in memory. It loads in the background, from the first moment on; whoever asks first waits for it.

    Whatever asks the model raises a `ProviderError` where it cannot be loaded (`model_not_loaded`), has been released
    (`model_closed`), refuses (`context_length_exceeded`, or llama.cpp's own code) or breaks off (`connection_error`).

    Args:
        weights: A GGUF file.
        threads: Threads that compute.
        context_tokens: Tokens of prompt and answer together.
    """

    def __init__(self, weights: Path, *, threads: int, context_tokens: int) -> None:
        self._turnstile = Turnstile()
        key = secrets.token_urlsafe(32)
        self._keeper = ModelKeeper(LlamaOptions(weights, threads=threads, context_tokens=context_tokens, key=key))

    def turn(self) -> AbstractAsyncContextManager[None]:
        """Waits, first in first out, until the model is the caller's alone."""
        return self._turnstile.turn()

    def release(self) -> None:
        """Unloads the model, soon. Calls that are still open fail."""
        self._keeper.release()

    async def properties(self) -> ModelProperties:
        """What the model says of itself."""
        answer = await self._call("/props")
        claims = as_object(answer.get("chat_template_caps"))
        return ModelProperties(
            calls_tools=bool(claims.get("supports_tools") and claims.get("supports_tool_calls")),
            calls_tools_in_parallel=bool(claims.get("supports_parallel_tool_calls")),
        )

    async def tokenize(self, text: str) -> list[int]:
        """The token ids of a text, in which special tokens are nothing special."""
        answer = await self._call("/tokenize", {"content": text, "add_special": False, "parse_special": False})
        return [token for token in as_array(answer["tokens"]) if isinstance(token, int)]

    async def split_into_tokens(self, text: str) -> list[str]:
        """The pieces of a text that are its tokens; a character of several tokens stays whole."""
        answer = await self._call("/tokenize", {"content": text, "add_special": False, "with_pieces": True})
        pieces: list[str] = []
        rest = b""
        for token in as_array(answer["tokens"]):
            piece = as_object(token)["piece"]  # a text, or the bytes of a part of a character
            rest += (
                piece.encode() if isinstance(piece, str) else bytes(b for b in as_array(piece) if isinstance(b, int))
            )
            try:
                pieces.append(rest.decode())
                rest = b""
            except UnicodeDecodeError:
                continue
        return pieces

    async def apply_template(self, messages: Sequence[Mapping[str, object]]) -> str:
        """The prompt that the model's own chat template makes of Chat-Completions messages."""
        return str((await self._call("/apply-template", {"messages": messages}))["prompt"])

    async def complete(self, body: Mapping[str, object]) -> AsyncGenerator[dict[str, object], None]:
        """Streams the events of llama.cpp's `/completion`, decoded. Closing the generator cancels."""
        async with aclosing((await self._keeper.client()).stream("/completion", body)) as events:
            async for event in events:
                yield event

    async def chat(self, body: Mapping[str, object]) -> AsyncGenerator[ModelDelta, None]:
        """Streams what llama.cpp's `/v1/chat/completions` writes. Closing the generator cancels."""
        async with aclosing((await self._keeper.client()).stream("/v1/chat/completions", body)) as chunks:
            async for chunk in chunks:
                for delta in read_chunk(chunk):
                    yield delta

    async def _call(self, path: str, body: Mapping[str, object] | None = None) -> Mapping[str, object]:
        return as_object(await (await self._keeper.client()).call(path, body))
