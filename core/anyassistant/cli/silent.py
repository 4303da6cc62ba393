"""A model for commands that look at what is stored, and decide on it, where its own model is not."""

from collections.abc import AsyncGenerator

import anyio

from ..protocols import Capabilities, ChatModel, ModelDelta, ModelRequest


class SilentModel(ChatModel):
    """Never answers: a run that would go on here stays where it is, for a process that has its model."""

    capabilities = Capabilities(tools=True, parallel_tool_calls=True, images=True, json_schema=True)

    async def respond(self, request: ModelRequest, /) -> AsyncGenerator[ModelDelta, None]:
        await anyio.sleep_forever()
        yield ModelDelta()
