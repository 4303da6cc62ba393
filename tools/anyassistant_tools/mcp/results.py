"""From what an MCP server answered to what a model gets."""

from __future__ import annotations

import binascii
from base64 import b64decode
from typing import TYPE_CHECKING, assert_never

from anyassistant_tools.errors import ToolError
from anyassistant_tools.json_text import to_json_text
from anyassistant_tools.results import ToolResult

if TYPE_CHECKING:
    from mcp_types import CallToolResult, ContentBlock


def to_tool_result(result: CallToolResult) -> ToolResult:
    """Give the result that stands for a server's answer.

    Texts are joined by line breaks, in their order. An image is passed on, and its place in the text is marked; of
    audio, files and links a line says what there was, since no model gets them. The value is the structured content
    where there is some, else the text; where there is no content at all, the structured content is the text too.

    Raises:
        ToolError: The tool reports an error: its text is for the model.
    """
    images: list[bytes] = []
    parts = [_describe(block, images) for block in result.content]
    structured: object = result.structured_content
    if not parts and structured is not None:
        parts = [to_json_text(structured)]
    text = "\n".join(parts)
    if result.is_error:
        raise ToolError(text or "The tool failed and did not say why.")
    return ToolResult(text, value=text if structured is None else structured, images=images)


def _describe(block: ContentBlock, images: list[bytes]) -> str:
    """The text of a block of content, or what stands for it; images are collected."""
    from mcp_types import AudioContent, BlobResourceContents, EmbeddedResource, ImageContent, ResourceLink, TextContent

    match block:
        case TextContent():
            return block.text
        case ImageContent():
            return _describe_file("image", block.mime_type, block.data, images)
        case AudioContent():
            return _describe_file("audio", block.mime_type, block.data, images)
        case EmbeddedResource():
            resource = block.resource
            if isinstance(resource, BlobResourceContents):
                mime_type = resource.mime_type or "unknown type"
                return _describe_file(f"file {resource.uri}", mime_type, resource.blob, images)
            return f"[file {resource.uri}]\n{resource.text}"
        case ResourceLink():
            about = "".join(f", {detail}" for detail in (block.mime_type, block.description) if detail)
            return f"[link to {block.title or block.name}: {block.uri}{about}]"
        case _:
            assert_never(block)


def _describe_file(what: str, mime_type: str, data: str, images: list[bytes]) -> str:
    try:
        content = b64decode(data, validate=True)
    except binascii.Error:
        return f"[{what}: {mime_type}, unreadable: it is not base64]"
    if mime_type.startswith("image/"):
        images.append(content)
        return f"[{what}: {mime_type}, image {len(images)} of this result]"
    return f"[{what}: {mime_type}, {len(content)} bytes, not passed on]"
