"""What the command line makes is marked, so that it finds it again."""

from collections.abc import Sequence
from typing import Literal

from anyassistant_tools import Tool
from typing_extensions import Unpack

from ..client import AssistantOptions, AsyncAssistant, AsyncClient, AsyncThread

KEY = "anyassistant.cli"
Kind = Literal["chat", "demo"]


async def last_thread(client: AsyncClient, kind: Kind) -> AsyncThread | None:
    """The newest thread that the command made."""
    page = await client.threads.list(metadata={KEY: kind}).page()
    return page.data[0] if page.data else None


async def new_thread(client: AsyncClient, kind: Kind) -> AsyncThread:
    """A thread of the command's."""
    return await client.threads.create(metadata={KEY: kind})


async def assistant_of(
    client: AsyncClient, kind: Kind, *, bound: Sequence[Tool], **options: Unpack[AssistantOptions]
) -> AsyncAssistant:
    """The command's assistant, made with these options on first use.

    Args:
        bound: What can be called here.
    """
    page = await client.assistants.list(metadata={KEY: kind}).page()
    options["metadata"] = {KEY: kind}
    made = page.data[0] if page.data else await client.assistants.create(**options)
    return await client.assistants.get(made.id, tools=bound)
