"""What the command line makes is marked, so that it finds it again."""

from collections.abc import Callable, Sequence
from itertools import islice
from typing import Literal, TypeVar

from anyassistant_tools import ToolLike
from typing_extensions import Unpack

from ..client import AssistantOptions
from ..errors import UnsupportedCapability
from ..sync import Assistant, Client, Thread
from ..sync.paginator import Paginator

KEY = "anyassistant.cli"
LOOKED_AT = 100
"""How many of the newest objects of a service are looked at for the mark."""

Marked = TypeVar("Marked", Assistant, Thread)
Kind = Literal["chat", "demo"]


def last_thread(client: Client, kind: Kind) -> Thread | None:
    """The newest thread that the command made."""
    return _newest_marked(client.threads.list, kind)


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
    options["metadata"] = {KEY: kind}
    made = _newest_marked(client.assistants.list, kind) or client.assistants.create(**options)
    return client.assistants.get(made.id, tools=bound)


def _newest_marked(list_objects: Callable[..., Paginator[Marked]], kind: Kind) -> Marked | None:
    """The newest object with the command's mark. Services that find nothing by metadata have it looked for here."""
    try:
        found = list_objects(metadata={KEY: kind}).page().data
    except UnsupportedCapability:
        newest = islice(list_objects(), LOOKED_AT)
        found = [one for one in newest if one.record.metadata.get(KEY) == kind]
    return found[0] if found else None
