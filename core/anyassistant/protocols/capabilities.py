"""What a backend can do, out of a closed set."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a backend claims. Asking for anything else is refused before it is sent.

    Attributes:
        tools: It takes tools and can call them.
        parallel_tool_calls: It can ask for several calls in one turn.
        images: It takes images.
        json_schema: It holds an answer to a JSON Schema.
        streaming: It gives text as it comes.
        usage: It reports tokens.
        cancel: A run can be cancelled.
        event_log: Events can be replayed by number.
        list_threads: Its threads can be listed.
        hosted_tools: It runs tools of its own, such as `file_search`, and takes attachments and `tool_resources`.
        files: It keeps files and vector stores.
        context_tokens: Tokens that fit in one call, or None where there is no bound to mind.
    """

    tools: bool = False
    parallel_tool_calls: bool = False
    images: bool = False
    json_schema: bool = False
    streaming: bool = False
    usage: bool = False
    cancel: bool = False
    event_log: bool = False
    list_threads: bool = False
    hosted_tools: bool = False
    files: bool = False
    context_tokens: int | None = None
