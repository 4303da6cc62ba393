"""The keyword arguments of the handles, for type checkers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal, TypedDict

from anyassistant_tools import ToolLike

from ..protocols import ResponseFormat
from ..types import Content, HostedTool, Limits


class AssistantOptions(TypedDict, total=False):
    """What an assistant is. Limits: OpenAI Assistants v2 reference, "Create assistant".

    Attributes:
        name: At most 256 characters; it need not be unique.
        description: At most 512 characters, for people.
        instructions: What the model is told first, at most 256,000 characters.
        model: The model's name; None leaves it to the provider.
        tools: Typed functions, Tools, Toolsets, wire dicts, or HostedTools; at most 128, each with a name of its own.
        tool_resources: Files and vector stores of the tools that the provider's service runs, as the wire has them:
            `{"file_search": {"vector_store_ids": [...]}, "code_interpreter": {"file_ids": [...]}}`.
        temperature: From 0 to 2; None leaves it to the model.
        top_p: From 0 to 1; None leaves it to the model.
        response_format: `auto`, or the wire's dict of type `text`, `json_object` or `json_schema`.
        metadata: At most 16 pairs of text, keys of up to 64 characters, values of up to 512.
    """

    name: str | None
    description: str | None
    instructions: str | None
    model: str | None
    tools: Sequence[ToolLike | HostedTool]
    tool_resources: Mapping[str, object] | None
    temperature: float | None
    top_p: float | None
    response_format: ResponseFormat | None
    metadata: Mapping[str, str]


class RunOptions(TypedDict, total=False):
    """What a run is asked to be; what is left out is the assistant's. Source: the same, "Create run".

    `deps`, `on_action`, `limits` and `expires_in` are ours.

    Attributes:
        deps: What tools find as `RunContext.deps`; it stays in this process.
        on_action: What `result()`, iteration and `events()` do where the run rests for its caller: `raise`
            RunRequiresAction, or `wait` until others have approved or answered its calls.
        model: The model's name.
        instructions: Instead of the assistant's, at most 256,000 characters.
        additional_instructions: After the instructions, at most 256,000 characters.
        additional_messages: User messages that are added to the thread first.
        tools: Instead of the assistant's.
        temperature: From 0 to 2.
        top_p: From 0 to 1.
        max_prompt_tokens: Tokens of each prompt, 1 or more: older messages are left out to fit.
        max_completion_tokens: Tokens of all that the model writes in the run, 1 or more.
        truncation_strategy: `{"type": "auto"}`, or `{"type": "last_messages", "last_messages": n}`.
        tool_choice: `auto`, `none`, `required`, `{"type": "function", "function": {"name": ...}}`, or the type of a
            tool that the provider's service runs: `{"type": "file_search"}`.
        parallel_tool_calls: Whether the model may ask for several calls at once; by default it may.
        reasoning_effort: As the provider names it.
        metadata: As of an assistant; not taken from it.
        limits: How long the run may go on.
        expires_in: Seconds from its creation after which the run ends `expired`, whatever it does; None for never.
    """

    deps: object
    on_action: Literal["raise", "wait"]
    model: str
    instructions: str
    additional_instructions: str
    additional_messages: Sequence[Content]
    tools: Sequence[ToolLike | HostedTool]
    temperature: float
    top_p: float
    max_prompt_tokens: int
    max_completion_tokens: int
    truncation_strategy: Mapping[str, object]
    tool_choice: str | Mapping[str, object]
    parallel_tool_calls: bool
    reasoning_effort: str
    metadata: Mapping[str, str]
    limits: Limits
    expires_in: float | None
