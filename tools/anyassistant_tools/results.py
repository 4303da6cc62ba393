"""From what a tool returned to what a model gets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from anyassistant_tools.errors import ToolResultError
from anyassistant_tools.json_text import standard_base64, to_json_text, without_lone_surrogates
from anyassistant_tools.narrowing import is_bytes, is_mapping, is_sequence
from anyassistant_tools.options import MAX_CONTENT


@dataclass(slots=True, init=False)
class ToolResult:
    """What a tool call gave. A tool may return one itself, to tell the model something else than its value.

    Attributes:
        content: The text that a model gets.
        value: The Python value.
        metadata: For the app alone: it is kept with the call, and no model sees it. It has to have a JSON form.
        images: Encoded images (PNG, JPEG, GIF, WebP) that a model gets beside the text, if it takes any.
    """

    content: str
    value: object
    metadata: Mapping[str, object] = field(default_factory=dict[str, object])
    images: Sequence[bytes] = ()

    def __init__(
        self,
        content: str,
        *,
        value: object = None,
        metadata: Mapping[str, object] | None = None,
        images: Sequence[bytes] = (),
    ) -> None:
        self.content = content
        self.value = value
        self.metadata = {} if metadata is None else metadata
        self.images = images


def make_result(value: object, *, tool: str, max_content: int = MAX_CONTENT) -> ToolResult:
    """Give the result that stands for a returned value.

    A `str` is sent bare, `None` is `null`, bytes are standard base64, and everything else is JSON as `to_json_text`
    writes it. A `ToolResult` passes through. A content longer than `max_content` characters is cut and says so.

    Args:
        value: What the tool returned.
        tool: The tool's name, for the error.
        max_content: Characters that a model gets at most.

    Raises:
        ToolResultError: The value has no JSON form, or a `ToolResult` is not as it has to be.
    """
    if isinstance(value, ToolResult):
        _check(value, tool)
        content = _fit(value.content, max_content)
        if content is value.content:
            return value
        return ToolResult(content, value=value.value, metadata=value.metadata, images=value.images)
    return ToolResult(_fit(_content(value, tool), max_content), value=value)


def json_form(value: object) -> object:
    """Give a value as JSON has it: of dicts, lists, texts, numbers, booleans and None.

    Raises:
        ToolResultError: It has no JSON form.
    """
    from pydantic_core import from_json

    return from_json(_json_text(value, f"The progress of a tool, a {type(value).__name__},"))


def _check(result: ToolResult, tool: str) -> None:
    """Refuse a result that was not made as its class says: it would fail later, where nobody knows whose it was."""
    if not isinstance(result.content, str):
        kind = type(result.content).__name__
        raise ToolResultError(f"{tool} returned a ToolResult whose content is a {kind}: it is a text.", tool=tool)
    if not is_sequence(result.images) or not all(is_bytes(image) for image in result.images):
        raise ToolResultError(f"{tool} returned a ToolResult whose images are not a list of bytes.", tool=tool)
    if not is_mapping(result.metadata):
        kind = type(result.metadata).__name__
        raise ToolResultError(f"{tool} returned a ToolResult whose metadata is a {kind}: it is a dict.", tool=tool)
    if result.metadata:
        _json_text(dict(result.metadata), f"{tool} returned a ToolResult whose metadata", tool)


def _json_text(value: object, what: str, tool: str = "") -> str:
    try:
        return to_json_text(value)
    except (ValueError, TypeError, RecursionError) as error:
        raise ToolResultError(f"{what} has no JSON form ({error}).", tool=tool) from error


def _content(value: object, tool: str) -> str:
    if type(value) is str:
        return value
    if is_bytes(value):
        return standard_base64(value)
    try:
        return to_json_text(value)
    except (ValueError, TypeError, RecursionError) as error:
        raise ToolResultError(
            f"{tool} returned a {type(value).__name__} that has no JSON form ({error}): "
            "return a str, a model, a dataclass or containers of such.",
            tool=tool,
        ) from error


def _fit(content: str, max_content: int) -> str:
    if not content.isascii():
        content = without_lone_surrogates(content)
    if len(content) <= max_content:
        return content
    note = f"\n[cut here: the result has {len(content)} characters]"
    return content[: max_content - len(note)] + note
