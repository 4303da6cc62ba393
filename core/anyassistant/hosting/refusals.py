"""What hosting refuses on a chat model's behalf, before anything is written or sent."""

from __future__ import annotations

from collections.abc import Sequence

from ..errors import InvalidRequest, UnsupportedCapability
from ..protocols import Capabilities, MessageParams, NamedTool, ToolChoice
from ..types import Image, RunRecord


def refuse_images(messages: Sequence[MessageParams], capabilities: Capabilities, provider: str) -> None:
    """Refuse messages with images where the model takes none.

    Raises:
        UnsupportedCapability: It names `images`.
    """
    has_images = any(isinstance(part, Image) for message in messages for part in message.content)
    if has_images and not capabilities.images:
        raise UnsupportedCapability(f"Provider {provider!r} takes no images.", capability="images", param="content")


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


def refuse_unknown_choice(record: RunRecord, choice: ToolChoice) -> None:
    """Refuse a tool choice that names no tool of the run.

    Raises:
        InvalidRequest: It does.
    """
    names = [tool.name for tool in record.tools]
    if isinstance(choice, NamedTool) and choice.name not in names:
        raise InvalidRequest(
            f"`tool_choice` names {choice.name!r}, which is no tool of the run; it has: {', '.join(names) or 'none'}.",
            param="tool_choice",
            code="invalid_value",
        )
