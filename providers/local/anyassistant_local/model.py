"""The embedded model as a `ChatModel`."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from anyassistant.protocols import Capabilities, ChatModel, ModelDelta, ModelRequest

from .config import Config, count_usable_threads
from .engine import Engine
from .mapping import chat_body, chat_messages, tools_body
from .registry import acquire_engine, release_engine
from .small_model import count_prompt_tokens, respond_with_small_model
from .weights import find_weights


class LocalModel(ChatModel):
    """A model in this process. Nothing is loaded before it is first asked.

    Models whose chat template knows tool calls write them themselves. For all others this package decides
    (`small_model`).

    Args:
        config: Which weights, and how much of the machine; the defaults need nothing.
    """

    def __init__(self, config: Config | None = None) -> None:
        self._config = config or Config()
        self._engines: dict[Path, Engine] = {}
        self.capabilities = Capabilities(
            tools=True, json_schema=True, streaming=True, usage=True, context_tokens=self._config.context_tokens
        )

    async def capabilities_of(self, model: str, /) -> Capabilities:
        """What one model can do. Parallel calls are known once it is loaded, so this loads it.

        Raises:
            ProviderError: There are no such weights (`weights_not_found`, `model_not_found`), they cannot be loaded
                (`model_not_loaded`), or the model was closed meanwhile (`model_closed`).
        """
        properties = await self._engine(model).properties()
        parallel = properties.calls_tools and properties.calls_tools_in_parallel
        return replace(self.capabilities, parallel_tool_calls=parallel)

    async def respond(self, request: ModelRequest, /) -> AsyncGenerator[ModelDelta, None]:
        """Waits for its turn, first in first out, and streams one model turn.

        Closing it, or cancelling its task, ends it at once, whether it waits or computes.

        Raises:
            ProviderError: As for `capabilities_of`; or the prompt is too long (`context_length_exceeded`), or llama.cpp
                broke off (`connection_error`) or refused, with its own word for why as the code.
        """
        engine = self._engine(request.model)
        properties = await engine.properties()
        answer = respond_natively if properties.calls_tools else respond_with_small_model
        async with engine.turn(), aclosing(answer(engine, request)) as deltas:
            async for delta in deltas:
                yield delta

    async def count_tokens(self, request: ModelRequest, /) -> int | None:
        """The tokens of the request's prompt in the model's own vocabulary, its tools included. Loads the model.

        Raises:
            ProviderError: As for `capabilities_of`.
        """
        return await count_prompt_tokens(self._engine(request.model), request)

    async def aclose(self) -> None:
        """Gives the models back; the last user's model is unloaded, soon. Asked again, it loads again."""
        while self._engines:
            weights, _ = self._engines.popitem()
            release_engine(weights)

    def _engine(self, model: str) -> Engine:
        weights = find_weights(model)
        if weights not in self._engines:
            self._engines[weights] = acquire_engine(
                weights,
                threads=count_usable_threads(self._config.threads),
                context_tokens=self._config.context_tokens,
            )
        return self._engines[weights]


def respond_natively(engine: Engine, request: ModelRequest) -> AsyncGenerator[ModelDelta, None]:
    """One turn of a model that writes its own tool calls, which llama.cpp parses."""
    return engine.chat(chat_body(request, chat_messages(request, with_calls=True)) | tools_body(request))


if TYPE_CHECKING:
    _: type[ChatModel] = LocalModel
