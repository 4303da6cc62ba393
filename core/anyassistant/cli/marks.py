"""What the command line makes is marked, so that it finds it again."""

from collections.abc import Sequence
from typing import Literal

from anyassistant_tools import ToolLike
from typing_extensions import Unpack

from ..client import AssistantOptions
from ..sync import Assistant, Client, Thread

KEY = "anyassistant.cli"
Kind = Literal["chat", "demo"]


def last_thread(client: Client, kind: Kind) -> Thread | None:
    """The newest thread that the command made."""
    page = client.threads.list(metadata={KEY: kind}).page()
    return page.data[0] if page.data else None


def new_thread(client: Client, kind: Kind) -> Thread:
    """A thread of the command's."""
    return client.threads.create(metadata={KEY: kind})


def delete_unused(client: Client, thread: Thread) -> bool:
    """Delete a thread if no run has begun on it: whether that was so. What could not be answered leaves nothing."""
    if client.runs.list(thread_id=thread.id).page().data:
        return False
    thread.delete()
    return True


def assistant_of(
    client: Client, kind: Kind, *, bound: Sequence[ToolLike], **options: Unpack[AssistantOptions]
) -> Assistant:
    """The command's assistant, made with these options on first use.

    Args:
        bound: What can be called here.
    """
    page = client.assistants.list(metadata={KEY: kind}).page()
    options["metadata"] = {KEY: kind}
    made = page.data[0] if page.data else client.assistants.create(**options)
    return client.assistants.get(made.id, tools=bound)
