"""What hosting refuses on a chat model's behalf, before anything is written or sent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from anyassistant_tools import ToolArgumentsError

from ..errors import InvalidRequest, UnsupportedCapability
from ..protocols import Capabilities, MessageParams, NamedTool, ToolChoice
from ..types import HostedTool, Image, RunRecord
from .answers import Answers


def refuse_images(messages: Sequence[MessageParams], capabilities: Capabilities, provider: str) -> None:
    """Refuse messages with images where the model takes none.

    Raises:
        UnsupportedCapability: It names `images`.
    """
    has_images = any(isinstance(part, Image) for message in messages for part in message.content)
    if has_images and not capabilities.images:
        raise UnsupportedCapability(f"Provider {provider!r} takes no images.", capability="images", param="content")


def refuse_attachments(messages: Sequence[MessageParams], capabilities: Capabilities, provider: str) -> None:
    """Refuse messages with files where nobody would read them.

    Raises:
        UnsupportedCapability: It names `hosted_tools`.
    """
    if not capabilities.hosted_tools and any(message.attachments for message in messages):
        raise UnsupportedCapability(
            f"Provider {provider!r} has no tools of its own that could read attachments. Say what is in the file, or "
            "offer a function that reads it.",
            capability="hosted_tools",
            param="attachments",
        )


def refuse_hosted_tools(
    tools: Sequence[HostedTool], resources: Mapping[str, object] | None, capabilities: Capabilities, provider: str
) -> None:
    """Refuse tools that the provider's service would have to run, and what they would work on.

    Raises:
        UnsupportedCapability: It names `hosted_tools`.
    """
    if capabilities.hosted_tools or (not tools and resources is None):
        return
    types = ", ".join(tool.type for tool in tools)
    raise UnsupportedCapability(
        f"Provider {provider!r} has no tools of its own: "
        + (f"{types} cannot be among `tools`; a function can do the same." if tools else "it has none for resources."),
        capability="hosted_tools",
        param="tools" if tools else "tool_resources",
    )


def refuse_unclaimed(record: RunRecord, capabilities: Capabilities, provider: str) -> None:
    """Refuse on a chat model's behalf what it does not claim.

    Raises:
        UnsupportedCapability: It names the capability.
    """
    if record.tools and not capabilities.tools:
        raise UnsupportedCapability(
            f"Model {record.model!r} of provider {provider!r} takes no tools.", capability="tools", param="tools"
        )
    wanted = record.response_format
    if not isinstance(wanted, str) and wanted.get("type") != "text" and not capabilities.json_schema:
        raise UnsupportedCapability(
            f"Model {record.model!r} of provider {provider!r} cannot hold its answer to a JSON Schema.",
            capability="json_schema",
            param="response_format",
        )


def check_answers(record: RunRecord, answers: Answers) -> None:
    """Refuse answers to calls that do not wait for them.

    Raises:
        InvalidRequest: It says what the run waits for.
    """
    pending = {call.id: call for call in record.pending_calls}
    for call_id, param in [(one.tool_call_id, "tool_outputs") for one in answers.outputs] + [
        (call_id, "call_id") for call_id in answers.decisions
    ]:
        call = pending.get(call_id)
        if call is None:
            raise InvalidRequest(
                f"Run {record.id} does not wait for call {call_id!r}, or no longer; it waits for: "
                f"{', '.join(sorted(pending))}.",
                param=param,
                code="unknown_tool_call",
            )
        wanted = "output" if param == "tool_outputs" else "approval"
        if call.decision is not None and call.decision.approved and wanted == "approval":
            by = f" by {call.decision.by}" if call.decision.by else ""
            raise InvalidRequest(
                f"Call {call_id} of {call.name} was approved already{by}. Whoever has the tool goes on: "
                "thread.resume(tools=[...]).",
                param=param,
                code="wrong_answer",
            )
        if call.waits_for != wanted:
            hint = "approve or reject it" if wanted == "output" else "give it with submit_tool_outputs"
            raise InvalidRequest(
                f"Call {call_id} of {call.name} waits for {_A[call.waits_for]}: {hint}.",
                param=param,
                code="wrong_answer",
            )
        decision = answers.decisions.get(call_id)
        if decision is not None and decision.arguments is not None:
            _check_arguments(record, call.name, decision.arguments)


_A = {"approval": "an approval", "output": "an output"}


def _check_arguments(record: RunRecord, name: str, arguments: str) -> None:
    """Refuse arguments of a person's that do not fit the tool as the run has it."""
    from anyassistant_tools.given_schema import GivenSchemaReader

    spec = next(tool for tool in record.tools if tool.name == name)
    try:
        GivenSchemaReader(name, spec.parameters).read(arguments)
    except ToolArgumentsError as error:
        problem = str(error).removeprefix(f"{name} was not called. ")
        raise InvalidRequest(f"Not approved. {problem}", param="arguments", code="invalid_value") from error


def refuse_unknown_choice(record: RunRecord, choice: ToolChoice | HostedTool) -> None:
    """Refuse a tool choice that names no tool of the run.

    Raises:
        InvalidRequest: It does.
    """
    names = [tool.name for tool in record.tools]
    name = choice.name if isinstance(choice, NamedTool) else choice.type if isinstance(choice, HostedTool) else None
    if name is not None and name not in names:
        raise InvalidRequest(
            f"`tool_choice` names {name!r}, which is no tool of the run; it has: {', '.join(names) or 'none'}.",
            param="tool_choice",
            code="invalid_value",
        )
